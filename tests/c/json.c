/* JSON texts of everything that has one, as a C host gets them.
 *
 *   json HOST ADDRESS PORT CA PIN USER PASSWORD
 *
 * Prints one text a line: receipts, errors, reports, and events of all kinds. Prints what went wrong and ends
 * with 1. */

#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) check((condition), #condition, __LINE__)

static char **args;
static secsmtp_policy *policy, *broken;
static secsmtp_credential *login, *asking;
static secsmtp_message *message;

static void check(int holds, const char *what, int line) {
    if (!holds) {
        printf("line %d: not so: %s\n", line, what);
        exit(1);
    }
}

/* Prints the text of a getter: the same at each call, with its length, until the object is freed. */
#define SHOW(noun, object)                                                                             \
    do {                                                                                               \
        size_t len = 0;                                                                                \
        const char *json = secsmtp_##noun##_json((object), &len);                                      \
        CHECK(json[0] == '{' && strlen(json) == len && json[len - 1] == '}');                          \
        CHECK(secsmtp_##noun##_json((object), NULL) == json);                                          \
        puts(json);                                                                                    \
    } while (0)

static int32_t on_secret(void *context, secsmtp_secret_request *request) {
    (void)context;
    CHECK(secsmtp_secret_request_answer_text(request, TEXT("\xff"), NULL) == SECSMTP_E_UTF8);
    return secsmtp_secret_request_answer_text(request, TEXT(args[7]), NULL);
}

static secsmtp_client *new_client(const secsmtp_credential *credential, uint32_t events) {
    secsmtp_client *client = NULL;
    CHECK(secsmtp_client_new(TEXT(args[1]), 0, policy, &client, NULL) == 0);
    CHECK(secsmtp_client_set_connect(client, TEXT(args[2]), (uint32_t)atoi(args[3]), NULL) == 0);
    CHECK(secsmtp_client_set_credential(client, credential, NULL) == 0);
    CHECK(secsmtp_client_set_limits(client, 1, 16, events, NULL) == 0);
    return client;
}

static void sends(void) {
    secsmtp_client *client = new_client(asking, 256);
    secsmtp_receipt *receipt = NULL, *record = NULL;
    secsmtp_error *error = NULL;
    secsmtp_report *report = NULL;
    size_t len = 1;

    CHECK(secsmtp_client_send(client, message, &receipt, NULL) == 0);
    SHOW(receipt, receipt);
    CHECK(secsmtp_client_probe(client, &report, NULL) == 0);
    SHOW(report, report);

    /* Port 1 of this machine takes no connection. */
    CHECK(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), 1, NULL) == 0);
    CHECK(secsmtp_client_send(client, message, NULL, &error) == SECSMTP_E_CONNECT);
    SHOW(error, error);
    CHECK(secsmtp_error_receipt(error, &record) == 0);
    SHOW(receipt, record);
    secsmtp_error_free(error);
    CHECK(secsmtp_policy_add_pin(broken, TEXT("\"\\\x01"), &error) == SECSMTP_E_PIN);
    SHOW(error, error);

    /* A freed handle, another kind and NULL have no text. */
    secsmtp_receipt_free(record);
    CHECK(*secsmtp_receipt_json(record, &len) == 0 && len == 0);
    len = 1;
    CHECK(*secsmtp_error_json((secsmtp_error *)receipt, &len) == 0 && len == 0);
    CHECK(*secsmtp_event_json(NULL, NULL) == 0);

    secsmtp_error_free(error);
    secsmtp_report_free(report);
    secsmtp_receipt_free(receipt);
    secsmtp_client_free(client);
}

/* Takes and prints events until that of the completion. */
static void events_of(secsmtp_client *client, uint64_t job) {
    secsmtp_event *event = NULL;
    int32_t kind = 0;
    while (kind != SECSMTP_EVENT_COMPLETED) {
        CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == 0);
        kind = secsmtp_event_kind(event);
        CHECK(secsmtp_event_job(event) == job && secsmtp_event_tag(event) == UINT64_MAX);
        SHOW(event, event);
        if (kind == SECSMTP_EVENT_SECRET) {
            CHECK(secsmtp_client_answer_secret_text(client, job, TEXT("\xff"), NULL) == SECSMTP_E_UTF8);
            CHECK(secsmtp_client_answer_secret_text(client, job, TEXT(args[7]), NULL) == 0);
        }
        secsmtp_event_free(event);
    }
}

static uint64_t submit(secsmtp_client *client) {
    uint64_t job = 0;
    CHECK(secsmtp_client_submit(client, message, UINT64_MAX, &job, NULL) == 0);
    return job;
}

static void jobs(void) {
    secsmtp_client *client = new_client(asking, 256);
    secsmtp_event *event = NULL;
    int32_t all = SECSMTP_EVENT_LOG | SECSMTP_EVENT_STAGE | SECSMTP_EVENT_PROGRESS | SECSMTP_EVENT_RECIPIENT;
    CHECK(secsmtp_client_set_events(client, all, SECSMTP_LOG_DEBUG, NULL) == 0);
    events_of(client, submit(client));
    CHECK(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), 1, NULL) == 0);
    events_of(client, submit(client));
    secsmtp_client_free(client);

    /* Some events are dropped if there is not enough room. */
    client = new_client(login, 1);
    CHECK(secsmtp_client_set_events(client, all, SECSMTP_LOG_DEBUG, NULL) == 0);
    CHECK(secsmtp_client_wait(client, submit(client), SECSMTP_FOREVER, NULL, NULL) == 0);
    int32_t kind = 0;
    while (kind != SECSMTP_EVENT_DROPPED) {
        CHECK(secsmtp_client_poll_event(client, 0, &event, NULL) == 0);
        kind = secsmtp_event_kind(event);
        SHOW(event, event);
        secsmtp_event_free(event);
    }
    secsmtp_client_free(client);
}

int main(int argc, char **argv) {
    if (argc != 8) {
        return 64;
    }
    args = argv;
    CHECK(secsmtp_policy_new(&policy, NULL) == 0 && secsmtp_policy_new(&broken, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(args[4]), NULL) == 0);
    CHECK(secsmtp_policy_add_pin(policy, TEXT(args[5]), NULL) == 0);
    CHECK(secsmtp_credential_new_password_text(TEXT(args[6]), TEXT(args[7]), &login, NULL) == 0);
    const int32_t kind = SECSMTP_SECRET_PASSWORD;
    CHECK(secsmtp_credential_new_asked(TEXT(args[6]), kind, on_secret, NULL, &asking, NULL) == 0);
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("a@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("b@mail.test"), NULL) == 0);
    const char *content = "Message-ID: <1@mail.test>\r\nSubject: x\r\n\r\ny\r\n";
    CHECK(secsmtp_message_set_content(message, (const uint8_t *)content, strlen(content), NULL) == 0);
    sends();
    jobs();
    secsmtp_message_free(message);
    secsmtp_credential_free(asking);
    secsmtp_credential_free(login);
    secsmtp_policy_free(broken);
    secsmtp_policy_free(policy);
    CHECK(secsmtp_debug_live_handles() == 0);
    return 0;
}
