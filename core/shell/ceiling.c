/* SPDX-License-Identifier: MPL-2.0 */
/* ceiling -- see ceiling.h */
#define _GNU_SOURCE
#include "ceiling.h"

#include <inttypes.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include <base/check.h>

enum {
    CEILING_LEAST = 16 * 1024 * 1024,
    CEILING_THREADS = 48 * 1024 * 1024, /* addresses of stacks and buffers of threads to come */
};

/* The first number in the file; UINT64_MAX: no file, or it says "max". */
static uint64_t
ceiling_number(const char *file)
{
    uint64_t n = UINT64_MAX;
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return n;
    /* NOLINTNEXTLINE(cert-err34-c): a number too large is no limit either */
    if (fscanf(from, "%" SCNu64, &n) != 1)
        n = UINT64_MAX;
    (void)fclose(from);
    return n;
}

static uint64_t
ceiling_less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least memory.max of the group and all that it is in. */
static uint64_t
ceiling_cgroup_path(const char *root, char *path, const char *name)
{
    uint64_t least = UINT64_MAX;
    for (;;) {
        char file[PATH_MAX];
        int n = snprintf(file, sizeof file, "%s%s/%s", root, path, name);
        if (n > 0 && (size_t)n < sizeof file)
            least = ceiling_less(least, ceiling_number(file));
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* /proc/self/cgroup has "0::PATH" for version 2, "N:memory:PATH" for version 1. */
static uint64_t
ceiling_cgroup(void)
{
    uint64_t least = UINT64_MAX;
    char line[PATH_MAX];
    FILE *from = fopen("/proc/self/cgroup", "re");
    if (from == NULL)
        return least;
    while (fgets(line, sizeof line, from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':');
        char *path = names != NULL ? strchr(names + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        if (strcmp(names, ":") == 0)
            least = ceiling_less(least, ceiling_cgroup_path("/sys/fs/cgroup", path, "memory.max"));
        else if (strstr(names, "memory") != NULL)
            least = ceiling_less(
                least, ceiling_cgroup_path("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
    }
    (void)fclose(from);
    return least;
}

static uint64_t
ceiling_addresses(uint64_t page)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    uint64_t mapped = ceiling_number("/proc/self/statm"); /* in pages */
    uint64_t taken = (mapped == UINT64_MAX ? 0 : mapped * page) + CEILING_THREADS;
    return taken < limit.rlim_cur ? limit.rlim_cur - taken : 0;
}

bool
hfi_ceiling_has_addresses(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY;
}

uint64_t
hfi_ceiling(void)
{
    long page = sysconf(_SC_PAGESIZE);
    long pages = sysconf(_SC_PHYS_PAGES);
    HF_ASSERT(page > 0);
    uint64_t least = pages > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    least = ceiling_less(least, ceiling_cgroup());
    least = ceiling_less(least, ceiling_addresses((uint64_t)page));
    return least > CEILING_LEAST ? least : CEILING_LEAST;
}
