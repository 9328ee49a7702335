/* SPDX-License-Identifier: MPL-2.0 */
/* poll -- see poll.h */
#define _GNU_SOURCE
#include "poll.h"

#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <base/check.h>

#include "clock.h"

enum {
    POLL_VAIN_MAX = 4,
    POLL_PAUSE =
        8, /* short: program and manager look in vain as long as they do not look at the same time */
    POLL_PAUSE_MAX = 256,
    POLL_FEW =
        16, /* looks in HFI_POLL_SPIN_NS; with the CPU for itself there are three times as many */
};

static bool
poll_has_two_cpus(void)
{
    cpu_set_t mine;
    return sched_getaffinity(0, sizeof mine, &mine) == 0 && CPU_COUNT(&mine) > 1;
}

bool
hfi_poll_open(hfi_poll_t *self, bool may_spin)
{
    *self = HFI_POLL_NONE;
    self->fd = epoll_create1(EPOLL_CLOEXEC);
    self->spins = may_spin && poll_has_two_cpus();
    self->rest = POLL_PAUSE;
    return self->fd >= 0;
}

void
hfi_poll_close(hfi_poll_t *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
    *self = HFI_POLL_NONE;
}

bool
hfi_poll_add(const hfi_poll_t *self, int fd, uint32_t bit)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = bit};
    return epoll_ctl(self->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void
hfi_poll_remove(const hfi_poll_t *self, int fd)
{
    (void)epoll_ctl(self->fd, EPOLL_CTL_DEL, fd, NULL);
}

static uint32_t
poll_look(const hfi_poll_t *self, int timeout_ms)
{
    struct epoll_event found[HFI_POLL_ROOM];
    int n = epoll_wait(self->fd, found, HFI_POLL_ROOM, timeout_ms);
    HF_ASSERT(n >= 0 || errno == EINTR);
    uint32_t bits = 0;
    for (int k = 0; k < n; k++)
        bits |= found[k].data.u32;
    return bits;
}

/* Looks again and again; where others want the CPU, the time is soon over, and *ret_n_looks is small. */
static uint32_t
poll_spin(const hfi_poll_t *self, unsigned *ret_n_looks)
{
    uint32_t bits;
    int64_t until_ns = hfi_now_ns() + HFI_POLL_SPIN_NS;
    *ret_n_looks = 0;
    do {
        bits = poll_look(self, 0);
        if (bits != 0)
            break;
        ++*ret_n_looks;
        (void)sched_yield();
    } while (hfi_now_ns() < until_ns);
    return bits;
}

void
hfi_poll_note(hfi_poll_t *self, bool has_found, unsigned n_looks)
{
    if (has_found) {
        self->vain = self->crowded = 0;
        self->rest = POLL_PAUSE;
        return;
    }
    self->crowded += n_looks < POLL_FEW ? 1 : 0;
    if (++self->vain < POLL_VAIN_MAX)
        return;
    self->pause = self->rest;
    if (self->crowded < POLL_VAIN_MAX)
        self->rest = POLL_PAUSE;
    else if (self->rest < POLL_PAUSE_MAX)
        self->rest *= 2;
    self->vain = self->crowded = 0;
}

/* Looks before a sleep where that has been worth it of late. */
static uint32_t
poll_try_to_spin(hfi_poll_t *self)
{
    unsigned n_looks;
    if (self->pause > 0) {
        self->pause--;
        return 0;
    }
    uint32_t bits = poll_spin(self, &n_looks);
    hfi_poll_note(self, bits != 0, n_looks);
    return bits;
}

uint32_t
hfi_poll_wait(hfi_poll_t *self, int64_t wait_ns)
{
    if (self->spins && wait_ns > HFI_POLL_SPIN_NS) {
        uint32_t bits = poll_try_to_spin(self);
        if (bits != 0)
            return bits;
    }
    if (wait_ns == INT64_MAX)
        return poll_look(self, -1);
    int64_t wait_ms = wait_ns / 1000000 + (wait_ns % 1000000 != 0);
    return poll_look(self, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
}
