/* SPDX-License-Identifier: MPL-2.0 */
/* deployed -- a policy over a few types, with settings as JSON and what is seen of them as text. */
#ifndef TEST_DEPLOYED_H
#define TEST_DEPLOYED_H

#include "given.h"

#include <stdlib.h>

#include <registry/policy.h>
#include <value/json.h>
#include <value/value.h>

typedef struct deployed {
    hfi_plugins_t *plugins;
    hfi_policy_t *policy;
    char why[1024];
    char said[4096]; /* complaints, a line each */
    char seen[1024];
} deployed_t;

/* cmocka's: *state is the deployed_t. */
int deployed_open(void **state);
int deployed_close(void **state);

/* Puts settings in force; the test fails where they are refused. */
void deployed_set(deployed_t *self, const char *json);

/* They are refused by check and by set, with these complaints, a line each: "PATH: SENTENCE". */
void deployed_refused(deployed_t *self, const char *json, const char *want);

/* What the role of that number sees of a type (0: who has none; -1: everything): "+new get ~set -repr": may create;
 * callable, denied, hidden. Good until the next. */
const char *deployed_seen(deployed_t *self, int role, const char *typeid_);

/* The same for a peer of that uid. */
const char *deployed_seen_by(deployed_t *self, int64_t uid, const char *typeid_);

#endif
