// The delivery path of the media service in plain C: what `deploy/bench` measures the Swift workers against.
//
// Processes and threads as in `mediad serve`. A thread owns its libfcgi request, its MariaDB connection and prepared
// statements whose buffers are bound once; nothing is allocated while a request is served, but for a token that is new.
// Same statements, same checks, same answers as REST/GetFile.swift, byte for byte but for the request id.
//
//   cc -O2 *.c -o peer $(pkg-config --cflags --libs fcgi libmariadb libcrypto)
//   PEER_PASSWORD=… PEER_LINK_SECRET=… PEER_TOKEN_SECRET=… peer SOCKET PROCESSES THREADS DATABASE-SOCKET USER DATABASE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

static int listening_socket;
static struct database database;

const char *parameter(struct worker *w, const char *name) {
    const char *value = FCGX_GetParam(name, w->request.envp);
    return value ? value : "";
}

long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// --- Statements ------------------------------------------------------------------------------------------------------

#define FILE_COLUMNS "m.original_name, m.mime_type, m.sha256, m.user_id, m.is_public, m.status, m.external_url, m.shown_sha256"
#define KEY_COLUMNS "k.secret_sha256, k.scopes, k.expires_at"

static const char find_key_sql[] =
    "SELECT " KEY_COLUMNS " FROM api_keys k WHERE k.id = ? AND k.revoked_at IS NULL";
static const char find_key_and_media_sql[] =
    "SELECT " FILE_COLUMNS ", " KEY_COLUMNS " FROM api_keys k LEFT JOIN media m ON m.id = ? "
    "WHERE k.id = ? AND k.revoked_at IS NULL";
static const char find_media_sql[] = "SELECT " FILE_COLUMNS " FROM media m WHERE m.id = ?";
static const char find_linked_media_sql[] =
    "SELECT " FILE_COLUMNS ", m.link_epoch = l.epoch, l.epoch, l.revoked_at, "
    "l.uses >= l.max_uses AND NOT l.last_request <=> ?, k.secret_fingerprint, k.revoked_at "
    "FROM media m JOIN signed_links l ON l.id = ? AND l.media_id = m.id "
    "JOIN link_keys k ON k.id = ? AND k.id = l.key_id WHERE m.id = ?";

static void prepare_statements(struct worker *w) {
    struct key_row *k = &w->key;
    struct column key_columns[] = {TEXT(k->hash), TEXT(k->scopes), MOMENT(k->expires_at)};
    memcpy(k->columns, key_columns, sizeof key_columns);
    prepare(w->connection, &w->find_key, find_key_sql, k->columns, key_column_count, NULL, 0);

    struct media_row *m = &w->media;
    struct column columns[] = {
        TEXT(m->original_name), TEXT(m->mime_type), TEXT(m->sha256), TEXT(m->owner), NUMBER(m->is_public),
        TEXT(m->status), TEXT(m->external_url), TEXT(m->shown_sha256), NUMBER(m->is_current), NUMBER(m->epoch),
        MOMENT(m->link_revoked_at), NUMBER(m->is_used_up),
        TEXT(m->fingerprint), MOMENT(m->key_revoked_at),
    };
    memcpy(m->columns, columns, sizeof columns);
    prepare(w->connection, &w->find_media, find_media_sql, m->columns, file_column_count, NULL, 0);
    prepare(w->connection, &w->find_key_and_media, find_key_and_media_sql, m->columns, file_column_count, k->columns,
            key_column_count);
    prepare(w->connection, &w->find_linked_media, find_linked_media_sql, m->columns, linked_column_count, NULL, 0);
    prepare_record(w);
}

// --- Decision --------------------------------------------------------------------------------------------------------

static bool is_media_id(const char *id) {
    return strlen(id) == media_id_length && *id == 'c' && consists_of(id, media_id_length, 'z');
}

