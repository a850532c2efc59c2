// librabbitmq. Its methods' numbers are macros with a cast, which don't import, and its frames hold pointers whose type follows
// from such a number; properties of a message and tables of arguments are put together here, where C's literals do.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

// Milliseconds; what is returned is AMQP_STATUS_OK, AMQP_STATUS_TIMEOUT or another status.
static inline int media_amqp_wait(amqp_connection_state_t state, amqp_frame_t *frame, int milliseconds) {
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};
    return amqp_simple_wait_frame_noblock(state, frame, &limit);
}

static inline int media_amqp_open(amqp_socket_t *socket, const char *host, int port, int seconds) {
    struct timeval limit = {seconds, 0};
    return amqp_socket_open_noblock(socket, host, port, &limit);
}

static inline int media_amqp_set_timeouts(amqp_connection_state_t state, int seconds) {
    struct timeval limit = {seconds, 0};
    int status = amqp_set_rpc_timeout(state, &limit);
    return status != AMQP_STATUS_OK ? status : amqp_set_handshake_timeout(state, &limit);
}

static inline amqp_rpc_reply_t media_amqp_login(
    amqp_connection_state_t state, const char *vhost, int heartbeat, const char *user, const char *password) {
    return amqp_login(state, vhost, 0, AMQP_DEFAULT_FRAME_SIZE, heartbeat, AMQP_SASL_METHOD_PLAIN, user, password);
}

static inline const amqp_basic_deliver_t *media_amqp_delivery(const amqp_frame_t *frame) {
    int is_delivery = frame->frame_type == AMQP_FRAME_METHOD && frame->payload.method.id == AMQP_BASIC_DELIVER_METHOD;
    return is_delivery ? (const amqp_basic_deliver_t *)frame->payload.method.decoded : 0;
}

static inline const amqp_basic_properties_t *media_amqp_properties(const amqp_frame_t *frame) {
    int is_header = frame->frame_type == AMQP_FRAME_HEADER;
    return is_header ? (const amqp_basic_properties_t *)frame->payload.properties.decoded : 0;
}

static inline amqp_bytes_t media_amqp_reply_to(const amqp_basic_properties_t *properties) {
    return properties->_flags & AMQP_BASIC_REPLY_TO_FLAG ? properties->reply_to : amqp_empty_bytes;
}

static inline amqp_bytes_t media_amqp_correlation_id(const amqp_basic_properties_t *properties) {
    return properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG ? properties->correlation_id : amqp_empty_bytes;
}

static inline int media_amqp_is_body(const amqp_frame_t *frame) { return frame->frame_type == AMQP_FRAME_BODY; }

static inline int media_amqp_is_refusal(const amqp_frame_t *frame) {
    return frame->frame_type == AMQP_FRAME_METHOD && frame->payload.method.id == AMQP_BASIC_NACK_METHOD;
}

// Why the broker has closed the channel or the connection, or ended the subscription; 0 where the frame is another one.
static inline const char *media_amqp_end(const amqp_frame_t *frame, amqp_bytes_t *text) {
    if (frame->frame_type != AMQP_FRAME_METHOD) return 0;
    switch (frame->payload.method.id) {
    case AMQP_CHANNEL_CLOSE_METHOD:
        *text = ((amqp_channel_close_t *)frame->payload.method.decoded)->reply_text;
        return "channel closed";
    case AMQP_CONNECTION_CLOSE_METHOD:
        *text = ((amqp_connection_close_t *)frame->payload.method.decoded)->reply_text;
        return "connection closed";
    case AMQP_BASIC_CANCEL_METHOD:
        *text = amqp_empty_bytes;
        return "subscription ended";
    default: return 0;
    }
}

// What the broker says of a request that failed; its number is 404 for a queue that isn't there.
static inline int media_amqp_reply_code(amqp_rpc_reply_t reply, amqp_bytes_t *text) {
    *text = amqp_empty_bytes;
    if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return 0;
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        amqp_channel_close_t *close = (amqp_channel_close_t *)reply.reply.decoded;
        *text = close->reply_text;
        return close->reply_code;
    }
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_t *close = (amqp_connection_close_t *)reply.reply.decoded;
        *text = close->reply_text;
        return close->reply_code;
    }
    return 0;
}

