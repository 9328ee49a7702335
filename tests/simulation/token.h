/* SPDX-License-Identifier: MPL-2.0 */
/* token -- the tokens that users have exported, and what may become of an adoption.
 *
 * Users know each other's tokens, as if they had written them down: any of them may adopt or revoke any. Their
 * secrets are chosen, so an adoption may even come before its export.
 *
 * | the token, when it is adopted                                 | the answer             |
 * | exported, its time not up, not revoked, its uses not spent    | what it was made for   |
 * | revoked, and the revoker knew before the adoption was made    | NoSuchObject           |
 * | else                                                          | either                 |
 */
#ifndef SIM_TOKEN_H
#define SIM_TOKEN_H

#include <holdfast/value.h>

#include "referee.h"

/* A token for objects (one, or two as a list) that the op exports; NULL: there is room for no more. */
sim_token_t *sim_token_add(sim_referee_t *self, const sim_op_t *op);

/* Any, or NULL. */
sim_token_t *sim_token_pick(sim_referee_t *self);

/* The k-th, of those that nothing but a revocation ends; NULL: there are not so many. */
sim_token_t *sim_token_endless(sim_referee_t *self, uint64_t k);

void sim_token_write_secret(const sim_referee_t *self, const sim_token_t *token, hf_writer_t *w);

/* An adoption, or a revocation, is put; or is taken back. */
void sim_token_adopt(sim_token_t *self, sim_op_t *op);
void sim_token_revoke(sim_token_t *self, sim_op_t *op);

/* The call that exports, adopts or revokes it is in its user's stream. */
void sim_token_put(sim_op_t *op);

/* How it ended: with that value; with NoSuchObject; or never, as far as its user knows. */
void sim_token_result(sim_referee_t *self, const sim_op_t *op, const hf_value_t *value);
void sim_token_none(sim_referee_t *self, const sim_op_t *op);
void sim_token_lost(sim_referee_t *self, const sim_op_t *op);

/* What its pin must do now, by what users did and heard, never by the machine's own tables.
 *
 * | holds   | exported; its time cannot be up, nobody can have revoked it, fewer uses than it has can be acknowledged
 * | gone    | never put or refused; revoked; its time must be up; its uses must be acknowledged
 * | perhaps | else: what is under way, or was lost with a session, decides
 */
typedef enum sim_pin { SIM_PIN_GONE = 0, SIM_PIN_HOLDS, SIM_PIN_PERHAPS } sim_pin_t;

sim_pin_t sim_token_pin(const sim_referee_t *self, const sim_token_t *token);

#endif
