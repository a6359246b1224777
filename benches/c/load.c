/*
 * From dlopen to the first byte on the line, and to the first mail accepted: microseconds.
 *
 *   load LIBRARY PORT CA_FILE FILE
 *
 * The system calls that a library writes to the network with are taken here, noted and passed on: the
 * linker asks the program first.
 */
#include "first.h"
#include <secsmtp.h>

#define FIND(name) (*(void **)&name = dlsym(library, "secsmtp_" #name), name != NULL)
#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

int main(int argc, char **argv) {
    static const char password[] = "correct horse";
    int32_t (*policy_new)(secsmtp_policy **, secsmtp_error **);
    int32_t (*policy_add_ca_file)(secsmtp_policy *, const char *, size_t, secsmtp_error **);
    int32_t (*client_new)(const char *, size_t, uint32_t, const secsmtp_policy *, secsmtp_client **, secsmtp_error **);
    int32_t (*credential_new_password)(const char *, size_t, const uint8_t *, size_t, secsmtp_credential **,
                                       secsmtp_error **);
    int32_t (*client_set_credential)(secsmtp_client *, const secsmtp_credential *, secsmtp_error **);
    int32_t (*message_new)(secsmtp_message **, secsmtp_error **);
    int32_t (*message_set_sender)(secsmtp_message *, const char *, size_t, secsmtp_error **);
    int32_t (*message_add_recipient)(secsmtp_message *, const char *, size_t, secsmtp_error **);
    int32_t (*message_set_content)(secsmtp_message *, const uint8_t *, size_t, secsmtp_error **);
    int32_t (*client_send)(secsmtp_client *, const secsmtp_message *, secsmtp_receipt **, secsmtp_error **);
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    size_t len = 0;
    if (argc != 5) return 64;
    char *content = meter_read(argv[4], &len);
    double began = meter_clock(CLOCK_MONOTONIC);
    void *library = dlopen(argv[1], RTLD_NOW);
    double loaded = meter_clock(CLOCK_MONOTONIC);
    if (library == NULL || !FIND(policy_new) || !FIND(policy_add_ca_file) || !FIND(client_new) ||
        !FIND(credential_new_password) || !FIND(client_set_credential) || !FIND(message_new) ||
        !FIND(message_set_sender) || !FIND(message_add_recipient) || !FIND(message_set_content) ||
        !FIND(client_send))
        return 1;
    if (policy_new(&policy, NULL) || policy_add_ca_file(policy, TEXT(argv[3]), NULL) ||
        client_new(TEXT("127.0.0.1"), (uint32_t)strtoul(argv[2], NULL, 10), policy, &client, NULL) ||
        credential_new_password(TEXT("alice"), (const uint8_t *)password, sizeof password - 1, &login, NULL) ||
        client_set_credential(client, login, NULL) || message_new(&message, NULL) ||
        message_set_sender(message, TEXT("alice@mail.test"), NULL) ||
        message_add_recipient(message, TEXT("bob@mail.test"), NULL) ||
        message_set_content(message, (const uint8_t *)content, len, NULL))
        return 1;
    double ready = meter_clock(CLOCK_MONOTONIC);
    if (client_send(client, message, &receipt, NULL)) return 1;
    double sent = meter_clock(CLOCK_MONOTONIC);
    return first_print(began, loaded, ready, sent);
}
