/* SPDX-License-Identifier: MPL-2.0 */
/* check_config -- see check_config.h */
#include "check_config.h"

#include <string.h>

#include <base/check.h>
#include <value/json.h>
#include <value/value.h>
#include <value/writer.h>

enum { CHECK_WIDTH = 110, CHECK_INDENT = 30, CHECK_TYPE = 18 };

/* ---- what is seen ----------------------------------------------------------------------- */

static const hfi_view_entry_t *
check_next_method(const hfi_view_t *view, uint32_t *k)
{
    const hfi_view_entry_t *entry = hfi_view_at(view, *k);
    while (entry != NULL && entry->access != HFI_CALLABLE)
        entry = hfi_view_at(view, ++*k);
    ++*k;
    return entry;
}

/* The next type of which these roles see anything, or NULL. */
static const hfi_type_t *
check_next_type(hfi_policy_t *policy, hfi_roles_t *roles, uint32_t *k)
{
    for (;;) {
        const hfi_type_t *type = hfi_policy_type(policy, (*k)++);
        if (type == NULL)
            return NULL;
        uint32_t first = 0;
        const hfi_view_t *view = hfi_roles_view(roles, type);
        if (hfi_view_create(view) == HFI_CALLABLE || check_next_method(view, &first) != NULL)
            return type;
    }
}

/* ---- the table -------------------------------------------------------------------------- */

static void
check_table_type(const hfi_view_t *view, const hfi_type_t *type, FILE *to)
{
    uint32_t k = 0;
    int at = fprintf(to, "  %-*s %-6s", CHECK_TYPE, type->row->name,
                     hfi_view_create(view) == HFI_CALLABLE ? "yes" : "-");
    for (const hfi_view_entry_t *entry = check_next_method(view, &k); entry != NULL;
         entry = check_next_method(view, &k)) {
        int len = (int)strlen(entry->name) + 1;
        if (at + len > CHECK_WIDTH)
            at = fprintf(to, "\n%*s", CHECK_INDENT - 3, "") - 1;
        at += fprintf(to, " %s", entry->name);
        if (entry->returns != NULL)
            at += fprintf(to, "->%s", entry->returns->row->name);
    }
    (void)fputc('\n', to);
}

static void
check_table(hfi_policy_t *policy, hfi_roles_t *roles, FILE *to)
{
    uint32_t k = 0;
    (void)fprintf(to, "  %-*s %-6s %s\n", CHECK_TYPE, "TYPE", "CREATE", "METHODS");
    for (const hfi_type_t *type = check_next_type(policy, roles, &k); type != NULL;
         type = check_next_type(policy, roles, &k))
        check_table_type(hfi_roles_view(roles, type), type, to);
}

static void
check_role_names(const hfi_rolebook_t *book, hfi_role_bits_t bits, FILE *to)
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
hfi_check_config_print(hfi_policy_t *policy, FILE *to)
{
    const hfi_rolebook_t *book = hfi_policy_rolebook(policy);
    if (!book->is_configured) {
        (void)fputs("everybody\n", to);
        check_table(policy, hfi_policy_roles(policy, HFI_EVERYTHING), to);
        return fflush(to) == 0;
    }
    for (uint32_t k = 0; k < book->n_roles; k++) {
        (void)fprintf(to, "role %s\n", book->roles[k].name);
        check_table(policy, hfi_policy_roles(policy, UINT64_C(1) << k), to);
    }
    for (uint32_t k = 0; k < book->n_users; k++) {
        (void)fprintf(to, "user %lld:", (long long)book->users[k].uid);
        check_role_names(book, book->users[k].roles, to);
    }
    (void)fputs("others on ipc:", to);
    check_role_names(book, book->ipc, to);
    (void)fputs("others on tcp:", to);
    check_role_names(book, book->tcp, to);
    return fflush(to) == 0;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void
check_word(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
check_write_type(hf_writer_t *w, const hfi_view_t *view)
{
    uint32_t n = 0;
    uint32_t k = 0;
    while (check_next_method(view, &k) != NULL)
        n++;
    hf_write_map(w, 2);
    check_word(w, "create");
    hf_write_bool(w, hfi_view_create(view) == HFI_CALLABLE);
    check_word(w, "methods");
    hf_write_list(w, n);
    k = 0;
    for (const hfi_view_entry_t *entry = check_next_method(view, &k); entry != NULL;
         entry = check_next_method(view, &k))
        check_word(w, entry->name);
}

static void
check_write_types(hf_writer_t *w, hfi_policy_t *policy, hfi_roles_t *roles)
{
    uint32_t n = 0;
    uint32_t k = 0;
    while (check_next_type(policy, roles, &k) != NULL)
        n++;
    hf_write_map(w, n);
    k = 0;
    for (const hfi_type_t *type = check_next_type(policy, roles, &k); type != NULL;
         type = check_next_type(policy, roles, &k)) {
        check_word(w, type->row->name);
        check_write_type(w, hfi_roles_view(roles, type));
    }
}

static void
check_write_names(hf_writer_t *w, const hfi_rolebook_t *book, hfi_role_bits_t bits)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < book->n_roles; k++)
        n += (uint32_t)(bits >> k & 1);
    hf_write_list(w, n);
    for (uint32_t k = 0; k < book->n_roles; k++) {
        if ((bits >> k & 1) != 0)
            check_word(w, book->roles[k].name);
    }
}

