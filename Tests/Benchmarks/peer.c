// The delivery path of the media service in plain C: what `deploy/bench` measures the Swift workers against.
//
// Processes and threads as in `mediad serve`. A thread owns its libfcgi request, its MariaDB connection and two prepared
// statements whose buffers are bound once; nothing is allocated while a request is served. Same statements, same checks,
// same answers as REST/GetFile.swift, byte for byte but for the request id.
//
//   cc -O2 peer.c -o peer $(pkg-config --cflags --libs fcgi libmariadb libcrypto)
//   PEER_PASSWORD=… peer SOCKET PROCESSES THREADS DATABASE-SOCKET USER DATABASE
#include <ctype.h>
#include <fcgiapp.h>
#include <mysql.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { key_id_length = 12, secret_length = 43, media_id_length = 25, hash_length = 32 };

static int listening_socket;
static const char *database_socket, *database_user, *database_name;

// --- MariaDB -----------------------------------------------------------------------------------------------------------

// One column's buffer; `size` bytes are enough for every value the schema allows, but for metadata, which isn't looked at.
struct column {
    void *buffer;
    size_t size;
    enum enum_field_types type;
    unsigned long length;
    my_bool is_null, is_truncated;
};

// A prepared statement with one text parameter.
struct lookup {
    MYSQL_STMT *statement;
    char parameter[32];
    unsigned long parameter_length;
};

struct key_row {
    char scopes[256];
    unsigned char hash[hash_length];
    struct column columns[2];
};

struct media_row {
    char original_name[1024], mime_type[128], status[16];
    long long is_public;
    unsigned char sha256[hash_length];
    struct column columns[5];
};

struct worker {
    FCGX_Request request;
    MYSQL *connection;
    struct lookup find_key, find_media;
    struct key_row key;
    struct media_row media;
    EVP_MD_CTX *digest;
    const EVP_MD *sha256;
};

// The session's settings are those of Sources/MediaDatabase/Session.swift.
static const char session_sql[] =
    "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
    "innodb_lock_wait_timeout = 4, max_statement_time = 5";
static const char find_key_sql[] =
    "SELECT secret_sha256, scopes FROM api_keys WHERE id = ? AND revoked_at IS NULL";
static const char find_media_sql[] =
    "SELECT original_name, mime_type, is_public, status, sha256 FROM media WHERE id = ?";

static void fail(const char *what, const char *why) {
    fprintf(stderr, "peer: %s: %s\n", what, why);
    exit(1);
}

static void prepare(MYSQL *connection, struct lookup *lookup, const char *sql, struct column *columns, int count) {
    MYSQL_BIND parameter = {.buffer_type = MYSQL_TYPE_STRING, .buffer = lookup->parameter,
                            .buffer_length = sizeof lookup->parameter, .length = &lookup->parameter_length};
    MYSQL_BIND results[16];
    memset(results, 0, sizeof results);
    for (int i = 0; i < count; i++) {
        results[i].buffer_type = columns[i].type;
        results[i].buffer = columns[i].buffer;
        results[i].buffer_length = columns[i].size;
        results[i].length = &columns[i].length;
        results[i].is_null = &columns[i].is_null;
        results[i].error = &columns[i].is_truncated;
    }
    lookup->statement = mysql_stmt_init(connection);
    if (!lookup->statement || mysql_stmt_prepare(lookup->statement, sql, strlen(sql)) ||
        mysql_stmt_bind_param(lookup->statement, &parameter) || mysql_stmt_bind_result(lookup->statement, results))
        fail("prepare", mysql_error(connection));
}

#define TEXT(field) {.buffer = field, .size = sizeof field, .type = MYSQL_TYPE_STRING}
#define NUMBER(field) {.buffer = &field, .size = sizeof field, .type = MYSQL_TYPE_LONGLONG}

