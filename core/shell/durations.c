/* SPDX-License-Identifier: MPL-2.0 */
/* durations -- see durations.h */
#include "durations.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/idtable.h>
#include <base/siphash.h>

#define DURATIONS_MAGIC 0xd07a0001u

/* A method is known by its two names: their pointers' hash is its number. */
typedef struct durations_method {
    uint64_t number;
    hfi_method_durations_t told;
} durations_method_t;

struct hfi_durations {
    uint32_t magic;
    hfi_idtable_t methods;
    size_t n_slow; /* ever; the ring's next place is n_slow % HFI_SLOW_RUNS */
    hfi_slow_run_t slow[HFI_SLOW_RUNS];
};

hfi_durations_t *
hfi_durations_new(void)
{
    hfi_durations_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = DURATIONS_MAGIC;
    hfi_idtable_open(&self->methods, sizeof(durations_method_t));
    return self;
}

void
hfi_durations_destroy(hfi_durations_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_durations_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, DURATIONS_MAGIC);
    hfi_idtable_close(&self->methods);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

/* ---- methods ---------------------------------------------------------------------------- */

static hfi_method_durations_t *
durations_find(hfi_durations_t *self, const char *typeid_, const char *method)
{
    static const hfi_siphash_key_t key = {{0}};
    const char *names[2] = {typeid_, method};
    uint64_t number = hfi_siphash(&key, (const void *)names, sizeof names) | 1; /* never 0 */
    durations_method_t *found = hfi_idtable_find(&self->methods, number);
    if (found != NULL)
        return &found->told;
    found = hfi_idtable_add(&self->methods, number);
    if (found == NULL)
        return NULL;
    found->told.typeid_ = typeid_;
    found->told.method = method;
    return &found->told;
}

void
hfi_durations_count(hfi_durations_t *self, const char *typeid_, const char *method, int64_t took_ns)
{
    HF_CHECK(self, DURATIONS_MAGIC);
    hfi_method_durations_t *found = durations_find(self, typeid_, method);
    if (found == NULL)
        return;
    size_t k = 63 - (size_t)__builtin_clzll((uint64_t)(took_ns > 0 ? took_ns : 0) | 1);
    found->bucket[k < HFI_DURATION_BUCKETS ? k : HFI_DURATION_BUCKETS - 1]++;
    found->sampled++;
    if (found->longest_ns < took_ns)
        found->longest_ns = took_ns;
}

const hfi_method_durations_t *
hfi_durations_at(const hfi_durations_t *self, size_t k)
{
    HF_CHECK(self, DURATIONS_MAGIC);
    const durations_method_t *method = hfi_idtable_next(&self->methods, NULL);
    while (method != NULL && k-- > 0)
        method = hfi_idtable_next(&self->methods, method);
    return method == NULL ? NULL : &method->told;
}

int64_t
hfi_durations_quantile_ns(const hfi_method_durations_t *of, double q)
{
    uint64_t seen = 0;
    for (size_t k = 0; k < HFI_DURATION_BUCKETS; k++) {
        seen += of->bucket[k];
        int64_t end_ns = (INT64_C(2) << k) - 1;
        if (of->sampled != 0 && (double)seen >= q * (double)of->sampled)
            return end_ns < of->longest_ns ? end_ns : of->longest_ns;
    }
    return of->longest_ns;
}

/* ---- slow runs -------------------------------------------------------------------------- */

hfi_slow_run_t *
hfi_durations_add_slow(hfi_durations_t *self)
{
    HF_CHECK(self, DURATIONS_MAGIC);
    hfi_slow_run_t *run = &self->slow[self->n_slow++ % HFI_SLOW_RUNS];
    *run = (hfi_slow_run_t){.took_ns = 0};
    return run;
}

/* The slowest run that is not on the list yet, which ends with `last`; of equals, by place. NULL: none is left. */
static const hfi_slow_run_t *
durations_next_slow(const hfi_durations_t *self, const hfi_slow_run_t *last)
{
    size_t n = self->n_slow < HFI_SLOW_RUNS ? self->n_slow : HFI_SLOW_RUNS;
    const hfi_slow_run_t *next = NULL;
    for (const hfi_slow_run_t *run = self->slow; run < self->slow + n; run++) {
        bool is_behind = last == NULL || run->took_ns < last->took_ns ||
                         (run->took_ns == last->took_ns && run > last);
        if (is_behind && (next == NULL || run->took_ns > next->took_ns))
            next = run;
    }
    return next;
}

size_t
hfi_durations_slow(const hfi_durations_t *self, const hfi_slow_run_t **to, size_t room)
{
    HF_CHECK(self, DURATIONS_MAGIC);
    size_t n = 0;
    const hfi_slow_run_t *last = NULL;
    while (n < room && (last = durations_next_slow(self, last)) != NULL)
        to[n++] = last;
    return n;
}

void
hfi_durations_text(char *to, size_t room, const char *text, size_t len)
{
    size_t n = len < room ? len : room - 1;
    while (n < len && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) /* not inside a character */
        n--;
    memcpy(to, text, n);
    to[n] = '\0';
}
