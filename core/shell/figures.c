/* SPDX-License-Identifier: MPL-2.0 */
/* figures -- see figures.h */
#define _GNU_SOURCE
#include "figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <os/clock.h>
#include <value/writer.h>

static uint64_t
figures_rss_bytes(void)
{
    char line[128];
    char *rest;
    FILE *from = fopen("/proc/self/statm", "re");
    if (from == NULL)
        return 0;
    const char *text = fgets(line, sizeof line, from);
    (void)fclose(from);
    if (text == NULL)
        return 0;
    (void)strtoull(text, &rest, 10); /* all of it; resident is the second number */
    return (uint64_t)strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
figures_write_uint(hf_writer_t *w, const char *key, uint64_t number)
{
    hf_write_str(w, key, strlen(key));
    hf_write_uint(w, number);
}

static void
figures_write_seconds(hf_writer_t *w, const char *key, int64_t ns)
{
    hf_write_str(w, key, strlen(key));
    hf_write_float(w, (double)ns / 1e9);
}

static void
figures_write_text(hf_writer_t *w, const char *key, const char *text)
{
    hf_write_str(w, key, strlen(key));
    hf_write_str(w, text, strlen(text));
}

/* ---- latency by method ------------------------------------------------------------------ */

/* The buckets that are not empty: [seconds that its runs took less than, how many]. */
static void
figures_write_histogram(hf_writer_t *w, const hfi_method_durations_t *of)
{
    size_t n = 0;
    for (size_t k = 0; k < HFI_DURATION_BUCKETS; k++)
        n += of->bucket[k] != 0;
    hf_write_str(w, "histogram", strlen("histogram"));
    hf_write_list(w, n);
    for (size_t k = 0; k < HFI_DURATION_BUCKETS; k++) {
        if (of->bucket[k] == 0)
            continue;
        hf_write_list(w, 2);
        hf_write_float(w, (double)(INT64_C(2) << k) / 1e9);
        hf_write_uint(w, of->bucket[k]);
    }
}

static void
figures_write_latency(hf_writer_t *w, const hfi_durations_t *durations)
{
    char name[2 * HFI_SLOW_NAME];
    size_t n = 0;
    while (hfi_durations_at(durations, n) != NULL)
        n++;
    hf_write_str(w, "latency", strlen("latency"));
    hf_write_map(w, n);
    for (size_t k = 0; k < n; k++) {
        const hfi_method_durations_t *of = hfi_durations_at(durations, k);
        (void)snprintf(name, sizeof name, "%s.%s", of->typeid_ == NULL ? "?" : of->typeid_,
                       of->method == NULL ? "?" : of->method);
        hf_write_str(w, name, strlen(name));
        hf_write_map(w, 6);
        figures_write_uint(w, "sampled", of->sampled);
        figures_write_seconds(w, "p50", hfi_durations_quantile_ns(of, 0.5));
        figures_write_seconds(w, "p90", hfi_durations_quantile_ns(of, 0.9));
        figures_write_seconds(w, "p99", hfi_durations_quantile_ns(of, 0.99));
        figures_write_seconds(w, "longest", of->longest_ns);
        figures_write_histogram(w, of);
    }
}

bool
hfi_figures_write(const hfi_front_t *front, const hfi_watch_t *watch, hfi_log_t *log,
                  hfi_bytes_t *to)
{
    hfi_front_figures_t links;
    hfi_probe_figures_t probe;
    hfi_front_read(front, &links);
    hfi_watch_read(watch, &probe);
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, to);
    hf_write_map(&out.w, 9);
    figures_write_uint(&out.w, "rss", figures_rss_bytes());
    figures_write_uint(&out.w, "pid", (uint64_t)getpid());
    figures_write_uint(&out.w, "links", links.links);
    figures_write_uint(&out.w, "links_ever", links.links_ever);
    figures_write_uint(&out.w, "frames_out", links.frames_out);
    figures_write_uint(&out.w, "frames_ignored", links.ignored);
    figures_write_uint(&out.w, "slow_methods", probe.slow);
    figures_write_uint(&out.w, "log_lines_lost", hfi_log_read(log).dropped);
    figures_write_latency(&out.w, hfi_watch_durations(watch));
    return hfi_bytes_writer_close(&out);
}

/* ---- slow calls ------------------------------------------------------------------------- */

bool
hfi_figures_write_slow(const hfi_watch_t *watch, hfi_bytes_t *to)
{
    const hfi_slow_run_t *runs[HFI_SLOW_RUNS];
    size_t n = hfi_durations_slow(hfi_watch_durations(watch), runs, HFI_SLOW_RUNS);
    int64_t now_ns = hfi_now_ns();
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, to);
    hf_write_list(&out.w, n);
    for (size_t k = 0; k < n; k++) {
        hf_write_map(&out.w, 7);
        figures_write_text(&out.w, "typeid", runs[k]->typeid_);
        figures_write_text(&out.w, "method", runs[k]->method);
        figures_write_uint(&out.w, "object", runs[k]->object);
        figures_write_seconds(&out.w, "seconds", runs[k]->took_ns);
        figures_write_seconds(&out.w, "ago", now_ns - runs[k]->ended_ns);
        figures_write_text(&out.w, "client", runs[k]->client);
        figures_write_text(&out.w, "arguments", runs[k]->arguments);
    }
    return hfi_bytes_writer_close(&out);
}
