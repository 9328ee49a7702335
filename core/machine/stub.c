/* SPDX-License-Identifier: MPL-2.0 */
/* stub -- see stub.h */
#include "stub.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/mutant.h>
#include <value/value.h>
#include <value/writer.h>

#include "scan.h"
#include "speech.h"

enum {
    STUB_CALLS = 2, /* of an adoption: adopt, export */
    STUB_HANDLE_ITEMS = 6,
    STUB_HANDLE_CODE = 1,
    STUB_WHY = 120, /* bytes of another manager's own words that are passed on */
};

static hfi_adoption_t *
adoption_at(const hfi_state_t *state, uint64_t number)
{
    const hfi_adoption_row_t *row = hfi_idtable_find(&state->fars->adoptions, number);
    return row == NULL ? NULL : row->adoption;
}

static void
adoption_free(hfi_state_t *state, hfi_adoption_t *self)
{
    hfi_state_arm(state, &self->alarm, INT64_MAX);
    hfi_idtable_remove(&state->fars->adoptions,
                       hfi_idtable_find(&state->fars->adoptions, self->number));
    if (self->far != NULL)
        self->far->n_adoptions--;
    hfi_account_give(&state->account, sizeof *self);
    free(self);
}

/* Goes once nobody is to be told of it, and nothing more is to come. */
static void
adoption_settle(hfi_state_t *state, hfi_adoption_t *self)
{
    bool is_open = self->far != NULL && (self->is_unasked || self->n_answered < self->n_asked);
    if (self->is_taken && !is_open)
        adoption_free(state, self);
}

/* ---- outcomes --------------------------------------------------------------------------- */

static void
adoption_tell(hfi_state_t *state, hfi_adoption_t *self)
{
    if (self->is_told)
        return;
    self->is_told = true;
    hfi_state_arm(state, &self->alarm, INT64_MAX);
    hfi_state_settled(state, self->session, self->number | HFI_STUB_PROMISE);
}

static void
adoption_fail(hfi_state_t *state, hfi_adoption_t *self, const char *kind, const char *why)
{
    if (!self->is_told)
        (void)hfi_fail(&self->failure, kind, "%s", why);
    adoption_tell(state, self);
}

hfi_referent_t *
hfi_stub_outcome(const hfi_state_t *state, uint64_t number, uint64_t *ret_session,
                 hfi_failure_t *ret_failure)
{
    hfi_adoption_t *self = adoption_at(state, number & ~HFI_STUB_PROMISE);
    HF_ASSERT(self != NULL && self->is_told);
    *ret_session = self->session;
    hfi_referent_t *referent =
        self->referent == 0 ? NULL : hfi_referents_find(&state->referents, self->referent);
    if (referent == NULL)
        *ret_failure = self->failure;
    return referent;
}

void
hfi_stub_forget(hfi_state_t *state, uint64_t number)
{
    hfi_adoption_t *self = adoption_at(state, number & ~HFI_STUB_PROMISE);
    HF_ASSERT(self != NULL && self->is_told);
    self->is_taken = true;
    adoption_settle(state, self);
}

/* ---- asking ----------------------------------------------------------------------------- */

/* Takes it out of those to be asked. */
static void
adoption_unlist(hfi_far_t *far, hfi_adoption_t *self)
{
    hfi_adoption_t *before = NULL;
    for (hfi_adoption_t *at = far->first_unasked; at != self; at = at->next_unasked)
        before = at;
    if (before == NULL)
        far->first_unasked = self->next_unasked;
    else
        before->next_unasked = self->next_unasked;
    if (far->last_unasked == self)
        far->last_unasked = before;
    self->next_unasked = NULL;
    self->is_unasked = false;
}

void
hfi_stub_time(hfi_state_t *state, hfi_adoption_t *self)
{
    hfi_far_t *far = self->far;
    HF_ASSERT(far != NULL); /* who ends with it is told by that */
    adoption_fail(state, self, "ReferentLost",
                  far->dial.was_welcomed ? "the other manager has not answered in time"
                                         : "the other manager was not to be reached in time");
    if (self->is_unasked && self->n_asked == 0)
        adoption_unlist(far, self);
    hfi_far_later(state, far);
}

