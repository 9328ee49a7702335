/* SPDX-License-Identifier: MPL-2.0 */
/* value -- a Value of each typecode: what it holds, what it refuses and how, and that add and cas are one step. */
#include "bed.h"

/* The least and the greatest int of a letter, and what is said of the next ones. */
typedef struct limits {
    const char *letter;
    const char *low;
    const char *high;
    const char *below;
    const char *above;
    const char *too_low;
    const char *too_high;
} limits_t;

static const limits_t limits[] = {
    {"b", "-128", "127", "-129", "128", "signed char is less than minimum",
     "signed char is greater than maximum"},
    {"b", "-128", "127", "-32769", "32768", "signed short integer is less than minimum",
     "signed short integer is greater than maximum"},
    {"B", "0", "255", "-1", "256", "unsigned byte integer is less than minimum",
     "unsigned byte integer is greater than maximum"},
    {"h", "-32768", "32767", "-32769", "32768", "signed short integer is less than minimum",
     "signed short integer is greater than maximum"},
    {"H", "0", "65535", "-1", "65536", "unsigned short is less than minimum",
     "unsigned short is greater than maximum"},
    {"i", "-2147483648", "2147483647", "-2147483649", "2147483648",
     "signed integer is less than minimum", "signed integer is greater than maximum"},
    {"I", "0", "4294967295", "-1", "4294967296", "can't convert negative value to unsigned int",
     "unsigned int is greater than maximum"},
    {"l", "-9223372036854775808", "9223372036854775807", NULL,
     "{\"$int\": \"9223372036854775808\"}", "Python int too large to convert to C long",
     "Python int too large to convert to C long"},
    {"L", "0", "{\"$int\": \"18446744073709551615\"}", "-1", NULL,
     "can't convert negative value to unsigned int",
     "Python int too large to convert to C unsigned long"},
    {"q", "-9223372036854775808", "9223372036854775807", NULL,
     "{\"$int\": \"9223372036854775808\"}", "int too big to convert", "int too big to convert"},
    {"Q", "0", "{\"$int\": \"18446744073709551615\"}", "-1", NULL,
     "can't convert negative int to unsigned", "int too big to convert"},
};

static void
set(bed_t *bed, uint64_t value, const char *number, const char *answer)
{
    char args[64];
    (void)snprintf(args, sizeof args, "[%s]", number);
    assert_string_equal(bed_call(bed, value, "set", args), answer);
}

/* A number as its repr, without JSON's wrapping. */
static const char *
plain(const char *number, char *room, size_t size)
{
    if (number[0] != '{')
        return number;
    (void)snprintf(room, size, "%.20s", strchr(number + 2, ':') + 3);
    room[strcspn(room, "\"")] = '\0';
    return room;
}

static void
try_limits(bed_t *bed, const limits_t *row)
{
    char text[128];
    char room[32];
    (void)snprintf(text, sizeof text, "[\"%s\"]", row->letter);
    uint64_t value = bed_new(bed, "Value", text);
    assert_string_equal(bed_call(bed, value, "get", "[]"), "0");
    set(bed, value, row->low, "None");
    assert_string_equal(bed_call(bed, value, "get", "[]"), plain(row->low, room, sizeof room));
    (void)snprintf(text, sizeof text, "OverflowError: %s", row->too_low);
    if (row->below != NULL)
        set(bed, value, row->below, text);
    assert_memory_equal(bed_call(bed, value, "add", "[-1]"), "OverflowError: ", 15);
    assert_string_equal(bed_call(bed, value, "get", "[]"), plain(row->low, room, sizeof room));
    set(bed, value, row->high, "None");
    assert_string_equal(bed_call(bed, value, "get", "[]"), plain(row->high, room, sizeof room));
    (void)snprintf(text, sizeof text, "OverflowError: %s", row->too_high);
    if (row->above != NULL)
        set(bed, value, row->above, text);
    assert_memory_equal(bed_call(bed, value, "add", "[true]"), "OverflowError: ", 15);
    assert_memory_equal(bed_call(bed, value, "add", "[{\"$int\": \"18446744073709551615\"}]"),
                        "OverflowError: ", 15);
    assert_string_equal(bed_call(bed, value, "get", "[]"), plain(row->high, room, sizeof room));
    set(bed, value, "1.0", "TypeError: 'float' object cannot be interpreted as an integer");
    set(bed, value, "\"1\"", "TypeError: 'str' object cannot be interpreted as an integer");
    assert_string_equal(bed_call(bed, value, "add", "[1.0]"),
                        "TypeError: 'float' object cannot be interpreted as an integer");
    set(bed, value, "true", "None");
    assert_string_equal(bed_call(bed, value, "get", "[]"), "1");
}

static void
test_ints(void **state)
{
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
        try_limits(*state, &limits[k]);
}

