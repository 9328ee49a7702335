/* SPDX-License-Identifier: MPL-2.0 */
/* tool -- `holdfast`, the command line: options, then one command of command.c's table.
 *
 * Options are read here and not by zargs or getopt: they may stand before and behind the command, while a word like
 * -5 is an argument of the call. `--` ends them.
 */
#define _GNU_SOURCE
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
    if (strcmp(kind, "ConnectionError") == 0) { /* its sentence names the endpoint */
        (void)fprintf(stderr, "holdfast: %s\n", hf_errmsg());
        return TOOL_NO_MANAGER;
    }
    if (strcmp(kind, "SessionLost") == 0) {
        (void)fprintf(stderr, "holdfast: the manager at %s is gone: %s\n", self->endpoint,
                      hf_errmsg());
        return TOOL_NO_MANAGER;
    }
    const char *text = hf_errmsg();
    (void)fprintf(stderr, text[0] == '\0' ? "%s\n" : "%s: %s\n", kind, text);
    return TOOL_RAISED;
}

static void
say_usage(FILE *to)
{
    (void)fprintf(to, "usage: holdfast [-m ENDPOINT] [-t SECONDS] [--json] COMMAND [WORD...]\n\n");
    tool_command_list(to);
    (void)fprintf(
        to,
        "\nAn ARG or VALUE is JSON; a word that is no JSON is a string; @NAME is the handle of a "
        "named\n"
        "referent. For a NAME a token can stand, hf1.… of `holdfast export`. Results are JSON on\n"
        "stdout. Options may also stand behind the command; -- ends them.\n\n"
        "  -m, --manager ENDPOINT  the manager (default: $HOLDFAST, else the local socket)\n"
        "  -t, --timeout SECONDS   give up after that long (default: never)\n"
        "      --json              JSON where the output would be a table\n"
        "      --name NAME         create: bind the new referent to NAME\n"
        "      --replace           create, bind: NAME may be bound already\n"
        "      --ttl SECONDS       export: how long the token keeps the referent alive\n"
        "      --uses N            export: … or until it was adopted so often\n"
        "      --dir FOLDER        new-plugin: where to write it\n"
        "      --version           print the version\n"
        "  -h, --help              print this, or with a command what it does; also: help "
        "COMMAND\n\n"
        "Exit status: 0; 1 the call raised; 2 wrong usage; 3 no manager.\n");
}

/* ---- the command line ----------------------------------------------------------------- */

typedef struct options {
    tool_context_t context;
    const char *command; /* NULL: none yet */
    const char *endpoint;
    double timeout;
    bool is_help;
    bool is_version;
} options_t;

enum {
    OPTION_NONE,
    OPTION_MANAGER,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_NAME,
    OPTION_REPLACE,
    OPTION_TTL,
    OPTION_USES,
    OPTION_DIR,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct {
    const char *name;
    char letter;
    bool has_value;
    int option;
} option_rows[] = {
    {"manager", 'm', true, OPTION_MANAGER}, {"timeout", 't', true, OPTION_TIMEOUT},
    {"json", 0, false, OPTION_JSON},        {"name", 0, true, OPTION_NAME},
    {"ttl", 0, true, OPTION_TTL},           {"uses", 0, true, OPTION_USES},
    {"dir", 0, true, OPTION_DIR},           {"replace", 0, false, OPTION_REPLACE},
    {"version", 0, false, OPTION_VERSION},  {"help", 'h', false, OPTION_HELP},
};

/* Which row does a word name: --name, --name=VALUE, -m, -mVALUE? Gives -1 for none, and the value in the word. */
static int
find_option(const char *word, char **ret_value)
{
    *ret_value = NULL;
    for (size_t i = 0; i < sizeof option_rows / sizeof option_rows[0]; i++) {
        size_t len = strlen(option_rows[i].name);
        char *value = NULL;
        if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, option_rows[i].name, len) == 0 &&
            (word[2 + len] == '\0' || word[2 + len] == '='))
            value = strchr(word, '=') == NULL ? NULL : strchr(word, '=') + 1;
        else if (option_rows[i].letter != 0 && word[1] == option_rows[i].letter)
            value = word[2] == '\0' ? NULL : strchr(word, word[2]);
        else
            continue;
        *ret_value = value;
        return (int)i;
    }
    return -1;
}

static int
take_option(options_t *self, int option, char *value)
{
    switch (option) {
    case OPTION_MANAGER:
        self->endpoint = value;
        return TOOL_DONE;
    case OPTION_TIMEOUT:
        if (!tool_read_seconds(value, &self->timeout))
            return tool_misused("--timeout wants seconds, not %s", value);
        return TOOL_DONE;
    case OPTION_JSON:
        self->context.as_json = true;
        return TOOL_DONE;
    case OPTION_NAME:
        self->context.name = value;
        return TOOL_DONE;
    case OPTION_TTL:
        self->context.ttl = value;
        return TOOL_DONE;
    case OPTION_USES:
        self->context.uses = value;
        return TOOL_DONE;
    case OPTION_DIR:
        self->context.folder = value;
        return TOOL_DONE;
    case OPTION_REPLACE:
        self->context.is_replacing = true;
        return TOOL_DONE;
    case OPTION_VERSION:
        self->is_version = true;
        return TOOL_DONE;
    default:
        self->is_help = true;
        return TOOL_DONE;
    }
}

