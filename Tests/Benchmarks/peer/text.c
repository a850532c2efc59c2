// HMAC, base64url and as much of JSON as tokens need.
#include <ctype.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

EVP_MAC_CTX *new_hmac(void) {
    EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(kind);
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
                               OSSL_PARAM_construct_end()};
    if (!mac || !EVP_MAC_CTX_set_params(mac, parameters)) abort();
    return mac;
}

void hmac(struct worker *w, const void *key, size_t key_length, const void *text, size_t length,
          unsigned char result[hash_length]) {
    size_t written = 0;
    if (!EVP_MAC_init(w->mac, key, key_length, NULL) || !EVP_MAC_update(w->mac, text, length) ||
        !EVP_MAC_final(w->mac, result, &written, hash_length) || written != hash_length)
        abort();
}

// Letters from 'a' to the last one, and digits.
bool consists_of(const char *text, size_t length, char last_letter) {
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'a' && text[i] <= last_letter)) return false;
    return true;
}

static int base64url_value(char byte) {
    if (byte >= 'A' && byte <= 'Z') return byte - 'A';
    if (byte >= 'a' && byte <= 'z') return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9') return byte - '0' + 52;
    return byte == '-' ? 62 : byte == '_' ? 63 : -1;
}

long decode_base64url(const char *text, size_t length, unsigned char *bytes) {
    if (length % 4 == 1) return -1;
    long count = 0;
    unsigned buffer = 0;
    int bits = 0;
    for (size_t i = 0; i < length; i++) {
        int value = base64url_value(text[i]);
        if (value < 0) return -1;
        buffer = buffer << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[count++] = buffer >> bits;
        }
    }
    return buffer & ((1u << bits) - 1) ? -1 : count;
}

// --- JSON --------------------------------------------------------------------------------------------------------------

static const char *skip_space(const char *p) { return p + strspn(p, " \t\r\n"); }

// Behind a value that starts at `p`; NULL where there is none.
static const char *skip_value(const char *p, int depth) {
    if (depth > 16) return NULL;
    if (*p == '"') {
        for (p++; *p && *p != '"'; p++)
            if (*p == '\\' && p[1]) p++;
        return *p ? p + 1 : NULL;
    }
    if (*p != '{' && *p != '[') {
        size_t length = strspn(p, "+-.0123456789eEtrufalsn");
        return length ? p + length : NULL;
    }
    char kind = *p, close = kind == '{' ? '}' : ']';
    p = skip_space(p + 1);
    if (*p == close) return p + 1;
    for (;; p = skip_space(p + 1)) {
        if (kind == '{') {
            if (*p != '"' || !(p = skip_value(p, depth + 1)) || *(p = skip_space(p)) != ':') return NULL;
            p = skip_space(p + 1);
        }
        if (!(p = skip_value(p, depth + 1))) return NULL;
        p = skip_space(p);
        if (*p == close) return p + 1;
        if (*p != ',') return NULL;
    }
}

const char *json_member(const char *object, const char *name, bool *is_valid) {
    const char *p = skip_space(object), *end = skip_value(p, 0);
    *is_valid = end && !*skip_space(end);
    if (!*is_valid || *p != '{') return NULL;
    size_t length = strlen(name);
    for (p = skip_space(p + 1); *p == '"'; p = skip_space(p + 1)) {
        bool is_it = strncmp(p + 1, name, length) == 0 && p[1 + length] == '"';
        p = skip_space(skip_space(skip_value(p, 1)) + 1);
        if (is_it) return p;
        p = skip_space(skip_value(p, 1));
        if (*p == '}') break;
    }
    return NULL;
}

bool json_string(const char *value, char *text, size_t size) {
    if (!value || *value != '"') return false;
    size_t length = strcspn(value + 1, "\"\\");
    if (value[1 + length] != '"' || length >= size) return false;
    memcpy(text, value + 1, length);
    text[length] = 0;
    return true;
}

bool json_has_string(const char *array, const char *text) {
    size_t length = strlen(text);
    for (const char *p = skip_space(array + 1); *p != ']'; p = skip_space(p + (*p == ','))) {
        if (*p == '"' && strncmp(p + 1, text, length) == 0 && p[1 + length] == '"') return true;
        p = skip_space(skip_value(p, 1));
    }
    return false;
}
