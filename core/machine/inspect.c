/* SPDX-License-Identifier: MPL-2.0 */
/* inspect -- see inspect.h */
#include "inspect.h"

#include <stdlib.h>

#include <base/check.h>
#include <registry/text.h>
#include <value/value.h>

#include "hook.h"
#include "parking.h"
#include "stub.h"

enum { INSPECT_OBJECTS_MAX = 10000, INSPECT_LINE = 128, INSPECT_SHOWN = 75 };

void
hfi_inspect_word(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

void
hfi_inspect_pair(hf_writer_t *w, const char *key, uint64_t number)
{
    hfi_inspect_word(w, key);
    hf_write_uint(w, number);
}

/* ---- types ------------------------------------------------------------------------------- */

static int
inspect_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the caller sees of a type. */
static const hfi_view_t *
inspect_view(const hfi_call_t *self, const hfi_type_t *type)
{
    return hfi_roles_view(self->session->roles, type);
}

hf_err_t
hfi_inspect_types(hf_call_t *call, void *self)
{
    (void)self;
    hfi_call_t *me = hfi_call_of(call);
    const hfi_policy_t *policy = me->state->policy;
    size_t n = 0;
    const char **names = hfi_need((size_t)hfi_plugins_n_types(me->state->plugins) * sizeof *names);
    for (uint32_t i = 0; hfi_policy_type(policy, i) != NULL; i++) {
        const hfi_type_t *type = hfi_policy_type(policy, i);
        if (hfi_view_create(inspect_view(me, type)) == HFI_CALLABLE)
            names[n++] = type->row->name;
    }
    qsort(names, n, sizeof *names, inspect_order);
    hf_writer_t *w = hf_return_writer(call);
    if (w != NULL) {
        hf_write_list(w, n);
        for (size_t i = 0; i < n; i++)
            hfi_inspect_word(w, names[i]);
    }
    free(names);
    return w == NULL ? HF_RAISED : hf_return_written(call);
}

static void
inspect_flags(hf_writer_t *w, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } words[] = {{HF_READS, "reads"},
                 {HF_WRITES, "writes"},
                 {HF_PARKS, "parks"},
                 {HF_SENSITIVE, "sensitive"},
                 {HF_OFFLOAD, "offload"}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        n += (flags & words[i].flag) != 0;
    hf_write_list(w, n);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((flags & words[i].flag) != 0)
            hfi_inspect_word(w, words[i].name);
    }
}

static void
inspect_text(hf_writer_t *w, const char *key, const char *text)
{
    hfi_inspect_word(w, key);
    if (text == NULL)
        hf_write_nil(w);
    else
        hfi_inspect_word(w, text);
}

static void
inspect_method(hf_writer_t *w, const hfi_view_entry_t *entry)
{
    const hfi_method_t *method = entry->method;
    hf_write_map(w, 7);
    inspect_text(w, "name", entry->name);
    inspect_text(w, "signature", hfi_signature_text(method->signature));
    inspect_text(w, "doc", method->row->doc == NULL ? "" : method->row->doc);
    hfi_inspect_word(w, "flags");
    inspect_flags(w, method->row->flags);
    inspect_text(w, "returns", entry->returns == NULL ? NULL : entry->returns->row->name);
    inspect_text(w, "since", method->row->since);
    inspect_text(w, "deprecated", method->row->deprecated);
}

static void
inspect_methods(hf_writer_t *w, const hfi_view_t *view)
{
    uint32_t n = 0;
    for (uint32_t i = 0; hfi_view_at(view, i) != NULL; i++)
        n += hfi_view_at(view, i)->access == HFI_CALLABLE;
    hf_write_list(w, n);
    for (uint32_t i = 0; hfi_view_at(view, i) != NULL; i++) {
        const hfi_view_entry_t *entry = hfi_view_at(view, i);
        if (entry->access == HFI_CALLABLE)
            inspect_method(w, entry);
    }
}

static bool
inspect_has_defaults(const hfi_type_t *type)
{
    return type->exposure != NULL && hf_kind(&type->exposure->defaults) == HF_MAP;
}

