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

/* What a stranger wrote: S it is one to connect to, N and on this computer. */
static void
where_others_say_they_serve(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char is;
    } rows[] = {
        {"ipc:///run/x.sock", 'N'},
        {"ipc://@abstract", 'N'},
        {"tcp://127.0.0.1:5570", 'N'},
        {"tcp://127.255.0.9:1", 'N'},
        {"tcp://[::1]:65535", 'N'},
        {"tcp://10.1.2.3:5570", 'S'},
        {"tcp://db-1.internal:5570", 'S'},
        {"tcp://127.0.0.1.evil.org:80", 'S'},
        {"tcp://127.evil.org:80", 'S'},
        {"tcp://127.0.0:80", 'S'},
        {"tcp://127.0.0.1000:80", 'S'},
        {"tcp://[::2]:80", 'S'},
        {"tcp://127.0.0.1:0", '-'},
        {"tcp://127.0.0.1:65536", '-'},
        {"tcp://127.0.0.1:005570", '-'},
        {"tcp://127.0.0.1:*", '-'},
        {"tcp://127.0.0.1", '-'},
        {"tcp://:80", '-'},
        {"tcp://*:80", '-'},
        {"tcp://127.0.0.1:80;10.0.0.1:80", '-'},
        {"tcp://user@127.0.0.1:80", '-'},
        {"tcp://127.0.0.1:80/", '-'},
        {"tcp://", '-'},
        {"ipc://", '-'},
        {"ipc:///run/a b", '-'},
        {"ipc:///run/a\n", '-'},
        {"inproc://x", '-'},
        {"ipc:/x", '-'},
        {"", '-'},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = rows[i].text;
        size_t len = strlen(text);
        bool is_sound = hfi_endpoint_is_sound(text, len);
        char is = '-';
        if (is_sound)
            is = "SN"[hfi_endpoint_is_near(text, len)];
        if (is != rows[i].is)
            fail_msg("%s is %c", text, is);
    }
    char path[HFI_SOCKET_PATH + 8] = "ipc://";
    memset(path + 6, 'x', HFI_SOCKET_PATH);
    assert_true(hfi_endpoint_is_sound(path, 6 + HFI_SOCKET_PATH - 1));
    assert_false(hfi_endpoint_is_sound(path, 6 + HFI_SOCKET_PATH));
    assert_false(hfi_endpoint_is_sound("ipc://a\0b", 9));
}

static void
a_prefix_lets_in_numbers_and_no_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *prefix;
        bool is_under;
    } rows[] = {
        {"tcp://10.1.2.3:5570", "tcp://10.1.", true},
        {"tcp://10.1.evil.org:80", "tcp://10.1.", false},
        {"tcp://10.2.2.3:5570", "tcp://10.1.", false},
        {"tcp://10.1.2.3:5570", "tcp://", true},
        {"tcp://db.internal:5570", "tcp://", false},
        {"tcp://db.internal:5570", "tcp://db.internal:", true},
        {"tcp://db.internal.evil.org:5570", "tcp://db.internal", false},
        {"tcp://10.1.2.3:5570", "", true},
        {"tcp://db.internal:5570", "t", false},
        {"ipc:///run/x.sock", "ipc:///run/", true},
        {"ipc:///run/x.sock", "ipc:///var/", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_under = hfi_endpoint_is_under(rows[i].text, strlen(rows[i].text), rows[i].prefix,
                                              strlen(rows[i].prefix));
        if (is_under != rows[i].is_under)
            fail_msg("%s under '%s'", rows[i].text, rows[i].prefix);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runtime_folder_goes_first),
        cmocka_unit_test(else_a_folder_in_tmp_named_by_the_user),
        cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
        cmocka_unit_test(where_others_say_they_serve),
        cmocka_unit_test(a_prefix_lets_in_numbers_and_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
