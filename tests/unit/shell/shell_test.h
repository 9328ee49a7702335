/* SPDX-License-Identifier: MPL-2.0 */
/* shell_test -- what the shell's unit tests share: cmocka's includes, and a folder of one's own. */
#ifndef SHELL_TEST_H
#define SHELL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A new folder of mode 0700, its path into `to`; removed by whoever made it. */
static inline void
shell_test_folder(char *to, size_t room)
{
    (void)snprintf(to, room, "/tmp/hf-shell-XXXXXX");
    assert_non_null(mkdtemp(to));
}

static inline void
shell_test_write(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
}

#endif
