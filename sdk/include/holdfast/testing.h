/* SPDX-License-Identifier: MPL-2.0 */
/* testing.h -- run a type on the manager's own machine, in a test's process, without sockets or time of its own.
 *
 * What a call gives is told as a text, so that a test is a list of lines:
 *
 *     hf_testing_t *manager = hf_testing_new (&hf_plugin);
 *     hf_testing_session_t *a = hf_testing_open (manager);
 *     uint64_t counter = hf_testing_create (a, "Counter", "i", (int64_t) 40);
 *     assert_string_equal (hf_testing_call (a, counter, "add", "by=i", (int64_t) 2), "42");
 *     assert_string_equal (hf_testing_call (a, counter, "add", "s", "x"), "TypeError: …");
 *     hf_testing_destroy (&manager);
 *
 * A result is told as Python's repr, an error as "Kind: text", a call that has parked as "parked". Every event goes
 * to two machines at once, and what they answer is compared byte for byte: a type whose answers depend on an address
 * or on anything else that a replay would not repeat ends the test's process, with a line that says so.
 *
 * The manager here looks closer than one that serves: a method that parks after it has changed its own state, and a
 * `work` that changes its referent, are told of as RemoteError, with a line in the log.
 *
 * Arguments are told by a picture, holdfast.h's, without h and p: pass a referent by v and hf_testing_handle.
 * Texts and values that are lent here live until the manager is destroyed.
 *
 * Threads: one at a time for each manager and its sessions.
 */
#ifndef HF_TESTING_H
#define HF_TESTING_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_testing hf_testing_t;
typedef struct hf_testing_session hf_testing_session_t;

