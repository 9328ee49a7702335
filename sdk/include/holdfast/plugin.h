/* SPDX-License-Identifier: MPL-2.0 */
/* plugin.h -- what the author of a type sees. One descriptor, plain functions, nothing to link.
 *
 * A plugin is a shared object that exports one constant, hf_plugin (HF_PLUGIN makes it): its types,
 * each with a table of methods. The manager checks all of it when it loads the file, checks every
 * call's arguments against the method's signature before the function runs, and lends all that a
 * method may need through call->host, so a plugin links to nothing of Holdfast's.
 *
 * Threads: every function of a plugin runs in the machine's thread, one at a time [machine], to
 * its end. It reads no clock, draws no chance and starts no thread of its own: hf_now, hf_random
 * and hf_timer come from the event, so that a replay gives the same.
 *
 * ABI versions: a line for each change.
 *   1.0  the first.
 */
#ifndef HF_PLUGIN_H
#define HF_PLUGIN_H

#ifdef HF_HOLDFAST_H
#error "include <holdfast/plugin.h> before <holdfast/holdfast.h>"
#endif

#include <holdfast/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF_ABI_MAGIC 0x48464c44u /* "HFLD" */
#define HF_ABI_MAJOR 1u
#define HF_ABI_MINOR 0u

typedef struct hf_host hf_host_t;
typedef struct hf_type hf_type_t;

/* A call being served. The manager's own members follow these. */
struct hf_call {
    const hf_host_t *host;
    const hf_value_t *arg; /* bound, in the signature's order; *args a list, **kwargs a map */
    uint32_t n_arg;
    uint32_t row; /* the method's place in its type's table: tells what a parked call waits in */
};

/* gcc and clang then check the arguments against the format, as printf's. */
#define HF_FORMAT(format_, first_) __attribute__((format(printf, format_, first_)))

/* Who calls: equal for two calls of one thread of one session. */
typedef struct hf_caller {
    uint64_t session;
    uint64_t thread;
} hf_caller_t;

/* The calls parked on one thing, first come first; part of the referent's state, zeroed at first. */
typedef struct hf_waiters {
    uint32_t first;
    uint32_t last;
    uint32_t count;
} hf_waiters_t;

/* Flags of a method: HF_READS or HF_WRITES, exactly one; the rest may be added. */
enum {
    HF_READS = 1,     /* changes nothing; a role may be granted only these */
    HF_WRITES = 2,    /* may change the referent */
    HF_PARKS = 4,     /* may park; a park without it is refused */
    HF_SENSITIVE = 8, /* its arguments stay out of logs */
};

/* Levels of hf_log, syslog's numbers. */
enum {
    HF_LOG_ERROR = 3,
    HF_LOG_WARNING = 4,
    HF_LOG_INFO = 6,
    HF_LOG_DEBUG = 7,
};

/* Flags of a type. */
enum {
    HF_INTERNAL = 1, /* made by other referents only: create answers NoSuchType, types() hides it */
};

typedef hf_err_t hf_method_f(hf_call_t *call, void *self);       /* [machine] */
typedef hf_err_t hf_timed_out_f(hf_call_t *call, void *self);    /* [machine] answers a call whose time is up */

typedef struct hf_method {
    const char *name;
    const char *signature; /* "item: any, block: bool = true, timeout: number? = nil -> any" */
    const char *doc;       /* one sentence */
    hf_method_f *run;
    hf_timed_out_f *timed_out; /* NULL: TimeoutError */
    uint32_t flags;
    uint32_t spare;
} hf_method_t;

typedef struct hf_visit hf_visit_t; /* what traverse reports to */

struct hf_type {
    uint32_t size;        /* of this struct, as compiled */
    uint32_t method_size; /* of hf_method_t, as compiled: rows are reached by stride */
    const char *name;     /* the typeid */
    const char *doc;
    const hf_method_t *methods;
    uint32_t n_methods;
    uint32_t flags;
    uint64_t self_size;    /* bytes of the state; the manager gives them zeroed and frees them */
    const char *signature; /* of the constructor; NULL: it takes nothing */
    uint32_t save_version; /* of what `save` writes */
    uint32_t spare;

