/* SPDX-License-Identifier: MPL-2.0 */
/* marker ENDPOINT -- a program built outside: marks a word three times on a Tally, says how often, and what was last. */
#include <holdfast/holdfast.h>

#include <stdio.h>
#include <stdlib.h>

static int
mark(const hf_proxy_t *tally)
{
    int64_t streak = 0;
    for (int k = 0; k < 3; k++) {
        if (hf_call_into(tally, "mark", "s", "word", "i", &streak) != 0)
            return -1;
    }
    char *last = NULL;
    if (hf_call_into(tally, "last", "", "s", &last) != 0)
        return -1;
    (void)printf("%d times %s\n", (int)streak, last);
    free(last);
    return 0;
}

int
main(int argc, char **argv)
{
    hf_client_t *client = hf_connect(argc > 1 ? argv[1] : NULL, NULL);
    hf_proxy_t *tally = client == NULL ? NULL : hf_create(client, "Tally", "");
    int status = tally == NULL ? -1 : mark(tally);
    if (status != 0)
        (void)fprintf(stderr, "%s: %s\n", hf_errkind(), hf_errmsg());
    hf_release(&tally);
    hf_disconnect(&client);
    return status == 0 ? 0 : 1;
}
