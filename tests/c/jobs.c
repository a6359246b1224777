/* Jobs as a C host would use them, and as none should: each number completes exactly once, whatever
 * is cancelled, freed or forked meanwhile.
 *
 *   jobs SCENARIO HOST ADDRESS PORT CA USER PASSWORD COUNT
 *
 * Prints what went wrong and ends with 1, or prints "ok" and figures. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) check((condition), #condition, __LINE__)

static char **args;
static secsmtp_policy *policy;
static secsmtp_credential *login;
static secsmtp_message *message;

static void check(int holds, const char *what, int line) {
    if (!holds) {
        printf("line %d: not so: %s\n", line, what);
        exit(1);
    }
}

static secsmtp_client *new_client(uint32_t connections, uint32_t jobs) {
    secsmtp_client *client = NULL;
    CHECK(secsmtp_client_new(TEXT(args[2]), 0, policy, &client, NULL) == 0);
    CHECK(secsmtp_client_set_connect(client, TEXT(args[3]), (uint32_t)atoi(args[4]), NULL) == 0);
    CHECK(secsmtp_client_set_credential(client, login, NULL) == 0);
    CHECK(secsmtp_client_set_limits(client, connections, jobs, 256, NULL) == 0);
    return client;
}

static uint64_t submit(secsmtp_client *client) {
    uint64_t job = 0;
    secsmtp_error *error = NULL;
    if (secsmtp_client_submit(client, message, 0, &job, &error) != 0) {
        printf("submit: %s\n", secsmtp_error_text(error, NULL));
        exit(1);
    }
    return job;
}

/* The outcome of each job, by its number. */
struct tally {
    unsigned char *completions;
    uint64_t last, completed, accepted, cancelled, unknown, other, progress, dropped;
};

static void count(struct tally *tally, const secsmtp_event *event) {
    uint64_t job = secsmtp_event_job(event);
    switch (secsmtp_event_kind(event)) {
    case SECSMTP_EVENT_PROGRESS:
        CHECK(secsmtp_event_written(event) > 0 && secsmtp_event_written(event) <= secsmtp_event_total(event));
        tally->progress++;
        return;
    case SECSMTP_EVENT_DROPPED:
        tally->dropped += secsmtp_event_dropped(event);
        return;
    case SECSMTP_EVENT_COMPLETED:
        break;
    default:
        return;
    }
    CHECK(job > 0 && job <= tally->last);
    CHECK(tally->completions[job]++ == 0);
    tally->completed++;
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    if (secsmtp_event_status(event) == 0) {
        CHECK(secsmtp_event_receipt(event, &receipt) == 0);
        CHECK(secsmtp_receipt_outcome(receipt) == SECSMTP_OUTCOME_ACCEPTED);
        CHECK(secsmtp_event_error(event, &error) == SECSMTP_E_NOTHING);
        tally->accepted++;
    } else {
        CHECK(secsmtp_event_receipt(event, &receipt) == SECSMTP_E_NOTHING);
        CHECK(secsmtp_event_error(event, &error) == 0);
        CHECK(secsmtp_error_status(error) == secsmtp_event_status(event));
        if (secsmtp_event_outcome(event) == SECSMTP_OUTCOME_UNKNOWN) {
            tally->unknown++;
        } else if (secsmtp_event_status(event) == SECSMTP_E_CANCELLED) {
            tally->cancelled++;
        } else {
            printf("job %llu: %s\n", (unsigned long long)job, secsmtp_error_text(error, NULL));
            tally->other++;
        }
    }
    secsmtp_receipt_free(receipt);
    secsmtp_error_free(error);
}

static struct tally new_tally(uint64_t most) {
    struct tally tally = {0};
    tally.completions = calloc((size_t)most + 1, 1);
    tally.last = most;
    return tally;
}

/* Many messages over four connections; each seventeenth is cancelled at once, each nineteenth while
 * it may be running. The queue is smaller than the number of messages: a full one is waited for. */
