/* SPDX-License-Identifier: MPL-2.0 */
/* holdfast.h -- programs that hold proxies: connect, create, call, pass on, release.
 *
 * A client is one session with one manager; any number of threads may use it, and a thread that waits holds up no
 * other. A lost connection is resumed behind the caller's back within the lease; past it, calls fail with
 * SessionLost and the client is of no more use: nothing ever opens a new session silently.
 *
 * Errors. What fails returns -1, NULL or HF_RAISED, and says why by hf_errkind() and hf_errmsg(), which belong to
 * the calling thread, as errno does. An output is untouched on failure. Any call may fail with the kind that the
 * method raised, and with:
 *   SessionLost     the manager forgot us, or the client was disconnected, or what a fork's child inherits is gone
 *   TimeoutError    the time was up; the call may still run, its answer is dropped
 *   Interrupted     hf_interrupt(); the call may still run, its answer is dropped
 *   LimitExceeded   a limit of the manager's, a call longer than one frame, or no memory here
 *   ReferentLost    the referent is another manager's, and that one or the referent is gone
 *   NoSuchObject NoSuchMethod NotExposed PermissionDenied BadRequest Overloaded Cancelled RemoteError
 *                   from the manager
 *   ValueError TypeError   from here: a picture or an argument that cannot be meant
 *
 * Pictures. A call's arguments are told by a picture, one letter each: i int64_t, u uint64_t, b int as bool,
 * f double, s const char *, S const char * and size_t, B const void * and size_t (bytes), n nil,
 * v const hf_value_t *, h hf_proxy_t * (its handle), p hf_future_t * (the result it will have), [..] a list,
 * {k:v,..} a map; commas and spaces between are free. name=x behind the others is a keyword argument:
 * hf_call(queue, "get", "timeout=f", 1.5). A result is read by a picture too, into pointers: i int64_t *,
 * u uint64_t *, b bool *, f double *, s char ** (gives, free()), S char ** and size_t *, B void ** and size_t *,
 * n (checks for nil), v hf_value_t * (gives, hf_drop), h hf_proxy_t ** (gives), [..] and {..} of these.
 * An int in variable arguments is no int64_t: write (int64_t)5, or pass an int64_t variable.
 *
 * fork. A child's proxies stand for the same referents, held by the child itself: its first call with a client opens a
 * session of its own for it, parent and child never share one. For that the parent, where it holds anything, exports
 * it as it forks, for a lease; fork then lasts a round trip longer, 5 seconds at most with a manager that hangs. A
 * child that does not call in that lease, while the parent lets go, finds SessionLost; one that never calls costs
 * nothing but those exports, and releasing and disconnecting in it frees memory and no more. Calls that were under way
 * at the fork are the parent's: their futures fail in the child with SessionLost. So are the locks that the parent has
 * acquired.
 *
 * Several managers. A handle of another manager's referent, in a result, becomes a proxy at its owner: calls go there
 * straight, by a session of this program's with that manager, or by one that is opened for it (option "far") and ends
 * with the client that led there. A call that makes such a proxy fails with ReferentLost where the owner or the referent
 * is gone, or nobody answers within the options' connect_timeout; so do calls on it later where the session was opened
 * for it. A proxy of one client may be an argument of another one's call, of the same manager or of another. What a
 * future promises can be called at its owner once the answer is here.
 *
 * Threads. [any]: any thread, at any time, several at once. [own]: any thread, one at a time for each object.
 * Values: see value.h; here `call` is NULL.
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

/* ---- the client ----------------------------------------------------------------------- */

/* hf_connect -- open a session with a manager and wait until it is granted.
 *
 * endpoint  borrows  "ipc://…" or "tcp://…"; NULL: $HOLDFAST, or else where holdfastd serves by default
 * options   borrows  see hf_options_set; NULL: the defaults
 *
 * Returns a client, to be given to hf_disconnect; or NULL with ConnectionError, nobody serves there, it did not
 * answer in time, or it refused us (the sentence says which); ValueError, no such endpoint; LimitExceeded.
 *
 * Thread: [any]. Blocks: up to the options' connect_timeout and wait. Since: 1.0.
 */
