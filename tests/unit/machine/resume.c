/* SPDX-License-Identifier: MPL-2.0 */
/* resume -- what a session is told again on its new connection. */
#include "rig.h"
#include "trial.h"

/* WELCOME's `received` acknowledges nothing. A client whose window is full of oneway calls gets no answer that could
 * carry the acknowledgement, so the one that was lost with the connection must be said again. */
static void
r2_an_acknowledgement_lost_with_its_connection_is_said_again(void **state)
{
    (void)state;
    rig_client_t client;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_connect(rig, &client, 1);
    (void)rig_put_call(&client, 0, "names", "[]", "{\"oneway\": true}");
    rig_send(&client);
    rig_pass(rig, 0.2);
    assert_string_equal(rig_said(rig, 1), "ACK seq=1 ack=1\n");
    rig_down(rig, 1, false);
    assert_string_equal(rig_resume(&client, 2), "WELCOME resumed received=1\nREWIND after=0\n");
    rig_pass(rig, 0.2);
    assert_string_equal(rig_said(rig, 2), "ACK seq=1 ack=1\n");
    rig_pass(rig, 0.2);
    assert_string_equal(rig_said(rig, 2), ""); /* once */
    rig_close(&client);
    rig_destroy(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r2_an_acknowledgement_lost_with_its_connection_is_said_again),
    };
    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