hf_err_t
hfi_inspect_describe(hf_call_t *call, void *self)
{
    (void)self;
    size_t len;
    hfi_state_t *state = hfi_call_of(call)->state;
    const char *name = hf_arg_str(call, 0, &len);
    const hfi_type_t *type = hfi_plugins_find_type(state->plugins, name, len);
    if (type == NULL)
        return HF_RAISE(call, "NoSuchType", "no type '%.*s'",
                        len > HFI_MAX_NAME_BYTES ? HFI_MAX_NAME_BYTES : (int)len, name);
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_map(w, inspect_has_defaults(type) ? 5 : 4);
    hfi_inspect_word(w, "typeid");
    hfi_inspect_word(w, type->row->name);
    hfi_inspect_word(w, "doc");
    hfi_inspect_word(w, type->row->doc == NULL ? "" : type->row->doc);
    hfi_inspect_word(w, "signature");
    hfi_inspect_word(w, hfi_signature_text(type->signature));
    if (inspect_has_defaults(type)) {
        hfi_inspect_word(w, "defaults");
        hf_write_value(w, &type->exposure->defaults);
    }
    hfi_inspect_word(w, "methods");
    inspect_methods(w, inspect_view(hfi_call_of(call), type));
    return hf_return_written(call);
}

/* ---- objects ----------------------------------------------------------------------------- */

hf_err_t
hfi_inspect_number_of_objects(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_uint(call, hfi_call_of(call)->state->referents.table.live);
}

/* Bytes of the block and what the type says beyond it, or what was counted. */
static uint64_t
inspect_size(hfi_state_t *state, hfi_referent_t *referent)
{
    uint64_t size = hfi_referent_size(referent->type);
    if (referent->type->row->memory == NULL)
        return size + referent->memory_bytes;
    hfi_call_t *call = hfi_hook_borrow(state, referent, "memory", HFI_SINK_NONE);
    hfi_call_t *outer = state->running;
    hfi_call_enter(call);
    uint64_t more = referent->type->row->memory(&call->head, hfi_referent_self(referent));
    hfi_call_leave(call);
    call->outer = outer;
    hfi_call_close(call, HF_OK);
    return more > UINT64_MAX - size ? UINT64_MAX : size + more;
}

static void
inspect_holders(hf_writer_t *w, const hfi_referent_t *referent)
{
    static const char *const names[HFI_HOLDERS] = {"session", "name", "referent", "call", "pin"};
    size_t n = 0;
    for (size_t i = 0; i < HFI_HOLDERS; i++)
        n += referent->holders[i] != 0;
    hf_write_map(w, n);
    for (size_t i = 0; i < HFI_HOLDERS; i++) {
        if (referent->holders[i] != 0)
            hfi_inspect_pair(w, names[i], referent->holders[i]);
    }
}

hf_err_t
hfi_inspect_objects(hf_call_t *call, void *self)
{
    (void)self;
    hfi_state_t *state = hfi_call_of(call)->state;
    int64_t limit = hf_arg_int(call, 0);
    int64_t after = hf_arg_int(call, 1);
    if (limit < 0 || after < 0)
        return HF_RAISE(call, "ValueError", "%s is below 0", limit < 0 ? "limit" : "after");
    if (limit > INSPECT_OBJECTS_MAX)
        limit = INSPECT_OBJECTS_MAX;
    int64_t n = 0;
    for (hfi_referent_t *at = hfi_referents_next(&state->referents, (uint64_t)after);
         at != NULL && n < limit; at = hfi_referents_next(&state->referents, at->number))
        n++;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, (size_t)n);
    hfi_referent_t *at = hfi_referents_next(&state->referents, (uint64_t)after);
    for (; n > 0; n--, at = hfi_referents_next(&state->referents, at->number)) {
        hf_write_map(w, 4);
        hfi_inspect_pair(w, "object", at->number);
        hfi_inspect_word(w, "typeid");
        hfi_inspect_word(w, at->type->row->name);
        hfi_inspect_pair(w, "size", inspect_size(state, at));
        hfi_inspect_word(w, "holders");
        inspect_holders(w, at);
    }
    return hf_return_written(call);
}

