/*
 * The floor of sharing: what it costs a single thread to put all clients on one connection to redis, and nothing else. For each turn of
 * the loop one recv for each client that has something, one send to redis, one recv from it, and one send for each client that gets
 * something. It finds the ends of requests and replies, remembers whose turn it is, and that is all: no state of a connection, no limits,
 * no timeouts, no failover. Requests are arrays of bulk strings, replies RESP2. Anything else ends it.
 *
 *     shared LISTEN_PORT BACKEND_PORT          both on 127.0.0.1, in the foreground
 */
#include "floor.h"

#include <sys/ioctl.h>

enum { RECEIVE_BYTES = 64 * 1024, MAX_EVENTS = 512, MAX_DEPTH = 8 };

/* Live bytes are [begin, end). */
struct buffer {
    char *bytes;
    size_t begin;
    size_t end;
    size_t capacity;
};

/* A client, or redis. */
struct end {
    int fd;               /* -1: over, and to be freed when nothing of it is in flight */
    bool waits_for_room;  /* the last send did not take everything */
    bool is_due;          /* in the list of those that get something at the end of this turn */
    size_t in_flight;
    struct buffer in;     /* a part of a message */
    struct buffer out;
    struct end *next_due;
};

static int epoll;
static struct end redis;
static struct end *due;

/* Whose reply comes next: a ring. */
static struct end **owners;
static size_t first_owner, owner_count, owner_capacity;

static void reserve(struct buffer *buffer, size_t bytes)
{
    size_t live = buffer->end - buffer->begin;
    if (buffer->capacity - buffer->end >= bytes) {
        return;
    }

    if (buffer->begin > 0) {
        memmove(buffer->bytes, buffer->bytes + buffer->begin, live);
        buffer->begin = 0;
        buffer->end = live;
    }

    if (buffer->capacity - live < bytes) {
        buffer->capacity = (live + bytes) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (buffer->bytes == NULL) {
            fail("realloc");
        }
    }
}

static void append(struct buffer *buffer, const char *bytes, size_t count)
{
    reserve(buffer, count);
    memcpy(buffer->bytes + buffer->end, bytes, count);
    buffer->end += count;
}

static void consume(struct buffer *buffer, size_t count)
{
    buffer->begin += count;
    if (buffer->begin == buffer->end) {
        buffer->begin = buffer->end = 0;
    }
}

static void push_owner(struct end *client)
{
    if (owner_count == owner_capacity) {
        size_t larger = owner_capacity == 0 ? 1024 : owner_capacity * 2;
        struct end **moved = malloc(larger * sizeof *moved);
        if (moved == NULL) {
            fail("malloc");
        }

        for (size_t i = 0; i < owner_count; i++) {
            moved[i] = owners[(first_owner + i) % owner_capacity];
        }

        free(owners);
        owners = moved;
        owner_capacity = larger;
        first_owner = 0;
    }

    owners[(first_owner + owner_count++) % owner_capacity] = client;
    client->in_flight++;
}

static struct end *pop_owner(void)
{
    if (owner_count == 0) {
        fputs("a reply that nobody asked for\n", stderr);
        exit(1);
    }

    struct end *client = owners[first_owner];
    first_owner = (first_owner + 1) % owner_capacity;
    owner_count--;
    client->in_flight--;
    return client;
}

/* The number behind a type byte, and where its line ends: NULL if that has not come yet. */
static const char *read_line(const char *at, const char *end, long *number)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL) {
        return NULL;
    }

    *number = strtol(at + 1, NULL, 10);
    return newline + 1;
}

/* The length of the message that starts here, a request or a reply; 0 if it is not whole. */
static size_t measure(const char *start, const char *end)
{
    const char *at = start;
    long left[MAX_DEPTH] = {1};
    int depth = 0;
    while (depth >= 0) {
        long number;
        char type;
        if (left[depth] == 0) {
            depth--;
            continue;
        }

        if (at == end) {
            return 0;
        }

        type = *at;
        at = read_line(at, end, &number);
        if (at == NULL) {
            return 0;
        }

        left[depth]--;
        if (type == '$' && number >= 0) {
            if (end - at < number + 2) {
                return 0;
            }

            at += number + 2;
        } else if (type == '*' && number > 0) {
            if (++depth == MAX_DEPTH) {
                fputs("nested too deep\n", stderr);
                exit(1);
            }

            left[depth] = number;
        } else if (strchr("+-:$*", type) == NULL) {
            fputs("not RESP2\n", stderr);
            exit(1);
        }
    }

    return (size_t)(at - start);
}