static void
test_sums(void **state)
{
    uint64_t q = bed_new(*state, "Value", "[\"q\", -5]");
    BED_STEPS(*state, q, {"add", "[3]", "-2"},
              {"add", "[-9223372036854775806]", "-9223372036854775808"},
              {"add", "[{\"$int\": \"18446744073709551615\"}]", "9223372036854775807"});
    uint64_t u = bed_new(*state, "Value", "[\"Q\", 5]");
    BED_STEPS(*state, u, {"add", "[-5]", "0"},
              {"add", "[-1]", "OverflowError: can't convert negative int to unsigned"},
              {"add", "[{\"$int\": \"18446744073709551615\"}]", "18446744073709551615"},
              {"add", "[1]", "OverflowError: int too big to convert"},
              {"add", "[-9223372036854775808]", "9223372036854775807"});
    uint64_t h = bed_new(*state, "Value", "[\"H\", 5]");
    BED_STEPS(*state, h, {"add", "[-6]", "OverflowError: unsigned short is less than minimum"},
              {"add", "[65531]", "OverflowError: unsigned short is greater than maximum"},
              {"add", "[65530]", "65535"});
    uint64_t b = bed_new(*state, "Value", "[\"b\", 100]");
    BED_STEPS(*state, b, {"add", "[28]", "OverflowError: signed char is greater than maximum"},
              {"add", "[-228]", "-128"}, {"add", "[255]", "127"});
    uint64_t d = bed_new(*state, "Value", "[\"d\", 1]");
    BED_STEPS(*state, d, {"get", "[]", "1.0"}, {"add", "[0.5]", "1.5"}, {"add", "[1]", "2.5"},
              {"add", "[null]", "TypeError: add() argument 'n' must be number, not NoneType"});
}

static void
test_floats(void **state)
{
    uint64_t f = bed_new(*state, "Value", "[\"f\", 0.1]");
    BED_STEPS(*state, f, {"get", "[]", "0.10000000149011612"}, {"cas", "[0.1, 2]", "True"},
              {"get", "[]", "2.0"}, {"set", "[1e300]", "None"}, {"get", "[]", "inf"},
              {"set", "[-0.0]", "None"}, {"get", "[]", "-0.0"}, {"cas", "[0, 16777217]", "True"},
              {"get", "[]", "16777216.0"}, {"set", "[{\"$float\": \"nan\"}]", "None"},
              {"get", "[]", "nan"}, {"cas", "[{\"$float\": \"nan\"}, 1]", "False"},
              {"set", "[\"1\"]", "TypeError: must be real number, not str"},
              {"set", "[null]", "TypeError: must be real number, not NoneType"});
    uint64_t d = bed_new(*state, "Value", "[\"d\", {\"$int\": \"18446744073709551615\"}]");
    BED_STEPS(*state, d, {"get", "[]", "1.8446744073709552e+19"}, {"set", "[0.1]", "None"},
              {"get", "[]", "0.1"}, {"repr", "[]", "\"Value('d', 0.1)\""});
}

static void
test_characters(void **state)
{
    uint64_t c = bed_new(*state, "Value", "[\"c\"]");
    BED_STEPS(
        *state, c, {"get", "[]", "b'\\x00'"}, {"set", "[{\"$bytes\": \"/w==\"}]", "None"},
        {"get", "[]", "b'\\xff'"}, {"repr", "[]", "\"Value('c', b'\\\\xff')\""},
        {"set", "[{\"$bytes\": \"YWI=\"}]", "TypeError: array item must be a bytes of length 1"},
        {"set", "[65]", "TypeError: array item must be a bytes of length 1"},
        {"set", "[\"a\"]", "TypeError: array item must be a bytes of length 1"},
        {"add", "[1]", "TypeError: nothing can be added to an item of typecode 'c'"},
        {"cas", "[{\"$bytes\": \"/w==\"}, {\"$bytes\": \"eA==\"}]", "True"}, {"get", "[]", "b'x'"});
    uint64_t u = bed_new(*state, "Value", "[\"u\", \"x\"]");
    BED_STEPS(*state, u, {"get", "[]", "'x'"}, {"set", "[\"\\u00e9\"]", "None"},
              {"get", "[]", "'\xc3\xa9'"}, {"set", "[\"\\u20ac\"]", "None"},
              {"get", "[]", "'\xe2\x82\xac'"}, {"set", "[\"\\ud83d\\ude00\"]", "None"},
              {"get", "[]", "'\xf0\x9f\x98\x80'"},
              {"set", "[\"ab\"]", "TypeError: array item must be unicode character"},
              {"set", "[\"\"]", "TypeError: array item must be unicode character"},
              {"set", "[1]", "TypeError: array item must be unicode character"},
              {"cas", "[\"a\", \"b\"]", "False"},
              {"repr", "[]", "\"Value('u', '\xf0\x9f\x98\x80')\""});
    assert_string_equal(bed_call(*state, bed_new(*state, "Value", "[\"u\"]"), "get", "[]"),
                        "'\\x00'");
}

static void
test_rows(void **state)
{
    uint64_t value = bed_new(*state, "Value", "[\"i\", 1]");
    BED_STEPS(*state, value, {"repr", "[]", "\"Value('i', 1)\""}, {"getvalue", "[]", "1"},
              {"cas", "[2, 5]", "False"}, {"get", "[]", "1"}, {"cas", "[1.0, 5]", "True"},
              {"get", "[]", "5"},
              {"cas", "[5, \"x\"]", "TypeError: 'str' object cannot be interpreted as an integer"},
              {"cas", "[0, 2147483648]", "OverflowError: signed integer is greater than maximum"},
              {"cas", "[\"5\", 6]", "False"}, {"get", "[]", "5"});
    assert_string_equal(
        bed_refusal(*state, "Value", "[\"x\"]"),
        "ValueError: bad typecode (must be b, B, u, c, h, H, i, I, l, L, q, Q, f or d)");
    assert_string_equal(bed_refusal(*state, "Value", "[\"ii\"]"),
                        "TypeError: a typecode must be a unicode character, not str");
    assert_string_equal(bed_refusal(*state, "Value", "[\"b\", 128]"),
                        "OverflowError: signed char is greater than maximum");
    assert_string_equal(bed_refusal(*state, "Value", "[1]"),
                        "TypeError: Value() argument 'typecode' must be str, not int");
    assert_memory_equal(bed_refusal(*state, "Value", "[]"), "TypeError: ", 11);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ints, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_sums, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_floats, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_characters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_rows, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