    /* Hooks, all [machine], all may be NULL. A raise in `create` undoes the birth; `destroy` does not run then. */
    hf_err_t (*create)(hf_call_t *call, void *self);
    void (*destroy)(hf_call_t *call, void *self);                 /* drop what was kept, free what was allocated */
    hf_err_t (*getvalue)(hf_call_t *call, void *self);            /* answers; none: Unserializable */
    hf_err_t (*repr)(hf_call_t *call, void *self);                /* answers a str; none: getvalue's repr, or <Type #12> */
    void (*traverse)(hf_call_t *call, const void *self, hf_visit_t *visit); /* hf_visit_value for each value kept */
    uint64_t (*memory)(hf_call_t *call, const void *self);        /* bytes beyond self_size; none: what hf_alloc and hf_keep counted */
    hf_err_t (*save)(hf_call_t *call, const void *self, hf_writer_t *out);
    hf_err_t (*load)(hf_call_t *call, void *self, const hf_value_t *saved, uint32_t save_version);
    void (*timer)(hf_call_t *call, void *self, uint32_t number);
    void (*session_died)(hf_call_t *call, void *self, uint64_t session); /* for sessions told by hf_own */
    void (*gone)(hf_call_t *call, void *self);                    /* this parked call was cancelled, or its session ended */
    void (*undelivered)(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie);
};

typedef struct hf_plugin_descriptor {
    uint32_t magic; /* these four protect the rest */
    uint32_t major;
    uint32_t minor;
    uint32_t size;
    const char *name;
    const char *version;
    const hf_type_t *const *types; /* ends with NULL */
    hf_err_t (*open)(hf_call_t *call);  /* rarely needed; may be NULL */
    void (*close)(hf_call_t *call);
    const void *(*get_extension)(const char *name); /* "holdfast.…"; may be NULL */
} hf_plugin_t;

/* The functions that a manager lends. A plugin looks at `size` before it uses a later member. */
struct hf_host {
    uint32_t size;
    uint32_t spare;
    const void *(*get_extension)(hf_call_t *call, const char *name);

    /* answering: one of these, once */
    hf_err_t (*return_nil)(hf_call_t *call);
    hf_err_t (*return_bool)(hf_call_t *call, bool value);
    hf_err_t (*return_int)(hf_call_t *call, int64_t value);
    hf_err_t (*return_uint)(hf_call_t *call, uint64_t value);
    hf_err_t (*return_float)(hf_call_t *call, double value);
    hf_err_t (*return_str)(hf_call_t *call, const char *text, size_t len);
    hf_err_t (*return_bytes)(hf_call_t *call, const void *at, size_t len);
    hf_err_t (*return_value)(hf_call_t *call, const hf_value_t *value); /* borrows */
    hf_writer_t *(*return_writer)(hf_call_t *call);  /* write one item, then return_written; NULL: raised */
    hf_err_t (*return_written)(hf_call_t *call);
    hf_err_t (*return_new)(hf_call_t *call, const hf_type_t *type, const char *picture, ...); /* the picture's values are bound by the type's signature */
    hf_err_t (*raise)(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format, ...)
        HF_FORMAT(4, 5); /* data may be NULL; answers HF_RAISED; raised again in the same run, the last counts */
    const hf_value_t *(*no_arg)(hf_call_t *call, uint32_t k); /* k is past the last: gives an empty value; the call ends in RemoteError */

    /* parking */
    hf_err_t (*park)(hf_call_t *call, hf_waiters_t *waiters, double seconds);
    uint32_t (*wake)(hf_call_t *call, hf_waiters_t *waiters, uint32_t n);
    hf_call_t *(*take_parked)(hf_call_t *call, hf_waiters_t *waiters); /* NULL: none */

