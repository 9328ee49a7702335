/* SPDX-License-Identifier: MPL-2.0 */
/* raw -- see raw.h */
#define _GNU_SOURCE
#include "raw.h"

#include "harness.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <cmocka.h>
#include <zmq.h>

/* ---- connection ----------------------------------------------------------------------- */

static void
raw_connect(raw_t *self, const char *endpoint)
{
    int zero = 0;
    int received = self->is_unread ? 1 : 0;
    self->socket = zmq_socket(self->context, ZMQ_DEALER);
    assert_non_null(self->socket);
    assert_int_equal(zmq_setsockopt(self->socket, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_setsockopt(self->socket, ZMQ_RCVHWM, &received, sizeof received), 0);
    assert_int_equal(zmq_setsockopt(self->socket, ZMQ_SNDHWM, &zero, sizeof zero), 0);
    assert_int_equal(zmq_connect(self->socket, endpoint), 0);
}

static void
raw_make(raw_t *self, const char *endpoint, uint8_t seed, bool is_unread)
{
    memset(self, 0, sizeof *self);
    self->is_unread = is_unread;
    assert_int_equal(getrandom(self->secret, sizeof self->secret, 0), sizeof self->secret);
    self->secret[0] = seed;
    self->next = 1;
    self->context = zmq_ctx_new();
    assert_non_null(self->context);
    msgpack_unpacked_init(&self->frame);
    msgpack_unpacked_init(&self->message);
    raw_connect(self, endpoint);
}

void
raw_open(raw_t *self, const char *endpoint, uint8_t seed)
{
    raw_make(self, endpoint, seed, false);
}

void
raw_open_unread(raw_t *self, const char *endpoint, uint8_t seed)
{
    raw_make(self, endpoint, seed, true);
}

void
raw_close(raw_t *self)
{
    (void)zmq_close(self->socket);
    (void)zmq_ctx_term(self->context);
    msgpack_unpacked_destroy(&self->frame);
    msgpack_unpacked_destroy(&self->message);
    free(self->bytes);
    self->bytes = NULL;
}

void
raw_reconnect(raw_t *self, const char *endpoint)
{
    (void)zmq_close(self->socket);
    raw_connect(self, endpoint);
}

void
raw_send(raw_t *self, const void *at, size_t len)
{
    assert_int_equal(zmq_send(self->socket, at, len, 0), (int)len);
}

/* ---- packing -------------------------------------------------------------------------- */

static void
raw_str(msgpack_packer *pk, const char *text)
{
    (void)msgpack_pack_str(pk, strlen(text));
    (void)msgpack_pack_str_body(pk, text, strlen(text));
}

static void
raw_secret(msgpack_packer *pk, const uint8_t *secret)
{
    (void)msgpack_pack_bin(pk, RAW_SECRET);
    (void)msgpack_pack_bin_body(pk, secret, RAW_SECRET);
}

void
raw_hello(raw_t *self, bool resume)
{
    msgpack_sbuffer out;
    msgpack_packer pk;
    msgpack_sbuffer_init(&out);
    msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&pk, 2);
    (void)msgpack_pack_int(&pk, RAW_HELLO);
    (void)msgpack_pack_map(&pk, resume ? 8 : 7);
    raw_str(&pk, "protocol");
    raw_str(&pk, "HFP");
    raw_str(&pk, "version");
    (void)msgpack_pack_int(&pk, 1);
    raw_str(&pk, "session");
    raw_secret(&pk, self->secret);
    raw_str(&pk, "resume");
    (void)(resume ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk));
    raw_str(&pk, "attempt");
    (void)msgpack_pack_uint64(&pk, ++self->attempt);
    raw_str(&pk, "received");
    (void)msgpack_pack_uint64(&pk, self->received);
    raw_str(&pk, "client");
    raw_str(&pk, "raw test client");
    if (resume) {
        raw_str(&pk, "manager");
        raw_secret(&pk, self->manager);
    }
    raw_send(self, out.data, out.size);
    msgpack_sbuffer_destroy(&out);
}

static void
raw_ext_uint(msgpack_packer *pk, int8_t code, uint64_t number, bool in_array)
{
    msgpack_sbuffer inner;
    msgpack_packer ipk;
    msgpack_sbuffer_init(&inner);
    msgpack_packer_init(&ipk, &inner, msgpack_sbuffer_write);
    if (in_array)
        (void)msgpack_pack_array(&ipk, 1);
    (void)msgpack_pack_uint64(&ipk, number);
    (void)msgpack_pack_ext(pk, inner.size, code);
    (void)msgpack_pack_ext_body(pk, inner.data, inner.size);
    msgpack_sbuffer_destroy(&inner);
}

static void
raw_zeros(msgpack_packer *pk, uint32_t n)
{
    void *zeros = calloc(n, 1);
    assert_non_null(zeros);
    (void)msgpack_pack_bin(pk, n);
    (void)msgpack_pack_bin_body(pk, zeros, n);
    free(zeros);
}

