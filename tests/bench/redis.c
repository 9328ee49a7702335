/* SPDX-License-Identifier: MPL-2.0 */
/* redis -- Redis by hiredis over its unix socket: INCRBY as the small call. */
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "contender.h"

struct redis {
    redisContext *link;
    char *big;
};

static void *
redis_open(const char *endpoint)
{
    struct redis *self = calloc(1, sizeof *self);
    if (self == NULL)
        contender_fail("redis", "no memory");
    self->link = redisConnectUnix(endpoint);
    if (self->link == NULL || self->link->err != 0)
        contender_fail("redis", self->link == NULL ? "no memory" : self->link->errstr);
    return self;
}

static void
redis_send(void *self_)
{
    struct redis *self = self_;
    if (redisAppendCommand(self->link, "INCRBY counter 1") != REDIS_OK)
        contender_fail("redis: send", self->link->errstr);
}

static void
redis_receive(void *self_)
{
    struct redis *self = self_;
    void *reply;
    if (redisGetReply(self->link, &reply) != REDIS_OK)
        contender_fail("redis: receive", self->link->errstr);
    freeReplyObject(reply);
}

static void
redis_call(void *self)
{
    redis_send(self);
    redis_receive(self);
}

static void
redis_big(void *self_)
{
    struct redis *self = self_;
    if (self->big == NULL)
        self->big = calloc(1, CONTENDER_BIG);
    redisReply *reply = redisCommand(self->link, "SET big %b", self->big, (size_t)CONTENDER_BIG);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        contender_fail("redis: SET", self->link->errstr);
    freeReplyObject(reply);
    reply = redisCommand(self->link, "GET big");
    if (reply == NULL || reply->len != CONTENDER_BIG)
        contender_fail("redis: GET", self->link->errstr);
    freeReplyObject(reply);
}

static void
redis_close(void *self_)
{
    struct redis *self = self_;
    redisFree(self->link);
    free(self->big);
    free(self);
}

const struct contender contender_redis = {
    .name = "redis",
    .open = redis_open,
    .call = redis_call,
    .send = redis_send,
    .receive = redis_receive,
    .big = redis_big,
    .close = redis_close,
};
