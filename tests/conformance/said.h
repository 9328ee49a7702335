/* SPDX-License-Identifier: MPL-2.0 */
/* said -- whether what a referent said is what CPython said. */
#ifndef CONFORMANCE_SAID_H
#define CONFORMANCE_SAID_H

#include <stdbool.h>
#include <stddef.h>

#include <holdfast/value.h>

enum { SAID_ROOM = 1 << 17, SAID_ITEMS = 2048 };

/* Whether `got` is the text, or "kind: text" where kind is no "=" or "~"; or differs from it by right. */
bool said_alike(const char *kind, const char *text, const char *got);

/* Sorts the pieces of a text that are parted by \x1f. */
void said_sort(char *text);

/* The reprs of a list's items, so parted and sorted; NULL: nothing. */
void said_items(const hf_value_t *list, char *to, size_t room);

#endif
