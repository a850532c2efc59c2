// The parts of the peer: see main.c.
#pragma once
#include <fcgiapp.h>
#include <mysql.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    media_id_length = 25, hash_length = 32, fingerprint_length = 8, key_id_length = 8, link_id_length = 20,
    max_subject = 191,
};

// --- database.c --------------------------------------------------------------------------------------------------------

// One column's buffer; `size` bytes are enough for every value the schema allows.
struct column {
    void *buffer;
    size_t size;
    enum enum_field_types type;
    unsigned long length;
    my_bool is_null, is_truncated;
};

#define TEXT(field) {.buffer = field, .size = sizeof field, .type = MYSQL_TYPE_STRING}
#define NUMBER(field) {.buffer = &field, .size = sizeof field, .type = MYSQL_TYPE_LONGLONG}
#define MOMENT(field) {.buffer = &field, .size = sizeof field, .type = MYSQL_TYPE_DATETIME}

enum { max_parameters = 4, max_parameter = 64 };

// A prepared statement with text parameters.
struct lookup {
    MYSQL_STMT *statement;
    char parameters[max_parameters][max_parameter];
    unsigned long lengths[max_parameters];
};

struct database {
    const char *socket, *user, *name, *password;
};

MYSQL *connect_database(const struct database *database);
_Noreturn void fail(const char *what, const char *why);
// The columns of a row may be of two kinds.
void prepare(MYSQL *connection, struct lookup *lookup, const char *sql, struct column *columns, int count,
             struct column *more_columns, int more_count);
// 1: found, 0: no such row, -1: failed.
int look_up(struct lookup *lookup, const char *const *parameters, int count);
bool is_text(const struct column *column, const char *text);

// --- A thread's own ----------------------------------------------------------------------------------------------------

enum { secret_column, scopes_column, expiry_column, key_column_count };

struct key_row {
    char scopes[256];
    unsigned char hash[hash_length];
    MYSQL_TIME expires_at;
    struct column columns[key_column_count];
};

// The columns of the statements that find a file; those behind the first eight are of its link.
enum {
    name_column, type_column, hash_column, owner_column, public_column, status_column, outside_column, shown_column,
    file_column_count,
    current_column = file_column_count, epoch_column, link_revoked_column, used_up_column, fingerprint_column,
    key_revoked_column, linked_column_count,
};

struct media_row {
    char original_name[1024], mime_type[128], owner[max_subject * 4], status[16], external_url[2049];
    long long is_public;
    unsigned char sha256[hash_length], shown_sha256[hash_length];
    long long is_current, epoch, is_used_up;
    unsigned char fingerprint[fingerprint_length];
    MYSQL_TIME link_revoked_at, key_revoked_at;
    struct column columns[linked_column_count];
};

// Those of the columns of a record that are asked for by number.
enum { status_record_column = 10, public_name_column = 15, outside_record_column = 22, details_column = 24, variants_column, shown_record_column,
       record_column_count };

struct record_row {
    char id[media_id_length], type[16], original_name[1024], mime_type[128], owner[max_subject * 4], entity_id[max_subject * 4],
        entity_type[256], metadata[16384], status[16], title[1024], public_name[1024], failure_reason[2048],
        deleted_status[16], external_url[2049], processing[64], details[16384], variants[16384];
    long long size, is_public, revision, version;
    unsigned char sha256[hash_length], shown_sha256[hash_length];
    MYSQL_TIME created_at, updated_at, deleted_at, version_at;
    struct column columns[record_column_count];
};

struct worker {
    FCGX_Request request;
    MYSQL *connection;
    struct lookup find_key, find_key_and_media, find_media, find_linked_media, find_record;
    // Whether the file of this request was looked up with the key, and is there.
    bool is_file_known, is_file_found;
    struct key_row key;
    struct media_row media;
    struct record_row record;
    EVP_MD_CTX *digest;
    const EVP_MD *sha256;
    EVP_MAC_CTX *mac;
    // The link key that was derived last, and its id.
    unsigned char link_key[hash_length];
    char link_key_id[key_id_length + 1];
};

const char *parameter(struct worker *w, const char *name);
// Milliseconds since 1970.
long long now(void);

// --- text.c ------------------------------------------------------------------------------------------------------------

EVP_MAC_CTX *new_hmac(void);
void hmac(struct worker *w, const void *key, size_t key_length, const void *text, size_t length,
          unsigned char result[hash_length]);
// How many bytes base64url text stands for (RFC 4648 §5); -1: it isn't the one way to write them. They may overwrite it.
long decode_base64url(const char *text, size_t length, unsigned char *bytes);
bool consists_of(const char *text, size_t length, char last_letter);
// The value of a member of a JSON object; NULL: there is none. `is_valid` becomes false for what is no JSON.
const char *json_member(const char *object, const char *name, bool *is_valid);
// A string without escapes, which tokens have no need of.
bool json_string(const char *value, char *text, size_t size);
bool json_has_string(const char *array, const char *text);

// --- callers.c, tokens.c, links.c --------------------------------------------------------------------------------------

enum caller_kind { anonymous, service, service_without_scope, user, administrator };

struct caller {
    enum caller_kind kind;
    char subject[max_subject + 1];
    // Why the cookie of an anonymous caller doesn't count; NULL: it has none.
    const char *cookie_fault;
};

// Who calls; false: the answer has been written. The file of a request that names one is looked up with an API key.
bool authenticate(struct worker *w, const char *media_id, struct caller *caller);

void use_token_secret(const char *secret);
// Why a token isn't accepted; NULL: it is, and says who calls.
const char *verify_token(struct worker *w, const char *text, struct caller *caller);

enum link_state { no_link, valid_link, expired_link, revoked_link, used_up_link };

struct link {
    const char *media_id;
    char key_id[key_id_length + 1], id[link_id_length + 1];
    long long expires_at;
    unsigned char signature[hash_length];
};

void use_link_secret(const char *secret);
bool parse_link(const char *query, const char *media_id, struct link *link);
// What a link says whose rows have been found.
enum link_state check_link(struct worker *w, const struct link *link);

// --- rpc.c -------------------------------------------------------------------------------------------------------------

void prepare_record(struct worker *w);
// Answers POST /v1/rpc.
void call(struct worker *w, const struct caller *caller);

// --- answers.c ---------------------------------------------------------------------------------------------------------

// Where the service is for its clients.
extern const char *base_url;

void refuse(struct worker *w, const char *status, const char *code, const char *title, const char *fields, const char *detail);
void refuse_unavailable(struct worker *w);
void refuse_unauthenticated(struct worker *w, const char *detail);
void refuse_token(struct worker *w, const char *fault);
void refuse_not_found(struct worker *w, const char *id);
void refuse_link(struct worker *w, enum link_state state);
void deliver(struct worker *w);
