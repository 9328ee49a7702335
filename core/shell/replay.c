/* SPDX-License-Identifier: MPL-2.0 */
/* replay -- see replay.h
 *
 * A record is a file that somebody may have edited: its items come in through admit, its events through the
 * machine's own reader, and a block counts only whole and with the right hash.
 */
#define _GNU_SOURCE
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include <base/check.h>
#include <value/admit.h>

#include "journal.h"

enum { REPLAY_BLOCK_MAX = 1024 * 1024 * 1024, REPLAY_DEPTH = 8, REPLAY_WORD = 8 };

typedef struct replay {
    FILE *from;
    hfi_loader_t *loader;
    size_t n_given; /* plugins of the command line */
    uint64_t used;  /* those that stand for a recorded one, a bit each */
    hfi_machine_t *machine;
    hfi_tally_t *tally;
    hfi_bytes_t block;   /* the present one's content */
    hfi_bytes_t scratch; /* of admit */
    hfi_bytes_t entries; /* hfi_tally_entry_t: what came out of the last batch now */
    uint64_t batches;
    uint64_t events;
    uint64_t compared; /* outputs */
    bool is_cut;       /* the record ends within a block */
    char *why;
    size_t why_room;
} replay_t;

/* Always false, so that a step can return it. */
static bool __attribute__((format(printf, 2, 3)))
replay_refuse(replay_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(self->why, self->why_room, format, args);
    va_end(args);
    return false;
}

/* ---- reading -------------------------------------------------------------------------- */

static uint64_t
replay_little(const uint8_t *at, unsigned n)
{
    uint64_t number = 0;
    for (unsigned k = 0; k < n; k++)
        number |= (uint64_t)at[k] << (8 * k);
    return number;
}

/* Reads the next block into self->block; false: there is no whole one. */
static bool
replay_read_block(replay_t *self)
{
    uint8_t prefix[HFI_JOURNAL_PREFIX];
    self->block.len = 0;
    size_t got = fread(prefix, 1, sizeof prefix, self->from);
    size_t len = got == sizeof prefix ? (size_t)replay_little(prefix, 4) : 0;
    self->is_cut = got != 0; /* until the whole of it is there */
    if (got != sizeof prefix || len > REPLAY_BLOCK_MAX ||
        hfi_bytes_reserve(&self->block, len) == NULL ||
        fread(self->block.at, 1, len, self->from) != len)
        return false;
    self->block.len = len;
    self->is_cut = hfi_journal_hash(hfi_bytes_span(&self->block)) != replay_little(prefix + 4, 8);
    return !self->is_cut;
}

static bool
replay_item(replay_t *self, hfi_span_t *rest, hf_value_t *ret_value)
{
    hfi_span_t from = *rest;
    hfi_item_t item;
    self->scratch.len = 0;
    if (hfi_admit(rest, REPLAY_DEPTH, &self->scratch, &item) != HFI_ADMIT_OK)
        return false;
    from.len -= rest->len;
    return hfi_admit_value(from, REPLAY_DEPTH, &self->scratch, ret_value, NULL) == HFI_ADMIT_OK;
}

static bool
replay_uint(replay_t *self, hfi_span_t *rest, uint64_t *ret_number)
{
    hf_value_t value;
    if (!replay_item(self, rest, &value) || hf_kind(&value) != HF_INT)
        return false;
    *ret_number = hf_as_uint(&value);
    return true;
}

/* The word that says what a block is. */
static bool
replay_word(replay_t *self, hfi_span_t *rest, char *ret_word)
{
    hf_value_t value;
    size_t len = 0;
    const char *text = replay_item(self, rest, &value) ? hf_as_str(&value, &len) : NULL;
    if (text == NULL || len >= REPLAY_WORD)
        return false;
    memcpy(ret_word, text, len);
    ret_word[len] = '\0';
    return true;
}

/* ---- the head ------------------------------------------------------------------------- */

/* Copies the next str of the list to `to`; false: it is none, or too long. */
static bool
replay_text(hf_cursor_t *list, char *to, size_t room)
{
    hf_value_t item;
    size_t len = 0;
    const char *text = hf_next(list, &item) ? hf_as_str(&item, &len) : NULL;
    if (text == NULL || len >= room)
        return false;
    memcpy(to, text, len);
    to[len] = '\0';
    return true;
}

/* What the command line gives for a plugin: its version of it, else one that stands for no other version. */
static const hfi_image_t *
replay_given(replay_t *self, const char *name, const char *version)
{
    const hfi_image_t *found = NULL;
    size_t place = 0;
    for (size_t k = 0; k < self->n_given && k < 64; k++) {
        const hfi_image_t *image = hfi_loader_at(self->loader, k);
        bool is_free = (self->used >> k & 1) == 0;
        if (!is_free || strcmp(image->descriptor->name, name) != 0)
            continue;
        bool is_same = strcmp(image->descriptor->version, version) == 0;
        if (found == NULL || is_same) {
            found = image;
            place = k;
        }
        if (is_same)
            break;
    }
    if (found != NULL)
        self->used |= UINT64_C(1) << place;
    return found;
}

