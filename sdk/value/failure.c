/* SPDX-License-Identifier: MPL-2.0 */
/* failure -- see failure.h */
#include "failure.h"

#include <base/check.h>

#include "admit.h"

/* Cuts a text that did not fit where its last whole character ends. */
static void
failure_trim(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len - (start - 1) < want)
        text[start - 1] = '\0';
}

bool
hfi_fail(hfi_failure_t *self, const char *kind, const char *format, ...)
{
    HF_ASSERT(self != NULL && kind != NULL && format != NULL);
    *self = (hfi_failure_t){0};
    (void)snprintf(self->kind, sizeof self->kind, "%s", kind);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(self->text, sizeof self->text, format, args);
    va_end(args);
    if (len < 0)
        self->text[0] = '\0';
    else if ((size_t)len >= sizeof self->text)
        failure_trim(self->text, sizeof self->text - 1);
    return false;
}

bool
hfi_is_kind(const char *kind)
{
    if (kind == NULL || kind[0] == '\0')
        return false;
    size_t n = 0;
    while (n < sizeof((hfi_failure_t *)NULL)->kind && kind[n] > ' ' && kind[n] < 0x7f)
        n++;
    return n < sizeof((hfi_failure_t *)NULL)->kind && kind[n] == '\0';
}

void
hfi_format_sentence(char *text, size_t room, const char *format, va_list args)
{
    int len = vsnprintf(text, room, format, args);
    if (len < 0)
        text[0] = '\0';
    else if ((size_t)len >= room)
        failure_trim(text, room - 1);
    if (hfi_is_utf8(text, strlen(text)))
        return;
    for (char *at = text; *at != '\0'; at++)
        *at = (char)((unsigned char)*at < 0x80 ? *at : '?');
}
