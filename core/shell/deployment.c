/* SPDX-License-Identifier: MPL-2.0 */
/* deployment -- see deployment.h */
#include "deployment.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

void
hfi_deployment_close(hfi_deployment_t *self)
{
    for (size_t k = 0; k < self->n_places; k++)
        free(self->places[k].path);
    free(self->places);
    hfi_bytes_close(&self->sections);
    *self = (hfi_deployment_t){0};
}

unsigned
hfi_deployment_line(const hfi_deployment_t *self, const char *path)
{
    size_t len = strlen(path);
    while (len != 0) {
        for (size_t k = 0; k < self->n_places; k++) {
            const char *mine = self->places[k].path;
            if (strlen(mine) == len && memcmp(mine, path, len) == 0)
                return self->places[k].line;
        }
        while (len != 0 && path[len - 1] != '/')
            len--;
        len -= len != 0;
    }
    return 0;
}

typedef struct deployment_check {
    const hfi_deployment_t *deployment;
    hfi_complaints_t *complaints;
} deployment_check_t;

static void
deployment_complain(void *context, const char *path, const char *text)
{
    const deployment_check_t *self = context;
    (void)hfi_complaints_add(self->complaints, hfi_deployment_line(self->deployment, path), "%s",
                             text);
}

bool
hfi_deployment_check(const hfi_deployment_t *self, hfi_policy_t *policy, const hf_value_t *settings,
                     hfi_complaints_t *complaints)
{
    deployment_check_t check = {self, complaints};
    return hfi_policy_check(policy, settings, deployment_complain, &check);
}