/* Finds the plugin among what the command line gave, else as the copy that was mapped, else where its file was; it then
 * goes by the hash that the record's events name, so that another build of it can be tried. */
static bool
replay_plugin(replay_t *self, const hf_value_t *row)
{
    char name[128];
    char version[64];
    char hash[HFI_IMAGE_HASH + 1];
    char path[4096];
    hf_cursor_t items;
    hf_open(&items, row);
    if (!replay_text(&items, name, sizeof name) || !replay_text(&items, version, sizeof version) ||
        !replay_text(&items, hash, sizeof hash) || !replay_text(&items, path, sizeof path))
        return replay_refuse(self, "the record's list of plugins is broken");
    char why[HFI_WHY];
    const hfi_image_t *image = replay_given(self, name, version);
    if (image == NULL)
        image = hfi_loader_load_copy(self->loader, hash);
    if (image == NULL)
        image = hfi_loader_load(self->loader, path, why, sizeof why);
    if (image == NULL)
        return replay_refuse(self, "plugin %s %s: %s (--plugin FILE names another)", name, version,
                             why);
    return hfi_loader_rename(self->loader, image->hash, hash) ||
           replay_refuse(self, "the record's hash of plugin %s is broken", name);
}

static bool
replay_head(replay_t *self)
{
    char word[REPLAY_WORD] = "";
    char magic[sizeof HFI_JOURNAL_MAGIC] = "";
    if (fread(magic, 1, sizeof magic - 1, self->from) != sizeof magic - 1 ||
        strcmp(magic, HFI_JOURNAL_MAGIC) != 0 || !replay_read_block(self))
        return replay_refuse(self, "this is no record");
    hfi_span_t rest = hfi_bytes_span(&self->block);
    hf_value_t head;
    if (!replay_word(self, &rest, word) || strcmp(word, "head") != 0 ||
        !replay_item(self, &rest, &head))
        return replay_refuse(self, "this is no record");
    hf_cursor_t pairs;
    hf_value_t key;
    hf_value_t value;
    hf_open(&pairs, &head);
    while (hf_next(&pairs, &key) && hf_next(&pairs, &value)) {
        size_t len;
        const char *text = hf_as_str(&key, &len);
        if (text == NULL)
            continue;
        if (len == 7 && memcmp(text, "version", 7) == 0 &&
            hf_as_uint(&value) != HFI_JOURNAL_VERSION)
            return replay_refuse(self,
                                 "the record is of version %" PRIu64 ", this program reads %d",
                                 hf_as_uint(&value), HFI_JOURNAL_VERSION);
        hf_cursor_t rows;
        hf_value_t row;
        hf_open(&rows, &value);
        while (len == 7 && memcmp(text, "plugins", 7) == 0 && hf_next(&rows, &row)) {
            if (!replay_plugin(self, &row))
                return false;
        }
    }
    return true;
}

/* ---- running and comparing ------------------------------------------------------------ */

/* Applies a batch and notes what comes out. */
static bool
replay_events(replay_t *self, hfi_span_t rest)
{
    uint64_t n;
    if (!replay_uint(self, &rest, &n))
        return replay_refuse(self, "batch %" PRIu64 " is broken", self->batches);
    for (uint64_t k = 0; k < n; k++) {
        hfi_event_t event;
        if (!hfi_event_read(&rest, &event))
            return replay_refuse(self, "event %" PRIu64 " of batch %" PRIu64 " is broken", k,
                                 self->batches);
        hfi_machine_apply(self->machine, &event);
        self->events++;
    }
    self->batches++;
    self->entries.len = 0;
    hfi_output_t output;
    while (hfi_machine_take_output(self->machine, &output)) {
        hfi_tally_entry_t entry;
        if (!hfi_tally_count(self->tally, self->machine, &output, &entry) ||
            !hfi_bytes_append(&self->entries, &entry, sizeof entry))
            return replay_refuse(self, "no memory");
    }
    return true;
}

