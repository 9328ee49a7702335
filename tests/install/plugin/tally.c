/* SPDX-License-Identifier: MPL-2.0 */
/* tally -- a plugin built outside: texts, and how often each was named last. */
#include <holdfast/plugin.h>

#include <string.h>

struct tally {
    hf_value_t last;
    int64_t streak;
};

static hf_err_t
tally_mark(hf_call_t *call, void *self)
{
    struct tally *t = self;
    const hf_value_t *what = hf_arg(call, 0);
    if (hf_kind(&t->last) != HF_NONE && hf_equal(call, &t->last, what))
        return hf_return_int(call, ++t->streak);
    hf_value_t kept;
    if (hf_keep(call, what, &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &t->last);
    t->last = kept;
    t->streak = 1;
    return hf_return_int(call, 1);
}

static hf_err_t
tally_last(hf_call_t *call, void *self)
{
    struct tally *t = self;
    if (hf_kind(&t->last) == HF_NONE)
        return HF_RAISE(call, "ValueError", "nothing was marked yet");
    return hf_return_value(call, &t->last);
}

static void
tally_destroy(hf_call_t *call, void *self)
{
    hf_drop(call, &((struct tally *)self)->last);
}

static void
tally_traverse(hf_call_t *call, const void *self, hf_visit_t *visit)
{
    hf_visit_value(call, visit, &((const struct tally *)self)->last);
}

static const hf_method_t tally_methods[] = {
    HF_METHOD("mark", "what: any -> int", tally_mark, HF_WRITES,
              "Mark `what`; how often in a row."),
    HF_METHOD("last", "-> any", tally_last, HF_READS, "Return what was marked last."),
};

static const hf_type_t tally_type = {
    HF_TYPE("Tally", struct tally, tally_methods,
            "Marks, and how often the last one came in a row."),
    .destroy = tally_destroy,
    .traverse = tally_traverse,
};

HF_PLUGIN("tally", "2.1.0", &tally_type);