/* hf_testing_new -- a manager that has loaded one plugin.
 *
 * plugin   borrows   its descriptor, for ever; NULL: none yet
 *
 * Returns the manager, to be destroyed by the caller; NULL: the plugin is refused, stderr has the sentence.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
hf_testing_t *hf_testing_new(const hf_plugin_t *plugin);

/* hf_testing_boot -- the same with settings, such as {"memory_limit": 1000000, "limits": {"holdings": 5}}: to see what
 * a type does at a limit.
 *
 * plugin     borrows   its descriptor, for ever; NULL: none yet
 * settings   borrows   JSON: a map of memory_limit, limits, lease_ms, grace_ms, probe_ms; the rest has its default
 *
 * Returns the manager, to be destroyed by the caller; NULL: the plugin is refused, or that is no JSON; stderr says so.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
hf_testing_t *hf_testing_boot(const hf_plugin_t *plugin, const char *settings);

/* hf_testing_add -- load another plugin.
 *
 * self     borrows   the manager
 * plugin   borrows   its descriptor, for ever
 *
 * Returns false where it is refused; hf_testing_log has the sentence.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
bool hf_testing_add(hf_testing_t *self, const hf_plugin_t *plugin);

/* hf_testing_destroy -- end the manager, its sessions and its referents.
 *
 * self_p   takes   the manager; nulled; NULL is fine
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_destroy(hf_testing_t **self_p);

/* hf_testing_open -- one more client.
 *
 * self   borrows   the manager
 *
 * Returns a session, which the manager owns.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
hf_testing_session_t *hf_testing_open(hf_testing_t *self);

/* hf_testing_bye -- the client says BYE: its session ends.
 *
 * session   borrows   the session; of no use afterwards but for what it was answered
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_bye(hf_testing_session_t *session);

/* hf_testing_die -- the client's process is dead: its session ends, with what it had not acknowledged.
 *
 * session   borrows   the session; of no use afterwards but for what it was answered
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_die(hf_testing_session_t *session);

/* hf_testing_is_open -- does the session live?
 *
 * session   borrows   the session
 *
 * Returns false once it has ended, whoever ended it.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
bool hf_testing_is_open(const hf_testing_session_t *session);

/* hf_testing_number -- the manager's number for a session, as hf_caller tells it.
 *
 * session   borrows   the session
 *
 * Returns the number.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_number(const hf_testing_session_t *session);

/* hf_testing_create -- make a referent.
 *
 * session   borrows   who makes it
 * typeid_   borrows   its type
 * picture   borrows   of the constructor's arguments
 *
 * Returns its number; 0: it failed, hf_testing_answer (session, hf_testing_last (session)) says how.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_create(hf_testing_session_t *session, const char *typeid_, const char *picture,
                           ...);

/* hf_testing_call -- call a method and let the machine run.
 *
 * session   borrows   who calls
 * object              a referent's number; 0: the manager itself
 * method    borrows   its name
 * picture   borrows   of its arguments
 *
 * Returns a borrowed text: the result's repr, "Kind: text", or "parked"; "" from a oneway call or without a session.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const char *hf_testing_call(hf_testing_session_t *session, uint64_t object, const char *method,
                            const char *picture, ...);

/* hf_testing_last -- the number of the session's last call.
 *
 * session   borrows   the session
 *
 * Returns the number.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_last(const hf_testing_session_t *session);

/* hf_testing_answer -- what a call was answered, by now.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns a borrowed text, as hf_testing_call's.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const char *hf_testing_answer(hf_testing_session_t *session, uint64_t call);

/* hf_testing_value -- a call's result as a value.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns a borrowed value; NULL: it has failed (hf_testing_data), or is not answered.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const hf_value_t *hf_testing_value(hf_testing_session_t *session, uint64_t call);

/* hf_testing_data -- the value that came with a call's error.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns a borrowed value; NULL: it has not failed, or nothing came with it.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const hf_value_t *hf_testing_data(hf_testing_session_t *session, uint64_t call);

/* hf_testing_json -- a call's result as JSON.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns a borrowed text; NULL as hf_testing_value.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const char *hf_testing_json(hf_testing_session_t *session, uint64_t call);

/* hf_testing_object -- whose handle a call's result is.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns the referent's number; 0: its result is no handle.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_object(hf_testing_session_t *session, uint64_t call);

/* hf_testing_handle -- a handle, to be an argument.
 *
 * object   a referent's number
 *
 * Returns the value.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
hf_value_t hf_testing_handle(uint64_t object);

/* hf_testing_promise -- the result that a call will have, to be an argument.
 *
 * call   the number of an earlier call of the same session
 *
 * Returns the value.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
hf_value_t hf_testing_promise(uint64_t call);

/* hf_testing_set_thread -- which of the client's threads makes the calls that follow.
 *
 * session   borrows   the session
 * thread              its number; 0 at first
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_set_thread(hf_testing_session_t *session, uint64_t thread);

/* hf_testing_set_timeout -- how long the calls that follow may stay parked.
 *
 * session   borrows   the session
 * seconds             CALL's own timeout, >= 0; HF_FOREVER: none, as at first
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_set_timeout(hf_testing_session_t *session, double seconds);

/* hf_testing_set_oneway -- whether the calls that follow are answered at all.
 *
 * session     borrows   the session
 * is_oneway             true: no answer, not even an error
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_set_oneway(hf_testing_session_t *session, bool is_oneway);

/* hf_testing_set_acknowledging -- whether the client acknowledges what it gets.
 *
 * session            borrows   the session
 * is_acknowledging             true, as at first; false: its answers count as undelivered if it dies
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_set_acknowledging(hf_testing_session_t *session, bool is_acknowledging);

/* hf_testing_cancel -- cancel a parked call.
 *
 * session   borrows   who called
 * call                the call's number
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_cancel(hf_testing_session_t *session, uint64_t call);

/* hf_testing_release -- give one reference back.
 *
 * session   borrows   who holds it
 * object              the referent's number
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_release(hf_testing_session_t *session, uint64_t object);

/* hf_testing_pass -- let time pass: timers, timeouts. The clients stay in touch meanwhile.
 *
 * self      borrows   the manager
 * seconds             >= 0
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
void hf_testing_pass(hf_testing_t *self, double seconds);

/* hf_testing_set_late -- whether the `work` of offloaded methods waits for hf_testing_run_jobs.
 *
 * self      borrows   the manager
 * is_late             true: such a call is told as "parked" until then; false, as at first: it is done at once
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.1.
 */
void hf_testing_set_late(hf_testing_t *self, bool is_late);

/* hf_testing_run_jobs -- run the `work` that waits, the oldest first, and let the machine go on.
 *
 * self   borrows   the manager
 * n                at most so many
 *
 * Returns how many were run, those cancelled meanwhile too.
 * Thread: [any]. Blocks: no. Since: 1.1.
 */
uint32_t hf_testing_run_jobs(hf_testing_t *self, uint32_t n);

/* hf_testing_referents -- how many referents there are, the manager itself not counted.
 *
 * self   borrows   the manager
 *
 * Returns the number.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_referents(const hf_testing_t *self);

/* hf_testing_parked -- how many calls are parked.
 *
 * self   borrows   the manager
 *
 * Returns the number.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_parked(const hf_testing_t *self);

/* hf_testing_memory -- what the manager has counted as its memory.
 *
 * self   borrows   the manager
 *
 * Returns bytes.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
uint64_t hf_testing_memory(const hf_testing_t *self);

/* hf_testing_log -- the lines that the manager has logged, "blame: line", each ended by a newline.
 *
 * self   borrows   the manager
 *
 * Returns a borrowed text, good until the next function here; "" where there is none.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
const char *hf_testing_log(const hf_testing_t *self);

#ifdef __cplusplus
}
#endif

#endif
