/* SPDX-License-Identifier: MPL-2.0 */
/* token -- export, adopt, revoke: handles that leave the protocol as text.
 *
 * All three are calls of the manager like any other: it alone knows which tokens there are, and whether one is its own.
 */
#include <math.h>

#include <holdfast/holdfast.h>

#include "client.h"

char *
hf_export(const hf_proxy_t *proxy, double ttl)
{
    char *token = NULL;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(hf_proxy_client(proxy));
    double seconds = ttl < 0.0 ? (double)INFINITY : ttl;
    if (manager == NULL || hf_call_into(manager, "export", "hf", proxy, seconds, "s", &token) != 0)
        return NULL;
    return token;
}

hf_proxy_t *
hf_adopt(hf_client_t *client, const char *token)
{
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    if (manager == NULL)
        return NULL;
    return hf_call_proxy(manager, "adopt", "s", token == NULL ? "" : token);
}

int
hf_revoke(hf_client_t *client, const char *token)
{
    bool is_known = false;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    if (manager == NULL ||
        hf_call_into(manager, "revoke", "s", token == NULL ? "" : token, "b", &is_known) != 0)
        return -1;
    return is_known ? 1 : 0;
}
