/* SPDX-License-Identifier: MPL-2.0 */
/* bed -- what the plugins' tests lie on. */
#include "bed.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <value/json.h>
#include <value/value.h>

enum { BED_ARGS = 8, BED_SHIPPED = 3, BED_PLUGINS = 6 };

static const char *const bed_paths[BED_PLUGINS] = {TEST_CONTAINERS, TEST_QUEUES, TEST_SYNC,
                                                   TEST_LIMITER,    TEST_CACHE,  TEST_LEADERBOARD};

/* A picture and the values for it. */
typedef struct bed_args {
    char picture[256];
    hf_value_t list;
    hf_value_t map;
    hf_value_t value[BED_ARGS];
} bed_args_t;

static hf_value_t
bed_json(const char *text)
{
    hf_value_t value = {.raw = {0}};
    hfi_failure_t failure;
    if (!hfi_json_read(hfi_span_of(text), &value, &failure))
        fail_msg("%s: %s", text, failure.text);
    return value;
}

static void
bed_open_args(bed_args_t *self, const char *args, const char *named)
{
    hf_cursor_t cursor;
    hf_value_t key = {.raw = {0}};
    uint32_t n = 0;
    memset(self, 0, sizeof *self);
    self->list = bed_json(args);
    self->map = bed_json(named);
    hf_open(&cursor, &self->list);
    while (n < BED_ARGS && hf_next(&cursor, &self->value[n])) {
        self->picture[n++] = 'v';
    }
    assert_int_equal(cursor.left, 0);
    hf_open(&cursor, &self->map);
    while (n < BED_ARGS && hf_next(&cursor, &key) && hf_next(&cursor, &self->value[n])) {
        size_t len = 0;
        const char *name = hf_as_str(&key, &len);
        size_t at = strlen(self->picture);
        (void)snprintf(self->picture + at, sizeof self->picture - at, " %.*s=v", (int)len, name);
        n++;
    }
    assert_int_equal(cursor.left, 0);
}

static void
bed_close_args(bed_args_t *self)
{
    hfi_value_drop(&self->list);
    hfi_value_drop(&self->map);
}

#define BED_VALUES(a_)                                                                             \
    &(a_).value[0], &(a_).value[1], &(a_).value[2], &(a_).value[3], &(a_).value[4],                \
        &(a_).value[5], &(a_).value[6], &(a_).value[7]

/* ---- beginning and end ------------------------------------------------------------------ */

static const hf_plugin_t *
bed_plugin(const char *path)
{
    void *image = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (image == NULL)
        fail_msg("%s", dlerror());
    return dlsym(image, "hf_plugin");
}

static const hf_type_t *
bed_type_among(const char *const *paths, size_t n_paths, uint32_t k)
{
    for (size_t p = 0; p < n_paths; p++) {
        const hf_type_t *const *type = bed_plugin(paths[p])->types;
        for (; *type != NULL; type++, k--) {
            if (k == 0)
                return *type;
        }
    }
    return NULL;
}

const hf_type_t *
bed_type(uint32_t k)
{
    return bed_type_among(bed_paths, BED_SHIPPED, k);
}

const hf_type_t *
bed_example(uint32_t k)
{
    return bed_type_among(bed_paths + BED_SHIPPED, BED_PLUGINS - BED_SHIPPED, k);
}

bed_t *
bed_open(const char *settings)
{
    bed_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->manager = hf_testing_boot(bed_plugin(bed_paths[0]), settings);
    assert_non_null(self->manager);
    for (size_t p = 1; p < BED_PLUGINS; p++)
        assert_true(hf_testing_add(self->manager, bed_plugin(bed_paths[p])));
    self->start = hf_testing_memory(self->manager);
    (void)bed_session(self);
    return self;
}

void
bed_close(bed_t **self_p)
{
    bed_t *self = *self_p;
    for (uint32_t k = 0; k < self->n_sessions; k++) {
        if (hf_testing_is_open(self->session[k]))
            hf_testing_bye(self->session[k]);
    }
    assert_int_equal(hf_testing_referents(self->manager), 0);
    assert_int_equal(hf_testing_parked(self->manager), 0);
    assert_string_equal(hf_testing_log(self->manager), "");
    assert_int_equal(hf_testing_memory(self->manager), self->start);
    hf_testing_destroy(&self->manager);
    free(self);
    *self_p = NULL;
}

