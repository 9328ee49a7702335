/* SPDX-License-Identifier: MPL-2.0 */
/* plugin.h -- what the author of a type sees. One descriptor, plain functions, nothing to link.
 *
 * A plugin is a shared object that exports one constant, hf_plugin (HF_PLUGIN makes it): its types,
 * each with a table of methods. The manager checks all of it when it loads the file, checks every
 * call's arguments against the method's signature before the function runs, and lends all that a
 * method may need through call->host, so a plugin links to nothing of Holdfast's.
 *
 * What a method calls is in call.h, which comes with this header.
 *
 * Threads: every function of a plugin runs in the machine's thread, one at a time [machine], to
 * its end; but for the `work` of an offloaded method, which runs on a thread of a pool [work] while
 * its referent stands still. None reads a clock, draws chance or starts a thread of its own:
 * hf_now, hf_random and hf_timer come from the event, so that a replay gives the same.
 *
 * ABI versions: a line for each change.
 *   1.0  the first.
 *   1.1  hf_method.work, .finish, .since, .deprecated and .returns appended, HF_OFFLOAD; hf_host.is_cancelled appended;
 *        extensions holdfast.memory and holdfast.about. Old plugins: no method of theirs is offloaded, or returns a
 *        referent of its result.
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
#define HF_ABI_MINOR 1u

typedef struct hf_host hf_host_t;
typedef struct hf_type hf_type_t;

/* A call being served. The manager's own members follow these. */
struct hf_call {
    const hf_host_t *host;
    const hf_value_t *arg; /* bound, in the signature's order; *args a list, **kwargs a map */
    uint32_t n_arg;
    uint32_t row;  /* the method's place in its type's table: tells what a parked call waits in */
    uint64_t note; /* the method's own, 0 at first: what it has here when it parks it finds again */
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
    HF_OFFLOAD = 16,  /* HF_METHOD_OFFLOAD sets it: `work` and `finish`, no `run`; parks never */
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

/* A method, [machine]: answers, raises or parks, and returns what that gave. */
typedef hf_err_t hf_method_f(hf_call_t *call, void *self);

/* Answers a parked call whose time is up, [machine]. */
typedef hf_err_t hf_timed_out_f(hf_call_t *call, void *self);

/* The long half of an offloaded method, [work]: reads its arguments and its referent, which stands
 * still meanwhile; answers one value or raises. Of call.h it may use what is tagged [work]; all else
 * is refused there. What it allocates is freed when it returns. */
typedef hf_err_t hf_work_f(hf_call_t *call, const void *self);

/* The other half, [machine], once `work` is done and somebody still waits: changes the referent and
 * answers, or raises; no answer of its own: `value`, what `work` answered, is the answer. */
typedef hf_err_t hf_finish_f(hf_call_t *call, void *self, const hf_value_t *value);

typedef struct hf_method {
    const char *name;
    const char *signature; /* "item: any, block: bool = true, timeout: number? = nil -> any" */
    const char *doc;       /* one sentence */
    hf_method_f *run;
    hf_timed_out_f *timed_out; /* NULL: TimeoutError */
    uint32_t flags;
    uint32_t spare;
    hf_work_f *work;     /* since 1.1, with HF_OFFLOAD */
    hf_finish_f *finish; /* NULL: what `work` answers is the answer */
    const char
        *since; /* since 1.1: the plugin's version that brought the row, "1.2"; NULL: not said */
    const char *deprecated; /* since 1.1: a sentence on what to call instead; NULL: it is not */
    /* Since 1.1, method_to_typeid: what it answers goes to the constructor of this typeid, as its one argument, and the
     * caller gets a proxy of the new referent; NULL: the result itself. A typeid of this plugin, internal ones too, or
     * of one that was loaded before. The configuration's `returns` goes before it. */
    const char *returns;
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

    /* Hooks, all [machine], all may be NULL. */

    /* Begins the state. A raise undoes the birth; `destroy` does not run then. */
    hf_err_t (*create)(hf_call_t *call, void *self);
    /* Drops what was kept, frees what was allocated. Nobody waits for an answer. */
    void (*destroy)(hf_call_t *call, void *self);
    /* Answers its value; none: Unserializable. */
    hf_err_t (*getvalue)(hf_call_t *call, void *self);
    /* Answers a str; none: getvalue's repr, or <Type #12>. */
    hf_err_t (*repr)(hf_call_t *call, void *self);
    /* hf_visit_value for each value kept. */
    void (*traverse)(hf_call_t *call, const void *self, hf_visit_t *visit);
    /* Bytes beyond self_size; none: what hf_alloc and hf_keep counted. */
    uint64_t (*memory)(hf_call_t *call, const void *self);
    /* Writes the state as one item; both or neither. */
    hf_err_t (*save)(hf_call_t *call, const void *self, hf_writer_t *out);
    hf_err_t (*load)(hf_call_t *call, void *self, const hf_value_t *saved, uint32_t save_version);
    /* hf_timer's time has come. */
    void (*timer)(hf_call_t *call, void *self, uint32_t number);
    /* The end of a session told by hf_own. */
    void (*session_died)(hf_call_t *call, void *self, uint64_t session);
    /* This parked call was cancelled, or its session ended. */
    void (*gone)(hf_call_t *call, void *self);
    /* An answer marked by hf_mind was never acknowledged. */
    void (*undelivered)(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie);
};

typedef struct hf_plugin_descriptor {
    uint32_t magic; /* these four protect the rest */
    uint32_t major;
    uint32_t minor;
    uint32_t size;
    const char *name;
    const char *version;
    const hf_type_t *const *types;                  /* ends with NULL */
    hf_err_t (*open)(hf_call_t *call);              /* [machine] rarely needed; may be NULL */
    void (*close)(hf_call_t *call);                 /* [machine] may be NULL */
    const void *(*get_extension)(const char *name); /* [any] "holdfast.…"; may be NULL */
} hf_plugin_t;

/* The functions that a manager lends; call.h says what each does, and on which thread. A plugin looks at
 * `size` before it uses a later member. */
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
    hf_err_t (*return_value)(hf_call_t *call, const hf_value_t *value);
    hf_writer_t *(*return_writer)(hf_call_t *call);
    hf_err_t (*return_written)(hf_call_t *call);
    hf_err_t (*return_new)(hf_call_t *call, const hf_type_t *type, const char *picture, ...);
    /* data may be NULL; answers HF_RAISED; raised again in the same run, the last counts */
    hf_err_t (*raise)(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format,
                      ...) HF_FORMAT(4, 5);
    /* k is past the last: gives HF_NONE; the call ends in RemoteError */
    const hf_value_t *(*no_arg)(hf_call_t *call, uint32_t k);

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
    hf_err_t (*build)(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...);
    hf_writer_t *(*writer)(hf_call_t *call);
    hf_err_t (*written)(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value);
    hf_err_t (*value_of)(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value);
    void *(*deref)(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type);
    hf_err_t (*self)(hf_call_t *call, hf_value_t *ret_handle);
    hf_err_t (*run)(hf_call_t *call, const hf_type_t *type, uint32_t row, void *self,
                    const hf_value_t *args);
    void (*visit)(hf_visit_t *visit, const hf_value_t *value);

