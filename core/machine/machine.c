/* SPDX-License-Identifier: MPL-2.0 */
/* machine -- see machine.h
 *
 * Which event does what, and what is done between two messages: nothing else is decided here.
 */
#include "machine.h"

#include <stdlib.h>

#include <base/check.h>
#include <base/mutant.h>
#include <value/admit.h>
#include <value/value.h>

#include "cycle.h"
#include "far.h"
#include "foreign.h"
#include "hook.h"
#include "host.h"
#include "image.h"
#include "link.h"
#include "offload.h"
#include "root.h"
#include "stub.h"
#include "timer.h"
#include "universal.h"

#define MACHINE_MAGIC 0x6d616368u
#define MACHINE_MS    INT64_C(1000000)

enum {
    MACHINE_RUNS = 1024,      /* of woken and queued calls in one apply */
    MACHINE_FRAME_MIN = 1024, /* the longest error is shorter */
    MACHINE_DEPTH_MIN = 4,    /* a message, its arguments, a list of one handle */
    MACHINE_ENTROPY_BYTES = 32,
    MACHINE_DRAWS = 1 << 20, /* from one ENTROPY; then another is asked for */
    MACHINE_DEPTH = 64,      /* of settings, policies and answers of the world */
};

struct hfi_machine {
    uint32_t magic;
    hfi_state_t state;
};

hfi_machine_t *
hfi_machine_new(const hfi_machine_world_t *world)
{
    hfi_machine_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = MACHINE_MAGIC;
    hfi_state_open(&self->state, world, &hfi_host);
    self->state.universals = hfi_universals;
    hfi_root_open(&self->state);
    hfi_foreign_open(&self->state);
    return self;
}

hfi_policy_t *
hfi_machine_policy(hfi_machine_t *self)
{
    HF_CHECK(self, MACHINE_MAGIC);
    return self->state.policy;
}

hfi_state_t *
hfi_machine_state(hfi_machine_t *machine)
{
    HF_CHECK(machine, MACHINE_MAGIC);
    return &machine->state;
}

void
hfi_machine_destroy(hfi_machine_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_machine_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, MACHINE_MAGIC);
    hfi_state_t *state = &self->state;
    hfi_reap_sessions(state);
    hfi_offload_abandon(state);
    hfi_reap_all(state);
    hfi_image_close_all(state);
    hfi_far_close(state);
    while (state->calls != NULL) {
        hfi_call_t *call = state->calls;
        state->calls = call->next;
        free(call);
    }
    hfi_state_close(state);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

/* ---- what is done between two messages --------------------------------------------------- */

static bool
machine_has_work(const hfi_state_t *state)
{
    return state->woken.count != 0 || state->queued.count != 0;
}

static void
machine_settle(hfi_state_t *state)
{
    for (;;) {
        if (state->n_settled != 0)
            hfi_wait_settle(state);
        if (state->n_ending != 0)
            hfi_reap_ending(state);
        if (state->referents.n_listed != 0)
            hfi_reap_dead(state);
        if (state->cycle.garbage.n != 0)
            hfi_cycle_free(state);
        if (!machine_has_work(state) || state->runs_left == 0)
            break;
        state->runs_left--;
        (void)hfi_offload_run_next(state);
    }
}

/* ---- events ------------------------------------------------------------------------------ */

static bool
machine_value(hfi_span_t bytes, hfi_bytes_t *scratch, hf_value_t *ret_value)
{
    return hfi_admit_value(bytes, MACHINE_DEPTH, scratch, ret_value, NULL) == HFI_ADMIT_OK;
}

static void
machine_set_ms(const hf_value_t *value, int64_t *ms_to_ns)
{
    uint64_t ms = hf_as_uint(value);
    if (ms > 0 && ms < (uint64_t)(INT64_MAX / MACHINE_MS))
        *ms_to_ns = (int64_t)ms * MACHINE_MS;
}

static void
machine_set_limits(hfi_state_t *state, const hf_value_t *map)
{
    hf_cursor_t items;
    hf_value_t key;
    hf_value_t value;
    hf_open(&items, map);
    while (hf_kind(map) == HF_MAP && hf_next(&items, &key) && hf_next(&items, &value)) {
        hfi_span_t name;
        name.at = (const uint8_t *)hf_as_str(&key, &name.len);
        if (name.at != NULL)
            (void)hfi_machine_limits_set(&state->boot.limits, name, hf_as_uint(&value));
    }
}