void
raw_pack_call(msgpack_sbuffer *to, uint64_t target, const char *method, const char *picture,
              va_list args)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, to, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&pk, 4);
    (void)msgpack_pack_int(&pk, 1);
    (void)msgpack_pack_uint64(&pk, target);
    raw_str(&pk, method);
    (void)msgpack_pack_array(&pk, strlen(picture));
    for (; *picture != '\0'; picture++) {
        switch (*picture) {
        case 'i':
            (void)msgpack_pack_int64(&pk, va_arg(args, int64_t));
            break;
        case 'f':
            (void)msgpack_pack_double(&pk, va_arg(args, double));
            break;
        case 's':
            raw_str(&pk, va_arg(args, const char *));
            break;
        case 'n':
            (void)msgpack_pack_nil(&pk);
            break;
        case 'h':
            raw_ext_uint(&pk, 1, va_arg(args, uint64_t), true);
            break;
        case 'p':
            raw_ext_uint(&pk, 2, va_arg(args, uint64_t), false);
            break;
        case 'b':
            raw_zeros(&pk, va_arg(args, uint32_t));
            break;
        case '0':
            (void)msgpack_pack_array(&pk, 0);
            break;
        case 'x': {
            const msgpack_sbuffer *item = va_arg(args, const msgpack_sbuffer *);
            assert_int_equal(msgpack_sbuffer_write(to, item->data, item->size), 0);
            break;
        }
        default:
            fail_msg("no argument is written '%c'", *picture);
        }
    }
}

void
raw_data(raw_t *self, uint64_t seq, const void *messages, size_t len)
{
    msgpack_sbuffer out;
    msgpack_packer pk;
    msgpack_sbuffer_init(&out);
    msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&pk, 3);
    (void)msgpack_pack_int(&pk, RAW_DATA);
    (void)msgpack_pack_uint64(&pk, seq);
    (void)msgpack_pack_uint64(&pk, self->received);
    assert_int_equal(msgpack_sbuffer_write(&out, messages, len), 0);
    raw_send(self, out.data, out.size);
    msgpack_sbuffer_destroy(&out);
}

uint64_t
raw_call(raw_t *self, uint64_t target, const char *method, const char *picture, ...)
{
    msgpack_sbuffer message;
    va_list args;
    msgpack_sbuffer_init(&message);
    va_start(args, picture);
    raw_pack_call(&message, target, method, picture, args);
    va_end(args);
    raw_data(self, self->next, message.data, message.size);
    msgpack_sbuffer_destroy(&message);
    return self->next++;
}

/* One frame that is an array of small numbers, as a message of the stream or a header. */
static void
raw_numbers(raw_t *self, bool is_message, const uint64_t *numbers, size_t n)
{
    msgpack_sbuffer out;
    msgpack_packer pk;
    msgpack_sbuffer_init(&out);
    msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&pk, n);
    for (size_t k = 0; k < n; k++)
        (void)msgpack_pack_uint64(&pk, numbers[k]);
    if (is_message)
        raw_data(self, self->next++, out.data, out.size);
    else
        raw_send(self, out.data, out.size);
    msgpack_sbuffer_destroy(&out);
}

void
raw_cancel(raw_t *self, uint64_t call)
{
    raw_numbers(self, true, (uint64_t[]){2, call}, 2);
}

void
raw_release(raw_t *self, uint64_t object, uint64_t count)
{
    raw_numbers(self, true, (uint64_t[]){3, object, count}, 3);
}

void
raw_bye(raw_t *self)
{
    raw_numbers(self, false, (uint64_t[]){RAW_BYE, self->received}, 2);
}

void
raw_ping(raw_t *self)
{
    raw_numbers(self, false, (uint64_t[]){RAW_PING, self->received, self->next - 1}, 3);
}

/* ---- receiving ------------------------------------------------------------------------ */

static const msgpack_object *
raw_item(const msgpack_object *array, uint32_t k)
{
    assert_int_equal(array->type, MSGPACK_OBJECT_ARRAY);
    assert_true(k < array->via.array.size);
    return &array->via.array.ptr[k];
}

static uint64_t
raw_uint(const msgpack_object *array, uint32_t k)
{
    const msgpack_object *item = raw_item(array, k);
    assert_int_equal(item->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    return item->via.u64;
}

int
raw_patience_ms(void)
{
    return (int)(e2e_patience(20.0) * 1e3);
}

bool
raw_receive(raw_t *self, int timeout_ms)
{
    zmq_pollitem_t item = {.socket = self->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, timeout_ms) != 1)
        return false;
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    assert_true(zmq_msg_recv(&message, self->socket, 0) >= 0);
    assert_false(zmq_msg_more(&message));
    self->len = zmq_msg_size(&message);
    free(self->bytes);
    self->bytes = malloc(self->len + 1);
    assert_non_null(self->bytes);
    memcpy(self->bytes, zmq_msg_data(&message), self->len);
    (void)zmq_msg_close(&message);
    self->at = 0;
    assert_int_equal(
        msgpack_unpack_next(&self->frame, (const char *)self->bytes, self->len, &self->at),
        MSGPACK_UNPACK_SUCCESS);
    self->kind = (int)raw_uint(&self->frame.data, 0);
    self->number = self->kind == RAW_DATA ? raw_uint(&self->frame.data, 1) : 0;
    return true;
}

