/* SPDX-License-Identifier: MPL-2.0 */
/* trim -- memory goes back a second after much has gone, and not for little. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <shell/trim.h>

#define SECOND HFI_TRIM_DELAY_NS

static void
little_is_not_worth_it(void **state)
{
    (void)state;
    hfi_trim_t trim = {0};
    assert_int_equal(hfi_trim_note(&trim, 1000, 0, 5), INT64_MAX);
    assert_int_equal(hfi_trim_note(&trim, 1000 + HFI_TRIM_BYTES - 1, 0, 6), INT64_MAX);
    assert_int_equal(hfi_trim_note(&trim, 1000, 0, 7), INT64_MAX);
    assert_int_equal(hfi_trim_note(&trim, 999, 0, 8), 8 + SECOND);
}

/* It is due a second after the first time, however much more goes until then. */
static void
a_crowd_has_gone(void **state)
{
    (void)state;
    enum { CROWD = HFI_TRIM_BYTES / HFI_TRIM_SESSION_BYTES };
    hfi_trim_t trim = {0};
    assert_int_equal(hfi_trim_note(&trim, 0, UINT64_C(2) * CROWD, 10), INT64_MAX);
    assert_int_equal(hfi_trim_note(&trim, 0, CROWD, 20), 20 + SECOND);
    assert_int_equal(hfi_trim_note(&trim, 0, 0, 30), 20 + SECOND);
    assert_int_equal(hfi_trim_note(&trim, 0, UINT64_C(2) * CROWD, 40), INT64_MAX); /* it is back */
    assert_int_equal(hfi_trim_note(&trim, 0, 0, 50), 50 + SECOND);
    hfi_trim_rest(&trim);
    assert_int_equal(hfi_trim_note(&trim, 0, 0, 60), INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_is_not_worth_it),
        cmocka_unit_test(a_crowd_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
