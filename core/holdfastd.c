/* SPDX-License-Identifier: MPL-2.0 */
/* holdfastd -- the manager's program: options, configuration, signals, wiring. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/check.h>
#include <shell/boot.h>
#include <shell/ceiling.h>
#include <shell/check_config.h>
#include <shell/check_plugin.h>
#include <shell/config.h>
#include <shell/loader.h>
#include <shell/log.h>
#include <shell/loop.h>
#include <shell/replay.h>

enum { EXIT_USAGE_ERROR = 2 };

typedef struct daemon {
    const char *config;
    const char *record;
    const char *replay;
    const char *check_plugin;
    int ready_fd; /* -1: none */
    bool is_check;
    bool is_json;
    hfi_settings_t *settings;
    hfi_settings_t *configured; /* what the file alone says */
    hfi_complaints_t complaints;
    hfi_loader_t *loader;
    hfi_log_t *log;
    bool has_binds; /* the command line's go instead of the file's */
} daemon_t;

static const char daemon_usage[] =
    "usage: holdfastd [-c FILE] [--bind ENDPOINT]… [--plugin FILE]… [OPTION…]\n"
    "\n"
    "Serves shared objects to every program that connects; without any option, the types that "
    "come\n"
    "with Holdfast at the default endpoint.\n"
    "\n"
    "  -c, --config FILE    read the configuration (--help-config says what can be in it)\n"
    "      --bind ENDPOINT  serve at ipc://PATH or tcp://ADDRESS:PORT, instead of where the file "
    "says\n"
    "      --plugin FILE    load a plugin, beside those of the file\n"
    "      --check-plugin FILE  look at a plugin as it would be served, and print what it is and\n"
    "                       what is wrong with it, as JSON; `holdfast check-plugin` shows it\n"
    "      --check          check configuration and plugins, say what each role sees; serve "
    "nothing\n"
    "      --json           with --check: for programs\n"
    "      --record FILE    record all that comes in\n"
    "      --replay FILE    run a record again and compare what comes out; serve nothing\n"
    "      --ready-fd N     write a line to descriptor N once clients can connect, and close it\n"
    "      --version        print the version\n"
    "      --help           print this\n"
    "      --help-config    print the configuration's keys and their defaults\n"
    "\n"
    "SIGTERM and SIGINT let answers under way leave, then stop; a second one does not wait. "
    "SIGHUP\n"
    "reads the configuration again: types, roles, users, others and limits are obeyed at once; a "
    "file\n"
    "with a mistake changes nothing, and the log says why.\n"
    "Exit status: 0; 1 where it cannot serve, the configuration has a mistake, a replay differs, "
    "or "
    "a\n"
    "record is not whole; 2 usage.\n";

/* The one line that says why there is no manager. */
static int
daemon_fail(const char *why)
{
    (void)fprintf(stderr, "holdfastd: %s\n", why);
    return EXIT_FAILURE;
}

/* ---- options -------------------------------------------------------------------------- */

enum {
    OPTION_BIND = 256,
    OPTION_PLUGIN,
    OPTION_CHECK,
    OPTION_CHECK_PLUGIN,
    OPTION_JSON,
    OPTION_RECORD,
    OPTION_REPLAY,
    OPTION_READY,
    OPTION_VERSION,
    OPTION_HELP,
    OPTION_HELP_CONFIG,
};

static const struct option daemon_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"bind", required_argument, NULL, OPTION_BIND},
    {"plugin", required_argument, NULL, OPTION_PLUGIN},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"check-plugin", required_argument, NULL, OPTION_CHECK_PLUGIN},
    {"json", no_argument, NULL, OPTION_JSON},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"ready-fd", required_argument, NULL, OPTION_READY},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {"help-config", no_argument, NULL, OPTION_HELP_CONFIG},
    {NULL, 0, NULL, 0},
};

static int
daemon_wrong_usage(const char *why)
{
    (void)fprintf(stderr, "holdfastd: %s (see holdfastd --help)\n", why);
    return EXIT_USAGE_ERROR;
}

/* A descriptor that is open, as a number. */
static bool
daemon_parse_fd(const char *text, int *ret_fd)
{
    char *end;
    errno = 0;
    long fd = strtol(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || fd > 65535 ||
        fcntl((int)fd, F_GETFD) < 0)
        return false;
    *ret_fd = (int)fd;
    return true;
}

