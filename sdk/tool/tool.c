/* SPDX-License-Identifier: MPL-2.0 */
/* tool -- `holdfast`, the command line: options, then one command of command.c's table.
 *
 * Options are read by getopt_long and not by zargs: a word like -5 behind the command is an argument of the call, and
 * zargs would take it for an option.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/endpoint.h>

#include "argument.h"
#include "command.h"

#ifndef HF_VERSION
#error "the build says which version this is"
#endif

int
tool_misused(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("holdfast: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\n(holdfast --help lists the commands)\n", stderr);
    va_end(arguments);
    return TOOL_USAGE;
}

int
tool_failed(const tool_context_t *self)
{
    const char *kind = hf_errkind();
    if (strcmp(kind, "ConnectionError") == 0 || strcmp(kind, "SessionLost") == 0) {
        (void)fprintf(stderr, "holdfast: no manager at %s: %s\n", self->endpoint, hf_errmsg());
        return TOOL_NO_MANAGER;
    }
    const char *text = hf_errmsg();
    (void)fprintf(stderr, text[0] == '\0' ? "%s\n" : "%s: %s\n", kind, text);
    return TOOL_RAISED;
}

static int
usage(FILE *to)
{
    (void)fprintf(to, "usage: holdfast [-m ENDPOINT] [-t SECONDS] [--json] COMMAND [WORD...]\n\n");
    tool_command_list(to);
    (void)fprintf(
        to, "\nAn ARG or VALUE is JSON; a word that is no JSON is a string; @NAME is the handle of "
            "a named\n"
            "referent. Results are JSON on stdout.\n\n"
            "  -m, --manager ENDPOINT  the manager (default: $HOLDFAST, else the local socket)\n"
            "  -t, --timeout SECONDS   give up after that long (default: never)\n"
            "      --json              JSON where the output would be a table\n"
            "      --name NAME         create: bind the new referent to NAME\n"
            "      --replace           create, bind: NAME may be bound already\n"
            "      --version, --help\n\n"
            "Exit status: 0; 1 the call raised; 2 wrong usage; 3 no manager.\n");
    return to == stdout ? TOOL_DONE : TOOL_USAGE;
}

/* What the command line says before and behind the command's name. */
struct options {
    tool_context_t context;
    const char *command;
    const char *endpoint;
    double timeout;
    int status; /* TOOL_DONE: go on */
    bool is_answered;
};

/* Takes --name, --replace and --json out of the words behind the command; everything else there is the command's. */
static void
take_late_options(struct options *self, int argc, char **argv)
{
    self->context.words = argv;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            self->context.as_json = true;
        } else if (strcmp(argv[i], "--replace") == 0) {
            self->context.is_replacing = true;
        } else if (strcmp(argv[i], "--name") == 0) {
            if (i + 1 == argc) {
                self->status = tool_misused("--name wants a name");
                return;
            }
            self->context.name = argv[++i];
        } else if (strncmp(argv[i], "--name=", 7) == 0) {
            self->context.name = argv[i] + 7;
        } else if (strcmp(argv[i], "--help") == 0) {
            const tool_command_t *command = tool_command_find(self->command);
            if (command != NULL)
                (void)printf("usage: holdfast %s %s\n\n%s\n", command->name, command->synopsis,
                             command->doc);
            self->is_answered = command != NULL;
        } else {
            argv[self->context.n_words++] = argv[i];
        }
    }
}

static void
read_options(struct options *self, int argc, char **argv)
{
    enum { OPTION_JSON = 256, OPTION_VERSION, OPTION_HELP };
    static const struct option names[] = {
        {"manager", required_argument, NULL, 'm'}, {"timeout", required_argument, NULL, 't'},
        {"json", no_argument, NULL, OPTION_JSON},  {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, OPTION_HELP},  {NULL, 0, NULL, 0},
    };
    for (int c = getopt_long(argc, argv, "+m:t:h", names, NULL); c != -1;
         c = getopt_long(argc, argv, "+m:t:h", names, NULL)) {
        if (c == 'm') {
            self->endpoint = optarg;
        } else if (c == 't') {
            if (!tool_read_seconds(optarg, &self->timeout))
                self->status = tool_misused("--timeout wants seconds, not %s", optarg);
        } else if (c == OPTION_JSON) {
            self->context.as_json = true;
        } else if (c == OPTION_VERSION) {
            (void)puts("holdfast " HF_VERSION);
            self->is_answered = true;
        } else {
            self->status = usage(c == 'h' || c == OPTION_HELP ? stdout : stderr);
            self->is_answered = true;
        }
        if (self->is_answered || self->status != TOOL_DONE)
            return;
    }
    if (optind == argc) {
        self->status = usage(stderr);
        return;
    }
    self->command = argv[optind];
    take_late_options(self, argc - optind - 1, argv + optind + 1);
}

static int
check_words(const struct options *self, const tool_command_t *command)
{
    if (command == NULL)
        return tool_misused("there is no command %s", self->command);
    int n = self->context.n_words;
    if (n < command->min_words || (command->max_words >= 0 && n > command->max_words))
        return tool_misused("usage: holdfast %s %s", command->name, command->synopsis);
    return TOOL_DONE;
}

static hf_client_t *
connect_manager(const char *endpoint)
{
    hf_options_t *options = hf_options_new();
    hf_client_t *client = NULL;
    if (options != NULL && hf_options_set(options, "name", "holdfast") == 0)
        client = hf_connect(endpoint, options);
    hf_options_destroy(&options);
    return client;
}

int
main(int argc, char **argv)
{
    struct options self = {.timeout = HF_FOREVER};
    read_options(&self, argc, argv);
    if (self.is_answered || self.status != TOOL_DONE)
        return self.status;
    const tool_command_t *command = tool_command_find(self.command);
    int status = check_words(&self, command);
    if (status != TOOL_DONE)
        return status;
    char local[HFI_ENDPOINT_ROOM];
    self.context.endpoint = self.endpoint != NULL ? self.endpoint : getenv("HOLDFAST");
    if (self.context.endpoint == NULL || self.context.endpoint[0] == '\0')
        self.context.endpoint =
            hfi_endpoint_default(getenv("XDG_RUNTIME_DIR"), getuid(), local, sizeof local)
                ? local
                : "the local socket";
    self.context.client = connect_manager(self.endpoint);
    if (self.context.client == NULL)
        return tool_failed(&self.context);
    hf_set_timeout(self.context.client, self.timeout);
    status = command->run(&self.context);
    hf_disconnect(&self.context.client);
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "holdfast: stdout: cannot write\n");
        return TOOL_RAISED;
    }
    return status;
}
