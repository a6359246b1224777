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

static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkjCCATmgAwIBAgIUN4FejbMSwhJ3I3mhtkm8DiP8NuQwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJbWFpbC50ZXN0MB4XDTI2MTEzMDIyMDU1OVoXDTM2MTEyNzIy\n"
    "MDU1OVowFDESMBAGA1UEAwwJbWFpbC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAEV6XSph+paSjtggvp3ovBkNQfzRs7malLmNC+UMOts8UnMYkAGGxjfGHj\n"
    "fs5aEQ0/NnNm/OQvV2BH1Ohen7dptaNpMGcwHQYDVR0OBBYEFIzYeOxdFvzTV3v1\n"
    "jZ/n51sxWqkNMB8GA1UdIwQYMBaAFIzYeOxdFvzTV3v1jZ/n51sxWqkNMA8GA1Ud\n"
    "EwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJbWFpbC50ZXN0MAoGCCqGSM49BAMCA0cA\n"
    "MEQCIDOsGBRY5O9GPf5HkHUqQ/cRWy0Gv3qLz9IIFDq+ss7SAiB3FqfdF3uN377n\n"
    "T+b+6KkGLAUJ1v7qyMVf7mv02wFLyw==\n"
    "-----END CERTIFICATE-----\n";
/* PKCS#8 of an Ed25519 key; the zeros at its end are the key. */
static const uint8_t key[48] = {0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, 'k'};

static int lines = 0;

static void on_log(void *user, int32_t level, int32_t stage, const char *text, size_t len) {
    if (user == (void *)&lines && level >= 1 && level <= 4 && stage >= 0 && strlen(text) == len) {
        lines++;
    }
}

/* Nothing is asked for, because no server is verified. */
static int32_t on_secret(void *context, secsmtp_secret_request *request) {
    (void)context;
    return secsmtp_secret_request_answer_text(request, TEXT("p"), NULL);
}

static int32_t on_preview(void *user, const uint8_t *bytes, size_t len) {
    (void)bytes;
    *(size_t *)user += len;
    return 0;
}

static int is_json(const char *text, const size_t *len) {
    return strlen(text) == *len && strncmp(text, "{\"version\":1,\"kind\":\"", 21) == 0;
}

static int composes(secsmtp_message **message_out) {
    secsmtp_part *part = NULL;
    secsmtp_signer *signer = NULL;
    secsmtp_message *message = NULL;
    size_t size = 0;

    DEMAND(secsmtp_message_new(&message, NULL) == 0);
    const int32_t from = SECSMTP_FIELD_FROM, to = SECSMTP_FIELD_TO;
    DEMAND(secsmtp_message_add_address(message, from, TEXT("a@mail.test"), TEXT("A"), NULL) == 0);
    DEMAND(secsmtp_message_add_address(message, to, TEXT("b@mail.test"), NULL, 0, NULL) == 0);
    DEMAND(secsmtp_message_set_subject(message, TEXT("x"), NULL) == 0);
    DEMAND(secsmtp_message_set_text(message, "yz", 1, NULL) == 0);
    DEMAND(secsmtp_part_new_memory((const uint8_t *)"part", 4, &part, NULL) == 0);
    DEMAND(secsmtp_part_set_name(part, TEXT("part.txt"), NULL) == 0);
    DEMAND(secsmtp_message_add_part(message, part, NULL) == 0 && secsmtp_part_free(part) == 0);
    DEMAND(secsmtp_signer_new(TEXT("mail.test"), TEXT("s"), key, sizeof key, &signer, NULL) == 0);
    DEMAND(secsmtp_message_add_signer(message, signer, NULL) == 0 && secsmtp_signer_free(signer) == 0);
    DEMAND(secsmtp_message_preview(message, on_preview, &size, NULL) == 0 && size > 100);
    *message_out = message;
    return 0;
}

static int judges(const secsmtp_policy *policy) {
    const uint8_t *chain = (const uint8_t *)certificate;
    const size_t size = sizeof certificate - 1;
    secsmtp_report *report = NULL;
    secsmtp_error *error = NULL;
    size_t len = 0;

    DEMAND(secsmtp_policy_verify_chain(policy, TEXT("mail.test"), chain, size, -1, &report, NULL) == 0);
    DEMAND(secsmtp_report_verdict(report) > 4000);
    DEMAND(secsmtp_report_certificate_count(report) == 1);
    DEMAND(is_json(secsmtp_report_json(report, &len), &len) && secsmtp_report_free(report) == 0);
    const int32_t learnt =
        secsmtp_known_servers_learn(TEXT("x"), TEXT("mail.test"), 465, TEXT("no"), TEXT("y"), &error);
    DEMAND(learnt == SECSMTP_E_PIN);
    DEMAND(is_json(secsmtp_error_json(error, &len), &len) && secsmtp_error_free(error) == 0);
    return 0;
}

