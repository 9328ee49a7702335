/* SPDX-License-Identifier: MPL-2.0 */
/* picture -- "[iii]" and C arguments to a value and back; the letters are told in holdfast.h.
 *
 *   i int64_t   u uint64_t   b int as bool   f double   n nil   s const char *   S const char *, size_t
 *   B const void *, size_t   v const hf_value_t *   h proxy   p future   [..] list   {k:v,..} map
 * Read: pointers to these; s, S, B, v and h give. Commas and spaces between are free.
 *
 * What h and p mean is the client's business: it hands over hooks. Without hooks both are refused.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_PICTURE_H
#define HFI_PICTURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <holdfast/value.h>

#include "failure.h"

enum {
    HFI_PICTURE_DEPTH_MAX = 32,
    HFI_PICTURE_OUTS_MAX = 64, /* letters of a picture that is read by */
};

typedef struct hfi_picture_hooks {
    void *context;
    /* Writes one item for a h or p argument. */
    bool (*write)(void *context, char letter, const void *argument, hf_writer_t *w,
                  hfi_failure_t *failure);
    /* Gives the proxy for a handle that is read by h. */
    bool (*read)(void *context, const hf_value_t *handle, void **ret_proxy, hfi_failure_t *failure);
    /* Takes back what `read` gave: a later part of the picture failed. */
    void (*undo)(void *context, void **proxy_p);
    /* Gives the copy that is read by v, and takes it back. NULL: hfi_value_keep, hfi_value_drop. */
    bool (*keep)(void *context, const hf_value_t *value, hf_value_t *ret_kept,
                 hfi_failure_t *failure);
    void (*drop)(void *context, hf_value_t *value);
} hfi_picture_hooks_t;

/* A picture that was looked through. */
typedef struct hfi_picture {
    const char *args;   /* borrowed: the positional items */
    const char *kwargs; /* behind them: name=x … */
    uint32_t n_args;
    uint32_t n_kwargs;
} hfi_picture_t;

/* Checks a picture and counts; `text` is borrowed as long as the struct. False: ValueError. */
bool hfi_picture_open(hfi_picture_t *self, const char *text, hfi_failure_t *failure);

/* These write one item each and take their arguments off *args, in this order. False: nothing to be
 * believed was written (ValueError, TypeError, or a hook's own); a writer that failed is the caller's to
 * see. `hooks` may be NULL. */
bool hfi_picture_write_args(const hfi_picture_t *self, va_list *args,
                            const hfi_picture_hooks_t *hooks, hf_writer_t *w,
                            hfi_failure_t *failure); /* a list of n_args */
bool hfi_picture_write_kwargs(const hfi_picture_t *self, va_list *args,
                              const hfi_picture_hooks_t *hooks, hf_writer_t *w,
                              hfi_failure_t *failure); /* a map of n_kwargs */

/* Writes the one value that the picture stands for. */
bool hfi_picture_write_value(const char *text, va_list *args, const hfi_picture_hooks_t *hooks,
                             hf_writer_t *w, hfi_failure_t *failure);
/* The same, to a value of its own, to be dropped. */
bool hfi_picture_build(const char *text, va_list *args, const hfi_picture_hooks_t *hooks,
                       hf_value_t *ret_value, hfi_failure_t *failure);

/* Reads a value by a picture of one item into the pointers of *outs; an empty one reads nothing. False:
 * TypeError, OverflowError or ValueError say what did not fit; no pointer was written through. */
bool hfi_picture_read(const char *text, const hf_value_t *value, va_list *outs,
                      const hfi_picture_hooks_t *hooks, hfi_failure_t *failure);

#endif
