// libcurl. C's variadic functions don't import, so there is one function here for each type of an argument.
#include <curl/curl.h>

static inline CURLcode media_curl_set_number(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode media_curl_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}

// The function gets bytes, 1, their count and `context`; a return other than the count ends the transfer.
static inline CURLcode media_curl_set_writer(
    CURL *curl, size_t (*writer)(char *, size_t, size_t, void *), void *context) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, writer);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_WRITEDATA, context);
}

static inline CURLcode media_curl_status(CURL *curl, long *status) {
    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
}

// The macro has a type of its own in C.
static inline CURLcode media_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
