/* SPDX-License-Identifier: MPL-2.0 */
/* death -- kill -9: processes that die while they hold something, while they wait for something, or with something that
 * was just sent to them. Nothing stays locked, nobody is left standing in a queue, nothing is lost, all within a second.
 *
 *     test.e2e.death                                 the tests
 *     test.e2e.death victim ENDPOINT CALL...         a process that makes the calls, says that it is ready, and waits
 *     test.e2e.death mortal ENDPOINT CALL...         the same, with a lease of a second
 *     test.e2e.death mute ENDPOINT CALL...           the same, but no answer to these calls is ever acknowledged
 *
 * A CALL is NAME.METHOD or NAME.METHOD[ARGS], with JSON in the brackets, of a referent that the test has bound to NAME; with a !
 * behind it the call is not waited for. Every victim has acquired the lock `life`: who gets it next knows that the
 * session has ended, as what waits is withdrawn and what was not acknowledged comes back before what is owned is let go.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

#include "figure.h"
#include "raw.h"

enum { CALLS = 6, WAITING = 4, PATIENCE_MS = 20000, IN_TIME_MS = E2E_IS_SANITIZED ? 10000 : 1000 };
enum { LOST = 3 }; /* what a victim exits with whose session was given up */

/* ---- the victims ------------------------------------------------------------------------- */

/* A call, taken apart: a method, with a name before it or not, its arguments in brackets or none. */
typedef struct spoken {
    char name[32];
    char method[32];
    char args[64];
} spoken_t;

static spoken_t
spoken_of(const char *text)
{
    spoken_t self = {.args = "[]"};
    const char *dot = strchr(text, '.');
    const char *method = dot == NULL ? text : dot + 1;
    const char *open = strchr(text, '[');
    const char *close = strrchr(text, ']');
    (void)snprintf(self.name, sizeof self.name, "%.*s", dot == NULL ? 0 : (int)(dot - text), text);
    (void)snprintf(self.method, sizeof self.method, "%.*s", (int)strcspn(method, "[!="), method);
    if (open != NULL && close != NULL)
        (void)snprintf(self.args, sizeof self.args, "%.*s", (int)(close + 1 - open), open);
    return self;
}

static _Noreturn void
victim_fails(const char *what)
{
    (void)fprintf(stderr, "victim: %s: %s: %s\n", what, hf_errkind(), hf_errmsg());
    _exit(9);
}

static hf_proxy_t *
victim_find(hf_client_t *client, const char *name)
{
    hf_proxy_t *proxy = hf_lookup(client, name);
    if (proxy == NULL)
        victim_fails(name);
    return proxy;
}

static void
victim_says(hf_client_t *client, const char *text)
{
    spoken_t call = spoken_of(text);
    hf_value_t args = {.raw = {0}};
    hf_proxy_t *proxy = victim_find(client, call.name);
    if (hf_from_json(call.args, strlen(call.args), &args) != 0)
        victim_fails(text);
    hf_future_t *future = hf_call_async_value(proxy, call.method, &args, NULL);
    bool is_waited_for = text[strlen(text) - 1] != '!';
    if (future == NULL || (is_waited_for && hf_await(future, e2e_patience(20.0)) != 0))
        victim_fails(text);
}

/* Says that it is ready, and waits for what never comes. */
static _Noreturn void
victim_waits(hf_client_t *client)
{
    hf_proxy_t *never = victim_find(client, "never");
    if (hf_call_oneway(victim_find(client, "ready"), "set", "") != 0)
        victim_fails("ready");
    (void)hf_call(never, "wait", "");
    if (strcmp(hf_errkind(), "SessionLost") == 0)
        _exit(LOST);
    victim_fails("never");
}

static _Noreturn void
victim(const char *endpoint, const char *lease, char **calls)
{
    hf_options_t *options = hf_options_new();
    if (options == NULL || hf_options_set(options, "lease", lease) != 0)
        victim_fails("options");
    hf_client_t *client = hf_connect(endpoint, options);
    if (client == NULL)
        victim_fails(endpoint);
    victim_says(client, "life.acquire");
    for (; *calls != NULL; calls++)
        victim_says(client, *calls);
    victim_waits(client);
}