static void thousand(uint64_t messages) {
    secsmtp_client *client = new_client(4, 300);
    struct tally tally = new_tally(messages);
    uint64_t submitted = 0, full = 0;
    CHECK(secsmtp_client_set_events(client, SECSMTP_EVENT_PROGRESS | SECSMTP_EVENT_RECIPIENT | SECSMTP_EVENT_LOG,
                                    SECSMTP_LOG_DEBUG, NULL) == 0);
    while (tally.completed < messages) {
        while (submitted < messages) {
            uint64_t job = 0;
            int32_t status = secsmtp_client_submit(client, message, 0, &job, NULL);
            if (status == SECSMTP_E_FULL) {
                full++;
                break;
            }
            CHECK(status == 0 && job == submitted + 1);
            submitted = job;
            if (job % 17 == 0) {
                CHECK(secsmtp_client_cancel_job(client, job, NULL) == 0);
            }
        }
        secsmtp_event *event = NULL;
        CHECK(secsmtp_client_poll_event(client, 60000, &event, NULL) == 0);
        uint64_t job = secsmtp_event_job(event);
        if (secsmtp_event_kind(event) == SECSMTP_EVENT_PROGRESS && job % 19 == 0) {
            CHECK(secsmtp_client_cancel_job(client, job, NULL) == 0);
        }
        count(&tally, event);
        secsmtp_event_free(event);
    }
    secsmtp_event *event = NULL;
    CHECK(secsmtp_client_close(client, 60000, NULL) == 0);
    int32_t left;
    while ((left = secsmtp_client_poll_event(client, 0, &event, NULL)) == 0) {
        CHECK(secsmtp_event_kind(event) != SECSMTP_EVENT_COMPLETED);
        secsmtp_event_free(event);
    }
    CHECK(left == SECSMTP_E_CLOSED);
    for (uint64_t job = 1; job <= messages; job++) {
        CHECK(tally.completions[job] == 1);
    }
    CHECK(tally.accepted + tally.cancelled + tally.unknown == messages && tally.other == 0);
    CHECK(tally.cancelled > 0 && tally.progress > 0);
    printf("ok submitted=%llu accepted=%llu cancelled=%llu unknown=%llu progress=%llu dropped=%llu full=%llu\n",
           (unsigned long long)messages, (unsigned long long)tally.accepted, (unsigned long long)tally.cancelled,
           (unsigned long long)tally.unknown, (unsigned long long)tally.progress,
           (unsigned long long)tally.dropped, (unsigned long long)full);
    free(tally.completions);
    CHECK(secsmtp_client_free(client) == 0);
}

/* The action of a callback, and its observations. */
struct callback {
    secsmtp_client *client;
    struct tally tally;
    uint64_t more;
    int free_at;
    pthread_t thread;
    int foreign;
};

static void called(void *user, const secsmtp_event *event) {
    struct callback *own = user;
    own->foreign += !pthread_equal(pthread_self(), own->thread);
    if (secsmtp_event_kind(event) != SECSMTP_EVENT_COMPLETED) {
        return;
    }
    count(&own->tally, event);
    CHECK(secsmtp_client_dispatch(own->client, 0, NULL) == SECSMTP_E_REENTRANT);
    if (own->more > 0) {
        own->more--;
        own->tally.last = submit(own->client);
    }
    if (own->free_at > 0 && (uint64_t)own->free_at == own->tally.completed) {
        CHECK(secsmtp_client_free(own->client) == 0);
    }
}

