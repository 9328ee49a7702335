/* SPDX-License-Identifier: MPL-2.0 */
/* tally_test -- a type's own test, outside: no manager, no socket. */
#include <holdfast/testing.h>

#include <stdio.h>
#include <string.h>

extern const hf_plugin_t hf_plugin;

static int
differ(const char *told, const char *wanted)
{
    if (strcmp(told, wanted) == 0)
        return 0;
    (void)fprintf(stderr, "told %s, wanted %s\n", told, wanted);
    return 1;
}

int
main(void)
{
    hf_testing_t *manager = hf_testing_new(&hf_plugin);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t tally = hf_testing_create(a, "Tally", "");
    int bad = differ(hf_testing_call(a, tally, "last", ""), "ValueError: nothing was marked yet");
    bad += differ(hf_testing_call(a, tally, "mark", "s", "word"), "1");
    bad += differ(hf_testing_call(a, tally, "mark", "s", "word"), "2");
    bad += differ(hf_testing_call(a, tally, "mark", "f", 0.5), "1");
    bad += differ(hf_testing_call(a, tally, "last", ""), "0.5");
    bad += differ(hf_testing_log(manager), "");
    hf_testing_destroy(&manager);
    return bad == 0 ? 0 : 1;
}
