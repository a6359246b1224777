/*
 * A program of the day when the interface of the first release was frozen: it knows
 * secsmtp-0.1.0.h alone, and must run with every later library of the same soname.
 */
#include "secsmtp-0.1.0.h"
#include <stdio.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define DEMAND(what)                                                                               \
    if (!(what)) {                                                                                 \
        printf("line %d: %s\n", __LINE__, #what);                                                  \
        return 1;                                                                                  \
    }

static int lines = 0;

static void on_log(void *user, int32_t level, int32_t stage, const char *text, size_t len) {
    if (user == (void *)&lines && level >= 1 && level <= 4 && stage >= 0 && strlen(text) == len) {
        lines++;
    }
}

int main(void) {
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_client *client = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL, *record = NULL;
    secsmtp_error *error = NULL;
    size_t len = 0;

    DEMAND(secsmtp_abi_version() >= SECSMTP_ABI_VERSION);
    DEMAND(strcmp(secsmtp_status_name(SECSMTP_E_PIN), "SECSMTP_E_PIN") == 0);
    DEMAND(secsmtp_policy_new(&policy, &error) == SECSMTP_OK);
    DEMAND(secsmtp_policy_add_pin(policy, TEXT("nonsense"), &error) == SECSMTP_E_PIN);
    DEMAND(secsmtp_error_status(error) == SECSMTP_E_PIN);
    DEMAND(secsmtp_error_free(error) == 0 && secsmtp_policy_free(policy) == 0);
    DEMAND(secsmtp_policy_new(&policy, &error) == 0 && error == NULL);
    DEMAND(secsmtp_policy_set_tls_mode(policy, SECSMTP_TLS_MODE_IMPLICIT, &error) == 0);
    DEMAND(secsmtp_policy_add_mozilla_roots(policy, &error) == 0);
    DEMAND(secsmtp_client_new(TEXT("mail.test"), 465, policy, &client, &error) == 0);
    /* No program listens on port 1 of this machine. */
    DEMAND(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), 1, &error) == 0);
    DEMAND(secsmtp_client_set_log(client, on_log, &lines, SECSMTP_LOG_DEBUG, &error) == 0);
    DEMAND(secsmtp_credential_new_password(TEXT("u"), (const uint8_t *)"p", 1, &login, &error) == 0);
    DEMAND(secsmtp_client_set_credential(client, login, &error) == 0);
    DEMAND(secsmtp_message_new(&message, &error) == 0);
    DEMAND(secsmtp_message_set_sender(message, TEXT("a@mail.test"), &error) == 0);
    DEMAND(secsmtp_message_add_recipient(message, TEXT("b@mail.test"), &error) == 0);
    DEMAND(secsmtp_message_set_content(message, (const uint8_t *)"Subject: x\n\nx\n", 14, &error) == 0);
    DEMAND(secsmtp_client_send(client, message, &receipt, &error) == SECSMTP_E_CONNECT);
    DEMAND(receipt == NULL && secsmtp_error_outcome(error) == SECSMTP_OUTCOME_NOT_SENT);
    DEMAND(secsmtp_error_stage(error) == SECSMTP_STAGE_CONNECT);
    DEMAND(secsmtp_error_secret_released(error) == 0 && secsmtp_error_content_released(error) == 0);
    DEMAND(secsmtp_error_retry(error) == SECSMTP_RETRY_LATER);
    DEMAND(strlen(secsmtp_error_text(error, &len)) == len && len > 0);
    DEMAND(secsmtp_error_receipt(error, &record) == 0);
    DEMAND(secsmtp_receipt_recipient_count(record) == 1);
    DEMAND(strcmp(secsmtp_receipt_recipient_address(record, 0, NULL), "b@mail.test") == 0);
    DEMAND(lines > 0);
    DEMAND(secsmtp_receipt_free(record) == 0 && secsmtp_error_free(error) == 0);
    DEMAND(secsmtp_message_free(message) == 0 && secsmtp_credential_free(login) == 0);
    DEMAND(secsmtp_client_free(client) == 0 && secsmtp_policy_free(policy) == 0);
    DEMAND(secsmtp_policy_free(policy) == SECSMTP_E_BAD_HANDLE);
    DEMAND(secsmtp_debug_live_handles() == 0);
    puts("the old program runs");
    return 0;
}