static void connect_database(struct worker *w) {
    unsigned int connect_timeout = 2, answer_timeout = 5;
    w->connection = mysql_init(NULL);
    mysql_optionsv(w->connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    mysql_optionsv(w->connection, MYSQL_OPT_READ_TIMEOUT, &answer_timeout);
    mysql_optionsv(w->connection, MYSQL_OPT_WRITE_TIMEOUT, &answer_timeout);
    mysql_optionsv(w->connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(w->connection, MYSQL_INIT_COMMAND, session_sql);
    if (!mysql_real_connect(w->connection, NULL, database_user, getenv("PEER_PASSWORD"), database_name, 0,
                            database_socket, 0))
        fail("connect", mysql_error(w->connection));
    struct key_row *k = &w->key;
    struct column key_columns[] = {TEXT(k->hash), TEXT(k->scopes)};
    memcpy(k->columns, key_columns, sizeof key_columns);
    prepare(w->connection, &w->find_key, find_key_sql, k->columns, 2);
    struct media_row *m = &w->media;
    struct column media_columns[] = {TEXT(m->original_name), TEXT(m->mime_type), NUMBER(m->is_public), TEXT(m->status),
                                     TEXT(m->sha256)};
    memcpy(m->columns, media_columns, sizeof media_columns);
    prepare(w->connection, &w->find_media, find_media_sql, m->columns, 5);
}

// 1: found, 0: no such row, -1: failed.
static int look_up(struct lookup *lookup, const char *parameter, size_t length) {
    memcpy(lookup->parameter, parameter, length);
    lookup->parameter_length = length;
    if (mysql_stmt_execute(lookup->statement)) return -1;
    int result = mysql_stmt_fetch(lookup->statement);
    mysql_stmt_free_result(lookup->statement);
    return result == 0 || result == MYSQL_DATA_TRUNCATED ? 1 : result == MYSQL_NO_DATA ? 0 : -1;
}

static bool is_text(const struct column *column, const char *text) {
    return column->length == strlen(text) && memcmp(column->buffer, text, column->length) == 0;
}

// --- Answers -----------------------------------------------------------------------------------------------------------

static const char *parameter(struct worker *w, const char *name) {
    const char *value = FCGX_GetParam(name, w->request.envp);
    return value ? value : "";
}

static void put(struct worker *w, const char *text) { FCGX_PutS(text, w->request.out); }

// Writes text as a JSON string's content.
static size_t escape(char *to, const char *text, size_t length) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\') to[n++] = '\\';
        to[n++] = text[i];
    }
    return n;
}

static void refuse(struct worker *w, const char *status, const char *code, const char *fields, const char *detail) {
    char body[1024];
    int length = snprintf(
        body, sizeof body,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%.3s,\"code\":\"%s\",\"detail\":\"%s\",\"requestId\":\"%s\"}",
        status + 4, status, code, detail, parameter(w, "REQUEST_ID"));
    char head[512];
    int head_length = snprintf(head, sizeof head,
                               "Status: %s\r\nContent-Type: application/problem+json\r\n%sCache-Control: no-store\r\n"
                               "Content-Length: %d\r\n\r\n",
                               status, fields, length);
    FCGX_PutStr(head, head_length, w->request.out);
    if (strcmp(parameter(w, "REQUEST_METHOD"), "HEAD") != 0) FCGX_PutStr(body, length, w->request.out);
}

static void refuse_unavailable(struct worker *w) {
    refuse(w, "503 Service Unavailable", "unavailable", "Retry-After: 5\r\n", "The database can't be reached now.");
}

static void refuse_unauthenticated(struct worker *w, const char *detail) {
    refuse(w, "401 Unauthorized", "unauthenticated", "WWW-Authenticate: Bearer realm=\"media\"\r\n", detail);
}

static void refuse_not_found(struct worker *w, const char *id, size_t length) {
    char detail[256];
    size_t n = sprintf(detail, "Media with ID ");
    n += escape(detail + n, id, length < 100 ? length : 100);
    strcpy(detail + n, " not found");
    refuse(w, "404 Not Found", "not_found", "", detail);
}

// --- Decision ----------------------------------------------------------------------------------------------------------

enum caller { anonymous, service, service_without_scope, refused };

static bool is_alphanumeric(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i])) return false;
    return true;
}

static bool has_scope(const struct column *scopes, const char *scope) {
    const char *next = scopes->buffer, *end = next + scopes->length;
    while (next < end) {
        const char *space = memchr(next, ' ', end - next);
        size_t length = (space ? space : end) - next;
        if (length == strlen(scope) && memcmp(next, scope, length) == 0) return true;
        next += length + 1;
    }
    return false;
}

// Who an Authorization header names (RFC 6750 §2.1); on `refused` the answer has been written.
static enum caller authenticate(struct worker *w) {
    const char *header = parameter(w, "HTTP_AUTHORIZATION");
    if (!*header) return anonymous;
    header += strspn(header, " ");
    const char *space = strchr(header, ' ');
    if (!space || !space[1] || space - header != 6 || strncasecmp(header, "bearer", 6) != 0) {
        refuse_unauthenticated(w, "Authorization has to be 'Bearer' and an API key.");
        return refused;
    }
    const char *key = space + 1 + strspn(space + 1, " "), *id = key + 3, *secret = id + key_id_length + 1;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length;
    if (strlen(key) == 3 + key_id_length + 1 + secret_length && memcmp(key, "mk_", 3) == 0 && secret[-1] == '_' &&
        is_alphanumeric(id, key_id_length) && is_alphanumeric(secret, secret_length)) {
        int found = look_up(&w->find_key, id, key_id_length);
        if (found < 0) {
            refuse_unavailable(w);
            return refused;
        }
        if (found && EVP_DigestInit_ex(w->digest, w->sha256, NULL) &&
            EVP_DigestUpdate(w->digest, secret, secret_length) && EVP_DigestFinal_ex(w->digest, hash, &length) &&
            CRYPTO_memcmp(hash, w->key.hash, hash_length) == 0)
            return has_scope(&w->key.columns[1], "media:read") ? service : service_without_scope;
    }
    refuse_unauthenticated(w, "The API key is unknown or revoked.");
    return refused;
}

