/* SPDX-License-Identifier: MPL-2.0 */
/* seen -- see seen.h */
#include "seen.h"

#include <string.h>

#include <base/check.h>
#include <value/json.h>
#include <value/value.h>
#include <value/writer.h>

enum { SEEN_WIDTH = 110, SEEN_INDENT = 30, SEEN_TYPE = 18 };

/* ---- what is seen ----------------------------------------------------------------------- */

static const hfi_view_entry_t *
seen_next_method(const hfi_view_t *view, uint32_t *k)
{
    const hfi_view_entry_t *entry = hfi_view_at(view, *k);
    while (entry != NULL && entry->access != HFI_CALLABLE)
        entry = hfi_view_at(view, ++*k);
    ++*k;
    return entry;
}

/* The next type of which these roles see anything, or NULL. */
static const hfi_type_t *
seen_next_type(hfi_policy_t *policy, hfi_roles_t *roles, uint32_t *k)
{
    for (;;) {
        const hfi_type_t *type = hfi_policy_type(policy, (*k)++);
        if (type == NULL)
            return NULL;
        uint32_t first = 0;
        const hfi_view_t *view = hfi_roles_view(roles, type);
        if (hfi_view_create(view) == HFI_CALLABLE || seen_next_method(view, &first) != NULL)
            return type;
    }
}

/* ---- the table -------------------------------------------------------------------------- */

static void
seen_table_type(const hfi_view_t *view, const hfi_type_t *type, FILE *to)
{
    uint32_t k = 0;
    int at = fprintf(to, "  %-*s %-6s", SEEN_TYPE, type->row->name,
                     hfi_view_create(view) == HFI_CALLABLE ? "yes" : "-");
    for (const hfi_view_entry_t *entry = seen_next_method(view, &k); entry != NULL;
         entry = seen_next_method(view, &k)) {
        int len = (int)strlen(entry->name) + 1;
        if (at + len > SEEN_WIDTH)
            at = fprintf(to, "\n%*s", SEEN_INDENT - 3, "") - 1;
        at += fprintf(to, " %s", entry->name);
        if (entry->returns != NULL)
            at += fprintf(to, "->%s", entry->returns->row->name);
    }
    (void)fputc('\n', to);
}

static void
seen_table(hfi_policy_t *policy, hfi_roles_t *roles, FILE *to)
{
    uint32_t k = 0;
    (void)fprintf(to, "  %-*s %-6s %s\n", SEEN_TYPE, "TYPE", "CREATE", "METHODS");
    for (const hfi_type_t *type = seen_next_type(policy, roles, &k); type != NULL;
         type = seen_next_type(policy, roles, &k))
        seen_table_type(hfi_roles_view(roles, type), type, to);
}

static void
seen_role_names(const hfi_rolebook_t *book, hfi_role_bits_t bits, FILE *to)
{
    if (bits == 0)
        (void)fputs(" nothing", to);
    for (uint32_t k = 0; k < book->n_roles; k++) {
        if ((bits >> k & 1) != 0)
            (void)fprintf(to, " %s", book->roles[k].name);
    }
    (void)fputc('\n', to);
}

bool
hfi_seen_print(hfi_policy_t *policy, FILE *to)
{
    const hfi_rolebook_t *book = hfi_policy_rolebook(policy);
    if (!book->is_configured) {
        (void)fputs("everybody\n", to);
        seen_table(policy, hfi_policy_roles(policy, HFI_EVERYTHING), to);
        return fflush(to) == 0;
    }
    for (uint32_t k = 0; k < book->n_roles; k++) {
        (void)fprintf(to, "role %s\n", book->roles[k].name);
        seen_table(policy, hfi_policy_roles(policy, UINT64_C(1) << k), to);
    }
    for (uint32_t k = 0; k < book->n_users; k++) {
        (void)fprintf(to, "user %lld:", (long long)book->users[k].uid);
        seen_role_names(book, book->users[k].roles, to);
    }
    (void)fputs("others on ipc:", to);
    seen_role_names(book, book->ipc, to);
    (void)fputs("others on tcp:", to);
    seen_role_names(book, book->tcp, to);
    return fflush(to) == 0;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void
seen_word(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
seen_write_type(hf_writer_t *w, const hfi_view_t *view)
{
    uint32_t n = 0;
    uint32_t k = 0;
    while (seen_next_method(view, &k) != NULL)
        n++;
    hf_write_map(w, 2);
    seen_word(w, "create");
    hf_write_bool(w, hfi_view_create(view) == HFI_CALLABLE);
    seen_word(w, "methods");
    hf_write_list(w, n);
    k = 0;
    for (const hfi_view_entry_t *entry = seen_next_method(view, &k); entry != NULL;
         entry = seen_next_method(view, &k))
        seen_word(w, entry->name);
}

static void
seen_write_types(hf_writer_t *w, hfi_policy_t *policy, hfi_roles_t *roles)
{
    uint32_t n = 0;
    uint32_t k = 0;
    while (seen_next_type(policy, roles, &k) != NULL)
        n++;
    hf_write_map(w, n);
    k = 0;
    for (const hfi_type_t *type = seen_next_type(policy, roles, &k); type != NULL;
         type = seen_next_type(policy, roles, &k)) {
        seen_word(w, type->row->name);
        seen_write_type(w, hfi_roles_view(roles, type));
    }
}

static void
seen_write_names(hf_writer_t *w, const hfi_rolebook_t *book, hfi_role_bits_t bits)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < book->n_roles; k++)
        n += (uint32_t)(bits >> k & 1);
    hf_write_list(w, n);
    for (uint32_t k = 0; k < book->n_roles; k++) {
        if ((bits >> k & 1) != 0)
            seen_word(w, book->roles[k].name);
    }
}

