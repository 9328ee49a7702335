/* SPDX-License-Identifier: MPL-2.0 */
/* command -- see command.h */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "argument.h"
#include "author.h"
#include "show.h"

/* Calls a method of the manager itself; its result is the caller's to drop. 0, or -1 as hf_call_value. */
static int
call_manager(const tool_context_t *context, const char *method, const char *word,
             hf_value_t *ret_result)
{
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    if (manager == NULL)
        return -1;
    return word == NULL ? hf_call_into(manager, method, "", "v", ret_result)
                        : hf_call_into(manager, method, "s", word, "v", ret_result);
}

/* Calls a method of the manager and shows its result with `show`, or as JSON where that was asked for. */
static int
show_manager(const tool_context_t *context, const char *method, const char *word,
             void show(const hf_value_t *result))
{
    hf_value_t result;
    if (call_manager(context, method, word, &result) != 0)
        return tool_failed(context);
    if (context->as_json)
        show_json(&result);
    else
        show(&result);
    hf_drop(NULL, &result);
    return TOOL_DONE;
}

static int
run_types(const tool_context_t *context)
{
    return show_manager(context, "types", NULL, show_lines);
}

static int
run_names(const tool_context_t *context)
{
    return show_manager(context, "names", context->n_words > 0 ? context->words[0] : NULL,
                        show_lines);
}

static int
run_describe(const tool_context_t *context)
{
    return show_manager(context, "describe", context->words[0], show_type);
}

static int
run_stats(const tool_context_t *context)
{
    return show_manager(context, "stats", NULL, show_stats);
}

static int
run_slow(const tool_context_t *context)
{
    return show_manager(context, "slow_calls", NULL, show_slow_calls);
}

/* The manager gives objects in pages; this walks through them all. */
static int
run_objects(const tool_context_t *context)
{
    enum { PAGE = 1000 };
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    if (manager == NULL)
        return tool_failed(context);
    int64_t after = 0;
    bool is_first = true;
    for (;;) {
        hf_value_t page;
        if (hf_call_into(manager, "objects", "ii", (int64_t)PAGE, after, "v", &page) != 0)
            return tool_failed(context);
        uint32_t n = hf_count(&page);
        show_objects(&page, context->as_json, is_first, &after);
        hf_drop(NULL, &page);
        is_first = false;
        if (n < PAGE)
            break;
    }
    show_objects_end(context->as_json);
    return TOOL_DONE;
}

/* The referent that a word names or a token stands for, with or without an @ before it. */
static hf_proxy_t *
find_named(const tool_context_t *context, const char *word)
{
    return tool_find(context, word[0] == '@' ? word + 1 : word);
}

static int
run_create(const tool_context_t *context)
{
    if (context->is_replacing && context->name == NULL)
        return tool_misused("create: --replace wants a --name");
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    tool_arguments_t arguments;
    int status = manager == NULL ? tool_failed(context)
                                 : tool_arguments_open(&arguments, context, context->words[0],
                                                       context->words + 1, context->n_words - 1);
    if (status != TOOL_DONE)
        return status;
    hf_value_t handle;
    if (hf_call_value(manager, "create", &arguments.args, &arguments.kwargs, context->timeout,
                      &handle) != 0) {
        tool_arguments_close(&arguments);
        return tool_failed(context);
    }
    tool_arguments_close(&arguments);
    HF_AUTO_PROXY hf_proxy_t *proxy = hf_proxy_of(context->client, &handle);
    if (proxy == NULL || (context->name != NULL && hf_bind(context->client, context->name, proxy,
                                                           context->is_replacing) != 0)) {
        status = tool_failed(context);
    } else {
        show_json(&handle);
        if (context->name == NULL)
            (void)fprintf(stderr,
                          "holdfast: nothing holds it once this command ends: give it a --name\n");
    }
    hf_drop(NULL, &handle);
    return status;
}

static int
run_call(const tool_context_t *context)
{
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[0]);
    tool_arguments_t arguments;
    int status = proxy == NULL ? tool_failed(context)
                               : tool_arguments_open(&arguments, context, NULL, context->words + 2,
                                                     context->n_words - 2);
    if (status != TOOL_DONE)
        return status;
    hf_value_t result;
    if (hf_call_value(proxy, context->words[1], &arguments.args, &arguments.kwargs,
                      context->timeout, &result) != 0) {
        status = tool_failed(context);
    } else {
        show_json(&result);
        hf_drop(NULL, &result);
    }
    tool_arguments_close(&arguments);
    return status;
}

