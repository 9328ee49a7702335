/* SPDX-License-Identifier: MPL-2.0 */
/* image -- see image.h
 *
 * load_plugin asks the world to map a file (JOB "load_plugin" with the path). The world answers with JOB_DONE, and with an
 * IMAGE before it where the file is new: a plugin comes by IMAGE alone, so a replay meets it as the manager did. The call
 * then finds it in, or hears why the registry would not have it.
 */
#include "image.h"

#include <stdio.h>
#include <string.h>

#include <base/check.h>
#include <value/value.h>

#include "call.h"
#include "inspect.h"
#include "parking.h"

enum { IMAGE_PATH_MAX = 4095, IMAGE_TEXT = 128, IMAGE_WHY = 512 };

/* JOB_DONE's status, and the value with it; whatever else the world says, it has not done it. */
enum {
    IMAGE_MAPPED = 0,  /* the content's hash */
    IMAGE_DENIED = 1,  /* a sentence: this manager loads nothing from there */
    IMAGE_REFUSED = 2, /* a sentence: that file is no plugin to be loaded */
};

/* The hash as it is shown: digits as they are, anything else as hexadecimal ones. Gives its length. */
static size_t
image_text(hfi_span_t hash, char to[IMAGE_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    size_t len = hash.len < IMAGE_TEXT / 2 ? hash.len : IMAGE_TEXT / 2;
    bool is_text = len > 1;
    for (size_t k = 0; k < len && is_text; k++)
        is_text = hash.at[k] != 0 && strchr(digits, (char)hash.at[k]) != NULL;
    if (is_text)
        memcpy(to, hash.at, len);
    for (size_t k = 0; k < len && !is_text; k++) {
        to[n++] = digits[hash.at[k] >> 4];
        to[n++] = digits[hash.at[k] & 15];
    }
    return is_text ? len : n;
}

/* The number of the plugin that was taken in by that hash; false: none was. */
static bool
image_find(const hfi_state_t *state, hfi_span_t hash, uint32_t *ret_number)
{
    char text[IMAGE_TEXT];
    size_t len = image_text(hash, text);
    for (uint32_t k = 0; k < state->n_images; k++) {
        size_t known_len = 0;
        const char *known = hf_as_str(&state->images[k], &known_len);
        if (known != NULL && known_len == len && memcmp(known, text, len) == 0) {
            *ret_number = k;
            return true;
        }
    }
    return false;
}

/* Images stand in the order of the plugins. */
static void
image_note(hfi_state_t *state, hfi_span_t hash)
{
    char text[IMAGE_TEXT];
    size_t len = image_text(hash, text);
    state->images = hfi_need_more(state->images, (state->n_images + 1) * sizeof *state->images);
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hf_write_str(&buffer->w, text, len);
    hf_value_t shown = hfi_buffer_view(buffer);
    if (!hfi_value_keep(&shown, &state->images[state->n_images++]))
        HF_BUG("no memory");
    hfi_state_return(state, &buffer);
}

/* Runs a plugin's open or close. */
static void
image_run(hfi_state_t *state, const hf_plugin_t *plugin, const char *name)
{
    /* WALK plugin 8/8: `open` at its birth, `close` at the manager's end; it stays mapped */
    hf_err_t err = HF_OK;
    hfi_call_t *call = hfi_call_borrow(state);
    hfi_call_t *outer = state->running;
    call->mark = hfi_arena_mark(&state->arena);
    call->name = name;
    call->plugin = plugin->name;
    hfi_call_enter(call);
    if (strcmp(name, "open") == 0)
        err = plugin->open(&call->head);
    else
        plugin->close(&call->head);
    hfi_call_leave(call);
    call->outer = outer;
    if (err == HF_RAISED && call->stage == HFI_STAGE_RAISED)
        hfi_state_log(state, HF_LOG_ERROR, plugin->name, "open: %s: %s", call->failure.kind,
                      call->failure.text);
    hfi_call_close(call, err);
}

/* What the world has mapped by that hash, or NULL. */
static const hf_plugin_t *
image_declared(const hfi_state_t *state, hfi_span_t hash)
{
    return state->world.find_image == NULL ? NULL
                                           : state->world.find_image(state->world.context, hash);
}

bool
hfi_image_take(hfi_state_t *state, hfi_span_t hash, char *why, size_t why_room)
{
    uint32_t number;
    if (image_find(state, hash, &number))
        return true;
    const hf_plugin_t *declared = image_declared(state, hash);
    if (declared == NULL) {
        (void)snprintf(why, why_room, "an image that was never mapped");
        return false;
    }
    if (!hfi_plugins_add(state->plugins, declared, why, why_room))
        return false;
    const hf_plugin_t *plugin = hfi_plugins_descriptor(state->plugins, state->n_images);
    HF_ASSERT(plugin != NULL);
    image_note(state, hash);
    if (plugin->open != NULL)
        image_run(state, plugin, "open");
    return true;
}

void
hfi_image_close_all(hfi_state_t *state)
{
    for (uint32_t k = 0; hfi_plugins_descriptor(state->plugins, k) != NULL; k++) {
        const hf_plugin_t *plugin = hfi_plugins_descriptor(state->plugins, k);
        if (plugin->close != NULL)
            image_run(state, plugin, "close");
    }
}

/* ---- load_plugin ----------------------------------------------------------------------- */

static hf_err_t
image_ask(hfi_call_t *me)
{
    size_t len = 0;
    const char *path = hf_arg_str(&me->head, 0, &len);
    if (len == 0 || len > IMAGE_PATH_MAX || path[0] != '/' || memchr(path, 0, len) != NULL)
        return HF_RAISE(&me->head, "ValueError", "path must be absolute, and at most %d bytes long",
                        (int)IMAGE_PATH_MAX);
    return hfi_call_ask(me, "load_plugin", hf_arg(&me->head, 0));
}

/* Answers what has come: {"plugin", "version", "hash", "types"}. */
static hf_err_t
image_answer(hfi_call_t *me, uint32_t number)
{
    const hf_plugin_t *plugin = hfi_plugins_descriptor(me->state->plugins, number);
    size_t n = 0;
    while (plugin->types[n] != NULL)
        n++;
    hf_writer_t *w = hf_return_writer(&me->head);
    if (w == NULL)
        return HF_RAISED;
    hfi_state_log(me->state, HF_LOG_INFO, "server", "plugin %s %s was asked for, and is here",
                  plugin->name, plugin->version);
    hf_write_map(w, 4);
    hfi_inspect_word(w, "plugin");
    hfi_inspect_word(w, plugin->name);
    hfi_inspect_word(w, "version");
    hfi_inspect_word(w, plugin->version);
    hfi_inspect_word(w, "hash");
    hf_write_value(w, &me->state->images[number]);
    hfi_inspect_word(w, "types");
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++)
        hfi_inspect_word(w, plugin->types[k]->name);
    return hf_return_written(&me->head);
}

