/* SPDX-License-Identifier: MPL-2.0 */
/* event -- ports of CPython's WithManagerTestEvent (2). */
#include "ports.h"

/* wait(timeout) gives what is expected, after at least so many seconds. */
static void
wait_gives(const hf_proxy_t *event, double timeout, bool expected, double least)
{
    double since = ports_now();
    assert_int_equal(ports_within(event, "wait", timeout), expected);
    ports_took(since, least);
}

/* Sets it once the test waits, or just before: either way the test's wait must end. */
static void
sets(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *event = ports_lookup(me, "event");
    WANT(!ports_within(event, "wait", 0.35)); /* so that the test most likely waits already */
    ports_do(event, "set");
}

static void
test_event(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *event =
        ports_share(self, "event", hf_create(self->client, "Event", ""));
    assert_false(ports_bool(event, "is_set"));
    wait_gives(event, 0.0, false, 0.0);
    wait_gives(event, 0.82, false, 0.82);
    ports_do(event, "set");
    assert_true(ports_bool(event, "is_set"));
    double since = ports_now();
    assert_true(ports_bool(event, "wait"));
    ports_took(since, 0.0);
    wait_gives(event, 60.0, true, 0.0);
    ports_do(event, "clear");
    assert_false(ports_bool(event, "is_set"));
    ports_process(self, "sets", 0);
    assert_true(ports_bool(event, "wait"));
    ports_join(self);
}

/* CPython's `<EventProxy object, typeid 'Event' at …`: it tells which, and nothing of its state. */
static void
test_repr(void **state)
{
    ports_t *self = *state;
    char expected[48];
    HF_AUTO_PROXY hf_proxy_t *event = hf_create(self->client, "Event", "");
    assert_string_equal(hf_proxy_typeid(event), "Event");
    (void)snprintf(expected, sizeof expected, "<Event #%llu>",
                   (unsigned long long)hf_proxy_object(event));
    char *text = ports_text(event, "repr");
    assert_string_equal(text, expected);
    free(text);
    ports_do(event, "set");
    text = ports_text(event, "repr");
    assert_string_equal(text, expected);
    free(text);
}

static const ports_role_t roles[] = {{"sets", sets}, {NULL, NULL}};
static const struct CMUnitTest tests[] = {
    PORT(Event, test_event),
    PORT(Event, test_repr),
};

PORTS_MAIN(roles, tests)
