// Answers, byte for byte those of the service but for the request id.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void put(struct worker *w, const char *text) { FCGX_PutS(text, w->request.out); }

// --- Problem details (RFC 9457), of which the service has a page for browsers too ------------------------------------

// Writes text as a JSON string's content.
static size_t escape(char *to, const char *text, size_t length) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\') to[n++] = '\\';
        to[n++] = text[i];
    }
    return n;
}

const char *base_url;

void refuse(struct worker *w, const char *status, const char *code, const char *title, const char *fields, const char *detail) {
    char body[1024];
    int length = snprintf(
        body, sizeof body,
        "{\"type\":\"%s/docs/errors#%s\",\"title\":\"%s\",\"status\":%.3s,\"code\":\"%s\",\"detail\":\"%s\","
        "\"requestId\":\"%s\"}",
        base_url, code, title, status, code, detail, parameter(w, "REQUEST_ID"));
    char head[512];
    int head_length = snprintf(head, sizeof head,
                               "Status: %s\r\nContent-Type: application/problem+json\r\n%sCache-Control: no-store\r\n"
                               "Vary: Accept\r\nContent-Length: %d\r\n\r\n",
                               status, fields, length);
    FCGX_PutStr(head, head_length, w->request.out);
    if (strcmp(parameter(w, "REQUEST_METHOD"), "HEAD") != 0) FCGX_PutStr(body, length, w->request.out);
}

void refuse_unavailable(struct worker *w) {
    refuse(w, "503 Service Unavailable", "unavailable", "Unavailable", "Retry-After: 5\r\n", "The database can't be reached now.");
}

void refuse_unauthenticated(struct worker *w, const char *detail) {
    refuse(w, "401 Unauthorized", "unauthenticated", "Not authenticated", "WWW-Authenticate: Bearer realm=\"media\"\r\n", detail);
}

void refuse_token(struct worker *w, const char *fault) {
    char detail[256];
    snprintf(detail, sizeof detail, "The token isn't accepted: %s.", fault);
    refuse_unauthenticated(w, detail);
}

void refuse_not_found(struct worker *w, const char *id) {
    char detail[256];
    size_t length = strlen(id), n = sprintf(detail, "Media with ID ");
    n += escape(detail + n, id, length < 100 ? length : 100);
    strcpy(detail + n, " not found");
    refuse(w, "404 Not Found", "not_found", "Not found", "", detail);
}

void refuse_link(struct worker *w, enum link_state state) {
    if (state == expired_link) refuse(w, "403 Forbidden", "link_expired", "Link expired", "", "This link has expired.");
    if (state == revoked_link) refuse(w, "403 Forbidden", "link_revoked", "Link revoked", "", "This link has been revoked.");
    if (state == used_up_link)
        refuse(w, "403 Forbidden", "link_used_up", "Link used up", "", "This link has been used as often as it may be.");
}

// --- Files -----------------------------------------------------------------------------------------------------------

struct file_type {
    const char *name;
    bool is_inline;
};