hf_err_t
hfi_image_load(hf_call_t *call, void *self)
{
    (void)self;
    char why[IMAGE_WHY] = "";
    uint32_t number;
    hfi_call_t *me = hfi_call_of(call);
    if (me->record == NULL || !me->record->is_job_done)
        return image_ask(me);
    int32_t status = me->record->job_status;
    hfi_span_t said;
    said.at = (const uint8_t *)hf_as_str(&me->record->job_value, &said.len);
    if (said.at == NULL || said.len > IMAGE_WHY ||
        (status != IMAGE_MAPPED && status != IMAGE_DENIED && status != IMAGE_REFUSED))
        return HF_RAISE(call, "RuntimeError", "the manager could not try to load it");
    if (status != IMAGE_MAPPED)
        return HF_RAISE(call, status == IMAGE_DENIED ? "PermissionDenied" : "ValueError", "%.*s",
                        (int)said.len, (const char *)said.at);
    if (image_find(me->state, said, &number))
        return image_answer(me, number);
    const hf_plugin_t *declared = image_declared(me->state, said);
    if (declared != NULL && !hfi_plugins_check(me->state->plugins, declared, why, sizeof why))
        return HF_RAISE(call, "ValueError", "%s", why); /* as when its IMAGE came */
    return HF_RAISE(call, "RuntimeError", "the manager could not try to load it");
}
