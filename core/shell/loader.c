/* SPDX-License-Identifier: MPL-2.0 */
/* loader -- see loader.h */
#define _GNU_SOURCE
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/check.h>

#define LOADER_MAGIC 0x10adf11eu

enum { LOADER_FILE_MAX = 256 * 1024 * 1024 };

struct hfi_loader {
    uint32_t magic;
    char *folder; /* RUN_DIR/plugins */
    hfi_image_t *images;
    size_t n;
};

/* Always false, so that a check can return it. */
static bool __attribute__((format(printf, 3, 4)))
loader_refuse(char *why, size_t why_room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, why_room, format, args);
    va_end(args);
    return false;
}

/* ---- who may have changed it ---------------------------------------------------------- */

/* One step of the path. `below` is what stands in it: the next folder or the file. A sticky folder may be
 * everybody's, as only its owner can take away or rename what is below. */
static bool
loader_check_step(const char *path, const struct stat *at, const struct stat *below, char *why,
                  size_t why_room)
{
    uid_t us = geteuid();
    if (at->st_uid != 0 && at->st_uid != us)
        return loader_refuse(why, why_room, "%s belongs to user %u: neither root's nor ours", path,
                             at->st_uid);
    if ((at->st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    if (below != NULL && (at->st_mode & S_ISVTX) != 0 &&
        (below->st_uid == 0 || below->st_uid == us))
        return true;
    return loader_refuse(why, why_room, "%s can be written by others (mode %04o): chmod go-w it",
                         path, (unsigned)(at->st_mode & 07777));
}

/* Opens the next step below `folder`, never through a link, and checks `folder` with regard to it. Returns its
 * descriptor, or -1; closes `folder` in any case. */
static int
loader_step(int folder, const char *so_far, const char *name, bool is_last, char *why,
            size_t why_room)
{
    struct stat at;
    struct stat below;
    int flags = is_last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
    int next = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
        (void)loader_refuse(why, why_room, "%s/%s: %s", so_far, name, strerrordesc_np(errno));
    } else if (fstat(folder, &at) != 0 || fstat(next, &below) != 0) {
        (void)loader_refuse(why, why_room, "%s: %s", so_far, strerrordesc_np(errno));
        (void)close(next);
        next = -1;
    } else if (!loader_check_step(so_far[0] == '\0' ? "/" : so_far, &at, &below, why, why_room)) {
        (void)close(next);
        next = -1;
    }
    (void)close(folder);
    return next;
}

/* Walks down `path`, which is absolute and without links, checking each folder. Returns the file's descriptor. */
static int
loader_walk(char *path, char *why, size_t why_room)
{
    int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *name = path + 1;
    while (folder >= 0) {
        char *slash = strchr(name, '/');
        name[-1] = '\0'; /* path is now what is above name */
        if (slash != NULL)
            *slash = '\0';
        int next = loader_step(folder, path, name, slash == NULL, why, why_room);
        name[-1] = '/';
        if (slash == NULL || next < 0)
            return next;
        *slash = '/';
        name = slash + 1;
        folder = next;
    }
    (void)loader_refuse(why, why_room, "/: %s", strerrordesc_np(errno));
    return -1;
}

/* Opens and checks the file; -1 with a sentence in why. */
static int
loader_open(char *real, char *why, size_t why_room)
{
    int fd = loader_walk(real, why, why_room);
    if (fd < 0)
        return -1;
    struct stat at;
    bool is_fine = false;
    if (fstat(fd, &at) != 0)
        (void)loader_refuse(why, why_room, "%s: %s", real, strerrordesc_np(errno));
    else if (!S_ISREG(at.st_mode))
        (void)loader_refuse(why, why_room, "%s is no file", real);
    else if (at.st_size > LOADER_FILE_MAX)
        (void)loader_refuse(why, why_room, "%s is longer than %d bytes", real, LOADER_FILE_MAX);
    else
        is_fine = loader_check_step(real, &at, NULL, why, why_room);
    if (is_fine)
        return fd;
    (void)close(fd);
    return -1;
}

bool
hfi_loader_own_folder(const char *path, bool is_private, char *why, size_t why_room)
{
    struct stat at;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return loader_refuse(why, why_room, "%s cannot be made: %s", path, strerrordesc_np(errno));
    if (lstat(path, &at) != 0)
        return loader_refuse(why, why_room, "%s: %s", path, strerrordesc_np(errno));
    if (!S_ISDIR(at.st_mode))
        return loader_refuse(why, why_room, "%s is no folder", path);
    if (at.st_uid != geteuid())
        return loader_refuse(why, why_room, "%s belongs to user %u, not to us", path, at.st_uid);
    mode_t others = is_private ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
    if ((at.st_mode & others) != 0)
        return loader_refuse(why, why_room, "%s is open to others (mode %04o): chmod 700 it", path,
                             (unsigned)(at.st_mode & 07777));
    return true;
}

/* ---- the copy ------------------------------------------------------------------------- */

static bool
loader_write_all(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* Copies all of `from` and gives the SHA-256 of what was copied as text. */
static bool
loader_pour(int from, int to, char *ret_hash)
{
    uint8_t block[16384];
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    for (;;) {
        ssize_t n = read(from, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        (void)crypto_hash_sha256_update(&state, block, (unsigned long long)n);
        if (!loader_write_all(to, block, (size_t)n))
            return false;
    }
    (void)crypto_hash_sha256_final(&state, digest);
    (void)sodium_bin2hex(ret_hash, HFI_IMAGE_HASH + 1, digest, sizeof digest);
    return true;
}

/* Gives the copy's path, to be freed by the caller; NULL with a sentence in why. */
static char *
loader_copy(const hfi_loader_t *self, int from, char *ret_hash, char *why, size_t why_room)
{
    char *draft = NULL;
    char *copy = NULL;
    if (!hfi_loader_own_folder(self->folder, true, why, why_room))
        return NULL;
    if (asprintf(&draft, "%s/.new.XXXXXX", self->folder) < 0) {
        (void)loader_refuse(why, why_room, "no memory");
        return NULL;
    }
    int to = mkostemp(draft, O_CLOEXEC);
    if (to < 0) {
        (void)loader_refuse(why, why_room, "%s: %s", draft, strerrordesc_np(errno));
        free(draft);
        return NULL;
    }
    bool is_done = loader_pour(from, to, ret_hash) && fchmod(to, 0500) == 0;
    int error = errno;
    is_done = close(to) == 0 && is_done;
    if (is_done && asprintf(&copy, "%s/%s.so", self->folder, ret_hash) < 0) {
        copy = NULL;
        is_done = false;
    }
    if (is_done && rename(draft, copy) == 0) {
        free(draft);
        return copy;
    }
    (void)loader_refuse(why, why_room, "the copy in %s cannot be written: %s", self->folder,
                        strerrordesc_np(error != 0 ? error : EIO));
    (void)unlink(draft);
    free(draft);
    free(copy);
    return NULL;
}

/* ---- mapping -------------------------------------------------------------------------- */

/* dlerror's text without the copy's path in front, which says nothing to anybody. */
static const char *
loader_dlerror(const char *copy)
{
    const char *text = dlerror(); // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
    if (text == NULL)
        return "unknown error";
    size_t n = strlen(copy);
    return strncmp(text, copy, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

static const hf_plugin_t *
loader_map(const char *copy, const char *real, char *why, size_t why_room)
{
    void *library = dlopen(copy, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL) {
        (void)loader_refuse(why, why_room, "%s cannot be mapped: %s", real, loader_dlerror(copy));
        return NULL;
    }
    const hf_plugin_t *descriptor = dlsym(library, "hf_plugin");
    if (descriptor == NULL)
        (void)loader_refuse(why, why_room,
                            "%s is no plugin: it exports no hf_plugin (HF_PLUGIN makes it)", real);
    return descriptor;
}

static hfi_image_t *
loader_find_hash(const hfi_loader_t *self, const char *hash)
{
    for (size_t k = 0; k < self->n; k++) {
        if (strcmp(self->images[k].hash, hash) == 0)
            return &self->images[k];
    }
    return NULL;
}

/* Takes `real`. */
static const hfi_image_t *
loader_add(hfi_loader_t *self, char *real, const char *hash, const hf_plugin_t *descriptor,
           char *why, size_t why_room)
{
    hfi_image_t *images = realloc(self->images, (self->n + 1) * sizeof *images);
    if (images == NULL) {
        (void)loader_refuse(why, why_room, "no memory");
        free(real);
        return NULL;
    }
    self->images = images;
    hfi_image_t *image = &images[self->n++];
    *image = (hfi_image_t){.path = real, .descriptor = descriptor};
    memcpy(image->hash, hash, HFI_IMAGE_HASH + 1);
    return image;
}

const hfi_image_t *
hfi_loader_load(hfi_loader_t *self, const char *path, char *why, size_t why_room)
{
    /* WALK plugin 3/8: who could have changed the file? a private copy is mapped */
    HF_CHECK(self, LOADER_MAGIC);
    char *real = realpath(path, NULL);
    if (real == NULL) {
        (void)loader_refuse(why, why_room, "%s: %s", path, strerrordesc_np(errno));
        return NULL;
    }
    char hash[HFI_IMAGE_HASH + 1];
    int fd = loader_open(real, why, why_room);
    char *copy = fd >= 0 ? loader_copy(self, fd, hash, why, why_room) : NULL;
    if (fd >= 0)
        (void)close(fd);
    const hfi_image_t *image = copy != NULL ? loader_find_hash(self, hash) : NULL;
    const hf_plugin_t *descriptor = NULL;
    if (copy != NULL && image == NULL)
        descriptor = loader_map(copy, real, why, why_room);
    free(copy);
    if (descriptor != NULL)
        return loader_add(self, real, hash, descriptor, why, why_room);
    free(real);
    return image;
}

const hfi_image_t *
hfi_loader_load_copy(hfi_loader_t *self, const char *hash)
{
    char *path = NULL;
    char why[HFI_WHY];
    const hfi_image_t *image = NULL;
    if (asprintf(&path, "%s/%s.so", self->folder, hash) < 0)
        return NULL;
    if (strspn(hash, "0123456789abcdef") == HFI_IMAGE_HASH && access(path, R_OK) == 0)
        image = hfi_loader_load(self, path, why, sizeof why);
    free(path);
    return image != NULL && strcmp(image->hash, hash) == 0 ? image : NULL;
}

bool
hfi_loader_check(const char *path, char *why, size_t why_room)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return loader_refuse(why, why_room, "%s: %s", path, strerrordesc_np(errno));
    int fd = loader_open(real, why, why_room);
    free(real);
    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

bool
hfi_loader_provides(const char *library, const char *symbol)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD | RTLD_LOCAL);
    return handle != NULL && dlsym(handle, symbol) != NULL;
}

hfi_loader_t *
hfi_loader_new(const char *run_dir)
{
    hfi_loader_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = LOADER_MAGIC;
    if (asprintf(&self->folder, "%s/plugins", run_dir) < 0) {
        self->folder = NULL;
        hfi_loader_destroy(&self);
    }
    return self;
}

void
hfi_loader_destroy(hfi_loader_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_loader_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, LOADER_MAGIC);
    for (size_t k = 0; k < self->n; k++)
        free(self->images[k].path);
    free(self->images);
    free(self->folder);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

bool
hfi_loader_rename(hfi_loader_t *self, const char *hash, const char *as)
{
    HF_CHECK(self, LOADER_MAGIC);
    hfi_image_t *image = loader_find_hash(self, hash);
    if (image == NULL || strlen(as) != HFI_IMAGE_HASH)
        return false;
    memcpy(image->hash, as, HFI_IMAGE_HASH + 1);
    return true;
}

const hfi_image_t *
hfi_loader_at(const hfi_loader_t *self, size_t k)
{
    HF_CHECK(self, LOADER_MAGIC);
    return k < self->n ? &self->images[k] : NULL;
}

const hf_plugin_t *
hfi_loader_find(void *context, hfi_span_t hash)
{
    const hfi_loader_t *self = context;
    HF_CHECK(self, LOADER_MAGIC);
    for (size_t k = 0; k < self->n; k++) {
        if (hfi_span_equal(hash, hfi_span_of(self->images[k].hash)))
            return self->images[k].descriptor;
    }
    return NULL;
}

bool
hfi_loader_shipped(const char *name, char *to, size_t room)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    HF_ASSERT(slash != NULL);
    *slash = '\0';
    static const char *const places[] = {HFI_PLUGINS_FROM_BIN, "../plugins"};
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        int len = snprintf(to, room, "%s/%s/%s.so", self, places[k], name);
        if (len > 0 && (size_t)len < room && access(to, F_OK) == 0)
            return true;
    }
    return false;
}
