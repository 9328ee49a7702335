/* SPDX-License-Identifier: MPL-2.0 */
/* referent -- birth, holders, the list of those whose last holder went.
 *
 * A referent is one block: 48 bytes of ours, then the type's state. It lives while somebody holds it, and is
 * counted by who: sessions (one each, whatever their count), names, other referents (one for each handle stored),
 * calls, pins. The functions here only count; `reap` runs the type's destroy and buries.
 */
#ifndef HFI_REFERENT_H
#define HFI_REFERENT_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>
#include <registry/type.h>

#include "account.h"

typedef enum hfi_holder {
    HFI_HOLDER_SESSION = 0,
    HFI_HOLDER_NAME,
    HFI_HOLDER_REFERENT,
    HFI_HOLDER_CALL,
    HFI_HOLDER_PIN,
    HFI_HOLDERS,
} hfi_holder_t;

typedef struct hfi_referent {
    uint64_t number;
    hfi_type_t *type;
    uint64_t memory_bytes; /* what its functions allocated and kept */
    uint32_t holders[HFI_HOLDERS];
    uint32_t busy : 23; /* its calls that are woken or queued: who comes now waits behind them */
    uint32_t is_offloading : 1; /* one of its calls is: a thread reads its state, nobody writes */
    uint32_t is_listed : 1;     /* among those to be looked at by reap */
    uint32_t is_dying : 1;      /* its destroy runs, or has run */
    uint32_t is_stillborn : 1;  /* its create failed: destroy does not run */
    uint32_t is_suspect : 1;    /* of being held only by what it holds */
    uint32_t
        is_traced : 1; /* a search for cycles has met it, and nobody has held it or let it go since */
    uint32_t has_timers : 1;
    uint32_t has_tokens : 1;
    uint32_t is_watched : 1;
} hfi_referent_t;

_Static_assert(sizeof(hfi_referent_t) == 48, "48 bytes of ours, then self");

/* So many calls may be busy at once, at most. */
#define HFI_BUSY_MAX UINT64_C(4194304)

typedef struct hfi_referents {
    hfi_idtable_t table; /* number, address; in the order of birth, so by number */
    uint64_t last;       /* number given last; never used twice */
    hfi_account_t *account;
    uint64_t *listed; /* numbers of those to be looked at, oldest first from `listed_at` */
    uint32_t listed_at;
    uint32_t n_listed;
    uint32_t listed_room;
    uint64_t *
        suspects; /* numbers of those whose holders fell to referents alone, oldest first from `suspects_at` */
    uint32_t suspects_at;
    uint32_t n_suspects; /* behind suspects_at */
    uint32_t suspects_room;
} hfi_referents_t;

void hfi_referents_open(hfi_referents_t *self, hfi_account_t *account);

/* All must have been buried. */
void hfi_referents_close(hfi_referents_t *self);

/* Gives a referent with a zeroed state, held by nobody and so on the list; NULL: the memory limit. */
hfi_referent_t *hfi_referents_birth(hfi_referents_t *self, hfi_type_t *type);

/* Borrows it, or NULL; one whose destroy runs is not found. */
hfi_referent_t *hfi_referents_find(const hfi_referents_t *self, uint64_t number);

/* The one behind `number` (0: the first) by number, or NULL. */
hfi_referent_t *hfi_referents_next(const hfi_referents_t *self, uint64_t number);

/* One holder more. */
void hfi_referents_hold(hfi_referent_t *referent, hfi_holder_t by);

/* One fewer; false: there was none of that kind. The last one's end puts it on the list. */
bool hfi_referents_unhold(hfi_referents_t *self, hfi_referent_t *referent, hfi_holder_t by);

bool hfi_referent_is_held(const hfi_referent_t *self);
bool hfi_referent_is_only_held_by_referents(const hfi_referent_t *self);

/* The next whose holders fell to referents alone since it was taken last, and still are; false: there is none. */
bool hfi_referents_take_suspect(hfi_referents_t *self, uint64_t *ret_number);

/* The next on the list that nobody holds, marked dying, or NULL. The caller destroys and buries it. */
hfi_referent_t *hfi_referents_take_dead(hfi_referents_t *self);

/* Takes the referent: out of the table, freed, given back to the account. */
void hfi_referents_bury(hfi_referents_t *self, hfi_referent_t **referent_p);

/* The type's state. */
static inline void *
hfi_referent_self(hfi_referent_t *self)
{
    return self + 1;
}

/* Bytes of the block, as asked for. */
uint64_t hfi_referent_size(const hfi_type_t *type);

#endif