static void
seen_write_users(hf_writer_t *w, const hfi_rolebook_t *book)
{
    char uid[24];
    hf_write_map(w, book->n_users);
    for (uint32_t k = 0; k < book->n_users; k++) {
        (void)snprintf(uid, sizeof uid, "%lld", (long long)book->users[k].uid);
        seen_word(w, uid);
        seen_write_names(w, book, book->users[k].roles);
    }
}

static void
seen_write_roles(hf_writer_t *w, hfi_policy_t *policy)
{
    const hfi_rolebook_t *book = hfi_policy_rolebook(policy);
    hf_write_map(w, 3);
    seen_word(w, "roles");
    hf_write_map(w, book->n_roles);
    for (uint32_t k = 0; k < book->n_roles; k++) {
        seen_word(w, book->roles[k].name);
        seen_write_types(w, policy, hfi_policy_roles(policy, UINT64_C(1) << k));
    }
    seen_word(w, "users");
    seen_write_users(w, book);
    seen_word(w, "others");
    hf_write_map(w, 2);
    seen_word(w, "ipc");
    seen_write_names(w, book, book->ipc);
    seen_word(w, "tcp");
    seen_write_names(w, book, book->tcp);
}

/* Prints what was built, and takes it. */
static bool
seen_print_built(hfi_builder_t *built, FILE *to)
{
    hf_value_t value;
    hfi_bytes_t text = {0};
    if (!hfi_builder_take(built, &value))
        return false;
    bool is_written = hfi_json_write(&value, &text) && hfi_bytes_append(&text, "\n", 1) &&
                      fwrite(text.at, 1, text.len, to) == text.len;
    hfi_bytes_close(&text);
    hfi_value_drop(&value);
    return is_written && fflush(to) == 0;
}

bool
hfi_seen_print_json(hfi_policy_t *policy, FILE *to)
{
    hfi_builder_t built;
    hfi_builder_open(&built, 0);
    if (hfi_policy_rolebook(policy)->is_configured) {
        seen_write_roles(&built.w, policy);
    } else {
        hf_write_map(&built.w, 1);
        seen_word(&built.w, "everybody");
        seen_write_types(&built.w, policy, hfi_policy_roles(policy, HFI_EVERYTHING));
    }
    return seen_print_built(&built, to);
}

bool
hfi_seen_complain_json(const hfi_complaints_t *complaints, FILE *to)
{
    hfi_builder_t built;
    hfi_builder_open(&built, 0);
    hf_write_map(&built.w, 1);
    seen_word(&built.w, "complaints");
    hf_write_list(&built.w, hfi_complaints_kept(complaints));
    for (size_t k = 0; k < hfi_complaints_kept(complaints); k++) {
        const hfi_complaint_t *complaint = &complaints->at[k];
        hf_write_map(&built.w, 3);
        seen_word(&built.w, "file");
        if (complaints->file == NULL)
            hf_write_nil(&built.w);
        else
            seen_word(&built.w, complaints->file);
        seen_word(&built.w, "line");
        if (complaint->line == 0)
            hf_write_nil(&built.w);
        else
            hf_write_uint(&built.w, complaint->line);
        seen_word(&built.w, "text");
        seen_word(&built.w, complaint->text);
    }
    return seen_print_built(&built, to);
}
