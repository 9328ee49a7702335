/* SPDX-License-Identifier: MPL-2.0 */
/* rig -- see rig.h */
#define _GNU_SOURCE
#include "rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RIG_RUNS = 1024 };

/* splitmix64 */
uint64_t
rig_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t
rig_below(uint64_t *state, uint64_t n)
{
    return rig_random(state) % n;
}

void *
rig_share(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    void *at = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return at == MAP_FAILED ? NULL : at;
}

hf_client_t *
rig_connect(const e2e_t *e2e)
{
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "inherit", "0"),
                     0); /* the others are other programs */
    hf_client_t *client = hf_connect(e2e->endpoint, options);
    hf_options_destroy(&options);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    hf_set_timeout(client, e2e_patience(RIG_PATIENCE_S));
    return client;
}

hf_proxy_t *
rig_new(hf_client_t *client, const char *name, const char *typeid_, const char *picture,
        int64_t start)
{
    hf_proxy_t *proxy =
        *picture == '\0' ? hf_create(client, typeid_, "") : hf_create(client, typeid_, "i", start);
    if (proxy == NULL || hf_bind(client, name, proxy, false) != 0)
        fail_msg("%s %s: %s: %s", typeid_, name, hf_errkind(), hf_errmsg());
    return proxy;
}

void
rig_await_lock(const hf_proxy_t *lock)
{
    bool has_it = false;
    if (hf_call_into(lock, "acquire", "bf", 1, e2e_patience(RIG_PATIENCE_S), "b", &has_it) != 0)
        fail_msg("a lock: %s: %s", hf_errkind(), hf_errmsg());
    assert_true(has_it);
}

void
rig_await_sessions(hf_client_t *client, int64_t n)
{
    HF_AUTO_PROXY hf_proxy_t *never = hf_create(client, "Event", "");
    assert_non_null(never);
    for (int k = 0; e2e_figure(client, "sessions") > n; k++) {
        if (k > e2e_patience(RIG_PATIENCE_S) * 50)
            fail_msg("%lld sessions are left", (long long)e2e_figure(client, "sessions"));
        assert_int_equal(hf_call(never, "wait", "f", 0.02), 0); /* the manager's own clock */
    }
}

void
rig_expect_nothing_left(hf_client_t *client)
{
    assert_int_equal(e2e_figure(client, "sessions"), 1);
    assert_int_equal(e2e_figure(client, "parked"), 1); /* the question itself */
    assert_int_equal(e2e_count_objects(client), e2e_count_names(client));
}

void
rig_die(const char *what)
{
    (void)fprintf(stderr, "process %d: %s: %s: %s\n", (int)getpid(), what, hf_errkind(),
                  hf_errmsg());
    _exit(9);
}

hf_client_t *
rig_enter(const char *endpoint, double lease)
{
    hf_options_t *options = hf_options_new();
    if (options == NULL || hf_options_set(options, "lease", e2e_patience_text(lease)) != 0 ||
        hf_options_set(options, "wait", e2e_patience_text(20)) != 0 ||
        hf_options_set(options, "connect_timeout", e2e_patience_text(20)) != 0)
        rig_die("options");
    hf_client_t *client = hf_connect(endpoint, options);
    if (client == NULL)
        rig_die(endpoint);
    hf_options_destroy(&options);
    return client;
}

hf_proxy_t *
rig_find(hf_client_t *client, const char *name)
{
    hf_proxy_t *proxy = hf_lookup(client, name);
    if (proxy == NULL)
        rig_die(name);
    return proxy;
}

/* ---- seeds ------------------------------------------------------------------------------ */

typedef struct rig_run {
    const rig_test_t *test;
    const char *program;
    uint64_t seed;
    char name[96];
    bool has_passed;
    void *e2e;
} rig_run_t;

static int
rig_open(void **state)
{
    rig_run_t *run = *state;
    return e2e_open(&run->e2e);
}

static void
rig_play(void **state)
{
    rig_run_t *run = *state;
    run->test->run(run->e2e, run->seed);
    run->has_passed = true;
}

static int
rig_close(void **state)
{
    rig_run_t *run = *state;
    int failed = e2e_close(&run->e2e);
    if (failed != 0 || !run->has_passed)
        (void)fprintf(stderr, "again: %s --seed %llu\n", run->program,
                      (unsigned long long)run->seed);
    return failed;
}

/* --seed N, --seeds A-B, or nothing: seed 1. */
static bool
rig_read_seeds(int argc, char **argv, uint64_t *ret_first, uint64_t *ret_last)
{
    char *end = NULL;
    *ret_first = *ret_last = 1;
    if (argc == 1)
        return true;
    if (argc != 3)
        return false;
    *ret_first = *ret_last = strtoull(argv[2], &end, 10);
    if (strcmp(argv[1], "--seeds") == 0 && *end == '-')
        *ret_last = strtoull(end + 1, &end, 10);
    else if (strcmp(argv[1], "--seed") != 0)
        return false;
    return *end == '\0' && *ret_first <= *ret_last && *ret_last - *ret_first < RIG_RUNS;
}

int
rig_main(int argc, char **argv, const rig_test_t *tests, size_t n_tests)
{
    static rig_run_t runs[RIG_RUNS];
    static struct CMUnitTest units[RIG_RUNS];
    uint64_t first;
    uint64_t last;
    size_t n = 0;
    if (!rig_read_seeds(argc, argv, &first, &last)) {
        (void)fprintf(stderr, "usage: %s [--seed N | --seeds A-B]\n", argv[0]);
        return 2;
    }
    for (uint64_t seed = first; seed <= last; seed++) {
        for (size_t k = 0; k < n_tests && n < RIG_RUNS; k++, n++) {
            runs[n] = (rig_run_t){.test = &tests[k], .program = argv[0], .seed = seed};
            (void)snprintf(runs[n].name, sizeof runs[n].name, "%s, seed %llu", tests[k].name,
                           (unsigned long long)seed);
            units[n] = (struct CMUnitTest){runs[n].name, rig_play, rig_open, rig_close, &runs[n]};
        }
    }
    return _cmocka_run_group_tests("faults", units, n, NULL, NULL);
}
