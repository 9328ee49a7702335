/* SPDX-License-Identifier: MPL-2.0 */
/* journal -- see journal.h */
#define _GNU_SOURCE
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <base/check.h>
#include <base/siphash.h>
#include <value/writer.h>

#define JOURNAL_MAGIC 0x10a41001u

struct hfi_journal {
    uint32_t magic;
    int fd;
    int error; /* 0: all is well */
    bool is_said;
    hfi_bytes_t content; /* scratch */
    hfi_bytes_t entries; /* of the batch that is being flushed */
    uint64_t n_entries;
    hfi_bytes_t pending; /* whole blocks, not written yet */
    hfi_tally_t *tally;
};

uint64_t
hfi_journal_hash(hfi_span_t content)
{
    static const hfi_siphash_key_t key = {{0}};
    return hfi_siphash(&key, content.at, content.len);
}

static void
journal_fail(hfi_journal_t *self, int error)
{
    if (self->error == 0)
        self->error = error;
}

/* Puts the content as one block behind what is pending. */
static void
journal_put_block(hfi_journal_t *self)
{
    uint8_t prefix[HFI_JOURNAL_PREFIX];
    size_t len = self->content.len;
    uint64_t hash = hfi_journal_hash(hfi_bytes_span(&self->content));
    if (len > UINT32_MAX) {
        journal_fail(self, EFBIG);
        return;
    }
    for (unsigned k = 0; k < 4; k++)
        prefix[k] = (uint8_t)(len >> (8 * k));
    for (unsigned k = 0; k < 8; k++)
        prefix[4 + k] = (uint8_t)(hash >> (8 * k));
    if (!hfi_bytes_append(&self->pending, prefix, sizeof prefix) ||
        !hfi_bytes_append(&self->pending, self->content.at, len))
        journal_fail(self, ENOMEM);
}

static void
journal_text(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
journal_image(hf_writer_t *w, const hfi_image_t *image)
{
    hf_write_list(w, 4);
    journal_text(w, image->descriptor->name);
    journal_text(w, image->descriptor->version);
    journal_text(w, image->hash);
    journal_text(w, image->path);
}

/* The first block: who wrote this, and with which plugins. */
static void
journal_put_head(hfi_journal_t *self, const hfi_loader_t *loader)
{
    hfi_bytes_writer_t out;
    uint32_t n = 0;
    while (hfi_loader_at(loader, n) != NULL)
        n++;
    hfi_bytes_writer_open(&out, &self->content);
    journal_text(&out.w, "head");
    hf_write_map(&out.w, 3);
    journal_text(&out.w, "version");
    hf_write_uint(&out.w, HFI_JOURNAL_VERSION);
    journal_text(&out.w, "server");
    journal_text(&out.w, "holdfastd " HF_VERSION);
    journal_text(&out.w, "plugins");
    hf_write_list(&out.w, n);
    for (uint32_t k = 0; k < n; k++)
        journal_image(&out.w, hfi_loader_at(loader, k));
    if (!hfi_bytes_writer_close(&out))
        journal_fail(self, ENOMEM);
    journal_put_block(self);
    self->content.len = 0;
}

/* Writes what is pending. A block that does not fit is taken off again, so that the file ends with a whole one. */
static void
journal_write(hfi_journal_t *self)
{
    size_t done = 0;
    while (self->error == 0 && done < self->pending.len) {
        ssize_t n = write(self->fd, self->pending.at + done, self->pending.len - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            journal_fail(self, n == 0 ? ENOSPC : errno);
    }
    if (self->error != 0 && done > 0) {
        off_t end = lseek(self->fd, 0, SEEK_CUR);
        if (end >= (off_t)done)
            (void)!ftruncate(self->fd, end - (off_t)done);
    }
    self->pending.len = 0;
}

/* The outputs of the batch that was flushed since. */
static void
journal_put_outputs(hfi_journal_t *self)
{
    if (self->n_entries == 0)
        return;
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &self->content);
    journal_text(&out.w, "outputs");
    hf_write_uint(&out.w, self->n_entries);
    if (!hfi_bytes_writer_close(&out) ||
        !hfi_bytes_append(&self->content, self->entries.at, self->entries.len))
        journal_fail(self, ENOMEM);
    journal_put_block(self);
    self->content.len = 0;
    self->entries.len = 0;
    self->n_entries = 0;
}

hfi_journal_t *
hfi_journal_new(const char *file, const hfi_loader_t *loader, char *why, size_t why_room)
{
    hfi_journal_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)snprintf(why, why_room, "no memory for the record");
        return NULL;
    }
    self->magic = JOURNAL_MAGIC;
    self->tally = hfi_tally_new();
    self->fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self->fd < 0)
        journal_fail(self, errno);
    else if (self->tally == NULL ||
             !hfi_bytes_append(&self->pending, HFI_JOURNAL_MAGIC, strlen(HFI_JOURNAL_MAGIC)))
        journal_fail(self, ENOMEM);
    journal_put_head(self, loader);
    journal_write(self);
    if (self->error == 0)
        return self;
    (void)snprintf(why, why_room, "the record %s: %s", file, strerrordesc_np(self->error));
    hfi_journal_destroy(&self);
    return NULL;
}

