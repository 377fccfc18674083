/*
 * The floor: what forwarding TCP costs a single thread that does nothing else. For each burst, in each direction, one recv and one
 * send; no protocol, no limits, no timeouts, no statistics. Whatever a proxy needs beyond this it spends on being more than a wire.
 *
 *     floor LISTEN_PORT BACKEND_PORT          both on 127.0.0.1, in the foreground
 *
 * Edge-triggered epoll, both directions of both sockets registered once. A burst goes through one buffer that all connections share.
 * When a send takes only a part, the rest is kept with the socket that did not take it, and its peer is not read until it is gone. An
 * end of input is passed on as a half-close; a connection is over when both directions have ended, or at the first error.
 */
#include "floor.h"

enum { BUFFER_BYTES = 68 * 1024, MAX_EVENTS = 256 };

/* One socket of a connection. */
struct end {
    int fd;           /* -1: over, to be freed after this round of events */
    bool is_readable; /* there may be something to read */
    bool is_writable; /* the last send took everything; also false until it is connected */
    bool is_ending;   /* the kernel said that its input ends, so a short read is not the last */
    bool has_ended;   /* its input has ended, and its peer was told */
    struct end *peer;
    char *rest; /* what a send did not take */
    size_t rest_at;
    size_t rest_bytes;
    struct end *next_dead;
};

static char buffer[BUFFER_BYTES];
static int epoll;
static struct sockaddr_in backend;
static struct end *dead;

static void finish(struct end *one)
{
    struct end *both[2] = {one, one->peer};
    if (one->fd < 0) {
        return;
    }

    for (int i = 0; i < 2; i++) {
        close(both[i]->fd);
        both[i]->fd = -1;
        /* Events of this round may still name it. */
        both[i]->next_dead = dead;
        dead = both[i];
    }
}

static void free_dead(void)
{
    while (dead != NULL) {
        struct end *next = dead->next_dead;
        free(dead->rest);
        free(dead);
        dead = next;
    }
}

/* Bytes taken, or -1 when the connection is lost. */
static ssize_t send_some(struct end *to, const char *bytes, size_t count)
{
    ssize_t sent = send(to->fd, bytes, count, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            return -1;
        }

        sent = 0;
    }

    to->is_writable = (size_t)sent == count;
    return sent;
}

static bool forward(struct end *to, const char *bytes, size_t count)
{
    ssize_t sent = send_some(to, bytes, count);
    if (sent < 0) {
        return false;
    }

    if ((size_t)sent < count) {
        to->rest_at = 0;
        to->rest_bytes = count - (size_t)sent;
        to->rest = malloc(to->rest_bytes);
        if (to->rest == NULL) {
            fail("malloc");
        }

        memcpy(to->rest, bytes + sent, to->rest_bytes);
    }

    return true;
}

/* False when the connection is lost. When all is gone, it is writable again. */
static bool flush(struct end *to)
{
    if (to->rest == NULL) {
        to->is_writable = true;
        return true;
    }

    ssize_t sent = send_some(to, to->rest + to->rest_at, to->rest_bytes);
    if (sent < 0) {
        return false;
    }

    to->rest_at += (size_t)sent;
    to->rest_bytes -= (size_t)sent;
    if (to->rest_bytes == 0) {
        free(to->rest);
        to->rest = NULL;
    }

    return true;
}

/* Moves what there is from one socket to its peer, as long as the peer takes it. */
static void pump(struct end *from)
{
    struct end *to = from->peer;
    while (from->is_readable && to->is_writable) {
        ssize_t received = recv(from->fd, buffer, sizeof buffer, 0);
        if (received > 0) {
            /* A short read has emptied the socket; what comes later is a new event. */
            from->is_readable = (size_t)received == sizeof buffer || from->is_ending;
            if (!forward(to, buffer, (size_t)received)) {
                finish(from);
                return;
            }
        } else if (received == 0) {
            from->is_readable = false;
            from->has_ended = true;
            if (to->has_ended || shutdown(to->fd, SHUT_WR) != 0) {
                finish(from);
                return;
            }
        } else if (errno == EAGAIN) {
            from->is_readable = false;
        } else if (errno != EINTR) {
            finish(from);
            return;
        }
    }
}

static void handle(struct end *one, unsigned int events)
{
    if (one->fd < 0) {
        return;
    }

    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        one->is_ending = true;
    }

    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && !one->has_ended) {
        one->is_readable = true;
    }

    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && !one->is_writable) {
        if (!flush(one)) {
            finish(one);
            return;
        }

        pump(one->peer);
    }

    if (one->fd >= 0) {
        pump(one);
    }
}

static struct end *open_end(int fd, bool is_writable)
{
    int on = 1;
    struct end *one = calloc(1, sizeof *one);
    if (one == NULL) {
        fail("calloc");
    }

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    one->fd = fd;
    one->is_writable = is_writable;
    return one;
}

static void watch(struct end *one)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = one};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int up = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (up < 0) {
            fail("socket");
        }

        int connected = connect(up, (struct sockaddr *)&backend, sizeof backend);
        if (connected != 0 && errno != EINPROGRESS) {
            close(fd);
            close(up);
            continue;
        }

        struct end *client = open_end(fd, true);
        struct end *server = open_end(up, connected == 0);
        client->peer = server;
        server->peer = client;
        watch(client);
        watch(server);
    }

    /* Out of descriptors, for example. A benchmark must not go on as if nothing had happened. */
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        fail("accept");
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[MAX_EVENTS];
    if (argc != 3) {
        fputs("Usage: floor LISTEN_PORT BACKEND_PORT\n", stderr);
        return 2;
    }

    raise_file_limit();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    backend = loopback(argv[2]);
    int listener = listen_at(epoll, argv[1]);
    for (;;) {
        int count = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                accept_all(listener);
            } else {
                handle(events[i].data.ptr, events[i].events);
            }
        }

        free_dead();
    }
}