    /* values */
    hf_err_t (*keep)(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept);
    void (*drop)(hf_call_t *call, hf_value_t *value);
    hf_err_t (*hold)(hf_call_t *call, const hf_value_t *value);
    void (*unhold)(hf_call_t *call, const hf_value_t *value);
    bool (*equal)(hf_call_t *call, const hf_value_t *a, const hf_value_t *b);
    bool (*hash)(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash);
    bool (*compare)(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order);
    hf_err_t (*repr)(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str);
    hf_err_t (*build)(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...); /* for the call's life */
    hf_writer_t *(*writer)(hf_call_t *call);         /* a writer of the call's own; NULL: raised */
    hf_err_t (*written)(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value); /* what it wrote, for the call's life */
    hf_err_t (*value_of)(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value); /* a referent's getvalue, for the call's life; HF_NONE where its type has none */
    void *(*deref)(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type); /* its state; NULL: raised */
    hf_err_t (*self)(hf_call_t *call, hf_value_t *ret_handle);   /* the referent being called */
    hf_err_t (*run)(hf_call_t *call, const hf_type_t *type, uint32_t row, void *self, const hf_value_t *args); /* binds the list `args` by that row's signature and runs its function on a state of the caller's own; it answers this call */
    void (*visit)(hf_visit_t *visit, const hf_value_t *value);

    /* memory, charged to the type; NULL with the error already set: return HF_RAISED */
    void *(*alloc)(hf_call_t *call, size_t n);       /* zeroed */
    void *(*realloc)(hf_call_t *call, void *block, size_t n);
    void (*free)(hf_call_t *call, void *block);

    /* delivery, owners, world */
    void (*mind)(hf_call_t *call, uint64_t cookie);
    hf_caller_t (*caller)(hf_call_t *call);
    hf_err_t (*own)(hf_call_t *call);                /* session_died will run if the caller's session ends */
    void (*disown)(hf_call_t *call, uint64_t session);
    double (*now)(hf_call_t *call);                  /* seconds, the manager's own monotonic time */
    uint64_t (*random)(hf_call_t *call);
    hf_err_t (*timer)(hf_call_t *call, uint32_t number, double seconds); /* again: moves it; HF_FOREVER: stops it */
    void (*log)(hf_call_t *call, int32_t level, const char *format, ...) HF_FORMAT(3, 4);
};

/* ---- tables --------------------------------------------------------------------------- */

#define HF_METHOD(name_, signature_, run_, flags_, doc_)                                           \
    {                                                                                              \
        .name = (name_), .signature = (signature_), .doc = (doc_), .run = (run_), .flags = (flags_) \
    }
#define HF_METHOD_PARKS(name_, signature_, run_, timed_out_, flags_, doc_)                         \
    {                                                                                              \
        .name = (name_), .signature = (signature_), .doc = (doc_), .run = (run_),                  \
        .timed_out = (timed_out_), .flags = (flags_) | HF_PARKS                                    \
    }
#define HF_TYPE(name_, state_, methods_, doc_)                                                     \
    .size = sizeof(hf_type_t), .method_size = sizeof(hf_method_t), .name = (name_), .doc = (doc_), \
    .methods = (methods_), .n_methods = sizeof(methods_) / sizeof((methods_)[0]),                  \
    .self_size = sizeof(state_)
#define HF_PLUGIN(name_, version_, ...)                                                            \
    extern const hf_plugin_t hf_plugin;                                                            \
    __attribute__((visibility("default"))) const hf_plugin_t hf_plugin = {                         \
        .magic = HF_ABI_MAGIC,                                                                     \
        .major = HF_ABI_MAJOR,                                                                     \
        .minor = HF_ABI_MINOR,                                                                     \
        .size = sizeof(hf_plugin_t),                                                               \
        .name = (name_),                                                                           \
        .version = (version_),                                                                     \
        .types = (const hf_type_t *const[]){__VA_ARGS__, NULL},                                    \
    }

/* ---- what a method calls: arguments ---------------------------------------------------- */

