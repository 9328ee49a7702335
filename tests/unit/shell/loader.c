/* SPDX-License-Identifier: MPL-2.0 */
/* loader -- only what nobody else could have changed is mapped, and what is mapped is a copy. Argument: a plugin. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <shell/loader.h>

static char folder[64];
static const char *plugin;

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
copy(const char *from, const char *to, mode_t mode)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0); // NOLINT: a test's own files
    assert_int_equal(chmod(to, mode), 0);
}

static int
make_folder(void **state)
{
    (void)state;
    shell_test_folder(folder, sizeof folder);
    (void)mkdir(path_of("run"), 0700);
    (void)mkdir(path_of("shop"), 0700);
    copy(plugin, path_of("shop/counter.so"), 0644);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); // NOLINT
}

static void
a_plugin_is_loaded_from_a_copy_named_by_its_hash(void **state)
{
    (void)state;
    char why[HFI_WHY] = "";
    hfi_loader_t *loader = hfi_loader_new(path_of("run"));
    const hfi_image_t *image = hfi_loader_load(loader, path_of("shop/counter.so"), why, sizeof why);
    assert_string_equal(why, "");
    assert_non_null(image);
    assert_string_equal(image->descriptor->name, "counter");
    assert_int_equal(image->descriptor->magic, HF_ABI_MAGIC);
    assert_int_equal(strlen(image->hash), HFI_IMAGE_HASH);
    assert_string_equal(image->path, path_of("shop/counter.so"));
    char name[128];
    struct stat at;
    (void)snprintf(name, sizeof name, "run/plugins/%s.so", image->hash);
    assert_int_equal(stat(path_of(name), &at), 0);
    assert_int_equal(at.st_mode & 07777, 0500);
    assert_ptr_equal(hfi_loader_find(loader, hfi_span_of(image->hash)), image->descriptor);
    assert_null(hfi_loader_find(loader, hfi_span_of("0000")));
    assert_ptr_equal(hfi_loader_load(loader, path_of("shop/counter.so"), why, sizeof why), image);
    assert_ptr_equal(hfi_loader_at(loader, 0), image);
    assert_null(hfi_loader_at(loader, 1));
    char other[HFI_IMAGE_HASH + 1];
    memset(other, 'a', HFI_IMAGE_HASH);
    other[HFI_IMAGE_HASH] = '\0';
    assert_true(hfi_loader_rename(loader, image->hash, other));
    assert_non_null(hfi_loader_find(loader, hfi_span_of(other)));
    assert_false(hfi_loader_rename(loader, "nobody", other));
    hfi_loader_destroy(&loader);
    assert_null(loader);
}

static void
refused(const char *path, const char *expected)
{
    char why[HFI_WHY] = "";
    hfi_loader_t *loader = hfi_loader_new(path_of("run"));
    assert_null(hfi_loader_load(loader, path, why, sizeof why));
    if (strstr(why, expected) == NULL)
        fail_msg("%s: said '%s', not '%s'", path, why, expected);
    assert_null(hfi_loader_at(loader, 0));
    hfi_loader_destroy(&loader);
}

static void
a_file_that_others_can_write_is_refused(void **state)
{
    (void)state;
    copy(plugin, path_of("shop/open.so"), 0646);
    refused(path_of("shop/open.so"), "shop/open.so can be written by others (mode 0646)");
    assert_int_equal(chmod(path_of("shop/open.so"), 0664), 0);
    refused(path_of("shop/open.so"), "can be written by others (mode 0664)");
}

static void
a_folder_that_others_can_write_is_refused_unless_sticky(void **state)
{
    (void)state;
    char why[HFI_WHY] = "";
    (void)mkdir(path_of("fair"), 0700);
    copy(plugin, path_of("fair/counter.so"), 0644);
    assert_int_equal(chmod(path_of("fair"), 0777), 0);
    refused(path_of("fair/counter.so"), "fair can be written by others (mode 0777)");
    assert_int_equal(chmod(path_of("fair"), 01777), 0);
    hfi_loader_t *loader = hfi_loader_new(path_of("run"));
    assert_non_null(hfi_loader_load(loader, path_of("fair/counter.so"), why, sizeof why));
    hfi_loader_destroy(&loader);
}

static void
what_belongs_to_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    copy(plugin, path_of("shop/theirs.so"), 0644);
    assert_int_equal(chown(path_of("shop/theirs.so"), 12345, 12345), 0);
    refused(path_of("shop/theirs.so"), "belongs to user 12345");
    (void)mkdir(path_of("home"), 0755);
    copy(plugin, path_of("home/counter.so"), 0644);
    assert_int_equal(chown(path_of("home"), 12345, 12345), 0);
    refused(path_of("home/counter.so"), "home belongs to user 12345");
    (void)mkdir(path_of("sticky"), 0755);
    copy(plugin, path_of("sticky/counter.so"), 0644);
    assert_int_equal(chmod(path_of("sticky"), 01777), 0);
    assert_int_equal(chown(path_of("sticky/counter.so"), 12345, 12345), 0);
    refused(path_of("sticky/counter.so"), "can be written by others");
}

static void
what_is_no_plugin_is_refused(void **state)
{
    (void)state;
    shell_test_write(path_of("shop/text.so"), "this is no library");
    assert_int_equal(chmod(path_of("shop/text.so"), 0644), 0);
    refused(path_of("shop/text.so"), "shop/text.so cannot be mapped: ");
    refused(path_of("shop/missing.so"), "No such file or directory");
    refused(path_of("shop"), "shop is no file");
    refused("/lib/x86_64-linux-gnu/libm.so.6", "it exports no hf_plugin");
    assert_int_equal(mkfifo(path_of("shop/fifo.so"), 0600), 0);
    refused(path_of("shop/fifo.so"), "is no file");
}

static void
a_link_is_followed_to_what_it_names(void **state)
{
    (void)state;
    char why[HFI_WHY] = "";
    assert_int_equal(symlink(path_of("shop/counter.so"), path_of("shop/link.so")), 0);
    hfi_loader_t *loader = hfi_loader_new(path_of("run"));
    const hfi_image_t *image = hfi_loader_load(loader, path_of("shop/link.so"), why, sizeof why);
    assert_non_null(image);
    assert_string_equal(image->path, path_of("shop/counter.so"));
    hfi_loader_destroy(&loader);
}

static void
a_run_folder_that_cannot_be_used_is_told(void **state)
{
    (void)state;
    char why[HFI_WHY] = "";
    hfi_loader_t *loader = hfi_loader_new(path_of("nowhere"));
    assert_null(hfi_loader_load(loader, path_of("shop/counter.so"), why, sizeof why));
    assert_non_null(strstr(why, "nowhere/plugins cannot be made: No such file or directory"));
    hfi_loader_destroy(&loader);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_is_loaded_from_a_copy_named_by_its_hash),
        cmocka_unit_test(a_file_that_others_can_write_is_refused),
        cmocka_unit_test(a_folder_that_others_can_write_is_refused_unless_sticky),
        cmocka_unit_test(what_belongs_to_another_user_is_refused),
        cmocka_unit_test(what_is_no_plugin_is_refused),
        cmocka_unit_test(a_link_is_followed_to_what_it_names),
        cmocka_unit_test(a_run_folder_that_cannot_be_used_is_told),
    };
    if (argc != 2)
        return 2;
    plugin = argv[1];
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