// Sorted by name; those of Sources/MediaCore/FileType.swift.
static const struct file_type file_types[] = {
    {"application/epub+zip"}, {"application/gzip"}, {"application/json"}, {"application/msword"},
    {"application/pdf", true}, {"application/postscript"}, {"application/vnd.ms-excel"},
    {"application/vnd.ms-powerpoint"}, {"application/vnd.oasis.opendocument.presentation"},
    {"application/vnd.oasis.opendocument.spreadsheet"}, {"application/vnd.oasis.opendocument.text"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, {"application/vnd.rar"},
    {"application/vnd.sqlite3"}, {"application/x-7z-compressed"}, {"application/x-bzip2"}, {"application/x-subrip"},
    {"application/x-tar"}, {"application/x-xz"}, {"application/zip"}, {"application/zstd"}, {"audio/aac", true},
    {"audio/aiff"}, {"audio/amr"}, {"audio/flac", true}, {"audio/midi"}, {"audio/mp4", true}, {"audio/mpeg", true},
    {"audio/ogg", true}, {"audio/wav", true}, {"audio/webm", true}, {"audio/x-ms-wma"}, {"image/avif", true},
    {"image/bmp", true}, {"image/gif", true}, {"image/heic"}, {"image/heif"}, {"image/jpeg", true},
    {"image/png", true}, {"image/svg+xml"}, {"image/tiff"}, {"image/webp", true}, {"image/x-icon"}, {"text/csv"},
    {"text/markdown"}, {"text/plain", true}, {"text/rtf"}, {"text/vtt"}, {"video/3gpp"}, {"video/mp2t"},
    {"video/mp4", true}, {"video/mpeg"}, {"video/ogg", true}, {"video/quicktime", true}, {"video/webm", true},
    {"video/x-flv"}, {"video/x-m4v", true}, {"video/x-matroska"}, {"video/x-ms-wmv"}, {"video/x-msvideo"},
};

static int compare_type(const void *name, const void *type) {
    return strcmp(name, ((const struct file_type *)type)->name);
}

// The file's name for Content-Disposition (RFC 6266 §4.3, RFC 8187 §3.2.1).
static void put_file_name(struct worker *w, const char *name, size_t length) {
    static const char digits[] = "0123456789ABCDEF";
    char ascii[1024], encoded[3072];
    size_t ascii_length = 0, encoded_length = 0;
    bool is_ascii = true;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = name[i];
        bool is_kept = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\' && byte != '%';
        if ((byte & 0xC0) != 0x80) ascii[ascii_length++] = is_kept ? byte : '_';
        if (!is_kept) is_ascii = false;
        if (isalnum(byte) || (byte && strchr("!#$&+-.^_`|~", byte))) {
            encoded[encoded_length++] = byte;
        } else {
            encoded[encoded_length++] = '%';
            encoded[encoded_length++] = digits[byte >> 4];
            encoded[encoded_length++] = digits[byte & 15];
        }
    }
    put(w, "; filename=\"");
    FCGX_PutStr(ascii, ascii_length, w->request.out);
    put(w, "\"");
    if (is_ascii) return;
    put(w, "; filename*=UTF-8''");
    FCGX_PutStr(encoded, encoded_length, w->request.out);
}

void deliver(struct worker *w) {
    const struct media_row *m = &w->media;
    static const char digits[] = "0123456789abcdef";
    char name[hash_length * 2 + 1] = "", mime_type[sizeof m->mime_type];
    for (int i = 0; i < hash_length; i++) {
        name[2 * i] = digits[m->sha256[i] >> 4];
        name[2 * i + 1] = digits[m->sha256[i] & 15];
    }
    memcpy(mime_type, m->mime_type, m->columns[type_column].length);
    mime_type[m->columns[type_column].length] = 0;
    const struct file_type *type = bsearch(mime_type, file_types, sizeof file_types / sizeof *file_types,
                                           sizeof *file_types, compare_type);
    char head[512];
    int length = snprintf(head, sizeof head,
                          "Status: 200 OK\r\nX-Accel-Redirect: /_objects/%.2s/%.2s/%s\r\nContent-Type: %s%s\r\n", name,
                          name + 2, name, type ? type->name : "application/octet-stream",
                          strncmp(mime_type, "text/", 5) == 0 ? "; charset=utf-8" : "");
    FCGX_PutStr(head, length, w->request.out);
    put(w, type && type->is_inline ? "Content-Disposition: inline" : "Content-Disposition: attachment");
    put_file_name(w, m->original_name, m->columns[name_column].length);
    put(w, m->is_public ? "\r\nCache-Control: public, no-cache\r\n" : "\r\nCache-Control: private, no-cache\r\n");
    put(w, "Content-Length: 0\r\n\r\n");
}