static void
machine_keep(const hf_value_t *value, hf_value_t *kept)
{
    hfi_value_drop(kept);
    if (!hfi_value_keep(value, kept))
        HF_BUG("no memory");
}

static void
machine_set(hfi_state_t *state, const hf_value_t *key, const hf_value_t *value)
{
    size_t len = 0;
    hfi_boot_t *boot = &state->boot;
    hfi_span_t name;
    name.at = (const uint8_t *)hf_as_str(key, &name.len);
    if (name.at == NULL)
        return;
    const uint8_t *bytes = hf_as_bytes(value, &len);
    if (hfi_span_equal(name, hfi_span_of("space")) && len == sizeof boot->space.bytes)
        memcpy(boot->space.bytes, bytes, len);
    else if (hfi_span_equal(name, hfi_span_of("limits")))
        machine_set_limits(state, value);
    else if (hfi_span_equal(name, hfi_span_of("memory_limit")) && hf_as_uint(value) != 0)
        state->account.limit = hf_as_uint(value);
    else if (hfi_span_equal(name, hfi_span_of("lease_ms")))
        machine_set_ms(value, &boot->lease_ns);
    else if (hfi_span_equal(name, hfi_span_of("lease_min_ms")))
        machine_set_ms(value, &boot->lease_min_ns);
    else if (hfi_span_equal(name, hfi_span_of("lease_max_ms")))
        machine_set_ms(value, &boot->lease_max_ns);
    else if (hfi_span_equal(name, hfi_span_of("grace_ms")))
        machine_set_ms(value, &boot->grace_ns);
    else if (hfi_span_equal(name, hfi_span_of("probe_ms")))
        machine_set_ms(value, &boot->probe_ns);
    else if (hfi_span_equal(name, hfi_span_of("endpoints")) && hf_kind(value) == HF_LIST)
        machine_keep(value, &boot->endpoints);
    else if (hfi_span_equal(name, hfi_span_of("server")) && hf_kind(value) == HF_STR)
        machine_keep(value, &boot->server);
    else if (hfi_span_equal(name, hfi_span_of("far")) && hf_kind(value) == HF_BOOL)
        boot->is_far = hf_as_bool(value);
    else if (hfi_span_equal(name, hfi_span_of("far_allow")) && hf_kind(value) == HF_LIST)
        machine_keep(value, &boot->far_allow);
    else if (hfi_span_equal(name, hfi_span_of("far_timeout_ms")))
        machine_set_ms(value, &boot->far_timeout_ns);
}

static void
machine_boot(hfi_state_t *state, hfi_span_t bytes)
{
    hf_value_t settings;
    hf_value_t key;
    hf_value_t value;
    hf_cursor_t items;
    hfi_bytes_t scratch = {0};
    if (state->is_booted)
        return;
    state->is_booted = true;
    state->boot.lease_ns = 10000 * MACHINE_MS;
    state->boot.lease_min_ns = 1000 * MACHINE_MS;
    state->boot.lease_max_ns = 600000 * MACHINE_MS;
    state->boot.grace_ns = 5000 * MACHINE_MS;
    state->boot.probe_ns = 1000 * MACHINE_MS;
    state->boot.is_far = true;
    state->boot.far_timeout_ns = 5000 * MACHINE_MS;
    if (machine_value(bytes, &scratch, &settings) && hf_kind(&settings) == HF_MAP) {
        hf_open(&items, &settings);
        while (hf_next(&items, &key) && hf_next(&items, &value))
            machine_set(state, &key, &value);
    } else {
        hfi_state_log(state, HF_LOG_ERROR, "server", "the settings are no map");
    }
    hfi_bytes_close(&scratch);
    hfi_machine_limits_t *limits = &state->boot.limits;
    limits->frame = limits->frame > MACHINE_FRAME_MIN ? limits->frame : MACHINE_FRAME_MIN;
    limits->depth = limits->depth > MACHINE_DEPTH_MIN ? limits->depth : MACHINE_DEPTH_MIN;
    limits->depth = limits->depth < HFI_DEPTH_MAX ? limits->depth : HFI_DEPTH_MAX;
    if (limits->parked_referent > HFI_BUSY_MAX)
        limits->parked_referent = HFI_BUSY_MAX;
    state->wire = (hfi_limits_t){.frame_bytes = limits->frame,
                                 .depth = limits->depth,
                                 .window = limits->window,
                                 .window_bytes = limits->window_bytes};
}

/* What a caller may do is looked up once a session, so each must ask again. */
static void
machine_renew_roles(hfi_state_t *state)
{
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row))
        hfi_session_set_roles(row->session, state->policy);
}

