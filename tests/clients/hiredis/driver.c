/* hiredis, as an application that knows the proxy's address and nothing else. See ../README.md.
 * A context of hiredis that has failed stays so: connecting again is the application's business. */

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACE_MICROSECONDS 20000
#define BATCH 5

static int port;
static const char *key;
static redisContext *context;

static void say_error(const char *type, const char *text, long number) {
    printf("{\"error\": \"%s: ", type);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        if (*text >= ' ') putchar(*text);
    }
    if (number < 0) printf("\", \"of\": []}\n");
    else printf("\", \"of\": [%ld]}\n", number);
}

static void connect_to_proxy(void) {
    for (;;) {
        context = redisConnect("127.0.0.1", port);
        if (context != NULL && !context->err) return;
        if (context != NULL) redisFree(context);
        usleep(PACE_MICROSECONDS);
    }
}

static void connect_again(void) {
    printf("{\"note\": \"again\"}\n");
    redisFree(context);
    connect_to_proxy();
}

/* The next reply, or NULL when the connection is gone, or an error was reported about that number (-1: about none). */
static redisReply *next_reply(long number) {
    redisReply *reply = NULL;
    if (context->err || redisGetReply(context, (void **)&reply) != REDIS_OK) {
        say_error("REDIS_ERR", context->errstr, number);
        return NULL;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        say_error("REDIS_REPLY_ERROR", reply->str, number);
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

static void expect_push(long number) {
    redisReply *reply = next_reply(number);
    if (reply == NULL) return;
    if (reply->type == REDIS_REPLY_INTEGER) printf("{\"ack\": [%ld]}\n", number);
    else printf("{\"wrong\": \"RPUSH: a reply of type %d\"}\n", reply->type);
    freeReplyObject(reply);
}

static void expect_constant(long number) {
    redisReply *reply = next_reply(-1);
    char expected[32];
    if (reply == NULL) return;
    snprintf(expected, sizeof expected, "value-%ld", number % 10);
    if (reply->type != REDIS_REPLY_STRING || strcmp(reply->str, expected) != 0)
        printf("{\"wrong\": \"GET const:%ld: %s\"}\n", number % 10, reply->type == REDIS_REPLY_STRING ? reply->str : "another type");
    freeReplyObject(reply);
}

static void plain(long n) {
    redisAppendCommand(context, "RPUSH %s %ld", key, n);
    expect_push(n);
    if (context->err) return;
    redisAppendCommand(context, "GET const:%ld", n % 10);
    expect_constant(n);
}

static void pipelined(long n) {
    for (long i = n * BATCH; i < (n + 1) * BATCH; i++) {
        redisAppendCommand(context, "RPUSH %s %ld", key, i);
        redisAppendCommand(context, "GET const:%ld", i % 10);
    }
    for (long i = n * BATCH; i < (n + 1) * BATCH; i++) {
        expect_push(i);
        expect_constant(i);
    }
}

static void transactional(long n) {
    redisAppendCommand(context, "MULTI");
    redisAppendCommand(context, "RPUSH %s %ld", key, n);
    redisAppendCommand(context, "RPUSH %s:twin %ld", key, n);
    redisAppendCommand(context, "EXEC");
    for (int i = 0; i < 3; i++) {
        redisReply *queued = next_reply(-1);
        if (queued != NULL) freeReplyObject(queued);
        else if (context->err) {
            say_error("REDIS_ERR", context->errstr, n);
            return;
        }
    }
    redisReply *reply = next_reply(n);
    if (reply == NULL) return;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->integer == reply->element[1]->integer)
        printf("{\"ack\": [%ld]}\n", n);
    else printf("{\"wrong\": \"EXEC: a reply of type %d\"}\n", reply->type);
    freeReplyObject(reply);
}

static void pubsub(void) {
    redisAppendCommand(context, "SUBSCRIBE ticks");
    while (!context->err) {
        redisReply *reply = next_reply(-1);
        if (reply == NULL) continue;
        if (strcmp(reply->element[0]->str, "message") == 0) printf("{\"ack\": [%s]}\n", reply->element[2]->str);
        freeReplyObject(reply);
    }
}

static void blocking(void) {
    redisAppendCommand(context, "BLPOP %s 0", key);
    redisReply *reply = next_reply(-1);
    if (reply == NULL) return;
    printf("{\"ack\": [%s]}\n", reply->element[1]->str);
    freeReplyObject(reply);
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const char *mode = arguments[1];
    port = atoi(arguments[2]);
    key = arguments[3];
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"client\": \"hiredis %d.%d.%d\"}\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    connect_to_proxy();
    for (long n = 0;; n++) {
        if (context->err) connect_again();
        if (strcmp(mode, "pubsub") == 0) pubsub();
        else if (strcmp(mode, "blocking") == 0) blocking();
        else {
            if (strcmp(mode, "plain") == 0) plain(n);
            else if (strcmp(mode, "pipelined") == 0) pipelined(n);
            else transactional(n);
            usleep(PACE_MICROSECONDS);
        }
    }
}
