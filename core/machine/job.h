/* SPDX-License-Identifier: MPL-2.0 */
/* job -- what was asked of the world: a JOB output is out, its JOB_DONE will come. The call that asked is parked. */
#ifndef HFI_JOB_H
#define HFI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>

typedef struct hfi_job {
    uint64_t number;
    uint32_t record; /* of the call that asked; 0: it is gone, the answer goes nowhere */
    uint32_t spare;
    uint64_t object; /* whose call is offloaded; 0: another kind of job */
} hfi_job_t;

typedef struct hfi_jobs {
    hfi_idtable_t table;
    uint64_t last;
} hfi_jobs_t;

void hfi_jobs_open(hfi_jobs_t *self);
void hfi_jobs_close(hfi_jobs_t *self);

/* Notes a job for that record; its number, never used twice. */
uint64_t hfi_jobs_add(hfi_jobs_t *self, uint32_t record, uint64_t object);

/* Borrows it, or NULL. */
const hfi_job_t *hfi_jobs_find(const hfi_jobs_t *self, uint64_t number);

/* Takes the job off; false: there is none of that number. */
bool hfi_jobs_take(hfi_jobs_t *self, uint64_t number, hfi_job_t *ret_job);

/* The record's call is gone; gives the job's `object`. */
uint64_t hfi_jobs_forget(hfi_jobs_t *self, uint64_t number);

#endif