/* Two lines as CPython's managers write them; false: raised, or no room for more. */
static bool
inspect_lines(hfi_call_t *self, hfi_referent_t *referent, hfi_buffer_t *text)
{
    char line[INSPECT_LINE];
    hf_value_t repr;
    size_t len;
    uint64_t holders = 0;
    for (size_t i = 0; i < HFI_HOLDERS; i++)
        holders += referent->holders[i];
    if (!hfi_hook_repr_of(self, referent, &repr)) {
        hfi_answer_unsay(self);
        repr = hf_nil();
    }
    int n = snprintf(line, sizeof line, "%s  %llu:       refcount=%llu\n    ",
                     text->w.len == 0 ? "" : "\n", (unsigned long long)referent->number,
                     (unsigned long long)holders);
    hfi_write_raw(&text->w, line, (size_t)n);
    const char *shown = hf_as_str(&repr, &len);
    if (shown == NULL) {
        shown = "?";
        len = 1;
    }
    if (len > INSPECT_SHOWN) {
        len = INSPECT_SHOWN;
        while (len > 0 && ((unsigned char)shown[len] & 0xc0) == 0x80) /* not inside a character */
            len--;
    }
    hfi_write_raw(&text->w, shown, len);
    return !text->w.failed;
}

hf_err_t
hfi_inspect_debug_info(hf_call_t *call, void *self)
{
    (void)self;
    hfi_call_t *me = hfi_call_of(call);
    hfi_state_t *state = me->state;
    uint64_t max_bytes = state->boot.limits.frame / 2;
    hfi_buffer_t *text = hfi_state_borrow(state, max_bytes);
    hfi_arena_mark_t mark = hfi_arena_mark(&state->arena);
    size_t whole = 0;
    for (hfi_referent_t *at = hfi_referents_next(&state->referents, 0);
         at != NULL && inspect_lines(me, at, text);
         at = hfi_referents_next(&state->referents, at->number)) {
        whole = text->w.len;
        hfi_arena_release(&state->arena, mark);
    }
    hf_err_t err = hf_return_str(call, (const char *)text->w.at, whole);
    hfi_state_return(state, &text);
    return err;
}

/* ---- sessions ---------------------------------------------------------------------------- */

void
hfi_inspect_seconds(hf_writer_t *w, const char *key, int64_t ns)
{
    hfi_inspect_word(w, key);
    hf_write_float(w, (double)ns / 1e9);
}

/* uid and pid on ipc, else nil: the transport's addresses are the shell's. */
static void
inspect_peer(hf_writer_t *w, const hfi_session_t *session)
{
    char text[64];
    hfi_inspect_word(w, "peer");
    if (session->uid < 0) {
        hf_write_nil(w);
        return;
    }
    (void)snprintf(text, sizeof text, "uid %lld pid %lld", (long long)session->uid,
                   (long long)session->pid);
    hfi_inspect_word(w, text);
}

void
hfi_inspect_who(hf_writer_t *w, const hfi_session_t *session)
{
    hfi_inspect_word(w, "client");
    hfi_inspect_word(w, session->client);
    inspect_peer(w, session);
    inspect_text(w, "user", session->user);
}

static void
inspect_session(hf_writer_t *w, const hfi_state_t *state, const hfi_session_t *session)
{
    hf_write_map(w, 9);
    hfi_inspect_who(w, session);
    hfi_inspect_seconds(w, "age", state->now_ns - session->opened_ns);
    hfi_inspect_seconds(w, "idle", state->now_ns - session->asked_ns);
    hfi_inspect_word(w, "detached");
    hf_write_bool(w, session->link == 0);
    hfi_inspect_pair(w, "holds", session->held.live);
    hfi_inspect_pair(w, "parked", session->n_parked);
    hfi_inspect_pair(w, "unacknowledged", session->stream.outbox.n_messages);
}

hf_err_t
hfi_inspect_sessions(hf_call_t *call, void *self)
{
    (void)self;
    const hfi_state_t *state = hfi_call_of(call)->state;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, state->sessions.live);
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row))
        inspect_session(w, state, row->session);
    return hf_return_written(call);
}

