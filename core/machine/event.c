/* SPDX-License-Identifier: MPL-2.0 */
/* event -- see event.h
 *
 * An array: the kind, then what that kind carries, in the order of event.h's table.
 */
#include "event.h"

#include <string.h>

#include <value/admit.h>
#include <value/value.h>
#include <value/writer.h>

enum { EVENT_DEPTH = 2, EVENT_MEMBERS = 6 };

static void
event_write_span(hf_writer_t *w, hfi_span_t span)
{
    hf_write_bytes(w, span.at, span.len);
}

static void
event_write_head(hf_writer_t *w, const hfi_event_t *self, size_t n)
{
    hf_write_list(w, n);
    hf_write_uint(w, (uint64_t)self->kind);
}

static void
event_write_link(hf_writer_t *w, const hfi_event_t *self, size_t n)
{
    event_write_head(w, self, n);
    hf_write_uint(w, self->link);
}

bool
hfi_event_write(const hfi_event_t *self, hfi_bytes_t *to)
{
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, to);
    hf_writer_t *w = &writer.w;
    switch (self->kind) {
    case HFI_EVENT_BOOT:
    case HFI_EVENT_ENTROPY:
    case HFI_EVENT_POLICY:
    case HFI_EVENT_IMAGE:
        event_write_head(w, self, 2);
        event_write_span(w, self->bytes);
        break;
    case HFI_EVENT_TICK:
        event_write_head(w, self, 2);
        hf_write_int(w, self->now_ns);
        break;
    case HFI_EVENT_LINK_UP:
        event_write_link(w, self, 6);
        event_write_span(w, self->peer.user);
        event_write_span(w, self->peer.address);
        hf_write_int(w, self->peer.uid);
        hf_write_int(w, self->peer.pid);
        break;
    case HFI_EVENT_FAR_UP:
        event_write_link(w, self, 2);
        break;
    case HFI_EVENT_FRAME:
    case HFI_EVENT_FAR_FRAME:
        event_write_link(w, self, 3);
        event_write_span(w, self->bytes);
        break;
    case HFI_EVENT_LINK_DOWN:
    case HFI_EVENT_FAR_DOWN:
        event_write_link(w, self, 3);
        hf_write_bool(w, self->is_certain);
        break;
    case HFI_EVENT_JOB_DONE:
        event_write_link(w, self, 4);
        hf_write_int(w, self->status);
        event_write_span(w, self->bytes);
        break;
    case HFI_EVENT_STOP:
        event_write_head(w, self, 2);
        hf_write_float(w, self->drain_s);
        break;
    }
    return hfi_bytes_writer_close(&writer);
}

static bool
event_is(const hf_value_t *items, uint32_t n, const hf_kind_t *kinds, uint32_t want)
{
    if (n != want)
        return false;
    for (uint32_t i = 1; i < n; i++) {
        if (hf_kind(&items[i]) != kinds[i])
            return false;
    }
    return true;
}

static void
event_read_span(const hf_value_t *item, hfi_span_t *ret_span)
{
    ret_span->at = hf_as_bytes(item, &ret_span->len);
}

/* The members behind the kind. */
static bool
event_read_members(const hf_value_t *items, uint32_t n, hfi_event_t *ret_event)
{
    switch (ret_event->kind) {
    case HFI_EVENT_BOOT:
    case HFI_EVENT_ENTROPY:
    case HFI_EVENT_POLICY:
    case HFI_EVENT_IMAGE:
        event_read_span(&items[1], &ret_event->bytes);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_BYTES}, 2);
    case HFI_EVENT_TICK:
        ret_event->now_ns = hf_as_int(&items[1]);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT}, 2) && hf_int_fits(&items[1]);
    case HFI_EVENT_LINK_UP:
        ret_event->link = hf_as_uint(&items[1]);
        event_read_span(&items[2], &ret_event->peer.user);
        event_read_span(&items[3], &ret_event->peer.address);
        ret_event->peer.uid = hf_as_int(&items[4]);
        ret_event->peer.pid = hf_as_int(&items[5]);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT, HF_BYTES, HF_BYTES, HF_INT, HF_INT},
                        6);
    case HFI_EVENT_FAR_UP:
        ret_event->link = hf_as_uint(&items[1]);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT}, 2);
    case HFI_EVENT_FRAME:
    case HFI_EVENT_FAR_FRAME:
        ret_event->link = hf_as_uint(&items[1]);
        event_read_span(&items[2], &ret_event->bytes);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT, HF_BYTES}, 3);
    case HFI_EVENT_LINK_DOWN:
    case HFI_EVENT_FAR_DOWN:
        ret_event->link = hf_as_uint(&items[1]);
        ret_event->is_certain = hf_as_bool(&items[2]);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT, HF_BOOL}, 3);
    case HFI_EVENT_JOB_DONE:
        ret_event->link = hf_as_uint(&items[1]);
        ret_event->status = (int32_t)(hf_as_int(&items[2]) % INT32_MAX);
        event_read_span(&items[3], &ret_event->bytes);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_INT, HF_INT, HF_BYTES}, 4);
    case HFI_EVENT_STOP:
        ret_event->drain_s = hf_as_float(&items[1]);
        return event_is(items, n, (hf_kind_t[]){HF_INT, HF_FLOAT}, 2);
    }
    return false;
}

/* Views of the array's items. Bytes are lent even where they are short: spans must point into the input. */
static uint32_t
event_items(hfi_span_t item, hf_value_t *items)
{
    hf_head_t head;
    uint32_t n = 0;
    hf_read_head(item.at, &head);
    if (head.kind != HF_LIST || head.items > EVENT_MEMBERS)
        return 0;
    const uint8_t *at = item.at + head.size;
    for (uint32_t left = head.items; left > 0; left--, n++) {
        size_t len = hf_skip(at, NULL);
        hf_read_head(at, &head);
        if (head.kind == HF_BYTES)
            items[n] = (hf_value_t){.outer = {.at = at, .len = (uint32_t)len, .tag = HF_TAG_LENT}};
        else
            hfi_view(&items[n], at, len, 0);
        at += len;
    }
    return n;
}

bool
hfi_event_read(hfi_span_t *from, hfi_event_t *ret_event)
{
    hfi_item_t item;
    hfi_bytes_t scratch = {0};
    hfi_span_t rest = *from;
    hf_value_t items[EVENT_MEMBERS];
    memset(items, 0, sizeof items);
    bool is_item =
        hfi_admit(&rest, EVENT_DEPTH, &scratch, &item) == HFI_ADMIT_OK && scratch.len == 0;
    hfi_bytes_close(&scratch);
    uint32_t n = is_item ? event_items(item.bytes, items) : 0;
    if (n == 0 || hf_kind(&items[0]) != HF_INT)
        return false;
    hfi_event_t event = {.kind = (hfi_event_kind_t)hf_as_uint(&items[0])};
    if (!event_read_members(items, n, &event))
        return false;
    *from = rest;
    *ret_event = event;
    return true;
}

bool
hfi_output_equal(const hfi_output_t *a, const hfi_output_t *b)
{
    return a->kind == b->kind && a->session == b->session && a->link == b->link &&
           a->after == b->after && a->number == b->number && hfi_span_equal(a->text, b->text) &&
           hfi_span_equal(a->bytes, b->bytes);
}