void
hfi_journal_destroy(hfi_journal_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_journal_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, JOURNAL_MAGIC);
    if (self->fd >= 0) {
        journal_put_outputs(self);
        journal_write(self);
        (void)close(self->fd);
    }
    hfi_tally_destroy(&self->tally);
    hfi_bytes_close(&self->content);
    hfi_bytes_close(&self->entries);
    hfi_bytes_close(&self->pending);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

void
hfi_journal_plugin(hfi_journal_t *self, const hfi_image_t *image)
{
    HF_CHECK(self, JOURNAL_MAGIC);
    if (self->error != 0)
        return;
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &self->content);
    journal_text(&out.w, "plugin");
    journal_image(&out.w, image);
    if (!hfi_bytes_writer_close(&out))
        journal_fail(self, ENOMEM);
    journal_put_block(self);
    self->content.len = 0;
}

void
hfi_journal_append(hfi_journal_t *self, const hfi_event_t *events, size_t n)
{
    HF_CHECK(self, JOURNAL_MAGIC);
    if (self->error != 0)
        return;
    journal_put_outputs(self);
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &self->content);
    journal_text(&out.w, "events");
    hf_write_uint(&out.w, n);
    bool is_fine = hfi_bytes_writer_close(&out);
    for (size_t k = 0; is_fine && k < n; k++)
        is_fine = hfi_event_write(&events[k], &self->content);
    if (!is_fine)
        journal_fail(self, ENOMEM);
    journal_put_block(self);
    self->content.len = 0;
}

void
hfi_journal_output(hfi_journal_t *self, hfi_machine_t *machine, const hfi_output_t *output)
{
    HF_CHECK(self, JOURNAL_MAGIC);
    if (self->error != 0)
        return;
    hfi_tally_entry_t entry;
    hfi_bytes_writer_t out;
    bool is_fine = hfi_tally_count(self->tally, machine, output, &entry);
    hfi_bytes_writer_open(&out, &self->entries);
    if (is_fine) {
        hf_write_uint(&out.w, entry.kind);
        hf_write_uint(&out.w, entry.id);
        hf_write_uint(&out.w, entry.number);
        hf_write_uint(&out.w, entry.hash);
    }
    if (!hfi_bytes_writer_close(&out) || !is_fine)
        journal_fail(self, ENOMEM);
    self->n_entries++;
}

bool
hfi_journal_commit(hfi_journal_t *self, char *why, size_t why_room)
{
    HF_CHECK(self, JOURNAL_MAGIC);
    if (self->error == 0)
        journal_write(self);
    if (self->error == 0 || self->is_said)
        return true;
    self->is_said = true;
    (void)snprintf(why, why_room, "the record stops here: %s; serving goes on",
                   strerrordesc_np(self->error));
    return false;
}

bool
hfi_journal_is_whole(const hfi_journal_t *self)
{
    HF_CHECK(self, JOURNAL_MAGIC);
    return self->error == 0;
}
