/* SPDX-License-Identifier: MPL-2.0 */
/* audit -- reference counts, recomputed from the clients' side and from what holds what, against the machine's.
 *
 *   I1  what a session holds = what its client received and has not given back
 *                            + handles in answers that the client has not taken yet
 *                            + what releases that the manager has not taken yet give back
 *   I2  a referent's holders = sessions that hold it, names, handles inside other referents' values, what calls
 *       that wait hold, and pins; and it is there if and only if there is a holder
 *       pins = those that users must have made, by what they exported, adopted and revoked; token.h
 *
 *   I4  a session is in the object space where it began
 *
 * Both ends' tables are looked at as they are, between two steps: nothing is under way but what lies in the
 * outboxes.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <machine/reap.h>
#include <machine/state.h>

#include "counts.h"
#include "inside.h"
#include "op.h"
#include "token.h"

/* ---- I1 ------------------------------------------------------------------------------- */

/* I4: a session lives in the object space where it began, and in no other. */
static void
audit_space(sim_t *sim, const hfi_state_t *state, const sim_user_t *user)
{
    if (user->has_space && memcmp(&user->space, &state->boot.space, sizeof user->space) != 0)
        sim_fail(sim, SIM_CHECK_SESSION,
                 "user %u: session %llu goes on in a manager that it did not begin with",
                 user->index, (unsigned long long)user->session);
}

void
sim_audit_session(sim_t *sim, hfi_session_t *session, hfi_engine_t *engine, uint32_t index)
{
    char who[32];
    sim_counts_t *table = sim_counts_begin();
    uint64_t object = 0;
    uint64_t received;
    uint64_t holds;
    while (hfi_engine_next_entry(engine, &object, &received, &holds))
        sim_counts_add(table, object, 0, (int64_t)received);
    sim_counts_under_way(table, &session->stream, sim_engine_stream(engine), true);
    sim_counts_under_way(table, sim_engine_stream(engine), &session->stream, false);
    (void)snprintf(who, sizeof who, "user %u", index);
    sim_counts_compare(sim, table, session, who);
}

/* ---- I2 ------------------------------------------------------------------------------- */

struct hf_visit {
    sim_counts_t *table;
};

static void
audit_visit(hf_visit_t *visit, const hf_value_t *value)
{
    sim_counts_value(visit->table, value, HFI_HOLDER_REFERENT);
}

/* A type's traverse runs on a host that has nothing but visit. */
static void
audit_inside(sim_counts_t *table, hfi_referent_t *referent)
{
    static const hf_host_t host = {.size = sizeof host, .visit = audit_visit};
    hf_call_t call = {.host = &host};
    hf_visit_t visit = {table};
    if (referent->type->row->traverse != NULL)
        referent->type->row->traverse(&call, hfi_referent_self(referent), &visit);
}

static void
audit_record(sim_counts_t *table, const hfi_parked_t *record)
{
    if (record->referent != NULL)
        sim_counts_add(table, record->referent->number, HFI_HOLDER_CALL, 1);
    if (record->home != NULL && record->home != record->referent)
        sim_counts_add(table, record->home->number, HFI_HOLDER_CALL, 1);
    sim_counts_value(table, &record->args, HFI_HOLDER_CALL);
    sim_counts_value(table, &record->kwargs, HFI_HOLDER_CALL);
    sim_counts_value(table, &record->job_value, HFI_HOLDER_CALL);
    for (uint64_t call = 0;
         record->promises != NULL && (call = hfi_promises_next(record->promises, call)) != 0;) {
        const hf_value_t *value = hfi_promises_find(record->promises, call);
        if (value != NULL)
            sim_counts_value(table, value, HFI_HOLDER_CALL);
    }
}

static void
audit_waiting(sim_counts_t *table, const hfi_state_t *state, const hfi_session_t *session)
{
    for (const hfi_pending_t *row = NULL; (row = hfi_idtable_next(&session->pending, row)) != NULL;)
        audit_record(table, hfi_parks_at(&state->parks, row->record));
}

/* An answer that was not acknowledged: its client may have had it, and have given back what it names. */
static void
audit_undelivered(sim_counts_t *table, const hfi_state_t *state, const hfi_parked_t *hook)
{
    sim_counts_add(table, hook->referent->number, HFI_HOLDER_CALL, 1);
    sim_counts_living(table, state, &hook->args, HFI_HOLDER_CALL);
}

