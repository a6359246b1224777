/* Forks while other threads are busy inside the library: no child hangs, whatever it does.
 *
 *   fork HOST ADDRESS PORT CA USER PASSWORD FORKS
 *
 * Prints what went wrong and ends with 1, or prints "ok" and figures. */

#include <pthread.h>
#include <secsmtp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) check((condition), #condition, __LINE__)
/* A child that takes longer hangs; its end by the alarm is seen. */
#define HANGS 120

static char **args;
static secsmtp_policy *policy;
static secsmtp_credential *login;
/* Nothing of it changes while there are forks. */
static secsmtp_message *quiet;
/* Threads change these all the time. */
static secsmtp_message *busy_message;
static secsmtp_part *busy_part;
static secsmtp_policy *busy_policy;
static secsmtp_credential *busy_login;
static secsmtp_batch *busy_batch;
static secsmtp_client *client;
static atomic_int stop;
static atomic_long sent, forked;

static void check(int holds, const char *what, int line) {
    if (!holds) {
        printf("%ld: line %d: not so: %s\n", (long)getpid(), line, what);
        _exit(1);
    }
}

static secsmtp_client *new_client(const char *address) {
    secsmtp_client *made = NULL;
    CHECK(secsmtp_client_new(TEXT(args[1]), 0, policy, &made, NULL) == 0);
    CHECK(secsmtp_client_set_connect(made, TEXT(address), (uint32_t)atoi(args[3]), NULL) == 0);
    CHECK(secsmtp_client_set_credential(made, login, NULL) == 0);
    return made;
}