/* Callbacks that submit, dispatch and free; a callback that is taken away; one on any thread. */
static void callbacks(uint64_t messages) {
    struct callback own = {0};
    own.thread = pthread_self();
    own.client = new_client(2, 100);
    own.tally = new_tally(messages + 10);
    own.more = messages;
    CHECK(secsmtp_client_dispatch(own.client, 0, NULL) == SECSMTP_E_NULL);
    CHECK(secsmtp_client_set_event_callback(own.client, called, &own, 2, NULL) == SECSMTP_E_VALUE);
    CHECK(secsmtp_client_set_event_callback(own.client, called, &own, 0, NULL) == 0);
    CHECK(secsmtp_client_dispatch(own.client, 0, NULL) == SECSMTP_E_NOTHING);
    own.tally.last = submit(own.client);
    while (own.tally.completed < messages + 1) {
        CHECK(secsmtp_client_dispatch(own.client, 60000, NULL) == 0);
    }
    CHECK(own.tally.accepted == messages + 1 && own.foreign == 0);

    /* Without the callback, events stay in the queue for poll. */
    CHECK(secsmtp_client_set_event_callback(own.client, NULL, NULL, 0, NULL) == 0);
    uint64_t job = submit(own.client);
    CHECK(secsmtp_client_dispatch(own.client, 0, NULL) == SECSMTP_E_NULL);
    secsmtp_receipt *receipt = NULL;
    CHECK(secsmtp_client_wait(own.client, job, SECSMTP_FOREVER, &receipt, NULL) == 0);
    secsmtp_receipt_free(receipt);
    CHECK(secsmtp_client_wait(own.client, job, SECSMTP_FOREVER, &receipt, NULL) == SECSMTP_E_TAKEN);

    /* On a thread of the library's own. */
    uint64_t before = own.tally.completed;
    CHECK(secsmtp_client_set_event_callback(own.client, called, &own, 1, NULL) == 0);
    own.tally.last = submit(own.client);
    CHECK(secsmtp_client_close(own.client, 60000, NULL) == 0);
    CHECK(secsmtp_client_set_event_callback(own.client, NULL, NULL, 0, NULL) == 0);
    CHECK(own.tally.completed == before + 1 && own.foreign > 0);
    CHECK(secsmtp_client_free(own.client) == 0);

    /* Freed by its own callback, with jobs under way. */
    own.client = new_client(2, 100);
    own.tally.completed = 0;
    memset(own.tally.completions, 0, (size_t)messages + 11);
    own.more = 5;
    own.free_at = 2;
    CHECK(secsmtp_client_set_event_callback(own.client, called, &own, 0, NULL) == 0);
    for (int i = 0; i < 4; i++) {
        own.tally.last = submit(own.client);
    }
    int32_t status = 0;
    while (status == 0) {
        status = secsmtp_client_dispatch(own.client, 60000, NULL);
    }
    CHECK(status == SECSMTP_E_BAD_HANDLE && own.tally.completed == 2);
    free(own.tally.completions);
    printf("ok\n");
}

/* An event loop: the descriptor is readable exactly while there is something to take. */
static int readable(int64_t descriptor, int milliseconds) {
    struct pollfd one = {(int)descriptor, POLLIN, 0};
    return poll(&one, 1, milliseconds);
}

static void no_event(void *user, const secsmtp_event *event) {
    (void)user, (void)event;
    CHECK(0);
}

static void loop(uint64_t messages) {
    secsmtp_client *client = new_client(2, 1000);
    struct tally tally = new_tally(messages);
    int64_t descriptor = -1, again = -1;
    CHECK(secsmtp_client_descriptor(client, NULL, NULL) == SECSMTP_E_NULL);
    CHECK(secsmtp_client_descriptor(client, &descriptor, NULL) == 0 && descriptor >= 0);
    CHECK(secsmtp_client_descriptor(client, &again, NULL) == 0 && again == descriptor);
    CHECK(readable(descriptor, 0) == 0);
    CHECK(secsmtp_client_wake(client, NULL) == 0);
    CHECK(readable(descriptor, 0) == 1);
    secsmtp_event *event = NULL;
    CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == SECSMTP_E_NOTHING);
    CHECK(readable(descriptor, 0) == 0);
    for (uint64_t i = 0; i < messages; i++) {
        submit(client);
    }
    /* A wake while an event is waiting ends the next poll or dispatch, once; the event stays. */
    CHECK(readable(descriptor, 60000) == 1);
    CHECK(secsmtp_client_wake(client, NULL) == 0);
    CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == SECSMTP_E_NOTHING);
    CHECK(readable(descriptor, 0) == 1);
    CHECK(secsmtp_client_set_event_callback(client, no_event, NULL, 0, NULL) == 0);
    CHECK(secsmtp_client_wake(client, NULL) == 0);
    CHECK(secsmtp_client_dispatch(client, SECSMTP_FOREVER, NULL) == SECSMTP_E_NOTHING);
    CHECK(secsmtp_client_set_event_callback(client, NULL, NULL, 0, NULL) == 0);
    while (tally.completed < messages) {
        CHECK(readable(descriptor, 60000) == 1);
        while (secsmtp_client_poll_event(client, 0, &event, NULL) == 0) {
            count(&tally, event);
            secsmtp_event_free(event);
        }
    }
    CHECK(tally.accepted == messages && readable(descriptor, 0) == 0);
    CHECK(secsmtp_client_close(client, 0, NULL) == 0);
    CHECK(readable(descriptor, 0) == 1);
    CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == SECSMTP_E_CLOSED);
    free(tally.completions);
    CHECK(secsmtp_client_free(client) == 0);
    printf("ok\n");
}

