/* SPDX-License-Identifier: MPL-2.0 */
/* bind_oracle -- the C half of bind_oracle.py: binds what each line of standard input says, and says what came out.
 *
 * In:  args in hex, a space, kwargs in hex, a space, the signature. Out: "= HEX HEX …" (HF_NONE: -), or "KIND: text".
 */
#include <stdio.h>
#include <stdlib.h>

#include <registry/bind.h>

enum { LINE = 8192 };

static size_t
unhex(const char *text, uint8_t *to)
{
    size_t n = 0;
    for (; text[2 * n] != '\0' && text[2 * n + 1] != '\0'; n++) {
        char pair[3] = {text[2 * n], text[2 * n + 1], '\0'};
        to[n] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void
say(const hfi_bound_t *bound)
{
    (void)putchar('=');
    for (uint32_t k = 0; k < bound->n; k++) {
        const uint8_t *at = hf_bytes_of(&bound->arg[k]);
        (void)putchar(' ');
        if (hf_kind(&bound->arg[k]) == HF_NONE)
            (void)putchar('-');
        for (size_t i = 0; i < hf_len_of(&bound->arg[k]); i++)
            (void)printf("%02x", at[i]);
    }
    (void)putchar('\n');
}

static int
answer(hfi_binder_t *binder, const char *args_hex, const char *kwargs_hex, const char *text)
{
    static uint8_t args_at[LINE];
    static uint8_t kwargs_at[LINE];
    char why[256];
    hf_value_t args;
    hf_value_t kwargs;
    hfi_bound_t bound;
    hfi_view(&args, args_at, unhex(args_hex, args_at), 0);
    hfi_view(&kwargs, kwargs_at, unhex(kwargs_hex, kwargs_at), 0);
    hfi_signature_t *signature = hfi_signature_new(text, why, sizeof why);
    if (signature == NULL)
        (void)printf("signature: %s\n", why);
    else if (hfi_bind(binder, signature, "f", &args, &kwargs, &bound))
        say(&bound);
    else
        (void)printf("%s: %s\n", binder->failure.kind, binder->failure.text);
    hfi_signature_destroy(&signature);
    return fflush(stdout);
}

int
main(void)
{
    static char args[LINE];
    static char kwargs[LINE];
    static char text[LINE];
    hfi_binder_t binder = {0};
    while (scanf("%8191s %8191s %8191[^\n]", args, kwargs, text) == 3) {
        if (answer(&binder, args, kwargs, text) != 0)
            return 1;
    }
    hfi_bytes_close(&binder.scratch);
    return 0;
}
