/* SPDX-License-Identifier: MPL-2.0 */
/* tamper -- the seeded faults of the wire. */
#include "tamper.h"

#include <string.h>

#include <base/check.h>
#include <stream/handle.h>
#include <stream/message.h>
#include <value/writer.h>

enum { TAMPER_MESSAGES = 512, TAMPER_DEPTH = 64 };

/* A DATA frame taken apart. */
typedef struct tamper {
    hfi_frame_t frame;
    hfi_bytes_t header_scratch;
    hfi_bytes_t scratch;
    hfi_message_t messages[TAMPER_MESSAGES];
    hfi_span_t raw[TAMPER_MESSAGES];
    size_t n;
} tamper_t;

static tamper_t tamper;

/* Faults are rare, and only so many: a run must get somewhere first. */
static bool
tamper_is_due(sim_t *sim)
{
    return sim->n_faults < 3 && sim->now_ns > SIM_SECOND / 10 && sim_below(sim, 3) == 0;
}

static bool
tamper_read(const hfi_span_t *frame, bool from_manager)
{
    hfi_messages_t messages;
    bool is_end = false;
    tamper.n = 0;
    if (hfi_frame_read(*frame, TAMPER_DEPTH, &tamper.header_scratch, &tamper.frame) !=
        HFI_REJECT_NONE)
        return false;
    if (tamper.frame.kind != HFI_FRAME_DATA)
        return true;
    HF_ASSERT(hfi_messages_open(&messages, tamper.frame.messages, TAMPER_DEPTH, from_manager,
                                &tamper.scratch));
    while (tamper.n < TAMPER_MESSAGES) {
        const uint8_t *at = messages.rest.at;
        if (hfi_messages_next(&messages, &tamper.messages[tamper.n], &is_end) != HFI_REJECT_NONE)
            return false;
        if (is_end)
            return tamper.n > 0;
        tamper.raw[tamper.n++] = (hfi_span_t){at, (size_t)(messages.rest.at - at)};
    }
    return false;
}

/* Writes the frame again with message `i` replaced by `other`, and `k`, where it is below n, by `second`. */
static bool
tamper_write(hfi_bytes_t *changed, size_t i, hfi_span_t other, size_t k, hfi_span_t second)
{
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, changed);
    hfi_frame_write_data(&writer.w, tamper.frame.seq, tamper.frame.ack);
    for (size_t j = 0; j < tamper.n; j++) {
        hfi_span_t raw = j == i ? other : j == k ? second : tamper.raw[j];
        hfi_write_raw(&writer.w, raw.at, raw.len);
    }
    return hfi_bytes_writer_close(&writer);
}

static const hfi_span_t tamper_none = {NULL, 0};

/* CANCEL of no call: takes a message's place and does nothing. */
static const uint8_t tamper_cancel[] = {0x92, 0x02, 0x00};
static const hfi_span_t tamper_nothing = {tamper_cancel, sizeof tamper_cancel};

/* The first message of that kind at or behind a random place; n: none. */
static size_t
tamper_find(sim_t *sim, hfi_message_kind_t kind)
{
    size_t start = sim_below(sim, tamper.n);
    for (size_t i = start; i < tamper.n; i++)
        if (tamper.messages[i].kind == kind &&
            tamper.messages[i].tag == 0) /* no handle goes astray */
            return i;
    return tamper.n;
}

static bool
tamper_replace(sim_t *sim, hfi_message_kind_t kind, hfi_span_t other, hfi_bytes_t *changed)
{
    size_t i = tamper_find(sim, kind);
    return i < tamper.n && tamper_write(changed, i, other, tamper.n, tamper_none);
}

static bool
tamper_is_mark(const hfi_message_t *m)
{
    return m->kind == HFI_MESSAGE_CALL && m->method.len == 4 &&
           memcmp(m->method.at, "mark", 4) == 0 && !m->is_promise && m->tag == 0;
}

/* A mark that wants no answer comes again in the place of the message behind it. */
static bool
tamper_twice(hfi_bytes_t *changed)
{
    for (size_t i = 0; i + 1 < tamper.n; i++)
        if (tamper_is_mark(&tamper.messages[i]) && tamper.messages[i].oneway)
            return tamper_write(changed, i + 1, tamper.raw[i], tamper.n, tamper_none);
    return false;
}

static bool
tamper_swap_calls(hfi_bytes_t *changed)
{
    for (size_t i = 0; i < tamper.n; i++) {
        for (size_t k = i + 1; k < tamper.n && tamper_is_mark(&tamper.messages[i]); k++) {
            if (tamper_is_mark(&tamper.messages[k]) &&
                tamper.messages[k].target == tamper.messages[i].target)
                return tamper_write(changed, i, tamper.raw[k], k, tamper.raw[i]);
        }
    }
    return false;
}

