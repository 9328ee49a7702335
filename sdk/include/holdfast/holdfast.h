/* holdfast.h -- programs that hold proxies: connect, create, call, pass on, release.
 *
 * A client is one session with one manager; any number of threads may use it, and a thread that waits holds up no
 * other. Errors belong to the calling thread, as errno does: hf_errkind() and hf_errmsg(). A lost connection is
 * resumed behind the caller's back within the lease; past it, calls fail with SessionLost.
 *
 * Pictures. A call's arguments are told by a picture, one letter each: i int64_t, u uint64_t, b int as bool,
 * f double, s const char *, S const char * and size_t, B const void * and size_t (bytes), n nil,
 * v const hf_value_t *, h hf_proxy_t * (its handle), p hf_future_t * (the result it will have), [..] a list,
 * {k:v,..} a map; commas and spaces between are free. name=x behind the others is a keyword argument:
 * hf_call(queue, "get", "timeout=f", 1.5). A result is read by a picture too, into pointers: i int64_t *,
 * u uint64_t *, b bool *, f double *, s char ** (gives, free()), S char ** and size_t *, B void ** and size_t *,
 * n (checks for nil), v hf_value_t * (gives, hf_drop), h hf_proxy_t ** (gives), [..] and {..} of these.
 *
 * Threads: [any] everywhere but where said otherwise. Values: see value.h; here `call` is NULL.
 */
#ifndef HF_HOLDFAST_H
#define HF_HOLDFAST_H

#include <holdfast/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF_EXPORT __attribute__((visibility("default")))

typedef struct hf_client hf_client_t;
typedef struct hf_proxy hf_proxy_t;
typedef struct hf_future hf_future_t;
typedef struct hf_options hf_options_t;

/* ---- the client ---- */
HF_EXPORT hf_client_t *hf_connect(const char *endpoint, const hf_options_t *options); /* endpoint NULL: $HOLDFAST, else the default */
HF_EXPORT void hf_disconnect(hf_client_t **client_p);           /* waits for nothing but its BYE being handed on */
HF_EXPORT int hf_flush(hf_client_t *client, double timeout);    /* until all that was sent before is acknowledged */
HF_EXPORT void hf_interrupt(hf_client_t *client);               /* async-signal-safe: waiting calls fail with Interrupted */
HF_EXPORT void hf_set_timeout(hf_client_t *client, double timeout); /* default of every call made by it: HF_FOREVER */
HF_EXPORT hf_proxy_t *hf_manager(hf_client_t *client);          /* object 0; gives */

/* options: "name" (free text), "lease", "connect_timeout" (seconds) */
HF_EXPORT hf_options_t *hf_options_new(void);
HF_EXPORT void hf_options_destroy(hf_options_t **self_p);
HF_EXPORT int hf_options_set(hf_options_t *self, const char *name, const char *value);

/* ---- proxies ---- */
HF_EXPORT hf_proxy_t *hf_create(hf_client_t *client, const char *typeid_, const char *picture, ...);
HF_EXPORT hf_proxy_t *hf_get_or_create(hf_client_t *client, const char *name, const char *typeid_, const char *picture, ...);
HF_EXPORT hf_proxy_t *hf_lookup(hf_client_t *client, const char *name);
HF_EXPORT int hf_bind(hf_client_t *client, const char *name, const hf_proxy_t *proxy, bool replace);
HF_EXPORT int hf_unbind(hf_client_t *client, const char *name);
HF_EXPORT hf_proxy_t *hf_dup(const hf_proxy_t *proxy);          /* another proxy of the same referent */
HF_EXPORT void hf_release(hf_proxy_t **proxy_p);                /* never blocks, never allocates, from any thread or finalizer */
HF_EXPORT bool hf_proxy_equal(const hf_proxy_t *a, const hf_proxy_t *b); /* the same referent? */
HF_EXPORT uint64_t hf_proxy_object(const hf_proxy_t *proxy);
HF_EXPORT const char *hf_proxy_typeid(const hf_proxy_t *proxy);
HF_EXPORT hf_client_t *hf_proxy_client(const hf_proxy_t *proxy);
HF_EXPORT hf_proxy_t *hf_proxy_of(hf_client_t *client, const hf_value_t *handle); /* from a handle inside a result that hf_call_value gave */
HF_EXPORT void hf_auto_release(hf_proxy_t **proxy_p);
#define HF_AUTO_PROXY __attribute__((cleanup(hf_auto_release)))