static int
run_get(const tool_context_t *context)
{
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[0]);
    hf_value_t value;
    if (proxy == NULL || hf_call_into(proxy, "getvalue", "", "v", &value) != 0)
        return tool_failed(context);
    show_json(&value);
    hf_drop(NULL, &value);
    return TOOL_DONE;
}

static int
run_str(const tool_context_t *context)
{
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[0]);
    hf_value_t text;
    if (proxy == NULL || hf_call_into(proxy, "str", "", "v", &text) != 0)
        return tool_failed(context);
    if (context->as_json)
        show_json(&text);
    else
        show_text(&text);
    hf_drop(NULL, &text);
    return TOOL_DONE;
}

/* A whole number above 0. */
static bool
read_uses(const char *word, int64_t *ret_uses)
{
    char *end;
    long long uses = strtoll(word, &end, 10);
    if (end == word || *end != '\0' || uses < 1 || uses == LLONG_MAX)
        return false;
    *ret_uses = uses;
    return true;
}

static int
run_export(const tool_context_t *context)
{
    double ttl = HF_TTL_DEFAULT;
    int64_t uses = 1;
    hf_value_t token;
    bool is_endless = context->ttl != NULL && strcmp(context->ttl, "inf") == 0;
    if (is_endless)
        ttl = (double)INFINITY;
    else if (context->ttl != NULL && !tool_read_seconds(context->ttl, &ttl))
        return tool_misused("export: --ttl wants seconds or inf, not %s", context->ttl);
    if (context->uses != NULL && !read_uses(context->uses, &uses))
        return tool_misused("export: --uses wants a number above 0, not %s", context->uses);
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[0]);
    HF_AUTO_PROXY hf_proxy_t *manager = proxy == NULL ? NULL : hf_manager(context->client);
    if (manager == NULL ||
        hf_call_into(manager, "export", "hfi", proxy, ttl, uses, "v", &token) != 0)
        return tool_failed(context);
    if (context->as_json)
        show_json(&token);
    else
        show_text(&token);
    hf_drop(NULL, &token);
    return TOOL_DONE;
}

static int
run_revoke(const tool_context_t *context)
{
    int rc = hf_revoke(context->client, context->words[0]);
    if (rc == 0)
        (void)fprintf(stderr, "holdfast: the manager has no such token\n");
    return rc < 0 ? tool_failed(context) : rc == 0 ? TOOL_RAISED : TOOL_DONE;
}

static int
run_refs(const tool_context_t *context)
{
    hf_value_t refs;
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[0]);
    HF_AUTO_PROXY hf_proxy_t *manager = proxy == NULL ? NULL : hf_manager(context->client);
    if (manager == NULL || hf_call_into(manager, "refs", "h", proxy, "v", &refs) != 0)
        return tool_failed(context);
    show_json(&refs);
    hf_drop(NULL, &refs);
    return TOOL_DONE;
}

/* Waits without holding it, and prints why it went. */
static int
run_watch(const tool_context_t *context)
{
    hf_value_t why;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    hf_proxy_t *proxy = manager == NULL ? NULL : find_named(context, context->words[0]);
    if (proxy == NULL)
        return tool_failed(context);
    hf_future_t *future = hf_call_async(manager, "watch", "h", proxy);
    hf_release(&proxy);
    int rc = hf_await_into(future, context->timeout, "v", &why);
    if (rc == 0 && context->as_json)
        show_json(&why);
    else if (rc == 0)
        show_text(&why);
    if (rc == 0)
        hf_drop(NULL, &why);
    hf_future_destroy(&future);
    return rc == 0 ? TOOL_DONE : tool_failed(context);
}

static int
run_sessions(const tool_context_t *context)
{
    return show_manager(context, "sessions", NULL, show_sessions);
}

static int
run_leaks(const tool_context_t *context)
{
    double idle_s = 600.0;
    hf_value_t leaks;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    if (context->n_words > 0 && !tool_read_seconds(context->words[0], &idle_s))
        return tool_misused("leaks: %s is not a number of seconds", context->words[0]);
    if (manager == NULL || hf_call_into(manager, "leaks", "f", idle_s, "v", &leaks) != 0)
        return tool_failed(context);
    if (context->as_json)
        show_json(&leaks);
    else
        show_leaks(&leaks);
    hf_drop(NULL, &leaks);
    return TOOL_DONE;
}

static int
run_collect(const tool_context_t *context)
{
    return show_manager(context, "collect", NULL, show_json);
}

static int
run_bind(const tool_context_t *context)
{
    HF_AUTO_PROXY hf_proxy_t *proxy = find_named(context, context->words[1]);
    if (proxy == NULL ||
        hf_bind(context->client, context->words[0], proxy, context->is_replacing) != 0)
        return tool_failed(context);
    return TOOL_DONE;
}

