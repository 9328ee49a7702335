/* SPDX-License-Identifier: MPL-2.0 */
/* symbols -- see symbols.h */
#include "symbols.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#if UINTPTR_MAX > UINT32_MAX
typedef Elf64_Ehdr elf_head_t;
typedef Elf64_Shdr elf_section_t;
typedef Elf64_Sym elf_symbol_t;
typedef Elf64_Dyn elf_dynamic_t;
#else
typedef Elf32_Ehdr elf_head_t;
typedef Elf32_Shdr elf_section_t;
typedef Elf32_Sym elf_symbol_t;
typedef Elf32_Dyn elf_dynamic_t;
#endif

/* Bytes that are inside the file; NULL where they are not. */
static const uint8_t *
symbols_bytes(const hfi_symbols_t *self, uint64_t offset, uint64_t len)
{
    if (offset > self->file.len || len > self->file.len - offset)
        return NULL;
    return self->file.at + offset;
}

/* One of a row of structs, copied as it need not be aligned. */
static bool
symbols_section(const hfi_symbols_t *self, const elf_head_t *head, uint64_t k,
                elf_section_t *ret_section)
{
    if (k >= head->e_shnum || head->e_shentsize != sizeof *ret_section ||
        head->e_shoff > UINT64_MAX - k * sizeof *ret_section)
        return false;
    const uint8_t *at =
        symbols_bytes(self, head->e_shoff + k * sizeof *ret_section, sizeof *ret_section);
    if (at == NULL)
        return false;
    memcpy(ret_section, at, sizeof *ret_section);
    return true;
}

/* The rows of a section, and the texts that it names. */
static bool
symbols_take(const hfi_symbols_t *self, const elf_head_t *head, const elf_section_t *section,
             const uint8_t **ret_rows, hfi_span_t *ret_names)
{
    elf_section_t names;
    *ret_rows = symbols_bytes(self, section->sh_offset, section->sh_size);
    if (*ret_rows == NULL || !symbols_section(self, head, section->sh_link, &names) ||
        names.sh_type != SHT_STRTAB)
        return false;
    ret_names->at = symbols_bytes(self, names.sh_offset, names.sh_size);
    ret_names->len = names.sh_size;
    return ret_names->at != NULL;
}

bool
hfi_symbols_open(hfi_symbols_t *self, hfi_span_t file, char *why, size_t why_room)
{
    elf_head_t head;
    elf_section_t section;
    bool is_whole = true;
    *self = (hfi_symbols_t){.file = file};
    const uint8_t *at = symbols_bytes(self, 0, sizeof head);
    (void)snprintf(why, why_room, "it is no shared object for this machine");
    if (at == NULL || memcmp(at, ELFMAG, SELFMAG) != 0 ||
        at[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return false;
    memcpy(&head, at, sizeof head);
    if (head.e_type != ET_DYN)
        return false;
    for (uint64_t k = 0; is_whole && symbols_section(self, &head, k, &section); k++) {
        if (section.sh_type == SHT_DYNSYM) {
            is_whole = symbols_take(self, &head, &section, &self->table, &self->names);
            self->n = section.sh_size / sizeof(elf_symbol_t);
        } else if (section.sh_type == SHT_DYNAMIC) {
            is_whole = symbols_take(self, &head, &section, &self->dynamic, &self->dynamic_names);
            self->n_dynamic = section.sh_size / sizeof(elf_dynamic_t);
        }
    }
    if (is_whole && self->table != NULL)
        return true;
    (void)snprintf(why, why_room, "its table of symbols is missing or broken");
    *self = (hfi_symbols_t){.file = file};
    return false;
}

static const char *
symbols_text(hfi_span_t names, uint64_t offset)
{
    if (offset >= names.len || memchr(names.at + offset, 0, names.len - offset) == NULL)
        return "";
    return (const char *)names.at + offset;
}

bool
hfi_symbols_at(const hfi_symbols_t *self, uint64_t k, hfi_symbol_t *ret_symbol)
{
    elf_symbol_t row;
    if (k >= self->n)
        return false;
    memcpy(&row, self->table + k * sizeof row, sizeof row);
    unsigned bind = (unsigned)row.st_info >> 4;
    unsigned visibility = (unsigned)row.st_other & 3;
    bool is_seen = (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
                   visibility != STV_HIDDEN && visibility != STV_INTERNAL &&
                   row.st_shndx != SHN_ABS;
    ret_symbol->name = is_seen ? symbols_text(self->names, row.st_name) : "";
    ret_symbol->is_defined = row.st_shndx != SHN_UNDEF;
    ret_symbol->is_weak = bind == STB_WEAK;
    return true;
}

const char *
hfi_symbols_needed(const hfi_symbols_t *self, uint64_t k)
{
    elf_dynamic_t row;
    for (uint64_t i = 0; i < self->n_dynamic; i++) {
        memcpy(&row, self->dynamic + i * sizeof row, sizeof row);
        if (row.d_tag == DT_NEEDED && k-- == 0)
            return symbols_text(self->dynamic_names, row.d_un.d_val);
    }
    return NULL;
}
