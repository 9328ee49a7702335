/* SPDX-License-Identifier: MPL-2.0 */
/* type -- each rule for an author's tables has a table that breaks it alone. */
#include "given.h"

#include <registry/type.h>

struct state {
    int64_t x;
};

static hf_err_t
run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static hf_err_t
save(hf_call_t *call, const void *self, hf_writer_t *out)
{
    (void)call;
    (void)self;
    (void)out;
    return HF_OK;
}

static hf_err_t
load(hf_call_t *call, void *self, const hf_value_t *saved, uint32_t save_version)
{
    (void)call;
    (void)self;
    (void)saved;
    (void)save_version;
    return HF_OK;
}

/* A sound table, to be spoilt: three rows, so that the second and third show a wrong stride. */
typedef struct table {
    hf_method_t rows[3];
    hf_type_t type;
} table_t;

static void
table_open(table_t *self)
{
    static const table_t sound = {
        {HF_METHOD("get", "-> int", run, HF_READS, "Get it."),
         HF_METHOD("set", "x: int", run, HF_WRITES, "Set it."),
         HF_METHOD_PARKS("wait", "timeout: number? = nil", run, run, HF_READS, "Wait for it.")},
        {.size = sizeof(hf_type_t),
         .method_size = sizeof(hf_method_t),
         .name = "Thing",
         .doc = "A thing.",
         .n_methods = 3,
         .self_size = sizeof(struct state),
         .signature = "x: int = 0",
         .create = run},
    };
    *self = sound;
    self->type.methods = self->rows;
}

static void
refused(const table_t *table, const char *want)
{
    char why[512] = "";
    hfi_type_t *type = hfi_type_new(&table->type, "test", 0, why, sizeof why);
    if (type != NULL)
        fail_msg("taken, though: %s", want);
    assert_string_equal(why, want);
}

static hfi_type_t *
taken(const hf_type_t *row)
{
    char why[512] = "";
    hfi_type_t *type = hfi_type_new(row, "test", 7, why, sizeof why);
    if (type == NULL)
        fail_msg("refused: %s", why);
    return type;
}

static void
a_sound_table_is_taken(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    hfi_type_t *type = taken(&table.type);
    assert_int_equal(type->n_methods, 6);
    assert_int_equal(type->number, 7);
    assert_string_equal(type->plugin, "test");
    assert_ptr_equal(type->declared, &table.type);
    assert_int_equal(type->signature->n, 1);
    assert_false(type->is_internal);
    static const char *const names[] = {"get", "set", "wait", "str", "repr", "getvalue"};
    static const hfi_universal_t universals[] = {HFI_OWN, HFI_OWN,  HFI_OWN,
                                                 HFI_STR, HFI_REPR, HFI_GETVALUE};
    for (uint32_t k = 0; k < type->n_methods; k++) {
        const hfi_method_t *method = hfi_type_find_method(type, names[k], strlen(names[k]));
        assert_ptr_equal(method, &type->methods[k]);
        assert_int_equal(method->number, k);
        assert_int_equal(method->universal, universals[k]);
        assert_non_null(method->signature);
    }
    assert_null(hfi_type_find_method(type, "getvalues", 9));
    assert_null(hfi_type_find_method(type, "ge", 2));
    assert_null(hfi_type_find_method(type, "", 0));
    assert_true(type->row->create == run && type->methods[1].row->run == run);
    hfi_type_destroy(&type);
    assert_null(type);
    hfi_type_destroy(&type);
}

static void
its_own_repr_goes_first(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.rows[1].name = "repr";
    table.type.flags = HF_INTERNAL;
    hfi_type_t *type = taken(&table.type);
    assert_int_equal(type->n_methods, 5);
    assert_true(type->is_internal);
    assert_int_equal(hfi_type_find_method(type, "repr", 4)->universal, HFI_OWN);
    assert_int_equal(hfi_type_find_method(type, "str", 3)->universal, HFI_STR);
    hfi_type_destroy(&type);
}

static void
a_type_may_have_no_methods(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.type.methods = NULL;
    table.type.n_methods = 0;
    table.type.self_size = 0;
    table.type.signature = NULL;
    table.type.create = NULL;
    hfi_type_t *type = taken(&table.type);
    assert_int_equal(type->n_methods, 3);
    hfi_type_destroy(&type);
}

/* ---- sizes ------------------------------------------------------------------------------ */

