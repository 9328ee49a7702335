/* SPDX-License-Identifier: MPL-2.0 */
/* job -- see job.h */
#include "job.h"

#include <base/check.h>

void
hfi_jobs_open(hfi_jobs_t *self)
{
    *self = (hfi_jobs_t){0};
    hfi_idtable_open(&self->table, sizeof(hfi_job_t));
}

void
hfi_jobs_close(hfi_jobs_t *self)
{
    hfi_idtable_close(&self->table);
}

uint64_t
hfi_jobs_add(hfi_jobs_t *self, uint32_t record, uint64_t object)
{
    hfi_job_t *job = hfi_idtable_add(&self->table, ++self->last);
    if (job == NULL)
        HF_BUG("no memory");
    job->record = record;
    job->object = object;
    return job->number;
}

const hfi_job_t *
hfi_jobs_find(const hfi_jobs_t *self, uint64_t number)
{
    return hfi_idtable_find(&self->table, number);
}

bool
hfi_jobs_take(hfi_jobs_t *self, uint64_t number, hfi_job_t *ret_job)
{
    hfi_job_t *job = hfi_idtable_find(&self->table, number);
    if (job == NULL)
        return false;
    *ret_job = *job;
    hfi_idtable_remove(&self->table, job);
    return true;
}

uint64_t
hfi_jobs_forget(hfi_jobs_t *self, uint64_t number)
{
    hfi_job_t *job = hfi_idtable_find(&self->table, number);
    if (job == NULL)
        return 0;
    job->record = 0;
    return job->object;
}
