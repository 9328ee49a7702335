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

#endif
