/* SPDX-License-Identifier: MPL-2.0 */
/* role -- who may call what: grants, reads, users, and each refusal with its place. */
#include "deployed.h"

static void
without_roles_everybody_may_do_everything(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'get'}}}");
    SEEN_BY_USER(1000, "Cell", "+new -get +set +all +any +str +repr +getvalue");
    SEEN_BY_USER(-1, "manager", "-new +create +names +shutdown +str +repr +getvalue");
}

static void
a_role_has_what_it_is_granted(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'any'}}, 'roles': {'one': {'grant': 'Cell.get, "
                    "Cell.an*'},'all': {'grant': 'Cell.*'},'new': {'grant': '*.create'},'end': "
                    "{'grant': ['*.*e*t', 'B*g.*']}}}");
    SEEN_BY_ROLE(1, "Cell", "~new +get ~set ~all -any ~str ~repr ~getvalue");
    SEEN_BY_ROLE(1, "Bag", "~new ~add ~items ~str ~repr ~getvalue");
    SEEN_BY_ROLE(1, "manager", "-new ~create ~names ~shutdown ~str ~repr ~getvalue");
    SEEN_BY_ROLE(2, "Cell", "+new +get +set +all -any +str +repr +getvalue");
    SEEN_BY_ROLE(2, "manager", "-new +create ~names ~shutdown ~str ~repr ~getvalue");
    SEEN_BY_ROLE(3, "Cell", "+new ~get ~set ~all -any ~str ~repr ~getvalue");
    SEEN_BY_ROLE(3, "Mail", "+new ~take +create ~str ~repr ~getvalue");
    SEEN_BY_ROLE(3, "Inside", "-new ~add ~items ~str ~repr ~getvalue");
    SEEN_BY_ROLE(4, "Cell", "~new +get +set ~all -any ~str ~repr ~getvalue");
    SEEN_BY_ROLE(4, "Bag", "+new +add +items +str +repr +getvalue");
    SEEN_BY_ROLE(0, "Bag", "~new ~add ~items ~str ~repr ~getvalue");
}

static void
reads_grants_what_only_reads(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'roles': {'some': {'reads': 'Cell manager'}, 'all': {'reads': '*'}}}");
    SEEN_BY_ROLE(1, "Cell", "~new +get ~set +all +any +str +repr +getvalue");
    SEEN_BY_ROLE(1, "Bag", "~new ~add ~items ~str ~repr ~getvalue");
    SEEN_BY_ROLE(1, "manager", "-new ~create +names ~shutdown +str +repr +getvalue");
    SEEN_BY_ROLE(2, "Bag", "~new ~add +items +str +repr +getvalue");
}

/* What a star stands for is every type but the manager. */
static void
no_star_gives_the_manager_away(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'roles': {'a': {'grant': '*.*'}, 'b': {'grant': 'm*.*'}, 'c': {'reads': "
                    "'*'}, 'd': {'grant': 'manager.*'}},'types': {'m': {'is': 'Cell'}}}");
    SEEN_BY_ROLE(1, "manager",
                 "-new +create ~names ~shutdown ~str ~repr ~getvalue"); /* of the others */
    SEEN_BY_ROLE(2, "manager", "-new +create ~names ~shutdown ~str ~repr ~getvalue");
    SEEN_BY_ROLE(3, "manager", "-new ~create ~names ~shutdown ~str ~repr ~getvalue");
    SEEN_BY_ROLE(4, "manager", "-new ~create +names +shutdown +str +repr +getvalue");
    SEEN_BY_ROLE(4, "Cell", "~new ~get ~set ~all ~any ~str ~repr ~getvalue");
}

/* Roles see the deployment's names: of types and of methods. */
static void
roles_name_what_callers_see(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'log': {'is': 'Cell', 'rename': {'set': 'note'}}},'roles': {'r': "
                    "{'grant': 'log.note log.create'}}}");
    SEEN_BY_ROLE(1, "log", "+new ~get +note ~all ~any ~str ~repr ~getvalue");
    SEEN_BY_ROLE(1, "Cell", "~new ~get ~set ~all ~any ~str ~repr ~getvalue");
    deployed_refused(d,
                     "{'types': {'log': {'is': 'Cell', 'rename': {'set': 'note'}}}, 'roles': {'r': "
                     "{'grant': 'log.set'}}}",
                     "roles/r/grant: log has no method 'set'\n");
}

