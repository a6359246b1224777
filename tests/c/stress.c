/* Eight threads do everything to the same few handles for some seconds: each call must return a status
 * that it may have, no job may complete twice, nothing may be called after it was taken away, and in
 * the end no handle is left.
 *
 *   stress SECONDS HOST ADDRESS PORT CA USER PASSWORD */

#include <pthread.h>
#include <secsmtp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define THREADS 8
#define CLIENTS 3
#define MOST_JOBS 4096

/* One client's: lives to the end of the program, whatever becomes of the handle. */
struct life {
    secsmtp_client *client;
    atomic_uchar completions[MOST_JOBS];
    /* The `user` of its callbacks: 1 while they may be called. */
    atomic_int listening;
    struct life *next;
};

static char **args;
static secsmtp_policy *policy;
static secsmtp_credential *login;
static secsmtp_message *message;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct life *slots[CLIENTS], *all;
static atomic_int stop;
static atomic_ulong calls, completed, lives, unreleased, released;

static void wrong(const char *what, int32_t status) {
    printf("%s: %d %s\n", what, (int)status, secsmtp_status_name(status));
    exit(1);
}

static void expect(const char *what, int32_t status) {
    static const int32_t allowed[] = {
        SECSMTP_OK,        SECSMTP_E_BAD_HANDLE, SECSMTP_E_VALUE,  SECSMTP_E_NULL,      SECSMTP_E_CANCELLED,
        SECSMTP_E_TIMEOUT, SECSMTP_E_NOTHING,    SECSMTP_E_CLOSED, SECSMTP_E_FULL,      SECSMTP_E_TAKEN,
        SECSMTP_E_REENTRANT, SECSMTP_E_CONNECTION_LOST,
    };
    atomic_fetch_add(&calls, 1);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (status == allowed[i]) {
            return;
        }
    }
    wrong(what, status);
}

static void over(struct life *life, uint64_t job) {
    atomic_fetch_add(&completed, 1);
    if (job < MOST_JOBS && atomic_fetch_add(&life->completions[job], 1) != 0) {
        wrong("completed twice", 0);
    }
}

static void called(void *user, const secsmtp_event *event) {
    struct life *life = user;
    if (!atomic_load(&life->listening)) {
        wrong("called after it was taken away", 0);
    }
    if (secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED) {
        over(life, secsmtp_event_job(event));
    }
}

static void logged(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    struct life *life = user;
    (void)level, (void)stage;
    if (strlen(text) != text_len || !atomic_load(&life->listening)) {
        wrong("logged after it was taken away", 0);
    }
}

static struct life *begin(void) {
    struct life *life = calloc(1, sizeof *life);
    expect("new", secsmtp_client_new(TEXT(args[2]), 0, policy, &life->client, NULL));
    expect("connect", secsmtp_client_set_connect(life->client, TEXT(args[3]), (uint32_t)atoi(args[4]), NULL));
    expect("credential", secsmtp_client_set_credential(life->client, login, NULL));
    expect("limits", secsmtp_client_set_limits(life->client, 2, 100, 16, NULL));
    atomic_store(&life->listening, 1);
    atomic_fetch_add(&lives, 1);
    return life;
}

static const char content[] = "Subject: stress\r\n\r\nA body.\r\n";

/* Content that calls the client as it is read. */
static int64_t read_content(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    struct life *life = user;
    size_t left = sizeof content - 1 - (size_t)offset, n = left < room ? left : room;
    expect("cancel in read", secsmtp_client_cancel_job(life->client, 1 + offset, NULL));
    memcpy(buffer, content + offset, n);
    return (int64_t)n;
}

/* Calls the client when the last of a message is gone, on whichever thread that happens. */
static void release_content(void *user) {
    struct life *life = user;
    secsmtp_event *event = NULL;
    uint64_t job = 0;
    expect("wake in release", secsmtp_client_wake(life->client, NULL));
    expect("submit in release", secsmtp_client_submit(life->client, message, 0, &job, NULL));
    expect("poll in release", secsmtp_client_poll_event(life->client, SECSMTP_FOREVER, &event, NULL));
    if (event != NULL && secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED) {
        over(life, secsmtp_event_job(event));
    }
    secsmtp_event_free(event);
    if (job % 64 == 1) {
        expect("close in release", secsmtp_client_close(life->client, SECSMTP_FOREVER, NULL));
    }
    atomic_fetch_add(&released, 1);
    atomic_fetch_sub(&unreleased, 1);
}

/* Submits a message that no handle keeps. */
static int32_t submit_reader(struct life *life) {
    secsmtp_message *own = NULL;
    uint64_t job = 0;
    expect("message", secsmtp_message_new(&own, NULL));
    expect("sender", secsmtp_message_set_sender(own, TEXT("alice@mail.test"), NULL));
    expect("recipient", secsmtp_message_add_recipient(own, TEXT("bob@mail.test"), NULL));
    atomic_fetch_add(&unreleased, 1);
    expect("content", secsmtp_message_set_content_reader(own, read_content, release_content, life,
                                                         SECSMTP_SIZE_UNKNOWN, 0, NULL));
    int32_t status = secsmtp_client_submit(life->client, own, 0, &job, NULL);
    expect("free", secsmtp_message_free(own));
    return status;
}

/* Only the one who takes a client out of its slot frees it; others hold it by its handle. */
static void replace(int slot) {
    struct life *fresh = begin();
    pthread_mutex_lock(&lock);
    struct life *old = slots[slot];
    slots[slot] = fresh;
    fresh->next = all;
    all = fresh;
    pthread_mutex_unlock(&lock);
    expect("free", secsmtp_client_free(old->client));
    /* Nothing is called from here on: this thread is inside no callback. */
    atomic_store(&old->listening, 0);
}

