/*
 * Sends one mail and prints its outcome.
 *
 *   send HOST CONNECT_ADDRESS PORT implicit|starttls CA_FILE PIN|- USER PASSWORD FROM TO
 *
 * The login is sent only after the server HOST was verified by CA_FILE and, if given, PIN.
 */
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static const char CONTENT[] = "From: The C example <alice@mail.test>\n"
                              "Subject: Hello from C\n"
                              "Message-ID: <c-example@mail.test>\n"
                              "\n"
                              "This mail went to the named server, or nowhere.\n";

int main(int argc, char **argv) {
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_client *client = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    if (argc != 11) {
        fprintf(stderr, "usage: send HOST ADDRESS PORT implicit|starttls CA_FILE PIN|- USER PASSWORD FROM TO\n");
        return 64;
    }
    /* Any other text is an invalid mode, which the library rejects. */
    int32_t mode = strcmp(argv[4], "starttls") == 0   ? SECSMTP_TLS_MODE_STARTTLS
                   : strcmp(argv[4], "implicit") == 0 ? SECSMTP_TLS_MODE_IMPLICIT
                                                      : -1;
    uint32_t port = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint8_t *password = (const uint8_t *)argv[8];

    int32_t failed =
        secsmtp_policy_new(&policy, &error) || secsmtp_policy_set_tls_mode(policy, mode, &error) ||
        secsmtp_policy_add_ca_file(policy, TEXT(argv[5]), &error) ||
        (strcmp(argv[6], "-") != 0 && secsmtp_policy_add_pin(policy, TEXT(argv[6]), &error)) ||
        secsmtp_client_new(TEXT(argv[1]), port, policy, &client, &error) ||
        secsmtp_client_set_connect(client, TEXT(argv[2]), port, &error) ||
        secsmtp_credential_new_password(TEXT(argv[7]), password, strlen(argv[8]), &login, &error) ||
        secsmtp_client_set_credential(client, login, &error) || secsmtp_message_new(&message, &error) ||
        secsmtp_message_set_sender(message, TEXT(argv[9]), &error) ||
        secsmtp_message_add_recipient(message, TEXT(argv[10]), &error) ||
        secsmtp_message_set_content(message, (const uint8_t *)CONTENT, sizeof CONTENT - 1, &error) ||
        secsmtp_client_send(client, message, &receipt, &error);

    if (failed) {
        printf("%s: %s\n", secsmtp_outcome_name(secsmtp_error_outcome(error)), secsmtp_error_text(error, NULL));
    } else {
        printf("accepted: %s\n", secsmtp_receipt_server_text(receipt, NULL));
        printf("over TLS %s to the key %s\n", secsmtp_receipt_tls_version(receipt, NULL),
               secsmtp_receipt_spki(receipt, 0, NULL));
    }
    secsmtp_error_free(error);
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_client_free(client);
    secsmtp_policy_free(policy);
    return failed ? 1 : 0;
}