int
bed_setup(void **state)
{
    *state = bed_open("{}");
    return 0;
}

int
bed_teardown(void **state)
{
    bed_close((bed_t **)state);
    return 0;
}

uint32_t
bed_session(bed_t *self)
{
    assert_true(self->n_sessions < BED_SESSIONS);
    self->session[self->n_sessions] = hf_testing_open(self->manager);
    assert_non_null(self->session[self->n_sessions]);
    return self->n_sessions++;
}

/* ---- calls ------------------------------------------------------------------------------ */

uint64_t
bed_try_named(bed_t *self, const char *typeid_, const char *args, const char *named)
{
    bed_args_t a;
    bed_open_args(&a, args, named);
    uint64_t object = hf_testing_create(self->session[0], typeid_, a.picture, BED_VALUES(a));
    bed_close_args(&a);
    return object;
}

uint64_t
bed_new_named(bed_t *self, const char *typeid_, const char *args, const char *named)
{
    uint64_t object = bed_try_named(self, typeid_, args, named);
    if (object == 0)
        fail_msg("%s%s: %s", typeid_, args, bed_answer(self, 0, hf_testing_last(self->session[0])));
    return object;
}

uint64_t
bed_new(bed_t *self, const char *typeid_, const char *args)
{
    return bed_new_named(self, typeid_, args, "{}");
}

const char *
bed_refusal(bed_t *self, const char *typeid_, const char *args)
{
    assert_int_equal(bed_try_named(self, typeid_, args, "{}"), 0);
    return bed_answer(self, 0, hf_testing_last(self->session[0]));
}

const char *
bed_answer(bed_t *self, uint32_t session, uint64_t call)
{
    const char *text = hf_testing_answer(self->session[session], call);
    uint64_t object = hf_testing_object(self->session[session], call);
    if (object == 0)
        return text;
    self->handle = object;
    (void)snprintf(self->text, sizeof self->text, "%.*s>", (int)strcspn(text, " "), text);
    return self->text;
}

uint64_t
bed_begin_named(bed_t *self, uint32_t session, uint64_t object, const char *method,
                const char *args, const char *named)
{
    bed_args_t a;
    bed_open_args(&a, args, named);
    (void)hf_testing_call(self->session[session], object, method, a.picture, BED_VALUES(a));
    bed_close_args(&a);
    return hf_testing_last(self->session[session]);
}

uint64_t
bed_begin(bed_t *self, uint32_t session, uint64_t object, const char *method, const char *args)
{
    return bed_begin_named(self, session, object, method, args, "{}");
}

const char *
bed_call_named(bed_t *self, uint64_t object, const char *method, const char *args,
               const char *named)
{
    return bed_answer(self, 0, bed_begin_named(self, 0, object, method, args, named));
}

const char *
bed_call(bed_t *self, uint64_t object, const char *method, const char *args)
{
    return bed_call_named(self, object, method, args, "{}");
}

void
bed_run(bed_t *self, uint64_t object, const bed_step_t *steps, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const char *answer = bed_call(self, object, steps[k].method, steps[k].args);
        if (strcmp(answer, steps[k].answer) != 0)
            fail_msg("%s%s gave %s, not %s", steps[k].method, steps[k].args, answer,
                     steps[k].answer);
    }
}

void
bed_data(bed_t *self, uint64_t object, const char *method, const char *args, const char *data)
{
    (void)bed_call(self, object, method, args);
    hfi_bytes_t text = {0};
    const hf_value_t *value = hf_testing_data(self->session[0], hf_testing_last(self->session[0]));
    assert_non_null(value);
    assert_true(hfi_json_write(value, &text));
    assert_int_equal(text.len, strlen(data));
    assert_memory_equal(text.at, data, text.len);
    hfi_bytes_close(&text);
}

/* By a name that both know for a moment. */
void
bed_share(bed_t *self, uint64_t object, uint32_t session)
{
    hf_value_t handle = hf_testing_handle(object);
    assert_string_equal(hf_testing_call(self->session[0], 0, "bind", "sv", "shared", &handle),
                        "None");
    (void)hf_testing_call(self->session[session], 0, "lookup", "s", "shared");
    assert_int_equal(
        hf_testing_object(self->session[session], hf_testing_last(self->session[session])), object);
    assert_string_equal(hf_testing_call(self->session[0], 0, "unbind", "s", "shared"), "None");
}
