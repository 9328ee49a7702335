/* SPDX-License-Identifier: MPL-2.0 */
/* record -- what is recorded replays; what is cut off, edited or another's is told. Argument: a plugin. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <shell/boot.h>
#include <shell/journal.h>
#include <shell/replay.h>
#include <stream/frame.h>
#include <stream/message.h>
#include <value/writer.h>

enum { CALLS = 20 };

static char folder[64];
static char file[96];
static const char *plugin;
static hfi_loader_t *loader;
static hfi_bytes_t whole; /* the record as it was written */

/* Gives a batch to journal and machine, as the loop does. */
static void
turn(hfi_journal_t *journal, hfi_machine_t *machine, const hfi_event_t *events, size_t n)
{
    char why[HFI_WHY];
    hfi_output_t output;
    hfi_journal_append(journal, events, n);
    for (size_t k = 0; k < n; k++)
        hfi_machine_apply(machine, &events[k]);
    assert_true(hfi_journal_commit(journal, why, sizeof why));
    while (hfi_machine_take_output(machine, &output))
        hfi_journal_output(journal, machine, &output);
}

static void
turn_frame(hfi_journal_t *journal, hfi_machine_t *machine, int64_t now_ns, hfi_bytes_t *frame)
{
    hfi_event_t events[2] = {
        {.kind = HFI_EVENT_TICK, .now_ns = now_ns},
        {.kind = HFI_EVENT_FRAME, .link = 1, .bytes = hfi_bytes_span(frame)},
    };
    turn(journal, machine, events, 2);
    frame->len = 0;
}

static void
write_call(hfi_bytes_t *frame, uint64_t number, uint64_t target, const char *method,
           const char *text, int64_t i)
{
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, frame);
    hfi_frame_write_data(&out.w, number, 0);
    hfi_message_write_call(&out.w, 4, target, false, hfi_span_of(method));
    hf_write_list(&out.w, text != NULL ? 2 : 1);
    if (text != NULL)
        hf_write_str(&out.w, text, strlen(text));
    hf_write_int(&out.w, i);
    assert_true(hfi_bytes_writer_close(&out));
}

/* A little life: boot, one session, some calls. */
static void
live(hfi_journal_t *journal, const hfi_settings_t *settings)
{
    hfi_machine_world_t world = {.find_image = hfi_loader_find, .context = loader};
    hfi_machine_t *machine = hfi_machine_new(&world);
    hfi_batch_t *batch = calloc(1, sizeof *batch);
    hfi_boot_t boot = {0};
    hfi_bytes_t frame = {0};
    hfi_bytes_writer_t out;
    assert_non_null(machine);
    assert_non_null(batch);
    assert_true(hfi_boot_write(&boot, settings, loader, NULL, batch));
    turn(journal, machine, batch->at, batch->n);
    hfi_event_t up = {.kind = HFI_EVENT_LINK_UP, .link = 1, .peer = {.uid = 1000, .pid = 7}};
    turn(journal, machine, &up, 1);
    hfi_hello_t hello = {.session = {{1, 2, 3}}, .attempt = 1, .client = hfi_span_of("test")};
    hfi_bytes_writer_open(&out, &frame);
    hfi_frame_write_hello(&out.w, &hello);
    assert_true(hfi_bytes_writer_close(&out));
    turn_frame(journal, machine, 1000, &frame);
    write_call(&frame, 1, 0, "create", "Counter", 5);
    turn_frame(journal, machine, 2000, &frame);
    for (uint64_t k = 0; k < CALLS; k++) {
        write_call(&frame, 2 + k, 1, "add", NULL, (int64_t)k);
        turn_frame(journal, machine, 3000 + (int64_t)k, &frame);
    }
    hfi_machine_destroy(&machine);
    hfi_boot_close(&boot);
    hfi_bytes_close(&frame);
    free(batch);
}

static void
slurp(void)
{
    uint8_t block[4096];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (ssize_t n = read(fd, block, sizeof block); n > 0; n = read(fd, block, sizeof block))
        assert_true(hfi_bytes_append(&whole, block, (size_t)n));
    (void)close(fd);
}

static void
put(const uint8_t *at, size_t len)
{
    int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, at, len), (ssize_t)len);
    (void)close(fd);
}

static int
make_record(void **state)
{
    (void)state;
    char why[HFI_WHY] = "";
    shell_test_folder(folder, sizeof folder);
    (void)snprintf(file, sizeof file, "%s/record", folder);
    loader = hfi_loader_new(folder);
    if (hfi_loader_load(loader, plugin, why, sizeof why) == NULL)
        return -1;
    hfi_settings_t *settings = hfi_settings_new();
    hfi_journal_t *journal = hfi_journal_new(file, loader, why, sizeof why);
    assert_non_null(journal);
    live(journal, settings);
    assert_true(hfi_journal_is_whole(journal));
    hfi_journal_destroy(&journal);
    assert_null(journal);
    hfi_settings_destroy(&settings);
    slurp();
    return 0;
}

static int
remove_record(void **state)
{
    (void)state;
    char command[128];
    hfi_loader_destroy(&loader);
    hfi_bytes_close(&whole);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); // NOLINT
}

/* Replays; what was printed is in `to`. */
static int
replay(char *to, size_t room, char *why, size_t why_room)
{
    FILE *out = fmemopen(to, room, "w");
    assert_non_null(out);
    int status = hfi_replay(file, loader, out, why, why_room);
    assert_int_equal(fclose(out), 0);
    return status;
}

