/* SPDX-License-Identifier: MPL-2.0 */
/* literal -- a parameter's default: nil true false int float 'text' [] {}. */
#ifndef HFI_LITERAL_H
#define HFI_LITERAL_H

#include <holdfast/value.h>

#include "parser.h"

/* Parses one and writes it, never more than its own text and 9 bytes; false: refused. */
bool hfi_literal_parse(hfi_parser_t *p, hf_writer_t *out);

#endif