static inline const hf_value_t *
hf_arg(hf_call_t *call, uint32_t k)
{
    return k < call->n_arg ? &call->arg[k] : call->host->no_arg(call, k);
}

static inline bool
hf_arg_given(hf_call_t *call, uint32_t k)
{
    return hf_kind(hf_arg(call, k)) != HF_NONE;
}

static inline bool
hf_arg_bool(hf_call_t *call, uint32_t k)
{
    return hf_as_bool(hf_arg(call, k));
}

static inline int64_t
hf_arg_int(hf_call_t *call, uint32_t k)
{
    return hf_as_int(hf_arg(call, k));
}

static inline double
hf_arg_float(hf_call_t *call, uint32_t k)
{
    return hf_as_float(hf_arg(call, k));
}

static inline const char *
hf_arg_str(hf_call_t *call, uint32_t k, size_t *ret_len)
{
    return hf_as_str(hf_arg(call, k), ret_len);
}

static inline const uint8_t *
hf_arg_bytes(hf_call_t *call, uint32_t k, size_t *ret_len)
{
    return hf_as_bytes(hf_arg(call, k), ret_len);
}

static inline double
hf_arg_timeout(hf_call_t *call, uint32_t k)
{
    const hf_value_t *value = hf_arg(call, k);
    double seconds = hf_as_float(value);
    if (hf_kind(value) == HF_NIL || hf_kind(value) == HF_NONE)
        return HF_FOREVER;
    return seconds < 0.0 ? 0.0 : seconds;
}

/* ---- answers: one of these, once -------------------------------------------------------- */

static inline hf_err_t
hf_return_nil(hf_call_t *call)
{
    return call->host->return_nil(call);
}

static inline hf_err_t
hf_return_bool(hf_call_t *call, bool value)
{
    return call->host->return_bool(call, value);
}

static inline hf_err_t
hf_return_int(hf_call_t *call, int64_t value)
{
    return call->host->return_int(call, value);
}

static inline hf_err_t
hf_return_uint(hf_call_t *call, uint64_t value)
{
    return call->host->return_uint(call, value);
}

static inline hf_err_t
hf_return_float(hf_call_t *call, double value)
{
    return call->host->return_float(call, value);
}

static inline hf_err_t
hf_return_str(hf_call_t *call, const char *text, size_t len)
{
    return call->host->return_str(call, text, len);
}

static inline hf_err_t
hf_return_bytes(hf_call_t *call, const void *at, size_t len)
{
    return call->host->return_bytes(call, at, len);
}

static inline hf_err_t
hf_return_value(hf_call_t *call, const hf_value_t *value)
{
    return call->host->return_value(call, value);
}

static inline hf_writer_t *
hf_return_writer(hf_call_t *call)
{
    return call->host->return_writer(call);
}

static inline hf_err_t
hf_return_written(hf_call_t *call)
{
    return call->host->return_written(call);
}

#define hf_return_new(call_, type_, ...) ((call_)->host->return_new((call_), (type_), __VA_ARGS__))

#define HF_RAISE(call_, kind_, ...) ((call_)->host->raise((call_), (kind_), NULL, __VA_ARGS__))

#define hf_raise_value(call_, kind_, data_, ...)                                                   \
    ((call_)->host->raise((call_), (kind_), (data_), __VA_ARGS__))

/* ---- parking ---------------------------------------------------------------------------- */

static inline hf_err_t
hf_park(hf_call_t *call, hf_waiters_t *waiters, double seconds)
{
    return call->host->park(call, waiters, seconds);
}

static inline uint32_t
hf_wake(hf_call_t *call, hf_waiters_t *waiters, uint32_t n)
{
    return waiters->count == 0 ? 0 : call->host->wake(call, waiters, n);
}

static inline bool
hf_take_parked(hf_call_t *call, hf_waiters_t *waiters, hf_call_t **ret_other)
{
    hf_call_t *other = waiters->count == 0 ? NULL : call->host->take_parked(call, waiters);
    if (other == NULL)
        return false;
    *ret_other = other;
    return true;
}