static const char *
replay_kind(uint32_t kind)
{
    static const char *const names[] = {"nothing", "SEND",     "CONTROL",  "REWIND",
                                        "WATCH",   "KICK",     "JOB",      "LOG",
                                        "STOPPED", "FAR_OPEN", "FAR_SEND", "FAR_CLOSE"};
    return kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

static bool
replay_differs(replay_t *self, uint64_t k, const hfi_tally_entry_t *then,
               const hfi_tally_entry_t *now)
{
    if (then->kind == HFI_OUTPUT_SEND && now->kind == HFI_OUTPUT_SEND && then->id == now->id)
        return replay_refuse(self,
                             "session %" PRIu64 " differs at message %" PRIu64 " (now %" PRIu64
                             "), batch %" PRIu64,
                             then->id, then->number, now->number, self->batches);
    return replay_refuse(self,
                         "output %" PRIu64 " of batch %" PRIu64 " differs: it was %s of %" PRIu64
                         ", it is %s of %" PRIu64,
                         k, self->batches, replay_kind(then->kind), then->id,
                         replay_kind(now->kind), now->id);
}

/* Compares the last batch's outputs with the recorded ones. */
static bool
replay_outputs(replay_t *self, hfi_span_t rest)
{
    uint64_t n;
    if (!replay_uint(self, &rest, &n))
        return replay_refuse(self, "the outputs of batch %" PRIu64 " are broken", self->batches);
    size_t n_now = self->entries.len / sizeof(hfi_tally_entry_t);
    for (uint64_t k = 0; k < n; k++) {
        hfi_tally_entry_t now = {0};
        hfi_tally_entry_t then;
        uint64_t kind;
        if (!replay_uint(self, &rest, &kind) || !replay_uint(self, &rest, &then.id) ||
            !replay_uint(self, &rest, &then.number) || !replay_uint(self, &rest, &then.hash))
            return replay_refuse(self, "the outputs of batch %" PRIu64 " are broken",
                                 self->batches);
        then.kind = (uint32_t)kind;
        if (k < n_now)
            memcpy(&now, self->entries.at + k * sizeof now, sizeof now);
        if (!hfi_tally_equal(&then, &now))
            return replay_differs(self, k, &then, &now);
    }
    if (n_now != n)
        return replay_refuse(self, "batch %" PRIu64 " put out %" PRIu64 " then, %zu now",
                             self->batches, n, n_now);
    self->entries.len = 0;
    self->compared += n;
    return true;
}

static bool
replay_run(replay_t *self)
{
    if (!replay_head(self))
        return false;
    while (replay_read_block(self)) {
        char word[REPLAY_WORD];
        hfi_span_t rest = hfi_bytes_span(&self->block);
        if (!replay_word(self, &rest, word))
            return replay_refuse(self, "a block behind batch %" PRIu64 " is broken", self->batches);
        if (strcmp(word, "events") == 0) {
            if (self->entries.len != 0)
                return replay_refuse(self, "batch %" PRIu64 " put out nothing then, something now",
                                     self->batches);
            if (!replay_events(self, rest))
                return false;
        } else if (strcmp(word, "plugin") == 0) {
            hf_value_t row;
            if (!replay_item(self, &rest, &row) || !replay_plugin(self, &row))
                return self->why[0] == '\0'
                           ? replay_refuse(self, "a plugin behind batch %" PRIu64 " is broken",
                                           self->batches)
                           : false;
        } else if (strcmp(word, "outputs") != 0 || !replay_outputs(self, rest)) {
            return self->why[0] == '\0' ? replay_refuse(self, "a block '%s' is unknown", word)
                                        : false;
        }
    }
    return true;
}

static void
replay_print(const replay_t *self, FILE *to)
{
    for (const hfi_tally_session_t *it = hfi_tally_next(self->tally, NULL); it != NULL;
         it = hfi_tally_next(self->tally, it))
        (void)fprintf(
            to, "session %" PRIu64 ": %" PRIu64 " messages, %" PRIu64 " bytes, %016" PRIx64 "\n",
            it->session, it->messages, it->bytes, it->hash);
    (void)fprintf(to,
                  "replayed %" PRIu64 " events in %" PRIu64 " batches: %" PRIu64 " outputs agree\n",
                  self->events, self->batches, self->compared);
    if (self->is_cut)
        (void)fprintf(to, "the record is cut off behind that\n");
}

int
hfi_replay(const char *file, hfi_loader_t *loader, FILE *to, char *why, size_t why_room)
{
    hfi_machine_world_t world = {.find_image = hfi_loader_find, .context = loader};
    replay_t replay = {.loader = loader, .why = why, .why_room = why_room};
    why[0] = '\0';
    while (hfi_loader_at(loader, replay.n_given) != NULL)
        replay.n_given++;
    replay.machine = hfi_machine_new(&world);
    replay.tally = hfi_tally_new();
    replay.from = fopen(file, "re");
    bool is_fine = false;
    if (replay.from == NULL)
        (void)replay_refuse(&replay, "%s", strerrordesc_np(errno));
    else if (replay.machine == NULL || replay.tally == NULL)
        (void)replay_refuse(&replay, "no memory");
    else
        is_fine = replay_run(&replay);
    if (is_fine)
        replay_print(&replay, to);
    if (replay.from != NULL)
        (void)fclose(replay.from);
    hfi_machine_destroy(&replay.machine);
    hfi_tally_destroy(&replay.tally);
    hfi_bytes_close(&replay.block);
    hfi_bytes_close(&replay.scratch);
    hfi_bytes_close(&replay.entries);
    return is_fine ? 0 : 1;
}
