/* SPDX-License-Identifier: MPL-2.0 */
/* outbox -- kept, copied, found, dropped; against a plain array that keeps everything. */
#include "support.h"

#include <stdlib.h>

#include <stream/outbox.h>

enum { LONG = 100000 };

/* ---- the plain array ------------------------------------------------------------------ */

typedef struct kept {
    uint8_t *bytes;
    size_t len;
    hfi_label_t label;
} kept_t;

typedef struct model {
    kept_t kept[20000]; /* by number */
    uint64_t last;
    uint64_t acked;
    uint64_t told; /* of minded ones, the last that the outbox called back for */
    uint64_t n_told;
} model_t;

static model_t model;

static void
model_reset(void)
{
    for (uint64_t i = 1; i <= model.last; i++)
        free(model.kept[i].bytes);
    memset(&model, 0, sizeof model);
}

static void
model_add(const uint8_t *bytes, size_t len, const hfi_label_t *label)
{
    kept_t *kept = &model.kept[++model.last];
    kept->bytes = malloc(len + 1);
    assert_non_null(kept->bytes);
    memcpy(kept->bytes, bytes, len);
    kept->len = len;
    kept->label = *label;
}

static void
check_kept(const hfi_kept_t *kept)
{
    const kept_t *want = &model.kept[kept->number];
    assert_int_equal(kept->bytes.len, want->len);
    assert_memory_equal(kept->bytes.at, want->bytes, want->len);
    assert_int_equal(kept->call, want->label.call);
    assert_int_equal(kept->referent, want->label.referent);
    assert_int_equal(kept->cookie, want->label.cookie);
    assert_int_equal(kept->is_minded, want->label.is_minded);
    assert_int_equal(kept->flags, want->label.flags);
}

/* ---- the operations under a seed ------------------------------------------------------ */

static uint64_t calls_made;

static hfi_label_t
random_label(uint64_t *seed)
{
    hfi_label_t label = {.flags = (uint8_t)below(seed, 256)};
    if (below(seed, 5) != 0)
        label.call = ++calls_made;
    if (below(seed, 4) == 0) {
        label.is_minded = true;
        label.referent = chance(seed);
        label.cookie = chance(seed);
    }
    return label;
}

static size_t
random_length(uint64_t *seed)
{
    uint64_t kind = below(seed, 100);
    if (kind < 80)
        return below(seed, 40);
    return kind < 98 ? below(seed, 5000) : below(seed, 60000);
}

static void
scribble(hf_writer_t *w, uint8_t *copy, size_t len, uint64_t *seed)
{
    size_t done = 0;
    while (done < len) {
        size_t part = 1 + below(seed, len - done);
        for (size_t i = 0; i < part; i++)
            copy[done + i] = (uint8_t)chance(seed);
        hfi_write_raw(w, copy + done, part);
        done += part;
    }
}

/* Up to three messages begun at once, ended in any order. */
static void
op_write(hfi_outbox_t *outbox, uint64_t *seed)
{
    static uint8_t copies[3][LONG];
    hfi_begun_t begun[3];
    size_t n = 1 + below(seed, 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(hfi_outbox_begin(outbox, LONG, &begun[i]));
        scribble(&begun[i].w, copies[i], random_length(seed), seed);
        assert_false(begun[i].w.failed);
    }
    for (size_t left = n; left > 0; left--) {
        size_t i = below(seed, left);
        if (below(seed, 4) == 0) {
            hfi_outbox_rollback(&begun[i]);
        } else {
            hfi_label_t label = random_label(seed);
            size_t len = begun[i].w.len;
            assert_int_equal(hfi_outbox_commit(&begun[i], &label), model.last + 1);
            model_add(copies[i], len, &label);
        }
        if (i != left - 1) { /* the last takes its place; a begun message may not move itself */
            for (size_t j = i + 1; j < left; j++) {
                hfi_begun_t moved = begun[j];
                begun[j - 1] = moved;
                memcpy(copies[j - 1], copies[j], moved.w.len);
            }
        }
    }
}

static void
on_dropped(void *context, const hfi_kept_t *kept)
{
    model_t *m = context;
    assert_true(kept->is_minded);
    assert_true(kept->number > m->told);
    check_kept(kept);
    m->told = kept->number;
    m->n_told++;
}

static void
op_acknowledge(hfi_outbox_t *outbox, uint64_t *seed)
{
    uint64_t ack =
        below(seed, 8) == 0 ? model.last : model.acked + below(seed, model.last - model.acked + 1);
    uint64_t want = model.n_told;
    for (uint64_t i = model.acked + 1; i <= ack; i++)
        want += model.kept[i].label.is_minded ? 1 : 0;
    hfi_outbox_acknowledge(outbox, ack, on_dropped, &model);
    assert_int_equal(model.n_told, want);
    if (ack > model.acked)
        model.acked = ack;
}

