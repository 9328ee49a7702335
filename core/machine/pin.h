/* SPDX-License-Identifier: MPL-2.0 */
/* pin -- exported tokens: what each names, and for how long it holds that.
 *
 * A token holds its referents (it pins them) until its time is up or its uses are spent; after that it holds nothing
 * and may still be adopted while all of them live. A weak one holds nothing from the start. A token whose referent
 * has died is forgotten: nobody can tell it from one that never was.
 *
 *   exported   with a pin          spent        revoked, or one of its referents died
 *   ---------> held    ---------> weak  -----> forgotten
 *              without a pin ---> weak
 *
 * Peers choose secrets, so the table's numbers are their keyed hashes, and whoever knows a hash is asked for the
 * secret itself in constant time.
 */
#ifndef HFI_PIN_H
#define HFI_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include <base/deadline.h>
#include <base/idtable.h>
#include <base/siphash.h>
#include <stream/frame.h>

#include "account.h"
#include "alarm.h"
#include "referent.h"

typedef struct hfi_pin hfi_pin_t;

/* One referent of a token; it lies in the list of all tokens of that referent. */
typedef struct hfi_pinned {
    hfi_pin_t *pin;
    hfi_referent_t *referent; /* lives as long as this does */
    struct hfi_pinned *next;  /* of the same referent, newest first */
    struct hfi_pinned *prev;
} hfi_pinned_t;

struct hfi_pin {
    hfi_alarm_t alarm; /* the pin's end; idle: none is set */
    uint64_t number;   /* this manager's own for it, never used twice */
    uint64_t hash;     /* its row among the secrets */
    hfi_secret_t secret;
    uint64_t uses; /* adoptions to be acknowledged until the pin ends; 0: they are not counted */
    bool is_holding;
    bool is_spent; /* among those that held once */
    bool is_list;  /* one token for several: adoption answers a list */
    uint32_t n;
    hfi_pin_t *newer; /* among the spent */
    hfi_pin_t *older;
    hfi_pinned_t items[];
};

typedef struct hfi_pins {
    hfi_idtable_t table;   /* number, address; in the order exported */
    hfi_idtable_t secrets; /* keyed hash of the secret, address */
    hfi_idtable_t of;      /* object, its first hfi_pinned_t */
    hfi_siphash_key_t key;
    hfi_account_t *account;
    hfi_referents_t *referents;
    hfi_deadlines_t *deadlines;
    uint64_t last;
    hfi_pin_t *oldest_spent;
    hfi_pin_t *newest_spent;
} hfi_pins_t;

/* All borrowed, and outlive it. */
void hfi_pins_open(hfi_pins_t *self, hfi_account_t *account, hfi_referents_t *referents,
                   hfi_deadlines_t *deadlines);
/* All tokens are forgotten. */
void hfi_pins_close(hfi_pins_t *self);

/* What an export asks for. */
typedef struct hfi_export {
    hfi_secret_t secret;
    hfi_referent_t *const *referents; /* alive, the same one twice if need be */
    uint32_t n;
    bool is_list;
    bool is_holding;
    uint64_t uses; /* 0: not counted */
} hfi_export_t;

/* Adds a token of a secret that is not there yet, with its pin and no alarm. NULL: the memory limit. */
hfi_pin_t *hfi_pins_add(hfi_pins_t *self, const hfi_export_t *what);

/* Borrows, or NULL: no token has that secret. */
hfi_pin_t *hfi_pins_find(const hfi_pins_t *self, const hfi_secret_t *secret);

/* Borrows the token of that number, or NULL: it is forgotten. */
hfi_pin_t *hfi_pins_at(const hfi_pins_t *self, uint64_t number);

/* Whether a token of that secret cannot be added: there is one, or one that hashes alike. */
bool hfi_pins_is_taken(const hfi_pins_t *self, const hfi_secret_t *secret);

/* Its pin ends; the token stays, weak. Ended already is fine. */
void hfi_pins_spend(hfi_pins_t *self, hfi_pin_t *pin);

/* An adoption by the token of that number was acknowledged; the last that it was to pin for ends its pin. */
void hfi_pins_count_use(hfi_pins_t *self, uint64_t number);

/* Takes the token away for good, and its pin. */
void hfi_pins_forget(hfi_pins_t *self, hfi_pin_t *pin);

/* Forgets the token whose pin ended first; false: there is none. */
bool hfi_pins_forget_spent(hfi_pins_t *self);

/* The referent dies: its tokens hold nothing, and are forgotten. */
void hfi_pins_forget_of(hfi_pins_t *self, hfi_referent_t *referent);

/* Forgets all, and lets go what they held. */
void hfi_pins_forget_all(hfi_pins_t *self);

/* The first of the referent's tokens, newest first; NULL: it has none. */
const hfi_pinned_t *hfi_pins_of(const hfi_pins_t *self, const hfi_referent_t *referent);

#endif
