/* SPDX-License-Identifier: MPL-2.0 */
/* done -- see done.h. `lock` guards all but the eventfd and is a leaf. */
#define _GNU_SOURCE
#include "done.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <base/check.h>

#define DONE_MAGIC 0xd07e0001u

typedef struct done_link {
    struct done_link *next;
    hfi_done_t done;
} done_link_t;

struct hfi_dones {
    uint32_t magic;
    int fd;
    pthread_mutex_t lock;
    done_link_t *first;
    done_link_t **last_p; /* where the next one hangs */
};

hfi_dones_t *
hfi_dones_new(void)
{
    hfi_dones_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = DONE_MAGIC;
    self->last_p = &self->first;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return NULL;
    }
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->fd < 0)
        hfi_dones_destroy(&self);
    return self;
}

void
hfi_dones_destroy(hfi_dones_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_dones_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, DONE_MAGIC);
    hfi_done_t done;
    while (hfi_dones_take(self, &done))
        hfi_bytes_close(&done.value);
    if (self->fd >= 0)
        (void)close(self->fd);
    (void)pthread_mutex_destroy(&self->lock);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

int
hfi_dones_fd(const hfi_dones_t *self)
{
    HF_CHECK(self, DONE_MAGIC);
    return self->fd;
}

bool
hfi_dones_put(hfi_dones_t *self, hfi_done_t *done)
{
    HF_CHECK(self, DONE_MAGIC);
    done_link_t *link = calloc(1, sizeof *link);
    if (link == NULL) {
        hfi_bytes_close(&done->value);
        return false;
    }
    link->done = *done;
    done->value = (hfi_bytes_t){0};
    (void)pthread_mutex_lock(&self->lock);
    *self->last_p = link;
    self->last_p = &link->next;
    (void)pthread_mutex_unlock(&self->lock);
    uint64_t one = 1;
    (void)!write(self->fd, &one, sizeof one); /* full means that it polls readable already */
    return true;
}

bool
hfi_dones_take(hfi_dones_t *self, hfi_done_t *ret_done)
{
    HF_CHECK(self, DONE_MAGIC);
    (void)pthread_mutex_lock(&self->lock);
    done_link_t *link = self->first;
    if (link != NULL)
        self->first = link->next;
    if (self->first == NULL)
        self->last_p = &self->first;
    bool is_last = self->first == NULL;
    (void)pthread_mutex_unlock(&self->lock);
    uint64_t count;
    if (is_last && self->fd >= 0)
        (void)!read(self->fd, &count, sizeof count);
    if (link == NULL)
        return false;
    *ret_done = link->done;
    free(link);
    return true;
}