/* Rows of a later header are larger; the first of them would be found by indexing, the others only by stride. */
static void
rows_are_reached_by_stride(void **state)
{
    struct later_row {
        hf_method_t row;
        uint64_t appended[2];
    } rows[3];
    table_t table;
    (void)state;
    table_open(&table);
    memset(rows, 0xee, sizeof rows);
    for (int k = 0; k < 3; k++)
        rows[k].row = table.rows[k];
    table.type.methods = &rows[0].row;
    table.type.method_size = sizeof rows[0];
    hfi_type_t *type = taken(&table.type);
    assert_string_equal(type->methods[1].row->name, "set");
    assert_string_equal(type->methods[2].row->name, "wait");
    assert_true(type->methods[2].row->timed_out == run);
    hfi_type_destroy(&type);
}

/* What lies behind an older, smaller struct is somebody else's and is not read. */
static void
a_type_is_read_as_far_as_its_size(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.type.save = save; /* without load: refused if it is read */
    table.type.timer = NULL;
    memset(&table.type.destroy, 0xee, sizeof table.type - offsetof(hf_type_t, destroy));
    table.type.size = offsetof(hf_type_t, destroy);
    hfi_type_t *type = taken(&table.type);
    assert_true(type->row->create == run);
    assert_true(type->row->destroy == NULL && type->row->save == NULL &&
                type->row->undelivered == NULL);
    hfi_type_destroy(&type);
}

static void
sizes_that_cannot_be_are_refused(void **state)
{
    table_t table;
    char want[200];
    (void)state;
    static const uint32_t sizes[] = {0, 8, offsetof(hf_type_t, save_version) - 8,
                                     sizeof(hf_type_t) - 1, 1 << 20};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        table_open(&table);
        table.type.size = sizes[k];
        (void)snprintf(
            want, sizeof want,
            "type (nameless): its `size` is %u; this manager's is %u, at least %u is needed",
            (unsigned)sizes[k], (unsigned)sizeof(hf_type_t),
            (unsigned)offsetof(hf_type_t, save_version));
        refused(&table, want);
    }
    static const uint32_t rows[] = {0, offsetof(hf_method_t, work) - 8, sizeof(hf_method_t) + 4,
                                    1 << 20};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        table_open(&table);
        table.type.method_size = rows[k];
        (void)snprintf(
            want, sizeof want,
            "type (nameless): its `method_size` is %u; this manager's is %u, at least 48 is needed",
            (unsigned)rows[k], (unsigned)sizeof(hf_method_t));
        refused(&table, want);
    }
    table_open(&table);
    table.type.self_size = HFI_MAX_SELF_BYTES + 1;
    refused(&table, "type Thing: its state of 1073741825 bytes is larger than 1073741824");
}

/* ---- rules of the type ------------------------------------------------------------------ */

static void
each_rule_of_a_type_refuses(void **state)
{
    static char long_doc[HFI_MAX_DOC_BYTES + 2];
    table_t table;
    char why[64] = "";
    (void)state;
    assert_null(hfi_type_new(NULL, "test", 0, why, sizeof why));
    assert_string_equal(why, "type (nameless): there is no table");
    memset(long_doc, 'x', sizeof long_doc - 1);
    static const char *const names[] = {
        NULL,
        "",
        "1st",
        "a b",
        "a-b",
        "\xc3\xa9",
        "a23456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        table_open(&table);
        table.type.name = names[k];
        refused(&table,
                "type (nameless): its name is not a word of at most 63 letters, digits and _");
    }
    table_open(&table);
    table.type.doc = NULL;
    refused(&table, "type Thing: a sentence in `doc` is missing");
    table.type.doc = "";
    refused(&table, "type Thing: a sentence in `doc` is missing");
    table.type.doc = long_doc;
    refused(&table, "type Thing: its `doc` is longer than 1000 bytes");
    long_doc[HFI_MAX_DOC_BYTES] = '\0';
    hfi_type_t *type = taken(&table.type);
    hfi_type_destroy(&type);
    static const char *const not_utf8[] = {
        "\xff",     "\xc3",         "\xc0\xaf",         "\xe0\x80\x80",
        "\x80",     "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
        "\xe2\x82", "\xc3("};
    for (size_t k = 0; k < sizeof not_utf8 / sizeof not_utf8[0]; k++) {
        table.type.doc = not_utf8[k];
        refused(&table, "type Thing: its `doc` is not UTF-8");
    }
    table.type.doc = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf";
    type = taken(&table.type);
    hfi_type_destroy(&type);
}