static void *work(void *seed_of) {
    unsigned seed = (unsigned)(size_t)seed_of;
    while (!atomic_load(&stop)) {
        seed = seed * 1103515245u + 12345u;
        unsigned dice = (seed >> 16) % 100;
        int slot = (int)((seed >> 8) % CLIENTS);
        pthread_mutex_lock(&lock);
        struct life *life = slots[slot];
        pthread_mutex_unlock(&lock);
        secsmtp_client *client = life->client;
        uint64_t job = 1 + seed % 300;
        secsmtp_event *event = NULL;
        secsmtp_receipt *receipt = NULL;
        int64_t descriptor;
        if (dice < 8) {
            expect("submit", submit_reader(life));
        } else if (dice < 35) {
            expect("submit", secsmtp_client_submit(client, message, 0, &job, NULL));
        } else if (dice < 55) {
            expect("poll", secsmtp_client_poll_event(client, dice % 3, &event, NULL));
            if (event != NULL && secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED) {
                over(life, secsmtp_event_job(event));
            }
        } else if (dice < 62) {
            secsmtp_error *error = NULL;
            int32_t status = secsmtp_client_wait(client, job, dice % 3, &receipt, &error);
            expect("wait", status);
            /* The job's own end has a record of its recipient, or a receipt. */
            secsmtp_receipt *record = NULL;
            if (status == 0 || status == SECSMTP_E_CANCELLED || secsmtp_error_receipt(error, &record) == 0) {
                over(life, job);
            }
            secsmtp_receipt_free(record);
            secsmtp_error_free(error);
        } else if (dice < 70) {
            expect("cancel_job", secsmtp_client_cancel_job(client, job, NULL));
        } else if (dice < 78) {
            expect("dispatch", secsmtp_client_dispatch(client, dice % 2, NULL));
        } else if (dice < 82) {
            expect("callback", secsmtp_client_set_event_callback(client, called, life, dice % 2, NULL));
        } else if (dice < 84) {
            expect("callback", secsmtp_client_set_event_callback(client, NULL, NULL, 0, NULL));
        } else if (dice < 86) {
            expect("log", secsmtp_client_set_log(client, dice % 2 ? logged : NULL, life, SECSMTP_LOG_DEBUG, NULL));
        } else if (dice < 88) {
            expect("wake", secsmtp_client_wake(client, NULL));
        } else if (dice < 90) {
            expect("events", secsmtp_client_set_events(client, (int32_t)(seed % 128), SECSMTP_LOG_DEBUG, NULL));
        } else if (dice < 92) {
            expect("descriptor", secsmtp_client_descriptor(client, &descriptor, NULL));
        } else if (dice < 94) {
            expect("send", secsmtp_client_send(client, message, &receipt, NULL));
        } else if (dice < 95) {
            expect("cancel", secsmtp_client_cancel(client, NULL));
        } else if (dice < 96) {
            expect("credential", secsmtp_client_set_credential(client, login, NULL));
        } else if (dice < 97) {
            expect("answer", secsmtp_client_answer_secret(client, job, NULL, 0, NULL));
        } else if (dice < 98) {
            expect("close", secsmtp_client_close(client, dice % 10, NULL));
        } else {
            replace(slot);
        }
        secsmtp_event_free(event);
        secsmtp_receipt_free(receipt);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 8) {
        return 64;
    }
    args = argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    unsigned seconds = (unsigned)atoi(argv[1]);
    alarm(seconds + 120); /* a lock-up ends here, by a signal that fails the test */
    expect("policy", secsmtp_policy_new(&policy, NULL));
    expect("ca", secsmtp_policy_add_ca_file(policy, TEXT(argv[5]), NULL));
    expect("login", secsmtp_credential_new_password(TEXT(argv[6]), (const uint8_t *)argv[7], strlen(argv[7]), &login, NULL));
    expect("message", secsmtp_message_new(&message, NULL));
    expect("sender", secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL));
    expect("recipient", secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL));
    expect("content", secsmtp_message_set_content(message, (const uint8_t *)content, sizeof content - 1, NULL));
    for (int i = 0; i < CLIENTS; i++) {
        slots[i] = begin();
        slots[i]->next = all;
        all = slots[i];
    }
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    }
    sleep(seconds);
    atomic_store(&stop, 1);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < CLIENTS; i++) {
        int32_t status = secsmtp_client_close(slots[i]->client, 0, NULL);
        expect("close", status);
        expect("free", secsmtp_client_free(slots[i]->client));
    }
    /* A worker of a client that was freed may have the last of a message a moment longer. */
    for (int tries = 0; unreleased != 0 && tries < 6000; tries++) {
        struct timespec moment = {0, 10000000};
        nanosleep(&moment, NULL);
    }
    if (unreleased != 0) {
        wrong("contents are not released", (int32_t)unreleased);
    }
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_policy_free(policy);
    /* A thread of the library's own that delivered may hold one event a moment longer. */
    for (int tries = 0; secsmtp_debug_live_handles() != 0 && tries < 6000; tries++) {
        struct timespec moment = {0, 10000000};
        nanosleep(&moment, NULL);
    }
    if (secsmtp_debug_live_handles() != 0) {
        wrong("handles are left", 0);
    }
    while (all != NULL) {
        struct life *next = all->next;
        free(all);
        all = next;
    }
    printf("ok calls=%lu completed=%lu lives=%lu released=%lu\n", (unsigned long)calls,
           (unsigned long)completed, (unsigned long)lives, (unsigned long)released);
    return 0;
}
