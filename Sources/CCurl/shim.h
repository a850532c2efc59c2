// libcurl. C's variadic functions don't import, so there is one function here for each type of an argument.
#include <curl/curl.h>

static inline CURLcode media_curl_set_number(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode media_curl_set_size(CURL *curl, CURLoption option, curl_off_t value) {
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

// The same for each line of an answer's head.
static inline CURLcode media_curl_set_head_writer(
    CURL *curl, size_t (*writer)(char *, size_t, size_t, void *), void *context) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, writer);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_HEADERDATA, context);
}

// The reader fills the buffer that it gets, and returns how many bytes; `seek` goes to an offset, for a body that is sent anew.
static inline CURLcode media_curl_set_reader(
    CURL *curl, size_t (*reader)(char *, size_t, size_t, void *), int (*seek)(void *, curl_off_t, int), void *context) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_READFUNCTION, reader);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_READDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_SEEKDATA, context);
}

// The function makes the socket for an address, or refuses it with CURL_SOCKET_BAD.
static inline CURLcode media_curl_set_opener(
    CURL *curl, curl_socket_t (*opener)(void *, curlsocktype, struct curl_sockaddr *), void *context) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, opener);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, context);
}

// The socket for an address. Here, since Swift would take the flag for libcurl's in all files of a target.
static inline curl_socket_t media_curl_open(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// A macro that doesn't import.
static const curl_socket_t media_curl_bad_socket = CURL_SOCKET_BAD;

static inline CURLcode media_curl_status(CURL *curl, long *status) {
    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
}

// The macro has a type of its own in C.
static inline CURLcode media_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// Bytes that are copied.
static inline CURLcode media_curl_set_body(CURL *curl, const void *bytes, long count) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, bytes);
}

// Each such as `Name: value`; the list has to stay until the transfer has ended.
static inline CURLcode media_curl_set_fields(CURL *curl, struct curl_slist *fields) {
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
}

// Seconds that the answer's Retry-After asks for; 0 where it has none.
static inline CURLcode media_curl_retry_after(CURL *curl, curl_off_t *seconds) {
    return curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, seconds);
}

// The transfer that has ended, and how; 0 where none has.
static inline CURL *media_curl_ended(CURLM *multi, CURLcode *code) {
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        if (message->msg != CURLMSG_DONE) continue;
        *code = message->data.result;
        return message->easy_handle;
    }
    return 0;
}