static void
adoption_enlist(hfi_far_t *far, hfi_adoption_t *self)
{
    self->is_unasked = true;
    if (far->last_unasked == NULL)
        far->first_unasked = self;
    else
        far->last_unasked->next_unasked = self;
    far->last_unasked = self;
    far->n_adoptions++;
}

/* What a handle must be before anybody is asked; false with the failure. */
static bool
adoption_may_begin(const hfi_state_t *state, const hfi_far_t *far, hfi_failure_t *ret_failure)
{
    if (far->n_adoptions >= state->boot.limits.far_waiting)
        return hfi_fail(ret_failure, "LimitExceeded",
                        "as many calls wait for that other manager as may");
    return true;
}

uint64_t
hfi_stub_adopt(hfi_state_t *state, const hfi_handle_t *handle, uint64_t session,
               hfi_failure_t *ret_failure)
{
    hfi_far_t *far = hfi_far_require(state, &handle->manager, &handle->endpoints, ret_failure);
    if (far == NULL)
        return 0;
    hfi_far_later(state, far);
    if (!adoption_may_begin(state, far, ret_failure))
        return 0;
    if (!hfi_account_take(&state->account, sizeof(hfi_adoption_t))) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "the manager's memory is at its limit");
        return 0;
    }
    hfi_adoption_t *self = hfi_need(sizeof *self);
    self->number = ++state->fars->last_adoption;
    self->alarm.kind = HFI_ALARM_STUB;
    self->far = far;
    self->object = handle->object;
    self->secret = handle->secret;
    self->session = session;
    hfi_state_draw(state, self->own.bytes, sizeof self->own.bytes);
    hfi_adoption_row_t *row = hfi_idtable_add(&state->fars->adoptions, self->number);
    if (row == NULL)
        HF_BUG("no memory");
    row->adoption = self;
    adoption_enlist(far, self);
    hfi_state_arm(state, &self->alarm, state->now_ns + state->boot.far_timeout_ns);
    return self->number;
}

static void
adoption_write_adopt(hf_writer_t *w, const void *what)
{
    const hfi_adoption_t *self = what;
    hf_write_list(w, 1);
    hf_write_bytes(w, self->secret.bytes, sizeof self->secret.bytes);
}

static void
adoption_write_export(hf_writer_t *w, const void *what)
{
    const hfi_adoption_t *self = what;
    hf_write_list(w, 4);
    hf_write_handle(w, self->object, NULL, 0);
    hf_write_float(w, 0.0);
    hf_write_int(w, 1);
    hf_write_bytes(w, self->own.bytes, sizeof self->own.bytes);
}

static void
adoption_note(hfi_far_t *far, hfi_adoption_t *self, uint64_t call)
{
    uint64_t *row = hfi_idtable_add(&far->asked, call);
    if (row == NULL)
        HF_BUG("no memory");
    row[1] = self->number;
    self->n_asked++;
}

/* Both calls travel together: by the time of the second the object is held there, or the first has failed. */
void
hfi_stub_ask(hfi_state_t *state, hfi_far_t *far)
{
    while (far->first_unasked != NULL && hfi_speech_has_room(far)) {
        hfi_adoption_t *self = far->first_unasked;
        if (self->n_asked == 0) {
            adoption_note(far, self,
                          hfi_speech_call(far, "adopt", false, adoption_write_adopt, self));
            continue;
        }
        adoption_note(far, self,
                      hfi_speech_call(far, "export", false, adoption_write_export, self));
        adoption_unlist(far, self);
        adoption_settle(state, self);
    }
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Whatever came in an answer that is not what was asked for goes back. */
static void
stub_give_back(hfi_far_t *far, const hf_value_t *value)
{
    hfi_scan_t scan;
    hf_value_t item;
    hfi_owed_t owed = {.has_reference = true};
    if (!hf_has_handles(value))
        return;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        if (hf_kind(&item) == HF_HANDLE && hfi_handle_number(&item, &owed.object))
            hfi_speech_owe(far, &owed);
    }
}

/* Whether the answer is the handle that was to be adopted; then its typeid is noted. */
static bool
adoption_is_of(hfi_adoption_t *self, const hf_value_t *value)
{
    size_t len;
    hfi_handle_t elsewhere;
    if (hf_kind(value) != HF_HANDLE || hfi_handle_read(value, &elsewhere) ||
        hf_as_handle(value) != self->object || self->object == UINT64_MAX)
        return false;
    const char *typeid_ = hf_handle_typeid(value, &len);
    if (typeid_ == NULL || len > sizeof self->typeid_)
        return false;
    memcpy(self->typeid_, typeid_, len);
    self->typeid_len = (uint8_t)len;
    return true;
}

