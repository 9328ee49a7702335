/* SPDX-License-Identifier: MPL-2.0 */
/* link -- see link.h */
#define _GNU_SOURCE
#include "link.h"

#include <sys/socket.h>

#include <base/check.h>

/* hfi_idtable's numbers are never 0, a routing id may be. */
struct link_route {
    uint64_t routing_and_one;
    uint64_t number;
};

struct link_control {
    uint64_t after;
    uint64_t len;
};

void
hfi_links_open(hfi_links_t *self)
{
    *self = (hfi_links_t){0};
    hfi_idtable_open(&self->by_number, sizeof(hfi_link_t));
    hfi_idtable_open(&self->by_routing, sizeof(struct link_route));
}

void
hfi_links_close(hfi_links_t *self)
{
    for (hfi_link_t *link = hfi_links_next(self, NULL); link != NULL;
         link = hfi_links_next(self, link))
        hfi_bytes_close(&link->controls);
    hfi_idtable_close(&self->by_number);
    hfi_idtable_close(&self->by_routing);
    free(self->ended.at);
    *self = (hfi_links_t){0};
}

hfi_link_t *
hfi_links_find(const hfi_links_t *self, uint64_t number)
{
    return number != 0 ? hfi_idtable_find(&self->by_number, number) : NULL;
}

hfi_link_t *
hfi_links_find_routing(const hfi_links_t *self, uint32_t routing)
{
    const struct link_route *route = hfi_idtable_find(&self->by_routing, (uint64_t)routing + 1);
    return route != NULL ? hfi_idtable_find(&self->by_number, route->number) : NULL;
}

static bool
link_cookie(int fd, uint64_t *ret_cookie)
{
    socklen_t len = sizeof *ret_cookie;
    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret_cookie, &len) == 0;
}

hfi_link_t *
hfi_links_add(hfi_links_t *self, uint32_t routing, int fd)
{
    struct link_route *route = hfi_idtable_add(&self->by_routing, (uint64_t)routing + 1);
    if (route == NULL)
        return NULL;
    hfi_link_t *link = hfi_idtable_add(&self->by_number, self->last + 1);
    if (link == NULL) {
        hfi_idtable_remove(&self->by_routing, route);
        return NULL;
    }
    self->last++;
    route->number = self->last;
    link->routing = routing;
    hfi_link_set_socket(link, fd);
    return link;
}

void
hfi_links_remove(hfi_links_t *self, hfi_link_t *link)
{
    struct link_route *route = hfi_idtable_find(&self->by_routing, (uint64_t)link->routing + 1);
    HF_ASSERT(route != NULL && route->number == link->number);
    hfi_idtable_remove(&self->by_routing, route);
    hfi_bytes_close(&link->controls);
    hfi_idtable_remove(&self->by_number, link);
}

hfi_link_t *
hfi_links_next(const hfi_links_t *self, const hfi_link_t *link)
{
    return hfi_idtable_next(&self->by_number, link);
}

void
hfi_links_end(hfi_links_t *self, hfi_link_t *link, int64_t until_ns)
{
    if (link->state != HFI_LINK_LIVE || !hfi_link_list_add(&self->ended, link->number))
        return;
    link->state = HFI_LINK_ENDING;
    link->until_ns = until_ns;
}

void
hfi_links_gone(hfi_links_t *self, hfi_link_t *link)
{
    if (link->state == HFI_LINK_GONE)
        return;
    if (link->state == HFI_LINK_LIVE && !hfi_link_list_add(&self->ended, link->number))
        return;
    link->state = HFI_LINK_GONE;
    link->until_ns = 0;
    link->heard = self->n_heard;
}

void
hfi_link_set_socket(hfi_link_t *self, int fd)
{
    self->fd = link_cookie(fd, &self->cookie) ? fd : -1;
}

bool
hfi_link_has_socket(const hfi_link_t *self)
{
    uint64_t cookie;
    return link_cookie(self->fd, &cookie) && cookie == self->cookie;
}

void
hfi_link_shut(hfi_link_t *self)
{
    if (!self->is_shut && hfi_link_has_socket(self))
        (void)shutdown(self->fd, SHUT_RDWR);
    self->is_shut = true;
}

bool
hfi_link_keep(hfi_link_t *self, uint64_t after, hfi_span_t bytes)
{
    struct link_control control = {.after = after, .len = bytes.len};
    size_t before = self->controls.len;
    if (bytes.len > HFI_LINK_CONTROLS_MAX || before > HFI_LINK_CONTROLS_MAX - bytes.len)
        return false;
    if (hfi_bytes_append(&self->controls, &control, sizeof control) &&
        hfi_bytes_append(&self->controls, bytes.at, bytes.len))
        return true;
    self->controls.len = before;
    return false;
}

bool
hfi_link_first(const hfi_link_t *self, hfi_span_t *ret_bytes)
{
    struct link_control control;
    if (self->controls.len == 0)
        return false;
    memcpy(&control, self->controls.at, sizeof control);
    if (control.after > self->sent)
        return false;
    *ret_bytes = (hfi_span_t){.at = self->controls.at + sizeof control, .len = (size_t)control.len};
    return true;
}

void
hfi_link_drop_first(hfi_link_t *self)
{
    struct link_control control;
    HF_ASSERT(self->controls.len >= sizeof control);
    memcpy(&control, self->controls.at, sizeof control);
    size_t gone = sizeof control + (size_t)control.len;
    memmove(self->controls.at, self->controls.at + gone, self->controls.len - gone);
    self->controls.len -= gone;
    if (self->controls.len == 0)
        hfi_bytes_close(&self->controls);
}

bool
hfi_link_list_add(hfi_link_list_t *self, uint64_t number)
{
    if (self->n == self->room) {
        uint32_t room = self->room == 0 ? 64 : self->room * 2;
        uint64_t *at = realloc(self->at, (size_t)room * sizeof *at);
        if (at == NULL)
            return false;
        self->at = at;
        self->room = room;
    }
    self->at[self->n++] = number;
    return true;
}