HF_EXPORT hf_client_t *hf_connect(const char *endpoint, const hf_options_t *options);

/* hf_disconnect -- end the session: all that it holds is given back, its parked calls are withdrawn.
 *
 * client_p  takes  the client; nulled; NULL inside is fine. Proxies and futures of it stay to be released and
 *                  destroyed; calls on them fail with SessionLost, and so do calls that other threads wait for
 *
 * What was released and called before, oneway calls too, reaches the manager first: its acknowledgement is waited
 * for, at most a second.
 *
 * Returns nothing.
 * Thread: [own]. Blocks: a round trip, at most 2 s. Since: 1.0.
 */
HF_EXPORT void hf_disconnect(hf_client_t **client_p);

/* hf_flush -- wait until the manager has received all that was sent before: calls, oneway calls, releases.
 *
 * client   borrows  the client
 * timeout           seconds; HF_FOREVER to wait for ever
 *
 * Returns 0: it has, even where the session was lost afterwards; or -1 with TimeoutError, Interrupted, or SessionLost:
 * what was not acknowledged before the end may not have been received.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_flush(hf_client_t *client, double timeout);

/* hf_interrupt -- make the calls that wait now, in any thread of this client, fail with Interrupted.
 *
 * client  borrows  the client
 *
 * Returns nothing.
 * Thread: [any], and in a signal handler. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_interrupt(hf_client_t *client);

/* hf_set_timeout -- the deadline of every call made from now on that is not given one of its own.
 *
 * client   borrows  the client
 * timeout           seconds; HF_FOREVER, as at first: none
 *
 * A call whose time is up fails with TimeoutError and is cancelled where it is parked. A session that the library opens
 * for another manager's referent takes the deadline over as it is then.
 *
 * Returns nothing.
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_set_timeout(hf_client_t *client, double timeout);

/* hf_manager -- a proxy of the manager itself, object 0.
 *
 * client  borrows  the client
 *
 * Returns a proxy, to be released; or NULL with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_manager(hf_client_t *client);

/* hf_options_new -- options for hf_connect, all at their defaults.
 *
 * Returns options, to be destroyed; or NULL with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_options_t *hf_options_new(void);

/* hf_options_destroy -- free options; a client that was made with them needs them no more.
 *
 * self_p  takes  the options; nulled; NULL inside is fine
 *
 * Returns nothing.
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_options_destroy(hf_options_t **self_p);

/* hf_options_set -- set one option.
 *
 * self   borrows  the options
 * name   borrows  "name": free text that the manager shows for this session, the program's name at first;
 *                 "lease": seconds that the manager keeps the session of a silent program, 10 at first;
 *                 "connect_timeout": seconds for a manager that is there to answer, 5 at first;
 *                 "wait": seconds to keep trying where nobody serves yet, 0 at first;
 *                 "spin": 1, at first: where there are two CPUs, a wait looks for 50 microseconds before it sleeps,
 *                 as an idle CPU wakes more slowly than a call takes; 0: the CPU is spared;
 *                 "inherit": 1, at first: a fork's child goes on with what is held; 0: its calls fail with SessionLost,
 *                 for a program that forks only to exec: it exports nothing, and what it releases is gone at once;
 *                 "far": where handles of other managers' referents may lead: "near", at first: to endpoints on this
 *                 computer; "any"; "none"
 * value   borrows  text, a decimal number, or 0 or 1; copied
 *
 * Returns 0, or -1 with KeyError, no such option; ValueError, no value for it.
 *
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT int hf_options_set(hf_options_t *self, const char *name, const char *value);

/* ---- proxies -------------------------------------------------------------------------- */

