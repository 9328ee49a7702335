/* SPDX-License-Identifier: MPL-2.0 */
/* mutant -- see mutant.h; built only with -DHF_MUTANTS=ON. */
#include "mutant.h"

#include <string.h>

static const char *mutant_chosen;

void
hfi_mutant_choose(const char *name)
{
    mutant_chosen = name;
}

bool
hfi_mutant_is(const char *name)
{
    return mutant_chosen != NULL && strcmp(mutant_chosen, name) == 0;
}