static uint64_t
mute_find(raw_t *raw, const char *name)
{
    raw_answer_t answer;
    raw_answer(raw, raw_call(raw, 0, "lookup", "s", name), &answer);
    return raw_handle_of(&answer);
}

/* Sends all calls, then receives all answers, and nothing goes out any more. */
static _Noreturn void
mute(const char *endpoint, char **calls)
{
    raw_t raw;
    raw_answer_t answer;
    uint64_t target[CALLS];
    size_t n = 0;
    raw_open(&raw, endpoint, 66);
    (void)raw_begin(&raw, false);
    raw_answer(&raw, raw_call(&raw, mute_find(&raw, "life"), "acquire", ""), &answer);
    for (; calls[n] != NULL; n++)
        target[n] = mute_find(&raw, spoken_of(calls[n]).name);
    for (size_t k = 0; k < n; k++) {
        spoken_t call = spoken_of(calls[k]);
        int64_t arg = strtoll(call.args + 1, NULL, 10); /* an int above 0, or none */
        (void)raw_call(&raw, target[k], call.method, arg > 0 ? "i" : "", arg);
    }
    uint64_t last =
        raw_call(&raw, 0, "number_of_objects", ""); /* they are all there when it is answered */
    for (raw_next_answer(&raw, &answer); answer.call != last; raw_next_answer(&raw, &answer))
        n--;
    hf_client_t *client = e2e_connect(endpoint);
    if (client == NULL || hf_call(victim_find(client, "sent"), "set", "") != 0)
        victim_fails(endpoint);
    for (; n > 0; n--)
        raw_next_answer(&raw, &answer);
    victim_waits(client);
}

/* ---- what each test stands on ---------------------------------------------------------------- */

typedef struct scene {
    e2e_t *e2e;
    hf_client_t *client;
    hf_proxy_t *it;
    hf_proxy_t *life;
    hf_proxy_t *ready;
    hf_proxy_t *sent;
    pid_t victim;
    hf_future_t *waiting[WAITING];
    unsigned n_waiting;
    int in_time_ms; /* for what a death brings */
} scene_t;

static hf_proxy_t *
scene_new(scene_t *self, const char *name, const char *typeid_)
{
    hf_proxy_t *proxy = hf_create(self->client, typeid_, "");
    assert_non_null(proxy);
    assert_int_equal(hf_bind(self->client, name, proxy, true), 0);
    return proxy;
}