// Finds the file and says what its link is worth; -1: MariaDB failed, 0: there is no such file.
static int find_file(struct worker *w, const char *id, enum link_state *state) {
    struct link link;
    *state = no_link;
    if (!is_media_id(id)) return 0;
    if (w->is_file_known) return w->is_file_found;
    const char *query = parameter(w, "QUERY_STRING");
    if (*query && parse_link(query, id, &link)) {
        const char *parameters[] = {parameter(w, "REQUEST_ID"), link.id, link.key_id, id};
        int found = look_up(&w->find_linked_media, parameters, 4);
        if (found > 0) *state = check_link(w, &link);
        if (found) return found;
    }
    return look_up(&w->find_media, (const char *[]){id}, 1);
}

static bool has_right(struct worker *w, const struct caller *caller, bool is_found) {
    if (caller->kind == user) return is_found && is_text(&w->media.columns[owner_column], caller->subject);
    return caller->kind == service || caller->kind == administrator;
}

// As AccessPolicy.download in Sources/MediaCore/AccessPolicy+Rules.swift.
static void decide(struct worker *w, const char *id, const struct caller *caller) {
    enum link_state link;
    int found = find_file(w, id, &link);
    const struct column *status = &w->media.columns[status_column];
    bool is_ready = found > 0 && is_text(status, "READY"), is_processing = found > 0 && is_text(status, "PROCESSING");
    bool may = has_right(w, caller, found > 0);
    if (found < 0) {
        refuse_unavailable(w);
    } else if (is_ready && (w->media.is_public || may || link == valid_link)) {
        deliver(w);
    } else if (caller->cookie_fault) {
        refuse_token(w, caller->cookie_fault);
    } else if (is_ready && link != no_link) {
        refuse_link(w, link);
    } else if (caller->kind == service_without_scope) {
        refuse(w, "403 Forbidden", "forbidden", "Not allowed", "", "The API key lacks the scope 'media:read'.");
    } else if (may && is_processing) {
        refuse(w, "409 Conflict", "not_ready", "Not ready", "Retry-After: 5\r\n", "The file is still being processed.");
    } else if (may && found && is_text(status, "FAILED")) {
        refuse(w, "409 Conflict", "not_ready", "Not ready", "", "The file could not be processed.");
    } else {
        refuse_not_found(w, id);
    }
}

static void handle(struct worker *w) {
    const char *method = parameter(w, "REQUEST_METHOD"), *path = parameter(w, "DOCUMENT_URI");
    struct caller caller;
    w->is_file_known = false;
    if (strcmp(path, "/v1/rpc") == 0 && strcmp(method, "POST") == 0) {
        if (authenticate(w, NULL, &caller)) call(w, &caller);
        return;
    }
    if (strncmp(path, "/m/", 3) != 0 || !path[3] || strchr(path + 3, '/'))
        refuse(w, "404 Not Found", "not_found", "Not found", "", "There is nothing at this path.");
    else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        refuse(w, "405 Method Not Allowed", "method_not_allowed", "Method not allowed", "Allow: GET, HEAD\r\n", "method: isn't possible here");
    else if (authenticate(w, is_media_id(path + 3) && !*parameter(w, "QUERY_STRING") ? path + 3 : NULL, &caller))
        decide(w, path + 3, &caller);
}

// --- Processes and threads -------------------------------------------------------------------------------------------

static void *serve(void *unused) {
    (void)unused;
    struct worker *w = calloc(1, sizeof *w);
    w->digest = EVP_MD_CTX_new();
    w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    w->mac = new_hmac();
    mysql_thread_init();
    w->connection = connect_database(&database);
    prepare_statements(w);
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
    const char *password = getenv("PEER_PASSWORD"), *link = getenv("PEER_LINK_SECRET"),
               *token = getenv("PEER_TOKEN_SECRET");
    base_url = getenv("PEER_BASE_URL");
    if (count != 7 || !password || !link || !token || !base_url) {
        fprintf(stderr, "usage: PEER_PASSWORD=… PEER_LINK_SECRET=… PEER_TOKEN_SECRET=… PEER_BASE_URL=… "
                        "peer SOCKET PROCESSES THREADS DATABASE-SOCKET USER DATABASE\n");
        return 2;
    }
    int processes = atoi(words[2]), threads = atoi(words[3]);
    database = (struct database){.socket = words[4], .user = words[5], .name = words[6], .password = password};
    use_link_secret(link);
    use_token_secret(token);
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
