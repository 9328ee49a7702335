/* signature -- "by: int = 1, *rest, **named -> int" checked and compiled when a plugin is loaded.
 *
 *   signature  parameters, separated by commas, then optionally  -> type
 *   parameter  name: type [= default] | *name | * (those behind it by keyword only) | **name
 *   type       any nil bool int float number str bytes list map handle handle[Typeid], T?, A or B
 *   default    nil true false int float 'text' [] {} or ... (may be left out: hf_arg_given tells)
 *
 * int is what int64 holds, bool included (beyond it: OverflowError); float takes ints too; number is
 * int or float as it came. `T = nil` without `?` is refused: the default must fit the type.
 */
#ifndef HFI_SIGNATURE_H
#define HFI_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holdfast/value.h>

enum { HFI_MAX_PARAMETERS = 16 };

typedef struct hfi_signature hfi_signature_t;

/* Gives the compiled form (NULL text: no parameters, any result), or NULL with a sentence in why. */
hfi_signature_t *hfi_signature_new(const char *text, char *why, size_t why_room);
void hfi_signature_destroy(hfi_signature_t **self_p);

/* The text as describe shows it; borrowed. */
const char *hfi_signature_text(const hfi_signature_t *self);

/* Whether a result fits what the signature promises. */
bool hfi_signature_returns(const hfi_signature_t *self, const hf_value_t *result);

#endif
