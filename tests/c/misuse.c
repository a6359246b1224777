/*
 * Calls every function with what a host gets wrong: NULL, a freed handle, a handle of another kind,
 * an invented one, lengths beyond reason. Each must come back with a status; nothing may crash.
 * (catalogue I07, I08)
 */
#include <secsmtp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static int wrong = 0;

static void expect(int32_t got, int32_t want, const char *what) {
    if (got != want) {
        printf("%s: got %d (%s), want %d (%s)\n", what, got, secsmtp_status_name(got), want,
               secsmtp_status_name(want));
        wrong = 1;
    }
}

#define STATUS(want, call) expect((call), (want), #call)

static int released = 0;

static void release(void *user) {
    (void)user;
    released++;
}

static int64_t nothing(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    (void)user, (void)offset, (void)buffer, (void)room;
    return 0;
}

/* Says that it put in more than there was room for. */
static int64_t too_much(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    (void)user, (void)offset, (void)buffer;
    return (int64_t)room + 1;
}

static int64_t broken(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    (void)user, (void)offset, (void)buffer, (void)room;
    return INT64_MIN;
}

static int32_t taken(void *user, const uint8_t *bytes, size_t bytes_len) {
    (void)bytes, (void)bytes_len;
    return user == NULL ? 0 : 7;
}

/* Each function of a noun that takes only the handle and places for results. */
static void on_log(void *user, int32_t level, int32_t stage, const char *text, size_t len) {
    (void)user, (void)level, (void)stage, (void)text, (void)len;
}

static void policy_calls(secsmtp_policy *p, int32_t want) {
    static const uint8_t bytes[4] = {0x30, 0, 0, 0};
    STATUS(want, secsmtp_policy_set_tls_mode(p, 0, NULL));
    STATUS(want, secsmtp_policy_set_min_tls(p, 13, NULL));
    STATUS(want, secsmtp_policy_add_ca(p, bytes, sizeof bytes, NULL));
    STATUS(want, secsmtp_policy_add_ca_file(p, TEXT("x"), NULL));
    STATUS(want, secsmtp_policy_add_system_roots(p, NULL));
    STATUS(want, secsmtp_policy_add_mozilla_roots(p, NULL));
    STATUS(want, secsmtp_policy_add_pin(p, TEXT("x"), NULL));
    STATUS(want, secsmtp_policy_add_certificate(p, bytes, sizeof bytes, NULL));
    STATUS(want, secsmtp_policy_add_certificate_file(p, TEXT("x"), NULL));
}

static void message_calls(secsmtp_message *m, int32_t want) {
    STATUS(want, secsmtp_message_set_sender(m, TEXT("a@b.c"), NULL));
    STATUS(want, secsmtp_message_add_recipient(m, TEXT("a@b.c"), NULL));
    STATUS(want, secsmtp_message_set_content(m, (const uint8_t *)"x", 1, NULL));
    STATUS(want, secsmtp_message_set_content_by(m, (const uint8_t *)"x", 1, 0, NULL));
    STATUS(want, secsmtp_message_set_content_file(m, TEXT("x"), 0, NULL));
    STATUS(want, secsmtp_message_set_content_reader(m, nothing, NULL, NULL, 0, 0, NULL));
    STATUS(want, secsmtp_message_set_partial(m, 1, NULL));
    STATUS(want, secsmtp_message_add_address(m, SECSMTP_FIELD_TO, TEXT("a@b.c"), TEXT("A"), NULL));
    STATUS(want, secsmtp_message_add_addresses(m, SECSMTP_FIELD_TO, TEXT("A <a@b.c>"), NULL));
    STATUS(want, secsmtp_message_set_subject(m, TEXT("s"), NULL));
    STATUS(want, secsmtp_message_set_date(m, 0, 0, NULL));
    STATUS(want, secsmtp_message_set_message_id(m, TEXT("a@b"), NULL));
    STATUS(want, secsmtp_message_add_in_reply_to(m, TEXT("a@b"), NULL));
    STATUS(want, secsmtp_message_add_reference(m, TEXT("a@b"), NULL));
    STATUS(want, secsmtp_message_add_header(m, TEXT("X-A"), TEXT("b"), NULL));
    STATUS(want, secsmtp_message_add_finished_header(m, TEXT("X-A"), TEXT("b"), NULL));
    STATUS(want, secsmtp_message_set_priority(m, SECSMTP_PRIORITY_HIGH, NULL));
    STATUS(want, secsmtp_message_add_unsubscribe(m, TEXT("mailto:a@b"), NULL));
    STATUS(want, secsmtp_message_set_one_click(m, 1, NULL));
    STATUS(want, secsmtp_message_set_text(m, TEXT("t"), NULL));
    STATUS(want, secsmtp_message_set_html(m, TEXT("h"), NULL));
    STATUS(want, secsmtp_message_set_calendar(m, TEXT("REQUEST"), TEXT("METHOD:REQUEST"), NULL));
    STATUS(want, secsmtp_message_attach_memory(m, TEXT("n"), (const uint8_t *)"x", 1, NULL));
    STATUS(want, secsmtp_message_preview(m, taken, NULL, NULL));
    STATUS(want, secsmtp_message_preview_buffer(m, NULL, 0, NULL, NULL));
    STATUS(want, secsmtp_message_preview_file(m, TEXT("/nowhere/at/all"), NULL));
    STATUS(-want, (int32_t)secsmtp_message_size(m));
    if (*secsmtp_message_id(m, NULL) != '\0') {
        printf("a bad message has an id\n");
        wrong = 1;
    }
}