    /* memory, charged to the type; NULL with the error already set */
    void *(*alloc)(hf_call_t *call, size_t n);
    void *(*realloc)(hf_call_t *call, void *block, size_t n);
    void (*free)(hf_call_t *call, void *block);

    /* delivery, owners, world */
    void (*mind)(hf_call_t *call, uint64_t cookie);
    hf_caller_t (*caller)(hf_call_t *call);
    hf_err_t (*own)(hf_call_t *call, const void *state);
    void (*disown)(hf_call_t *call, const void *state, uint64_t session);
    double (*now)(hf_call_t *call);
    uint64_t (*random)(hf_call_t *call);
    hf_err_t (*timer)(hf_call_t *call, uint32_t number, double seconds);
    void (*log)(hf_call_t *call, int32_t level, const char *format, ...) HF_FORMAT(3, 4);
    hf_err_t (*client)(hf_call_t *call, uint64_t session, hf_value_t *ret_text);

    /* since 1.1 */
    bool (*is_cancelled)(hf_call_t *call);
};

/* ---- extensions ------------------------------------------------------------------------ */

/* What either side may have or not, asked for by name; NULL: it has not. Each begins with its own
 * size, and only grows. */

/* The host's, by hf_extension: what memory there is. Since 1.1. */
#define HF_EXTENSION_MEMORY "holdfast.memory"
typedef struct hf_memory {
    uint32_t size;
    uint32_t spare;
    uint64_t (*left)(hf_call_t *call); /* [machine] bytes that the manager still gives */
    uint64_t (*own)(hf_call_t *call);  /* [machine] bytes charged to the referent being called */
} hf_memory_t;

