/* SPDX-License-Identifier: MPL-2.0 */
/* alarm -- a deadline that knows what it is inside of: all that the machine waits for is in one heap, so that what
 * is due together goes off in the order it was armed, whatever it is. */
#ifndef HFI_ALARM_H
#define HFI_ALARM_H

#include <stddef.h>

#include <base/deadline.h>

typedef enum hfi_alarm_kind {
    HFI_ALARM_PARKED = 1,  /* hfi_parked_t */
    HFI_ALARM_SESSION = 2, /* hfi_session_t.alarm: lease, grace, probe */
    HFI_ALARM_ACK = 3,     /* hfi_session_t.ack_alarm */
    HFI_ALARM_TIMER = 4,   /* hfi_timer_t */
    HFI_ALARM_DRAIN = 5,   /* hfi_state_t */
    HFI_ALARM_CYCLE = 6,   /* hfi_cycle_t */
    HFI_ALARM_PIN = 7,     /* hfi_pin_t */
    HFI_ALARM_FAR = 8,     /* hfi_far_t */
    HFI_ALARM_STUB = 9,    /* hfi_adoption_t */
} hfi_alarm_kind_t;

typedef struct hfi_alarm {
    hfi_deadline_t deadline;
    hfi_alarm_kind_t kind;
} hfi_alarm_t;

/* What an alarm is inside of. */
#define HFI_ALARM_OF(alarm_, type_, member_)                                                       \
    ((type_ *)(void *)((char *)(alarm_)-offsetof(type_, member_)))

#endif