/* A copy from anywhere, into any room: whole messages, as many as fit, the very bytes. */
static void
op_copy(hfi_outbox_t *outbox, uint64_t *seed)
{
    static uint8_t to[2 * LONG];
    uint64_t after = model.acked + below(seed, model.last - model.acked + 2);
    size_t room = below(seed, 3) == 0 ? sizeof to : below(seed, 9000);
    uint64_t last;
    memset(to, 0xee, sizeof to);
    size_t len = hfi_outbox_copy(outbox, after, to, room, &last);
    size_t want = 0;
    uint64_t number = after;
    while (number < model.last && want + model.kept[number + 1].len <= room)
        want += model.kept[++number].len;
    if (number == after && after < model.last) {
        assert_int_equal(len, model.kept[after + 1].len);
        assert_int_equal(last, after);
        return;
    }
    assert_int_equal(len, want);
    assert_int_equal(last, number);
    size_t at = 0;
    for (uint64_t i = after + 1; i <= last; i++) {
        assert_memory_equal(to + at, model.kept[i].bytes, model.kept[i].len);
        at += model.kept[i].len;
    }
    assert_int_equal(to[at], 0xee);
}

static void
op_look(hfi_outbox_t *outbox, uint64_t *seed)
{
    hfi_kept_t kept;
    uint64_t number = below(seed, model.last + 3);
    bool is_kept = number > model.acked && number <= model.last;
    assert_int_equal(hfi_outbox_get(outbox, number, &kept), is_kept);
    if (is_kept)
        check_kept(&kept);
    uint64_t call = below(seed, calls_made + 3);
    uint64_t found = 0;
    for (uint64_t i = model.acked + 1; i <= model.last && call != 0; i++)
        if (model.kept[i].label.call == call)
            found = i;
    assert_int_equal(hfi_outbox_find(outbox, call, &kept), found != 0);
    if (found != 0) {
        assert_int_equal(kept.number, found);
        check_kept(&kept);
    }
}

static void
check_figures(hfi_outbox_t *outbox)
{
    uint64_t bytes = 0;
    for (uint64_t i = model.acked + 1; i <= model.last; i++)
        bytes += model.kept[i].len;
    assert_int_equal(outbox->n_bytes, bytes);
    assert_int_equal(hfi_outbox_bytes_after(outbox, model.acked), bytes);
    assert_int_equal(outbox->n_messages, model.last - model.acked);
    assert_int_equal(hfi_outbox_last(outbox), model.last);
    assert_int_equal(outbox->memory, outbox->chunks->lent_bytes);
    if (outbox->n_messages == 0)
        assert_int_equal(outbox->memory, 0);
    else
        assert_true(outbox->memory >= bytes);
}

static void
against_plain_array(uint64_t seed, bool is_searched)
{
    hfi_chunks_t chunks = {.max_free = 4};
    hfi_outbox_t outbox;
    model_reset();
    calls_made = 0;
    hfi_outbox_open(&outbox, &chunks);
    for (int i = 0; i < 1500; i++) {
        uint64_t what = below(&seed, 10);
        if (what < 5)
            op_write(&outbox, &seed);
        else if (what < 7)
            op_copy(&outbox, &seed);
        else if (what < 9 && is_searched)
            op_look(&outbox, &seed);
        else if (what == 9 && below(&seed, 4) == 0)
            op_acknowledge(&outbox, &seed);
        check_figures(&outbox);
    }
    hfi_kept_t kept;
    while (model.last > model.acked) {
        assert_true(hfi_outbox_take_last(&outbox, &kept));
        assert_int_equal(kept.number, model.last);
        check_kept(&kept);
        free(model.kept[model.last].bytes);
        model.last--;
    }
    assert_false(hfi_outbox_take_last(&outbox, &kept));
    hfi_outbox_close(&outbox);
    assert_int_equal(chunks.lent_bytes, 0);
    assert_true(chunks.n_free <= 4);
    hfi_chunks_close(&chunks);
}

static void
random_operations(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        against_plain_array(seed, seed % 3 != 0);
    model_reset();
}

/* ---- single facts --------------------------------------------------------------------- */

static uint64_t
put(hfi_outbox_t *outbox, const char *text, uint64_t call)
{
    hfi_begun_t begun;
    assert_true(hfi_outbox_begin(outbox, LONG, &begun));
    hfi_write_raw(&begun.w, text, strlen(text));
    return hfi_outbox_commit(&begun, &(hfi_label_t){.call = call});
}