static int queues(secsmtp_client *client, const secsmtp_message *message) {
    secsmtp_batch *batch = NULL;
    secsmtp_event *event = NULL;
    secsmtp_error *failure = NULL;
    uint64_t job = 0;
    size_t len = 0;

    DEMAND(secsmtp_batch_new(&batch, NULL) == 0 && secsmtp_batch_add(batch, message, NULL) == 0);
    DEMAND(secsmtp_client_send_batch(client, batch, NULL) == SECSMTP_E_CONNECT);
    DEMAND(secsmtp_batch_count(batch) == 1);
    DEMAND(secsmtp_batch_error(batch, 0, &failure, NULL) == 0);
    DEMAND(secsmtp_error_status(failure) == SECSMTP_E_CONNECT && secsmtp_error_free(failure) == 0);
    DEMAND(secsmtp_batch_free(batch) == 0);
    DEMAND(secsmtp_client_submit(client, message, 7, &job, NULL) == 0);
    DEMAND(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == 0);
    DEMAND(secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED);
    DEMAND(secsmtp_event_job(event) == job && secsmtp_event_tag(event) == 7);
    DEMAND(is_json(secsmtp_event_json(event, &len), &len));
    DEMAND(secsmtp_event_error(event, &failure) == 0 && secsmtp_error_free(failure) == 0);
    DEMAND(secsmtp_event_free(event) == 0);
    return 0;
}

int main(void) {
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL, *asking = NULL, *by_text = NULL;
    secsmtp_client *client = NULL;
    secsmtp_message *message = NULL, *composed = NULL;
    secsmtp_receipt *receipt = NULL, *record = NULL;
    secsmtp_error *error = NULL;
    size_t len = 0;

    DEMAND(secsmtp_abi_version() >= SECSMTP_ABI_VERSION);
    DEMAND(strcmp(secsmtp_status_name(SECSMTP_E_PIN), "SECSMTP_E_PIN") == 0);
    DEMAND(secsmtp_policy_new(&policy, &error) == SECSMTP_OK);
    DEMAND(secsmtp_policy_add_pin(policy, TEXT("nonsense"), &error) == SECSMTP_E_PIN);
    DEMAND(secsmtp_error_status(error) == SECSMTP_E_PIN);
    DEMAND(secsmtp_error_free(error) == 0 && secsmtp_policy_free(policy) == 0);
    DEMAND(secsmtp_constant(TEXT("SECSMTP_E_PIN")) == SECSMTP_E_PIN && secsmtp_feature(TEXT("pins")) == 1);
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
    DEMAND(is_json(secsmtp_error_json(error, &len), &len));
    DEMAND(is_json(secsmtp_receipt_json(record, &len), &len));
    DEMAND(lines > 0);
    DEMAND(secsmtp_receipt_free(record) == 0 && secsmtp_error_free(error) == 0);
    DEMAND(secsmtp_credential_new_password_text(TEXT("u"), TEXT("p"), &by_text, NULL) == 0);
    const int32_t kind = SECSMTP_SECRET_TOKEN;
    DEMAND(secsmtp_credential_new_asked(TEXT("u"), kind, on_secret, NULL, &asking, NULL) == 0);
    DEMAND(secsmtp_client_set_credential(client, asking, NULL) == 0);
    DEMAND(secsmtp_secret_request_answer(NULL, (const uint8_t *)"p", 1, NULL) == SECSMTP_E_NULL);
    if (composes(&composed) || judges(policy) || queues(client, composed)) {
        return 1;
    }
    DEMAND(secsmtp_message_free(composed) == 0 && secsmtp_credential_free(by_text) == 0);
    DEMAND(secsmtp_credential_free(asking) == 0);
    DEMAND(secsmtp_message_free(message) == 0 && secsmtp_credential_free(login) == 0);
    DEMAND(secsmtp_client_free(client) == 0 && secsmtp_policy_free(policy) == 0);
    DEMAND(secsmtp_policy_free(policy) == SECSMTP_E_BAD_HANDLE);
    DEMAND(secsmtp_debug_live_handles() == 0);
    puts("the old program runs");
    return 0;
}