static void part_calls(secsmtp_part *p, int32_t want) {
    STATUS(want, secsmtp_part_set_name(p, TEXT("n"), NULL));
    STATUS(want, secsmtp_part_set_type(p, TEXT("a/b"), NULL));
    STATUS(want, secsmtp_part_set_content_id(p, TEXT("i"), NULL));
    STATUS(want, secsmtp_part_set_cached(p, 1, NULL));
}

static void signer_calls(secsmtp_signer *s, int32_t want) {
    STATUS(want, secsmtp_signer_set_lifetime(s, 1, NULL));
    STATUS(want, secsmtp_signer_set_absent_fields(s, TEXT("cc"), NULL));
    STATUS(want, secsmtp_signer_set_fields(s, TEXT("to"), NULL));
}

static void client_calls(secsmtp_client *c, const secsmtp_message *m, int32_t want) {
    secsmtp_receipt *receipt = NULL;
    secsmtp_report *report = NULL;
    STATUS(want, secsmtp_client_set_connect(c, TEXT("127.0.0.1"), 1, NULL));
    STATUS(want, secsmtp_client_set_credential(c, NULL, NULL));
    STATUS(want, secsmtp_client_set_ehlo_name(c, TEXT("a"), NULL));
    STATUS(want, secsmtp_client_set_timeout(c, 0, 1, NULL));
    STATUS(want, secsmtp_client_set_reuse(c, 1, 1, NULL));
    uint64_t job = 0;
    int64_t descriptor = 0;
    secsmtp_event *event = NULL;
    STATUS(want, secsmtp_client_submit(c, m, 1, &job, NULL));
    STATUS(want, secsmtp_client_wait(c, 1, 0, &receipt, NULL));
    STATUS(want, secsmtp_client_cancel_job(c, 1, NULL));
    STATUS(want, secsmtp_client_poll_event(c, 0, &event, NULL));
    STATUS(want, secsmtp_client_set_event_callback(c, NULL, NULL, 0, NULL));
    STATUS(want, secsmtp_client_dispatch(c, 0, NULL));
    STATUS(want, secsmtp_client_wake(c, NULL));
    STATUS(want, secsmtp_client_close(c, 0, NULL));
    STATUS(want, secsmtp_client_set_limits(c, 1, 1, 1, NULL));
    STATUS(want, secsmtp_client_set_window(c, 1, 1, NULL));
    STATUS(want, secsmtp_client_set_rate(c, 1, 1, 1, NULL));
    STATUS(want, secsmtp_client_set_events(c, 0, SECSMTP_LOG_ERROR, NULL));
    STATUS(want, secsmtp_client_answer_secret(c, 1, NULL, 0, NULL));
    STATUS(want, secsmtp_client_descriptor(c, &descriptor, NULL));
    STATUS(want, secsmtp_client_set_log(c, NULL, NULL, SECSMTP_LOG_INFO, NULL));
    STATUS(want, secsmtp_client_send(c, m, &receipt, NULL));
    STATUS(want, secsmtp_client_probe(c, &report, NULL));
    STATUS(want, secsmtp_client_cancel(c, NULL));
    if (receipt != NULL || report != NULL) {
        printf("an output was written on failure\n");
        wrong = 1;
    }
}