static void
an_idle_outbox_owns_nothing(void **state)
{
    (void)state;
    hfi_chunks_t chunks = {0};
    hfi_outbox_t outbox;
    hfi_outbox_open(&outbox, &chunks);
    assert_int_equal(outbox.memory, 0);
    assert_int_equal(put(&outbox, "one", 1), 1);
    assert_int_equal(outbox.memory, HFI_CHUNK_BYTES);
    hfi_outbox_acknowledge(&outbox, 1, NULL, NULL);
    assert_int_equal(outbox.memory, 0);
    assert_int_equal(chunks.n_free, 1);
    hfi_begun_t begun;
    assert_true(hfi_outbox_begin(&outbox, 10, &begun));
    hfi_outbox_rollback(&begun);
    assert_int_equal(outbox.memory, 0);
    assert_int_equal(chunks.n_free, 1);
    hfi_outbox_close(&outbox);
    hfi_chunks_close(&chunks);
}

static void
a_busy_outbox_takes_no_new_chunk(void **state)
{
    (void)state;
    hfi_chunks_t chunks = {0};
    hfi_outbox_t outbox;
    hfi_outbox_open(&outbox, &chunks);
    for (uint64_t i = 1; i <= 10000; i++) {
        assert_int_equal(put(&outbox, "fifteen bytes..", i), i);
        if (i >= 50)
            hfi_outbox_acknowledge(&outbox, i - 49, NULL, NULL);
        assert_true(chunks.lent_bytes <= (size_t)2 * HFI_CHUNK_BYTES);
        assert_true(chunks.n_free <= 1);
    }
    hfi_outbox_close(&outbox);
    hfi_chunks_close(&chunks);
}

static void
too_long_is_told_from_no_memory(void **state)
{
    (void)state;
    hfi_chunks_t chunks = {0};
    hfi_outbox_t outbox;
    uint8_t bytes[101] = {0};
    hfi_begun_t begun;
    hfi_outbox_open(&outbox, &chunks);
    assert_true(hfi_outbox_begin(&outbox, 100, &begun));
    hfi_write_raw(&begun.w, bytes, 100);
    assert_false(begun.w.failed);
    hfi_write_raw(&begun.w, bytes, 1);
    assert_true(begun.w.failed);
    assert_true(begun.is_too_long);
    assert_int_equal(hfi_outbox_commit(&begun, NULL), 0);
    assert_int_equal(outbox.n_begun, 0);
    assert_int_equal(put(&outbox, "the next is number one", 0), 1);
    hfi_outbox_close(&outbox);
    hfi_chunks_close(&chunks);
}

static void
numbers_follow_the_commits(void **state)
{
    (void)state;
    hfi_chunks_t chunks = {0};
    hfi_outbox_t outbox;
    hfi_begun_t outer;
    hfi_begun_t inner;
    hfi_kept_t kept;
    hfi_outbox_open(&outbox, &chunks);
    assert_int_equal(put(&outbox, "first", 0), 1);
    assert_true(hfi_outbox_begin(&outbox, LONG, &outer));
    hfi_write_raw(&outer.w, "out", 3);
    assert_true(hfi_outbox_begin(&outbox, LONG, &inner));
    hfi_write_raw(&inner.w, "inner", 5);
    hfi_write_raw(&outer.w, "er", 2);
    assert_int_equal(hfi_outbox_commit(&inner, NULL), 2);
    assert_int_equal(hfi_outbox_commit(&outer, NULL), 3);
    assert_true(hfi_outbox_get(&outbox, 2, &kept));
    assert_memory_equal(kept.bytes.at, "inner", 5);
    assert_true(hfi_outbox_get(&outbox, 3, &kept));
    assert_memory_equal(kept.bytes.at, "outer", 5);
    hfi_outbox_close(&outbox);
    hfi_chunks_close(&chunks);
}

static void
the_latest_of_two_labels_is_found(void **state)
{
    (void)state;
    hfi_chunks_t chunks = {0};
    hfi_outbox_t outbox;
    hfi_kept_t kept;
    hfi_outbox_open(&outbox, &chunks);
    for (uint64_t i = 1; i <= 1000; i++)
        (void)put(&outbox, "x", i);
    assert_true(hfi_outbox_find(&outbox, 500, &kept));
    assert_int_equal(put(&outbox, "again", 500), 1001);
    assert_true(hfi_outbox_find(&outbox, 500, &kept));
    assert_int_equal(kept.number, 1001);
    hfi_outbox_acknowledge(&outbox, 1000, NULL, NULL);
    assert_true(hfi_outbox_find(&outbox, 500, &kept));
    assert_false(hfi_outbox_find(&outbox, 501, &kept));
    hfi_outbox_acknowledge(&outbox, 1001, NULL, NULL);
    assert_false(hfi_outbox_find(&outbox, 500, &kept));
    hfi_outbox_close(&outbox);
    hfi_chunks_close(&chunks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(an_idle_outbox_owns_nothing),
        cmocka_unit_test(a_busy_outbox_takes_no_new_chunk),
        cmocka_unit_test(too_long_is_told_from_no_memory),
        cmocka_unit_test(numbers_follow_the_commits),
        cmocka_unit_test(the_latest_of_two_labels_is_found),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
