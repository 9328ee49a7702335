/* SPDX-License-Identifier: MPL-2.0 */
/* foobar -- the types of CPython's MyManager: Foo and Bar, which are the same and exposed differently, and baz, a
 * generator of squares.
 *
 * Which methods can be called is the configuration's: `hide` leaves Foo without _h, `expose` leaves Bar only f and _h.
 */
#include <holdfast/plugin.h>

static hf_err_t
foobar_f(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_str(call, "f()", 3);
}

static hf_err_t
foobar_g(hf_call_t *call, void *self)
{
    (void)self;
    return HF_RAISE(call, "ValueError", "%s", "");
}

static hf_err_t
foobar_hidden(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_str(call, "_h()", 4);
}

/* ---- baz ------------------------------------------------------------------------------- */

typedef struct baz {
    int64_t i;
} baz_t;

static hf_err_t
baz_next(hf_call_t *call, void *state)
{
    baz_t *self = state;
    if (self->i == 10)
        return HF_RAISE(call, "StopIteration", "%s", "");
    hf_err_t err = hf_return_int(call, self->i * self->i);
    self->i += err == HF_OK;
    return err;
}

static const hf_method_t baz_methods[] = {
    HF_METHOD("next", "-> int", baz_next, HF_WRITES,
              "Give the next square; StopIteration at the end."),
};

static const hf_type_t baz_type = {
    HF_TYPE("baz", baz_t, baz_methods, "The squares of 0 to 9, one after the other."),
};

static hf_err_t
foobar_squares(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_new(call, &baz_type, "");
}

/* ---- Foo, Bar -------------------------------------------------------------------------- */

static const hf_method_t foobar_methods[] = {
    HF_METHOD("_h", "-> str", foobar_hidden, HF_READS, "Say its name, to whom it is exposed."),
    HF_METHOD("f", "-> str", foobar_f, HF_READS, "Say its name."),
    HF_METHOD("g", "", foobar_g, HF_READS, "Raise ValueError."),
    HF_METHOD("squares", "-> handle[baz]", foobar_squares, HF_READS,
              "Make a generator of squares."),
};

static const hf_type_t foo_type = {
    HF_TYPE("Foo", baz_t, foobar_methods, "A type with something to hide."),
};

static const hf_type_t bar_type = {
    HF_TYPE("Bar", baz_t, foobar_methods, "The same type, with something else to hide."),
};

HF_PLUGIN("foobar", "1.0.0", &foo_type, &bar_type, &baz_type);
