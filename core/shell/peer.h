/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- who is at the other end: libzmq's Peer-Address read, processes watched for their end.
 *
 * Thread: the loop's.
 */
#ifndef HFI_PEER_H
#define HFI_PEER_H

#include <machine/event.h>

/* Makes a peer of a connection's Peer-Address (NULL: none) and User-Id (NULL: none), both of which it borrows.
 * "localhost:UID:GID:PID", which libzmq has from the kernel, gives uid and pid; they stay unknown for all else. */
void hfi_peer_read(const char *address, const char *user, hfi_peer_t *ret_peer);

/* Watched processes, behind one descriptor that polls readable when any has ended. */
typedef struct hfi_peers hfi_peers_t;

/* NULL: no memory, or no descriptor left. */
hfi_peers_t *hfi_peers_new(void);
void hfi_peers_destroy(hfi_peers_t **self_p);

/* The descriptor to poll; borrowed. */
int hfi_peers_fd(const hfi_peers_t *self);

/* Watches the process on behalf of the link, instead of what was watched for it before. False: it is dead
 * already; where it cannot be watched (no right, no descriptor), it is not, and the answer is true. */
bool hfi_peers_watch(hfi_peers_t *self, uint64_t link, int64_t pid);

/* Whether a process is watched on behalf of the link. */
bool hfi_peers_is_watched(const hfi_peers_t *self, uint64_t link);

/* Forgets the link; one that is not there is fine. */
void hfi_peers_forget(hfi_peers_t *self, uint64_t link);

/* Takes a link whose process has ended, 0: none. */
uint64_t hfi_peers_take_dead(hfi_peers_t *self);

#endif