static void
adoption_refused(hfi_state_t *state, hfi_adoption_t *self, const hfi_message_t *message)
{
    char why[STUB_WHY + 64];
    int kind = message->error_kind.len < 48 ? (int)message->error_kind.len : 48;
    int text = message->text.len < STUB_WHY ? (int)message->text.len : STUB_WHY;
    (void)snprintf(why, sizeof why, "%.*s: %.*s", kind, (const char *)message->error_kind.at, text,
                   (const char *)message->text.at);
    adoption_fail(state, self, "ReferentLost", why);
}

/* A stub for what was adopted; NULL: a limit. */
static hfi_referent_t *
stub_birth(hfi_state_t *state, hfi_far_t *far, const hfi_adoption_t *adoption)
{
    const hfi_machine_limits_t *limits = &state->boot.limits;
    if (state->fars->type->referents >= limits->stubs ||
        state->referents.table.live >= limits->referents)
        return NULL;
    hfi_referent_t *referent = hfi_referents_birth(&state->referents, state->fars->type);
    if (referent == NULL)
        return NULL;
    hfi_stub_t *self = hfi_referent_self(referent);
    self->far = far->number;
    self->object = adoption->object;
    self->space = far->space;
    self->secret = adoption->own;
    self->typeid_len = adoption->typeid_len;
    memcpy(self->typeid_, adoption->typeid_, adoption->typeid_len);
    if (!hfi_value_keep(&far->endpoints, &self->endpoints))
        HF_BUG("no memory");
    hfi_far_stub_t *row = hfi_idtable_add(&far->stubs, self->object + 1);
    if (row == NULL)
        HF_BUG("no memory");
    row->referent = referent;
    state->fars->n_stubs++;
    return referent;
}

/* What was asked for is there: it becomes a stub's, or goes back where there is a stub already. */
static void
adoption_succeed(hfi_state_t *state, hfi_far_t *far, hfi_adoption_t *self)
{
    hfi_owed_t owed = {
        .object = self->object, .secret = self->own, .has_token = true, .has_reference = true};
    const hfi_far_stub_t *row = hfi_idtable_find(&far->stubs, self->object + 1);
    hfi_referent_t *stub = row == NULL ? NULL : row->referent;
    bool is_wanted = !self->is_told;
    bool is_new = stub == NULL && is_wanted;
    if (is_new)
        stub = stub_birth(state, far, self);
    if (is_new && stub != NULL && HFI_MUTANT(m23_stub_holds)) {
        owed.has_token = false;
        hfi_speech_owe(far, &owed);
    }
    if (!is_new || stub == NULL)
        hfi_speech_owe(far, &owed);
    if (is_wanted && stub != NULL) {
        self->referent = stub->number;
        adoption_tell(state, self);
    } else {
        adoption_fail(state, self, "LimitExceeded", "the manager holds as many stubs as it may");
    }
}

static void
adoption_finish(hfi_state_t *state, hfi_far_t *far, hfi_adoption_t *self)
{
    hfi_owed_t owed = {.object = self->object,
                       .secret = self->own,
                       .has_token = self->is_exported,
                       .has_reference = self->is_adopted};
    if (self->is_adopted && self->is_exported) {
        adoption_succeed(state, far, self);
    } else {
        if (owed.has_token || owed.has_reference)
            hfi_speech_owe(far, &owed);
        adoption_fail(state, self, "ReferentLost", "the other manager gave no token for it");
    }
    adoption_settle(state, self);
}

void
hfi_stub_answer(hfi_state_t *state, hfi_far_t *far, uint64_t adoption, const hfi_message_t *message)
{
    hfi_adoption_t *self = adoption_at(state, adoption);
    HF_ASSERT(self != NULL && self->far == far);
    bool is_adopt = hf_kind(&message->value) == HF_HANDLE;
    bool is_token = hf_kind(&message->value) == HF_STR;
    if (message->kind == HFI_MESSAGE_ERROR) {
        stub_give_back(far, &message->value);
        adoption_refused(state, self, message);
    } else if (is_adopt && !self->is_adopted && adoption_is_of(self, &message->value)) {
        self->is_adopted = true;
    } else if (is_token && !self->is_exported) {
        self->is_exported = true;
    } else {
        stub_give_back(far, &message->value);
        adoption_fail(state, self, "ReferentLost",
                      "the other manager gave something else for that handle");
    }
    if (++self->n_answered == STUB_CALLS)
        adoption_finish(state, far, self);
}

