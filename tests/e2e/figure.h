/* SPDX-License-Identifier: MPL-2.0 */
/* figure -- what the manager says of itself, asked by a client of the library. */
#ifndef E2E_FIGURE_H
#define E2E_FIGURE_H

#include <stdint.h>

#include <holdfast/holdfast.h>

/* hf_connect, for a manager that has not got a CPU for long. */
hf_client_t *e2e_connect(const char *endpoint);

/* One of stats()'s figures; the test fails where it cannot be had. -1: there is none of that name. */
int64_t e2e_figure(hf_client_t *client, const char *name);

/* How many names are bound, and how many referents there are. */
int64_t e2e_count_names(hf_client_t *client);
int64_t e2e_count_objects(hf_client_t *client);

#endif
