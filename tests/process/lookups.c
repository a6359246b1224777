/*
 * Name look-ups that hang: abandoned at the deadline of their send, and no more than four threads of
 * them in one process, however many sends there are.
 *
 *   lookups CA
 *
 * The system's look-up is this program's own, which the library calls instead: it hangs until it is
 * let go, and then knows no name.
 */
#define _GNU_SOURCE
#include <netdb.h>
#include <pthread.h>

#include "own.h"

#define CAP 4
#define QUEUE 1024

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int calls, let_go;

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict found) {
    (void)node, (void)service, (void)hints, (void)found;
    pthread_mutex_lock(&lock);
    calls++;
    while (!let_go)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return EAI_NONAME;
}

static int calls_so_far(void) {
    pthread_mutex_lock(&lock);
    int so_far = calls;
    pthread_mutex_unlock(&lock);
    return so_far;
}

static secsmtp_client *client(const char *ca) {
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(ca), NULL) == 0);
    CHECK(secsmtp_client_new(TEXT("mail.test"), 0, policy, &client, NULL) == 0);
    secsmtp_policy_free(policy);
    return client;
}

static secsmtp_message *message(void) {
    secsmtp_message *message = NULL;
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_set_content(message, (const uint8_t *)"Subject: x\r\n\r\nx\r\n", 17, NULL) == 0);
    return message;
}

/* A send that comes to nothing while the name is looked up. */
static int32_t send_for(secsmtp_client *client, secsmtp_message *message, uint32_t patience) {
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    CHECK(secsmtp_client_set_timeout(client, SECSMTP_STAGE_RESOLVE, patience, NULL) == 0);
    int32_t status = secsmtp_client_send(client, message, &receipt, &error);
    CHECK(status != 0 && secsmtp_error_stage(error) == SECSMTP_STAGE_RESOLVE);
    CHECK(secsmtp_error_outcome(error) == SECSMTP_OUTCOME_NOT_SENT);
    secsmtp_error_free(error);
    return status;
}

int main(int argc, char **argv) {
    int lookups = 0;
    CHECK(argc == 2);
    secsmtp_client *sender = client(argv[1]);
    secsmtp_message *mail = message();
    int descriptors = count("/proc/self/fd"), others = threads(&lookups);
    CHECK(lookups == 0);

    /* On a busy machine a send may be over before its look-up has begun. */
    for (int i = 0; i < 1000 && calls_so_far() < CAP; i++)
        CHECK(send_for(sender, mail, 50) == SECSMTP_E_TIMEOUT);
    for (int i = 0; i < 20; i++) {
        CHECK(send_for(sender, mail, 50) == SECSMTP_E_TIMEOUT);
        CHECK(threads(&lookups) == others && lookups == CAP);
    }
    CHECK(calls_so_far() == CAP);
    CHECK(count("/proc/self/fd") == descriptors);

    /* An abandoned look-up keeps its place in the queue; then the queue is full. */
    int32_t status = SECSMTP_E_TIMEOUT;
    for (int i = 0; i <= QUEUE && status == SECSMTP_E_TIMEOUT; i++)
        status = send_for(sender, mail, 1);
    CHECK(status == SECSMTP_E_LOOKUP_BUSY);
    CHECK(threads(&lookups) == others && lookups == CAP && calls_so_far() == CAP);

    /* These look-ups are all abandoned: they end without another look-up, and the threads with them. */
    pthread_mutex_lock(&lock);
    let_go = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    CHECK(threads_come_to(others, 0));
    CHECK(calls_so_far() == CAP);
    CHECK(send_for(sender, mail, 30000) == SECSMTP_E_LOOKUP && calls_so_far() == CAP + 1);

    secsmtp_client_free(sender);
    secsmtp_message_free(mail);
    /* The thread that reported its result may still hold the waker of the sender. */
    CHECK(threads_come_to(others, 0));
    CHECK(count("/proc/self/fd") == descriptors);
    printf("ok\n");
    return 0;
}