hf_err_t
hfi_inspect_slow_calls(hf_call_t *call, void *self)
{
    (void)self;
    hfi_call_t *me = hfi_call_of(call);
    if (me->record == NULL || !me->record->is_job_done) {
        hf_value_t nothing = hf_nil();
        return hfi_call_ask(me, "slow_calls", &nothing);
    }
    if (me->record->job_status != 0)
        return HF_RAISE(call, "RuntimeError", "nobody here measures calls");
    return hf_return_value(call, &me->record->job_value);
}

/* ---- figures ----------------------------------------------------------------------------- */

/* A plugin of which a newer version has come, as far as all its typeids are that one's: retired once nothing of it
 * lives. */
static void
inspect_version(hf_writer_t *w, const hfi_state_t *state, uint32_t k)
{
    uint64_t live = 0;
    bool is_retired = true;
    for (uint32_t i = 0; hfi_plugins_type(state->plugins, i) != NULL; i++) {
        const hfi_type_t *type = hfi_plugins_type(state->plugins, i);
        if (type->plugin_number != k)
            continue;
        live += type->referents;
        is_retired = is_retired && type->is_retired;
    }
    hfi_inspect_word(w, "version");
    hfi_inspect_word(w, hfi_plugins_descriptor(state->plugins, k)->version);
    hfi_inspect_word(w, "hash");
    if (k < state->n_images)
        hf_write_value(w, &state->images[k]);
    else
        hf_write_nil(w);
    hfi_inspect_pair(w, "live", live);
    hfi_inspect_word(w, "retired");
    hf_write_bool(w, is_retired && live == 0);
}

/* How many versions of a plugin there are before, or behind, the one of that number. */
static uint32_t
inspect_versions(const hfi_state_t *state, uint32_t k, bool is_before)
{
    uint32_t n = 0;
    const char *name = hfi_plugins_descriptor(state->plugins, k)->name;
    for (uint32_t i = 0; hfi_plugins_descriptor(state->plugins, i) != NULL; i++)
        n += (is_before ? i < k : i > k) &&
             strcmp(hfi_plugins_descriptor(state->plugins, i)->name, name) == 0;
    return n;
}

/* What the plugin's author says of it; what was not said is left out. */
static void
inspect_about(hf_writer_t *w, hf_about_t about)
{
    const char *const said[][2] = {{"summary", about.summary},
                                   {"author", about.author},
                                   {"licence", about.licence},
                                   {"home", about.home}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        n += said[i][1] != NULL;
    hfi_inspect_word(w, "about");
    hf_write_map(w, n);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (said[i][1] == NULL)
            continue;
        hfi_inspect_word(w, said[i][0]);
        hfi_inspect_word(w, said[i][1]);
    }
}

static void
inspect_plugin(hf_writer_t *w, const hfi_state_t *state, uint32_t k)
{
    const char *name = hfi_plugins_descriptor(state->plugins, k)->name;
    hfi_inspect_word(w, name);
    hf_write_map(w, 6);
    inspect_version(w, state, k);
    inspect_about(w, hfi_plugins_about(state->plugins, k));
    hfi_inspect_word(w, "older");
    hf_write_list(w, inspect_versions(state, k, true));
    for (uint32_t i = 0; i < k; i++) {
        if (strcmp(hfi_plugins_descriptor(state->plugins, i)->name, name) != 0)
            continue;
        hf_write_map(w, 4);
        inspect_version(w, state, i);
    }
}

static void
inspect_plugins(hf_writer_t *w, const hfi_state_t *state)
{
    uint32_t n = 0;
    for (uint32_t k = 0; hfi_plugins_descriptor(state->plugins, k) != NULL; k++)
        n += inspect_versions(state, k, false) == 0;
    hf_write_map(w, n);
    for (uint32_t k = 0; hfi_plugins_descriptor(state->plugins, k) != NULL; k++) {
        if (inspect_versions(state, k, false) == 0)
            inspect_plugin(w, state, k);
    }
}