/* Takes one option. Returns -1 to go on, else the exit status. */
static int
daemon_take_option(daemon_t *self, int option)
{
    switch (option) {
    case 'c':
        self->config = optarg;
        return -1;
    case OPTION_BIND:
        self->has_binds = true;
        return hfi_settings_add_bind(self->settings, optarg) ? -1 : daemon_fail("no memory");
    case OPTION_PLUGIN:
        return hfi_settings_add_plugin(self->settings, optarg) ? -1 : daemon_fail("no memory");
    case OPTION_CHECK:
        self->is_check = true;
        return -1;
    case OPTION_CHECK_PLUGIN:
        self->check_plugin = optarg;
        return -1;
    case OPTION_JSON:
        self->is_json = true;
        return -1;
    case OPTION_RECORD:
        self->record = optarg;
        return -1;
    case OPTION_REPLAY:
        self->replay = optarg;
        return -1;
    case OPTION_READY:
        return daemon_parse_fd(optarg, &self->ready_fd)
                   ? -1
                   : daemon_wrong_usage("--ready-fd wants the number of an open descriptor");
    case OPTION_VERSION:
        return printf("holdfastd %s\n", HF_VERSION) < 0;
    case OPTION_HELP:
        return fputs(daemon_usage, stdout) < 0;
    case OPTION_HELP_CONFIG:
        hfi_settings_help(stdout);
        return EXIT_SUCCESS;
    default:
        (void)fputs("(see holdfastd --help)\n", stderr); /* getopt has said what is wrong */
        return EXIT_USAGE_ERROR;
    }
}

static int
daemon_parse(daemon_t *self, int argc, char **argv)
{
    int status = -1;
    while (status < 0) {
        int option =
            getopt_long(argc, argv, "c:", daemon_options, NULL); // NOLINT(concurrency-mt-unsafe)
        if (option == -1)
            break;
        status = daemon_take_option(self, option);
    }
    if (status < 0 && optind < argc)
        return daemon_wrong_usage("there is something behind the options");
    if (status < 0 && self->is_json && !self->is_check)
        return daemon_wrong_usage("--json goes with --check");
    return status;
}

/* What the file says by itself: what SIGHUP compares with. */
static bool
daemon_read_alone(daemon_t *self)
{
    hfi_complaints_t *again = calloc(1, sizeof *again);
    self->configured = hfi_settings_new();
    bool is_read = again != NULL && self->configured != NULL;
    if (is_read) {
        again->file = self->config;
        (void)hfi_settings_read(self->configured, again); /* it was complained of already */
    }
    free(again);
    return is_read;
}

/* The file goes below the command line: its endpoints count only where the command line has none. False: there are
 * complaints. */
static bool
daemon_configure(daemon_t *self)
{
    hfi_texts_t binds = self->settings->binds;
    self->settings->binds = (hfi_texts_t){0};
    self->complaints.file = self->config;
    if (self->config != NULL) {
        (void)hfi_settings_read(self->settings, &self->complaints);
        if (!daemon_read_alone(self))
            (void)hfi_complaints_add(&self->complaints, 0, "no memory");
    }
    if (self->has_binds) {
        hfi_settings_drop_binds(self->settings);
        self->settings->binds = binds;
    }
    (void)hfi_settings_complete(self->settings, &self->complaints);
    hfi_complaints_sort(&self->complaints);
    return self->complaints.n == 0;
}

/* Every complaint, a line each. */
static int
daemon_complain(const daemon_t *self)
{
    char line[HFI_WHY];
    if (self->is_json)
        (void)hfi_check_config_complain_json(&self->complaints, stdout);
    for (size_t k = 0; !self->is_json && k < hfi_complaints_kept(&self->complaints); k++) {
        hfi_complaints_write(&self->complaints, k, line, sizeof line);
        (void)daemon_fail(line);
    }
    return EXIT_FAILURE;
}

/* ---- readiness ------------------------------------------------------------------------ */

/* The endpoints in one line; cut where there are very many. */
static void
daemon_endpoints(const hfi_loop_t *loop, char *to, size_t room)
{
    size_t used = 0;
    to[0] = '\0';
    for (size_t k = 0; hfi_loop_endpoint(loop, k) != NULL; k++) {
        int n =
            snprintf(to + used, room - used, "%s%s", k > 0 ? " " : "", hfi_loop_endpoint(loop, k));
        if (n < 0 || (size_t)n >= room - used)
            return;
        used += (size_t)n;
    }
}