/* Functions that wait for an offloaded call, and calls that have ended and whose type has yet to hear of it. */
static void
audit_hooks(sim_counts_t *table, const hfi_state_t *state, const hf_waiters_t *list)
{
    for (uint32_t at = list->first; at != 0; at = hfi_parks_at(&state->parks, at)->next) {
        const hfi_parked_t *record = hfi_parks_at(&state->parks, at);
        if (record->hook == HFI_HOOK_NONE)
            continue;
        if (record->hook == HFI_HOOK_UNDELIVERED)
            audit_undelivered(table, state, record);
        else
            audit_record(table, record);
        if (record->hook == HFI_HOOK_GONE)
            audit_record(table, hfi_parks_at(&state->parks, record->other));
    }
}

static void
audit_stalls(sim_counts_t *table, const hfi_state_t *state)
{
    audit_hooks(table, state, &state->queued);
    for (const hfi_stall_t *stall = NULL;
         (stall = hfi_idtable_next(&state->stalls, stall)) != NULL;) {
        sim_counts_add(table, stall->referent->number, HFI_HOLDER_CALL, 1);
        audit_hooks(table, state, &stall->calls);
    }
}

static void
audit_names(sim_counts_t *table, const hfi_state_t *state)
{
    size_t n;
    hfi_name_t **names = hfi_names_sorted(&state->names, hfi_span_of(""), &n);
    for (size_t i = 0; i < n; i++)
        sim_counts_add(table, names[i]->referent->number, HFI_HOLDER_NAME, 1);
    free(names);
}

/* Adoptions whose answers the manager has forgotten since they came: a fact of the stream, no token's. */
static void
audit_acknowledged(const hfi_state_t *state, const sim_user_t *users, const sim_token_t *token)
{
    for (sim_op_t *op = token->first; op != NULL; op = op->next_of_token) {
        const sim_user_t *user = &users[op->user];
        if (op->kind != SIM_OP_ADOPT || op->end != SIM_RESULT || op->is_acknowledged ||
            user->engine == NULL || user->session != op->session)
            continue;
        const hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
        op->is_acknowledged = session != NULL && session->stream.outbox.first > op->answered_by;
    }
}

/* Pins by what users did and heard; those of which that cannot say give bounds. */
static void
audit_tokens(sim_t *sim, const hfi_state_t *state, const sim_user_t *users)
{
    enum { SURE, PERHAPS };
    sim_referee_t *referee = users[0].referee;
    sim_counts_t *table = sim_counts_begin();
    for (uint64_t i = 0; i < referee->n_tokens; i++) {
        const sim_token_t *token = &referee->tokens[i];
        audit_acknowledged(state, users, token);
        sim_pin_t pin = sim_token_pin(referee, token);
        referee->n_pins += pin == SIM_PIN_HOLDS;
        referee->n_pins_unsure += pin == SIM_PIN_PERHAPS;
        for (uint32_t k = 0; pin != SIM_PIN_GONE && k < token->n; k++)
            sim_counts_add(table, token->objects[k], pin == SIM_PIN_HOLDS ? SURE : PERHAPS, 1);
    }
    for (const hfi_referent_t *r = NULL;
         (r = hfi_referents_next(&state->referents, r == NULL ? 0 : r->number)) != NULL;) {
        int64_t least = table->n[r->number][SURE];
        int64_t most = least + table->n[r->number][PERHAPS];
        int64_t n = r->holders[HFI_HOLDER_PIN];
        if (n < least || n > most)
            sim_fail(sim, SIM_CHECK_PINS, "%s %llu counts %lld pins, and users made %lld to %lld",
                     r->type->row->name, (unsigned long long)r->number, (long long)n,
                     (long long)least, (long long)most);
    }
    for (size_t i = 0; i < table->n_touched; i++)
        if (table->n[table->touched[i]][SURE] != 0 &&
            hfi_referents_find(&state->referents, table->touched[i]) == NULL)
            sim_fail(sim, SIM_CHECK_PINS, "referent %llu is pinned, and is not there",
                     (unsigned long long)table->touched[i]);
}

/* A token's row is its number and its address. */
static void
audit_pins(sim_counts_t *table, const hfi_state_t *state)
{
    for (uint64_t number = 1; number <= state->pins.last; number++) {
        const hfi_pin_t *pin = hfi_pins_at(&state->pins, number);
        for (uint32_t i = 0; pin != NULL && pin->is_holding && i < pin->n; i++)
            sim_counts_add(table, pin->items[i].referent->number, HFI_HOLDER_PIN, 1);
    }
}

