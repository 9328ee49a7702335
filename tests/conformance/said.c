/* SPDX-License-Identifier: MPL-2.0 */
/* said -- see said.h */
#define _POSIX_C_SOURCE 200809L

#include "said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/span.h>
#include <value/repr.h>

enum { SAID_CUT = 180 }; /* an error's text may be cut from here on: it is to fit a frame */

static const char parting[] = "\x1f";

/* Texts that need not be CPython's: the signature's TypeErrors and OverflowErrors, and what a sort could not compare
 * (which two are met first is the algorithm's own). */
static bool
differs_by_right(const char *kind, const char *got)
{
    if (strcmp(kind, "TypeError") != 0 && strcmp(kind, "OverflowError") != 0)
        return false;
    size_t name = strcspn(got, "() "); /* of the method, or the one in update_at */
    if (name > 0 && strncmp(got + name, "() ", 3) == 0)
        return true;
    return strncmp(got, "'<' not supported between instances of ", 39) == 0;
}

bool
said_alike(const char *kind, const char *text, const char *got)
{
    size_t len = strlen(kind);
    if (kind[0] == '=' || kind[0] == '~')
        return strcmp(text, got) == 0;
    if (strcmp(kind, "parked") == 0)
        return strcmp(got, kind) == 0;
    if (strncmp(got, kind, len) != 0 || strncmp(got + len, ": ", 2) != 0)
        return false;
    got += len + 2;
    if (strlen(got) > SAID_CUT)
        return strncmp(text, got, SAID_CUT) == 0;
    return strcmp(text, got) == 0 || differs_by_right(kind, got);
}

static int
text_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
said_sort(char *text)
{
    static char sorted[SAID_ROOM];
    char *piece[SAID_ITEMS];
    size_t n = 0, at = 0, len = strlen(text);
    char *rest = NULL;
    assert_true(len < sizeof sorted);
    for (char *next = strtok_r(text, parting, &rest); next != NULL;
         next = strtok_r(NULL, parting, &rest)) {
        assert_true(n < SAID_ITEMS);
        piece[n++] = next;
    }
    qsort(piece, n, sizeof piece[0], text_compare);
    for (size_t k = 0; k < n; k++) {
        size_t piece_len = strlen(piece[k]);
        if (k > 0)
            sorted[at++] = parting[0];
        memcpy(sorted + at, piece[k], piece_len);
        at += piece_len;
    }
    sorted[at] = '\0';
    memcpy(text, sorted, at + 1);
}

void
said_items(const hf_value_t *list, char *to, size_t room)
{
    hf_cursor_t cursor;
    hf_value_t item;
    size_t at = 0;
    to[0] = '\0';
    if (list == NULL || hf_kind(list) != HF_LIST)
        return;
    hf_open(&cursor, list);
    while (hf_next(&cursor, &item)) {
        hfi_bytes_t repr = {0};
        assert_true(hfi_repr(&item, &repr));
        assert_true(repr.len + 2 < room - at);
        if (at > 0)
            to[at++] = parting[0];
        memcpy(to + at, repr.at, repr.len);
        at += repr.len;
        to[at] = '\0';
        hfi_bytes_close(&repr);
    }
    said_sort(to);
}
