/* SPDX-License-Identifier: MPL-2.0 */
/* writer -- see writer.h */
#include "writer.h"

#include <base/check.h>

#include "value.h"

enum {
    BUILDER_FIRST = 120, /* room at the start: with malloc's and the blob's head two cache lines */
    EXT_HEAD_MAX = 6,
};

static bool
bytes_writer_grow(hf_writer_t *w, size_t more)
{
    hfi_bytes_writer_t *self = (hfi_bytes_writer_t *)w;
    hfi_bytes_t *bytes = self->bytes;
    size_t len = bytes->len;
    bytes->len = w->len;
    bool is_room = hfi_bytes_reserve(bytes, more) != NULL;
    bytes->len = len;
    w->at = bytes->at;
    w->room = bytes->room;
    return is_room;
}

void
hfi_bytes_writer_open(hfi_bytes_writer_t *self, hfi_bytes_t *bytes)
{
    HF_ASSERT(bytes != NULL);
    *self = (hfi_bytes_writer_t){
        .w = {.at = bytes->at, .len = bytes->len, .room = bytes->room, .grow = bytes_writer_grow},
        .bytes = bytes,
    };
}

bool
hfi_bytes_writer_close(hfi_bytes_writer_t *self)
{
    if (self->w.failed)
        return false;
    self->bytes->len = self->w.len;
    return true;
}

static bool
builder_grow(hf_writer_t *w, size_t more)
{
    hfi_builder_t *self = (hfi_builder_t *)w;
    if (more > self->max_bytes - w->len) {
        self->is_too_long = true;
        return false;
    }
    size_t need = w->len + more;
    size_t room = w->room < BUILDER_FIRST ? BUILDER_FIRST : w->room;
    while (room < need)
        room = room > self->max_bytes / 2 ? self->max_bytes : room * 2;
    if (room > self->max_bytes)
        room = self->max_bytes;
    uint8_t *at = w->at == NULL ? hfi_blob_new(room) : hfi_blob_resize(w->at, room);
    if (at == NULL)
        return false;
    w->at = at;
    w->room = room;
    return true;
}

void
hfi_builder_open(hfi_builder_t *self, size_t max_bytes)
{
    size_t most = (size_t)UINT32_MAX;
    *self = (hfi_builder_t){.w = {.grow = builder_grow}};
    self->max_bytes = max_bytes == 0 || max_bytes > most ? most : max_bytes;
}

bool
hfi_builder_take(hfi_builder_t *self, hf_value_t *ret_value)
{
    hf_writer_t *w = &self->w;
    if (w->failed || w->len == 0) {
        hfi_builder_close(self);
        return false;
    }
    /* Give back what is much; a little is cheaper to leave than to move. */
    if (w->room - w->len > w->len / 4 + 32 && w->len > HF_TAG_LEN) {
        uint8_t *at = hfi_blob_resize(w->at, w->len);
        w->at = at == NULL ? w->at : at;
    }
    hfi_blob_finish(w->at, w->len, w->tag, ret_value);
    *w = (hf_writer_t){.grow = builder_grow};
    return true;
}

void
hfi_builder_close(hfi_builder_t *self)
{
    hfi_blob_destroy(self->w.at);
    self->w = (hf_writer_t){.grow = builder_grow};
}

size_t
hfi_ext_begin(hf_writer_t *w)
{
    static const uint8_t head[EXT_HEAD_MAX];
    hfi_write_raw(w, head, sizeof head);
    return w->len;
}

void
hfi_ext_end(hf_writer_t *w, size_t mark, uint8_t code)
{
    if (w->failed)
        return;
    HF_ASSERT(mark >= EXT_HEAD_MAX && mark <= w->len);
    size_t len = w->len - mark;
    uint8_t head[9];
    hf_writer_t small = {.at = head, .room = sizeof head, .grow = hfi_grow_never};
    if (len > UINT32_MAX || !hfi_write_ext_head(&small, code, len)) {
        w->failed = true;
        return;
    }
    uint8_t *start = w->at + mark - EXT_HEAD_MAX;
    memmove(start + small.len, w->at + mark, len);
    memcpy(start, head, small.len);
    w->len -= EXT_HEAD_MAX - small.len;
    if (code == 1)
        w->tag |= HF_TAG_HANDLES;
    else if (code == 2)
        w->tag |= HF_TAG_PROMISES;
}
