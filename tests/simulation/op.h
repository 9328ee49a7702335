/* SPDX-License-Identifier: MPL-2.0 */
/* op -- the calls that users make: how each is put, and what may answer it. */
#ifndef SIM_OP_H
#define SIM_OP_H

#include "user.h"

#define SIM_OP_KINDS(X)                                                                            \
    X(SHARE, 0)                                                                                    \
    X(CREATE, 10)                                                                                  \
    X(CHAIN, 6)                                                                                    \
    X(GET_OR_CREATE, 4)                                                                            \
    X(BIND, 6)                                                                                     \
    X(LOOKUP, 9)                                                                                   \
    X(UNBIND, 4)                                                                                   \
    X(EXPORT, 6)                                                                                   \
    X(ADOPT, 12)                                                                                   \
    X(REVOKE, 1)                                                                                   \
    X(NAMES, 1)                                                                                    \
    X(COUNT, 1)                                                                                    \
    X(ADD, 8)                                                                                      \
    X(APPEND, 8)                                                                                   \
    X(APPEND_HANDLE, 7)                                                                            \
    X(LIST_POP, 6)                                                                                 \
    X(LIST_GET, 4)                                                                                 \
    X(LIST_ITER, 2)                                                                                \
    X(ITER_NEXT, 3)                                                                                \
    X(SET, 5)                                                                                      \
    X(SET_HANDLE, 5)                                                                               \
    X(DICT_GET, 4)                                                                                 \
    X(DICT_POP, 4)                                                                                 \
    X(PUT, 8)                                                                                      \
    X(PUT_HANDLE, 3)                                                                               \
    X(GET, 10)                                                                                     \
    X(GET_NOWAIT, 3)                                                                               \
    X(MARK, 14)                                                                                    \
    X(KEEP, 5)                                                                                     \
    X(GIVE, 5)                                                                                     \
    X(PARK, 6)                                                                                     \
    X(WAKE, 4)                                                                                     \
    X(ANSWER, 3)                                                                                   \
    X(FAIL, 2)                                                                                     \
    X(CHILD, 2)                                                                                    \
    X(MULL, 9)                                                                                     \
    X(PONDER, 5)                                                                                   \
    X(OWN, 2)                                                                                      \
    X(ARM, 2)                                                                                      \
    X(AFTER, 4)                                                                                    \
    X(WRONG, 2)                                                                                    \
    X(SUM, 0)                                                                                      \
    X(LIST_VALUE, 0)                                                                               \
    X(DICT_VALUE, 0)                                                                               \
    X(DRAIN, 0)                                                                                    \
    X(CLEAN, 0)                                                                                    \
    X(UNPIN, 0)

typedef enum sim_op_kind {
#define SIM_OP_KIND(name_, weight_) SIM_OP_##name_,
    SIM_OP_KINDS(SIM_OP_KIND)
#undef SIM_OP_KIND
        SIM_OP_N_KINDS,
} sim_op_kind_t;

const char *sim_op_word(const sim_op_t *op);

/* A kind by its weight. */
sim_op_kind_t sim_op_choose(sim_t *sim);

/* Puts a call of that kind into the user's engine. False: it has nothing to call, or the window is full. */
bool sim_op_put(sim_user_t *user, sim_op_kind_t kind);

/* The same for one that names a type or a name: SHARE (type), CLEAN (name), UNPIN (token). */
bool sim_op_put_with(sim_user_t *user, sim_op_kind_t kind, uint64_t which);

/* The call has an answer; fails a check where it is not its own. Borrows the value. */
void sim_op_result(sim_user_t *user, sim_op_t *op, const hf_value_t *value);
void sim_op_error(sim_user_t *user, sim_op_t *op, const hf_value_t *error);

sim_type_t sim_type_of(const char *typeid_, size_t len);

#endif