/* hf_create -- make a referent.
 *
 * client   borrows  the client
 * typeid_  borrows  its type, "list"
 * picture  borrows  the constructor's arguments, "" or NULL for none; what it names follows
 *
 * Returns a proxy, to be released; or NULL: NoSuchType, the constructor's own kind, or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_create(hf_client_t *client, const char *typeid_, const char *picture, ...);

/* hf_get_or_create -- the referent of that name; made and bound to it if there is none; atomic.
 *
 * client   borrows  the client
 * name     borrows  the name
 * typeid_  borrows  the type if it is to be made; one that is there may be of another
 * picture  borrows  the constructor's arguments; what it names follows
 *
 * Returns a proxy, to be released; or NULL as hf_create.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_get_or_create(hf_client_t *client, const char *name, const char *typeid_,
                                       const char *picture, ...);

/* hf_lookup -- the referent that a name is bound to.
 *
 * client  borrows  the client
 * name    borrows  the name
 *
 * Returns a proxy, to be released; or NULL: KeyError, there is none of that name; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_lookup(hf_client_t *client, const char *name);

/* hf_bind -- give a referent a name, which holds it.
 *
 * client   borrows  the client
 * name     borrows  the name
 * proxy    borrows  the referent
 * replace           whether it may take the name from another
 *
 * Returns 0, or -1: ValueError, the name is taken; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_bind(hf_client_t *client, const char *name, const hf_proxy_t *proxy, bool replace);

/* hf_unbind -- take a name away; its referent goes unless somebody holds it.
 *
 * client  borrows  the client
 * name    borrows  the name
 *
 * Returns 0, or -1: KeyError, there is none of that name; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_unbind(hf_client_t *client, const char *name);

/* hf_dup -- another proxy of the same referent.
 *
 * proxy  borrows  a proxy
 *
 * Returns a proxy, to be released; or NULL with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_dup(const hf_proxy_t *proxy);

/* hf_release -- let go of a referent; with its last holder anywhere it is deleted.
 *
 * proxy_p  takes  the proxy; nulled; NULL inside is fine
 *
 * One atomic push; the manager hears of it with the next frame, at the latest 100 ms later, and never before a call
 * that was made on the proxy earlier.
 *
 * Returns nothing.
 * Thread: [any], any finalizer. Blocks: never, and never allocates. Since: 1.0.
 */
HF_EXPORT void hf_release(hf_proxy_t **proxy_p);

/* hf_auto_release -- hf_release, as HF_AUTO_PROXY calls it when the variable leaves its scope.
 *
 * proxy_p  takes  the proxy; nulled; NULL inside is fine
 *
 * Returns nothing.
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_auto_release(hf_proxy_t **proxy_p);
#define HF_AUTO_PROXY __attribute__((cleanup(hf_auto_release)))

/* hf_proxy_equal -- whether two proxies have the same referent; its value is not looked at.
 *
 * a  borrows  a proxy
 * b  borrows  a proxy
 *
 * Returns true if it is one referent of one manager's session; a promised one (hf_future_proxy) equals once its
 * answer is here.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT bool hf_proxy_equal(const hf_proxy_t *a, const hf_proxy_t *b);

/* hf_proxy_object -- the referent's number in its manager, as messages and logs show it.
 *
 * proxy  borrows  a proxy
 *
 * Returns the number; 0 for the manager itself, and for a promised referent that is not here yet.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT uint64_t hf_proxy_object(const hf_proxy_t *proxy);

/* hf_proxy_typeid -- the type of the referent.
 *
 * proxy  borrows  a proxy
 *
 * Returns the typeid, good as long as the proxy; "" while a promised referent is not here yet.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT const char *hf_proxy_typeid(const hf_proxy_t *proxy);

/* hf_proxy_client -- the client that a proxy belongs to.
 *
 * proxy  borrows  a proxy
 *
 * Returns the client, lent: it is one that hf_connect gave, of no use once that was disconnected; or, of another
 * manager's referent, one that was opened for it, not to be disconnected.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_client_t *hf_proxy_client(const hf_proxy_t *proxy);

/* hf_proxy_of -- a proxy from a handle inside an answer.
 *
 * client  borrows  the client that got the answer
 * handle  borrows  a handle, or a view of one inside a list or map; the answer (what hf_call_value, hf_await_value
 *                  or the picture letter v gave) is not dropped yet, or another proxy has the referent
 *
 * Returns a proxy, to be released; or NULL: TypeError, it is no handle; NoSuchObject, nothing here holds that
 * referent any more; ReferentLost; SessionLost; LimitExceeded.
 *
 * Thread: [any]. Blocks: never, but for a referent of another manager. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_proxy_of(hf_client_t *client, const hf_value_t *handle);

/* ---- tokens --------------------------------------------------------------------------- */