static void
users_have_roles(void **state)
{
    deployed_t *d = *state;
    deployed_set(
        d, "{'roles': {'get': {'grant': 'Cell.get'}, 'set': {'grant': 'Cell.set'}}, 'users': {'0': "
           "'get set', '1000': 'set', '7': ''}, 'others': {'ipc': 'get', 'tcp': 'set'}}");
    SEEN_BY_USER(0, "Cell", "~new +get +set ~all ~any ~str ~repr ~getvalue");
    SEEN_BY_USER(1000, "Cell", "~new ~get +set ~all ~any ~str ~repr ~getvalue");
    SEEN_BY_USER(7, "Cell", "~new ~get ~set ~all ~any ~str ~repr ~getvalue");
    SEEN_BY_USER(1001, "Cell", "~new +get ~set ~all ~any ~str ~repr ~getvalue");
    SEEN_BY_USER(-1, "Cell", "~new ~get +set ~all ~any ~str ~repr ~getvalue");
    /* one set of roles is one, however it was come by */
    hfi_span_t nobody = {NULL, 0};
    assert_ptr_equal(hfi_policy_roles_of(d->policy, nobody, 1000),
                     hfi_policy_roles_of(d->policy, nobody, -1));
}

static void
with_any_of_the_sections_what_is_not_granted_is_denied(void **state)
{
    static const char *const sections[] = {"{'roles': {}}", "{'users': {}}", "{'others': {}}"};
    for (size_t k = 0; k < 3; k++) {
        deployed_t *d = *state;
        deployed_set(d, sections[k]);
        SEEN_BY_USER(0, "Bag", "~new ~add ~items ~str ~repr ~getvalue");
        SEEN_BY_USER(-1, "Bag", "~new ~add ~items ~str ~repr ~getvalue");
    }
}

static void
a_grant_that_says_nothing_is_refused(void **state)
{
    deployed_refused(
        *state,
        "{'roles': {'r': {'grant': 'Cell Cell. .get Sell.get Cell.gat Cell.x* C*.gat X*.* Cell.g-t "
        "manager.create Inside.create', 'reads': 'Sell Ce!l', 'writes': 'x'}, 'a b': {}, 's': "
        "'x'}}",
        "roles/r/grant: 'Cell' is no TYPE.METHOD\n"
        "roles/r/grant: 'Cell.' is no TYPE.METHOD\n"
        "roles/r/grant: '.get' is no TYPE.METHOD\n"
        "roles/r/grant: unknown typeid 'Sell'\n"
        "roles/r/grant: Cell has no method 'gat'\n"
        "roles/r/grant: Cell has no method 'x*'\n"
        "roles/r/grant: C* has no method 'gat'\n"
        "roles/r/grant: unknown typeid 'X*'\n"
        "roles/r/grant: 'Cell.g-t' is no TYPE.METHOD\n"
        "roles/r/grant: creating is granted by type: list.create, or *.create for all of them\n"
        "roles/r/grant: Inside has no method 'create'\n"
        "roles/r/reads: unknown typeid 'Sell'\n"
        "roles/r/reads: 'Ce!l' is no typeid\n"
        "roles/r/writes: unknown key 'writes': a role has grant and reads\n"
        "roles/a b: a role's name is a word of at most 63 letters, digits and _.-+\n"
        "roles/s: a section is wanted: its keys stand below it\n");
}

static void
a_user_that_is_none_is_refused(void **state)
{
    deployed_refused(
        *state,
        "{'roles': {'r': {}}, 'users': {'ann': 'r', '-1': 'r', '4294967295': 'r', "
        "'99999999999999999999': 'r', '5': 'r s', '05': 'r'}, 'others': {'udp': 'r', 'tcp': 't'}}",
        "users/ann: 'ann' is no user id\n"
        "users/-1: '-1' is no user id\n"
        "users/4294967295: '4294967295' is no user id\n"
        "users/99999999999999999999: '99999999999999999999' is no user id\n"
        "users/5: there is no role 's'\n"
        "users/05: user id 5 is given twice\n"
        "others/udp: unknown key 'udp': there are ipc and tcp\n"
        "others/tcp: there is no role 't'\n");
}

static void
there_are_at_most_so_many_roles(void **state)
{
    char json[4096] = "{'roles': {";
    for (int k = 0; k < HFI_MAX_ROLES + 1; k++)
        (void)snprintf(json + strlen(json), sizeof json - strlen(json), "%s'r%d': {}",
                       k > 0 ? ", " : "", k);
    (void)strcat(json, "}}");
    deployed_refused(*state, json, "roles/r63: there are at most 63 roles\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        DEPLOYED_TEST(without_roles_everybody_may_do_everything),
        DEPLOYED_TEST(a_role_has_what_it_is_granted),
        DEPLOYED_TEST(reads_grants_what_only_reads),
        DEPLOYED_TEST(no_star_gives_the_manager_away),
        DEPLOYED_TEST(roles_name_what_callers_see),
        DEPLOYED_TEST(users_have_roles),
        DEPLOYED_TEST(with_any_of_the_sections_what_is_not_granted_is_denied),
        DEPLOYED_TEST(a_grant_that_says_nothing_is_refused),
        DEPLOYED_TEST(a_user_that_is_none_is_refused),
        DEPLOYED_TEST(there_are_at_most_so_many_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
