// Raw publishing and consuming through a broker, as fast as librabbitmq does it.
//
//   amqp call PORT QUEUE SECONDS WINDOW BODY-FILE   requests, of which WINDOW wait for their answers at the same time; prints how
//                                                   many were answered a second
//   amqp echo PORT QUEUE CONNECTIONS PREFETCH BODY-FILE   answers each request with the same body, and acknowledges it, until it
//                                                   is killed: what a service does that has nothing to do
//   amqp drain PORT EXCHANGE COUNT                  takes so many messages of an exchange; prints a line when it listens
#define _GNU_SOURCE
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static const char reply_to[] = "amq.rabbitmq.reply-to";

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "amqp: %s\n", what);
    exit(1);
}

static void check(amqp_connection_state_t connection, const char *what) {
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static amqp_connection_state_t connect_broker(int port) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) fail("can't connect");
    if (amqp_login(connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type !=
        AMQP_RESPONSE_NORMAL)
        fail("can't log in");
    amqp_channel_open(connection, 1);
    check(connection, "no channel");
    return connection;
}

static amqp_bytes_t read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    static char bytes[1 << 20];
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return (amqp_bytes_t){count, bytes};
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void publish(amqp_connection_state_t connection, amqp_bytes_t key, amqp_bytes_t answer_to, amqp_bytes_t id, amqp_bytes_t body) {
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  (answer_to.len ? AMQP_BASIC_REPLY_TO_FLAG : 0),
        .correlation_id = id, .reply_to = answer_to, .delivery_mode = 1, .content_type = amqp_cstring_bytes("application/json"),
    };
    if (amqp_basic_publish(connection, 1, amqp_empty_bytes, key, 0, 0, &properties, body) != AMQP_STATUS_OK) fail("can't publish");
}

static void consume(amqp_connection_state_t connection, const char *queue, int acknowledges_itself, int prefetch) {
    if (prefetch) amqp_basic_qos(connection, 1, 0, prefetch, 0);
    amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, acknowledges_itself, 0, amqp_empty_table);
    check(connection, "can't consume");
}

static void take(amqp_connection_state_t connection, amqp_envelope_t *envelope) {
    amqp_maybe_release_buffers(connection);
    struct timeval limit = {10, 0};
    if (amqp_consume_message(connection, envelope, &limit, 0).reply_type != AMQP_RESPONSE_NORMAL) fail("no message comes");
}

static void call(int port, const char *queue, double duration, int window, amqp_bytes_t body) {
    amqp_connection_state_t connection = connect_broker(port);
    consume(connection, reply_to, 1, 0);
    long sent = 0, answered = 0;
    double begin = seconds(), end = begin + duration;
    while (1) {
        while (sent - answered < window && seconds() < end) {
            char id[24];
            sprintf(id, "%ld", sent++);
            publish(connection, amqp_cstring_bytes(queue), amqp_cstring_bytes(reply_to), amqp_cstring_bytes(id), body);
        }
        if (sent == answered) break;
        amqp_envelope_t envelope;
        take(connection, &envelope);
        if (envelope.message.body.len < 2 || memmem(envelope.message.body.bytes, envelope.message.body.len, "\"response\"", 10) == NULL)
            fail("an answer is none");
        amqp_destroy_envelope(&envelope);
        answered++;
    }
    printf("%f\n", answered / (seconds() - begin));
}

static void echo(int port, const char *queue, int prefetch, amqp_bytes_t body) {
    amqp_connection_state_t connection = connect_broker(port);
    consume(connection, queue, 0, prefetch);
    for (;;) {
        amqp_maybe_release_buffers(connection);
        amqp_envelope_t envelope;
        if (amqp_consume_message(connection, &envelope, NULL, 0).reply_type != AMQP_RESPONSE_NORMAL) fail("the broker is gone");
        publish(connection, envelope.message.properties.reply_to, amqp_empty_bytes, envelope.message.properties.correlation_id, body);
        amqp_basic_ack(connection, 1, envelope.delivery_tag, 0);
        amqp_destroy_envelope(&envelope);
    }
}

static void drain(int port, const char *exchange, long count) {
    amqp_connection_state_t connection = connect_broker(port);
    amqp_exchange_declare(connection, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes("topic"), 0, 1, 0, 0, amqp_empty_table);
    check(connection, "no exchange");
    amqp_queue_declare_ok_t *queue = amqp_queue_declare(connection, 1, amqp_empty_bytes, 0, 0, 1, 1, amqp_empty_table);
    check(connection, "no queue");
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)queue->queue.len, (char *)queue->queue.bytes);
    amqp_queue_bind(connection, 1, amqp_cstring_bytes(name), amqp_cstring_bytes(exchange), amqp_cstring_bytes("#"), amqp_empty_table);
    check(connection, "can't bind");
    consume(connection, name, 1, 0);
    printf("listening\n");
    fflush(stdout);
    for (long i = 0; i < count; i++) {
        amqp_envelope_t envelope;
        take(connection, &envelope);
        amqp_destroy_envelope(&envelope);
    }
    printf("%ld\n", count);
}

int main(int count, char **words) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (count == 7 && strcmp(words[1], "call") == 0) {
        call(atoi(words[2]), words[3], atof(words[4]), atoi(words[5]), read_file(words[6]));
    } else if (count == 7 && strcmp(words[1], "echo") == 0) {
        amqp_bytes_t body = read_file(words[6]);
        for (int i = 1; i < atoi(words[4]); i++)
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                break;
            }
        echo(atoi(words[2]), words[3], atoi(words[5]), body);
    } else if (count == 5 && strcmp(words[1], "drain") == 0) {
        drain(atoi(words[2]), words[3], atol(words[4]));
    } else {
        fail("see the source");
    }
    return 0;
}