/* Prints what was loaded. The manager wants the path as it is without links. */
static int
run_load_plugin(const tool_context_t *context)
{
    hf_value_t loaded;
    char *path = realpath(context->words[0], NULL);
    if (path == NULL) {
        (void)fprintf(stderr, "holdfast: %s: %s\n", context->words[0], strerrordesc_np(errno));
        return TOOL_RAISED;
    }
    int rc = call_manager(context, "load_plugin", path, &loaded);
    free(path);
    if (rc != 0)
        return tool_failed(context);
    show_json(&loaded);
    hf_drop(NULL, &loaded);
    return TOOL_DONE;
}

static int
run_unbind(const tool_context_t *context)
{
    return hf_unbind(context->client, context->words[0]) != 0 ? tool_failed(context) : TOOL_DONE;
}

static int
run_shutdown(const tool_context_t *context)
{
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(context->client);
    double drain_s = 5.0;
    if (context->n_words > 0 && !tool_read_seconds(context->words[0], &drain_s))
        return tool_misused("shutdown: %s is not a number of seconds", context->words[0]);
    /* The manager may be gone before its answer is: that is what was asked for. */
    if (manager == NULL ||
        (hf_call(manager, "shutdown", "f", drain_s) != 0 &&
         strcmp(hf_errkind(), "SessionLost") != 0 && strcmp(hf_errkind(), "ConnectionError") != 0))
        return tool_failed(context);
    return TOOL_DONE;
}

static int
run_ping(const tool_context_t *context)
{
    hf_value_t n;
    double begin = tool_now();
    if (call_manager(context, "number_of_objects", NULL, &n) != 0)
        return tool_failed(context);
    double passed = (double)(int64_t)((tool_now() - begin) * 1e6) / 1e6;
    if (context->as_json) {
        hf_value_t answer;
        if (hf_build(NULL, &answer, "{s:s, s:f, s:v}", "endpoint", context->endpoint, "seconds",
                     passed, "objects", &n) != HF_OK)
            return tool_failed(context);
        show_json(&answer);
        hf_drop(NULL, &answer);
    } else {
        (void)printf("%s answers in %.0f us and has %" PRId64 " objects\n", context->endpoint,
                     passed * 1e6, hf_as_int(&n));
    }
    hf_drop(NULL, &n);
    return TOOL_DONE;
}

#define WORDS_HELP                                                                                 \
    "Each ARG and VALUE is JSON; a word that is no JSON is a string; @NAME is the handle of a\n"   \
    "named referent, @TOKEN of an exported one. A string that looks like something else is "       \
    "written as JSON: '\"5\"',\n"                                                                  \
    "'\"a=b\"'. Values without a form in JSON: {\"$bytes\": base64}, {\"$map\": [[key, "           \
    "value]]},\n"                                                                                  \
    "{\"$float\": \"inf\"}."