/* ---- calls that wait ---- */
HF_EXPORT int hf_call(const hf_proxy_t *proxy, const char *method, const char *picture, ...);
HF_EXPORT int hf_call_into(const hf_proxy_t *proxy, const char *method, const char *picture, ...); /* …, ret_picture, outs */
HF_EXPORT hf_proxy_t *hf_call_proxy(const hf_proxy_t *proxy, const char *method, const char *picture, ...);
HF_EXPORT int hf_call_value(const hf_proxy_t *proxy, const char *method, const hf_value_t *args, const hf_value_t *kwargs,
                            double timeout, hf_value_t *ret_value); /* args a list, kwargs a map; either may be NULL; gives */
HF_EXPORT int hf_call_oneway(const hf_proxy_t *proxy, const char *method, const char *picture, ...); /* no answer, not even an error */

/* ---- calls that do not ---- */
HF_EXPORT hf_future_t *hf_call_async(const hf_proxy_t *proxy, const char *method, const char *picture, ...);
HF_EXPORT hf_future_t *hf_call_async_value(const hf_proxy_t *proxy, const char *method, const hf_value_t *args, const hf_value_t *kwargs);
HF_EXPORT hf_future_t *hf_create_async(hf_client_t *client, const char *typeid_, const char *picture, ...);
HF_EXPORT hf_proxy_t *hf_future_proxy(const hf_future_t *future); /* a proxy of the referent that the result will be: call it at once */
HF_EXPORT bool hf_future_is_done(const hf_future_t *future);
HF_EXPORT int hf_await(hf_future_t *future, double timeout);     /* 0: it has a result; -1: it failed, or the time is up */
HF_EXPORT int hf_await_into(hf_future_t *future, double timeout, const char *ret_picture, ...);
HF_EXPORT int hf_await_value(hf_future_t *future, double timeout, hf_value_t *ret_value);
HF_EXPORT hf_proxy_t *hf_await_proxy(hf_future_t *future, double timeout);
HF_EXPORT int hf_cancel(hf_future_t *future);
HF_EXPORT void hf_future_destroy(hf_future_t **future_p);        /* a call that still runs goes on; its answer is dropped, its handles released */

/* ---- this thread's last error ---- */
HF_EXPORT const char *hf_errkind(void);                          /* "" where the last call went well */
HF_EXPORT const char *hf_errmsg(void);
HF_EXPORT const hf_value_t *hf_errdata(void);                    /* borrows until the thread's next call; NULL: none */

/* ---- values, outside a plugin: value.h's functions with call NULL ---- */
#ifndef HF_PLUGIN_H
HF_EXPORT hf_err_t hf_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept);
HF_EXPORT void hf_drop(hf_call_t *call, hf_value_t *value);
HF_EXPORT hf_err_t hf_build(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...);
HF_EXPORT hf_writer_t *hf_writer(hf_call_t *call);               /* for values that no picture tells; NULL: no memory */
HF_EXPORT hf_err_t hf_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value); /* takes the writer; gives what it wrote, one item */
HF_EXPORT bool hf_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b);
HF_EXPORT bool hf_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash);
HF_EXPORT bool hf_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order);
HF_EXPORT hf_err_t hf_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str);
#endif
HF_EXPORT int hf_from_json(const char *text, size_t len, hf_value_t *ret_value);
HF_EXPORT char *hf_to_json(const hf_value_t *value);             /* gives; free() */

#ifdef __cplusplus
}
#endif

#endif
