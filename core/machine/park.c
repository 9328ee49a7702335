/* SPDX-License-Identifier: MPL-2.0 */
/* park -- see park.h
 *
 * Six exits
 *
 * A record begins when a call cannot be answered at once, and ends once, by whichever of these comes first:
 *
 *   wake               hf_wake: it runs again, answers or parks again at its old place
 *                      hf_take_parked: the waker answers it
 *   deadline           hf_park's seconds: the row's timed_out answers, else TimeoutError
 *                      CALL's timeout: TimeoutError
 *   cancel             CANCEL: the error Cancelled
 *   session's end      nobody is answered
 *   referent's end     only with the manager's own: a parked call holds its referent, so it cannot die before
 *   shutdown           all sessions end
 *
 * Each exit takes the record out of its list, stops its alarm and takes its number off the session's pending ones
 * before anything of a plugin runs, so a second exit finds nothing. Where the call had started and it is not the
 * plugin that answers, the type's `gone` hook hears of it.
 *
 * Why a slab of chunks. A hf_waiters_t in a plugin's state holds indices, so that state can be saved; arguments
 * that are inline lie in the record itself and a method looks at them while others park, so records never move.
 */
#include "park.h"

#include <stdlib.h>

#include <base/check.h>

void
hfi_parks_open(hfi_parks_t *self)
{
    *self = (hfi_parks_t){0};
}

void
hfi_parks_close(hfi_parks_t *self)
{
    HF_ASSERT(self->n == 0);
    for (uint32_t i = 0; i < self->n_chunks; i++)
        free(self->chunks[i]);
    free(self->chunks);
    *self = (hfi_parks_t){0};
}

static void
parks_grow(hfi_parks_t *self)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers grows by a pointer */
    self->chunks = hfi_need_more(self->chunks, (size_t)(self->n_chunks + 1) * sizeof *self->chunks);
    hfi_parked_t *chunk = hfi_need(HFI_PARKS_CHUNK * sizeof *chunk);
    self->chunks[self->n_chunks] = chunk;
    uint32_t first = self->n_chunks * HFI_PARKS_CHUNK + 1;
    for (uint32_t i = HFI_PARKS_CHUNK; i > 0; i--) {
        chunk[i - 1].place = first + i - 1;
        chunk[i - 1].next = self->free;
        self->free = first + i - 1;
    }
    self->n_chunks++;
}

hfi_parked_t *
hfi_parks_take(hfi_parks_t *self)
{
    if (self->free == 0)
        parks_grow(self);
    uint32_t place = self->free;
    hfi_parked_t *record = hfi_parks_at(self, place);
    self->free = record->next;
    *record = (hfi_parked_t){.place = place, .alarm = {.kind = HFI_ALARM_PARKED}};
    self->n++;
    return record;
}

void
hfi_parks_give(hfi_parks_t *self, hfi_parked_t *record)
{
    HF_ASSERT(record->state != HFI_PARKED_FREE && record->alarm.deadline.place == 0);
    record->state = HFI_PARKED_FREE;
    record->next = self->free;
    self->free = record->place;
    self->n--;
}

static bool
parks_has(const hfi_parks_t *self, uint32_t place)
{
    return place != 0 && place <= self->n_chunks * HFI_PARKS_CHUNK &&
           hfi_parks_at(self, place)->state == HFI_PARKED_PARKED;
}

bool
hfi_waiters_are_sound(const hfi_parks_t *self, const hf_waiters_t *list)
{
    if (list->count == 0)
        return list->first == 0 && list->last == 0;
    return parks_has(self, list->first) && parks_has(self, list->last) &&
           hfi_parks_at(self, list->first)->prev == 0 && hfi_parks_at(self, list->last)->next == 0;
}

/* Puts it behind `prev` (0: at the head). */
static void
waiters_link(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record, uint32_t prev)
{
    record->prev = prev;
    record->next = prev == 0 ? list->first : hfi_parks_at(self, prev)->next;
    if (prev == 0)
        list->first = record->place;
    else
        hfi_parks_at(self, prev)->next = record->place;
    if (record->next == 0)
        list->last = record->place;
    else
        hfi_parks_at(self, record->next)->prev = record->place;
    list->count++;
}

void
hfi_waiters_append(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record)
{
    /* WALK park 3/6: behind those that came before it */
    waiters_link(self, list, record, list->last);
}

void
hfi_waiters_prepend(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record)
{
    waiters_link(self, list, record, 0);
}

void
hfi_waiters_insert(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record)
{
    /* From both ends at once: what was woken belongs near the head, what was woken with all others at the tail. */
    uint32_t prev = list->last;
    uint32_t next = list->first;
    while (prev != 0 && hfi_parks_at(self, prev)->order > record->order) {
        if (hfi_parks_at(self, next)->order > record->order) {
            prev = hfi_parks_at(self, next)->prev;
            break;
        }
        prev = hfi_parks_at(self, prev)->prev;
        next = hfi_parks_at(self, next)->next;
    }
    waiters_link(self, list, record, prev);
}

void
hfi_waiters_remove(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record)
{
    /* The list is in a plugin's hands: what is not as we left it is left as it is. */
    if (record->prev != 0)
        hfi_parks_at(self, record->prev)->next = record->next;
    else if (list->first == record->place)
        list->first = record->next;
    if (record->next != 0)
        hfi_parks_at(self, record->next)->prev = record->prev;
    else if (list->last == record->place)
        list->last = record->prev;
    record->next = 0;
    record->prev = 0;
    if (list->count > 0)
        list->count--;
}

hfi_parked_t *
hfi_waiters_take(hfi_parks_t *self, hf_waiters_t *list)
{
    if (list->count == 0)
        return NULL;
    hfi_parked_t *record = hfi_parks_at(self, list->first);
    hfi_waiters_remove(self, list, record);
    return record;
}

hf_waiters_t *
hfi_parked_waiters(const hfi_parked_t *self)
{
    return (hf_waiters_t *)(void *)((uint8_t *)hfi_referent_self(self->home) + self->waiters);
}
