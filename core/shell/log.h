/* SPDX-License-Identifier: MPL-2.0 */
/* log -- lines for people, written by a thread of their own from a bounded ring.
 *
 * Whoever logs never waits: a line goes into the ring, or is dropped and counted where the ring is full
 * because the reader of a pipe is blocked or the disk is. What was lost is said, once, in front of the next
 * line that can be written. A line names whose doing it tells of: "server", "peer", "plugin counter".
 * Control bytes and broken UTF-8 of peers never reach the terminal.
 *
 * Thread: [any], but new and destroy.
 */
#ifndef HFI_LOG_H
#define HFI_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>

typedef enum hfi_log_level {
    HFI_LOG_ERROR = 0,
    HFI_LOG_WARNING = 1,
    HFI_LOG_INFO = 2,
    HFI_LOG_DEBUG = 3,
} hfi_log_level_t;

typedef struct hfi_log hfi_log_t;

/* What has become of the lines so far. */
typedef struct hfi_log_figures {
    uint64_t written;
    uint64_t dropped;
} hfi_log_figures_t;

/* Gives a started log onto `fd`, which is borrowed; NULL: no memory or no thread. */
hfi_log_t *hfi_log_new(int fd, hfi_log_level_t level);

/* Takes *self_p and nulls it; waits at most a second for what is still in the ring. */
void hfi_log_destroy(hfi_log_t **self_p);

/* Puts a line; `blame` borrows, e.g. "server". Never waits, never fails. */
void hfi_log_put(hfi_log_t *self, hfi_log_level_t level, const char *blame, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, with texts that need no terminating NUL. */
void hfi_log_span(hfi_log_t *self, hfi_log_level_t level, hfi_span_t blame, hfi_span_t line);

hfi_log_figures_t hfi_log_read(hfi_log_t *self);

/* The level of that name ("error", "warning", "info", "debug"); false: there is none. */
bool hfi_log_level_of(const char *name, hfi_log_level_t *ret_level);

#endif