static int64_t
raw_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
raw_await(raw_t *self, int kind)
{
    int64_t deadline_ms = raw_now_ms() + raw_patience_ms();
    for (;;) {
        int64_t left = deadline_ms - raw_now_ms();
        if (left <= 0 || !raw_receive(self, (int)left))
            fail_msg("no frame of kind %d came in time", kind);
        if (self->kind == RAW_PING)
            raw_numbers(self, false, (uint64_t[]){RAW_PONG, self->received, self->next - 1}, 3);
        if (self->kind == kind)
            return;
        if (self->kind == RAW_REJECT) {
            char reason[64];
            raw_reason(self, reason, sizeof reason);
            fail_msg("REJECT %s came instead of a frame of kind %d", reason, kind);
        }
    }
}

static const msgpack_object *
raw_key(const msgpack_object *map, const char *key)
{
    assert_int_equal(map->type, MSGPACK_OBJECT_MAP);
    for (uint32_t k = 0; k < map->via.map.size; k++) {
        const msgpack_object *it = &map->via.map.ptr[k].key;
        if (it->type == MSGPACK_OBJECT_STR && it->via.str.size == strlen(key) &&
            memcmp(it->via.str.ptr, key, strlen(key)) == 0)
            return &map->via.map.ptr[k].val;
    }
    fail_msg("WELCOME lacks '%s'", key);
    return NULL;
}

uint64_t
raw_begin(raw_t *self, bool resume)
{
    raw_hello(self, resume);
    raw_await(self, RAW_WELCOME);
    const msgpack_object *map = raw_item(&self->frame.data, 1);
    const msgpack_object *manager = raw_key(map, "manager");
    const msgpack_object *received = raw_key(map, "received");
    assert_int_equal(manager->type, MSGPACK_OBJECT_BIN);
    assert_int_equal(manager->via.bin.size, RAW_SECRET);
    memcpy(self->manager, manager->via.bin.ptr, RAW_SECRET);
    assert_int_equal(raw_key(map, "resumed")->via.boolean, resume);
    assert_int_equal(received->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    return received->via.u64;
}

static void
raw_text(const msgpack_object *item, char *to, size_t room)
{
    assert_int_equal(item->type, MSGPACK_OBJECT_STR);
    size_t n = item->via.str.size < room ? item->via.str.size : room - 1;
    memcpy(to, item->via.str.ptr, n);
    to[n] = '\0';
}

void
raw_reason(const raw_t *self, char *to, size_t room)
{
    assert_int_equal(self->kind, RAW_REJECT);
    raw_text(raw_item(&self->frame.data, 1), to, room);
}

void
raw_next_answer(raw_t *self, raw_answer_t *ret_answer)
{
    for (;;) {
        while (self->kind != RAW_DATA || self->at >= self->len)
            raw_await(self, RAW_DATA);
        assert_int_equal(
            msgpack_unpack_next(&self->message, (const char *)self->bytes, self->len, &self->at),
            MSGPACK_UNPACK_SUCCESS);
        uint64_t number = self->number++;
        if (number <= self->received)
            continue;
        assert_int_equal(number, self->received + 1); /* in order, none missing */
        self->received = number;
        break;
    }
    const msgpack_object *message = &self->message.data;
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_answer->is_error = raw_uint(message, 0) == 2;
    ret_answer->call = raw_uint(message, 1);
    if (!ret_answer->is_error) {
        ret_answer->value = *raw_item(message, 2);
        return;
    }
    raw_text(raw_item(message, 2), ret_answer->kind, sizeof ret_answer->kind);
    raw_text(raw_item(message, 3), ret_answer->text, sizeof ret_answer->text);
    if (message->via.array.size > 4)
        ret_answer->value = *raw_item(message, 4);
}

void
raw_answer(raw_t *self, uint64_t call, raw_answer_t *ret_answer)
{
    do
        raw_next_answer(self, ret_answer);
    while (ret_answer->call != call);
}

uint64_t
raw_handle_of(const raw_answer_t *answer)
{
    if (answer->is_error)
        fail_msg("%s: %s instead of a handle", answer->kind, answer->text);
    assert_int_equal(answer->value.type, MSGPACK_OBJECT_EXT);
    assert_int_equal(answer->value.via.ext.type, 1);
    msgpack_unpacked inner;
    size_t at = 0;
    msgpack_unpacked_init(&inner);
    assert_int_equal(
        msgpack_unpack_next(&inner, answer->value.via.ext.ptr, answer->value.via.ext.size, &at),
        MSGPACK_UNPACK_SUCCESS);
    uint64_t object = raw_uint(&inner.data, 0);
    msgpack_unpacked_destroy(&inner);
    return object;
}

int64_t
raw_int_of(const raw_answer_t *answer)
{
    if (answer->is_error)
        fail_msg("%s: %s instead of an int", answer->kind, answer->text);
    assert_true(answer->value.type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
                answer->value.type == MSGPACK_OBJECT_NEGATIVE_INTEGER);
    return answer->value.via.i64;
}
