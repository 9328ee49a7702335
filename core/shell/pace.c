/* SPDX-License-Identifier: MPL-2.0 */
/* pace -- see pace.h */
#include "pace.h"

#include <base/check.h>

/* What the machine's time would be if it never lagged. */
static int64_t
pace_target(const hfi_pace_t *self, int64_t world_ns)
{
    return world_ns > self->begun_ns ? world_ns - self->begun_ns : 0;
}

void
hfi_pace_open(hfi_pace_t *self, int64_t world_ns)
{
    *self = (hfi_pace_t){.begun_ns = world_ns};
}

int64_t
hfi_pace_plan(hfi_pace_t *self, int64_t due_ns, int64_t world_ns)
{
    HF_ASSERT(self->now_ns >= 0);
    self->planned_ns = due_ns > self->now_ns ? due_ns : self->now_ns;
    if (due_ns == INT64_MAX)
        return INT64_MAX;
    int64_t target = pace_target(self, world_ns);
    return due_ns > target ? due_ns - target : 0;
}

int64_t
hfi_pace_tick(hfi_pace_t *self, int64_t world_ns)
{
    int64_t latest = self->planned_ns <= INT64_MAX - HFI_PACE_LEAP_NS
                         ? self->planned_ns + HFI_PACE_LEAP_NS
                         : INT64_MAX;
    int64_t target = pace_target(self, world_ns);
    int64_t next = target < latest ? target : latest;
    if (next > self->now_ns)
        self->now_ns = next;
    self->planned_ns = self->now_ns;
    return self->now_ns;
}