/* What was made of a typeid, by older versions of its plugin too. */
/* Of the methods that were called. */
static void
inspect_method_figures(hf_writer_t *w, const hfi_type_t *type)
{
    size_t n = 0;
    for (uint32_t k = 0; k < type->n_methods; k++)
        n += type->figures[k].calls != 0;
    hfi_inspect_word(w, "methods");
    hf_write_map(w, n);
    for (uint32_t k = 0; k < type->n_methods; k++) {
        if (type->figures[k].calls == 0)
            continue;
        hfi_inspect_word(w, type->methods[k].row->name);
        hf_write_map(w, 2);
        hfi_inspect_pair(w, "calls", type->figures[k].calls);
        hfi_inspect_pair(w, "errors", type->figures[k].errors);
    }
}

static void
inspect_typeid_figures(hf_writer_t *w, const hfi_plugins_t *plugins, const hfi_type_t *newest)
{
    uint64_t referents = 0;
    uint64_t calls = 0;
    uint64_t errors = 0;
    uint64_t memory = 0;
    for (uint32_t i = 0; hfi_plugins_type(plugins, i) != NULL; i++) {
        const hfi_type_t *type = hfi_plugins_type(plugins, i);
        if (type != newest &&
            (!type->is_retired || strcmp(type->row->name, newest->row->name) != 0))
            continue;
        referents += type->referents;
        calls += type->calls;
        errors += type->errors;
        memory += type->memory_bytes;
    }
    hfi_inspect_word(w, newest->row->name);
    hf_write_map(w, 6);
    hfi_inspect_word(w, "plugin");
    hfi_inspect_word(w, newest->plugin);
    hfi_inspect_pair(w, "referents", referents);
    hfi_inspect_pair(w, "calls", calls);
    hfi_inspect_pair(w, "errors", errors);
    hfi_inspect_pair(w, "memory", memory);
    inspect_method_figures(w, newest);
}

static void
inspect_type_figures(hf_writer_t *w, const hfi_plugins_t *plugins)
{
    uint32_t n = 0;
    for (uint32_t i = 0; hfi_plugins_type(plugins, i) != NULL; i++)
        n += !hfi_plugins_type(plugins, i)->is_retired;
    hf_write_map(w, n);
    for (uint32_t i = 0; hfi_plugins_type(plugins, i) != NULL; i++) {
        if (!hfi_plugins_type(plugins, i)->is_retired)
            inspect_typeid_figures(w, plugins, hfi_plugins_type(plugins, i));
    }
}

/* What the world has answered, behind our own. */
static void
inspect_world(hf_writer_t *w, const hf_value_t *map)
{
    hf_cursor_t items;
    hf_value_t item;
    hf_open(&items, map);
    while (hf_next(&items, &item))
        hf_write_value(w, &item);
}

hf_err_t
hfi_inspect_stats(hf_call_t *call, void *self)
{
    (void)self;
    hfi_call_t *me = hfi_call_of(call);
    hfi_state_t *state = me->state;
    if (me->record == NULL || !me->record->is_job_done) {
        hf_value_t nothing = hf_nil();
        return hfi_call_ask(me, "figures", &nothing);
    }
    const hf_value_t *world = &me->record->job_value;
    bool has_world = me->record->job_status == 0 && hf_kind(world) == HF_MAP;
    const hfi_machine_figures_t *figures = &state->figures;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_map(w, 13 + (has_world ? hf_count(world) : 0));
    hfi_inspect_word(w, "uptime");
    hf_write_float(w, (double)state->now_ns / 1e9);
    hfi_inspect_pair(w, "referents", state->referents.table.live);
    hfi_inspect_pair(w, "sessions", state->sessions.live);
    hfi_inspect_pair(w, "parked", figures->parked);
    hfi_inspect_pair(w, "calls", figures->calls);
    hfi_inspect_pair(w, "errors", figures->errors);
    hfi_inspect_pair(w, "bytes_in", figures->bytes_in);
    hfi_inspect_pair(w, "bytes_out", figures->bytes_out);
    hfi_inspect_pair(w, "memory",
                     state->account.used - hfi_value_memory(world)); /* but this answer's own */
    hfi_inspect_pair(w, "far_managers", state->fars->table.live);
    hfi_inspect_pair(w, "stubs", state->fars->type->referents);
    hfi_inspect_word(w, "plugins");
    inspect_plugins(w, state);
    hfi_inspect_word(w, "types");
    inspect_type_figures(w, state->plugins);
    if (has_world)
        inspect_world(w, world);
    return hf_return_written(call);
}
