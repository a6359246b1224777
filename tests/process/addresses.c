/*
 * A send to a name that has two addresses, which come from this program's own look-up.
 *
 *   addresses FIRST SECOND PORT implicit|starttls PIN USER PASSWORD RECIPIENT
 *
 * Prints the status, and behind an error whether the login was released.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include "own.h"

static struct sockaddr_in places[2];
static struct addrinfo answers[2];

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict found) {
    (void)node, (void)service, (void)hints;
    *found = answers;
    return 0;
}

void freeaddrinfo(struct addrinfo *found) {
    (void)found;
}

int main(int argc, char **argv) {
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    CHECK(argc == 9);
    for (int i = 0; i < 2; i++) {
        places[i].sin_family = AF_INET;
        CHECK(inet_pton(AF_INET, argv[1 + i], &places[i].sin_addr) == 1);
        answers[i].ai_family = AF_INET;
        answers[i].ai_socktype = SOCK_STREAM;
        answers[i].ai_addrlen = sizeof places[i];
        answers[i].ai_addr = (struct sockaddr *)&places[i];
        answers[i].ai_next = i == 0 ? &answers[1] : NULL;
    }
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_pin(policy, TEXT(argv[5]), NULL) == 0);
    if (strcmp(argv[4], "starttls") == 0)
        CHECK(secsmtp_policy_set_tls_mode(policy, SECSMTP_TLS_MODE_STARTTLS, NULL) == 0);
    CHECK(secsmtp_client_new(TEXT("mail.test"), (uint32_t)atoi(argv[3]), policy, &client, NULL) == 0);
    CHECK(secsmtp_client_set_timeout(client, SECSMTP_STAGE_ALL, 30000, NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT(argv[6]), (uint8_t *)argv[7], strlen(argv[7]), &login, NULL) == 0);
    CHECK(secsmtp_client_set_credential(client, login, NULL) == 0);
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT(argv[8]), NULL) == 0);
    CHECK(secsmtp_message_set_content(message, (const uint8_t *)"Subject: x\r\n\r\nx\r\n", 17, NULL) == 0);

    int32_t status = secsmtp_client_send(client, message, &receipt, &error);
    printf("%s", secsmtp_status_name(status));
    if (error != NULL)
        printf(" secret=%d", (int)secsmtp_error_secret_released(error));

    secsmtp_error_free(error);
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_client_free(client);
    secsmtp_policy_free(policy);
    return 0;
}