static bool is_media_id(const char *text, size_t length) {
    if (length != media_id_length || text[0] != 'c') return false;
    for (size_t i = 1; i < length; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i])) return false;
    return true;
}

// --- Delivery ----------------------------------------------------------------------------------------------------------

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

static void deliver(struct worker *w) {
    const struct media_row *m = &w->media;
    static const char digits[] = "0123456789abcdef";
    char name[hash_length * 2 + 1] = "", mime_type[128];
    for (int i = 0; i < hash_length; i++) {
        name[2 * i] = digits[m->sha256[i] >> 4];
        name[2 * i + 1] = digits[m->sha256[i] & 15];
    }
    memcpy(mime_type, m->mime_type, m->columns[1].length);
    mime_type[m->columns[1].length] = 0;
    const struct file_type *type = bsearch(mime_type, file_types, sizeof file_types / sizeof *file_types,
                                           sizeof *file_types, compare_type);
    char head[512];
    int length = snprintf(head, sizeof head,
                          "Status: 200 OK\r\nX-Accel-Redirect: /_objects/%.2s/%.2s/%s\r\nContent-Type: %s%s\r\n", name,
                          name + 2, name, type ? type->name : "application/octet-stream",
                          strncmp(mime_type, "text/", 5) == 0 ? "; charset=utf-8" : "");
    FCGX_PutStr(head, length, w->request.out);
    put(w, type && type->is_inline ? "Content-Disposition: inline" : "Content-Disposition: attachment");
    put_file_name(w, m->original_name, m->columns[0].length);
    put(w, m->is_public ? "\r\nCache-Control: public, no-cache\r\n" : "\r\nCache-Control: private, no-cache\r\n");
    put(w, "Content-Length: 0\r\n\r\n");
}

static void handle(struct worker *w) {
    const char *method = parameter(w, "REQUEST_METHOD"), *path = parameter(w, "DOCUMENT_URI");
    if (strncmp(path, "/m/", 3) != 0 || !path[3] || strchr(path + 3, '/')) {
        refuse(w, "404 Not Found", "not_found", "", "There is nothing at this path.");
        return;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        refuse(w, "405 Method Not Allowed", "method_not_allowed", "Allow: GET, HEAD\r\n", "method: isn't possible here");
        return;
    }
    const char *id = path + 3;
    size_t length = strlen(id);
    enum caller caller = authenticate(w);
    if (caller == refused) return;
    int found = is_media_id(id, length) ? look_up(&w->find_media, id, length) : 0;
    if (found < 0) {
        refuse_unavailable(w);
        return;
    }
    bool is_ready = found && is_text(&w->media.columns[3], "READY");
    if (!(is_ready && w->media.is_public)) {
        if (caller == service_without_scope) {
            refuse(w, "403 Forbidden", "forbidden", "", "The API key lacks the scope 'media:read'.");
            return;
        }
        if (caller == anonymous || !is_ready) {
            refuse_not_found(w, id, length);
            return;
        }
    }
    deliver(w);
}

// --- Processes and threads ---------------------------------------------------------------------------------------------

static void *serve(void *unused) {
    (void)unused;
    struct worker *w = calloc(1, sizeof *w);
    w->digest = EVP_MD_CTX_new();
    w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    mysql_thread_init();
    connect_database(w);
    FCGX_InitRequest(&w->request, listening_socket, 0);
    while (FCGX_Accept_r(&w->request) == 0) {
        handle(w);
        FCGX_Finish_r(&w->request);
    }
    return NULL;
}

static void run_process(int threads) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    mysql_library_init(0, NULL, NULL);
    pthread_t thread;
    for (int i = 1; i < threads; i++) pthread_create(&thread, NULL, serve, NULL);
    serve(NULL);
    exit(0);
}

int main(int count, char **words) {
    if (count != 7) {
        fprintf(stderr, "usage: peer SOCKET PROCESSES THREADS DATABASE-SOCKET USER DATABASE\n");
        return 2;
    }
    int processes = atoi(words[2]), threads = atoi(words[3]);
    database_socket = words[4];
    database_user = words[5];
    database_name = words[6];
    umask(0117);
    unlink(words[1]);
    listening_socket = FCGX_OpenSocket(words[1], 1024);
    if (listening_socket < 0) fail(words[1], "can't be bound");
    FCGX_Init();
    signal(SIGTERM, SIG_DFL);
    for (int i = 0; i < processes; i++)
        if (fork() == 0) run_process(threads);
    int status = 0;
    wait(&status);
    fail("a process", "has ended");
}
