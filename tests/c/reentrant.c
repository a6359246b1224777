/* Each function of the library inside each callback. The functions come from the header: calls.h has
 * `calls`, an array of { name, function, is it called alone, must it give SECSMTP_E_REENTRANT }.
 *
 *   reentrant START HOST ADDRESS PORT CA USER PASSWORD
 *
 * Runs the pairs of callback and function from number START on. Ends with 0 and "ok" when it has run
 * the last one, with 1 and a line for each wrong status, and with 3 and "hang NUMBER: ..." as soon as a
 * function does not return, or a callback is not called, within a time that no machine needs. */

#include <arpa/inet.h>
#include <pthread.h>
#include <secsmtp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) check((condition), #condition, __LINE__)
#define PATIENCE 40

struct call;

/* The arguments of a function, and the observations of its callback. Never freed: a thread of the library
 * may call back after its client was freed. */
struct world {
    struct world *others;
    const char *callback;
    const struct call *first, *last;
    secsmtp_policy *policy;
    secsmtp_credential *credential;
    secsmtp_client *client;
    secsmtp_message *message;
    secsmtp_part *part;
    secsmtp_batch *batch;
    secsmtp_signer *signer;
    secsmtp_receipt *receipt;
    secsmtp_report *report;
    secsmtp_error *error;
    secsmtp_event *event;
    secsmtp_secret_request *secret_request;
    uint64_t job;
    int is_silent, is_begun, is_over;
};

struct call {
    const char *name;
    int64_t (*run)(struct world *);
    int is_alone, is_reentrant;
};

static int64_t no_read(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    (void)user, (void)offset, (void)buffer, (void)room;
    return 0;
}

static void no_release(void *user) {
    (void)user;
}

static int32_t no_write(void *user, const uint8_t *bytes, size_t bytes_len) {
    (void)user, (void)bytes, (void)bytes_len;
    return 0;
}

static void no_event(void *user, const secsmtp_event *event) {
    (void)user, (void)event;
}

static void no_log(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    (void)user, (void)level, (void)stage, (void)text, (void)text_len;
}

static int32_t no_secret(void *user, secsmtp_secret_request *request) {
    (void)user, (void)request;
    return 1;
}

#include "calls.h"

static char **args;
static struct world *worlds;
static int silent_port, wrong, pair;
static const char *volatile at;
static secsmtp_receipt *receipt;
static secsmtp_report *report;
static secsmtp_event *event;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void check(int holds, const char *what, int line) {
    if (!holds) {
        printf("line %d: not so: %s (pair %d)\n", line, what, pair);
        exit(1);
    }
}

static void hang(int number) {
    static char text[300];
    (void)number;
    int len = snprintf(text, sizeof text, "hang %d: %s inside %s\n", pair,
                       worlds->is_begun ? at : "(the callback was not called)", worlds->callback);
    len = (int)write(STDOUT_FILENO, text, (size_t)len);
    _exit(3);
}

/* The callback: calls its functions, once. */
static void inside(struct world *w) {
    pthread_mutex_lock(&lock);
    int is_begun = w->is_begun;
    w->is_begun = 1;
    pthread_mutex_unlock(&lock);
    if (is_begun) {
        return;
    }
    if (w->is_silent) {
        /* A send to a server that says nothing ends soon. */
        secsmtp_client_set_timeout(w->client, SECSMTP_STAGE_ALL, 50, NULL);
    }
    for (const struct call *call = w->first; call < w->last; call++) {
        if (w->last - w->first > 1 && call->is_alone) {
            continue;
        }
        at = call->name;
        int64_t got = call->run(w);
        int is_reentrant = got == SECSMTP_E_REENTRANT;
        if (is_reentrant != call->is_reentrant && !(call->is_reentrant && got == SECSMTP_E_BAD_HANDLE)) {
            printf("%s inside %s gives %lld\n", call->name, w->callback, (long long)got);
            wrong = 1;
        }
    }
    pthread_mutex_lock(&lock);
    w->is_over = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_log(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    (void)level, (void)stage, (void)text, (void)text_len;
    inside(user);
}

static void on_event(void *user, const secsmtp_event *notice) {
    struct world *w = user;
    secsmtp_event *before = w->event;
    w->event = (secsmtp_event *)notice;
    inside(w);
    w->event = before;
}

static int32_t on_secret(void *user, secsmtp_secret_request *request) {
    struct world *w = user;
    w->secret_request = request;
    inside(w);
    w->secret_request = NULL;
    return secsmtp_secret_request_answer(request, (const uint8_t *)args[7], strlen(args[7]), NULL);
}

static const char MAIL[] = "Subject: inside\r\n\r\nbody\r\n";

static int64_t reading(uint64_t offset, uint8_t *buffer, size_t room) {
    size_t left = sizeof MAIL - 1 - (size_t)offset, n = left < room ? left : room;
    memcpy(buffer, MAIL + offset, n);
    return (int64_t)n;
}

static int64_t on_read(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    inside(user);
    return reading(offset, buffer, room);
}

static int64_t plain_read(void *user, uint64_t offset, uint8_t *buffer, size_t room) {
    (void)user;
    return reading(offset, buffer, room);
}

static void on_release(void *user) {
    inside(user);
}

static int32_t on_write(void *user, const uint8_t *bytes, size_t bytes_len) {
    (void)bytes, (void)bytes_len;
    inside(user);
    return 0;
}

static secsmtp_client *new_client(struct world *w, int port) {
    secsmtp_client *client = NULL;
    CHECK(secsmtp_client_new(TEXT(args[2]), 0, w->policy, &client, NULL) == 0);
    CHECK(secsmtp_client_set_connect(client, TEXT(args[3]), (uint32_t)port, NULL) == 0);
    CHECK(secsmtp_client_set_credential(client, w->credential, NULL) == 0);
    CHECK(secsmtp_client_set_limits(client, 1, 100, 100, NULL) == 0);
    return client;
}

static secsmtp_message *new_message(void) {
    secsmtp_message *message = NULL;
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL) == 0);
    return message;
}