static void
machine_image(hfi_state_t *state, hfi_span_t hash)
{
    char why[1024] = "";
    if (!hfi_image_take(state, hash, why, sizeof why))
        hfi_state_log(state, HF_LOG_ERROR, "server", "%s", why);
    if (!hfi_policy_renew(state->policy, why, sizeof why))
        hfi_state_log(state, HF_LOG_WARNING, "server",
                      "the configuration stays as it was, it does not fit the newer plugin: %s",
                      why);
    machine_renew_roles(state);
}

/* Limits that a POLICY may change; what was said in WELCOME stays as it was said. */
static void
machine_change_limits(hfi_state_t *state, const hf_value_t *policy)
{
    hf_cursor_t items;
    hf_value_t key;
    hf_value_t value;
    hf_open(&items, policy);
    while (hf_kind(policy) == HF_MAP && hf_next(&items, &key) && hf_next(&items, &value)) {
        hfi_machine_limits_t said = state->boot.limits;
        hfi_span_t name;
        name.at = (const uint8_t *)hf_as_str(&key, &name.len);
        if (name.at == NULL || !hfi_span_equal(name, hfi_span_of("limits")))
            continue;
        machine_set_limits(state, &value);
        state->boot.limits.frame = said.frame;
        state->boot.limits.depth = said.depth;
        state->boot.limits.window = said.window;
        state->boot.limits.window_bytes = said.window_bytes;
    }
}

static void
machine_policy(hfi_state_t *state, hfi_span_t bytes)
{
    char why[1024];
    hf_value_t policy;
    hfi_bytes_t scratch = {0};
    if (!machine_value(bytes, &scratch, &policy))
        hfi_state_log(state, HF_LOG_ERROR, "server", "the policy is no value");
    else if (!hfi_policy_set(state->policy, &policy, why, sizeof why))
        hfi_state_log(state, HF_LOG_ERROR, "server", "policy: %s", why);
    else {
        machine_renew_roles(state);
        machine_change_limits(state, &policy);
    }
    hfi_bytes_close(&scratch);
}

static void
machine_timer(hfi_state_t *state, const hfi_timer_t *timer)
{
    hfi_referent_t *referent = timer->referent;
    uint32_t number = timer->number;
    (void)hfi_timer_set(state, referent, number, INT64_MAX);
    if (hfi_stall_timer(state, referent, number))
        return;
    hfi_call_t *call = hfi_hook_borrow(state, referent, "timer", HFI_SINK_NONE);
    hfi_call_enter(call);
    referent->type->row->timer(&call->head, hfi_referent_self(referent), number);
    hfi_call_leave(call);
    hfi_call_close(call, HF_OK);
}

static void
machine_stopped(hfi_state_t *state)
{
    if (state->is_stopped)
        return;
    state->is_stopped = true;
    hfi_state_arm(state, &state->drain_alarm, INT64_MAX);
    hfi_reap_sessions(state);
    hfi_far_leave(state);
    hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_STOPPED});
}

static void
machine_alarm(hfi_state_t *state, hfi_alarm_t *alarm)
{
    switch (alarm->kind) {
    case HFI_ALARM_PARKED:
        hfi_call_time_up(state, HFI_ALARM_OF(alarm, hfi_parked_t, alarm));
        return;
    case HFI_ALARM_SESSION:
        hfi_link_lease(state, HFI_ALARM_OF(alarm, hfi_session_t, alarm));
        return;
    case HFI_ALARM_ACK:
        hfi_link_acknowledge(state, HFI_ALARM_OF(alarm, hfi_session_t, ack_alarm));
        return;
    case HFI_ALARM_TIMER:
        machine_timer(state, HFI_ALARM_OF(alarm, hfi_timer_t, alarm));
        return;
    case HFI_ALARM_PIN:
        if (!HFI_MUTANT(m21_ttl))
            hfi_pins_spend(&state->pins, HFI_ALARM_OF(alarm, hfi_pin_t, alarm));
        return;
    case HFI_ALARM_DRAIN:
        machine_stopped(state);
        return;
    case HFI_ALARM_CYCLE:
        hfi_cycle_step(state);
        return;
    case HFI_ALARM_FAR:
        hfi_far_time(state, HFI_ALARM_OF(alarm, hfi_far_t, alarm));
        return;
    case HFI_ALARM_STUB:
        hfi_stub_time(state, HFI_ALARM_OF(alarm, hfi_adoption_t, alarm));
        return;
    }
}