#define HF_TTL_DEFAULT 60.0 /* seconds */

/* hf_export -- a token: text that stands for a referent wherever text can go, an argument, a file, a pipe.
 *
 * proxy  borrows  the referent
 * ttl             seconds for which the token keeps the referent alive, HF_TTL_DEFAULT as a rule, or until it was
 *                 adopted once, whichever is first; 0: it does not keep it; HF_FOREVER: until hf_revoke, however often
 *                 it is adopted
 *
 * While the referent lives by others the token stays good, and may be adopted again. Whoever has it has the referent:
 * it is a secret. More uses, or one token for several referents: call "export" of hf_manager().
 *
 * Returns the token, one word of letters, digits, '.', '-' and '_', free(); or NULL: LimitExceeded; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT char *hf_export(const hf_proxy_t *proxy, double ttl);

/* hf_adopt -- the referent that a token stands for.
 *
 * client  borrows  a client of the manager that the token is of
 * token   borrows  the token
 *
 * A program that dies before it has the proxy has not adopted: the next one can.
 *
 * Returns a proxy, to be released; or NULL: ValueError, it is no token; NoSuchObject, the manager has none like it:
 * it is another manager's, was revoked, or its referent is gone; TypeError, it stands for several (call "adopt" of
 * hf_manager()); or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_adopt(hf_client_t *client, const char *token);

/* hf_revoke -- end a token for good; who adopted by it keeps what it has.
 *
 * client  borrows  a client of the manager that the token is of
 * token   borrows  the token
 *
 * Returns 1, or 0 where the manager has no such token; or -1: ValueError, it is none at all; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_revoke(hf_client_t *client, const char *token);

/* ---- calls that wait ------------------------------------------------------------------ */

/* hf_call -- call a method and wait; the result is dropped.
 *
 * proxy    borrows  the referent
 * method   borrows  its name
 * picture  borrows  the arguments, "" or NULL for none; what it names follows
 *
 * Returns 0, or -1 with the method's own kind, or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_call(const hf_proxy_t *proxy, const char *method, const char *picture, ...);

/* hf_call_into -- call a method, wait, and read the result by a picture.
 *
 * proxy    borrows  the referent
 * method   borrows  its name
 * picture  borrows  the arguments; what it names follows; behind that a second picture (const char *), the result's,
 *                   and the pointers that it names: hf_call_into(list, "len", "", "i", &n)
 *
 * Returns 0, or -1: TypeError, the result is of another kind than the picture says (the method did run); or as
 * hf_call. No pointer is written on failure.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_call_into(const hf_proxy_t *proxy, const char *method, const char *picture, ...);

/* hf_call_proxy -- call a method whose result is a handle, and wait.
 *
 * proxy    borrows  the referent
 * method   borrows  its name
 * picture  borrows  the arguments; what it names follows
 *
 * Returns a proxy, to be released; or NULL: TypeError, the result is no handle; or as hf_call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_call_proxy(const hf_proxy_t *proxy, const char *method,
                                    const char *picture, ...);

/* hf_call_value -- call a method with values as arguments, and wait.
 *
 * proxy      borrows  the referent
 * method     borrows  its name
 * args       borrows  a list; NULL: none
 * kwargs     borrows  a map whose keys are str; NULL: none
 * timeout             seconds; HF_FOREVER to wait for ever
 * ret_value  gives    the result, to be dropped (hf_drop), after which its handles are let go; NULL: dropped
 *
 * Returns 0, or -1 as hf_call.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_call_value(const hf_proxy_t *proxy, const char *method, const hf_value_t *args,
                            const hf_value_t *kwargs, double timeout, hf_value_t *ret_value);

/* hf_call_oneway -- call a method and never hear of it: no answer, not even an error.
 *
 * proxy    borrows  the referent
 * method   borrows  its name
 * picture  borrows  the arguments; what it names follows
 *
 * Returns 0: it is on its way, behind every call made before; or -1: SessionLost, LimitExceeded, TimeoutError or
 * Interrupted (the window stayed full), ValueError, TypeError.
 *
 * Thread: [any]. Blocks: while the window is full, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_call_oneway(const hf_proxy_t *proxy, const char *method, const char *picture, ...);

/* ---- calls that do not ---------------------------------------------------------------- */

