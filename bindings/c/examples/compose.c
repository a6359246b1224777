/*
 * Composes a mail of text, HTML, a picture that the HTML shows and attachments, and sends it, or,
 * with - for HOST, only writes it to the file CONNECT_ADDRESS.
 *
 *   compose HOST CONNECT_ADDRESS PORT CA_FILE USER PASSWORD FROM NAME PICTURE
 *           [-r BYTES] [-t NAME ADDRESS]... [FILE]...
 *
 * The USER - is no login. -t adds a recipient, -r an attachment of so many bytes that a function makes while it is sent.
 * The last line printed says how much memory the process ever had (Linux).
 */
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static const char BODY[] = "Hello,\n\nhere is what you asked for.\n\n-- \nThe C example\n";
static const char HTML[] = "<html><body><p>Hello, <b>here</b> is what you asked for.</p>"
                           "<img src=\"cid:picture@example\"></body></html>\n";

/* Bytes that are not held in memory: each is computed from its offset. */
static int64_t make(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    uint64_t size = *(const uint64_t *)user;
    size_t n = 0;
    while (n < room && offset + n < size) {
        buffer[n] = (uint8_t)((offset + n) % 251);
        n++;
    }
    return (int64_t)n;
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
    secsmtp_part *picture = NULL;
    secsmtp_part *made = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    uint64_t bytes = 0;
    if (argc < 10) {
        fprintf(stderr, "usage: compose HOST|- ADDRESS|FILE PORT CA_FILE USER PASSWORD FROM NAME PICTURE "
                        "[-r BYTES] [-t NAME ADDRESS]... [FILE]...\n");
        return 64;
    }
    int send = strcmp(argv[1], "-") != 0;
    int32_t failed =
        secsmtp_message_new(&message, &error) ||
        secsmtp_message_add_address(message, SECSMTP_FIELD_FROM, TEXT(argv[7]), TEXT(argv[8]), &error) ||
        secsmtp_message_set_subject(message, TEXT("Gr\xc3\xbc\xc3\x9f" "e \xe2\x80\x93 \xe6\x97\xa5\xe6\x9c\xac"), &error) ||
        secsmtp_message_set_text(message, TEXT(BODY), &error) ||
        secsmtp_message_set_html(message, TEXT(HTML), &error) ||
        secsmtp_part_new_file(TEXT(argv[9]), &picture, &error) ||
        secsmtp_part_set_content_id(picture, TEXT("picture@example"), &error) ||
        secsmtp_message_add_part(message, picture, &error);
    for (int i = 10; i < argc && !failed; i++) {
        if (strcmp(argv[i], "-t") == 0 && i + 2 < argc) {
            failed = secsmtp_message_add_address(message, SECSMTP_FIELD_TO, TEXT(argv[i + 2]), TEXT(argv[i + 1]), &error);
            i += 2;
        } else if (strcmp(argv[i], "-r") == 0 && i + 1 < argc && made == NULL) {
            bytes = strtoull(argv[++i], NULL, 10);
            failed = secsmtp_part_new_reader(make, NULL, &bytes, (int64_t)bytes, &made, &error) ||
                     secsmtp_part_set_name(made, TEXT("made.bin"), &error) ||
                     secsmtp_message_add_part(message, made, &error);
        } else {
            failed = secsmtp_message_attach_file(message, TEXT(argv[i]), &error);
        }
    }
    if (!send) {
        failed = failed || secsmtp_message_preview_file(message, TEXT(argv[2]), &error);
    } else {
        uint32_t port = (uint32_t)strtoul(argv[3], NULL, 10);
        failed = failed || secsmtp_policy_new(&policy, &error) ||
                 secsmtp_policy_add_ca_file(policy, TEXT(argv[4]), &error) ||
                 secsmtp_client_new(TEXT(argv[1]), port, policy, &client, &error) ||
                 secsmtp_client_set_connect(client, TEXT(argv[2]), port, &error) ||
                 (strcmp(argv[5], "-") != 0 &&
                  (secsmtp_credential_new_password(TEXT(argv[5]), (const uint8_t *)argv[6], strlen(argv[6]), &login, &error) ||
                   secsmtp_client_set_credential(client, login, &error))) ||
                 secsmtp_client_send(client, message, &receipt, &error);
    }
    if (failed) {
        printf("%s: %s\n", secsmtp_outcome_name(secsmtp_error_outcome(error)), secsmtp_error_text(error, NULL));
    } else {
        printf("%s: %s\n", send ? "accepted" : "written", secsmtp_message_id(message, NULL));
        printf("bytes: %lld\n", (long long)secsmtp_message_size(message));
    }
    secsmtp_error_free(error);
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    secsmtp_part_free(picture);
    secsmtp_part_free(made);
    secsmtp_credential_free(login);
    secsmtp_client_free(client);
    secsmtp_policy_free(policy);
    print_memory();
    return failed ? 1 : 0;
}
