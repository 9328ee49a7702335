/* SPDX-License-Identifier: MPL-2.0 */
/* place -- one manager a socket. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <shell/place.h>

static char folder[64];
static char endpoint[128];

static int
make_folder(void **state)
{
    (void)state;
    shell_test_folder(folder, sizeof folder);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/run/x.sock", folder);
    return 0;
}

static void
a_lock_keeps_others_out_until_it_is_closed(void **state)
{
    (void)state;
    char run[80];
    char why[512];
    struct stat at;
    int first;
    int second;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    assert_true(hfi_place_take(endpoint, run, &first, why, sizeof why));
    assert_true(first >= 0);
    assert_int_equal(stat(run, &at), 0);
    assert_int_equal(at.st_mode & 07777, 0700);
    assert_false(hfi_place_take(endpoint, run, &second, why, sizeof why));
    assert_non_null(strstr(why, "x.sock: another manager serves there"));
    (void)close(first);
    assert_true(hfi_place_take(endpoint, run, &second, why, sizeof why));
    (void)close(second);
}

static void
what_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    char path[128];
    char file[140];
    char why[512];
    int fd;
    (void)snprintf(path, sizeof path, "%s/run", folder);
    (void)snprintf(file, sizeof file, "%s/precious", folder);
    shell_test_write(file, "data");
    char other[160];
    (void)snprintf(other, sizeof other, "ipc://%s", file);
    assert_false(hfi_place_take(other, path, &fd, why, sizeof why));
    assert_non_null(strstr(why, "something that is no socket stands there"));
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(unlink(file), 0);
}

static void
a_folder_open_to_others_is_refused(void **state)
{
    (void)state;
    char run[80];
    char why[512];
    int fd;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    assert_int_equal(chmod(run, 0755), 0);
    assert_false(hfi_place_take(endpoint, run, &fd, why, sizeof why));
    assert_non_null(strstr(why, "is open to others (mode 0755)"));
    assert_int_equal(chmod(run, 0700), 0);
}

static void
a_missing_folder_is_told(void **state)
{
    (void)state;
    char why[512];
    int fd;
    assert_false(hfi_place_take("ipc:///nowhere/at/all.sock", "/tmp", &fd, why, sizeof why));
    assert_non_null(strstr(why, "ipc:///nowhere/at/all.sock: No such file or directory"));
}

static void
others_need_no_place(void **state)
{
    (void)state;
    char why[512];
    int fd = 7;
    assert_true(hfi_place_take("tcp://127.0.0.1:1", "/tmp", &fd, why, sizeof why));
    assert_int_equal(fd, -1);
    assert_true(hfi_place_take("ipc://@abstract", "/tmp", &fd, why, sizeof why));
    assert_int_equal(fd, -1);
}

static int
remove_folder(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/run/x.sock.lock", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/run", folder);
    (void)rmdir(path);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_keeps_others_out_until_it_is_closed),
        cmocka_unit_test(what_is_no_socket_is_left_alone),
        cmocka_unit_test(a_folder_open_to_others_is_refused),
        cmocka_unit_test(a_missing_folder_is_told),
        cmocka_unit_test(others_need_no_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
