/* SPDX-License-Identifier: MPL-2.0 */
/* storm -- many processes at the same locks, one after the other killed: no two living ones are ever inside together,
 * and every fence is higher than the one before.
 *
 *     test.e2e.storm                              the test
 *     test.e2e.storm worker ENDPOINT FILE N       a process that goes in and out until it dies; the N-th
 *
 * The processes meet in a file that all have mapped. Whoever goes in writes its number there and looks whose it finds:
 * it must be nobody's, or of one that is marked as killed.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

#include "figure.h"

enum { WORKERS = 6, KILLS = E2E_IS_SANITIZED ? 20 : 80, ROUNDS = 4, PATIENCE_S = 20, ROOM = 1024 };

typedef struct door {
    atomic_uint inside; /* 0: nobody, or the worker's number */
    atomic_uint_fast64_t fence;
    atomic_uint n_entered;
    atomic_uint n_inherited; /* entered behind one that died inside */
} door_t;

static const struct {
    const char *name;
    const char *typeid_;
    bool has_fence;
} kinds[] = {{"lock", "Lock", true},
             {"rlock", "RLock", true},
             {"condition", "Condition", true},
             {"semaphore", "Semaphore", false}};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

typedef struct ground {
    door_t doors[KINDS];
    atomic_uint n_faults;
    atomic_bool is_killed[ROOM]; /* by worker number */
} ground_t;

static ground_t *
ground_open(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(ground_t)) != 0)
        return NULL;
    void *at = mmap(NULL, sizeof(ground_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return at == MAP_FAILED ? NULL : at;
}

/* Inside: what is seen there, and the number left there for a while. */
static bool
go_in(ground_t *ground, int kind, const hf_proxy_t *held, unsigned number)
{
    door_t *door = &ground->doors[kind];
    uint64_t fence = 0;
    unsigned was = atomic_exchange(&door->inside, number);
    if (was != 0 && !atomic_load(&ground->is_killed[was]))
        atomic_fetch_add(&ground->n_faults, 1);
    atomic_fetch_add(&door->n_inherited, was != 0 ? 1 : 0);
    if (kinds[kind].has_fence) { /* and while it asks it may be killed inside */
        if (hf_call_into(held, "fence", "", "u", &fence) != 0)
            return false;
        if (atomic_exchange(&door->fence, fence) >= fence)
            atomic_fetch_add(&ground->n_faults, 1);
    } else if (hf_call(held, "get_value", "") != 0) {
        return false;
    }
    atomic_fetch_add(&door->n_entered, 1);
    return atomic_exchange(&door->inside, 0) == number;
}

static _Noreturn void
work(const char *endpoint, const char *path, unsigned number)
{
    hf_proxy_t *lock[KINDS];
    ground_t *ground = ground_open(path);
    hf_client_t *client = e2e_connect(endpoint);
    if (ground == NULL || client == NULL)
        _exit(9);
    for (int k = 0; k < KINDS; k++) {
        lock[k] = hf_lookup(client, kinds[k].name);
        if (lock[k] == NULL)
            _exit(9);
    }
    for (unsigned turn = number;; turn++) {
        int kind = (int)(turn % KINDS);
        HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock[kind], HF_FOREVER);
        if (held == NULL || !go_in(ground, kind, held, number)) {
            (void)fprintf(stderr, "worker %u: %s: %s\n", number, hf_errkind(), hf_errmsg());
            _exit(9);
        }
    }
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct storm {
    e2e_t *e2e;
    hf_client_t *client;
    hf_proxy_t *lock[KINDS];
    ground_t *ground;
    char path[192];
    unsigned n_born;
    pid_t pid[WORKERS];
    unsigned number[WORKERS];
} storm_t;

static void
storm_bear(storm_t *self, int place)
{
    char number[16];
    self->number[place] = ++self->n_born;
    assert_true(self->n_born < ROOM);
    (void)snprintf(number, sizeof number, "%u", self->n_born);
    self->pid[place] =
        e2e_spawn(self->e2e, (const char *const[]){"/proc/self/exe", "worker", self->e2e->endpoint,
                                                   self->path, number, NULL});
}

static void
storm_kill(storm_t *self, int place)
{
    atomic_store(&self->ground->is_killed[self->number[place]], true);
    assert_int_equal(kill(self->pid[place], SIGKILL), 0);
    assert_int_equal(e2e_join(self->pid[place]), 128 + SIGKILL);
}

static void
storm_open(storm_t *self, e2e_t *e2e)
{
    *self = (storm_t){.e2e = e2e};
    E2E_START(e2e, NULL);
    (void)snprintf(self->path, sizeof self->path, "%s", e2e_path(e2e, "ground"));
    self->ground = ground_open(self->path);
    self->client = e2e_connect(e2e->endpoint);
    assert_true(self->ground != NULL && self->client != NULL);
    for (int k = 0; k < KINDS; k++) {
        self->lock[k] = hf_create(self->client, kinds[k].typeid_, "");
        assert_non_null(self->lock[k]);
        assert_int_equal(hf_bind(self->client, kinds[k].name, self->lock[k], false), 0);
    }
    for (int k = 0; k < WORKERS; k++)
        storm_bear(self, k);
}

/* Goes in as the workers do, in its turn: so the others have had theirs. */
static void
storm_take_part(storm_t *self, int kind)
{
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(self->lock[kind], e2e_patience(PATIENCE_S));
    if (held == NULL)
        fail_msg("%s: %s: %s", kinds[kind].typeid_, hf_errkind(), hf_errmsg());
    assert_true(go_in(self->ground, kind, held, ROOM - 1));
}

static void
no_two_are_inside(void **state)
{
    storm_t storm;
    bool is_free = false;
    int n_kills = e2e_rounds(KILLS);
    storm_open(&storm, *state);
    for (int n = 0; n < n_kills; n++) {
        for (int round = 0; round < ROUNDS; round++)
            storm_take_part(&storm, (n + round) % KINDS);
        storm_kill(&storm, n % WORKERS);
        storm_bear(&storm, n % WORKERS);
    }
    for (int k = 0; k < WORKERS; k++)
        storm_kill(&storm, k);
    for (int k = 0; k < KINDS; k++) {
        const door_t *door = &storm.ground->doors[k];
        assert_int_equal(hf_call_into(storm.lock[k], "acquire", "bf", 1, e2e_patience(PATIENCE_S),
                                      "b", &is_free),
                         0);
        assert_true(is_free);
        assert_true(atomic_load(&door->n_entered) > (unsigned)n_kills);
        print_message("%s: %u times inside, %u times behind one that died there\n",
                      kinds[k].typeid_, atomic_load(&door->n_entered),
                      atomic_load(&door->n_inherited));
    }
    assert_int_equal(atomic_load(&storm.ground->n_faults), 0);
    for (int k = 0; k < KINDS; k++)
        hf_release(&storm.lock[k]);
    hf_disconnect(&storm.client);
    (void)munmap(storm.ground, sizeof *storm.ground);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_two_are_inside, e2e_open, e2e_close),
    };
    if (argc == 5 && strcmp(argv[1], "worker") == 0)
        work(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
