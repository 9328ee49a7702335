/* SPDX-License-Identifier: MPL-2.0 */
/* endpoint -- see endpoint.h */
#include "endpoint.h"

#include <inttypes.h>
#include <string.h>

#include "check.h"

bool
hfi_endpoint_folder(const char *runtime, uint64_t uid, char *to, size_t room)
{
    HF_ASSERT(to != NULL);
    char folder[HFI_SOCKET_PATH];
    int n = runtime != NULL && runtime[0] == '/'
                ? snprintf(folder, sizeof folder, "%s/holdfast", runtime)
                : snprintf(folder, sizeof folder, "/tmp/holdfast-%" PRIu64, uid);
    if (n < 0 || (size_t)n >= sizeof folder || (size_t)n >= room)
        return false;
    memcpy(to, folder, (size_t)n + 1);
    return true;
}

bool
hfi_endpoint_default(const char *runtime, uint64_t uid, char *to, size_t room)
{
    HF_ASSERT(to != NULL);
    char folder[HFI_SOCKET_PATH];
    char endpoint[HFI_ENDPOINT_ROOM];
    if (!hfi_endpoint_folder(runtime, uid, folder, sizeof folder))
        return false;
    int n = snprintf(endpoint, sizeof endpoint, "ipc://%s/manager.sock", folder);
    if (n < 0 || (size_t)n >= sizeof endpoint || (size_t)n >= room)
        return false;
    memcpy(to, endpoint, (size_t)n + 1);
    return true;
}

/* ---- where others serve ------------------------------------------------------------------ */

static const char endpoint_ipc[] = "ipc://";
static const char endpoint_tcp[] = "tcp://";

enum { ENDPOINT_SCHEME = sizeof endpoint_ipc - 1, ENDPOINT_PORT_DIGITS = 5 };

static bool
endpoint_begins(const char *text, size_t len, const char *word, size_t word_len)
{
    return len >= word_len && memcmp(text, word, word_len) == 0;
}

static bool
endpoint_is_of(char c, const char *extra)
{
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_word || (c != '\0' && strchr(extra, c) != NULL);
}

/* Where the port's colon stands; 0: it is no HOST:PORT. */
static size_t
endpoint_colon(const char *text, size_t len)
{
    uint32_t port = 0;
    size_t at = len;
    size_t unit = 1;
    while (at > ENDPOINT_SCHEME && text[at - 1] >= '0' && text[at - 1] <= '9' &&
           len - at < ENDPOINT_PORT_DIGITS) {
        port += (uint32_t)(text[--at] - '0') * (uint32_t)unit;
        unit *= 10;
    }
    bool is_port = at < len && port != 0 && port <= UINT16_MAX;
    return is_port && at > ENDPOINT_SCHEME + 1 && text[at - 1] == ':' ? at - 1 : 0;
}

bool
hfi_endpoint_is_sound(const char *text, size_t len)
{
    bool is_tcp = endpoint_begins(text, len, endpoint_tcp, ENDPOINT_SCHEME);
    if (!is_tcp && !endpoint_begins(text, len, endpoint_ipc, ENDPOINT_SCHEME))
        return false;
    if (!is_tcp && (len == ENDPOINT_SCHEME || len - ENDPOINT_SCHEME >= HFI_SOCKET_PATH))
        return false;
    for (size_t i = ENDPOINT_SCHEME; i < len; i++) {
        bool is_fine = is_tcp ? endpoint_is_of(text[i], ".:-_[]") : (unsigned char)text[i] > ' ';
        if (!is_fine || text[i] == 0x7f)
            return false;
    }
    return !is_tcp || endpoint_colon(text, len) != 0;
}

/* 127.x.y.z; a name that begins so is none. */
static bool
endpoint_is_loopback(const char *host, size_t len)
{
    unsigned dots = 0;
    size_t digits = 0;
    if (!endpoint_begins(host, len, "127.", 4))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool is_dot = host[i] == '.';
        if ((!is_dot && (host[i] < '0' || host[i] > '9')) || (is_dot && digits == 0))
            return false;
        dots += is_dot;
        digits = is_dot ? 0 : digits + 1;
        if (digits > 3)
            return false;
    }
    return dots == 3 && digits != 0;
}

bool
hfi_endpoint_is_near(const char *text, size_t len)
{
    static const char six[] = "[::1]";
    if (endpoint_begins(text, len, endpoint_ipc, ENDPOINT_SCHEME))
        return true;
    const char *host = text + ENDPOINT_SCHEME;
    size_t host_len = endpoint_colon(text, len) - ENDPOINT_SCHEME;
    return endpoint_is_loopback(host, host_len) ||
           (host_len == sizeof six - 1 && memcmp(host, six, host_len) == 0);
}

bool
hfi_endpoint_is_under(const char *text, size_t len, const char *prefix, size_t prefix_len)
{
    if (!endpoint_begins(text, len, prefix, prefix_len))
        return false;
    if (!endpoint_begins(text, len, endpoint_tcp, ENDPOINT_SCHEME))
        return true;
    for (size_t i = prefix_len > ENDPOINT_SCHEME ? prefix_len : ENDPOINT_SCHEME; i < len; i++) {
        if ((text[i] < '0' || text[i] > '9') && text[i] != '.' && text[i] != ':')
            return false;
    }
    return true;
}