// Opens a channel that the broker has closed anew, of which it first wants to hear that it was noticed.
static inline void media_amqp_reopen(amqp_connection_state_t state, amqp_channel_t channel) {
    amqp_channel_close_ok_t ok = {0};
    amqp_send_method(state, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    amqp_channel_open(state, channel);
}

// Texts and bodies come as Swift's arrays do: where they start, and how many bytes they are.
static inline amqp_bytes_t media_amqp_bytes(const uint8_t *bytes, size_t count) {
    amqp_bytes_t result = {count, (void *)bytes};
    return result;
}

// A queue's arguments are numbers of milliseconds and the like; their names lie one behind the other, each with a NUL at its end.
static inline void media_amqp_declare(
    amqp_connection_state_t state, amqp_channel_t channel, const uint8_t *queue, size_t length, int is_passive, int count,
    const uint8_t *names, const int64_t *values) {
    amqp_table_entry_t entries[16];
    if (count > 16) count = 16;
    for (int index = 0; index < count; index++) {
        entries[index].key = amqp_cstring_bytes((const char *)names);
        names += entries[index].key.len + 1;
        // The broker compares kinds, too, but not how long a whole number may be.
        entries[index].value.kind = AMQP_FIELD_KIND_I64;
        entries[index].value.value.i64 = values[index];
    }
    amqp_table_t table = {count, entries};
    amqp_queue_declare(state, channel, media_amqp_bytes(queue, length), is_passive, 1, 0, 0, table);
}

static inline void media_amqp_consume(
    amqp_connection_state_t state, amqp_channel_t channel, const uint8_t *queue, size_t length) {
    amqp_basic_consume(state, channel, media_amqp_bytes(queue, length), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
}

// An empty correlation id, reason, message id or type is left out.
static inline int media_amqp_publish(
    amqp_connection_state_t state, amqp_channel_t channel, int is_durable, const uint8_t *exchange, size_t exchange_length,
    const uint8_t *key, size_t key_length, const uint8_t *correlation_id, size_t correlation_id_length,
    const uint8_t *reason, size_t reason_length, const char *message_id, const char *type, const uint8_t *body,
    size_t body_length) {
    amqp_basic_properties_t properties;
    memset(&properties, 0, sizeof properties);
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.content_type = amqp_cstring_bytes("application/json");
    properties.delivery_mode = is_durable ? 2 : 1;
    if (correlation_id_length > 0) {
        properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
        properties.correlation_id = media_amqp_bytes(correlation_id, correlation_id_length);
    }
    if (*message_id) {
        properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
        properties.message_id = amqp_cstring_bytes(message_id);
    }
    if (*type) {
        properties._flags |= AMQP_BASIC_TYPE_FLAG;
        properties.type = amqp_cstring_bytes(type);
    }
    amqp_table_entry_t entry;
    if (reason_length > 0) {
        entry.key = amqp_cstring_bytes("x-reason");
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = media_amqp_bytes(reason, reason_length);
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers.num_entries = 1;
        properties.headers.entries = &entry;
    }
    return amqp_basic_publish(
        state, channel, media_amqp_bytes(exchange, exchange_length), media_amqp_bytes(key, key_length), 0, 0, &properties,
        media_amqp_bytes(body, body_length));
}

// A durable topic exchange; `is_passive`: one that has to be there, of whatever kind.
static inline void media_amqp_declare_exchange(
    amqp_connection_state_t state, amqp_channel_t channel, const uint8_t *exchange, size_t length, int is_passive) {
    amqp_exchange_declare(
        state, channel, media_amqp_bytes(exchange, length), amqp_cstring_bytes("topic"), is_passive, 1, 0, 0,
        amqp_empty_table);
}

// How many messages a confirm is about: up to this one, or this one alone; 0 where the frame is another one.
static inline uint64_t media_amqp_confirmed(const amqp_frame_t *frame, int *is_multiple) {
    if (frame->frame_type != AMQP_FRAME_METHOD || frame->payload.method.id != AMQP_BASIC_ACK_METHOD) return 0;
    amqp_basic_ack_t *ack = (amqp_basic_ack_t *)frame->payload.method.decoded;
    *is_multiple = ack->multiple;
    return ack->delivery_tag;
}