static void receipt_calls(secsmtp_receipt *r, int32_t want) {
    size_t len = 7;
    STATUS(want, secsmtp_receipt_outcome(r));
    STATUS(want, secsmtp_receipt_stage(r));
    STATUS(want, secsmtp_receipt_secret_released(r));
    STATUS(want, secsmtp_receipt_content_released(r));
    STATUS(want, secsmtp_receipt_connection_reused(r));
    STATUS(want, secsmtp_receipt_smtp_code(r));
    STATUS(want, secsmtp_receipt_spki_count(r));
    STATUS(want, secsmtp_receipt_recipient_count(r));
    STATUS(want, secsmtp_receipt_recipient_outcome(r, 0));
    STATUS(want, secsmtp_receipt_recipient_smtp_code(r, -1));
    const char *texts[] = {
        secsmtp_receipt_enhanced_code(r, &len),          secsmtp_receipt_server_text(r, &len),
        secsmtp_receipt_message_id(r, &len),             secsmtp_receipt_tls_version(r, &len),
        secsmtp_receipt_cipher_suite(r, &len),           secsmtp_receipt_mechanism(r, &len),
        secsmtp_receipt_channel_binding(r, &len),        secsmtp_receipt_matched_pin(r, &len),
        secsmtp_receipt_spki(r, 0, &len),                secsmtp_receipt_recipient_address(r, 0, &len),
        secsmtp_receipt_recipient_enhanced_code(r, 0, NULL), secsmtp_receipt_recipient_text(r, -5, &len),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i] == NULL || *texts[i] != '\0' || len != 0) {
            printf("text %u of a bad receipt is not empty\n", (unsigned)i);
            wrong = 1;
        }
    }
}

static void error_calls(secsmtp_error *e, int32_t want) {
    secsmtp_receipt *receipt = NULL;
    STATUS(want, secsmtp_error_status(e));
    STATUS(want, secsmtp_error_stage(e));
    STATUS(want, secsmtp_error_outcome(e));
    STATUS(want, secsmtp_error_secret_released(e));
    STATUS(want, secsmtp_error_content_released(e));
    STATUS(want, secsmtp_error_retry(e));
    STATUS(want, secsmtp_error_smtp_code(e));
    STATUS(-want, secsmtp_error_receipt(e, &receipt));
    if (*secsmtp_error_enhanced_code(e, NULL) || *secsmtp_error_server_text(e, NULL) || *secsmtp_error_text(e, NULL)
        || *secsmtp_error_argument(e, NULL)) {
        printf("a text of a bad error is not empty\n");
        wrong = 1;
    }
}

static void report_calls(secsmtp_report *r, int32_t want) {
    STATUS(want, secsmtp_report_verdict(r));
    STATUS(want, secsmtp_report_certificate_count(r));
    STATUS(want, secsmtp_report_capability_count(r));
    STATUS(want, secsmtp_report_mechanism_count(r));
    const char *texts[] = {
        secsmtp_report_verdict_text(r, NULL),          secsmtp_report_text(r, NULL),
        secsmtp_report_greeting(r, NULL),              secsmtp_report_tls_version(r, NULL),
        secsmtp_report_cipher_suite(r, NULL),          secsmtp_report_matched_pin(r, NULL),
        secsmtp_report_certificate_spki(r, 0, NULL),   secsmtp_report_certificate_subject(r, 0, NULL),
        secsmtp_report_certificate_issuer(r, 0, NULL), secsmtp_report_certificate_names(r, 0, NULL),
        secsmtp_report_certificate_not_before(r, 0, NULL), secsmtp_report_certificate_not_after(r, 0, NULL),
        secsmtp_report_capability(r, 0, NULL),         secsmtp_report_mechanism(r, 0, NULL),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i] == NULL || *texts[i] != '\0') {
            printf("text %u of a bad report is not empty\n", (unsigned)i);
            wrong = 1;
        }
    }
}