void
hfi_stub_lose(hfi_state_t *state, hfi_far_t *far, const char *why)
{
    hfi_idtable_t *adoptions = &state->fars->adoptions;
    for (const hfi_adoption_row_t *row = hfi_idtable_next(adoptions, NULL); row != NULL;
         row = hfi_idtable_next(adoptions, row)) {
        hfi_adoption_t *self = row->adoption;
        if (self->far != far)
            continue;
        self->far = NULL;
        far->n_adoptions--;
        adoption_fail(state, self, "ReferentLost", why);
        adoption_settle(state, self);
    }
    for (hfi_far_stub_t *row = hfi_idtable_next(&far->stubs, NULL); row != NULL;
         row = hfi_idtable_next(&far->stubs, row)) {
        hfi_stub_t *stub = hfi_referent_self(row->referent);
        stub->far = 0;
        state->fars->n_stubs--;
        hfi_idtable_remove(&far->stubs, row);
    }
}

void
hfi_stub_close(hfi_state_t *state)
{
    hfi_idtable_t *adoptions = &state->fars->adoptions;
    for (const hfi_adoption_row_t *row = hfi_idtable_next(adoptions, NULL); row != NULL;
         row = hfi_idtable_next(adoptions, row)) {
        hfi_adoption_t *self = row->adoption;
        HF_ASSERT(self->far == NULL);
        adoption_free(state, self);
    }
}

void
hfi_stub_end(hfi_state_t *state, hfi_stub_t *stub)
{
    hfi_far_t *far = stub->far == 0 ? NULL : hfi_far_at(state, stub->far);
    hfi_value_drop(&stub->endpoints);
    if (far == NULL)
        return;
    hfi_owed_t owed = {
        .object = stub->object, .secret = stub->secret, .has_token = true, .has_reference = true};
    if (HFI_MUTANT(m23_stub_holds) || HFI_MUTANT(m24_stub_gives_back))
        owed.has_reference = false;
    hfi_idtable_remove(&far->stubs, hfi_idtable_find(&far->stubs, stub->object + 1));
    state->fars->n_stubs--;
    hfi_speech_owe(far, &owed);
    hfi_far_later(state, far);
}

/* ---- handles out, and back --------------------------------------------------------------- */

void
hfi_stub_write(const hfi_stub_t *stub, uint64_t number, hf_writer_t *w)
{
    size_t mark = hfi_ext_begin(w);
    hf_write_list(w, STUB_HANDLE_ITEMS);
    hf_write_uint(w, stub->object);
    hf_write_str(w, stub->typeid_, stub->typeid_len);
    hf_write_bytes(w, stub->secret.bytes, sizeof stub->secret.bytes);
    hf_write_bytes(w, stub->space.bytes, sizeof stub->space.bytes);
    hf_write_value(w, &stub->endpoints);
    hf_write_uint(w, number);
    hfi_ext_end(w, mark, STUB_HANDLE_CODE);
}

typedef struct stub_rewriting {
    const hfi_state_t *state;
    bool is_back;
} stub_rewriting_t;

static void
stub_replace(void *context, const hf_value_t *item, hf_writer_t *w)
{
    uint64_t number = 0;
    const stub_rewriting_t *self = context;
    hfi_referent_t *referent = NULL;
    if (hf_kind(item) == HF_HANDLE && hfi_handle_number(item, &number))
        referent = hfi_referents_find(&self->state->referents, number);
    const hfi_stub_t *stub = referent == NULL ? NULL : hfi_stub_of(self->state, referent);
    if (stub == NULL)
        hf_write_value(w, item);
    else if (self->is_back)
        hf_write_handle(w, number, referent->type->row->name, strlen(referent->type->row->name));
    else
        hfi_stub_write(stub, number, w);
}

void
hfi_stub_rewrite(const hfi_state_t *state, const hf_value_t *value, bool is_back, hf_writer_t *w)
{
    stub_rewriting_t rewriting = {state, is_back};
    hfi_scan_rewrite(value, w, stub_replace, &rewriting);
}