/* hf_call_async -- call a method and go on.
 *
 * proxy    borrows  the referent
 * method   borrows  its name
 * picture  borrows  the arguments; what it names follows
 *
 * With nothing in flight it leaves at once; else with others in one frame, at an await, a flush, an answer, 8 KiB,
 * or 100 ms later.
 *
 * Returns a future, to be destroyed; or NULL: SessionLost, LimitExceeded, TimeoutError or Interrupted (the window
 * stayed full), ValueError, TypeError. What the manager finds wrong is the future's error.
 *
 * Thread: [any]. Blocks: while the window is full, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_future_t *hf_call_async(const hf_proxy_t *proxy, const char *method,
                                     const char *picture, ...);

/* hf_call_async_value -- call a method with values as arguments and go on.
 *
 * proxy   borrows  the referent
 * method  borrows  its name
 * args    borrows  a list; NULL: none
 * kwargs  borrows  a map whose keys are str; NULL: none
 *
 * Returns a future, to be destroyed; or NULL as hf_call_async.
 *
 * Thread: [any]. Blocks: while the window is full, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_future_t *hf_call_async_value(const hf_proxy_t *proxy, const char *method,
                                           const hf_value_t *args, const hf_value_t *kwargs);

/* hf_create_async -- make a referent and go on; hf_future_proxy calls it at once.
 *
 * client   borrows  the client
 * typeid_  borrows  its type
 * picture  borrows  the constructor's arguments; what it names follows
 *
 * Returns a future, to be destroyed; or NULL as hf_call_async.
 *
 * Thread: [any]. Blocks: while the window is full, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_future_t *hf_create_async(hf_client_t *client, const char *typeid_,
                                       const char *picture, ...);

/* hf_future_proxy -- a proxy of the referent that the result will be: call it before the answer is here.
 *
 * future  borrows  a future whose result is a handle; calls on the proxy fail as the future fails
 *
 * Returns a proxy, to be released; or NULL with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_future_proxy(const hf_future_t *future);

/* hf_future_is_done -- whether the answer is here; asks nobody and waits for nothing.
 *
 * future  borrows  a future
 *
 * Returns true if hf_await would not wait.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT bool hf_future_is_done(const hf_future_t *future);

/* hf_await -- wait for a future's answer.
 *
 * future   borrows  a future; may be awaited again, and by several threads
 * timeout           seconds, 0 to look; HF_FOREVER to wait for ever
 *
 * Returns 0: it has a result; or -1: the call's own error, each time again; TimeoutError or Interrupted: no answer
 * yet, the future is as before.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_await(hf_future_t *future, double timeout);

/* hf_await_into -- wait for a future's answer and read the result by a picture.
 *
 * future       borrows  a future
 * timeout               seconds; HF_FOREVER to wait for ever
 * ret_picture  borrows  the result's picture; the pointers that it names follow
 *
 * Returns 0, or -1: TypeError, the result is of another kind; or as hf_await. No pointer is written on failure.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_await_into(hf_future_t *future, double timeout, const char *ret_picture, ...);

/* hf_await_value -- wait for a future's answer and have its result as a value.
 *
 * future     borrows  a future
 * timeout             seconds; HF_FOREVER to wait for ever
 * ret_value  gives    the result, to be dropped
 *
 * Returns 0, or -1 as hf_await; LimitExceeded, no memory.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_await_value(hf_future_t *future, double timeout, hf_value_t *ret_value);

/* hf_await_proxy -- wait for a future's answer, which is a handle.
 *
 * future   borrows  a future
 * timeout           seconds; HF_FOREVER to wait for ever
 *
 * Returns a proxy, to be released; or NULL: TypeError, the result is no handle; or as hf_await.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT hf_proxy_t *hf_await_proxy(hf_future_t *future, double timeout);

/* hf_cancel -- ask the manager to cancel a call that is parked.
 *
 * future  borrows  a future
 *
 * Returns 0: it then ends, with Cancelled or, if it was no longer parked, with its answer; or -1: SessionLost.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT int hf_cancel(hf_future_t *future);

/* hf_future_destroy -- let go of a future; a call that still runs goes on, its answer is dropped, its handles released.
 *
 * future_p  takes  the future, which nobody awaits; nulled; NULL inside is fine
 *
 * Returns nothing.
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_future_destroy(hf_future_t **future_p);

/* ---- locks ------------------------------------------------------------------------------ */

