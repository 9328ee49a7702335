/* SPDX-License-Identifier: MPL-2.0 */
/* bed -- what the plugins' tests lie on: holdfast/testing.h's manager with the shipped plugins in it, as they were built,
 * and words for what is said. Arguments are a JSON array, named ones a JSON object; answers come as testing.h's texts,
 * but that a handle is told without its number: "<list>".
 */
#ifndef TEST_BED_H
#define TEST_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/testing.h>

enum { BED_SESSIONS = 8 };

typedef struct bed {
    hf_testing_t *manager;
    hf_testing_session_t *session[BED_SESSIONS];
    uint32_t n_sessions;
    uint64_t handle; /* the object that the last answer gave */
    uint64_t start;  /* bytes of memory before anything was made */
    char text[96];
} bed_t;

/* One thing to do and what it must give. */
typedef struct bed_step {
    const char *method;
    const char *args;
    const char *answer;
} bed_step_t;

/* A bed with settings as hf_testing_boot's. Closing it ends all sessions and sees that nothing is left: no referent, no
 * parked call, no memory, no line in the log. */
bed_t *bed_open(const char *settings);
void bed_close(bed_t **self_p);

/* cmocka's setup and teardown: *state is a bed. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* The k-th type of the plugins in the bed; NULL past the last. */
const hf_type_t *bed_type(uint32_t k);
/* The same of the examples, which are in the bed too. */
const hf_type_t *bed_example(uint32_t k);

/* A referent made by session 0. */
uint64_t bed_new(bed_t *self, const char *typeid_, const char *args);
uint64_t bed_new_named(bed_t *self, const char *typeid_, const char *args, const char *named);

/* 0: its constructor refuses; the answer to session 0's last call says how. */
uint64_t bed_try_named(bed_t *self, const char *typeid_, const char *args, const char *named);

/* How the constructor refuses. */
const char *bed_refusal(bed_t *self, const char *typeid_, const char *args);

/* What session 0 is answered. */
const char *bed_call(bed_t *self, uint64_t object, const char *method, const char *args);
const char *bed_call_named(bed_t *self, uint64_t object, const char *method, const char *args,
                           const char *named);

/* Does the steps one after the other; fails where an answer is another one. */
void bed_run(bed_t *self, uint64_t object, const bed_step_t *steps, size_t n);
#define BED_STEPS(bed_, object_, ...)                                                              \
    do {                                                                                           \
        const bed_step_t bed_steps_[] = {__VA_ARGS__};                                             \
        bed_run((bed_), (object_), bed_steps_, sizeof bed_steps_ / sizeof bed_steps_[0]);          \
    } while (0)

/* Fails unless the call raises an error that comes with that value (its repr). */
void bed_data(bed_t *self, uint64_t object, const char *method, const char *args, const char *data);

/* Another session's number: 1, 2, …; and the referent in its hands too. */
uint32_t bed_session(bed_t *self);
void bed_share(bed_t *self, uint64_t object, uint32_t session);

/* Begins a call and gives its number; what is answered, by now. */
uint64_t bed_begin(bed_t *self, uint32_t session, uint64_t object, const char *method,
                   const char *args);
uint64_t bed_begin_named(bed_t *self, uint32_t session, uint64_t object, const char *method,
                         const char *args, const char *named);
const char *bed_answer(bed_t *self, uint32_t session, uint64_t call);

#endif