static void
machine_tick(hfi_state_t *state, int64_t now_ns)
{
    if (now_ns > state->now_ns)
        state->now_ns = now_ns;
    hfi_ended_forget(&state->ended, state->now_ns);
    machine_settle(state); /* what the last apply left over */
    for (hfi_deadline_t *due = hfi_deadlines_take_due(state->deadlines, state->now_ns); due != NULL;
         due = hfi_deadlines_take_due(state->deadlines, state->now_ns)) {
        machine_alarm(state, HFI_ALARM_OF(due, hfi_alarm_t, deadline));
        machine_settle(state);
    }
}

/* an event enters the machine */
void
hfi_machine_apply(hfi_machine_t *self, const hfi_event_t *event)
{
    HF_CHECK(self, MACHINE_MAGIC);
    hfi_state_t *state = &self->state;
    state->runs_left = MACHINE_RUNS;
    switch (event->kind) {
    case HFI_EVENT_BOOT:
        machine_boot(state, event->bytes);
        break;
    case HFI_EVENT_TICK:
        machine_tick(state, event->now_ns);
        break;
    case HFI_EVENT_ENTROPY:
        if (event->bytes.len == MACHINE_ENTROPY_BYTES)
            hfi_state_seed(state, event->bytes.at);
        break;
    case HFI_EVENT_LINK_UP:
        hfi_link_up(state, event->link, &event->peer);
        break;
    case HFI_EVENT_FRAME:
        hfi_link_frame(state, event->link, event->bytes, machine_settle);
        break;
    case HFI_EVENT_LINK_DOWN:
        hfi_link_down(state, event->link, event->is_certain);
        break;
    case HFI_EVENT_FAR_UP:
        hfi_far_up(state, event->link);
        break;
    case HFI_EVENT_FAR_FRAME:
        hfi_far_frame(state, event->link, event->bytes);
        break;
    case HFI_EVENT_FAR_DOWN:
        hfi_far_down(state, event->link, event->is_certain);
        break;
    case HFI_EVENT_POLICY:
        machine_policy(state, event->bytes);
        break;
    case HFI_EVENT_IMAGE:
        machine_image(state, event->bytes);
        break;
    case HFI_EVENT_JOB_DONE:
        hfi_offload_done(state, event->link, event->status, event->bytes);
        break;
    case HFI_EVENT_STOP:
        hfi_reap_stop(state, event->drain_s);
        break;
    }
    machine_settle(state);
    hfi_cycle_watch(state);
    hfi_state_charge_chunks(state);
    if (state->is_stopping && !state->is_stopped && hfi_reap_is_drained(state)) {
        machine_stopped(state);
        machine_settle(state);
    }
    state->figures.memory_bytes = state->account.used;
    state->figures.referents = state->referents.table.live;
}

bool
hfi_machine_take_output(hfi_machine_t *self, hfi_output_t *ret_output)
{
    HF_CHECK(self, MACHINE_MAGIC);
    return hfi_state_take_output(&self->state, ret_output);
}

int64_t
hfi_machine_due_ns(const hfi_machine_t *self)
{
    HF_CHECK(self, MACHINE_MAGIC);
    const hfi_state_t *state = &self->state;
    if (machine_has_work(state))
        return state->now_ns;
    int64_t wait = hfi_deadlines_wait_ns(state->deadlines, state->now_ns);
    if (wait < 0 || wait > INT64_MAX - state->now_ns)
        return INT64_MAX;
    return state->now_ns + wait;
}

hfi_work_t *
hfi_machine_work(const hfi_machine_t *self, uint64_t job)
{
    HF_CHECK(self, MACHINE_MAGIC);
    return hfi_offload_work(&self->state, job);
}

bool
hfi_machine_wants_entropy(const hfi_machine_t *self)
{
    HF_CHECK(self, MACHINE_MAGIC);
    return !self->state.has_chance || self->state.chance_count > MACHINE_DRAWS;
}

size_t
hfi_machine_fill(hfi_machine_t *self, uint64_t session, uint64_t after, uint8_t *to, size_t room,
                 uint64_t *ret_last)
{
    HF_CHECK(self, MACHINE_MAGIC);
    hfi_session_t *found = hfi_state_session(&self->state, session);
    *ret_last = after;
    return found == NULL ? 0 : hfi_stream_fill(&found->stream, after, to, room, ret_last);
}

const hfi_machine_figures_t *
hfi_machine_figures(const hfi_machine_t *self)
{
    HF_CHECK(self, MACHINE_MAGIC);
    return &self->state.figures;
}