static secsmtp_message *new_message(void) {
    secsmtp_message *made = NULL;
    CHECK(secsmtp_message_new(&made, NULL) == 0);
    CHECK(secsmtp_message_set_sender(made, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(made, TEXT("bob@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_address(made, SECSMTP_FIELD_FROM, TEXT("alice@mail.test"), TEXT("Alice"), NULL) == 0);
    CHECK(secsmtp_message_set_text(made, TEXT("A line of text.\n"), NULL) == 0);
    return made;
}

/* Threads of the parent. */

static void *handles(void *unused) {
    while (!stop) {
        secsmtp_message *message = new_message();
        size_t len = 0;
        secsmtp_error *error = NULL;
        CHECK(secsmtp_message_id(message, &len) != NULL && len > 0);
        CHECK(secsmtp_message_set_priority(message, 77, &error) == SECSMTP_E_VALUE);
        secsmtp_error_free(error);
        CHECK(secsmtp_message_free(message) == 0);
    }
    return unused;
}

static void *changes(void *unused) {
    while (!stop) {
        CHECK(secsmtp_message_set_subject(busy_message, TEXT("once more"), NULL) == 0);
        CHECK(secsmtp_message_size(busy_message) > 0);
        CHECK(secsmtp_part_set_name(busy_part, TEXT("a.txt"), NULL) == 0);
        CHECK(secsmtp_policy_set_min_tls(busy_policy, SECSMTP_TLS_1_3, NULL) == 0);
        CHECK(secsmtp_credential_set_max_iterations(busy_login, 5000, NULL) == 0);
        CHECK(secsmtp_batch_set_connections(busy_batch, 2, NULL) == 0);
    }
    return unused;
}

static void *sends(void *unused) {
    while (!stop) {
        secsmtp_receipt *receipt = NULL;
        if (secsmtp_client_send(client, quiet, &receipt, NULL) == 0) {
            (void)secsmtp_receipt_message_id(receipt, NULL);
            sent++;
        }
        secsmtp_receipt_free(receipt);
    }
    return unused;
}

static void *jobs(void *unused) {
    while (!stop) {
        uint64_t job = 0;
        secsmtp_receipt *receipt = NULL;
        CHECK(secsmtp_client_submit(client, quiet, 0, &job, NULL) == 0);
        if (secsmtp_client_wait(client, job, SECSMTP_FOREVER, &receipt, NULL) == 0) {
            sent++;
        }
        secsmtp_receipt_free(receipt);
    }
    return unused;
}

/* The work of the child processes. */

static void runs_a_program(void) {
    execl("/bin/true", "true", (char *)NULL);
    _exit(77);
}

static void makes_its_own(void) {
    secsmtp_policy *own = NULL;
    CHECK(secsmtp_policy_new(&own, NULL) == 0);
    CHECK(secsmtp_policy_free(own) == 0);
    secsmtp_message *message = new_message();
    CHECK(secsmtp_message_size(message) > 0);
    CHECK(secsmtp_message_free(message) == 0);
    CHECK(strcmp(secsmtp_status_name(0), "SECSMTP_OK") == 0);
}

static void uses_unchanged_state(void) {
    size_t len = 0;
    CHECK(secsmtp_message_id(quiet, &len) != NULL && len > 0);
    CHECK(secsmtp_message_set_subject(quiet, TEXT("the child's"), NULL) == 0);
    CHECK(secsmtp_message_id(quiet, &len) != NULL && len > 0);
    CHECK(secsmtp_message_free(quiet) == 0);
}

static int works_or_says(int32_t first, int32_t second) {
    forked += first == SECSMTP_E_FORKED;
    return first == second && (first == 0 || first == SECSMTP_E_FORKED);
}

static void uses_what_was_being_changed(void) {
    CHECK(works_or_says(secsmtp_message_set_subject(busy_message, TEXT("a"), NULL),
                        secsmtp_message_set_subject(busy_message, TEXT("b"), NULL)));
    CHECK(works_or_says(secsmtp_part_set_name(busy_part, TEXT("a"), NULL),
                        secsmtp_part_set_name(busy_part, TEXT("b"), NULL)));
    CHECK(works_or_says(secsmtp_policy_set_min_tls(busy_policy, SECSMTP_TLS_1_2, NULL),
                        secsmtp_policy_set_min_tls(busy_policy, SECSMTP_TLS_1_2, NULL)));
    CHECK(works_or_says(secsmtp_credential_set_max_iterations(busy_login, 6000, NULL),
                        secsmtp_credential_set_max_iterations(busy_login, 7000, NULL)));
    CHECK(works_or_says(secsmtp_batch_set_connections(busy_batch, 2, NULL),
                        secsmtp_batch_set_connections(busy_batch, 3, NULL)));
    CHECK(secsmtp_message_free(busy_message) == 0);
    CHECK(secsmtp_batch_free(busy_batch) == 0);
}

static void frees_the_client(void) {
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    CHECK(secsmtp_client_send(client, quiet, &receipt, &error) == SECSMTP_E_FORKED);
    CHECK(secsmtp_error_status(error) == SECSMTP_E_FORKED && secsmtp_error_free(error) == 0);
    CHECK(secsmtp_client_close(client, SECSMTP_FOREVER, NULL) == SECSMTP_E_FORKED);
    CHECK(secsmtp_client_free(client) == 0);
}

static void *sends_once(void *own) {
    secsmtp_receipt *receipt = NULL;
    CHECK(secsmtp_client_send(own, quiet, &receipt, NULL) == 0);
    CHECK(secsmtp_receipt_free(receipt) == 0);
    return NULL;
}

static void sends_its_own(const char *address) {
    secsmtp_client *own = new_client(address);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, sends_once, own) == 0);
    }
    uint64_t job = 0;
    secsmtp_receipt *receipt = NULL;
    CHECK(secsmtp_client_submit(own, quiet, 0, &job, NULL) == 0);
    CHECK(secsmtp_client_wait(own, job, SECSMTP_FOREVER, &receipt, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(secsmtp_client_close(own, SECSMTP_FOREVER, NULL) == 0);
    CHECK(secsmtp_client_free(own) == 0);
}

static void be_a_child(long number) {
    alarm(HANGS);
    switch (number % 5) {
    case 0:
        runs_a_program();
        break;
    case 1:
        makes_its_own();
        uses_unchanged_state();
        break;
    case 2:
        uses_what_was_being_changed();
        _exit(forked > 0 ? 2 : 0);
    case 3:
        frees_the_client();
        break;
    default:
        frees_the_client();
        sends_its_own(args[2]);
    }
    _exit(0);
}

/* The exit status of the child: 0, or 2 if a lock was held at the fork. */
static int fork_once(long number) {
    int ended = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        be_a_child(number);
    }
    CHECK(waitpid(child, &ended, 0) == child);
    if (!WIFEXITED(ended) || (WEXITSTATUS(ended) != 0 && WEXITSTATUS(ended) != 2)) {
        printf("child %ld, which does %ld, ended by %s %d\n", number, number % 5,
               WIFEXITED(ended) ? "status" : "signal", WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended));
        exit(1);
    }
    return WEXITSTATUS(ended);
}

/* Also another thread than the first one forks. */
static void *forks(void *unused) {
    for (long number = 0; !stop; number++) {
        fork_once(number % 2);
    }
    return unused;
}

int main(int argc, char **argv) {
    if (argc != 8) {
        return 64;
    }
    args = argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(argv[4]), NULL) == 0);
    CHECK(secsmtp_policy_new(&busy_policy, NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT(argv[5]), (const uint8_t *)argv[6], strlen(argv[6]), &login, NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT("u"), (const uint8_t *)"p", 1, &busy_login, NULL) == 0);
    CHECK(secsmtp_part_new_memory((const uint8_t *)"x", 1, &busy_part, NULL) == 0);
    CHECK(secsmtp_batch_new(&busy_batch, NULL) == 0);
    quiet = new_message();
    busy_message = new_message();
    /* By its name: look-ups have threads and a lock of the whole process. */
    client = new_client("localhost");
    void *(*const loads[])(void *) = {handles, handles, handles, changes, changes, sends, sends, jobs, forks};
    enum { LOADS = sizeof loads / sizeof *loads };
    pthread_t threads[LOADS];
    for (int i = 0; i < LOADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, loads[i], NULL) == 0);
    }
    long statuses = 0;
    for (long number = 0, most = atol(argv[7]); number < most; number++) {
        statuses += fork_once(number) == 2;
    }
    stop = 1;
    for (int i = 0; i < LOADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    /* The resolver of the C library may itself be locked in a child: now no thread is inside it. */
    pid_t child = fork();
    if (child == 0) {
        alarm(HANGS);
        sends_its_own("localhost");
        _exit(0);
    }
    int ended = 0;
    CHECK(waitpid(child, &ended, 0) == child && ended == 0);
    CHECK(secsmtp_client_free(client) == 0);
    printf("ok sent=%ld statuses=%ld\n", (long)sent, statuses);
    return 0;
}