/* A child of fork() gets a status from what it inherits, may make its own, and does its parent no
 * harm. */
static void forked(uint64_t messages) {
    secsmtp_client *client = new_client(2, 1000);
    struct tally tally = new_tally(messages);
    for (uint64_t i = 0; i < messages; i++) {
        submit(client);
    }
    for (int children = 0; children < 5; children++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            uint64_t job = 0;
            int64_t descriptor = 0;
            secsmtp_event *event = NULL;
            secsmtp_receipt *receipt = NULL;
            alarm(60);
            CHECK(secsmtp_client_submit(client, message, 0, &job, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_wait(client, 1, SECSMTP_FOREVER, &receipt, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_send(client, message, &receipt, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_cancel_job(client, 1, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_close(client, SECSMTP_FOREVER, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_descriptor(client, &descriptor, NULL) == SECSMTP_E_FORKED);
            CHECK(secsmtp_client_free(client) == 0);
            secsmtp_client *own = new_client(1, 10);
            job = submit(own);
            CHECK(secsmtp_client_wait(own, job, 60000, &receipt, NULL) == 0);
            CHECK(secsmtp_client_close(own, 0, NULL) == 0);
            CHECK(secsmtp_client_free(own) == 0);
            _exit(0);
        }
        int ended = 0;
        CHECK(waitpid(child, &ended, 0) == child);
        CHECK(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    }
    while (tally.completed < messages) {
        secsmtp_event *event = NULL;
        CHECK(secsmtp_client_poll_event(client, 60000, &event, NULL) == 0);
        count(&tally, event);
        secsmtp_event_free(event);
    }
    CHECK(tally.accepted == messages);
    CHECK(secsmtp_client_close(client, 60000, NULL) == 0);
    CHECK(secsmtp_client_free(client) == 0);
    free(tally.completions);
    printf("ok accepted=%llu\n", (unsigned long long)(messages + 5));
}

/* Completions by the tags of their jobs: a callback on a thread of the library's own may be called before
 * the submission has returned the number. */
struct tagged {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned char *seen;
    uint64_t most, completed;
};

static void called_by_tag(void *user, const secsmtp_event *event) {
    struct tagged *own = user;
    uint64_t tag = secsmtp_event_tag(event);
    CHECK(tag >= UINT64_MAX - own->most && tag < UINT64_MAX);
    if (secsmtp_event_kind(event) == SECSMTP_EVENT_COMPLETED) {
        pthread_mutex_lock(&own->lock);
        CHECK(own->seen[UINT64_MAX - tag]++ == 0);
        own->completed++;
        pthread_cond_signal(&own->changed);
        pthread_mutex_unlock(&own->lock);
    }
}

static void tags(uint64_t messages) {
    struct tagged own = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, messages, 0};
    own.seen = calloc((size_t)messages + 1, 1);
    secsmtp_client *client = new_client(4, 1000);
    CHECK(secsmtp_client_set_events(client, SECSMTP_EVENT_STAGE, SECSMTP_LOG_ERROR, NULL) == 0);
    CHECK(secsmtp_client_set_event_callback(client, called_by_tag, &own, 1, NULL) == 0);
    for (uint64_t i = 1; i <= messages; i++) {
        uint64_t job = 0;
        CHECK(secsmtp_client_submit(client, message, UINT64_MAX - i, &job, NULL) == 0);
    }
    pthread_mutex_lock(&own.lock);
    while (own.completed < messages) {
        pthread_cond_wait(&own.changed, &own.lock);
    }
    pthread_mutex_unlock(&own.lock);
    CHECK(secsmtp_event_tag(NULL) == 0);
    CHECK(secsmtp_client_free(client) == 0);
    free(own.seen);
    printf("ok accepted=%llu\n", (unsigned long long)messages);
}

/* A callback on a thread of the library's own that can't be had for lack of room: the one before stays. */
static void no_thread(void) {
    struct tagged own = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 1, 0};
    unsigned char seen[2] = {0};
    struct callback other = {0};
    struct rlimit room, none;
    uint64_t job = 0;
    unsigned long pages = 0;
    own.seen = seen;
    secsmtp_client *client = new_client(1, 10);
    CHECK(secsmtp_client_set_event_callback(client, called_by_tag, &own, 1, NULL) == 0);
    FILE *usage = fopen("/proc/self/statm", "r");
    CHECK(usage != NULL && fscanf(usage, "%lu", &pages) == 1 && fclose(usage) == 0);
    CHECK(getrlimit(RLIMIT_AS, &room) == 0);
    none = room;
    none.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (1 << 20);
    CHECK(setrlimit(RLIMIT_AS, &none) == 0);
    int32_t status = secsmtp_client_set_event_callback(client, called, &other, 1, NULL);
    CHECK(setrlimit(RLIMIT_AS, &room) == 0);
    CHECK(status == SECSMTP_E_RESOURCE);
    CHECK(secsmtp_client_submit(client, message, UINT64_MAX - 1, &job, NULL) == 0);
    pthread_mutex_lock(&own.lock);
    while (own.completed < 1) {
        pthread_cond_wait(&own.changed, &own.lock);
    }
    pthread_mutex_unlock(&own.lock);
    CHECK(secsmtp_client_free(client) == 0);
    printf("ok accepted=1\n");
}

/* Receipts need not be taken, and no line of the log comes once it is switched off. */
static void log_line(void *user, int32_t level, int32_t stage, const char *text, size_t len) {
    (void)level, (void)stage, (void)text;
    *(uint64_t *)user += len > 0;
}

static void unwanted(void) {
    secsmtp_client *client = new_client(1, 10);
    uint64_t lines = 0;
    int64_t handles = secsmtp_debug_live_handles();
    CHECK(secsmtp_client_set_log(client, log_line, &lines, SECSMTP_LOG_DEBUG, NULL) == 0);
    CHECK(secsmtp_client_send(client, message, NULL, NULL) == 0);
    CHECK(lines > 0);
    for (int32_t level = -1; level <= 5; level++) {
        CHECK(secsmtp_client_set_log(client, log_line, &lines, SECSMTP_LOG_DEBUG, NULL) == 0);
        CHECK(secsmtp_client_set_log(client, NULL, NULL, level, NULL) == 0);
    }
    lines = 0;
    CHECK(secsmtp_client_send(client, message, NULL, NULL) == 0);
    CHECK(lines == 0);
    uint64_t job = submit(client);
    CHECK(secsmtp_client_wait(client, job, SECSMTP_FOREVER, NULL, NULL) == 0);
    CHECK(secsmtp_client_wait(client, job, SECSMTP_FOREVER, NULL, NULL) == SECSMTP_E_TAKEN);
    CHECK(secsmtp_debug_live_handles() == handles);
    CHECK(secsmtp_client_free(client) == 0);
    printf("ok accepted=3\n");
}

/* The outcome of `error`, which is freed. */
static int32_t outcome(secsmtp_error **error) {
    int32_t found = secsmtp_error_outcome(*error);
    int32_t retry = secsmtp_error_retry(*error);
    CHECK((strstr(secsmtp_error_text(*error, NULL), "othing was sent") != NULL) == (found != SECSMTP_OUTCOME_NONE));
    CHECK(found != SECSMTP_OUTCOME_NONE || retry == SECSMTP_RETRY_NEVER);
    CHECK(secsmtp_error_free(*error) == 0);
    *error = NULL;
    return found;
}

/* A client whose server takes connections and says nothing, so that a job runs until it is ended. */
static secsmtp_client *silent_client(int *listener) {
    struct sockaddr_in own = {0};
    socklen_t len = sizeof own;
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(*listener >= 0 && bind(*listener, (struct sockaddr *)&own, len) == 0 && listen(*listener, 8) == 0);
    CHECK(getsockname(*listener, (struct sockaddr *)&own, &len) == 0);
    secsmtp_client *client = new_client(1, 10);
    CHECK(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), ntohs(own.sin_port), NULL) == 0);
    return client;
}

/* An error has an outcome if it is about a message, and none otherwise. */
static void outcomes(void) {
    int listener = -1;
    secsmtp_client *client = silent_client(&listener);
    struct callback own = {0};
    secsmtp_error *error = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_report *report = NULL;
    secsmtp_event *event = NULL;
    secsmtp_batch *batch = NULL;
    uint64_t job = submit(client), other = 0;
    const uint32_t times[] = {0, 10};
    for (int i = 0; i < 2; i++) {
        CHECK(secsmtp_client_wait(client, job, times[i], &receipt, &error) == SECSMTP_E_NOTHING);
        CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
        CHECK(secsmtp_client_poll_event(client, times[i], &event, &error) == SECSMTP_E_NOTHING);
        CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    }
    CHECK(secsmtp_client_wait(client, job + 1, 0, &receipt, &error) == SECSMTP_E_VALUE);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_wait(client, job, 0, NULL, &error) == SECSMTP_E_NOTHING);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_dispatch(client, 0, &error) == SECSMTP_E_NULL);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_set_event_callback(client, called, &own, 0, NULL) == 0);
    CHECK(secsmtp_client_dispatch(client, 10, &error) == SECSMTP_E_NOTHING);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_set_event_callback(client, NULL, NULL, 0, NULL) == 0);
    CHECK(secsmtp_client_cancel_job(client, 99, &error) == SECSMTP_E_VALUE);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_answer_secret(client, job, NULL, 0, &error) == SECSMTP_E_NOTHING);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_close(client, 10, &error) == SECSMTP_E_TIMEOUT);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_probe(client, &report, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);

    /* The job's own error is about its message. */
    CHECK(secsmtp_client_wait(client, job, SECSMTP_FOREVER, &receipt, &error) == SECSMTP_E_CANCELLED);
    CHECK(secsmtp_error_outcome(error) == SECSMTP_OUTCOME_NOT_SENT);
    secsmtp_error_free(error);
    CHECK(secsmtp_client_wait(client, job, 0, &receipt, &error) == SECSMTP_E_TAKEN);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_client_poll_event(client, 0, &event, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);

    /* And so is each of a call that was to send or submit one. */
    CHECK(secsmtp_client_submit(client, message, 0, &other, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_client_submit(client, NULL, 0, &other, &error) == SECSMTP_E_NULL);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_client_send(client, message, &receipt, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_client_send(client, message, NULL, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_client_send_batch(client, NULL, &error) == SECSMTP_E_NULL);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NONE);
    CHECK(secsmtp_batch_new(&batch, &error) == 0);
    CHECK(secsmtp_batch_add(batch, message, &error) == 0);
    CHECK(secsmtp_client_send_batch(client, batch, &error) == SECSMTP_E_CLOSED);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_batch_error(batch, 0, &error, NULL) == 0);
    CHECK(outcome(&error) == SECSMTP_OUTCOME_NOT_SENT);
    CHECK(secsmtp_batch_error(batch, 1, &error, NULL) == SECSMTP_E_VALUE);
    secsmtp_batch_free(batch);
    CHECK(strcmp(secsmtp_outcome_name(SECSMTP_OUTCOME_NONE), "none") == 0);
    CHECK(secsmtp_client_free(client) == 0 && close(listener) == 0);
    printf("ok\n");
}

