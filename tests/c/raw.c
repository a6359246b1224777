/*
 * Sends a finished mail that is not held in memory: from a file, or from a function that makes it while it is
 * sent.
 *
 *   raw HOST ADDRESS PORT CA_FILE USER PASSWORD RULES file PATH
 *   raw HOST ADDRESS PORT CA_FILE USER PASSWORD RULES make BYTES
 *
 * A KEY_FILE after these signs the mail. The USER - is no login. The last line reports the peak memory of the process (Linux).
 */
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static const char HEAD[] = "From: alice@mail.test\nTo: bob@mail.test\nBcc: hidden@mail.test\nSubject: made\n\n";
static const char LINE[] = "a line that is made while it is sent, and ends in a line feed alone ........\n";
static int released = 0;

/* Bytes that are not held in memory: each is computed from its offset. */
static int64_t make(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    uint64_t size = *(const uint64_t *)user;
    const size_t head = sizeof HEAD - 1, line = sizeof LINE - 1;
    size_t n = 0;
    for (; n < room && offset + n < size; n++) {
        uint64_t at = offset + n;
        buffer[n] = (uint8_t)(at < head ? HEAD[at] : LINE[(at - head) % line]);
    }
    return (int64_t)n;
}

static void release(void *user) {
    (void)user;
    released++;
}

static void print_memory(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            fputs(line, stdout);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
}

int main(int argc, char **argv) {
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_client *client = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_signer *signer = NULL;
    secsmtp_error *error = NULL;
    if (argc != 10 && argc != 11) {
        return 64;
    }
    uint32_t port = (uint32_t)strtoul(argv[3], NULL, 10);
    int32_t rules = (int32_t)strtol(argv[7], NULL, 10);
    uint64_t bytes = strtoull(argv[9], NULL, 10);
    int made = strcmp(argv[8], "make") == 0;
    int32_t failed =
        secsmtp_message_new(&message, &error) ||
        ((rules & SECSMTP_CONTENT_ENVELOPE) == 0 &&
         (secsmtp_message_set_sender(message, TEXT("alice@mail.test"), &error) ||
          secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), &error))) ||
        (made ? secsmtp_message_set_content_reader(message, make, release, &bytes, (int64_t)bytes, rules, &error)
              : secsmtp_message_set_content_file(message, TEXT(argv[9]), rules, &error)) ||
        (argc == 11 &&
         (secsmtp_signer_new_file(TEXT("mail.test"), TEXT("s"), TEXT(argv[10]), &signer, &error) ||
          secsmtp_signer_set_lifetime(signer, 86400, &error) ||
          secsmtp_signer_set_fields(signer, TEXT("Subject:To"), &error) ||
          secsmtp_signer_set_absent_fields(signer, TEXT("subject"), &error) ||
          secsmtp_message_add_signer(message, signer, &error))) ||
        secsmtp_policy_new(&policy, &error) ||
        secsmtp_policy_add_ca_file(policy, TEXT(argv[4]), &error) ||
        secsmtp_client_new(TEXT(argv[1]), port, policy, &client, &error) ||
        secsmtp_client_set_connect(client, TEXT(argv[2]), port, &error) ||
        (strcmp(argv[5], "-") != 0 &&
         (secsmtp_credential_new_password(TEXT(argv[5]), (const uint8_t *)argv[6], strlen(argv[6]), &login, &error) ||
          secsmtp_client_set_credential(client, login, &error))) ||
        secsmtp_client_send(client, message, &receipt, &error);
    if (failed) {
        printf("%s: %s\n", secsmtp_outcome_name(secsmtp_error_outcome(error)), secsmtp_error_text(error, NULL));
    } else {
        printf("accepted: %s\n", secsmtp_receipt_server_text(receipt, NULL));
        printf("bytes: %lld\n", (long long)secsmtp_message_size(message));
    }
    /* A message keeps its signer; release is called once, when the message drops its content, and never after a failed call. */
    secsmtp_signer_free(signer);
    int early = released;
    if (message != NULL && made && secsmtp_message_set_content(message, (const uint8_t *)"A: b\n", 5, NULL) == 0) {
        printf("released: %d %d\n", early, released);
    }
    secsmtp_error_free(error);
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_client_free(client);
    secsmtp_policy_free(policy);
    print_memory();
    return failed ? 1 : 0;
}