static void
check_write_users(hf_writer_t *w, const hfi_rolebook_t *book)
{
    char uid[24];
    hf_write_map(w, book->n_users);
    for (uint32_t k = 0; k < book->n_users; k++) {
        (void)snprintf(uid, sizeof uid, "%lld", (long long)book->users[k].uid);
        check_word(w, uid);
        check_write_names(w, book, book->users[k].roles);
    }
}

static void
check_write_roles(hf_writer_t *w, hfi_policy_t *policy)
{
    const hfi_rolebook_t *book = hfi_policy_rolebook(policy);
    hf_write_map(w, 3);
    check_word(w, "roles");
    hf_write_map(w, book->n_roles);
    for (uint32_t k = 0; k < book->n_roles; k++) {
        check_word(w, book->roles[k].name);
        check_write_types(w, policy, hfi_policy_roles(policy, UINT64_C(1) << k));
    }
    check_word(w, "users");
    check_write_users(w, book);
    check_word(w, "others");
    hf_write_map(w, 2);
    check_word(w, "ipc");
    check_write_names(w, book, book->ipc);
    check_word(w, "tcp");
    check_write_names(w, book, book->tcp);
}

/* Prints what was built, and takes it. */
static bool
check_print_built(hfi_builder_t *built, FILE *to)
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
hfi_check_config_print_json(hfi_policy_t *policy, FILE *to)
{
    hfi_builder_t built;
    hfi_builder_open(&built, 0);
    if (hfi_policy_rolebook(policy)->is_configured) {
        check_write_roles(&built.w, policy);
    } else {
        hf_write_map(&built.w, 1);
        check_word(&built.w, "everybody");
        check_write_types(&built.w, policy, hfi_policy_roles(policy, HFI_EVERYTHING));
    }
    return check_print_built(&built, to);
}

bool
hfi_check_config_complain_json(const hfi_complaints_t *complaints, FILE *to)
{
    hfi_builder_t built;
    hfi_builder_open(&built, 0);
    hf_write_map(&built.w, 1);
    check_word(&built.w, "complaints");
    hf_write_list(&built.w, hfi_complaints_kept(complaints));
    for (size_t k = 0; k < hfi_complaints_kept(complaints); k++) {
        const hfi_complaint_t *complaint = &complaints->at[k];
        hf_write_map(&built.w, 3);
        check_word(&built.w, "file");
        if (complaints->file == NULL)
            hf_write_nil(&built.w);
        else
            check_word(&built.w, complaints->file);
        check_word(&built.w, "line");
        if (complaint->line == 0)
            hf_write_nil(&built.w);
        else
            hf_write_uint(&built.w, complaint->line);
        check_word(&built.w, "text");
        check_word(&built.w, complaint->text);
    }
    return check_print_built(&built, to);
}
