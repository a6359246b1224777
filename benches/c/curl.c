/*
 * libcurl: one easy handle, one connection, the login with an initial response.
 *
 *   curl send     PORT CA_FILE COUNT MESSAGE_FILE [cold]   the message as it is
 *   curl attach   PORT CA_FILE COUNT FILE [cold]           FILE attached by curl's MIME interface
 *   curl encoded  PORT CA_FILE COUNT MESSAGE_FILE [cold]   a message that is read from the file as it goes
 */
#include "meter.h"
#include <curl/curl.h>

struct upload {
    const char *text;
    size_t len, at;
};

static size_t give(char *room, size_t size, size_t count, void *user) {
    struct upload *upload = user;
    size_t left = upload->len - upload->at, n = size * count < left ? size * count : left;
    memcpy(room, upload->text + upload->at, n);
    upload->at += n;
    return n;
}

static size_t ignore(char *text, size_t size, size_t count, void *user) {
    (void)text;
    (void)user;
    return size * count;
}

static CURLcode send_text(CURL *curl, const char *text, size_t len) {
    struct upload upload = {text, len, 0};
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
    return curl_easy_perform(curl);
}

static CURLcode send_file(CURL *curl, const char *path) {
    curl_mime *mime = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(mime);
    struct curl_slist *header = curl_slist_append(NULL, "From: alice@mail.test");
    header = curl_slist_append(header, "To: bob@mail.test");
    header = curl_slist_append(header, "Subject: A file");
    curl_mime_filedata(part, path);
    curl_mime_encoder(part, "base64");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, header);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, NULL);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_mime_free(mime);
    curl_slist_free_all(header);
    return result;
}

static size_t give_file(char *room, size_t size, size_t count, void *user) {
    return fread(room, size, count, user);
}

static CURLcode send_encoded(CURL *curl, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return CURLE_READ_ERROR;
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_file);
    curl_easy_setopt(curl, CURLOPT_READDATA, file);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)-1);
    CURLcode result = curl_easy_perform(curl);
    fclose(file);
    return result;
}

int main(int argc, char **argv) {
    static const char warm[] = "Subject: warm\r\n\r\nwarm\r\n";
    if (argc < 6) return 64;
    const char *form = argv[1], *file = argv[5];
    int attach = strcmp(form, "send") != 0;
    long count = strtol(argv[4], NULL, 10);
    size_t len = 0;
    char *text = attach ? NULL : meter_read(file, &len);
    if (!attach && text == NULL) return 66;
    char url[64];
    snprintf(url, sizeof url, "smtps://127.0.0.1:%s/bench.test", argv[2]);
    meter_start();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, "<bob@mail.test>");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, argv[3]);
    curl_easy_setopt(curl, CURLOPT_USERNAME, "alice");
    curl_easy_setopt(curl, CURLOPT_PASSWORD, "correct horse");
    curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
    curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<alice@mail.test>");
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    CURLcode result = CURLE_OK;
    if (argc <= 6 || strcmp(argv[6], "cold") != 0) {
        result = attach ? send_text(curl, warm, sizeof warm - 1) : send_text(curl, text, len);
        meter_restart();
    }
    for (long i = 0; i < count && result == CURLE_OK; i++)
        result = !attach                       ? send_text(curl, text, len)
                 : strcmp(form, "attach") == 0 ? send_file(curl, file)
                                               : send_encoded(curl, file);
    meter_stop();
    if (result != CURLE_OK) fprintf(stderr, "%s\n", curl_easy_strerror(result));
    curl_easy_cleanup(curl);
    curl_slist_free_all(to);
    free(text);
    if (result == CURLE_OK) meter_print(count);
    return result == CURLE_OK ? 0 : 1;
}
