/* SPDX-License-Identifier: MPL-2.0 */
/* mutant -- rules that the simulation switches off, one at a time, to see that it notices.
 *
 * HFI_MUTANT (name) stands at the place that keeps a rule of tests/simulation/mutants.def. Built with
 * -DHF_MUTANTS=ON it asks whether that rule is off now; otherwise it is false, and the compiler drops all behind it.
 */
#ifndef HFI_MUTANT_H
#define HFI_MUTANT_H

#include <stdbool.h>

#ifdef HF_MUTANTS

/* The one rule that is off from now on; NULL: none. Borrows the name. */
void hfi_mutant_choose(const char *name);
bool hfi_mutant_is(const char *name);

#define HFI_MUTANT(name_) hfi_mutant_is(#name_)
#else
#define HFI_MUTANT(name_) false
#endif

#endif