/* add() becomes add(7): its answer is as good as any, only the sum is not. */
static bool
tamper_sum(hfi_bytes_t *changed)
{
    for (size_t i = 0; i < tamper.n; i++) {
        const hfi_message_t *m = &tamper.messages[i];
        if (m->kind != HFI_MESSAGE_CALL || m->method.len != 3 ||
            memcmp(m->method.at, "add", 3) != 0 || hf_count(&m->args) != 0)
            continue;
        uint8_t raw[64];
        hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
        hfi_message_write_call(&w, 6, m->target, m->is_promise, m->method);
        hf_write_list(&w, 1);
        hf_write_int(&w, 7);
        hf_write_nil(&w);
        hfi_message_write_options(&w, m->timeout_ns, m->thread, m->oneway);
        HF_ASSERT(!w.failed);
        return tamper_write(changed, i, (hfi_span_t){raw, w.len}, tamper.n, tamper_none);
    }
    return false;
}

bool
sim_tamper_up(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed)
{
    bool is_done = false;
    if (sim->fault == SIM_FAULT_NONE || !tamper_is_due(sim) || !tamper_read(frame, false))
        return false;
    if (sim->fault == SIM_FAULT_BAD_FRAME)
        is_done = hfi_bytes_append(changed, frame->at, frame->len - 1);
    else if (tamper.frame.kind != HFI_FRAME_DATA)
        return false;
    else if (sim->fault == SIM_FAULT_LOSE_CALL)
        is_done = tamper_replace(sim, HFI_MESSAGE_CALL, tamper_nothing, changed);
    else if (sim->fault == SIM_FAULT_DROP_RELEASE)
        is_done = tamper_replace(sim, HFI_MESSAGE_RELEASE, tamper_nothing, changed);
    else if (sim->fault == SIM_FAULT_TWICE)
        is_done = tamper_twice(changed);
    else if (sim->fault == SIM_FAULT_SWAP_CALLS)
        is_done = tamper_swap_calls(changed);
    else if (sim->fault == SIM_FAULT_SUM)
        is_done = tamper_sum(changed);
    sim->n_faults += is_done;
    if (is_done)
        sim_trace(sim, "TAMPERED with a frame to the manager");
    return is_done;
}

bool
sim_tamper_far(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed)
{
    if (sim->fault != SIM_FAULT_LOSE_FAR_RELEASE || !tamper_is_due(sim) ||
        !tamper_read(frame, false) || tamper.frame.kind != HFI_FRAME_DATA ||
        !tamper_replace(sim, HFI_MESSAGE_RELEASE, tamper_nothing, changed))
        return false;
    sim->n_faults++;
    sim_trace(sim, "TAMPERED with a frame to the other manager");
    return true;
}

/* ---- from the manager ----------------------------------------------------------------- */

/* The RESULT in place i with another call or another value; scratch bytes are the caller's. */
static hfi_span_t
tamper_result(hf_writer_t *w, uint64_t call, const hf_value_t *value)
{
    hfi_message_write_result(w, call);
    hf_write_value(w, value);
    HF_ASSERT(w->at != NULL && !w->failed);
    return (hfi_span_t){w->at, w->len};
}

static bool
tamper_swap_answers(hfi_bytes_t *changed)
{
    static uint8_t raw[2][1 << 17];
    for (size_t i = 0; i < tamper.n; i++) {
        const hfi_message_t *a = &tamper.messages[i];
        for (size_t k = i + 1; k < tamper.n && a->kind == HFI_MESSAGE_RESULT; k++) {
            const hfi_message_t *b = &tamper.messages[k];
            if (b->kind != HFI_MESSAGE_RESULT || hf_kind(&a->value) != HF_INT ||
                hf_kind(&b->value) != HF_INT || hf_as_int(&a->value) == hf_as_int(&b->value))
                continue;
            hf_writer_t first = {.at = raw[0], .room = sizeof raw[0], .grow = hfi_grow_never};
            hf_writer_t second = {.at = raw[1], .room = sizeof raw[1], .grow = hfi_grow_never};
            return tamper_write(changed, i, tamper_result(&first, b->call, &a->value), k,
                                tamper_result(&second, a->call, &b->value));
        }
    }
    return false;
}