static void
scene_open(scene_t *self, e2e_t *e2e)
{
    *self = (scene_t){.e2e = e2e, .in_time_ms = IN_TIME_MS};
    if (e2e->pid == 0)
        E2E_START(e2e, NULL);
    self->client = e2e_connect(e2e->endpoint);
    if (self->client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    self->life = scene_new(self, "life", "Lock");
    self->ready = scene_new(self, "ready", "Event");
    self->sent = scene_new(self, "sent", "Event");
    hf_proxy_t *never = scene_new(self, "never", "Event");
    hf_release(&never);
}

static void
scene_close(scene_t *self)
{
    assert_int_equal(e2e_figure(self->client, "sessions"), 1);
    assert_int_equal(e2e_figure(self->client, "parked"),
                     1 + self->n_waiting); /* and the question itself */
    for (unsigned k = 0; k < self->n_waiting; k++)
        hf_future_destroy(&self->waiting[k]);
    hf_release(&self->it);
    hf_release(&self->life);
    hf_release(&self->ready);
    hf_release(&self->sent);
    hf_disconnect(&self->client);
}

/* ---- steps of the test's own: "METHOD[ARGS]=ANSWER; …"; without an answer the call is not waited for ---- */

static void
scene_leave(scene_t *self, const char *method, const hf_value_t *args)
{
    assert_true(self->n_waiting < WAITING);
    hf_future_t *future = hf_call_async_value(self->it, method, args, NULL);
    assert_non_null(future);
    self->waiting[self->n_waiting++] = future;
    assert_int_equal(hf_flush(self->client, e2e_patience(20.0)), 0);
}

static void
scene_take(scene_t *self, const char *text)
{
    spoken_t call = spoken_of(text);
    hf_value_t args = {.raw = {0}};
    hf_value_t value = {.raw = {0}};
    const char *answer = strchr(text, '=');
    assert_int_equal(hf_from_json(call.args, strlen(call.args), &args), 0);
    if (answer == NULL) {
        scene_leave(self, call.method, &args);
        return;
    }
    if (hf_call_value(self->it, call.method, &args, NULL, e2e_patience(20.0), &value) != 0)
        fail_msg("%s: %s: %s", text, hf_errkind(), hf_errmsg());
    char *json = hf_to_json(&value);
    if (json == NULL || strcmp(json, answer + 1) != 0)
        fail_msg("%s: it gave %s", text, json);
    free(json);
    hf_drop(NULL, &value);
    hf_drop(NULL, &args);
}

static void
scene_play(scene_t *self, const char *steps)
{
    char step[96];
    while (*steps != '\0') {
        size_t len = strcspn(steps, ";");
        (void)snprintf(step, sizeof step, "%.*s", (int)len, steps);
        scene_take(self, step);
        steps += len;
        steps += strspn(steps, "; ");
    }
}

/* ---- killing ------------------------------------------------------------------------------- */

/* Starts a victim; its calls with blanks between. */
static void
scene_spawn(scene_t *self, const char *how, const char *calls)
{
    char words[128];
    char *rest = NULL;
    const char *argv[CALLS + 4] = {"/proc/self/exe", how, self->e2e->endpoint};
    (void)snprintf(words, sizeof words, "%s", calls);
    char *word = strtok_r(words, " ", &rest);
    for (int k = 0; word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(k < CALLS);
        argv[3 + k++] = word;
    }
    assert_int_equal(hf_call(self->ready, "clear", ""), 0);
    assert_int_equal(hf_call(self->sent, "clear", ""), 0);
    self->victim = e2e_spawn(self->e2e, argv);
}

static void
scene_await(hf_proxy_t *event)
{
    bool is_set = false;
    assert_int_equal(hf_call_into(event, "wait", "f", e2e_patience(20.0), "b", &is_set), 0);
    assert_true(is_set);
}

static double
now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Kills the victim and waits for what only its death can bring; how long that took. Nothing had brought it before. */
static double
scene_kill(scene_t *self, hf_future_t *awaited)
{
    assert_int_equal(hf_flush(self->client, e2e_patience(20.0)), 0);
    assert_false(hf_future_is_done(awaited));
    double from = now_ms();
    assert_int_equal(kill(self->victim, SIGKILL), 0);
    if (hf_await(awaited, e2e_patience(self->in_time_ms / 1e3)) != 0)
        fail_msg("its death was not heard of in time: %s: %s", hf_errkind(), hf_errmsg());
    double took = now_ms() - from;
    assert_int_equal(e2e_join(self->victim), 128 + SIGKILL);
    return took;
}

/* Kills the victim and waits for the lock that each of them has. */
static double
scene_kill_and_know(scene_t *self)
{
    bool has_it = false;
    hf_future_t *life = hf_call_async(self->life, "acquire", "");
    assert_non_null(life);
    double took = scene_kill(self, life);
    assert_int_equal(hf_await_into(life, 0.0, "b", &has_it), 0);
    assert_true(has_it);
    assert_int_equal(hf_call(self->life, "release", ""), 0);
    hf_future_destroy(&life);
    return took;
}

static void
scene_know(scene_t *self)
{
    bool has_it = false;
    assert_int_equal(hf_call_into(self->life, "acquire", "bf", 1, e2e_patience(20.0), "b", &has_it),
                     0);
    assert_true(has_it);
    assert_int_equal(hf_call(self->life, "release", ""), 0);
}

/* ---- who holds ------------------------------------------------------------------------------ */

typedef struct row {
    const char *typeid_;
    int64_t arg;        /* of the constructor; NONE */
    const char *over;   /* a Condition's lock; NULL: its own */
    const char *before; /* what the test does before there is a victim */
    const char *calls;  /* the victim's */
    const char *ready;  /* what the test does when it is ready */
    const char *after;  /* when it is dead */
} row_t;

#define NONE (-1)

/* A referent as the row says it, bound to the name "it". */
static void
scene_make(scene_t *self, const row_t *row)
{
    hf_proxy_t *lock = row->over == NULL ? NULL : hf_create(self->client, row->over, "");
    self->it = lock != NULL       ? hf_create(self->client, row->typeid_, "h", lock)
               : row->arg != NONE ? hf_create(self->client, row->typeid_, "i", row->arg)
                                  : hf_create(self->client, row->typeid_, "");
    hf_release(&lock);
    if (self->it == NULL)
        fail_msg("%s: %s: %s", row->typeid_, hf_errkind(), hf_errmsg());
    assert_int_equal(hf_bind(self->client, "it", self->it, true), 0);
}

/* Up to the kill. */
static void
scene_begin(scene_t *self, e2e_t *e2e, const row_t *row, const char *how)
{
    scene_open(self, e2e);
    scene_make(self, row);
    scene_play(self, row->before);
    scene_spawn(self, how, row->calls);
    scene_await(self->ready);
    scene_play(self, row->ready);
}

static void
scene_end(scene_t *self, const row_t *row, double took)
{
    print_message("%6.1f ms  %s: %s\n", took, row->typeid_, row->calls);
    scene_play(self, row->after);
    scene_close(self);
}

/* Somebody waits for what the victim holds: the death brings it. */
static void
what_the_dead_held_is_let_go(void **state)
{
    static const row_t rows[] = {
        {"Lock", NONE, NULL, "", "it.acquire", "locked=true",
         "deaths=1; fence=2; release=null; locked=false; holder=null"},
        {"RLock", NONE, NULL, "", "it.acquire it.acquire it.acquire", "acquire[false]=false",
         "deaths=1; fence=2; release=null; locked=false"},
        {"Semaphore", 1, NULL, "", "it.acquire", "get_value=0",
         "get_value=0; release=null; get_value=1"},
        {"BoundedSemaphore", 3, NULL, "", "it.acquire it.acquire it.acquire",
         "acquire[false]=false", "get_value=2; release=null; get_value=3"},
        {"Condition", NONE, NULL, "", "it.acquire it.acquire", "acquire[false]=false",
         "deaths=1; notify_all=null; release=null; locked=false"},
        {"Condition", NONE, "RLock", "", "it.acquire it.acquire", "acquire[false]=false",
         "deaths=1; notify_all=null; release=null; locked=false"},
        {"Condition", NONE, "Lock", "", "it.acquire", "locked=true",
         "deaths=1; notify_all=null; release=null; locked=false"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        scene_t scene;
        bool has_it = false;
        scene_begin(&scene, *state, &rows[k], "victim");
        hf_future_t *next = hf_call_async(scene.it, "acquire", "");
        assert_non_null(next);
        double took = scene_kill(&scene, next);
        assert_int_equal(hf_await_into(next, 0.0, "b", &has_it), 0);
        assert_true(has_it);
        hf_future_destroy(&next);
        scene_know(&scene);
        scene_end(&scene, &rows[k], took);
    }
}

/* ---- who waits ------------------------------------------------------------------------------ */

#define FREE "release=null; locked=false; deaths=0"

/* Whoever died waiting is not there any more when it is given what it waited for. */
static void
the_dead_wait_for_nothing(void **state)
{
    static const row_t rows[] = {
        {"Lock", NONE, NULL, "acquire=true", "it.acquire!", "", FREE},
        {"RLock", NONE, NULL, "acquire=true", "it.acquire!", "acquire=true", "release=null; " FREE},
        {"Semaphore", 0, NULL, "", "it.acquire! it.acquire!", "", "release=null; get_value=1"},
        {"BoundedSemaphore", 1, NULL, "acquire=true", "it.acquire!", "",
         "release=null; get_value=1"},
        {"Condition", NONE, NULL, "acquire=true", "it.acquire!", "", FREE},
        {"Condition", NONE, "Lock", "acquire=true", "it.acquire!", "", FREE},
        {"Condition", NONE, NULL, "", "it.acquire it.acquire it.wait!", "locked=false",
         "acquire=true; notify_all=null; " FREE},
        {"Condition", NONE, "RLock", "", "it.acquire it.wait!", "locked=false",
         "acquire=true; notify=null; " FREE},
        {"Condition", NONE, "Lock", "", "it.acquire it.wait!", "locked=false",
         "acquire=true; notify=null; " FREE},
        /* notified, and waiting for the lock */
        {"Condition", NONE, NULL, "", "it.acquire it.wait!", "acquire=true; notify=null", FREE},
        {"Condition", NONE, "Lock", "", "it.acquire it.wait!", "acquire=true; notify=null", FREE},
        {"Event", NONE, NULL, "", "it.wait!", "is_set=false", "set=null; is_set=true"},
        {"Barrier", 2, NULL, "", "it.wait!", "n_waiting=1",
         "n_waiting=0; broken=false; wait; n_waiting=1"},
        {"Queue", NONE, NULL, "", "it.get!", "", "put[7]=null; qsize=1; get=7"},
        {"Queue", NONE, NULL, "", "it.get_many[5]!", "", "put[7]=null; qsize=1; get=7"},
        {"Queue", 1, NULL, "put[1]=null", "it.put[2]!", "", "get=1; qsize=0; put[3]=null; get=3"},
        /* what is taken in by then stays */
        {"Queue", 2, NULL, "put[1]=null", "it.put_many[[2,3,4]]!", "get=1; full=true",
         "get=2; get=3; qsize=0"},
        {"JoinableQueue", NONE, NULL, "put[1]=null", "it.join!", "", "get=1; task_done=null"},
        {"LifoQueue", NONE, NULL, "", "it.get!", "", "put[7]=null; qsize=1; get=7"},
        {"PriorityQueue", 1, NULL, "put[1]=null", "it.put[0]!", "", "get=1; qsize=0"},
        /* what was acknowledged is gone */
        {"Queue", NONE, NULL, "put[1]=null; put[2]=null", "it.get", "", "qsize=1; get=2"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        scene_t scene;
        scene_begin(&scene, *state, &rows[k], "victim");
        scene_end(&scene, &rows[k], scene_kill_and_know(&scene));
    }
}

/* ---- what was sent and never acknowledged ---------------------------------------------------- */

#define PUTS "put[1]=null; put[2]=null; put[3]=null; put[4]=null"
#define GETS "get=1; get=2; get=3; get=4; qsize=0"

/* It comes back to where it came from, in its order, and past maxsize too. */
static void
what_the_dead_were_sent_comes_back(void **state)
{
    static const row_t rows[] = {
        {"Queue", NONE, NULL, PUTS, "it.get", "qsize=3", "qsize=4; " GETS},
        {"Queue", NONE, NULL, PUTS, "it.get it.get it.get", "qsize=1", "qsize=4; " GETS},
        {"Queue", NONE, NULL, PUTS, "it.get_many[3] it.get", "qsize=0", "qsize=4; " GETS},
        {"Queue", 2, NULL, "put[1]=null; put[2]=null", "it.get it.get",
         "put[3]=null; put[4]=null; full=true",
         "qsize=4; get=1; get=2; full=true; get=3; put[5]=null; get=4; get=5; qsize=0"},
        {"LifoQueue", NONE, NULL, PUTS, "it.get it.get", "qsize=2",
         "qsize=4; get=4; get=3; get=2; get=1"},
        {"PriorityQueue", NONE, NULL, PUTS, "it.get it.get", "put[0]=null", "get=0; " GETS},
        {"Lock", NONE, NULL, "", "it.acquire", "locked=true",
         "locked=false; deaths=1; acquire=true; release=null"},
        {"Semaphore", 2, NULL, "", "it.acquire it.acquire", "get_value=0", "get_value=2"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        scene_t scene;
        scene_begin(&scene, *state, &rows[k], "mute");
        scene_end(&scene, &rows[k], scene_kill_and_know(&scene));
    }
}

/* Calls that were parked are sent their items by a put and die: the next that waits has the first item at once. */
static void
what_comes_back_serves_who_waits(void **state)
{
    static const row_t row = {"Queue", NONE, NULL, "", "it.get it.get", "", "get=2; qsize=0"};
    scene_t scene;
    int64_t first = 0;
    scene_open(&scene, *state);
    scene_make(&scene, &row);
    scene_spawn(&scene, "mute", row.calls);
    scene_await(scene.sent); /* both of its calls wait, and stand before ours */
    hf_future_t *next = hf_call_async(scene.it, "get", "");
    assert_non_null(next);
    scene_play(&scene, "put[1]=null; put[2]=null");
    scene_await(scene.ready);
    double took = scene_kill(&scene, next);
    assert_int_equal(hf_await_into(next, 0.0, "i", &first), 0);
    assert_int_equal(first, 1);
    hf_future_destroy(&next);
    scene_know(&scene);
    scene_end(&scene, &row, took);
}

/* ---- other deaths ---------------------------------------------------------------------------- */

/* Where nobody can see the process, its connection's end is what there is to go by, and the grace for it to come back. */
static void
over_tcp_it_takes_the_grace(void **state)
{
    static const row_t row = {"Lock",
                              NONE,
                              NULL,
                              "",
                              "it.acquire",
                              "locked=true",
                              "locked=false; deaths=1; acquire=true; release=null"};
    scene_t scene;
    e2e_start_configured(*state, "bind = \"tcp://127.0.0.1:*\"\ngrace = 0.5\n");
    scene_begin(&scene, *state, &row, "victim");
    scene.in_time_ms =
        PATIENCE_MS; /* it is missed when the manager next sends it something: the probe */
    double took = scene_kill_and_know(&scene);
    assert_true(took >= 500.0);
    scene_end(&scene, &row, took);
}

/* One that stands still is given up when its lease is over. When it goes on it is told, and its fence is an old one. */
static void
who_stands_still_loses_the_lock(void **state)
{
    static const row_t row = {
        "Lock", NONE, NULL, "", "it.acquire", "fence=1", "deaths=1; locked=false"};
    scene_t scene;
    bool has_it = false;
    scene_begin(&scene, *state, &row, "mortal");
    hf_future_t *next = hf_call_async(scene.it, "acquire", "");
    assert_non_null(next);
    double from = now_ms();
    assert_int_equal(kill(scene.victim, SIGSTOP), 0);
    assert_int_equal(hf_await_into(next, e2e_patience(20.0), "b", &has_it), 0);
    double took = now_ms() - from;
    assert_true(has_it && took >= 500.0);
    hf_future_destroy(&next);
    scene_play(&scene, "fence=2");
    assert_int_equal(kill(scene.victim, SIGCONT), 0);
    assert_int_equal(e2e_join(scene.victim), LOST);
    scene_play(&scene, "release=null");
    scene_end(&scene, &row, took);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_dead_held_is_let_go, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(the_dead_wait_for_nothing, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(what_the_dead_were_sent_comes_back, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(what_comes_back_serves_who_waits, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(over_tcp_it_takes_the_grace, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(who_stands_still_loses_the_lock, e2e_open, e2e_close),
    };
    if (argc > 2 && strcmp(argv[1], "victim") == 0)
        victim(argv[2], e2e_patience_text(10), argv + 3);
    if (argc > 2 && strcmp(argv[1], "mortal") == 0)
        victim(argv[2], e2e_patience_text(1), argv + 3);
    if (argc > 2 && strcmp(argv[1], "mute") == 0)
        mute(argv[2], argv + 3);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