/* Parts and composition: what is wrong with a value, a file, a function, and what order does no harm. */
static void composition(void) {
    secsmtp_message *m = NULL;
    secsmtp_part *part = NULL, *made = NULL, *gone = NULL;
    secsmtp_signer *signer = NULL;
    uint8_t room[4];
    size_t len = 99;
    STATUS(SECSMTP_E_NULL, secsmtp_part_new_memory((const uint8_t *)"x", 1, NULL, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_part_new_memory(NULL, 1, &part, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_part_new_reader(NULL, release, NULL, 0, &part, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_part_new_reader(nothing, release, NULL, 0, NULL, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_part_new_reader(nothing, release, NULL, -2, &part, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_part_new_file(TEXT("/nowhere/at/all"), &part, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_part_new_file(TEXT("/"), &part, NULL));
    STATUS(SECSMTP_E_SIGNING_KEY, secsmtp_signer_new(TEXT("a.b"), TEXT("s"), (const uint8_t *)"x", 1, &signer, NULL));
    STATUS(SECSMTP_E_SIGNING_KEY, secsmtp_signer_new(TEXT("a.b"), TEXT("s"), NULL, 0, &signer, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_signer_new(TEXT("a.b"), TEXT("s"), NULL, 1, &signer, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_signer_new(TEXT("a"), TEXT("s"), (const uint8_t *)"x", 1, &signer, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_signer_new_file(TEXT("a.b"), TEXT("s"), TEXT("/nowhere/at/all"), &signer, NULL));
    if (part != NULL || signer != NULL || released != 0) {
        printf("a failed call gave something out or released\n");
        wrong = 1;
    }
    STATUS(0, secsmtp_part_new_memory(NULL, 0, &part, NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_part_set_name(part, TEXT("a\r\nb"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_part_set_name(part, TEXT(".."), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_part_set_type(part, TEXT("multipart/mixed"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_part_set_content_id(part, TEXT("a b"), NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_part_set_cached(part, 2, NULL));
    STATUS(SECSMTP_E_UTF8, secsmtp_part_set_name(part, "\xff", 1, NULL));
    STATUS(0, secsmtp_message_new(&m, NULL));
    message_calls((secsmtp_message *)part, SECSMTP_E_BAD_HANDLE);
    part_calls((secsmtp_part *)m, SECSMTP_E_BAD_HANDLE);
    signer_calls((secsmtp_signer *)part, SECSMTP_E_BAD_HANDLE);
    STATUS(SECSMTP_E_NULL, secsmtp_message_add_part(m, NULL, NULL));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_message_add_part(m, (secsmtp_part *)m, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_add_alternative(m, NULL, NULL));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_message_add_alternative(m, (secsmtp_part *)m, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_add_signer(m, NULL, NULL));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_message_add_signer(m, (secsmtp_signer *)part, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_add_address(m, 0, TEXT("a@b.c"), TEXT(""), NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_add_addresses(m, 7, TEXT("a@b.c"), NULL));
    STATUS(SECSMTP_E_ADDRESS, secsmtp_message_add_address(m, SECSMTP_FIELD_TO, TEXT("A <a@b.c>"), TEXT(""), NULL));
    STATUS(SECSMTP_E_ADDRESS, secsmtp_message_add_addresses(m, SECSMTP_FIELD_TO, TEXT("a@b.c d@e.f"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_address(m, SECSMTP_FIELD_TO, TEXT("a@b.c"), TEXT("a\nb"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_set_subject(m, "a\0b", 3, NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_header(m, TEXT("Bcc"), TEXT("a@b"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_header(m, TEXT("X A"), TEXT("b"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_finished_header(m, TEXT("X-A"), TEXT("a\r\nBcc: b@c"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_finished_header(m, TEXT("Bcc"), TEXT("a@b"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_set_message_id(m, TEXT("no at"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_add_unsubscribe(m, TEXT("http://a.b"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_set_calendar(m, TEXT("RE QUEST"), TEXT("x"), NULL));
    STATUS(SECSMTP_E_HEADER, secsmtp_message_set_calendar(m, TEXT("REQUEST"), TEXT("METHOD:REPLY"), NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_priority(m, 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_one_click(m, -1, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_date(m, -1, 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_date(m, 0, 1440, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_message_attach_file(m, TEXT("/nowhere/at/all"), NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_preview(m, NULL, NULL, NULL));
    /* An attachment from which nothing can be read, or more than there is room for. */
    STATUS(0, secsmtp_message_add_address(m, SECSMTP_FIELD_FROM, TEXT("a@b.c"), TEXT(""), NULL));
    STATUS(0, secsmtp_message_add_address(m, SECSMTP_FIELD_TO, TEXT("a@b.c"), TEXT(""), NULL));
    STATUS(0, secsmtp_part_new_reader(too_much, release, NULL, SECSMTP_SIZE_UNKNOWN, &made, NULL));
    STATUS(0, secsmtp_message_add_part(m, made, NULL));
    STATUS(SECSMTP_E_SOURCE, secsmtp_message_preview(m, taken, NULL, NULL));
    STATUS(0, secsmtp_part_free(made));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_part_free(made));
    part_calls(made, SECSMTP_E_BAD_HANDLE);
    STATUS(SECSMTP_E_OUTPUT, secsmtp_message_preview_buffer(m, room, sizeof room, &len, NULL));
    STATUS(0, secsmtp_message_free(m));
    if (released != 1 || len != 99) {
        printf("the part's function was released %d times, or a length was written on failure\n", released);
        wrong = 1;
    }
    /* Content from a function: the rules, and release, which is called once and never after a failure. */
    STATUS(0, secsmtp_message_new(&m, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_set_content_reader(m, NULL, release, NULL, 0, 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_content_reader(m, nothing, release, NULL, -2, 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_content_reader(m, nothing, release, NULL, 0, 8, NULL));
    STATUS(SECSMTP_E_NO_CONTENT, secsmtp_message_set_content_reader(m, nothing, release, NULL, 0, 0, NULL));
    STATUS(SECSMTP_E_SOURCE, secsmtp_message_set_content_reader(m, nothing, release, NULL, 1, 0, NULL));
    STATUS(SECSMTP_E_SOURCE, secsmtp_message_set_content_reader(m, too_much, release, NULL, -1, 0, NULL));
    STATUS(SECSMTP_E_SOURCE, secsmtp_message_set_content_reader(m, broken, release, NULL, -1, 0, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_message_set_content_file(m, TEXT("/nowhere/at/all"), 0, NULL));
    STATUS(SECSMTP_E_FILE, secsmtp_message_set_content_file(m, TEXT("/"), 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_message_set_content_file(m, TEXT("/"), -1, NULL));
    /* It is one or the other. */
    STATUS(0, secsmtp_message_set_content(m, (const uint8_t *)"A: b\n", 5, NULL));
    STATUS(0, secsmtp_message_set_subject(m, TEXT("s"), NULL));
    STATUS(SECSMTP_E_COMPOSITION, secsmtp_message_preview(m, taken, NULL, NULL));
    STATUS(0, secsmtp_message_free(m));
    STATUS(0, secsmtp_message_new(&m, NULL));
    STATUS(0, secsmtp_message_set_content(m, (const uint8_t *)"A: b\n", 5, NULL));
    STATUS(SECSMTP_E_OUTPUT, secsmtp_message_preview(m, taken, &wrong, NULL));
    STATUS(SECSMTP_E_OUTPUT, secsmtp_message_preview_buffer(m, room, sizeof room, &len, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_preview_buffer(m, NULL, 9, &len, NULL));
    STATUS(SECSMTP_E_LENGTH, secsmtp_message_preview_buffer(m, room, SIZE_MAX / 2 + 1, &len, NULL));
    STATUS(SECSMTP_E_OUTPUT, secsmtp_message_preview_file(m, TEXT("/nowhere/at/all"), NULL));
    STATUS(0, secsmtp_part_free(gone) | secsmtp_part_free(part) | secsmtp_message_free(m) | secsmtp_signer_free(signer));
    if (released != 1) {
        printf("a function of a failed call was released\n");
        wrong = 1;
    }
    message_calls(m, SECSMTP_E_BAD_HANDLE);
}

int main(void) {
    secsmtp_policy *policy = NULL, *other = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_message *message = NULL;
    secsmtp_client *client = NULL;
    secsmtp_error *error = NULL;
    int local = 0;
    void *invented[] = {&local, (void *)1, (void *)(size_t)-1, (void *)0x7fff0000};

    if (secsmtp_abi_version() != SECSMTP_ABI_VERSION || secsmtp_version_number() != 1000) {
        printf("version %u of ABI %u\n", secsmtp_version_number(), secsmtp_abi_version());
        wrong = 1;
    }

    /* NULL: a status each, and freeing it is nothing to do. */
    policy_calls(NULL, SECSMTP_E_NULL);
    message_calls(NULL, SECSMTP_E_NULL);
    part_calls(NULL, SECSMTP_E_NULL);
    signer_calls(NULL, SECSMTP_E_NULL);
    composition();
    client_calls(NULL, NULL, SECSMTP_E_NULL);
    receipt_calls(NULL, -SECSMTP_E_NULL);
    error_calls(NULL, -SECSMTP_E_NULL);
    report_calls(NULL, -SECSMTP_E_NULL);
    STATUS(SECSMTP_E_NULL, secsmtp_policy_new(NULL, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_new(NULL, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_client_new(TEXT("h"), 0, NULL, NULL, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_client_new(NULL, 3, 0, NULL, &client, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_client_new(TEXT(NULL), 0, NULL, &client, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_credential_new_password(TEXT("u"), NULL, 5, &login, NULL));
    STATUS(SECSMTP_E_SECRET, secsmtp_credential_new_password(TEXT("u"), NULL, 0, &login, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_credential_add_mechanism(NULL, TEXT("PLAIN"), NULL));
    STATUS(0, secsmtp_policy_free(NULL) | secsmtp_message_free(NULL) | secsmtp_client_free(NULL) |
                  secsmtp_credential_free(NULL) | secsmtp_receipt_free(NULL) | secsmtp_error_free(NULL) |
                  secsmtp_report_free(NULL));

    /* Invented handles, and handles of another kind. */
    STATUS(0, secsmtp_policy_new(&policy, NULL));
    STATUS(0, secsmtp_message_new(&message, NULL));
    STATUS(0, secsmtp_client_new(TEXT("mail.test"), 0, policy, &client, NULL));
    STATUS(0, secsmtp_credential_new_password(TEXT("u"), (const uint8_t *)"p", 1, &login, NULL));
    for (size_t i = 0; i < sizeof invented / sizeof *invented + 2; i++) {
        void *handle = i < 4 ? invented[i] : i == 4 ? (void *)login : (void *)policy;
        if (i != 5) {
            policy_calls((secsmtp_policy *)handle, SECSMTP_E_BAD_HANDLE);
            STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_policy_free((secsmtp_policy *)handle));
        }
        message_calls((secsmtp_message *)handle, SECSMTP_E_BAD_HANDLE);
        client_calls((secsmtp_client *)handle, message, SECSMTP_E_BAD_HANDLE);
        receipt_calls((secsmtp_receipt *)handle, -SECSMTP_E_BAD_HANDLE);
        error_calls((secsmtp_error *)handle, -SECSMTP_E_BAD_HANDLE);
        report_calls((secsmtp_report *)handle, -SECSMTP_E_BAD_HANDLE);
        STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_receipt_free((secsmtp_receipt *)handle));
    }

    /* A policy on which a call failed can't be used: no send continues without the rejected pin. */
    secsmtp_policy *spoilt = NULL;
    secsmtp_client *unmade = NULL;
    STATUS(0, secsmtp_policy_new(&spoilt, NULL));
    STATUS(0, secsmtp_policy_add_pin(spoilt, TEXT("0000000000000000000000000000000000000000000000000000000000000000"), NULL));
    STATUS(0, secsmtp_client_new(TEXT("h"), 0, spoilt, &unmade, NULL));
    STATUS(0, secsmtp_client_free(unmade));
    STATUS(SECSMTP_E_PIN, secsmtp_policy_add_pin(spoilt, TEXT("sha256//AAAA"), NULL));
    STATUS(SECSMTP_E_PIN, secsmtp_client_new(TEXT("h"), 0, spoilt, &unmade, NULL));
    STATUS(0, secsmtp_policy_free(spoilt));

    /* Lengths beyond reason, text without an end, texts that are none. */
    static char endless[128 * 1024];
    memset(endless, 'a', sizeof endless);
    secsmtp_policy *scratch = NULL;
    STATUS(0, secsmtp_policy_new(&scratch, NULL));
    STATUS(SECSMTP_E_LENGTH, secsmtp_policy_add_pin(scratch, TEXT(endless), NULL));
    STATUS(SECSMTP_E_LENGTH, secsmtp_policy_add_pin(scratch, endless, (size_t)-2, NULL));
    STATUS(SECSMTP_E_LENGTH, secsmtp_message_set_content(message, (const uint8_t *)endless, (size_t)-1, NULL));
    STATUS(SECSMTP_E_NULL, secsmtp_message_set_content(message, NULL, 1, NULL));
    STATUS(SECSMTP_E_NO_CONTENT, secsmtp_message_set_content(message, NULL, 0, NULL));
    STATUS(SECSMTP_E_UTF8, secsmtp_message_add_recipient(message, "\xff@b", 3, NULL));
    STATUS(SECSMTP_E_ADDRESS, secsmtp_message_add_recipient(message, "a\0@b", 4, NULL));
    STATUS(SECSMTP_E_HOST, secsmtp_client_new("a\0b", 3, 0, policy, &client, NULL));
    STATUS(SECSMTP_E_PORT, secsmtp_client_new(TEXT("h"), 70000, policy, &client, NULL));
    STATUS(SECSMTP_E_EHLO_NAME, secsmtp_client_set_ehlo_name(client, TEXT("a\r\nb"), NULL));
    STATUS(SECSMTP_E_USER, secsmtp_credential_new_password("a\0b", 3, (const uint8_t *)"p", 1, &login, NULL));

    /* Numbers that are none of the choices. */
    for (int32_t n = -1; n < 300; n += 7) {
        STATUS(SECSMTP_E_VALUE, secsmtp_policy_set_tls_mode(scratch, n == 0 || n == 1 ? 2 : n, NULL));
        STATUS(SECSMTP_E_VALUE, secsmtp_message_set_partial(message, n == 0 || n == 1 ? 255 : n, NULL));
    }
    STATUS(SECSMTP_E_VALUE, secsmtp_policy_set_min_tls(scratch, 11, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_client_set_timeout(client, 13, 1, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_client_set_reuse(client, 1000, 0, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_client_set_timeout(client, SECSMTP_STAGE_ALL, 0, NULL));
    STATUS(0, secsmtp_client_set_timeout(client, SECSMTP_STAGE_DATA, SECSMTP_FOREVER, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_client_set_log(client, on_log, NULL, 5, NULL));
    STATUS(SECSMTP_E_VALUE, secsmtp_client_set_log(client, on_log, NULL, 0, NULL));
    STATUS(0, secsmtp_client_set_log(client, NULL, NULL, 0, NULL));

    /* An error object says which argument; it is NULL again after a success. */
    STATUS(SECSMTP_E_NO_SENDER, secsmtp_client_send(client, message, (secsmtp_receipt **)&other, &error));
    if (strncmp(secsmtp_error_text(error, NULL), "sender ", 7) != 0 || other != NULL
        || strcmp(secsmtp_error_argument(error, NULL), "sender") != 0) {
        printf("the error does not name its argument: %s\n", secsmtp_error_text(error, NULL));
        wrong = 1;
    }
    STATUS(SECSMTP_E_NO_SENDER, secsmtp_error_status(error));
    STATUS(SECSMTP_OUTCOME_NOT_SENT, secsmtp_error_outcome(error));
    STATUS(SECSMTP_E_NOTHING, secsmtp_error_receipt(error, (secsmtp_receipt **)&other));
    STATUS(0, secsmtp_error_free(error));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_error_free(error));
    STATUS(0, secsmtp_message_set_sender(message, TEXT("a@b.c"), &error));
    if (error != NULL) {
        printf("success left an error behind\n");
        wrong = 1;
    }

    /* Freed handles. */
    STATUS(0, secsmtp_policy_free(policy) | secsmtp_message_free(message) | secsmtp_client_free(client) |
                  secsmtp_credential_free(login) | secsmtp_policy_free(scratch));
    policy_calls(policy, SECSMTP_E_BAD_HANDLE);
    message_calls(message, SECSMTP_E_BAD_HANDLE);
    client_calls(client, message, SECSMTP_E_BAD_HANDLE);
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_policy_free(policy));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_message_free(message));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_client_free(client));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_credential_free(login));
    STATUS(SECSMTP_E_BAD_HANDLE, secsmtp_credential_add_mechanism(login, TEXT("PLAIN"), NULL));

    if (secsmtp_debug_live_handles() != 0) {
        printf("%lld handles are alive\n", (long long)secsmtp_debug_live_handles());
        wrong = 1;
    }
    puts(wrong ? "WRONG" : "every misuse has its status");
    return wrong;
}
