/* SPDX-License-Identifier: MPL-2.0 */
/* token -- see token.h */
#include "token.h"

#include <math.h>

#include "op.h"

enum { TOKEN_SECRET = 16, TOKEN_SLACK_MS = 500 };

sim_token_t *
sim_token_add(sim_referee_t *self, const sim_op_t *op)
{
    static const double ttls[] = {0.0, 2.0, 6.0, 6.0, (double)INFINITY};
    if (self->n_tokens == SIM_MAX_TOKENS)
        return NULL;
    sim_token_t *token = &self->tokens[self->n_tokens++];
    *token = (sim_token_t){.op = op->id,
                           .put_ns = self->sim->now_ns,
                           .ttl = ttls[sim_below(self->sim, 5)],
                           .uses = sim_below(self->sim, 2) == 0 ? 1 : 1 + sim_below(self->sim, 3)};
    return token;
}

sim_token_t *
sim_token_pick(sim_referee_t *self)
{
    /* mostly a young one: the old are spent */
    uint64_t n = self->n_tokens;
    uint64_t back = sim_below(self->sim, 4) == 0 ? n : 4;
    return n == 0 ? NULL : &self->tokens[n - 1 - sim_below(self->sim, back < n ? back : n)];
}

sim_token_t *
sim_token_endless(sim_referee_t *self, uint64_t k)
{
    for (uint64_t i = 0; i < self->n_tokens; i++) {
        if (isinf(self->tokens[i].ttl) && k-- == 0)
            return &self->tokens[i];
    }
    return NULL;
}

void
sim_token_write_secret(const sim_referee_t *self, const sim_token_t *token, hf_writer_t *w)
{
    uint8_t secret[TOKEN_SECRET] = {0};
    uint64_t number = (uint64_t)(token - self->tokens) + 1;
    for (size_t i = 0; i < sizeof number; i++) {
        secret[i] = (uint8_t)(number >> (8 * i) & 0xff);
        secret[8 + i] = (uint8_t)(self->sim->seed >> (8 * i) & 0xff);
    }
    hf_write_bytes(w, secret, sizeof secret);
}

void
sim_token_adopt(sim_token_t *self, sim_op_t *op)
{
    op->token = self;
    op->is_after = self->is_exported;
    op->is_refused = self->is_revoked;
    self->n_adopts++;
}

void
sim_token_revoke(sim_token_t *self, sim_op_t *op)
{
    op->token = self;
    op->is_after = self->is_exported;
    self->is_revoking = true;
}

/* Whether the value is the handle, or the list of handles, that the token was made for. */
static bool
token_is_for(const sim_token_t *self, const hf_value_t *value)
{
    hf_cursor_t items;
    hf_value_t item;
    if (self->n == 1)
        return hf_kind(value) == HF_HANDLE && hf_as_handle(value) == self->objects[0];
    if (hf_kind(value) != HF_LIST || hf_count(value) != self->n)
        return false;
    hf_open(&items, value);
    for (uint32_t i = 0; hf_next(&items, &item); i++)
        if (hf_kind(&item) != HF_HANDLE || hf_as_handle(&item) != self->objects[i])
            return false;
    return true;
}

void
sim_token_result(sim_referee_t *self, const sim_op_t *op, const hf_value_t *value)
{
    sim_token_t *token = op->token;
    if (op->kind == SIM_OP_EXPORT)
        token->is_exported = true;
    else if (op->kind == SIM_OP_ADOPT && !token_is_for(token, value))
        sim_fail(self->sim, SIM_CHECK_ANSWER, "op %llu adopted what its token is not for",
                 (unsigned long long)op->id);
    else if (op->kind == SIM_OP_ADOPT && op->is_refused)
        sim_fail(self->sim, SIM_CHECK_PINS, "op %llu adopted by a token that was revoked",
                 (unsigned long long)op->id);
    else if (op->kind != SIM_OP_ADOPT && (op->is_after || hf_as_bool(value)))
        token->is_revoked = true;
}

void
sim_token_none(sim_referee_t *self, const sim_op_t *op)
{
    const sim_token_t *token = op->token;
    int64_t age_ns = self->sim->now_ns - token->put_ns + TOKEN_SLACK_MS * SIM_MS;
    bool is_in_time = (double)age_ns < token->ttl * (double)SIM_SECOND;
    bool has_uses = isinf(token->ttl) || token->n_adopts <= token->uses;
    if (op->kind == SIM_OP_ADOPT && op->is_after && !token->is_revoking && is_in_time && has_uses)
        sim_fail(self->sim, SIM_CHECK_PINS,
                 "op %llu adopts nothing, though the pin of op %llu holds",
                 (unsigned long long)op->id, (unsigned long long)token->op);
}

/* Its answer never came, so it was never acknowledged: no use. */
void
sim_token_lost(sim_referee_t *self, const sim_op_t *op)
{
    (void)self;
    if (op->kind == SIM_OP_ADOPT)
        op->token->n_adopts--;
}

/* ---- the pin ---------------------------------------------------------------------------- */

void
sim_token_put(sim_op_t *op)
{
    op->next_of_token = op->token->first;
    op->token->first = op;
}

/* What the calls that name a token say of it. */
typedef struct token_told {
    const sim_op_t *made; /* its export */
    uint64_t least, most; /* uses that are acknowledged */
    bool may_be_revoked;
} token_told_t;

static token_told_t
token_told(const sim_token_t *token)
{
    token_told_t told = {0};
    for (const sim_op_t *op = token->first; op != NULL; op = op->next_of_token) {
        bool is_open = op->end != SIM_RESULT && op->end != SIM_ERROR;
        if (op->kind == SIM_OP_EXPORT) {
            told.made = op;
        } else if (op->kind == SIM_OP_ADOPT) {
            told.least += op->is_acknowledged;
            told.most +=
                op->end == SIM_RESULT || op->end == SIM_TIMED_OUT || op->end == SIM_ABANDONED;
        } else if (is_open) {
            told.may_be_revoked = true;
        }
    }
    return told;
}

sim_pin_t
sim_token_pin(const sim_referee_t *self, const sim_token_t *token)
{
    token_told_t told = token_told(token);
    int64_t now_ns = self->sim->now_ns;
    bool is_endless = isinf(token->ttl);
    if (told.made == NULL || told.made->end == SIM_ERROR || token->is_revoked || token->ttl <= 0.0)
        return SIM_PIN_GONE;
    if (!is_endless && told.least >= token->uses)
        return SIM_PIN_GONE;
    if (!token->is_exported)
        return SIM_PIN_PERHAPS;
    int64_t ttl_ns = is_endless ? 0 : (int64_t)(token->ttl * (double)SIM_SECOND);
    if (!is_endless && now_ns - told.made->answered_ns >= ttl_ns)
        return SIM_PIN_GONE;
    bool is_in_time = is_endless || now_ns - token->put_ns < ttl_ns;
    bool has_uses = is_endless || told.most < token->uses;
    return is_in_time && has_uses && !told.may_be_revoked ? SIM_PIN_HOLDS : SIM_PIN_PERHAPS;
}