void
sim_audit_holders(sim_t *sim, const hfi_state_t *state)
{
    static const char *const by[] = {"sessions", "names", "referents", "calls", "pins"};
    sim_counts_t *table = sim_counts_begin();
    for (const hfi_session_row_t *row = NULL;
         (row = hfi_idtable_next(&state->sessions, row)) != NULL;) {
        for (const hfi_holding_t *held = NULL;
             (held = hfi_idtable_next(&row->session->held, held)) != NULL;)
            sim_counts_add(table, held->number, HFI_HOLDER_SESSION, 1);
        audit_waiting(table, state, row->session);
    }
    audit_stalls(table, state);
    audit_names(table, state);
    audit_pins(table, state);
    for (hfi_referent_t *r = NULL;
         (r = hfi_referents_next(&state->referents, r == NULL ? 0 : r->number)) != NULL;)
        audit_inside(table, r);
    for (hfi_referent_t *r = NULL;
         (r = hfi_referents_next(&state->referents, r == NULL ? 0 : r->number)) != NULL;) {
        for (size_t k = 0; k < HFI_HOLDERS; k++)
            if (r->holders[k] != table->n[r->number][k])
                sim_fail(sim, SIM_CHECK_HOLDERS, "%s %llu counts %u %s, and %lld hold it",
                         r->type->row->name, (unsigned long long)r->number, r->holders[k], by[k],
                         (long long)table->n[r->number][k]);
        if (!hfi_referent_is_held(r))
            sim_fail(sim, SIM_CHECK_HOLDERS, "%s %llu is there, and nobody holds it",
                     r->type->row->name, (unsigned long long)r->number);
    }
    for (size_t i = 0; i < table->n_touched; i++)
        if (hfi_referents_find(&state->referents, table->touched[i]) == NULL)
            sim_fail(sim, SIM_CHECK_HOLDERS, "referent %llu is held, and is not there",
                     (unsigned long long)table->touched[i]);
}

void
sim_audit(sim_t *sim, const sim_manager_t *manager, const sim_user_t *users)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    for (uint32_t i = 0; i < SIM_USERS; i++) {
        const sim_user_t *user = &users[i];
        if (user->engine == NULL || hfi_engine_state(user->engine) == HFI_ENGINE_ENDED)
            continue;
        hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
        if (session != NULL && !session->is_ended && !session->is_ending)
            sim_audit_session(sim, session, user->engine, user->index);
        if (session != NULL)
            audit_space(sim, state, user);
    }
    audit_tokens(sim, state, users);
    sim_audit_holders(sim, state);
}

bool
sim_audit_is_attached(const sim_manager_t *manager, const sim_user_t *user, uint64_t link)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    const hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
    return session != NULL && session->link == link;
}

bool
sim_audit_has_left(const sim_manager_t *manager, const sim_user_t *user)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    const hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
    if (session == NULL)
        return false;
    for (const hfi_pending_t *row = NULL; (row = hfi_idtable_next(&session->pending, row)) != NULL;)
        if (!sim_referee_is_left(user->referee, user->session, row->call))
            return true;
    return false;
}

bool
sim_audit_has_dead(const sim_manager_t *manager, const sim_user_t *users)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    for (const hfi_session_row_t *row = NULL;
         (row = hfi_idtable_next(&state->sessions, row)) != NULL;) {
        uint32_t i = 0;
        while (i < SIM_USERS &&
               (users[i].engine == NULL ||
                memcmp(&users[i].secret, &row->session->secret, sizeof users[i].secret) != 0))
            i++;
        if (i == SIM_USERS)
            return true;
    }
    return false;
}

