/* SPDX-License-Identifier: MPL-2.0 */
/* rehearse -- see rehearse.h */
#include "rehearse.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <value/writer.h>

#include "state.h"

static const char rehearse_changed[] = "its `work` changed the state of its referent";

/* Runs the job's work on one machine, looking whether the referent stands still. */
static int32_t
rehearse_work(hfi_machine_t *machine, uint64_t job, hfi_bytes_t *ret_value)
{
    hfi_work_t *work = hfi_machine_work(machine, job);
    HF_ASSERT(work != NULL);
    hfi_referent_t *referent = hfi_state_find(hfi_machine_state(machine), hfi_work_object(work));
    HF_ASSERT(referent != NULL);
    size_t size = (size_t)referent->type->row->self_size;
    void *before = hfi_need(size + 1);
    memcpy(before, hfi_referent_self(referent), size);
    int32_t status = hfi_work_run(work, ret_value);
    if (memcmp(before, hfi_referent_self(referent), size) != 0) {
        memcpy(hfi_referent_self(referent), before, size);
        hfi_bytes_writer_t out;
        ret_value->len = 0;
        hfi_bytes_writer_open(&out, ret_value);
        hf_write_str(&out.w, rehearse_changed, sizeof rehearse_changed - 1);
        if (!hfi_bytes_writer_close(&out))
            HF_BUG("no memory");
        status = HFI_WORK_FAULT;
    }
    free(before);
    return status;
}

bool
hfi_rehearse(hfi_machine_t *const *machines, size_t n, uint64_t job, int32_t *ret_status,
             hfi_bytes_t *ret_value)
{
    bool is_same = true;
    *ret_status = rehearse_work(machines[0], job, ret_value);
    for (size_t i = 1; i < n; i++) {
        hfi_bytes_t other;
        int32_t status = rehearse_work(machines[i], job, &other);
        is_same = is_same && status == *ret_status &&
                  hfi_span_equal(hfi_bytes_span(ret_value), hfi_bytes_span(&other));
        hfi_bytes_close(&other);
    }
    return is_same;
}
