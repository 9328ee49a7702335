/* SPDX-License-Identifier: MPL-2.0 */
/* show -- see show.h */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

static bool
has_colour(void)
{
    return isatty(STDOUT_FILENO) &&
           getenv("NO_COLOR") == NULL; // NOLINT(concurrency-mt-unsafe): one thread
}

static const char *
bold(void)
{
    return has_colour() ? "\033[1m" : "";
}

static const char *
plain(void)
{
    return has_colour() ? "\033[0m" : "";
}

/* The member of a map, as a view; HF_NONE where there is none. */
static hf_value_t
member_of(const hf_value_t *map, const char *name)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    hf_open(&cursor, map);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        size_t len;
        const char *text = hf_as_str(&key, &len);
        if (text != NULL && len == strlen(name) && memcmp(text, name, len) == 0)
            return value;
    }
    return (hf_value_t){0};
}

/* A text from whoever chose it: on a terminal its control characters must not be obeyed. */
static void
print_bytes(const char *text, size_t len)
{
    if (!isatty(STDOUT_FILENO)) {
        (void)fwrite(text, 1, len, stdout);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        bool is_control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || is_c1;
        (void)putchar(is_control ? '?' : c);
        i += is_c1;
    }
}

static void
print_text(const hf_value_t *value)
{
    size_t len = 0;
    const char *text = hf_as_str(value, &len);
    if (text != NULL)
        print_bytes(text, len);
}

/* A str that is not empty. */
static bool
is_said(const hf_value_t *value)
{
    size_t len = 0;
    return hf_as_str(value, &len) != NULL && len > 0;
}

static void
print_json(const hf_value_t *value)
{
    char *text = hf_to_json(value);
    (void)fputs(text == NULL ? "null" : text, stdout);
    free(text);
}

void
show_json(const hf_value_t *value)
{
    print_json(value);
    (void)putchar('\n');
}

void
show_text(const hf_value_t *text)
{
    print_text(text);
    (void)putchar('\n');
}

void
show_lines(const hf_value_t *list)
{
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, list);
    while (hf_next(&cursor, &item))
        show_text(&item);
}

/* "name" and "by: int = 1 -> int" as name(by: int = 1) -> int. */
static void
print_signature(const hf_value_t *name, const hf_value_t *signature)
{
    size_t len = 0;
    const char *text = hf_as_str(signature, &len);
    size_t arrow = len;
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] == '-' && text[i + 1] == '>')
            arrow = i;
    }
    size_t end = arrow;
    while (end > 0 && text[end - 1] == ' ')
        end--;
    (void)fputs(bold(), stdout);
    print_text(name);
    (void)fputs(plain(), stdout);
    (void)putchar('(');
    if (text != NULL)
        print_bytes(text, end);
    (void)putchar(')');
    if (arrow < len) {
        (void)putchar(' ');
        print_bytes(text + arrow, len - arrow);
    }
    (void)putchar('\n');
}

/* "        since 1.2", where it is said. */
static void
print_said(const hf_value_t *method, const char *key)
{
    hf_value_t text = member_of(method, key);
    if (hf_kind(&text) != HF_STR)
        return;
    (void)printf("        %s%s ", key, strcmp(key, "deprecated") == 0 ? ":" : "");
    show_text(&text);
}

/* " [writes, parks]", and the line's end. */
static void
print_flags(const hf_value_t *method)
{
    hf_cursor_t cursor;
    hf_value_t flag;
    const char *separator = " [";
    hf_value_t flags = member_of(method, "flags");
    hf_open(&cursor, &flags);
    while (hf_kind(&flags) == HF_LIST && hf_next(&cursor, &flag)) {
        (void)fputs(separator, stdout);
        print_text(&flag);
        separator = ", ";
    }
    (void)puts(separator[0] == ',' ? "]" : "");
}

static void
show_method(const hf_value_t *method)
{
    hf_value_t name = member_of(method, "name");
    hf_value_t signature = member_of(method, "signature");
    hf_value_t doc = member_of(method, "doc");
    (void)fputs("  ", stdout);
    print_signature(&name, &signature);
    (void)fputs("        ", stdout);
    print_text(&doc);
    print_flags(method);
    print_said(method, "returns");
    print_said(method, "since");
    print_said(method, "deprecated");
}

