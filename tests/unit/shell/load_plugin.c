/* SPDX-License-Identifier: MPL-2.0 */
/* load_plugin -- load_plugin maps what lies below a folder that the settings name, by its real path, and nothing else.
 * Argument: a plugin. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <shell/load_plugin.h>
#include <value/admit.h>
#include <value/writer.h>

enum { MAPPED, DENIED, REFUSED };

static char folder[64];
static const char *plugin;
static hfi_settings_t *settings;
static hfi_loader_t *loader;

static char *
path_of(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *to = path[turn++ % 4];
    (void)snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static void
copy(const char *to)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "cp '%s' '%s' && chmod 644 '%s'", plugin, to, to);
    assert_int_equal(system(command), 0); // NOLINT: a test's own files
}

/* What is said with that status. */
static const char *
said(const char *path, int32_t status)
{
    static char text[512];
    size_t len = 0;
    hf_value_t value;
    hfi_bytes_t asked = {0};
    hfi_bytes_t answer = {0};
    hfi_bytes_t scratch = {0};
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &asked);
    hf_write_str(&out.w, path, strlen(path));
    assert_true(hfi_bytes_writer_close(&out));
    int32_t given = hfi_load_plugin(settings, loader, hfi_bytes_span(&asked), &answer);
    assert_int_equal(hfi_admit_value(hfi_bytes_span(&answer), 2, &scratch, &value, NULL),
                     HFI_ADMIT_OK);
    const char *at = hf_as_str(&value, &len);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s", (int)len, at);
    if (given != status)
        fail_msg("%s: status %d, not %d: %s", path, (int)given, (int)status, text);
    hfi_bytes_close(&asked);
    hfi_bytes_close(&answer);
    hfi_bytes_close(&scratch);
    return text;
}

static void
denied(const char *path)
{
    assert_non_null(strstr(said(path, DENIED), "is no file in a folder that plugin_dir names"));
}

static int
open_shop(void **state)
{
    (void)state;
    shell_test_folder(folder, sizeof folder);
    (void)mkdir(path_of("run"), 0700);
    (void)mkdir(path_of("shop"), 0755);
    (void)mkdir(path_of("shopping"), 0755);
    (void)mkdir(path_of("shop/deep"), 0755);
    copy(path_of("shop/a.so"));
    copy(path_of("shop/deep/b.so"));
    copy(path_of("shopping/c.so"));
    copy(path_of("d.so"));
    settings = hfi_settings_new();
    loader = hfi_loader_new(path_of("run"));
    assert_true(settings != NULL && loader != NULL);
    return 0;
}

static int
close_shop(void **state)
{
    (void)state;
    char command[128];
    hfi_settings_destroy(&settings);
    hfi_loader_destroy(&loader);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); // NOLINT
}

static void
allow(const char *name)
{
    static char path[256];
    static char *one[] = {path};
    (void)snprintf(path, sizeof path, "%s", path_of(name));
    settings->plugin_dirs = (hfi_texts_t){.at = one, .n = 1};
}

/* The settings do not own what `allow` gave them. */
static void
forget(void)
{
    settings->plugin_dirs = (hfi_texts_t){0};
}

static void
no_folder_is_allowed_unless_it_is_named(void **state)
{
    (void)state;
    assert_non_null(strstr(said(path_of("shop/a.so"), DENIED), "names no plugin_dir"));
    allow("absent");
    denied(path_of("shop/a.so"));
    forget();
}

static void
what_is_below_is_mapped(void **state)
{
    (void)state;
    char hash[HFI_IMAGE_HASH + 1];
    allow("shop/");
    (void)snprintf(hash, sizeof hash, "%s", said(path_of("shop/a.so"), MAPPED));
    assert_int_equal(strlen(hash), HFI_IMAGE_HASH);
    assert_string_equal(said(path_of("shop/deep/b.so"), MAPPED), hash);
    assert_string_equal(said(path_of("shopping/../shop/a.so"), MAPPED), hash);
    assert_int_equal(symlink(path_of("shop/a.so"), path_of("link.so")), 0);
    assert_string_equal(said(path_of("link.so"), MAPPED), hash); /* its real path is below */
    forget();
}

static void
what_is_elsewhere_is_denied(void **state)
{
    (void)state;
    allow("shop");
    assert_int_equal(symlink(path_of("d.so"), path_of("shop/out.so")), 0);
    assert_int_equal(symlink(path_of("shopping"), path_of("shop/aside")), 0);
    denied(path_of("d.so"));
    denied(path_of("shop"));
    denied(path_of("shop/../d.so"));
    denied(path_of("shop/out.so"));
    denied(path_of("shop/aside/c.so"));
    denied(path_of("shopping/c.so"));
    denied(path_of("shop/absent.so"));
    denied("/etc/shadow");
    denied("/nowhere/at all");
    denied("");
    forget();
}

static void
what_others_could_write_is_refused(void **state)
{
    (void)state;
    allow("shop");
    assert_int_equal(chmod(path_of("shop/a.so"), 0664), 0);
    assert_non_null(strstr(said(path_of("shop/a.so"), REFUSED), "a.so can be written by others"));
    assert_int_equal(chmod(path_of("shop/a.so"), 0644), 0);
    assert_int_equal(chmod(path_of("shop"), 0775), 0);
    assert_non_null(strstr(said(path_of("shop/a.so"), REFUSED), "shop can be written by others"));
    assert_non_null(strstr(said(path_of("shop/deep/b.so"), REFUSED), "shop can be written"));
    assert_int_equal(chmod(path_of("shop"), 01777), 0);
    (void)said(path_of("shop/a.so"), MAPPED);
    assert_int_equal(chmod(path_of("shop"), 0755), 0);
    forget();
}

static void
folders_are_absolute(void **state)
{
    (void)state;
    static hfi_complaints_t complaints;
    char relative[] = "shop";
    char *one[] = {relative};
    unsigned lines[] = {7};
    assert_true(hfi_load_plugin_check(settings, &complaints));
    settings->plugin_dirs = (hfi_texts_t){.at = one, .lines = lines, .n = 1};
    assert_false(hfi_load_plugin_check(settings, &complaints));
    assert_int_equal(complaints.at[0].line, 7);
    assert_string_equal(complaints.at[0].text, "plugin_dir shop: it must be absolute");
    allow("shop");
    assert_true(hfi_load_plugin_check(settings, &complaints));
    forget();
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_folder_is_allowed_unless_it_is_named, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(what_is_below_is_mapped, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(what_is_elsewhere_is_denied, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(what_others_could_write_is_refused, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(folders_are_absolute, open_shop, close_shop),
    };
    if (argc != 2)
        return 2;
    plugin = argv[1];
    (void)umask(022);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
