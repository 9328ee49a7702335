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
    uint32_t spare;
};

#define HF_FOREVER (-1.0) /* a timeout that never comes; seconds below 0 mean it everywhere here */

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
    hf_err_t (*raise)(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format, ...); /* data may be NULL; answers HF_RAISED */

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
    hf_err_t (*value_of)(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value); /* a referent's getvalue, for the call's life */
    void *(*deref)(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type); /* its state; NULL: raised */
    hf_err_t (*self)(hf_call_t *call, hf_value_t *ret_handle);   /* the referent being called */
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
    void (*log)(hf_call_t *call, int32_t level, const char *format, ...);
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

/* ---- what a method calls: thin inlines over call->host ---------------------------------
 * To be written out below, each with its comment. HF_RAISE, hf_raise_value, hf_build, hf_return_new and
 * hf_log are macros onto the host's variadic members, so that no header of the C library is needed.
 *
 * arguments   hf_arg (call, k), hf_arg_given (call, k), hf_arg_bool/int/float (call, k),
 *             hf_arg_str (call, k, &len), hf_arg_timeout (call, k): seconds >= 0, or HF_FOREVER for nil
 * answers     hf_return_nil/bool/int/uint/float/str/bytes/value, hf_return_writer + hf_return_written,
 *             hf_return_new (call, &type, picture, …), HF_RAISE (call, kind, format, …) (printf's),
 *             hf_raise_value (call, kind, data, format, …): with data, as KeyError's key
 * parking     hf_park, hf_wake, hf_take_parked, hf_n_parked (waiters)
 * values      hf_keep, hf_drop (inline without a host call where the value is inline and has no handle),
 *             hf_hold, hf_unhold, hf_build, hf_equal, hf_hash, hf_compare, hf_repr, hf_writer, hf_written,
 *             hf_value_of, hf_deref, hf_self, hf_visit_value
 * memory      hf_alloc, hf_realloc, hf_free
 * the rest    hf_mind, hf_caller, hf_own, hf_disown, hf_now, hf_random, hf_timer, hf_log
 */

#ifdef __cplusplus
}
#endif

#endif
