/* SPDX-License-Identifier: MPL-2.0 */
/* sim -- chance under the seed, the first failure, the trace. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>

uint64_t
sim_chance(sim_t *self)
{
    uint64_t z = self->chance += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t
sim_below(sim_t *self, uint64_t n)
{
    return sim_chance(self) % n;
}

void
sim_fail(sim_t *self, sim_check_t check, const char *format, ...)
{
    if (self->has_failed)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(self->failure, sizeof self->failure, format, args);
    va_end(args);
    self->has_failed = true;
    self->failed = check;
    sim_trace(self, "FAILED %s: %s", sim_check_word(check), self->failure);
}

void
sim_trace(const sim_t *self, const char *format, ...)
{
    if (!self->is_traced)
        return;
    va_list args;
    va_start(args, format);
    (void)printf("%12.3f ", (double)self->now_ns / 1e6);
    (void)vprintf(format, args);
    (void)printf("\n");
    va_end(args);
}

const char *
sim_check_word(sim_check_t check)
{
    static const char *const words[] = {
#define SIM_CHECK(name_, word_, text_) word_,
        SIM_CHECKS(SIM_CHECK)
#undef SIM_CHECK
    };
    return words[check];
}
