/* SPDX-License-Identifier: MPL-2.0 */
/* deployed -- a policy over a few types, with settings as JSON (in single quotes) and what is seen of them as text. */
#ifndef TEST_DEPLOYED_H
#define TEST_DEPLOYED_H

#include "given.h"

#include <stdlib.h>

#include <registry/policy.h>
#include <value/json.h>
#include <value/value.h>

typedef struct deployed {
    hfi_plugins_t *plugins;
    hfi_policy_t *policy;
    char why[1024];
    char said[4096]; /* complaints, a line each */
    char seen[1024];
} deployed_t;

/* cmocka's: *state is the deployed_t. */
int deployed_open(void **state);
int deployed_close(void **state);

/* Puts settings in force; the test fails where they are refused. */
void deployed_set(deployed_t *self, const char *json);

/* They are refused by check and by set, with these complaints, a line each: "PATH: SENTENCE". */
void deployed_refused(deployed_t *self, const char *json, const char *want);

/* What the role of that number sees of a type (0: who has none; -1: everything): "+new get ~set -repr": may create;
 * callable, denied, hidden. Good until the next. */
const char *deployed_seen(deployed_t *self, int role, const char *typeid_);

/* The same for a peer of that uid. */
const char *deployed_seen_by(deployed_t *self, int64_t uid, const char *typeid_);

/* What is said of a failure names the line. */
#define SEEN_BY_ROLE(role_, typeid_, want_)                                                        \
    assert_string_equal(deployed_seen(d, (role_), (typeid_)), (want_))
#define SEEN(typeid_, want_) SEEN_BY_ROLE(-1, typeid_, want_)
#define SEEN_BY_USER(uid_, typeid_, want_)                                                         \
    assert_string_equal(deployed_seen_by(d, (uid_), (typeid_)), (want_))

#define DEPLOYED_TEST(name_) cmocka_unit_test_setup_teardown(name_, deployed_open, deployed_close)

#endif