void
show_type(const hf_value_t *type)
{
    hf_value_t name = member_of(type, "typeid");
    hf_value_t doc = member_of(type, "doc");
    hf_value_t signature = member_of(type, "signature");
    hf_value_t methods = member_of(type, "methods");
    print_signature(&name, &signature);
    (void)fputs("    ", stdout);
    show_text(&doc);
    hf_cursor_t cursor;
    hf_value_t method;
    hf_open(&cursor, &methods);
    while (hf_next(&cursor, &method))
        show_method(&method);
}

static void
print_lines(const hf_value_t *lines, const char *before)
{
    hf_cursor_t cursor;
    hf_value_t line;
    hf_open(&cursor, lines);
    while (hf_next(&cursor, &line)) {
        (void)printf("%s: ", before);
        show_text(&line);
    }
}

void
show_report(const hf_value_t *report)
{
    hf_cursor_t cursor;
    hf_value_t type;
    hf_value_t plugin = member_of(report, "plugin");
    hf_value_t version = member_of(report, "version");
    hf_value_t abi = member_of(report, "abi");
    hf_value_t types = member_of(report, "types");
    hf_value_t problems = member_of(report, "problems");
    hf_value_t notes = member_of(report, "notes");
    if (hf_kind(&plugin) == HF_STR) {
        (void)fputs("plugin ", stdout);
        print_text(&plugin);
        (void)putchar(' ');
        print_text(&version);
        (void)fputs(", ABI ", stdout);
        show_text(&abi);
    }
    hf_open(&cursor, &types);
    while (hf_kind(&types) == HF_LIST && hf_next(&cursor, &type))
        show_type(&type);
    print_lines(&notes, "note");
    print_lines(&problems, "problem");
    (void)puts(hf_count(&problems) == 0 ? "no problem" : "it will not be served as it is");
}

/* What has a table of its own, behind the figures. */
static bool
is_tabled(const hf_value_t *key)
{
    size_t len = 0;
    const char *name = hf_as_str(key, &len);
    return len == 7 && (memcmp(name, "latency", len) == 0 || memcmp(name, "methods", len) == 0);
}

/* A map on one line: "version 1.0.0, live 2". */
static void
print_pairs(const hf_value_t *map)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    const char *separator = "";
    hf_open(&cursor, map);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        if (is_tabled(&key))
            continue;
        (void)fputs(separator, stdout);
        print_text(&key);
        (void)putchar(' ');
        if (hf_kind(&value) == HF_STR)
            print_text(&value);
        else
            print_json(&value);
        separator = ", ";
    }
}

/* Seconds as people say them, 9 places wide. */
static void
print_duration(const hf_value_t *seconds)
{
    static const struct {
        double least;
        double of_a_second;
        const char *unit;
    } units[] = {{1.0, 1.0, "s"}, {1e-3, 1e3, "ms"}, {1e-6, 1e6, "us"}, {0.0, 1e9, "ns"}};
    double n = hf_as_float(seconds);
    size_t k = 0;
    while (n < units[k].least)
        k++;
    (void)printf(" %6.1f %-2s", n * units[k].of_a_second, units[k].unit);
}

static const char *const latency_columns[] = {"p50", "p90", "p99", "longest"};

enum { LATENCY_COLUMNS = sizeof latency_columns / sizeof latency_columns[0] };