/* hf_lock -- acquire a lock, to be released by hf_unlock or, HF_AUTO_LOCK, at the end of the scope.
 *
 * lock     borrows  a Lock, RLock, Condition (its lock), Semaphore or BoundedSemaphore (one unit); lives until released
 * timeout           seconds to wait for it; 0: do not wait; HF_FOREVER
 *
 *     HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, 1.5);
 *     if (held == NULL)
 *         return -1;
 *
 * Returns the lock, lent, or NULL: TimeoutError, it was not to be had in time; Interrupted; or as any call. With NULL
 * it is not ours: if the manager gave it just when we gave up, it was given back. Only where the connection is lost
 * at that moment it may stay ours until the session ends.
 *
 * Thread: [any]. Blocks: up to timeout, 2 s longer where the connection is lost. Since: 1.0.
 */
HF_EXPORT const hf_proxy_t *hf_lock(const hf_proxy_t *lock, double timeout);

/* hf_unlock -- release what hf_lock acquired, before the end of the scope.
 *
 * lock_p  takes  what hf_lock gave; nulled, whatever happens; NULL inside is fine
 *
 * Returns 0, or -1: RuntimeError or ValueError, it was released already; RuntimeError, it was acquired before a fork
 * and is the parent's; or as any call.
 *
 * Thread: [any], for an RLock or a Condition's own the one that acquired it. Blocks: until the answer, or
 * hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_unlock(const hf_proxy_t **lock_p);

/* hf_auto_unlock -- hf_unlock, as HF_AUTO_LOCK calls it when the variable leaves its scope: this thread's last error
 * stays what it was.
 *
 * lock_p  takes  what hf_lock gave; nulled; NULL inside is fine
 *
 * Returns nothing.
 * Thread: [any], as hf_unlock. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT void hf_auto_unlock(const hf_proxy_t **lock_p);
#define HF_AUTO_LOCK __attribute__((cleanup(hf_auto_unlock)))

/* What is waited for: above 0 it is so, 0 not yet, below 0 it cannot be told. May call whatever it likes. */
typedef int hf_predicate_f(void *context);

/* hf_condition_wait_for -- wait on a Condition, whose lock is ours, until a predicate is true; Python's wait_for.
 *
 * condition  borrows  the Condition
 * predicate  borrows  looked at first, and after each time the Condition was notified, with the lock held
 * context    borrows  handed to the predicate; may be NULL
 * timeout             seconds to wait for it; 0: only look; HF_FOREVER
 *
 * Returns what the predicate gave last: above 0; 0, the time was up; below 0, with what it left in hf_errkind(). Or -1:
 * RuntimeError, the lock is not ours; Interrupted; or as any call. Whatever it returns the lock is ours, but after
 * RuntimeError or SessionLost; after Interrupted it was acquired anew, so once even where we had it several times.
 *
 * Thread: [any]. Blocks: up to timeout, and until the lock is to be had again. Since: 1.0.
 */
HF_EXPORT int hf_condition_wait_for(const hf_proxy_t *condition, hf_predicate_f *predicate,
                                    void *context, double timeout);

/* ---- this thread's last error --------------------------------------------------------- */

/* hf_errkind -- the kind of this thread's last error, "KeyError".
 *
 * Returns the kind, good until the thread's next call of this library; "" where the last one went well.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT const char *hf_errkind(void);

/* hf_errmsg -- the sentence of this thread's last error.
 *
 * Returns the sentence, good until the thread's next call of this library; "" where the last one went well.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT const char *hf_errmsg(void);

/* hf_errdata -- the value that came with this thread's last error: a KeyError's key.
 *
 * Returns the value, lent until the thread's next call of this library; NULL: none.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT const hf_value_t *hf_errdata(void);

/* ---- values, outside a plugin: value.h's functions with call NULL ---------------------- */
#ifndef HF_PLUGIN_H

