#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

/* The type checks are macros around the variadic calls; the wrappers below are typed already. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic: one function per kind of value that is used. */

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

/* The octets are copied by libcurl. */
static inline CURLcode ccurl_set_blob(CURL *handle, CURLoption option, const void *octets, size_t count) {
    struct curl_blob blob = {(void *)octets, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

/* The octets are not copied: they have to stay as long as the handle. */
static inline CURLcode ccurl_lend_blob(CURL *handle, CURLoption option, const void *octets, size_t count) {
    struct curl_blob blob = {(void *)octets, count, CURL_BLOB_NOCOPY};
    return curl_easy_setopt(handle, option, &blob);
}

/* The octets are copied by libcurl, until the next body or ccurl_drop_body. Without any, NULL would make libcurl ask its
 * read callback, which is standard input. */
static inline CURLcode ccurl_copy_body(CURL *handle, const void *octets, size_t count) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, count > 0 ? octets : "") : status;
}

static inline CURLcode ccurl_drop_body(CURL *handle) {
    return curl_easy_setopt(handle, CURLOPT_POSTFIELDS, NULL);
}

typedef size_t (*ccurl_receiver)(char *octets, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_receivers(CURL *handle, ccurl_receiver head, ccurl_receiver body, void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, head);
    if (status == CURLE_OK) status = curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    if (status == CURLE_OK) status = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    if (status == CURLE_OK) status = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    return status;
}

typedef curl_socket_t (*ccurl_opener)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode ccurl_set_opener(CURL *handle, ccurl_opener opener, void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, opener);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context) : status;
}

/* What libcurl does where nobody opens sockets for it. */
static inline curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Writes an address, 4 or 16 octets of the 16 that there is room for, and says how many; 0 for another family. */
static inline int ccurl_peer(const struct curl_sockaddr *address, unsigned char *octets) {
    if (address->addr.sa_family == AF_INET) {
        memcpy(octets, &((const struct sockaddr_in *)&address->addr)->sin_addr, 4);
        return 4;
    }
    if (address->addr.sa_family == AF_INET6) {
        memcpy(octets, &((const struct sockaddr_in6 *)&address->addr)->sin6_addr, 16);
        return 16;
    }
    return 0;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_error_buffer(CURL *handle, char *buffer) {
    return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, buffer);
}

/* Zero when libcurl does not know. */
static inline long ccurl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t ccurl_get_offset(CURL *handle, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : 0;
}

#endif
