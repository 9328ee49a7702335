/* SPDX-License-Identifier: MPL-2.0 */
/* ask -- one call, from the program's arguments to its answer: the one road that every call takes.
 *
 * Thread: [any].
 */
#ifndef HFI_ASK_H
#define HFI_ASK_H

#include <stdarg.h>

#include "client.h"
#include "future.h"
#include "lead.h"

/* One call as a function of the library means it. */
typedef struct hfi_ask {
    hf_client_t *client;
    const hf_proxy_t *proxy; /* the target; NULL: the manager */
    const char *method;
    const char *first[2];   /* str arguments before the picture's; NULL: none */
    const hf_value_t *lead; /* one argument behind those and before the picture's; NULL: none */
    const char *picture;    /* "" or NULL: none */
    va_list *args; /* taken from as the picture says, once; NULL: `values` tells the arguments */
    const hf_value_t *values;
    const hf_value_t *kwargs; /* beside `values`, or a picture that names no keyword; NULL: none */
    bool is_oneway;
    bool is_patient; /* of hfi_ask_async: no deadline, whatever hf_set_timeout says */
} hfi_ask_t;

/* Asks and does not wait for the answer. NULL: this thread's error says why; a oneway call gives NULL and no error
 * (*ret_is_put tells them apart). */
hf_future_t *hfi_ask_async(const hfi_ask_t *ask, bool *ret_is_put);

/* Asks and waits until due_ns. 0: *ret_value is the answer, whose handles are held until hfi_answer_done; -1: this
 * thread's error says why. */
int hfi_ask(const hfi_ask_t *ask, int64_t due_ns, hf_value_t *ret_value);

/* Takes an answer: lets its handles go, drops it. */
void hfi_answer_done(hf_client_t *client, hf_value_t *value);

/* An ended wait without an answer, as kind and sentence. */
const char *hfi_wait_kind(hfi_wait_end_t end);
const char *hfi_wait_text(hfi_wait_end_t end);

#endif
