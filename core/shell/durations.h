/* SPDX-License-Identifier: MPL-2.0 */
/* durations -- how long methods took: for each a histogram of sampled runs, and the slow runs of late.
 *
 * Thread: one at a time.
 */
#ifndef HFI_DURATIONS_H
#define HFI_DURATIONS_H

#include <stddef.h>
#include <stdint.h>

enum {
    HFI_DURATION_BUCKETS = 40,
    HFI_SLOW_RUNS = 128, /* kept; the oldest goes */
    HFI_SLOW_NAME = 64,
    HFI_SLOW_CLIENT = 64,
    HFI_SLOW_ARGUMENTS = 192,
};

/* One method's sampled runs; bucket[k] counts those of 2^k to 2^(k+1) nanoseconds. */
typedef struct hfi_method_durations {
    const char *typeid_;
    const char *method;
    uint64_t sampled;
    int64_t longest_ns;
    uint64_t bucket[HFI_DURATION_BUCKETS];
} hfi_method_durations_t;

typedef struct hfi_slow_run {
    char typeid_[HFI_SLOW_NAME];
    char method[HFI_SLOW_NAME];
    char client[HFI_SLOW_CLIENT]; /* empty: nobody's call */
    char arguments[HFI_SLOW_ARGUMENTS];
    uint64_t object;
    int64_t took_ns;
    int64_t ended_ns;
} hfi_slow_run_t;

typedef struct hfi_durations hfi_durations_t;

/* NULL: no memory. */
hfi_durations_t *hfi_durations_new(void);
void hfi_durations_destroy(hfi_durations_t **self_p);

/* Counts a run of that method. The two names are kept, not copied: the same method is the same two pointers. Without
 * memory for one more method it is not counted. */
void hfi_durations_count(hfi_durations_t *self, const char *typeid_, const char *method,
                         int64_t took_ns);

/* The k-th method, in the order of first samples, borrowed until one is counted; NULL past the last. */
const hfi_method_durations_t *hfi_durations_at(const hfi_durations_t *self, size_t k);

/* At least the share `q` (0 to 1) of a method's sampled runs took no longer, in nanoseconds: a bucket's end, or the
 * longest. 0 where none was sampled. */
int64_t hfi_durations_quantile_ns(const hfi_method_durations_t *of, double q);

/* Lends the place of one more slow run, zeroed, to be filled in. */
hfi_slow_run_t *hfi_durations_add_slow(hfi_durations_t *self);

/* The slow runs of late, slowest first: at most `room` are written, their number is returned. */
size_t hfi_durations_slow(const hfi_durations_t *self, const hfi_slow_run_t **to, size_t room);

/* Copies a text into a slow run's place, whole characters of UTF-8 only, NUL behind them. */
void hfi_durations_text(char *to, size_t room, const char *text, size_t len);

#endif
