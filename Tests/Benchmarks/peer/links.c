// Signed links, as Sources/MediaCore/SignedLink.swift and Sources/MediaService/Access/LinkSecrets.swift have them. The
// peer's are for every network, without a name of their own and not counted: of others it knows nothing.
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum { max_value = 64 };

static const char *secret = "";
static unsigned char fingerprint[fingerprint_length];

void use_link_secret(const char *text) {
    unsigned char hash[EVP_MAX_MD_SIZE];
    char named[1024];
    int length = snprintf(named, sizeof named, "media-link-secret\n%s", text);
    if (!EVP_Digest(named, length, hash, NULL, EVP_sha256(), NULL)) abort();
    memcpy(fingerprint, hash, sizeof fingerprint);
    secret = text;
}

// --- The URL ---------------------------------------------------------------------------------------------------------

static int hex_value(char byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// Percent-decodes the part of a query up to one of `ends`; where that stands, or NULL for what can be no value of a link.
static const char *decode_part(const char *query, const char *ends, char text[max_value]) {
    int length = 0;
    for (; *query && !strchr(ends, *query); query++) {
        char byte = *query == '+' ? ' ' : *query;
        if (byte == '%') {
            int high = hex_value(query[1]), low = high < 0 ? -1 : hex_value(query[2]);
            if (low < 0) return NULL;
            byte = high << 4 | low;
            query += 2;
        }
        if (!byte || length == max_value - 1) return NULL;
        text[length++] = byte;
    }
    text[length] = 0;
    return query;
}

static bool has_form(const char *text, size_t length, char last_letter) {
    return strlen(text) == length && consists_of(text, length, last_letter);
}

static bool parse_expiry(const char *text, long long *expires_at) {
    char again[max_value];
    *expires_at = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%lld", *expires_at);
    return *expires_at > 0 && strcmp(again, text) == 0;
}

bool parse_link(const char *query, const char *media_id, struct link *link) {
    static const char names[] = "ekls";
    char values[4][max_value] = {"", "", "", ""};
    bool is_given[4] = {false};
    while (*query) {
        if (*query == '&') {
            query++;
            continue;
        }
        char name[max_value], value[max_value] = "";
        if (!(query = decode_part(query, "=&", name))) return false;
        if (*query == '=' && !(query = decode_part(query + 1, "&", value))) return false;
        const char *known = strlen(name) == 1 ? strchr(names, *name) : NULL;
        if (!known || is_given[known - names]) return false;
        is_given[known - names] = true;
        strcpy(values[known - names], value);
    }
    unsigned char signature[max_value];
    if (!parse_expiry(values[0], &link->expires_at) || !has_form(values[1], key_id_length, 'z') ||
        !has_form(values[2], link_id_length, 'v') ||
        decode_base64url(values[3], strlen(values[3]), signature) != hash_length)
        return false;
    link->media_id = media_id;
    strcpy(link->key_id, values[1]);
    strcpy(link->id, values[2]);
    memcpy(link->signature, signature, hash_length);
    return true;
}

// --- What it is worth ------------------------------------------------------------------------------------------------

static const unsigned char *key_of(struct worker *w, const char *id) {
    if (strcmp(w->link_key_id, id) != 0) {
        char text[256];
        int length = snprintf(text, sizeof text, "media-link-key\n%s", id);
        hmac(w, secret, strlen(secret), text, length, w->link_key);
        strcpy(w->link_key_id, id);
    }
    return w->link_key;
}

static bool is_signed(struct worker *w, const struct link *link) {
    char text[256];
    unsigned char right[hash_length];
    int length = snprintf(text, sizeof text, "media-link-1\n%s\n%lld\n%s\n%s\n%lld\n\n\n", link->media_id,
                          link->expires_at, link->key_id, link->id, w->media.epoch);
    hmac(w, key_of(w, link->key_id), hash_length, text, length, right);
    return CRYPTO_memcmp(link->signature, right, hash_length) == 0;
}

enum link_state check_link(struct worker *w, const struct link *link) {
    const struct media_row *row = &w->media;
    if (memcmp(row->fingerprint, fingerprint, sizeof fingerprint) != 0 || !is_signed(w, link)) return no_link;
    if (!row->is_current || !row->columns[link_revoked_column].is_null || !row->columns[key_revoked_column].is_null)
        return revoked_link;
    if (link->expires_at * 1000 <= now()) return expired_link;
    return !row->columns[used_up_column].is_null && row->is_used_up ? used_up_link : valid_link;
}
