/* SPDX-License-Identifier: MPL-2.0 */
/* endpoint -- see endpoint.h */
#include "endpoint.h"

#include <inttypes.h>

#include "check.h"

bool
hfi_endpoint_folder(const char *runtime, uint64_t uid, char *to, size_t room)
{
    HF_ASSERT(to != NULL);
    char folder[HFI_SOCKET_PATH];
    int n = runtime != NULL && runtime[0] == '/'
                ? snprintf(folder, sizeof folder, "%s/holdfast", runtime)
                : snprintf(folder, sizeof folder, "/tmp/holdfast-%" PRIu64, uid);
    if (n < 0 || (size_t)n >= sizeof folder || (size_t)n >= room)
        return false;
    memcpy(to, folder, (size_t)n + 1);
    return true;
}

bool
hfi_endpoint_default(const char *runtime, uint64_t uid, char *to, size_t room)
{
    HF_ASSERT(to != NULL);
    char folder[HFI_SOCKET_PATH];
    char endpoint[HFI_ENDPOINT_ROOM];
    if (!hfi_endpoint_folder(runtime, uid, folder, sizeof folder))
        return false;
    int n = snprintf(endpoint, sizeof endpoint, "ipc://%s/manager.sock", folder);
    if (n < 0 || (size_t)n >= sizeof endpoint || (size_t)n >= room)
        return false;
    memcpy(to, endpoint, (size_t)n + 1);
    return true;
}