/* "TYPE.METHOD", its calls and errors, and how long it takes, where a run of it was timed. */
static void
show_method_figures(const hf_value_t *type, const hf_value_t *method, const hf_value_t *counts,
                    const hf_value_t *latency)
{
    char name[160];
    size_t type_len = 0;
    size_t len = 0;
    const char *type_name = hf_as_str(type, &type_len);
    const char *method_name = hf_as_str(method, &len);
    hf_value_t calls = member_of(counts, "calls");
    hf_value_t errors = member_of(counts, "errors");
    (void)snprintf(name, sizeof name, "%.*s.%.*s", (int)type_len,
                   type_name == NULL ? "" : type_name, (int)len,
                   method_name == NULL ? "" : method_name);
    (void)printf("  %-26s %10" PRIu64 " %8" PRIu64, name, hf_as_uint(&calls), hf_as_uint(&errors));
    hf_value_t took = member_of(latency, name);
    for (size_t k = 0; k < LATENCY_COLUMNS && hf_kind(&took) == HF_MAP; k++) {
        hf_value_t seconds = member_of(&took, latency_columns[k]);
        print_duration(&seconds);
    }
    (void)putchar('\n');
}

/* A line for each method that was called. */
static void
show_methods(const hf_value_t *stats)
{
    hf_value_t types = member_of(stats, "types");
    hf_value_t latency = member_of(stats, "latency");
    hf_cursor_t at_type;
    hf_cursor_t at_method;
    hf_value_t type;
    hf_value_t figures;
    hf_value_t method;
    hf_value_t counts;
    (void)printf("%s%-28s %10s %8s %9s %9s %9s %9s%s\n", bold(), "methods", "calls", "errors",
                 latency_columns[0], latency_columns[1], latency_columns[2], latency_columns[3],
                 plain());
    hf_open(&at_type, &types);
    while (hf_next(&at_type, &type) && hf_next(&at_type, &figures)) {
        hf_value_t methods = member_of(&figures, "methods");
        hf_open(&at_method, &methods);
        while (hf_next(&at_method, &method) && hf_next(&at_method, &counts))
            show_method_figures(&type, &method, &counts, &latency);
    }
}

/* A figure a line; a map's own figures indented below its name. */
static void
show_figures(const hf_value_t *map, int indent)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    hf_open(&cursor, map);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        size_t len = 0;
        const char *name = hf_as_str(&key, &len);
        bool is_map = hf_kind(&value) == HF_MAP;
        if (is_tabled(&key))
            continue;
        (void)printf("%*s%s%.*s%s", indent, "", indent == 0 ? bold() : "", (int)len,
                     name == NULL ? "" : name, indent == 0 ? plain() : "");
        int filled = indent + (int)len;
        if (is_map && indent == 0) {
            (void)putchar('\n');
            show_figures(&value, 2);
            continue;
        }
        (void)printf("%*s", filled < 20 ? 20 - filled : 1, "");
        if (is_map)
            print_pairs(&value);
        else
            print_json(&value);
        (void)putchar('\n');
    }
}

void
show_stats(const hf_value_t *stats)
{
    show_figures(stats, 0);
    show_methods(stats);
}

void
show_slow_calls(const hf_value_t *calls)
{
    hf_cursor_t cursor;
    hf_value_t call;
    (void)printf("%s%9s %9s %8s  %s%s\n", bold(), "took", "ago", "object",
                 "method(arguments), by client", plain());
    hf_open(&cursor, calls);
    while (hf_next(&cursor, &call)) {
        hf_value_t took = member_of(&call, "seconds");
        hf_value_t ago = member_of(&call, "ago");
        hf_value_t object = member_of(&call, "object");
        hf_value_t typeid_ = member_of(&call, "typeid");
        hf_value_t method = member_of(&call, "method");
        hf_value_t arguments = member_of(&call, "arguments");
        hf_value_t client = member_of(&call, "client");
        print_duration(&took);
        print_duration(&ago);
        (void)printf(" %8" PRIu64 "  ", hf_as_uint(&object));
        print_text(&typeid_);
        (void)putchar('.');
        print_text(&method);
        print_text(&arguments);
        if (is_said(&client)) {
            (void)fputs(", ", stdout);
            print_text(&client);
        }
        (void)putchar('\n');
    }
}

/* "client, uid 0 pid 1, user ann", as far as it is known. */
static void
print_who(const hf_value_t *session)
{
    static const char *const keys[] = {"client", "peer", "user"};
    const char *separator = "";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        hf_value_t text = member_of(session, keys[i]);
        if (!is_said(&text))
            continue;
        (void)printf("%s%s", separator, strcmp(keys[i], "user") == 0 ? "user " : "");
        print_text(&text);
        separator = ", ";
    }
}

