// Who calls: an API key or a user's token.
#include <ctype.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "peer.h"

enum { api_key_id_length = 12, secret_length = 43 };

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

static bool is_over(const struct column *column, const MYSQL_TIME *moment) {
    if (column->is_null) return false;
    struct tm parts = {.tm_year = moment->year - 1900, .tm_mon = moment->month - 1, .tm_mday = moment->day,
                       .tm_hour = moment->hour, .tm_min = moment->minute, .tm_sec = moment->second};
    return timegm(&parts) * 1000LL + (long long)moment->second_part / 1000 <= now();
}

// 1: the service is known, 0: it isn't, -1: MariaDB failed.
static int authenticate_service(struct worker *w, const char *key, const char *media_id, struct caller *caller) {
    const char *id = key + 3, *secret = id + api_key_id_length + 1;
    if (strlen(key) != 3 + api_key_id_length + 1 + secret_length || secret[-1] != '_' ||
        !is_alphanumeric(id, api_key_id_length) || !is_alphanumeric(secret, secret_length))
        return 0;
    char id_text[api_key_id_length + 1] = "";
    memcpy(id_text, id, api_key_id_length);
    int found = media_id ? look_up(&w->find_key_and_media, (const char *[]){media_id, id_text}, 2)
                         : look_up(&w->find_key, (const char *[]){id_text}, 1);
    if (found <= 0) return found;
    w->is_file_known = media_id != NULL;
    w->is_file_found = media_id && !w->media.columns[name_column].is_null;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length;
    if (!EVP_DigestInit_ex(w->digest, w->sha256, NULL) || !EVP_DigestUpdate(w->digest, secret, secret_length) ||
        !EVP_DigestFinal_ex(w->digest, hash, &length) || CRYPTO_memcmp(hash, w->key.hash, hash_length) != 0 ||
        is_over(&w->key.columns[expiry_column], &w->key.expires_at))
        return 0;
    caller->kind = has_scope(&w->key.columns[scopes_column], "media:read") ? service : service_without_scope;
    return 1;
}

// Whom an Authorization header names (RFC 6750 §2.1), or the cookie.
bool authenticate(struct worker *w, const char *media_id, struct caller *caller) {
    *caller = (struct caller){.kind = anonymous};
    const char *header = parameter(w, "HTTP_AUTHORIZATION"), *cookie = parameter(w, "MEDIA_TOKEN");
    if (!*header) {
        if (*cookie) caller->cookie_fault = verify_token(w, cookie, caller);
        return true;
    }
    if (strncasecmp(header, "bearer ", 7) != 0) {
        refuse_unauthenticated(w, "Authorization has to be 'Bearer' and an API key or a token.");
        return false;
    }
    const char *text = header + 7 + strspn(header + 7, " ");
    if (strncmp(text, "mk_", 3) != 0) {
        const char *fault = verify_token(w, text, caller);
        if (fault) refuse_token(w, fault);
        return !fault;
    }
    int found = authenticate_service(w, text, media_id, caller);
    if (found < 0) refuse_unavailable(w);
    if (found == 0) refuse_unauthenticated(w, "The API key is unknown, expired or revoked.");
    return found > 0;
}