int main(int argc, char **argv) {
    if (argc != 9) {
        return 64;
    }
    args = argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t messages = (uint64_t)strtoull(argv[8], NULL, 10);
    int64_t handles = secsmtp_debug_live_handles();
    char *content = malloc(30000);
    strcpy(content, "Subject: one of many\r\n\r\n");
    while (strlen(content) < 20000) {
        strcat(content, "A line of the body, as long as lines are.\r\n");
    }
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(argv[5]), NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT(argv[6]), (const uint8_t *)argv[7], strlen(argv[7]), &login, NULL) == 0);
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_set_content(message, (const uint8_t *)content, strlen(content), NULL) == 0);
    free(content);
    /* A double holds each handle exactly. */
    CHECK((uint64_t)(uintptr_t)policy >> 53 == 0 && (uint64_t)(uintptr_t)login >> 53 == 0);
    CHECK((uint64_t)(uintptr_t)message >> 53 == 0 && (void *)(uintptr_t)(double)(uintptr_t)message == (void *)message);
    if (strcmp(argv[1], "thousand") == 0) {
        thousand(messages);
    } else if (strcmp(argv[1], "callbacks") == 0) {
        callbacks(messages);
    } else if (strcmp(argv[1], "loop") == 0) {
        loop(messages);
    } else if (strcmp(argv[1], "fork") == 0) {
        forked(messages);
    } else if (strcmp(argv[1], "tags") == 0) {
        tags(messages);
    } else if (strcmp(argv[1], "no_thread") == 0) {
        no_thread();
    } else if (strcmp(argv[1], "unwanted") == 0) {
        unwanted();
    } else if (strcmp(argv[1], "outcomes") == 0) {
        outcomes();
    } else {
        return 64;
    }
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_policy_free(policy);
    CHECK(secsmtp_debug_live_handles() == handles);
    return 0;
}
