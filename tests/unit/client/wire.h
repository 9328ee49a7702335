/* SPDX-License-Identifier: MPL-2.0 */
/* wire -- a unix socket that hands on to another, byte for byte, until it is cut: every connection that runs through
 * it ends at once, and a new one may be made. */
#ifndef CLIENT_WIRE_H
#define CLIENT_WIRE_H

typedef struct wire wire_t;

/* Listens at path `from`, hands on to path `to`; aborts where that cannot be. */
wire_t *wire_open(const char *from, const char *to);
void wire_close(wire_t **self_p);

/* Ends the connections and waits until they are gone. [any] */
void wire_cut(wire_t *self);

#endif
