/*
 * libsecsmtp through its C interface.
 *
 *   ours send   PORT CA_FILE COUNT MESSAGE_FILE [cold]   blocking sends, one at a time, on a
 *                                                        connection that is kept
 *   ours stream PORT CA_FILE COUNT MESSAGE_FILE [cold]   batches of 256, streamed on one connection
 *   ours jobs   PORT CA_FILE COUNT MESSAGE_FILE [cold]   submitted as jobs, on one connection
 *   ours attach PORT CA_FILE COUNT FILE [cold]           a mail composed with FILE, blocking
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

/* The content as it is, with its envelope. */
static int32_t make_plain(secsmtp_message **message, const uint8_t *content, size_t len) {
    return secsmtp_message_new(message, &error) || envelope(*message) ||
           secsmtp_message_set_content(*message, content, len, &error);
}

/* A mail with a file. */
static int32_t make_attached(secsmtp_message **message, const char *path) {
    return secsmtp_message_new(message, &error) ||
           secsmtp_message_add_address(*message, SECSMTP_FIELD_FROM, TEXT("alice@mail.test"), TEXT(""), &error) ||
           secsmtp_message_add_address(*message, SECSMTP_FIELD_TO, TEXT("bob@mail.test"), TEXT(""), &error) ||
           secsmtp_message_set_subject(*message, TEXT("A file"), &error) ||
           secsmtp_message_set_text(*message, TEXT("The file is attached.\n"), &error) ||
           secsmtp_message_attach_file(*message, TEXT(path), &error);
}

/* Everything a program does for each mail: create it, send it, check the receipt, free both. */
static int32_t send_made(int32_t failed, secsmtp_message *message) {
    secsmtp_receipt *receipt = NULL;
    failed = failed || secsmtp_client_send(client, message, &receipt, &error) ||
             secsmtp_receipt_outcome(receipt) != SECSMTP_OUTCOME_ACCEPTED;
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    return failed;
}

static int32_t send_plain(const uint8_t *content, size_t len) {
    secsmtp_message *message = NULL;
    int32_t failed = make_plain(&message, content, len);
    return send_made(failed, message);
}

static int32_t send_attached(const char *path) {
    secsmtp_message *message = NULL;
    int32_t failed = make_attached(&message, path);
    return send_made(failed, message);
}

/* Messages in one batch: few enough to stay in the processor's cache from making to sending. */
#define BATCH 256

static int32_t add_plain(secsmtp_batch *batch, const uint8_t *content, size_t len) {
    secsmtp_message *message = NULL;
    int32_t failed = make_plain(&message, content, len) || secsmtp_batch_add(batch, message, &error);
    secsmtp_message_free(message);
    return failed;
}

/* Everything a program does with many mails: create each, send them all, check each outcome. */
static int32_t send_stream(const uint8_t *content, size_t len, long count) {
    secsmtp_batch *batch = NULL;
    int32_t failed = secsmtp_batch_new(&batch, &error);
    while (!failed && count > 0) {
        int32_t now = count < BATCH ? (int32_t)count : BATCH;
        for (int32_t i = 0; i < now && !failed; i++) failed = add_plain(batch, content, len);
        failed = failed || secsmtp_client_send_batch(client, batch, &error);
        for (int32_t i = 0; i < now && !failed; i++) failed = secsmtp_batch_status(batch, i);
        failed = failed || secsmtp_batch_clear(batch, &error);
        count -= now;
    }
    secsmtp_batch_free(batch);
    return failed;
}

/* Jobs that may be under way: the producer waits for completions when there are so many. */
#define WINDOW 512

static int32_t submit_plain(const uint8_t *content, size_t len) {
    secsmtp_message *message = NULL;
    uint64_t job = 0;
    int32_t failed = make_plain(&message, content, len) || secsmtp_client_submit(client, message, 0, &job, &error);
    secsmtp_message_free(message);
    return failed;
}

/* Takes completions: waits for the first, and takes those that are there. */
static int32_t complete(long *done) {
    uint32_t patience = SECSMTP_FOREVER;
    for (;;) {
        secsmtp_event *event = NULL;
        int32_t status = secsmtp_client_poll_event(client, patience, &event, NULL);
        if (status == SECSMTP_E_NOTHING && patience == 0) return 0;
        if (status) return status;
        if (secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED) {
            status = secsmtp_event_status(event);
            if (status) secsmtp_event_error(event, &error);
            ++*done;
        }
        secsmtp_event_free(event);
        if (status) return status;
        patience = 0;
    }
}

static int32_t send_jobs(const uint8_t *content, size_t len, long count) {
    long submitted = 0, done = 0;
    int32_t failed = secsmtp_client_set_limits(client, 1, WINDOW * 2, 16, &error);
    while (!failed && done < count) {
        while (!failed && submitted < count && submitted - done < WINDOW) {
            failed = submit_plain(content, len);
            submitted++;
        }
        failed = failed || complete(&done);
    }
    return failed;
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: ours send|stream|jobs|attach PORT CA_FILE COUNT FILE [cold]\n");
        return 64;
    }
    const char *form = argv[1], *file = argv[5];
    long count = strtol(argv[4], NULL, 10);
    int cold = argc > 6 && strcmp(argv[6], "cold") == 0;
    size_t len = 0;
    int attach = strcmp(form, "attach") == 0, jobs = strcmp(form, "jobs") == 0;
    int stream = strcmp(form, "stream") == 0;
    static const uint8_t warm[] = "Subject: warm\r\n\r\nwarm\r\n";
    uint8_t *content = attach ? NULL : (uint8_t *)meter_read(file, &len);
    if (!attach && content == NULL) return 66;
    meter_start();
    int32_t failed = connect_to((uint32_t)strtoul(argv[2], NULL, 10), argv[3]);
    if (!failed && !cold) {
        failed = attach ? send_plain(warm, sizeof warm - 1) : jobs ? send_jobs(content, len, 1) : send_plain(content, len);
        meter_restart();
    }
    if (stream) {
        failed = failed || send_stream(content, len, count);
    } else if (jobs) {
        failed = failed || send_jobs(content, len, count);
    } else {
        for (long i = 0; i < count && !failed; i++) failed = attach ? send_attached(file) : send_plain(content, len);
    }
    meter_stop();
    if (failed) fprintf(stderr, "%s\n", secsmtp_error_text(error, NULL));
    secsmtp_error_free(error);
    secsmtp_client_free(client);
    free(content);
    if (!failed) meter_print(count);
    return failed ? 1 : 0;
}