/* hf_keep -- a copy of a value that lasts until it is dropped.
 *
 * call      borrows  NULL
 * value     borrows  the value, or a view into one
 * ret_kept  gives    the copy, to be dropped. It shares what a whole answer holds; a copy of a part of an answer
 *                    holds no referent: make a proxy of a handle (hf_proxy_of) that is to last
 *
 * Returns HF_OK, or HF_RAISED with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_err_t hf_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept);

/* hf_drop -- let go of a value that was given: by hf_keep, hf_build, a result, the picture letter v.
 *
 * call   borrows  NULL
 * value  takes    the value; zeroed; views into it are void
 *
 * Returns nothing.
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_drop(hf_call_t *call, hf_value_t *value);

/* hf_build -- a value by picture: hf_build(NULL, &v, "{s:i,s:[sv]}", …).
 *
 * call       borrows  NULL
 * ret_value  gives    the value, to be dropped
 * picture    borrows  one item; what it names follows
 *
 * Returns HF_OK, or HF_RAISED with ValueError, the picture, or a text is no UTF-8; TypeError, a key is not hashable;
 * LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_err_t hf_build(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...);

/* hf_writer -- a writer for a value that no picture tells; hf_write_… build in it.
 *
 * call  borrows  NULL
 *
 * Returns a writer, to be given to hf_written whatever happens; or NULL with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_writer_t *hf_writer(hf_call_t *call);

/* hf_written -- the value that was written.
 *
 * call       borrows  NULL
 * writer     takes    what hf_writer gave; one item was written in it
 * ret_value  gives    the value, to be dropped; NULL: what was written is thrown away
 *
 * Returns HF_OK, or HF_RAISED with LimitExceeded, it was too long or there was no memory; ValueError, it is not
 * one whole item.
 *
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_err_t hf_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value);

/* hf_equal -- Python's ==.
 *
 * call  borrows  NULL
 * a     borrows  a value
 * b     borrows  a value
 *
 * Returns whether they are equal.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT bool hf_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b);

/* hf_hash -- Python's hash(): equal for values that are equal.
 *
 * call      borrows  NULL
 * value     borrows  the value
 * ret_hash  gives    the hash; untouched where there is none
 *
 * Returns false where a value is unhashable: a map is in it.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT bool hf_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash);

/* hf_compare -- Python's < and >.
 *
 * call       borrows  NULL
 * a          borrows  a value
 * b          borrows  a value
 * ret_order  gives    -1, 0 or 1; untouched where there is no order
 *
 * Returns false where the two are not ordered.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT bool hf_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b,
                          int *ret_order);

/* hf_repr -- Python's repr().
 *
 * call     borrows  NULL
 * value    borrows  the value
 * ret_str  gives    a str, to be dropped
 *
 * Returns HF_OK, or HF_RAISED with LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_err_t hf_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str);
#endif

/* hf_from_json -- a value from JSON.
 *
 * What JSON has no form for is an object of one key: {"$bytes": base64}, {"$float": "nan"} ("inf", "-inf"),
 * {"$int": "18446744073709551615"} (above 2^63 - 1), {"$map": [[key, value], …]} (keys that are no str, or one key
 * that begins with $), {"$handle": [12, "list"]}, {"$promise": 7}, {"$error": [kind, text, data]},
 * {"$ext": [42, base64]}. A handle read so holds nothing: it can be passed while a proxy has that referent.
 *
 * text       borrows  UTF-8, any JSON value
 * len                 its bytes
 * ret_value  gives    the value, to be dropped
 *
 * Returns 0, or -1 with ValueError, it is no JSON or no value (the sentence says where); OverflowError, an int of
 * more than 64 bits in $int; LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT int hf_from_json(const char *text, size_t len, hf_value_t *ret_value);

/* hf_to_json -- JSON from a value, in the forms that hf_from_json reads back, on one line.
 *
 * value  borrows  the value
 *
 * Returns NUL-terminated UTF-8, to be given to free(); or NULL with LimitExceeded: no memory, or a
 * value deeper than any manager admits.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT char *hf_to_json(const hf_value_t *value);

#ifdef __cplusplus
}
#endif

#endif