static void
a_record_replays(void **state)
{
    (void)state;
    char text[4096] = "";
    char why[HFI_WHY];
    put(whole.at, whole.len);
    assert_int_equal(replay(text, sizeof text, why, sizeof why), 0);
    assert_string_equal(why, "");
    char expected[64];
    (void)snprintf(expected, sizeof expected, "session 1: %d messages, ", CALLS + 1);
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "outputs agree\n"));
    assert_null(strstr(text, "cut off"));
    struct stat at;
    assert_int_equal(stat(file, &at), 0);
    assert_int_equal(at.st_mode & 07777, 0600);
}

static void
what_a_crash_left_replays_as_far_as_it_goes(void **state)
{
    (void)state;
    char text[4096];
    char why[HFI_WHY];
    int n_good = 0;
    for (size_t len = 0; len < whole.len; len += 7) {
        put(whole.at, len);
        int status = replay(text, sizeof text, why, sizeof why);
        n_good += status == 0;
        if (status != 0)
            assert_string_equal(why, "this is no record"); /* not even its head is there */
    }
    assert_true(n_good > 50);
}

static void
a_changed_byte_is_noticed(void **state)
{
    (void)state;
    char text[4096];
    char before[4096] = "";
    char why[HFI_WHY];
    put(whole.at, whole.len);
    assert_int_equal(replay(before, sizeof before, why, sizeof why), 0);
    for (size_t k = 0; k < whole.len; k += 3) {
        whole.at[k] ^= 0x10;
        put(whole.at, whole.len);
        whole.at[k] ^= 0x10;
        memset(text, 0, sizeof text);
        if (replay(text, sizeof text, why, sizeof why) == 0)
            assert_string_not_equal(text, before); /* it ended there: less was replayed */
    }
}

/* Finds the k-th block's content from the file's beginning. */
static uint8_t *
block(size_t number, size_t *ret_len)
{
    size_t at = strlen(HFI_JOURNAL_MAGIC);
    for (size_t k = 0;; k++) {
        size_t len =
            (size_t)whole.at[at] | (size_t)whole.at[at + 1] << 8 | (size_t)whole.at[at + 2] << 16;
        if (k == number) {
            *ret_len = len;
            return whole.at + at + HFI_JOURNAL_PREFIX;
        }
        at += HFI_JOURNAL_PREFIX + len;
        assert_true(at < whole.len);
    }
}

/* Edits one byte of a block and makes its hash fit again, as somebody with a reason would. */
static void
forge(uint8_t *content, size_t len, size_t at, uint8_t byte)
{
    content[at] = byte;
    uint64_t hash = hfi_journal_hash((hfi_span_t){.at = content, .len = len});
    for (unsigned k = 0; k < 8; k++)
        (content - 8)[k] = (uint8_t)(hash >> (8 * k));
}

static void
other_outputs_are_named(void **state)
{
    (void)state;
    char text[4096];
    char why[HFI_WHY];
    size_t len;
    for (size_t number = 1;;
         number++) { /* the first batch of outputs behind HELLO's: create's answer */
        uint8_t *content = block(number, &len);
        if (len < 20 || memcmp(content, "\xa7outputs", 8) != 0 || content[9] != HFI_OUTPUT_SEND)
            continue;
        uint8_t last = content[len - 1];
        forge(content, len, len - 1, last ^ 1);
        put(whole.at, whole.len);
        forge(content, len, len - 1, last);
        break;
    }
    assert_int_equal(replay(text, sizeof text, why, sizeof why), 1);
    assert_non_null(strstr(why, "session 1 differs at message 1 "));
}

static void
forged_blocks_break_nothing(void **state)
{
    (void)state;
    char text[4096];
    char why[HFI_WHY];
    size_t len;
    uint32_t random = 99;
    for (int k = 0; k < 400; k++) {
        random = random * 1664525u + 1013904223u;
        uint8_t *content = block((random >> 8) % 20, &len);
        random = random * 1664525u + 1013904223u;
        size_t at = (random >> 8) % len;
        uint8_t before = content[at];
        forge(content, len, at, (uint8_t)(random >> 24));
        put(whole.at, whole.len);
        forge(content, len, at, before);
        (void)replay(text, sizeof text, why, sizeof why); /* one way or the other */
    }
    put(whole.at, whole.len);
    assert_int_equal(replay(text, sizeof text, why, sizeof why), 0);
}

static void
what_is_no_record_is_told(void **state)
{
    (void)state;
    char text[64];
    char why[HFI_WHY];
    put((const uint8_t *)"something else", 14);
    assert_int_equal(replay(text, sizeof text, why, sizeof why), 1);
    assert_string_equal(why, "this is no record");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(replay(text, sizeof text, why, sizeof why), 1);
    assert_string_equal(why, "No such file or directory");
    shell_test_write(file, "");
}

static void
a_record_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    char why[HFI_WHY];
    assert_null(hfi_journal_new("/nowhere/record", loader, why, sizeof why));
    assert_string_equal(why, "the record /nowhere/record: No such file or directory");
    assert_null(hfi_journal_new("/dev/full", loader, why, sizeof why));
    assert_string_equal(why, "the record /dev/full: No space left on device");
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_replays),
        cmocka_unit_test(what_a_crash_left_replays_as_far_as_it_goes),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(other_outputs_are_named),
        cmocka_unit_test(forged_blocks_break_nothing),
        cmocka_unit_test(what_is_no_record_is_told),
        cmocka_unit_test(a_record_that_cannot_be_made_is_told),
    };
    if (argc != 2)
        return 2;
    plugin = argv[1];
    return cmocka_run_group_tests(tests, make_record, remove_record);
}