void
show_sessions(const hf_value_t *sessions)
{
    hf_cursor_t cursor;
    hf_value_t session;
    (void)printf("%s%10s %10s %8s %8s  %s%s\n", bold(), "open for", "idle for", "holds", "waiting",
                 "client", plain());
    hf_open(&cursor, sessions);
    while (hf_next(&cursor, &session)) {
        hf_value_t age = member_of(&session, "age");
        hf_value_t idle = member_of(&session, "idle");
        hf_value_t holds = member_of(&session, "holds");
        hf_value_t parked = member_of(&session, "parked");
        hf_value_t is_detached = member_of(&session, "detached");
        print_duration(&age);
        (void)putchar(' ');
        print_duration(&idle);
        (void)printf(" %8" PRIu64 " %8" PRIu64 "  ", hf_as_uint(&holds), hf_as_uint(&parked));
        print_who(&session);
        (void)puts(hf_as_bool(&is_detached) ? ", detached" : "");
    }
}

void
show_leaks(const hf_value_t *leaks)
{
    hf_cursor_t cursor;
    hf_value_t leak;
    (void)printf("%s%8s  %-16s %s%s\n", bold(), "object", "typeid", "held by", plain());
    hf_open(&cursor, leaks);
    while (hf_next(&cursor, &leak)) {
        hf_value_t number = member_of(&leak, "object");
        hf_value_t typeid_ = member_of(&leak, "typeid");
        hf_value_t name = member_of(&leak, "name");
        hf_value_t idle = member_of(&leak, "idle");
        size_t len = 0;
        const char *type_name = hf_as_str(&typeid_, &len);
        (void)printf("%8" PRIu64 "  %-16.*s ", hf_as_uint(&number), (int)len,
                     type_name == NULL ? "" : type_name);
        if (hf_kind(&name) == HF_STR) {
            (void)fputs("name ", stdout);
            print_text(&name);
            (void)putchar('\n');
            continue;
        }
        (void)fputs("session of ", stdout);
        print_who(&leak);
        (void)fputs(", idle for", stdout);
        print_duration(&idle);
        (void)putchar('\n');
    }
}

static void
show_object(const hf_value_t *object)
{
    hf_value_t number = member_of(object, "object");
    hf_value_t typeid_ = member_of(object, "typeid");
    hf_value_t size = member_of(object, "size");
    hf_value_t holders = member_of(object, "holders");
    size_t len = 0;
    const char *name = hf_as_str(&typeid_, &len);
    (void)printf("%8" PRIu64 "  %-16.*s %10" PRIu64 "  ", hf_as_uint(&number), (int)len,
                 name == NULL ? "" : name, hf_as_uint(&size));
    hf_cursor_t cursor;
    hf_value_t kind;
    hf_value_t n;
    hf_open(&cursor, &holders);
    const char *separator = "";
    while (hf_next(&cursor, &kind) && hf_next(&cursor, &n)) {
        if (hf_as_uint(&n) == 0)
            continue;
        (void)fputs(separator, stdout);
        print_text(&kind);
        (void)printf(" %" PRIu64, hf_as_uint(&n));
        separator = ", ";
    }
    (void)putchar('\n');
}

void
show_objects(const hf_value_t *page, bool as_json, bool is_first, int64_t *ret_last)
{
    if (is_first && as_json)
        (void)putchar('[');
    else if (is_first)
        (void)printf("%s%8s  %-16s %10s  %s%s\n", bold(), "object", "typeid", "bytes", "holders",
                     plain());
    hf_cursor_t cursor;
    hf_value_t object;
    hf_open(&cursor, page);
    while (hf_next(&cursor, &object)) {
        hf_value_t number = member_of(&object, "object");
        *ret_last = hf_as_int(&number);
        if (!as_json) {
            show_object(&object);
            continue;
        }
        if (!is_first)
            (void)fputs(", ", stdout);
        print_json(&object);
        is_first = false;
    }
}

void
show_objects_end(bool as_json)
{
    if (as_json)
        (void)puts("]");
}