/* The plugin's, by get_extension of its descriptor: who made it; stats() tells. Members may be NULL. Since 1.1. */
#define HF_EXTENSION_ABOUT "holdfast.about"
typedef struct hf_about {
    uint32_t size;
    uint32_t spare;
    const char *summary; /* one sentence */
    const char *author;
    const char *licence;
    const char *home; /* where it is to be found */
} hf_about_t;

/* ---- tables --------------------------------------------------------------------------- */

/* Rows. Behind the sentence there may stand more: .since = "1.2", .deprecated = "Call len.", .returns = "Page". */
#define HF_METHOD(name_, signature_, run_, flags_, ...)                                            \
    {                                                                                              \
        .name = (name_), .signature = (signature_), .run = (run_), .flags = (flags_),              \
        .doc = __VA_ARGS__                                                                         \
    }
#define HF_METHOD_PARKS(name_, signature_, run_, timed_out_, flags_, ...)                          \
    {                                                                                              \
        .name = (name_), .signature = (signature_), .run = (run_), .timed_out = (timed_out_),      \
        .flags = (flags_) | HF_PARKS, .doc = __VA_ARGS__                                           \
    }
#define HF_METHOD_OFFLOAD(name_, signature_, work_, finish_, flags_, ...)                          \
    {                                                                                              \
        .name = (name_), .signature = (signature_), .flags = (flags_) | HF_OFFLOAD,                \
        .work = (work_), .finish = (finish_), .doc = __VA_ARGS__                                   \
    }
#define HF_TYPE(name_, state_, methods_, doc_)                                                     \
    .size = sizeof(hf_type_t), .method_size = sizeof(hf_method_t), .name = (name_), .doc = (doc_), \
    .methods = (methods_), .n_methods = sizeof(methods_) / sizeof((methods_)[0]),                  \
    .self_size = sizeof(state_)
/* With hooks of the plugin's own, each of which may be NULL. */
#define HF_PLUGIN_WITH(name_, version_, open_, close_, get_extension_, ...)                        \
    extern const hf_plugin_t hf_plugin;                                                            \
    __attribute__((visibility("default"))) const hf_plugin_t hf_plugin = {                         \
        .magic = HF_ABI_MAGIC,                                                                     \
        .major = HF_ABI_MAJOR,                                                                     \
        .minor = HF_ABI_MINOR,                                                                     \
        .size = sizeof(hf_plugin_t),                                                               \
        .name = (name_),                                                                           \
        .version = (version_),                                                                     \
        .types = (const hf_type_t *const[]){__VA_ARGS__, NULL},                                    \
        .open = (open_),                                                                           \
        .close = (close_),                                                                         \
        .get_extension = (get_extension_),                                                         \
    }
#define HF_PLUGIN(name_, version_, ...)                                                            \
    HF_PLUGIN_WITH(name_, version_, NULL, NULL, NULL, __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#include <holdfast/call.h>

#endif
