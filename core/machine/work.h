/* SPDX-License-Identifier: MPL-2.0 */
/* work -- the half of an offloaded call that a thread of the pool runs: arguments, a referent that stands still, one
 * answer. It knows nothing of the machine; the machine keeps what it borrows until its JOB_DONE.
 *
 * Thread: made and destroyed by the machine; run by [work], once; cancelled by [any].
 */
#ifndef HFI_WORK_H
#define HFI_WORK_H

#include <base/siphash.h>
#include <base/span.h>
#include <holdfast/plugin.h>
#include <registry/bind.h>

typedef struct hfi_work hfi_work_t;

/* JOB_DONE's status of an offloaded call, and what its value is. */
enum {
    HFI_WORK_DONE = 0,   /* what `work` answered */
    HFI_WORK_RAISED = 1, /* [kind, text] or [kind, text, data] */
    HFI_WORK_FAULT = 2,  /* a str: which rule it broke */
};

typedef struct hfi_work_terms {
    hf_work_f *function;
    const void *self;
    const char *typeid_; /* borrowed for ever, as the next two */
    const char *method;
    const hfi_signature_t *signature;
    const char *client; /* who calls, as it names itself; NULL: nobody */
    bool is_sensitive;
    uint64_t object;
    uint32_t row;
    uint64_t max_bytes; /* that it may allocate and write, in all */
    const hfi_siphash_key_t *key;
    const hf_value_t *args; /* shared: what the bound ones are views of */
    const hf_value_t *kwargs;
    const hfi_bound_t *bound;
} hfi_work_terms_t;

hfi_work_t *hfi_work_new(const hfi_work_terms_t *terms);
/* It does not run, or never will. */
void hfi_work_destroy(hfi_work_t **self_p);

/* Bytes that its arguments cost, for the account. */
uint64_t hfi_work_memory(const hfi_work_t *self);

/* Nobody waits for it any more. */
void hfi_work_cancel(hfi_work_t *self);

/* Runs it; ret_value is JOB_DONE's, to be closed by the caller. Returns JOB_DONE's status. */
int32_t hfi_work_run(hfi_work_t *self, hfi_bytes_t *ret_value);

/* For the functions that it may not call: it has broken a rule by calling that one. Gives HF_RAISED. */
hf_err_t hfi_work_refuse(hf_call_t *call, const char *what);

/* Whose it is, for people. Neither changes while it runs. */
const char *hfi_work_typeid(const hfi_work_t *self);
const char *hfi_work_method(const hfi_work_t *self);
uint64_t hfi_work_object(const hfi_work_t *self);
const char *hfi_work_client(const hfi_work_t *self);
/* Appends the arguments as hfi_probed_arguments does. False: no memory. */
bool hfi_work_show(const hfi_work_t *self, hfi_bytes_t *to);

#endif