/* systemd's protocol: one datagram to the socket that it names. */
static void
daemon_notify(void)
{
    static const char ready[] = "READY=1";
    const char *path = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path != NULL ? strlen(path) : 0;
    if (len < 2 || len > sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, ready, sizeof ready - 1, MSG_NOSIGNAL, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    (void)close(fd);
}

static void
daemon_say_ready(daemon_t *self, const hfi_loop_t *loop)
{
    char endpoints[1024];
    daemon_endpoints(loop, endpoints, sizeof endpoints);
    hfi_log_put(self->log, HFI_LOG_INFO, "server", "holdfastd %s serves on %s", HF_VERSION,
                endpoints);
    const hfi_deployment_t *deployment = &self->settings->deployment;
    bool has_roles = hfi_deployment_line(deployment, "roles") != 0 ||
                     hfi_deployment_line(deployment, "users") != 0 ||
                     hfi_deployment_line(deployment, "others") != 0;
    if (self->settings->is_insecure)
        hfi_log_put(self->log, HFI_LOG_WARNING, "server",
                    "insecure = 1: whoever reaches a tcp endpoint may do %s",
                    has_roles ? "what others/tcp grants" : "everything");
    if (self->settings->is_shared && !has_roles)
        hfi_log_put(self->log, HFI_LOG_WARNING, "server",
                    "shared = 1 without roles: every user of this computer may do everything");
    if (self->ready_fd >= 0) {
        (void)dprintf(self->ready_fd, "ready %s\n", endpoints);
        (void)close(self->ready_fd);
        self->ready_fd = -1;
    }
    daemon_notify();
}

/* ---- work ----------------------------------------------------------------------------- */

/* What stops the manager becomes a descriptor; a peer that hangs up, or a full disk, is an error where it is met. */
static int
daemon_open_signals(void)
{
    sigset_t stops;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL);
    (void)sigemptyset(&stops);
    (void)sigaddset(&stops, SIGTERM);
    (void)sigaddset(&stops, SIGINT);
    (void)sigaddset(&stops, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stops, NULL);
    return signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
daemon_serve(daemon_t *self)
{
    char why[HFI_WHY];
    hfi_loop_world_t world = {.settings = self->settings,
                              .loader = self->loader,
                              .log = self->log,
                              .record = self->record,
                              .config = self->config,
                              .configured = self->configured,
                              .signals = daemon_open_signals()};
    if (world.signals < 0)
        return daemon_fail("there is no descriptor left for signals");
    int status = EXIT_FAILURE;
    hfi_loop_t *loop = hfi_loop_new(&world, why, sizeof why);
    if (loop == NULL) {
        (void)daemon_fail(why);
    } else {
        daemon_say_ready(self, loop);
        status = hfi_loop_run(loop);
        hfi_log_put(self->log, HFI_LOG_INFO, "server", "stopped");
    }
    hfi_loop_destroy(&loop);
    (void)close(world.signals);
    return status;
}

/* A replay needs no plugin of the configuration's; those of the command line stand for recorded ones. */
static int
daemon_replay(daemon_t *self)
{
    char why[HFI_WHY];
    if (!hfi_loader_own_folder(self->settings->run_dir, false, why, sizeof why))
        return daemon_fail(why);
    for (size_t k = 0; k < self->settings->plugins.n; k++) {
        if (hfi_loader_load(self->loader, self->settings->plugins.at[k], why, sizeof why) == NULL)
            return daemon_fail(why);
    }
    if (hfi_replay(self->replay, self->loader, stdout, why, sizeof why) == 0)
        return fflush(stdout) == 0 ? EXIT_SUCCESS : daemon_fail("stdout cannot be written");
    (void)fprintf(stderr, "holdfastd: %s: %s\n", self->replay, why);
    return EXIT_FAILURE;
}

/* Looks at everything that can be looked at without serving, and says all that is wrong in one go. Returns -1 to go
 * on, else the exit status. */
static int
daemon_check(daemon_t *self)
{
    hfi_machine_t *machine = NULL;
    if (hfi_boot_load(self->settings, self->loader, &self->complaints))
        machine = hfi_boot_trial(self->settings, self->loader, &self->complaints);
    hfi_complaints_sort(&self->complaints);
    int status = self->complaints.n == 0 ? -1 : daemon_complain(self);
    if (status < 0 && self->is_check) {
        hfi_policy_t *policy = hfi_machine_policy(machine);
        bool is_said = self->is_json
                           ? hfi_check_config_print_json(policy, stdout)
                           : printf("holdfastd: configuration and plugins are fine\n") > 0 &&
                                 hfi_check_config_print(policy, stdout);
        status = is_said ? EXIT_SUCCESS : daemon_fail("stdout cannot be written");
    }
    hfi_machine_destroy(&machine);
    return status;
}

static int
daemon_run(daemon_t *self)
{
    bool is_configured = daemon_configure(self);
    if (!is_configured && (self->check_plugin != NULL || self->settings->run_dir == NULL))
        return daemon_complain(self);
    if (self->check_plugin != NULL)
        return hfi_check_plugin(self->settings, self->check_plugin, stdout);
    self->loader = hfi_loader_new(self->settings->run_dir);
    if (self->loader == NULL)
        return daemon_fail("no memory");
    if (self->replay != NULL)
        return is_configured ? daemon_replay(self) : daemon_complain(self);
    int status = daemon_check(self);
    if (status >= 0)
        return status;
    self->log = hfi_log_new(STDERR_FILENO, self->settings->log_level);
    return self->log != NULL ? daemon_serve(self) : daemon_fail("no memory");
}

int
main(int argc, char **argv)
{
    daemon_t self = {.ready_fd = -1};
    (void)umask(077); /* sockets and copies are for this user alone */
    /* one thread allocates, and libzmq's; each arena beyond the first reserves 64 MiB of addresses */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet */
    (void)mallopt(M_ARENA_MAX, hfi_ceiling_has_addresses() ? 2 : 1);
    self.settings = hfi_settings_new();
    if (self.settings == NULL)
        return daemon_fail("no memory");
    int status = daemon_parse(&self, argc, argv);
    if (status < 0)
        status = daemon_run(&self);
    hfi_log_destroy(&self.log);
    hfi_loader_destroy(&self.loader);
    hfi_settings_destroy(&self.configured);
    hfi_settings_destroy(&self.settings);
    return status;
}
