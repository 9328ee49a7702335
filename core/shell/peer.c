/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- see peer.h */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <base/check.h>
#include <base/idtable.h>

#define PEER_MAGIC 0x9ee75001u

struct hfi_peers {
    uint32_t magic;
    int epoll;
    hfi_idtable_t rows;
};

struct peer_row {
    uint64_t link;
    int32_t pidfd;
    int32_t spare;
};

/* Reads a decimal number up to `end_mark` and moves *at_p behind that; false: it is none. */
static bool
peer_number(const char **at_p, char end_mark, int64_t *ret_number)
{
    const char *at = *at_p;
    int64_t n = 0;
    if (*at == end_mark)
        return false;
    for (; *at != end_mark; at++) {
        if (*at < '0' || *at > '9' || n > UINT32_MAX)
            return false;
        n = n * 10 + (*at - '0');
    }
    *at_p = at + (end_mark != '\0');
    *ret_number = n;
    return true;
}

void
hfi_peer_read(const char *address, const char *user, hfi_peer_t *ret_peer)
{
    static const char local[] = "localhost:";
    *ret_peer = (hfi_peer_t){.uid = -1};
    if (user != NULL)
        ret_peer->user = hfi_span_of(user);
    if (address == NULL)
        return;
    ret_peer->address = hfi_span_of(address);
    if (strncmp(address, local, sizeof local - 1) != 0)
        return;
    const char *at = address + sizeof local - 1;
    int64_t uid;
    int64_t gid;
    int64_t pid;
    if (peer_number(&at, ':', &uid) && peer_number(&at, ':', &gid) &&
        peer_number(&at, '\0', &pid)) {
        ret_peer->uid = uid;
        ret_peer->pid = pid <= INT32_MAX ? pid : 0;
    }
}

hfi_peers_t *
hfi_peers_new(void)
{
    hfi_peers_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = PEER_MAGIC;
    hfi_idtable_open(&self->rows, sizeof(struct peer_row));
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0)
        hfi_peers_destroy(&self);
    return self;
}

void
hfi_peers_destroy(hfi_peers_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_peers_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, PEER_MAGIC);
    for (struct peer_row *row = hfi_idtable_next(&self->rows, NULL); row != NULL;
         row = hfi_idtable_next(&self->rows, row))
        (void)close(row->pidfd);
    hfi_idtable_close(&self->rows);
    if (self->epoll >= 0)
        (void)close(self->epoll);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

int
hfi_peers_fd(const hfi_peers_t *self)
{
    HF_CHECK(self, PEER_MAGIC);
    return self->epoll;
}

bool
hfi_peers_watch(hfi_peers_t *self, uint64_t link, int64_t pid)
{
    HF_CHECK(self, PEER_MAGIC);
    hfi_peers_forget(self, link);
    if (pid <= 0 || pid > INT32_MAX)
        return true;
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0); /* close-on-exec by itself */
    if (pidfd < 0)
        return errno != ESRCH;
    struct peer_row *row = hfi_idtable_add(&self->rows, link);
    struct epoll_event wish = {.events = EPOLLIN, .data.u64 = link};
    if (row == NULL || epoll_ctl(self->epoll, EPOLL_CTL_ADD, pidfd, &wish) != 0) {
        if (row != NULL)
            hfi_idtable_remove(&self->rows, row);
        (void)close(pidfd);
        return true;
    }
    row->pidfd = pidfd;
    return true;
}

bool
hfi_peers_is_watched(const hfi_peers_t *self, uint64_t link)
{
    HF_CHECK(self, PEER_MAGIC);
    return hfi_idtable_find(&self->rows, link) != NULL;
}

void
hfi_peers_forget(hfi_peers_t *self, uint64_t link)
{
    HF_CHECK(self, PEER_MAGIC);
    struct peer_row *row = hfi_idtable_find(&self->rows, link);
    if (row == NULL)
        return;
    (void)close(row->pidfd); /* leaves the epoll set by itself: nobody else has this descriptor */
    hfi_idtable_remove(&self->rows, row);
}

uint64_t
hfi_peers_take_dead(hfi_peers_t *self)
{
    HF_CHECK(self, PEER_MAGIC);
    struct epoll_event ended;
    if (epoll_wait(self->epoll, &ended, 1, 0) != 1)
        return 0;
    hfi_peers_forget(self, ended.data.u64);
    return ended.data.u64;
}
