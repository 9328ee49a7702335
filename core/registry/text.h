/* SPDX-License-Identifier: MPL-2.0 */
/* text -- what the names and sentences in a plugin's tables may be. */
#ifndef HFI_TEXT_H
#define HFI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { HFI_MAX_NAME_BYTES = 63 };

/* Of ASCII; _ is a letter. */
bool hfi_text_is_letter(char c);
bool hfi_text_is_digit(char c);

/* A word of ASCII letters, digits and _, beginning with a letter or _, of at most HFI_MAX_NAME_BYTES. NULL is none. */
bool hfi_text_is_name(const char *text);

/* A word as a name, in which . - and + may stand too, a digit first as well: a plugin's name or version. */
bool hfi_text_is_label(const char *text);

/* Which of two versions is the older: below 0 the first, above 0 the second, 0 neither. By Semantic Versioning: numbers
 * parted by dots; behind a - what comes before the release, behind a + what does not count. Letters go by bytes. */
int hfi_text_compare_versions(const char *a, const char *b);

/* Valid UTF-8, NUL-terminated. */
bool hfi_text_is_utf8(const char *text);

/* How many bytes of a text from outside go into a sentence, as %.*s takes them: at most 100, whole characters. */
int hfi_text_shown(const char *text, size_t len);

#endif
