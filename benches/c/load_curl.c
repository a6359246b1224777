/*
 * libcurl, measured like load.c: from dlopen to the first byte and to the first accepted mail.
 *
 *   load_curl LIBRARY PORT CA_FILE FILE
 */
#include "first.h"
#include <curl/curl.h>

#undef curl_easy_setopt
#define FIND(name) (*(void **)&name = dlsym(library, "curl_" #name), name != NULL)

static char *content;
static size_t len, at;

static size_t give(char *room, size_t size, size_t count, void *user) {
    size_t left = len - at, n = size * count < left ? size * count : left;
    (void)user;
    memcpy(room, content + at, n);
    at += n;
    return n;
}

int main(int argc, char **argv) {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    char url[64];
    if (argc != 5) return 64;
    content = meter_read(argv[4], &len);
    snprintf(url, sizeof url, "smtps://127.0.0.1:%s/bench.test", argv[2]);
    double began = meter_clock(CLOCK_MONOTONIC);
    void *library = dlopen(argv[1], RTLD_NOW);
    double loaded = meter_clock(CLOCK_MONOTONIC);
    if (library == NULL || !FIND(global_init) || !FIND(easy_init) || !FIND(easy_setopt) || !FIND(easy_perform) ||
        !FIND(slist_append))
        return 1;
    global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = easy_init();
    easy_setopt(curl, CURLOPT_URL, url);
    easy_setopt(curl, CURLOPT_CAINFO, argv[3]);
    easy_setopt(curl, CURLOPT_USERNAME, "alice");
    easy_setopt(curl, CURLOPT_PASSWORD, "correct horse");
    easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
    easy_setopt(curl, CURLOPT_SASL_IR, 1L);
    easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    easy_setopt(curl, CURLOPT_MAIL_FROM, "<alice@mail.test>");
    easy_setopt(curl, CURLOPT_MAIL_RCPT, slist_append(NULL, "<bob@mail.test>"));
    easy_setopt(curl, CURLOPT_READFUNCTION, give);
    easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
    double ready = meter_clock(CLOCK_MONOTONIC);
    if (easy_perform(curl) != CURLE_OK) return 1;
    double sent = meter_clock(CLOCK_MONOTONIC);
    return first_print(began, loaded, ready, sent);
}
