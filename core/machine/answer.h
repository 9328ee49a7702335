/* SPDX-License-Identifier: MPL-2.0 */
/* answer -- the call being served, and where what it answers goes. */
#ifndef HFI_ANSWER_H
#define HFI_ANSWER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/check.h>
#include <holdfast/plugin.h>
#include <value/failure.h>

#include "state.h"

typedef enum hfi_sink {
    HFI_SINK_NONE = 0, /* a hook: it may not answer */
    HFI_SINK_SESSION,  /* RESULT or ERROR into the session's outbox */
    HFI_SINK_INNER,    /* into `buffer`, for whoever runs it */
    HFI_SINK_DROP,     /* into `buffer`, for nobody: a oneway call */
} hfi_sink_t;

typedef enum hfi_stage {
    HFI_STAGE_OPEN = 0, /* nothing said yet */
    HFI_STAGE_WRITING,  /* a value has been begun */
    HFI_STAGE_ANSWERED, /* it is whole */
    HFI_STAGE_RAISED,   /* `failure` says what */
    HFI_STAGE_PARKED,
    HFI_STAGE_DONE, /* it has gone where it goes: nothing more can be said */
} hfi_stage_t;

enum { HFI_CALL_HOMES = 4 };

/* What a plugin sees of it is `head`. Those above `method` are so in a free one already, those below `n_homes` are
 * set where they are used. */
struct hfi_call {
    hf_call_t head;
    hfi_state_t *state;
    hfi_call_t *next;      /* in the list that it is in: free ones, taken ones */
    hfi_call_t *taken;     /* calls that its function has in hand, newest first */
    hfi_buffer_t *buffer;  /* where the value goes, of a sink that is no session */
    hfi_buffer_t *writing; /* lent by hf_writer; the innermost */

    hfi_session_t *session;     /* whose call it is; NULL: nobody's */
    hfi_referent_t *referent;   /* being called; NULL: a plugin's open or close */
    const hfi_type_t *type;     /* of the referent; NULL as above */
    const hfi_method_t *method; /* NULL: a hook */
    hfi_type_t *returns; /* its value goes to that type's constructor; NULL: it is the answer */
    const char *name;    /* the method's or the hook's, for sentences */
    const char *plugin;
    uint64_t number;
    uint64_t thread;
    int64_t call_due_ns;  /* CALL's timeout */
    hfi_parked_t *record; /* where it parked, or parks */
    void *before;         /* the state as it was, where that is looked at; NULL: it is not */
    hfi_call_t *outer;    /* that runs around it */
    hf_value_t args;
    hf_value_t kwargs;
    uint64_t cookie;
    hfi_sink_t sink;
    hfi_stage_t stage;
    bool may_park;
    bool is_visiting; /* traverse, memory: it may only look */
    bool has_changed; /* something that a run from the top would do twice */
    bool is_minded;
    bool is_counted; /* the handles in the answer are the session's already */
    bool is_faulty;  /* the plugin broke a rule: what it says further is not heard */
    bool is_retry;   /* woken: parks again at its old place */
    uint32_t n_homes;

    hfi_arena_mark_t mark;
    hf_writer_t *w; /* where the value goes */
    size_t value_at;
    size_t value_end;                      /* once it is answered */
    hfi_referent_t *homes[HFI_CALL_HOMES]; /* whose state hf_deref has given, or it parked in */
    hfi_begun_t begun;
    hfi_bound_t bound;
    hfi_failure_t failure;
};

static inline hfi_call_t *
hfi_call_of(hf_call_t *call)
{
    return (hfi_call_t *)(void *)call;
}

/* Gives one more call to lend. */
hfi_call_t *hfi_call_new(hfi_state_t *state);

/* Lends a call with its head set and everything else empty. Member by member and inline: what the borrower sets
 * next is not cleared first. */