static void make_due(struct end *one)
{
    if (!one->is_due && one->fd >= 0) {
        one->is_due = true;
        one->next_due = due;
        due = one;
    }
}

static void free_if_over(struct end *client)
{
    if (client->fd < 0 && client->in_flight == 0 && !client->is_due) {
        free(client->in.bytes);
        free(client->out.bytes);
        free(client);
    }
}

static void finish(struct end *one)
{
    if (one == &redis) {
        fputs("redis has closed the connection\n", stderr);
        exit(1);
    }

    close(one->fd);
    one->fd = -1;
}

/* Bytes received; 0: none now; -1: over. */
static ssize_t receive(struct end *from, struct buffer *to)
{
    reserve(to, RECEIVE_BYTES);
    ssize_t received = recv(from->fd, to->bytes + to->end, RECEIVE_BYTES, 0);
    if (received > 0) {
        to->end += (size_t)received;
        return received;
    }

    return received < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void watch(struct end *one, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (one->waits_for_room ? EPOLLOUT : 0), .data.ptr = one};
    if (epoll_ctl(epoll, operation, one->fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void flush(struct end *to)
{
    size_t count = to->out.end - to->out.begin;
    if (to->fd < 0 || count == 0) {
        return;
    }

    ssize_t sent = send(to->fd, to->out.bytes + to->out.begin, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        finish(to);
        return;
    }

    consume(&to->out, sent > 0 ? (size_t)sent : 0);
    if (to->waits_for_room != (to->out.end > to->out.begin)) {
        to->waits_for_room = !to->waits_for_room;
        watch(to, EPOLL_CTL_MOD);
    }
}

static void take_requests(struct end *client)
{
    if (receive(client, &client->in) < 0) {
        finish(client);
        free_if_over(client);
        return;
    }

    const char *start = client->in.bytes + client->in.begin;
    const char *end = client->in.bytes + client->in.end;
    const char *at = start;
    size_t length;
    while (at < end && (length = measure(at, end)) > 0) {
        push_owner(client);
        at += length;
    }

    append(&redis.out, start, (size_t)(at - start));
    consume(&client->in, (size_t)(at - start));
    make_due(&redis);
}

static void take_replies(void)
{
    if (receive(&redis, &redis.in) < 0) {
        finish(&redis);
    }

    const char *start = redis.in.bytes + redis.in.begin;
    const char *end = redis.in.bytes + redis.in.end;
    const char *at = start;
    size_t length;
    while (at < end && (length = measure(at, end)) > 0) {
        struct end *client = pop_owner();
        if (client->fd >= 0) {
            append(&client->out, at, length);
            make_due(client);
        } else {
            free_if_over(client);
        }

        at += length;
    }

    consume(&redis.in, (size_t)(at - start));
}

static void flush_due(void)
{
    while (due != NULL) {
        struct end *one = due;
        due = one->next_due;
        one->is_due = false;
        flush(one);
        if (one != &redis) {
            free_if_over(one);
        }
    }
}

static void accept_all(int listener)
{
    int fd;
    int on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct end *client = calloc(1, sizeof *client);
        if (client == NULL) {
            fail("calloc");
        }

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        client->fd = fd;
        watch(client, EPOLL_CTL_ADD);
    }

    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        fail("accept");
    }
}

static void connect_to_redis(const char *port)
{
    struct sockaddr_in address = loopback(port);
    int on = 1;
    redis.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (redis.fd < 0 || connect(redis.fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("connect");
    }

    int nonblocking = 1;
    if (ioctl(redis.fd, FIONBIO, &nonblocking) != 0) {
        fail("ioctl");
    }

    setsockopt(redis.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(&redis, EPOLL_CTL_ADD);
}

int main(int argc, char **argv)
{
    struct epoll_event events[MAX_EVENTS];
    if (argc != 3) {
        fputs("Usage: shared LISTEN_PORT BACKEND_PORT\n", stderr);
        return 2;
    }

    raise_file_limit();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    connect_to_redis(argv[2]);
    int listener = listen_at(epoll, argv[1]);
    for (;;) {
        int count = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct end *one = events[i].data.ptr;
            if (one == NULL) {
                accept_all(listener);
                continue;
            }

            if (events[i].events & EPOLLOUT) {
                make_due(one);
            }

            if (one == &redis && (events[i].events & ~(unsigned)EPOLLOUT)) {
                take_replies();
            } else if (one != &redis && one->fd >= 0 && (events[i].events & ~(unsigned)EPOLLOUT)) {
                take_requests(one);
            }
        }

        flush_due();
    }
}