/* Is it an option, rather than a word of the call: -5, -1.5e3, - alone? */
static bool
is_option(const char *word)
{
    return word[0] == '-' && (word[1] == '-' || (word[1] >= 'a' && word[1] <= 'z'));
}

static int
read_options(options_t *self, int argc, char **argv)
{
    bool is_ended = false;
    self->context.words = argv;
    for (int i = 1; i < argc; i++) {
        char *value;
        if (!is_ended && strcmp(argv[i], "--") == 0) {
            is_ended = true;
            continue;
        }
        if (is_ended || !is_option(argv[i])) {
            if (self->command == NULL)
                self->command = argv[i];
            else
                self->context.words[self->context.n_words++] = argv[i];
            continue;
        }
        int row = find_option(argv[i], &value);
        if (row < 0)
            return tool_misused("there is no option %s (behind -- it is an argument)", argv[i]);
        if (!option_rows[row].has_value && value != NULL)
            return tool_misused("--%s takes no value", option_rows[row].name);
        if (option_rows[row].has_value && value == NULL && ++i == argc)
            return tool_misused("--%s wants a value", option_rows[row].name);
        int status = take_option(self, option_rows[row].option, value == NULL ? argv[i] : value);
        if (status != TOOL_DONE)
            return status;
    }
    return TOOL_DONE;
}

static int
check_words(const options_t *self, const tool_command_t *command)
{
    const tool_context_t *context = &self->context;
    if (command == NULL)
        return tool_misused("there is no command %s", self->command);
    if (context->n_words < command->min_words ||
        (command->max_words >= 0 && context->n_words > command->max_words))
        return tool_misused("usage: holdfast %s %s", command->name, command->synopsis);
    if (context->name != NULL && strstr(command->synopsis, "--name") == NULL)
        return tool_misused("%s takes no --name", command->name);
    if (context->ttl != NULL && strstr(command->synopsis, "--ttl") == NULL)
        return tool_misused("%s takes no --ttl", command->name);
    if (context->uses != NULL && strstr(command->synopsis, "--uses") == NULL)
        return tool_misused("%s takes no --uses", command->name);
    if (context->folder != NULL && strstr(command->synopsis, "--dir") == NULL)
        return tool_misused("%s takes no --dir", command->name);
    if (context->is_replacing && strstr(command->synopsis, "--replace") == NULL)
        return tool_misused("%s takes no --replace", command->name);
    return TOOL_DONE;
}

/* `help [COMMAND]` is `[COMMAND] --help`. */
static void
read_help(options_t *self)
{
    if (self->command == NULL || strcmp(self->command, "help") != 0)
        return;
    self->is_help = true;
    self->command = self->context.n_words > 0 ? self->context.words[0] : NULL;
}

/* What is answered without a manager. True: answered, with *ret_status. */
static bool
answer_at_once(const options_t *self, const tool_command_t *command, int *ret_status)
{
    *ret_status = TOOL_DONE;
    if (self->is_version)
        (void)puts("holdfast " HF_VERSION);
    else if (self->is_help && command != NULL)
        (void)printf("usage: holdfast %s%s%s\n\n%s\n", command->name,
                     command->synopsis[0] == '\0' ? "" : " ", command->synopsis, command->help);
    else if (self->is_help && self->command == NULL)
        say_usage(stdout);
    else if (self->command == NULL) {
        say_usage(stderr);
        *ret_status = TOOL_USAGE;
    } else {
        *ret_status = check_words(self, command);
        return *ret_status != TOOL_DONE;
    }
    return true;
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

/* Where the manager is looked for, as people read it. */
static const char *
endpoint_shown(const char *asked, char local[HFI_ENDPOINT_ROOM])
{
    const char *named = asked != NULL ? asked : getenv("HOLDFAST"); // NOLINT(concurrency-mt-unsafe)
    if (named != NULL && named[0] != '\0')
        return named;
    const char *runtime =
        getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    return hfi_endpoint_default(runtime, getuid(), local, HFI_ENDPOINT_ROOM) ? local
                                                                             : "the local socket";
}

static int
finish_output(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    (void)fprintf(stderr, "holdfast: stdout: cannot write\n");
    return TOOL_RAISED;
}

int
main(int argc, char **argv)
{
    options_t self = {.timeout = HF_FOREVER};
    char local[HFI_ENDPOINT_ROOM];
    int status = read_options(&self, argc, argv);
    if (status != TOOL_DONE)
        return status;
    read_help(&self);
    const tool_command_t *command = self.command == NULL ? NULL : tool_command_find(self.command);
    if (answer_at_once(&self, command, &status) || command == NULL)
        return status;
    if (tool_command_is_alone(command))
        return finish_output(command->run(&self.context));
    self.context.endpoint = endpoint_shown(self.endpoint, local);
    self.context.client = connect_manager(self.endpoint);
    if (self.context.client == NULL)
        return strcmp(hf_errkind(), "ValueError") == 0 ? tool_misused("%s", hf_errmsg())
                                                       : tool_failed(&self.context);
    hf_set_timeout(self.context.client, self.timeout);
    self.context.timeout = self.timeout;
    status = command->run(&self.context);
    hf_disconnect(&self.context.client);
    return finish_output(status);
}