static void
each_combination_that_makes_no_sense_refuses(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.type.flags = 0x12;
    refused(&table, "type Thing: unknown flags 0x12");
    table_open(&table);
    table.type.methods = NULL;
    refused(&table, "type Thing: its `methods` and `n_methods` do not agree");
    table_open(&table);
    table.type.n_methods = 0;
    refused(&table, "type Thing: its `methods` and `n_methods` do not agree");
    table_open(&table);
    table.type.n_methods = HFI_MAX_METHODS + 1;
    refused(&table, "type Thing: it has 257 methods, more than 256");
    table_open(&table);
    table.type.create = NULL;
    refused(&table,
            "type Thing: a constructor's signature without a `create` that reads the arguments");
    table_open(&table);
    table.type.signature = "x: integer";
    refused(&table,
            "type Thing: signature \"x: integer\" at position 4: there is no type 'integer'");
    table_open(&table);
    table.type.signature = "x: int -> int";
    refused(&table, "type Thing: a constructor's signature has no result");
    table_open(&table);
    table.type.save = save;
    refused(&table, "type Thing: `save` and `load` belong together");
    table_open(&table);
    table.type.load = load;
    refused(&table, "type Thing: `save` and `load` belong together");
}

/* ---- rules of a row --------------------------------------------------------------------- */

static void
each_rule_of_a_row_refuses(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.rows[1].name = NULL;
    refused(
        &table,
        "type Thing, method number 2: its name is not a word of at most 63 letters, digits and _");
    table_open(&table);
    table.rows[2].name = "is-it";
    refused(
        &table,
        "type Thing, method number 3: its name is not a word of at most 63 letters, digits and _");
    table_open(&table);
    table.rows[2].name = "get";
    refused(&table, "type Thing, method get: there are two rows of that name");
    table_open(&table);
    table.rows[1].run = NULL;
    refused(&table, "type Thing, method set: there is no function");
    table_open(&table);
    table.rows[1].doc = NULL;
    refused(&table, "type Thing, method set: a sentence in `doc` is missing");
    table_open(&table);
    table.rows[1].deprecated = "";
    refused(&table, "type Thing, method set: `deprecated` does not say what to call instead");
    table.rows[1].deprecated = "\xff";
    refused(&table, "type Thing, method set: its `deprecated` is not UTF-8");
    table_open(&table);
    table.rows[1].since = "\xff";
    refused(&table, "type Thing, method set: its `since` is not UTF-8");
    table_open(&table);
    table.rows[1].signature = "x int";
    refused(
        &table,
        "type Thing, method set: signature \"x int\" at position 3: ':' and a type are expected");
}

static void
each_rule_of_flags_refuses(void **state)
{
    table_t table;
    (void)state;
    table_open(&table);
    table.rows[0].flags = 0;
    refused(&table,
            "type Thing, method get: neither HF_READS nor HF_WRITES: exactly one is needed");
    table.rows[0].flags = HF_SENSITIVE;
    refused(&table,
            "type Thing, method get: neither HF_READS nor HF_WRITES: exactly one is needed");
    table.rows[0].flags = HF_READS | HF_WRITES;
    refused(&table, "type Thing, method get: both HF_READS and HF_WRITES: exactly one is needed");
    table.rows[0].flags = HF_READS | 0x100;
    refused(&table, "type Thing, method get: unknown flags 0x100");
    table_open(&table);
    table.rows[2].flags = HF_READS;
    refused(&table, "type Thing, method wait: a timed_out function without HF_PARKS");
    table.rows[2].flags = HF_READS | HF_PARKS | HF_SENSITIVE;
    hfi_type_t *type = taken(&table.type);
    hfi_type_destroy(&type);
}

static void
a_refusal_fits_any_room(void **state)
{
    table_t table;
    char why[8] = "xxxxxxx";
    (void)state;
    table_open(&table);
    table.rows[0].flags = 0;
    assert_null(hfi_type_new(&table.type, "test", 0, why, 0));
    assert_string_equal(why, "xxxxxxx");
    assert_null(hfi_type_new(&table.type, "test", 0, why, 5));
    assert_string_equal(why, "type");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_table_is_taken),
        cmocka_unit_test(its_own_repr_goes_first),
        cmocka_unit_test(a_type_may_have_no_methods),
        cmocka_unit_test(rows_are_reached_by_stride),
        cmocka_unit_test(a_type_is_read_as_far_as_its_size),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(each_rule_of_a_type_refuses),
        cmocka_unit_test(each_combination_that_makes_no_sense_refuses),
        cmocka_unit_test(each_rule_of_a_row_refuses),
        cmocka_unit_test(each_rule_of_flags_refuses),
        cmocka_unit_test(a_refusal_fits_any_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