void
sim_audit_empty(sim_t *sim, const sim_manager_t *manager)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    if (state->sessions.live != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u sessions are left", state->sessions.live);
    if (state->names.n != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%llu names are left", (unsigned long long)state->names.n);
    if (state->pins.table.live != 0 && state->referents.table.live == 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u tokens are left", state->pins.table.live);
    if (state->parks.n != 0 || state->figures.parked != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u parked calls are left, the figures say %llu",
                 state->parks.n, (unsigned long long)state->figures.parked);
    if (state->stalls.live != 0 || state->jobs.table.live != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u offloaded calls and %u jobs are left",
                 state->stalls.live, state->jobs.table.live);
    if (state->referents.table.live != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u referents are left, the first is %llu",
                 state->referents.table.live,
                 (unsigned long long)hfi_referents_next(&state->referents, 0)->number);
    if (state->chunks.lent_bytes != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%zu bytes of outboxes are left", state->chunks.lent_bytes);
    if (state->links.live != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u links are left", state->links.live);
    if (state->account.used != manager->used_at_first)
        sim_fail(sim, SIM_CHECK_EMPTY, "%llu bytes are charged, at first it was %llu",
                 (unsigned long long)state->account.used,
                 (unsigned long long)manager->used_at_first);
}

/* ---- faults of state ------------------------------------------------------------------ */

static bool
tamper_held(const hfi_state_t *state)
{
    for (const hfi_session_row_t *row = NULL;
         (row = hfi_idtable_next(&state->sessions, row)) != NULL;) {
        hfi_holding_t *held = hfi_idtable_next(&row->session->held, NULL);
        if (held != NULL) {
            held->count++;
            return true;
        }
    }
    return false;
}

/* Those that nobody else holds; an audit before they die would see that they should have. */
static void
tamper_pins(sim_t *sim, hfi_state_t *state)
{
    for (uint64_t number = 1; number <= state->pins.last; number++) {
        hfi_pin_t *pin = hfi_pins_at(&state->pins, number);
        bool is_alone = pin != NULL && pin->is_holding;
        for (uint32_t i = 0; is_alone && i < pin->n; i++) {
            const uint32_t *holders = pin->items[i].referent->holders;
            is_alone = (holders[HFI_HOLDER_SESSION] | holders[HFI_HOLDER_NAME] |
                        holders[HFI_HOLDER_REFERENT] | holders[HFI_HOLDER_CALL]) == 0;
        }
        if (!is_alone)
            continue;
        hfi_pins_forget(&state->pins, pin);
        sim_trace(sim, "TAMPERED with the pin of token %llu", (unsigned long long)number);
    }
    hfi_reap_dead(state);
}

void
sim_tamper_state(sim_t *sim, const sim_manager_t *manager)
{
    hfi_state_t *state = hfi_machine_state(manager->machine);
    bool is_done = false;
    if (sim->n_faults > 2 || sim->now_ns < SIM_SECOND / 2)
        return;
    hfi_referent_t *first = hfi_referents_next(&state->referents, 0);
    if (sim->fault == SIM_FAULT_MISCOUNT) {
        is_done = tamper_held(state);
    } else if (sim->fault == SIM_FAULT_HOLD && first != NULL) {
        first->holders[HFI_HOLDER_NAME]++;
        is_done = true;
    } else if (sim->fault == SIM_FAULT_PIN && first != NULL) {
        first->holders[HFI_HOLDER_PIN]++;
        is_done = true;
    } else if (sim->fault == SIM_FAULT_STIR && manager->jobs.n != 0) {
        hfi_referent_t *referent =
            hfi_referents_find(&state->referents, manager->jobs.jobs[0].object);
        uint8_t *self = hfi_referent_self(referent);
        self[referent->type->row->self_size - 1] ^= 1;
        is_done = true;
    } else if (sim->fault == SIM_FAULT_UNPIN) {
        tamper_pins(sim, state);
    } else if (sim->fault == SIM_FAULT_REUSE && state->referents.last > 1 &&
               hfi_referents_find(&state->referents, state->referents.last) == NULL) {
        state->referents.last--;
        sim_trace(sim, "TAMPERED with the last number"); /* each time: births are not ours to see */
    } else if (sim->fault == SIM_FAULT_LEAK && state->sessions.live != 0) {
        const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL);
        row->session->lease_ns = INT64_MAX / 4;
        row->session->detached_ns = INT64_MAX / 4;
    }
    if (is_done) {
        sim->n_faults++;
        sim_trace(sim, "TAMPERED with the machine's tables");
    }
}

void
sim_tamper_resume(sim_t *sim, const sim_manager_t *manager, const sim_user_t *user)
{
    hfi_state_t *state = hfi_machine_state(manager->machine);
    if (user->engine == NULL || sim->n_faults > 2)
        return;
    hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
    hfi_stream_t *client = sim_engine_stream(user->engine);
    hfi_kept_t kept;
    if (session == NULL || session->link != 0)
        return;
    uint64_t received = session->stream.received;
    /* one that is parked, or whose answer is kept, has a row that a second run would find taken */
    bool is_over = hfi_idtable_find(&session->pending, received) == NULL &&
                   !hfi_outbox_find(&session->stream.outbox, received, &kept);
    /* [1, … is a CALL */
    if (sim->fault == SIM_FAULT_TWICE_AT_RESUME && is_over && received > client->outbox.first &&
        hfi_outbox_get(&client->outbox, received, &kept) && kept.bytes.at[1] == 1) {
        session->stream.received--;
        sim->n_faults++;
        sim_trace(sim, "TAMPERED with `received`, one too low");
    } else if (sim->fault == SIM_FAULT_LOSE_AT_RESUME &&
               hfi_outbox_get(&client->outbox, received + 1, &kept) && kept.bytes.at[1] == 1) {
        session->stream.received++;
        sim->n_faults++;
        sim_trace(sim, "TAMPERED with `received`, one too high");
    }
}