/* An answer that is one handle names the next referent. */
static bool
tamper_other_handle(hfi_bytes_t *changed)
{
    for (size_t i = 0; i < tamper.n; i++) {
        const hfi_message_t *m = &tamper.messages[i];
        if (m->kind != HFI_MESSAGE_RESULT || hf_kind(&m->value) != HF_HANDLE)
            continue;
        uint8_t raw[256];
        hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
        hfi_message_write_result(&w, m->call);
        hf_write_handle(&w, hf_as_handle(&m->value) + 1, "list", 4);
        return tamper_write(changed, i, (hfi_span_t){raw, w.len}, tamper.n, tamper_none);
    }
    return false;
}

/* An int above all ops is an item: it turns into one that nobody put, or into nil. */
static bool
tamper_item(hfi_bytes_t *changed, bool is_lost)
{
    for (size_t i = 0; i < tamper.n; i++) {
        const hfi_message_t *m = &tamper.messages[i];
        if (m->kind != HFI_MESSAGE_RESULT || hf_kind(&m->value) != HF_INT ||
            hf_as_int(&m->value) < 1000000000)
            continue;
        uint8_t raw[64];
        hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
        hf_value_t other = is_lost ? hf_nil() : hf_int(hf_as_int(&m->value) + 500000000);
        return tamper_write(changed, i, tamper_result(&w, m->call, &other), tamper.n, tamper_none);
    }
    return false;
}

/* A far handle: without its stub, or of the next referent there. */
static bool
tamper_far_handle(hfi_bytes_t *changed, bool has_stub)
{
    for (size_t i = 0; i < tamper.n; i++) {
        hfi_handle_t far;
        uint8_t raw[1024];
        const hfi_message_t *m = &tamper.messages[i];
        if (m->kind != HFI_MESSAGE_RESULT || hf_kind(&m->value) != HF_HANDLE ||
            !hfi_handle_read(&m->value, &far))
            continue;
        hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
        hfi_message_write_result(&w, m->call);
        size_t mark = hfi_ext_begin(&w);
        hf_write_list(&w, has_stub ? 6 : 5);
        hf_write_uint(&w, has_stub ? far.object + 1 : far.object);
        hf_write_value(&w, &far.typeid_);
        hf_write_bytes(&w, far.secret.bytes, sizeof far.secret.bytes);
        hf_write_bytes(&w, far.manager.bytes, sizeof far.manager.bytes);
        hf_write_value(&w, &far.endpoints);
        if (has_stub)
            hf_write_uint(&w, far.stub);
        hfi_ext_end(&w, mark, 1);
        HF_ASSERT(!w.failed);
        return tamper_write(changed, i, (hfi_span_t){raw, w.len}, tamper.n, tamper_none);
    }
    return false;
}

static bool
tamper_digest(const hfi_span_t *frame, hfi_bytes_t *changed)
{
    if (tamper.frame.kind != HFI_FRAME_PONG || !tamper.frame.has_figures)
        return false;
    hfi_bytes_writer_t writer;
    (void)frame;
    hfi_bytes_writer_open(&writer, changed);
    hfi_frame_write_pong_figures(&writer.w, tamper.frame.ack, tamper.frame.sent, tamper.frame.count,
                                 tamper.frame.digest ^ 1);
    return hfi_bytes_writer_close(&writer);
}

bool
sim_tamper_down(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed)
{
    /* the result of a call that never was */
    static const uint8_t result[] = {0x93, 0x01, 0xce, 0x7f, 0xff, 0xff, 0xff, 0xc0};
    const hfi_span_t nobodys = {result, sizeof result};
    bool is_done = false;
    if (sim->fault == SIM_FAULT_NONE || !tamper_is_due(sim) || !tamper_read(frame, true))
        return false;
    if (sim->fault == SIM_FAULT_DIGEST)
        is_done = tamper_digest(frame, changed);
    else if (tamper.frame.kind != HFI_FRAME_DATA)
        return false;
    else if (sim->fault == SIM_FAULT_LOSE_ANSWER)
        is_done = tamper_replace(sim, HFI_MESSAGE_RESULT, nobodys, changed);
    else if (sim->fault == SIM_FAULT_SWAP_ANSWERS)
        is_done = tamper_swap_answers(changed);
    else if (sim->fault == SIM_FAULT_OTHER_HANDLE)
        is_done = tamper_other_handle(changed);
    else if (sim->fault == SIM_FAULT_OTHER_ITEM)
        is_done = tamper_item(changed, false);
    else if (sim->fault == SIM_FAULT_LOSE_ITEM)
        is_done = tamper_item(changed, true);
    else if (sim->fault == SIM_FAULT_NO_STUB)
        is_done = tamper_far_handle(changed, false);
    else if (sim->fault == SIM_FAULT_OTHER_FAR)
        is_done = tamper_far_handle(changed, true);
    sim->n_faults += is_done;
    if (is_done)
        sim_trace(sim, "TAMPERED with a frame from the manager");
    return is_done;
}
