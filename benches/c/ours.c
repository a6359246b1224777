/*
 * libsecsmtp through its C interface.
 *
 *   ours send PORT CA_FILE COUNT MESSAGE_FILE [cold]    blocking sends, one at a time, on a
 *                                                       connection that is kept
 */
#include "meter.h"
#include <secsmtp.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static secsmtp_client *client = NULL;
static secsmtp_error *error = NULL;

static int32_t connect_to(uint32_t port, const char *ca_file) {
    static const char password[] = "correct horse";
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    int32_t failed =
        secsmtp_policy_new(&policy, &error) || secsmtp_policy_add_ca_file(policy, TEXT(ca_file), &error) ||
        secsmtp_client_new(TEXT("127.0.0.1"), port, policy, &client, &error) ||
        secsmtp_credential_new_password(TEXT("alice"), (const uint8_t *)password, sizeof password - 1, &login,
                                        &error) ||
        secsmtp_client_set_credential(client, login, &error) ||
        secsmtp_client_set_reuse(client, 60000, 10000000, &error);
    secsmtp_credential_free(login);
    secsmtp_policy_free(policy);
    return failed;
}

static int32_t envelope(secsmtp_message *message) {
    return secsmtp_message_set_sender(message, TEXT("alice@mail.test"), &error) ||
           secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), &error);
}

/* What a program does for each mail: make it, send it, look at the receipt, free both. */
static int32_t send_one(const uint8_t *content, size_t len) {
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    int32_t failed = secsmtp_message_new(&message, &error) || envelope(message) ||
                     secsmtp_message_set_content(message, content, len, &error) ||
                     secsmtp_client_send(client, message, &receipt, &error) ||
                     secsmtp_receipt_outcome(receipt) != SECSMTP_OUTCOME_ACCEPTED;
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    return failed;
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: ours send PORT CA_FILE COUNT FILE [cold]\n");
        return 64;
    }
    const char *form = argv[1], *file = argv[5];
    long count = strtol(argv[4], NULL, 10);
    int cold = argc > 6 && strcmp(argv[6], "cold") == 0;
    size_t len = 0;
    uint8_t *content = (uint8_t *)meter_read(file, &len);
    if (content == NULL) return 66;
    meter_start();
    int32_t failed = connect_to((uint32_t)strtoul(argv[2], NULL, 10), argv[3]);
    if (!failed && !cold) {
        failed = send_one(content, len);
        meter_restart();
    }
    if (!failed && strcmp(form, "send") == 0) {
        for (long i = 0; i < count && !failed; i++) failed = send_one(content, len);
    }
    meter_stop();
    if (failed) fprintf(stderr, "%s\n", secsmtp_error_text(error, NULL));
    secsmtp_error_free(error);
    secsmtp_client_free(client);
    free(content);
    if (!failed) meter_print(count);
    return failed ? 1 : 0;
}
