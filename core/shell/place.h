/* SPDX-License-Identifier: MPL-2.0 */
/* place -- an ipc endpoint's file is ours alone: one manager a socket, a dead one's is taken over.
 *
 * libzmq unlinks whatever stands at the path before it binds. So a lock on PATH.lock says whether a manager lives
 * there, and anything that is no socket is left alone.
 *
 * Thread: one at a time.
 */
#ifndef HFI_PLACE_H
#define HFI_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Locks the endpoint's place (ipc with a path; others need none: *ret_fd is -1). The lock lasts until the
 * descriptor is closed. `folder`: our default folder, made if the socket lies in it. False with why. */
bool hfi_place_take(const char *endpoint, const char *folder, int *ret_fd, char *why,
                    size_t why_room);

/* Lets every user of this computer connect to the socket at an ipc endpoint with a path. False with why. */
bool hfi_place_share(const char *endpoint, char *why, size_t why_room);

#endif
