/* SPDX-License-Identifier: MPL-2.0 */
/* endpoint -- the default place, and paths that do not fit a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/endpoint.h>

static void
runtime_folder_goes_first(void **state)
{
    (void)state;
    char to[HFI_ENDPOINT_ROOM];
    assert_true(hfi_endpoint_default("/run/user/7", 7, to, sizeof to));
    assert_string_equal(to, "ipc:///run/user/7/holdfast/manager.sock");
    assert_true(hfi_endpoint_folder("/run/user/7", 7, to, sizeof to));
    assert_string_equal(to, "/run/user/7/holdfast");
}

static void
else_a_folder_in_tmp_named_by_the_user(void **state)
{
    (void)state;
    char to[HFI_ENDPOINT_ROOM];
    assert_true(hfi_endpoint_default(NULL, 1000, to, sizeof to));
    assert_string_equal(to, "ipc:///tmp/holdfast-1000/manager.sock");
    assert_true(hfi_endpoint_default("", 1000, to, sizeof to));
    assert_string_equal(to, "ipc:///tmp/holdfast-1000/manager.sock");
    assert_true(hfi_endpoint_default("relative", 1000, to, sizeof to));
    assert_string_equal(to, "ipc:///tmp/holdfast-1000/manager.sock");
}

static void
a_path_too_long_for_a_socket_is_refused(void **state)
{
    (void)state;
    char runtime[200] = "/";
    memset(runtime + 1, 'x', sizeof runtime - 2);
    char to[HFI_ENDPOINT_ROOM] = "as it was";
    assert_false(hfi_endpoint_default(runtime, 1, to, sizeof to));
    for (size_t len = 80; len < sizeof runtime - 1; len++) {
        runtime[len] = 'x';
        runtime[len + 1] = '\0';
        bool fits = len + 1 + strlen("/holdfast/manager.sock") < HFI_SOCKET_PATH;
        assert_int_equal(hfi_endpoint_default(runtime, 1, to, sizeof to), fits);
    }
    assert_false(hfi_endpoint_default("/run", 1, to, 5));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runtime_folder_goes_first),
        cmocka_unit_test(else_a_folder_in_tmp_named_by_the_user),
        cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