/* A message whose content calls `inside` when it is read in a send, or when it is released. */
static secsmtp_message *reader(struct world *w, int is_read) {
    secsmtp_message *message = new_message();
    secsmtp_part *part = NULL;
    if (is_read) {
        CHECK(secsmtp_part_new_reader(on_read, NULL, w, SECSMTP_SIZE_UNKNOWN, &part, NULL) == 0);
        CHECK(secsmtp_message_add_address(message, SECSMTP_FIELD_FROM, TEXT("alice@mail.test"), TEXT(""),
                                          NULL) == 0);
        CHECK(secsmtp_message_add_part(message, part, NULL) == 0);
        CHECK(secsmtp_part_free(part) == 0);
    } else {
        CHECK(secsmtp_message_set_content_reader(message, plain_read, on_release, w, SECSMTP_SIZE_UNKNOWN, 0,
                                                 NULL) == 0);
    }
    return message;
}

/* A job that is submitted with the last of its message. */
static void submit_last(struct world *w, secsmtp_message *message) {
    CHECK(secsmtp_client_submit(w->client, message, 0, &w->job, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
}

/* One job that waits for a server that says nothing, and one in the queue behind it. */
static void queue_one(struct world *w) {
    uint64_t first = 0;
    CHECK(secsmtp_client_submit(w->client, w->message, 0, &first, NULL) == 0);
    submit_last(w, reader(w, 0));
}

static void in_log(struct world *w) {
    CHECK(secsmtp_client_set_log(w->client, on_log, w, SECSMTP_LOG_DEBUG, NULL) == 0);
    secsmtp_receipt *own = NULL;
    secsmtp_client_send(w->client, w->message, &own, NULL);
    secsmtp_receipt_free(own);
}

static void in_dispatch(struct world *w) {
    CHECK(secsmtp_client_set_event_callback(w->client, on_event, w, 0, NULL) == 0);
    CHECK(secsmtp_client_submit(w->client, w->message, 0, &w->job, NULL) == 0);
    CHECK(secsmtp_client_dispatch(w->client, SECSMTP_FOREVER, NULL) == 0);
}

static void in_event_thread(struct world *w) {
    CHECK(secsmtp_client_set_event_callback(w->client, on_event, w, 1, NULL) == 0);
    CHECK(secsmtp_client_submit(w->client, w->message, 0, &w->job, NULL) == 0);
}

static void in_first_read(struct world *w) {
    secsmtp_message_set_content_reader(w->message, on_read, NULL, w, SECSMTP_SIZE_UNKNOWN, 0, NULL);
}

static void in_read_of_send(struct world *w) {
    secsmtp_receipt *own = NULL;
    secsmtp_message *message = reader(w, 1);
    secsmtp_client_send(w->client, message, &own, NULL);
    secsmtp_receipt_free(own);
    CHECK(secsmtp_message_free(message) == 0);
}

static void in_read_of_batch(struct world *w) {
    secsmtp_message *message = reader(w, 1);
    CHECK(secsmtp_batch_add(w->batch, message, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
    secsmtp_client_send_batch(w->client, w->batch, NULL);
}

static void in_read_of_job(struct world *w) {
    submit_last(w, reader(w, 1));
}

static void in_read_of_preview(struct world *w) {
    secsmtp_message *message = reader(w, 1);
    CHECK(secsmtp_message_preview(message, no_write, NULL, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
}

static void in_release_by_part_free(struct world *w) {
    secsmtp_part *part = NULL;
    CHECK(secsmtp_part_new_reader(plain_read, on_release, w, 1, &part, NULL) == 0);
    CHECK(secsmtp_part_free(part) == 0);
}

static void in_release_by_message_free(struct world *w) {
    CHECK(secsmtp_message_free(reader(w, 0)) == 0);
}

static void in_release_by_set_content(struct world *w) {
    secsmtp_message_free(w->message);
    w->message = reader(w, 0);
    CHECK(secsmtp_message_set_content(w->message, (const uint8_t *)MAIL, sizeof MAIL - 1, NULL) == 0);
}

static void in_release_by_cancel_job(struct world *w) {
    queue_one(w);
    CHECK(secsmtp_client_cancel_job(w->client, w->job, NULL) == 0);
}

static void in_release_by_close(struct world *w) {
    queue_one(w);
    CHECK(secsmtp_client_close(w->client, 0, NULL) == SECSMTP_E_TIMEOUT);
}

static void in_release_by_client_free(struct world *w) {
    queue_one(w);
    CHECK(secsmtp_client_free(w->client) == 0);
}

static void in_release_by_batch_clear(struct world *w) {
    secsmtp_message *message = reader(w, 0);
    CHECK(secsmtp_batch_add(w->batch, message, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
    CHECK(secsmtp_batch_clear(w->batch, NULL) == 0);
}

static void in_release_by_batch_free(struct world *w) {
    secsmtp_message *message = reader(w, 0);
    CHECK(secsmtp_batch_add(w->batch, message, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
    CHECK(secsmtp_batch_free(w->batch) == 0);
}

static void in_release_by_job(struct world *w) {
    submit_last(w, reader(w, 0));
}

/* Frees what is being sent: the call has the last of it, and releases it at its end. */
static void free_message(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    (void)level, (void)stage, (void)text, (void)text_len;
    secsmtp_message_free(((struct world *)user)->message);
}

static void free_batch(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    (void)level, (void)stage, (void)text, (void)text_len;
    secsmtp_batch_free(((struct world *)user)->batch);
}

static void in_release_by_send(struct world *w) {
    secsmtp_receipt *own = NULL;
    CHECK(secsmtp_message_free(w->message) == 0);
    w->message = reader(w, 0);
    CHECK(secsmtp_client_set_log(w->client, free_message, w, SECSMTP_LOG_DEBUG, NULL) == 0);
    CHECK(secsmtp_client_send(w->client, w->message, &own, NULL) == 0);
    secsmtp_receipt_free(own);
}

static void in_release_by_send_batch(struct world *w) {
    secsmtp_message *message = reader(w, 0);
    CHECK(secsmtp_batch_add(w->batch, message, NULL) == 0);
    CHECK(secsmtp_message_free(message) == 0);
    CHECK(secsmtp_client_set_log(w->client, free_batch, w, SECSMTP_LOG_DEBUG, NULL) == 0);
    CHECK(secsmtp_client_send_batch(w->client, w->batch, NULL) == 0);
}

static void in_secret(struct world *w) {
    secsmtp_credential *asked = NULL;
    secsmtp_receipt *own = NULL;
    CHECK(secsmtp_credential_new_asked(TEXT(args[6]), SECSMTP_SECRET_PASSWORD, on_secret, w, &asked,
                                          NULL) == 0);
    CHECK(secsmtp_client_set_credential(w->client, asked, NULL) == 0);
    secsmtp_client_send(w->client, w->message, &own, NULL);
    secsmtp_receipt_free(own);
    CHECK(secsmtp_credential_free(asked) == 0);
}

static void in_write(struct world *w) {
    secsmtp_message_preview(w->message, on_write, w, NULL);
}

static const struct {
    const char *name;
    void (*run)(struct world *);
    int is_silent;
} CALLBACKS[] = {
    {"a log callback", in_log, 0},
    {"an event callback of dispatch", in_dispatch, 0},
    {"an event callback on a thread of the library", in_event_thread, 0},
    {"a read callback of set_content_reader", in_first_read, 0},
    {"a read callback of a send", in_read_of_send, 0},
    {"a read callback of a batch", in_read_of_batch, 0},
    {"a read callback of a job", in_read_of_job, 0},
    {"a read callback of a preview", in_read_of_preview, 0},
    {"a release callback of part_free", in_release_by_part_free, 0},
    {"a release callback of message_free", in_release_by_message_free, 0},
    {"a release callback of set_content", in_release_by_set_content, 0},
    {"a release callback of cancel_job", in_release_by_cancel_job, 1},
    {"a release callback of close", in_release_by_close, 1},
    {"a release callback of client_free", in_release_by_client_free, 1},
    {"a release callback of batch_clear", in_release_by_batch_clear, 0},
    {"a release callback of batch_free", in_release_by_batch_free, 0},
    {"a release callback of a job", in_release_by_job, 0},
    {"a release callback of a send", in_release_by_send, 0},
    {"a release callback of send_batch", in_release_by_send_batch, 0},
    {"a secret callback", in_secret, 0},
    {"a write callback", in_write, 0},
};

/* A receipt, a report and an event to ask; each may have been freed by the pair before. */
static void evidence(struct world *w) {
    secsmtp_client *client = NULL;
    if (secsmtp_receipt_stage(receipt) < 0 || secsmtp_report_verdict(report) < 0 ||
        secsmtp_event_kind(event) < 0) {
        uint64_t job = 0;
        client = new_client(w, atoi(args[4]));
        secsmtp_receipt_free(receipt);
        secsmtp_report_free(report);
        secsmtp_event_free(event);
        CHECK(secsmtp_client_send(client, w->message, &receipt, NULL) == 0);
        CHECK(secsmtp_client_probe(client, &report, NULL) == 0);
        CHECK(secsmtp_client_submit(client, w->message, 0, &job, NULL) == 0);
        CHECK(secsmtp_client_poll_event(client, SECSMTP_FOREVER, &event, NULL) == 0);
        CHECK(secsmtp_client_free(client) == 0);
    }
    w->receipt = receipt;
    w->report = report;
    w->event = event;
    CHECK(secsmtp_client_new(TEXT("no host"), 0, w->policy, &client, &w->error) != 0);
}

static void run(size_t callback, const struct call *first, const struct call *last) {
    struct world *w = calloc(1, sizeof *w);
    w->others = worlds;
    w->callback = CALLBACKS[callback].name;
    w->is_silent = CALLBACKS[callback].is_silent;
    w->first = first;
    w->last = last;
    worlds = w;
    alarm(PATIENCE);
    CHECK(secsmtp_policy_new(&w->policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(w->policy, TEXT(args[5]), NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT(args[6]), (const uint8_t *)args[7], strlen(args[7]),
                                          &w->credential, NULL) == 0);
    w->client = new_client(w, w->is_silent ? silent_port : atoi(args[4]));
    w->message = new_message();
    CHECK(secsmtp_message_set_content(w->message, (const uint8_t *)MAIL, sizeof MAIL - 1, NULL) == 0);
    CHECK(secsmtp_part_new_memory((const uint8_t *)"x", 1, &w->part, NULL) == 0);
    CHECK(secsmtp_batch_new(&w->batch, NULL) == 0);
    CHECK(secsmtp_batch_add(w->batch, w->message, NULL) == 0);
    w->job = 1;
    evidence(w);
    CALLBACKS[callback].run(w);
    pthread_mutex_lock(&lock);
    while (!w->is_over) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    secsmtp_client_set_event_callback(w->client, NULL, NULL, 0, NULL);
    secsmtp_client_close(w->client, 0, NULL);
    secsmtp_client_free(w->client);
    secsmtp_batch_free(w->batch);
    secsmtp_part_free(w->part);
    secsmtp_message_free(w->message);
    secsmtp_credential_free(w->credential);
    secsmtp_policy_free(w->policy);
    secsmtp_error_free(w->error);
    alarm(0);
}

/* Takes connections in its backlog, and says nothing. */
static void listen_silently(void) {
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    silent_port = ntohs(address.sin_port);
}

int main(int count, char **arguments) {
    args = arguments;
    CHECK(count == 8);
    setvbuf(stdout, NULL, _IONBF, 0);
    listen_silently();
    signal(SIGALRM, hang);
    int start = atoi(args[1]);
    const struct call *end = calls + sizeof calls / sizeof *calls;
    for (size_t callback = 0; callback < sizeof CALLBACKS / sizeof *CALLBACKS; callback++) {
        /* All that leave the others something to do at once, and each of the others alone. */
        if (++pair > start) {
            run(callback, calls, end);
        }
        for (const struct call *call = calls; call < end; call++) {
            if (call->is_alone && ++pair > start) {
                run(callback, call, call + 1);
            }
        }
    }
    secsmtp_receipt_free(receipt);
    secsmtp_report_free(report);
    secsmtp_event_free(event);
    if (!wrong) {
        printf("ok %d pairs\n", pair);
    }
    return wrong;
}