static inline hfi_call_t *
hfi_call_borrow(hfi_state_t *state)
{
    hfi_call_t *self = state->calls != NULL ? state->calls : hfi_call_new(state);
    state->calls = self->next;
    self->head.arg = NULL;
    self->head.n_arg = 0;
    self->head.row = 0;
    self->head.note = 0;
    self->method = NULL;
    self->returns = NULL;
    self->name = NULL;
    self->plugin = NULL;
    self->number = 0;
    self->thread = 0;
    self->call_due_ns = INT64_MAX;
    self->record = NULL;
    self->before = NULL;
    self->outer = NULL;
    self->args = (hf_value_t){.raw = {0}};
    self->kwargs = (hf_value_t){.raw = {0}};
    self->cookie = 0;
    self->sink = HFI_SINK_NONE;
    self->stage = HFI_STAGE_OPEN;
    self->may_park = false;
    self->is_visiting = false;
    self->has_changed = false;
    self->is_minded = false;
    self->is_faulty = false;
    self->is_retry = false;
    self->n_homes = 0;
    self->bound.n = 0;
    self->failure.kind[0] = '\0';
    self->failure.data = (hf_value_t){.raw = {0}};
    return self;
}

/* A list of the one value that was answered, for as long as the call runs; then nothing has been said. */
void hfi_answer_as_arguments(hfi_call_t *self, hf_value_t *ret_args);

/* Answers with a handle of the referent: HF_OK, or HF_RAISED. */
hf_err_t hfi_answer_handle(hfi_call_t *self, const hfi_referent_t *referent);

/* Gives back what was lent to its function. */
void hfi_call_give_buffers(hfi_call_t *self);

static inline void
hfi_call_return(hfi_call_t **self_p)
{
    hfi_call_t *self = *self_p;
    HF_ASSERT(self->taken == NULL && self->stage != HFI_STAGE_WRITING);
    if (self->writing != NULL || self->buffer != NULL)
        hfi_call_give_buffers(self);
    /* A plugin that kept it finds nothing in it. */
    self->session = NULL;
    self->referent = NULL;
    self->type = NULL;
    self->stage = HFI_STAGE_DONE;
    self->next = self->state->calls;
    self->state->calls = self;
    *self_p = NULL;
}

/* The referent in whose state those bytes are: the one being called, one that hf_deref gave, or where the call was parked;
 * NULL: none of them. */
hfi_referent_t *hfi_call_home(const hfi_call_t *self, const void *at, size_t size);

/* Begins a value: w to write it to; NULL: it has been said that it may not. */
hf_writer_t *hfi_answer_begin(hfi_call_t *self);
/* The value is whole. HF_OK or HF_RAISED. */
hf_err_t hfi_answer_end(hfi_call_t *self);
/* The same where a plugin wrote it item by item: it is looked through. */
hf_err_t hfi_answer_end_checked(hfi_call_t *self);

/* Says that it failed; gives HF_RAISED. `data` is copied, may be NULL. */
hf_err_t hfi_answer_raise(hfi_call_t *self, const char *kind, const hf_value_t *data,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
hf_err_t hfi_answer_raisev(hfi_call_t *self, const char *kind, const hf_value_t *data,
                           const char *format, va_list args) __attribute__((format(printf, 4, 0)));
/* ReferentLost: the referent is a stub, and its manager is lost. */
hf_err_t hfi_answer_lost(hfi_call_t *self, const hfi_referent_t *stub);
/* The same with what another call's failure says. */
hf_err_t hfi_answer_pass_on(hfi_call_t *self, const hfi_failure_t *failure);
/* The plugin broke a rule: RemoteError and a line in the log, both naming plugin, type and method. */
hf_err_t hfi_answer_fault(hfi_call_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `cookie` stays with the answer until the session has acknowledged it. */
static inline void
hfi_answer_mind(hfi_call_t *self, uint64_t cookie)
{
    self->is_minded = self->sink == HFI_SINK_SESSION;
    self->cookie = cookie;
}

/* Takes back what was said, unless it has gone. */
void hfi_answer_unsay(hfi_call_t *self);

/* What was said goes where it goes: stage ANSWERED or RAISED becomes DONE. */
void hfi_answer_commit(hfi_call_t *self);

/* What the inner call answered: its value. Stage ANSWERED, sink INNER. */
hf_value_t hfi_answer_inner(const hfi_call_t *self);

/* RESULT to a session whose call `number` waits and is not run again; the value has no handles. */
void hfi_answer_tell(hfi_state_t *state, hfi_session_t *session, uint64_t number,
                     const hf_value_t *value);

/* ERROR to a session whose call `number` never became one. */
void hfi_answer_refuse(hfi_state_t *state, hfi_session_t *session, uint64_t number,
                       const hfi_failure_t *failure);

/* What an answer kept in the outbox says: false: it is an ERROR, ret_failure has it. */
bool hfi_answer_read(const hfi_kept_t *kept, hf_value_t *ret_value, hfi_failure_t *ret_failure);

#endif
