/* SPDX-License-Identifier: MPL-2.0 */
/* endpoint -- where a manager serves when nobody says otherwise: one rule for both ends.
 *
 * The socket is RUNTIME/holdfast/manager.sock, RUNTIME being $XDG_RUNTIME_DIR where that is an absolute path,
 * or else /tmp/holdfast-UID/manager.sock. Its folder is made with mode 0700 by the manager; both ends use it
 * only while it belongs to their user (or, for a client, to root) and nobody else may write in it.
 *
 * Text in, text out: the environment and the file system are the caller's.
 */
#ifndef HFI_ENDPOINT_H
#define HFI_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest socket path, its NUL included (sun_path), and of "ipc://" and it. */
enum { HFI_SOCKET_PATH = 108, HFI_ENDPOINT_ROOM = HFI_SOCKET_PATH + 6 };

/* The folder; `runtime` is the value of XDG_RUNTIME_DIR or NULL. False: it does not fit, nothing is written. */
bool hfi_endpoint_folder(const char *runtime, uint64_t uid, char *to, size_t room);

/* The endpoint, "ipc://" and the socket's path. False: the path is too long for a socket. */
bool hfi_endpoint_default(const char *runtime, uint64_t uid, char *to, size_t room);

/* Whether the text is an endpoint to connect to, as libzmq reads it: ipc://PATH or tcp://HOST:PORT, with nothing in it
 * that stands for something else (a source address, a wildcard, a blank). */
bool hfi_endpoint_is_sound(const char *text, size_t len);

/* Whether a sound endpoint is on this computer: ipc, or tcp to a loopback address. */
bool hfi_endpoint_is_near(const char *text, size_t len);

/* Whether a sound endpoint begins with the prefix and, for tcp, has behind it nothing but numbers, dots and colons: so
 * "tcp://10.1." lets in addresses of that net, and no name that begins so. */
bool hfi_endpoint_is_under(const char *text, size_t len, const char *prefix, size_t prefix_len);

#endif
