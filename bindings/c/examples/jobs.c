/*
 * Sends files as mails without waiting, in an event loop, over four connections at most.
 *
 *   jobs HOST ADDRESS PORT CA_FILE USER PASSWORD FROM TO FILE...
 *
 * Each FILE is a finished mail. poll() stands for whatever loop a program has: it watches one
 * descriptor of the library's beside the program's own. On Windows it is an event.
 */
#ifdef _WIN32
#include <windows.h>
#undef TEXT /* that one makes wide characters */
#else
#include <poll.h>
#endif
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

static secsmtp_client *client = NULL;
static secsmtp_error *error = NULL;

/* Prints an error and frees it. */
static int complain(const char *what) {
    printf("%s: %s\n", what, secsmtp_error_text(error, NULL));
    secsmtp_error_free(error);
    error = NULL;
    return 1;
}

static int32_t open_client(char **argv) {
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    int32_t failed =
        secsmtp_policy_new(&policy, &error) || secsmtp_policy_add_ca_file(policy, TEXT(argv[4]), &error) ||
        secsmtp_client_new(TEXT(argv[1]), 0, policy, &client, &error) ||
        secsmtp_client_set_connect(client, TEXT(argv[2]), (uint32_t)strtoul(argv[3], NULL, 10), &error) ||
        secsmtp_credential_new_password(TEXT(argv[5]), (const uint8_t *)argv[6], strlen(argv[6]), &login, &error) ||
        secsmtp_client_set_credential(client, login, &error) ||
        /* Progress is reported only if it was requested; completions always. */
        secsmtp_client_set_events(client, SECSMTP_EVENT_PROGRESS, SECSMTP_LOG_ERROR, &error);
    secsmtp_credential_free(login);
    secsmtp_policy_free(policy);
    return failed;
}

/* Returns at once; the message may be freed, the job has a copy. Its events carry the tag. */
static int32_t submit(const char *from, const char *to, const char *path, uint64_t tag, uint64_t *job) {
    static uint8_t content[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(content, 1, sizeof content, file) : 0;
    secsmtp_message *message = NULL;
    if (file == NULL || len == sizeof content || fclose(file) != 0) {
        perror(path);
        exit(66);
    }
    int32_t failed = secsmtp_message_new(&message, &error) || secsmtp_message_set_sender(message, TEXT(from), &error) ||
                     secsmtp_message_add_recipient(message, TEXT(to), &error) ||
                     secsmtp_message_set_content(message, content, len, &error) ||
                     secsmtp_client_submit(client, message, tag, job, &error);
    secsmtp_message_free(message);
    return failed;
}

static int wait_for(int64_t descriptor) {
#ifdef _WIN32
    return WaitForSingleObject((HANDLE)(intptr_t)descriptor, INFINITE) == WAIT_OBJECT_0;
#else
    struct pollfd watched = {(int)descriptor, POLLIN, 0};
    return poll(&watched, 1, -1) > 0;
#endif
}

/* Handles the events since the last call. Each job completes exactly once, with any outcome. */
static void take_events(char **files, int *left, int *failures) {
    secsmtp_event *event = NULL;
    while (secsmtp_client_poll_event(client, 0, &event, NULL) == SECSMTP_OK) {
        unsigned long long job = secsmtp_event_job(event);
        const char *file = files[secsmtp_event_tag(event)];
        switch (secsmtp_event_kind(event)) {
        case SECSMTP_EVENT_PROGRESS:
            printf("job %llu: %llu of %llu bytes of %s\n", job, (unsigned long long)secsmtp_event_written(event),
                   (unsigned long long)secsmtp_event_total(event), file);
            break;
        case SECSMTP_EVENT_COMPLETED:
            printf("job %llu: %s: %s (%s)\n", job, secsmtp_outcome_name(secsmtp_event_outcome(event)),
                   secsmtp_event_text(event, NULL), file);
            *failures += secsmtp_event_status(event) != SECSMTP_OK;
            *left -= 1;
            break;
        }
        secsmtp_event_free(event);
    }
}

int main(int argc, char **argv) {
    int left = 0, failures = 0;
    int64_t descriptor = -1;
    if (argc < 10) {
        fprintf(stderr, "usage: jobs HOST ADDRESS PORT CA_FILE USER PASSWORD FROM TO FILE...\n");
        return 64;
    }
    if (open_client(argv) || secsmtp_client_descriptor(client, &descriptor, &error)) {
        return complain("the client");
    }
    for (int i = 9; i < argc; i++) {
        uint64_t job = 0;
        if (submit(argv[7], argv[8], argv[i], (uint64_t)i, &job)) {
            failures += complain(argv[i]);
            continue;
        }
        printf("job %llu: %s\n", (unsigned long long)job, argv[i]);
        left++;
    }
    while (left > 0) {
        if (wait_for(descriptor)) {
            take_events(argv, &left, &failures);
        }
    }
    /* In order: idle connections send QUIT, and the workers end. */
    if (secsmtp_client_close(client, 5000, &error)) {
        failures += complain("the end");
    }
    secsmtp_client_free(client);
    return failures != 0;
}
