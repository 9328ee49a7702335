/* SPDX-License-Identifier: MPL-2.0 */
/* symbols -- a plugin's symbols are read from its bytes, and no bytes lead outside them. Argument: a plugin. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <elf.h>

#include <shell/symbols.h>

static uint8_t *plugin;
static size_t plugin_len;

/* Reads all there is, at exactly as many bytes as there are: a sanitizer sees a step outside. */
static unsigned
walk(const uint8_t *bytes, size_t len, bool *ret_has_descriptor)
{
    char why[256] = "";
    hfi_symbols_t symbols;
    hfi_symbol_t symbol;
    unsigned n = 0;
    uint8_t *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    bool is_open = hfi_symbols_open(&symbols, (hfi_span_t){copy, len}, why, sizeof why);
    assert_true(is_open || why[0] != '\0');
    for (uint64_t k = 0; hfi_symbols_at(&symbols, k, &symbol); k++) {
        n += (unsigned)(strlen(symbol.name) > 0);
        if (symbol.is_defined && strcmp(symbol.name, "hf_plugin") == 0)
            *ret_has_descriptor = true;
    }
    for (uint64_t k = 0; hfi_symbols_needed(&symbols, k) != NULL; k++)
        n += (unsigned)(strlen(hfi_symbols_needed(&symbols, k)) > 0);
    free(copy);
    return n;
}

static void
a_plugin_s_symbols_are_found(void **state)
{
    (void)state;
    bool has_descriptor = false;
    assert_true(walk(plugin, plugin_len, &has_descriptor) > 1);
    assert_true(has_descriptor);
}

static void
a_file_that_was_cut_is_read_to_its_end(void **state)
{
    (void)state;
    bool ignored;
    for (size_t len = 0; len < plugin_len; len += len < 4096 ? 7 : 251)
        (void)walk(plugin, len, &ignored);
}

/* Offsets, sizes and links become anything: those of the head and of the sections more often than others. */
static void
a_file_that_was_tampered_with_is_read_within(void **state)
{
    (void)state;
    bool ignored;
    uint64_t chance = 1;
    Elf64_Ehdr head;
    uint8_t *bytes = malloc(plugin_len);
    assert_non_null(bytes);
    memcpy(&head, plugin, sizeof head);
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, plugin, plugin_len);
        for (int k = 0; k < 1 + round % 3; k++) {
            chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            size_t at = (size_t)(chance >> 33) % plugin_len;
            if (round % 4 == 0)
                at %= sizeof head;
            else if (round % 4 != 3)
                at = head.e_shoff + at % (plugin_len - head.e_shoff);
            bytes[at] = (uint8_t)((chance >> 24) % 3 == 0 ? 0xff : chance >> 16);
        }
        (void)walk(bytes, plugin_len, &ignored);
    }
    free(bytes);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_s_symbols_are_found),
        cmocka_unit_test(a_file_that_was_cut_is_read_to_its_end),
        cmocka_unit_test(a_file_that_was_tampered_with_is_read_within),
    };
    FILE *from = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (from == NULL)
        return 2;
    plugin = malloc(1 << 24);
    plugin_len = plugin == NULL ? 0 : fread(plugin, 1, 1 << 24, from);
    (void)fclose(from);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(plugin);
    return failed;
}
