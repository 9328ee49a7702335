/* SPDX-License-Identifier: MPL-2.0 */
/* scan -- see scan.h */
#include "scan.h"

#include <value/writer.h>

enum { SCAN_ERROR_CODE = 3 };

void
hfi_scan_open(hfi_scan_t *self, const hf_value_t *value)
{
    self->at = hf_bytes_of(value);
    self->end = self->at + hf_len_of(value);
}

/* Bytes of what can be stepped over at once: a scalar whole; of a list, map or error only its head. */
static size_t
scan_step(const hf_head_t *head)
{
    return head->kind == HF_ERROR ? head->size : (size_t)head->size + head->len;
}

static void
scan_view(const uint8_t *at, const hf_head_t *head, hf_value_t *ret_item)
{
    uint8_t flag = head->kind == HF_HANDLE ? HF_TAG_HANDLES : HF_TAG_PROMISES;
    hfi_view(ret_item, at, (size_t)head->size + head->len, flag);
}

bool
hfi_scan_next(hfi_scan_t *self, hf_value_t *ret_item)
{
    while (self->at < self->end) {
        hf_head_t head;
        const uint8_t *at = self->at;
        hf_read_head(at, &head);
        self->at += scan_step(&head);
        if (head.kind == HF_HANDLE || head.kind == HF_PROMISE) {
            scan_view(at, &head, ret_item);
            return true;
        }
    }
    return false;
}

/* An error's length changes with what is inside it, so its head is written behind its payload. Errors inside
 * errors are as deep as hfi_admit lets a value be. */
static void
scan_rewrite(const uint8_t *at, const uint8_t *end, hf_writer_t *w, hfi_replace_f *replace,
             void *context)
{
    while (at < end) {
        hf_head_t head;
        hf_read_head(at, &head);
        size_t whole = (size_t)head.size + head.len;
        if (head.kind == HF_HANDLE || head.kind == HF_PROMISE) {
            hf_value_t item;
            scan_view(at, &head, &item);
            replace(context, &item, w);
        } else if (head.kind == HF_ERROR) {
            size_t mark = hfi_ext_begin(w);
            scan_rewrite(at + head.size, at + whole, w, replace, context);
            hfi_ext_end(w, mark, SCAN_ERROR_CODE);
        } else {
            hfi_write_raw(w, at, whole);
        }
        at += whole;
    }
}

void
hfi_scan_rewrite(const hf_value_t *value, hf_writer_t *w, hfi_replace_f *replace, void *context)
{
    const uint8_t *at = hf_bytes_of(value);
    scan_rewrite(at, at + hf_len_of(value), w, replace, context);
}