static inline uint32_t
hf_n_parked(const hf_waiters_t *waiters)
{
    return waiters->count;
}

/* ---- values ----------------------------------------------------------------------------- */

static inline hf_err_t
hf_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept)
{
    if ((value->raw[15] & ~HF_TAG_LEN) == 0) {
        *ret_kept = *value;
        return HF_OK;
    }
    return call->host->keep(call, value, ret_kept);
}

static inline void
hf_drop(hf_call_t *call, hf_value_t *value)
{
    static const hf_value_t none = {{NULL, 0, {0, 0, 0}, 0}};
    if ((value->raw[15] & ~HF_TAG_LEN) != 0)
        call->host->drop(call, value);
    *value = none;
}

static inline hf_err_t
hf_hold(hf_call_t *call, const hf_value_t *value)
{
    return hf_has_handles(value) ? call->host->hold(call, value) : HF_OK;
}

static inline void
hf_unhold(hf_call_t *call, const hf_value_t *value)
{
    if (hf_has_handles(value))
        call->host->unhold(call, value);
}

#define hf_build(call_, ret_value_, ...) ((call_)->host->build((call_), (ret_value_), __VA_ARGS__))

static inline bool
hf_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    return call->host->equal(call, a, b);
}

static inline bool
hf_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash)
{
    return call->host->hash(call, value, ret_hash);
}

static inline bool
hf_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    return call->host->compare(call, a, b, ret_order);
}

static inline hf_err_t
hf_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str)
{
    return call->host->repr(call, value, ret_str);
}

static inline hf_writer_t *
hf_writer(hf_call_t *call)
{
    return call->host->writer(call);
}

static inline hf_err_t
hf_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value)
{
    return call->host->written(call, writer, ret_value);
}

static inline hf_err_t
hf_value_of(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value)
{
    return call->host->value_of(call, handle, ret_value);
}

static inline void *
hf_deref(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type)
{
    return call->host->deref(call, handle, type);
}

static inline hf_err_t
hf_self(hf_call_t *call, hf_value_t *ret_handle)
{
    return call->host->self(call, ret_handle);
}

static inline hf_err_t
hf_run(hf_call_t *call, const hf_type_t *type, uint32_t row, void *self, const hf_value_t *args)
{
    return call->host->run(call, type, row, self, args);
}

static inline void
hf_visit_value(hf_call_t *call, hf_visit_t *visit, const hf_value_t *value)
{
    if (hf_has_handles(value))
        call->host->visit(visit, value);
}

/* ---- memory ----------------------------------------------------------------------------- */

static inline void *
hf_alloc(hf_call_t *call, size_t n)
{
    return call->host->alloc(call, n);
}

static inline void *
hf_realloc(hf_call_t *call, void *block, size_t n)
{
    return call->host->realloc(call, block, n);
}

static inline void
hf_free(hf_call_t *call, void *block)
{
    call->host->free(call, block);
}

/* ---- delivery, owners, world ------------------------------------------------------------ */

static inline void
hf_mind(hf_call_t *call, uint64_t cookie)
{
    call->host->mind(call, cookie);
}

static inline hf_caller_t
hf_caller(hf_call_t *call)
{
    return call->host->caller(call);
}

static inline hf_err_t
hf_own(hf_call_t *call)
{
    return call->host->own(call);
}

static inline void
hf_disown(hf_call_t *call, uint64_t session)
{
    call->host->disown(call, session);
}

static inline double
hf_now(hf_call_t *call)
{
    return call->host->now(call);
}

static inline uint64_t
hf_random(hf_call_t *call)
{
    return call->host->random(call);
}

static inline hf_err_t
hf_timer(hf_call_t *call, uint32_t number, double seconds)
{
    return call->host->timer(call, number, seconds);
}

#define hf_log(call_, level_, ...) ((call_)->host->log((call_), (level_), __VA_ARGS__))

#ifdef __cplusplus
}
#endif

#endif
