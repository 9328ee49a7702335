/* SPDX-License-Identifier: MPL-2.0 */
/* place -- see place.h */
#define _GNU_SOURCE
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/check.h>
#include <base/endpoint.h>

#include "loader.h"

static bool
place_refuse(char *why, size_t why_room, const char *endpoint, const char *reason)
{
    (void)snprintf(why, why_room, "%s: %s", endpoint, reason);
    return false;
}

/* What stands at the path is a socket, or nothing. */
static bool
place_check(const char *endpoint, const char *path, char *why, size_t why_room)
{
    struct stat at;
    if (lstat(path, &at) != 0)
        return errno == ENOENT || place_refuse(why, why_room, endpoint, strerrordesc_np(errno));
    return S_ISSOCK(at.st_mode) ||
           place_refuse(why, why_room, endpoint, "something that is no socket stands there");
}

static bool
place_lock(const char *endpoint, const char *path, int *ret_fd, char *why, size_t why_room)
{
    char file[HFI_SOCKET_PATH + 8];
    int n = snprintf(file, sizeof file, "%s.lock", path);
    if (n < 0 || (size_t)n >= sizeof file)
        return place_refuse(why, why_room, endpoint, "the path is too long");
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return place_refuse(why, why_room, endpoint, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_taken = errno == EWOULDBLOCK;
        (void)place_refuse(why, why_room, endpoint,
                           is_taken ? "another manager serves there" : strerrordesc_np(errno));
        (void)close(fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool
hfi_place_take(const char *endpoint, const char *folder, int *ret_fd, char *why, size_t why_room)
{
    static const char ipc[] = "ipc://";
    *ret_fd = -1;
    const char *path = endpoint + sizeof ipc - 1;
    if (strncmp(endpoint, ipc, sizeof ipc - 1) != 0 || *path == '@' || strcmp(path, "*") == 0)
        return true;
    size_t len = strlen(folder);
    if (strncmp(path, folder, len) == 0 && path[len] == '/' &&
        strchr(path + len + 1, '/') == NULL && !hfi_loader_own_folder(folder, true, why, why_room))
        return false;
    return place_check(endpoint, path, why, why_room) &&
           place_lock(endpoint, path, ret_fd, why, why_room);
}

bool
hfi_place_share(const char *endpoint, char *why, size_t why_room)
{
    static const char ipc[] = "ipc://";
    const char *path = endpoint + sizeof ipc - 1;
    if (strncmp(endpoint, ipc, sizeof ipc - 1) != 0 || *path == '@')
        return true;
    return chmod(path, 0666) == 0 || place_refuse(why, why_room, endpoint, strerrordesc_np(errno));
}
