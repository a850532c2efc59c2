// Users' tokens, HS256 (RFC 7515, RFC 7519). As in Sources/MediaService/Access/TokenVerifier.swift a token is verified once
// for each process and then known by its text. The peer's tokens name no entities, so those are not looked at.
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum { bucket_count = 16384, max_tokens = 8192, max_bytes = 8192, leeway = 30 };

struct claims {
    struct caller caller;
    // Seconds since 1970.
    long long expires_at, not_before;
};

struct token {
    struct token *next;
    uint64_t hash;
    struct claims claims;
    char text[];
};

static const char *secret = "";
static struct token *buckets[bucket_count];
static int token_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void use_token_secret(const char *text) { secret = text; }

// --- Tokens known ----------------------------------------------------------------------------------------------------

// FNV-1a.
static uint64_t hash_of(const char *text) {
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

static bool is_known(const char *text, uint64_t hash, struct claims *claims) {
    pthread_mutex_lock(&lock);
    struct token *token = buckets[hash % bucket_count];
    while (token && (token->hash != hash || strcmp(token->text, text) != 0)) token = token->next;
    if (token) *claims = token->claims;
    pthread_mutex_unlock(&lock);
    return token;
}

static void forget_all(void) {
    for (int i = 0; i < bucket_count; i++)
        for (struct token *token; (token = buckets[i]);) {
            buckets[i] = token->next;
            free(token);
        }
    token_count = 0;
}

static void remember(const char *text, uint64_t hash, const struct claims *claims) {
    size_t size = strlen(text) + 1;
    struct token *token = malloc(sizeof *token + size);
    *token = (struct token){.hash = hash, .claims = *claims};
    memcpy(token->text, text, size);
    pthread_mutex_lock(&lock);
    if (token_count >= max_tokens) forget_all();
    token->next = buckets[hash % bucket_count];
    buckets[hash % bucket_count] = token;
    token_count++;
    pthread_mutex_unlock(&lock);
}

// --- Verification ----------------------------------------------------------------------------------------------------

// A NumericDate without a fraction, which the peer's tokens don't have.
static bool read_moment(const char *value, long long *moment) {
    char *end;
    *moment = strtoll(value, &end, 10);
    return end > value && !strchr(".eE", *end) && *moment >= 0;
}

static const char *read_header(char *json) {
    char algorithm[16];
    bool is_valid;
    const char *value = json_member(json, "alg", &is_valid);
    if (!is_valid) return "it holds no JSON";
    if (!json_string(value, algorithm, sizeof algorithm)) return "its header names no algorithm";
    if (json_member(json, "crit", &is_valid)) return "its header has critical parameters";
    return strcmp(algorithm, "HS256") == 0 ? NULL : "its algorithm isn't its key's";
}

static const char *read_claims(char *json, struct claims *claims) {
    bool is_valid;
    const char *subject = json_member(json, "sub", &is_valid);
    if (!is_valid) return "it holds no JSON";
    if (!json_string(subject, claims->caller.subject, sizeof claims->caller.subject) || !*claims->caller.subject)
        return "it names no user ('sub')";
    const char *roles = json_member(json, "roles", &is_valid);
    if (roles && *roles != '[') return "its 'roles' is no array";
    claims->caller.kind = roles && json_has_string(roles, "ADMIN") ? administrator : user;
    const char *end = json_member(json, "exp", &is_valid), *start = json_member(json, "nbf", &is_valid);
    if (!end) return "it has no end ('exp')";
    if (!read_moment(end, &claims->expires_at)) return "its 'exp' is no moment";
    if (start && !read_moment(start, &claims->not_before)) return "its 'nbf' is no moment";
    return json_member(json, "aud", &is_valid) ? "it is meant for others" : NULL;
}

static const char *check(const struct claims *claims) {
    long long milliseconds = now();
    if (milliseconds >= (claims->expires_at + leeway) * 1000) return "it has expired";
    return claims->not_before * 1000 > milliseconds + leeway * 1000 ? "it isn't valid yet" : NULL;
}

static const char *read_token(struct worker *w, const char *text, struct claims *claims) {
    if (strlen(text) > max_bytes) return "it is longer than 8192 bytes";
    const char *payload = strchr(text, '.'), *signature = payload ? strchr(payload + 1, '.') : NULL;
    if (!signature || strchr(signature + 1, '.')) return "it hasn't the form of a signed token";
    unsigned char header[max_bytes], claimed[max_bytes], given[max_bytes], right[hash_length];
    long header_length = decode_base64url(text, payload - text, header);
    long claimed_length = decode_base64url(payload + 1, signature - payload - 1, claimed);
    long given_length = decode_base64url(signature + 1, strlen(signature + 1), given);
    if (header_length < 0 || claimed_length < 0 || given_length < 0) return "it isn't base64url";
    header[header_length] = claimed[claimed_length] = 0;
    const char *fault = read_header((char *)header);
    if (fault) return fault;
    hmac(w, secret, strlen(secret), text, signature - text, right);
    if (given_length != hash_length || CRYPTO_memcmp(given, right, hash_length) != 0)
        return "its signature isn't right";
    return read_claims((char *)claimed, claims);
}

const char *verify_token(struct worker *w, const char *text, struct caller *caller) {
    struct claims claims = {0};
    uint64_t hash = hash_of(text);
    bool was_known = is_known(text, hash, &claims);
    const char *fault = was_known ? NULL : read_token(w, text, &claims);
    if (!fault) fault = check(&claims);
    if (fault) return fault;
    if (!was_known) remember(text, hash, &claims);
    *caller = claims.caller;
    return NULL;
}