static const tool_command_t commands[] = {
    {"types", "", 0, 0, "the types that can be created",
     "Prints the typeids, sorted, one a line. --json: an array.", run_types},
    {"describe", "TYPE", 1, 1, "a type's constructor and methods",
     "Prints what the type and each of its methods take, give and do, as this user sees them.\n"
     "--json: a map with typeid, doc, signature and methods.",
     run_describe},
    {"create", "TYPE [ARG...] [KEY=VALUE...] [--name NAME [--replace]]", 1, -1,
     "make a referent, and bind it to a name",
     "Makes a referent and prints its handle. Without --name it is gone when the command ends,\n"
     "unless an argument keeps it. --replace takes the name from what has it.\n\n" WORDS_HELP,
     run_create},
    {"call", "NAME METHOD [ARG...] [KEY=VALUE...]", 2, -1, "call a method of a named referent",
     "Calls the method and prints its result as JSON.\n\n" WORDS_HELP, run_call},
    {"export", "NAME [--ttl SECONDS] [--uses N]", 1, 1, "a token for a named referent",
     "Prints a token: whoever has it can write it for NAME, here or by hf_adopt. It keeps the\n"
     "referent alive for SECONDS (60; 0: not at all; inf: until revoked), or until it was adopted\n"
     "N times (1), whichever is first. --json: as a JSON string.",
     run_export},
    {"revoke", "TOKEN", 1, 1, "end a token",
     "Ends the token for good; who adopted by it keeps what it has. Exit status 1: there was none.",
     run_revoke},
    {"refs", "NAME", 1, 1, "who holds a named referent",
     "Prints a JSON array, a map for each holder: session (this command's is one), name, pin,\n"
     "referent, call.",
     run_refs},
    {"watch", "NAME", 1, 1, "wait until a named referent is gone",
     "Waits, without keeping it alive, and prints why it went: unreferenced, destroyed (with a\n"
     "cycle) or shutdown. --json: as a JSON string.",
     run_watch},
    {"leaks", "[SECONDS]", 0, 1, "what only names and idle sessions hold",
     "Prints a line for each name and each session that holds a referent which nobody else holds\n"
     "but names and sessions that have asked nothing for SECONDS (600). --json: an array of maps.",
     run_leaks},
    {"collect", "", 0, 0, "free what only holds itself, now",
     "Searches for referents that hold each other and are held by nothing else, and frees them; "
     "the\n"
     "manager does it by itself now and then. Prints how many there were.",
     run_collect},
    {"sessions", "", 0, 0, "who is connected",
     "Prints a line for each session: how long it is open and has asked nothing, how many "
     "referents\n"
     "it holds, how many calls wait, its client, peer and user. --json: an array of maps.",
     run_sessions},
    {"get", "NAME", 1, 1, "the value of a named referent",
     "Prints what getvalue gives, as JSON: a list's items, a dict's pairs.", run_get},
    {"str", "NAME", 1, 1, "a named referent as Python's str shows it",
     "Prints what str gives, as it is. --json: as a JSON string.", run_str},
    {"names", "[PREFIX]", 0, 1, "the names that are bound",
     "Prints the names that begin with PREFIX, sorted, one a line. --json: an array.", run_names},
    {"objects", "", 0, 0, "every referent, with who holds it",
     "Prints a line for each referent: its number, typeid, bytes, and how many of each kind hold\n"
     "it (session, name, pin, referent, call). --json: an array of maps.",
     run_objects},
    {"stats", "", 0, 0, "the manager's figures",
     "Prints uptime, counts of referents, sessions and calls, bytes, memory, figures for each "
     "plugin\n"
     "and type, and how long methods take: one run in about 64 is timed. --json: a map.",
     run_stats},
    {"slow", "", 0, 0, "the calls that held the manager longest of late",
     "Prints the slowest runs of methods first: how long each took and ago, with its arguments "
     "and\n"
     "its client. None of 11 ms or more is missed. --json: a list of maps.",
     run_slow},
    {"bind", "NAME OTHER [--replace]", 2, 2, "give the referent named OTHER a further name",
     "Binds NAME to the referent that OTHER names; the name holds it. --replace takes the name\n"
     "from what has it.",
     run_bind},
    {"unbind", "NAME", 1, 1, "take a name away",
     "Takes the name away. Its referent goes unless something else holds it.", run_unbind},
    {"load-plugin", "FILE", 1, 1, "have the manager load a plugin while it serves",
     "Loads the file, which must lie in a folder that the manager's plugin_dir names. A newer "
     "version\n"
     "of a plugin that is there makes all that is new. Prints plugin, version, hash and types as "
     "JSON.",
     run_load_plugin},
    {"shutdown", "[SECONDS]", 0, 1, "stop the manager, after at most SECONDS (5) of draining",
     "Stops the manager. Calls under way have at most SECONDS (5) to be answered.", run_shutdown},
    {"ping", "", 0, 0, "whether the manager answers, and how fast",
     "Makes one call and prints how long the answer took. --json: a map with endpoint, seconds\n"
     "and objects.",
     run_ping},
    {"new-plugin", "NAME [--dir FOLDER]", 1, 1, "write the beginnings of a plugin",
     "Writes a type, its test, CMakeLists.txt and README.md to FOLDER (NAME), which must not be\n"
     "there. NAME has small letters, digits and _.",
     tool_new_plugin},
    {"check-plugin", "FILE", 1, 1, "what a plugin's file is, and what is wrong with it",
     "Loads the file in a process of its own and prints its types and each problem: who could\n"
     "change the file, symbols, versions, signatures. Nothing of it is called. --json: a map.\n"
     "Exit status: 0; 1 where there are problems.",
     tool_check_plugin},
};

const tool_command_t *
tool_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

bool
tool_command_is_alone(const tool_command_t *self)
{
    return self->run == tool_new_plugin || self->run == tool_check_plugin;
}

void
tool_command_list(FILE *to)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)fprintf(to, "  %s%s%s\n        %s\n", commands[i].name,
                      commands[i].synopsis[0] == '\0' ? "" : " ", commands[i].synopsis,
                      commands[i].doc);
}
