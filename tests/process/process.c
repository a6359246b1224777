/*
 * What sends leave in the process that makes them: signals, descriptors, threads, memory.
 *
 *   process HOST PORT CA PIN-OF-PORT FAILING-PORT USER MASKED-PASSWORD [MASKED-FORM ...]
 *
 * The password and the forms in which it must not be found are given in hexadecimal with each byte
 * exclusive-ored with 0x5a, so that this program's own arguments don't hold them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <secsmtp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "own.h"

#define MASK 0x5a

static volatile sig_atomic_t pipes, alarms;
static int open_without_cloexec, sockets_seen;
static char **arguments;

static void on_pipe(int signal) {
    (void)signal;
    pipes++;
}

static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}

static size_t unmask(const char *hex, uint8_t *out, int keep_mask) {
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        out[i] = (uint8_t)(keep_mask ? byte : byte ^ MASK);
    }
    return size;
}

/* While a send runs, each descriptor but the standard ones must close on exec. */
static void watch(void *user, int32_t level, int32_t stage, const char *text, size_t text_len) {
    (void)user, (void)level, (void)stage, (void)text, (void)text_len;
    for (int fd = 3; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        char path[64], target[64] = "";
        if (flags < 0)
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) > 0 && strncmp(target, "socket:", 7) == 0)
            sockets_seen++;
        if (!(flags & FD_CLOEXEC))
            open_without_cloexec++;
    }
}

static secsmtp_client *client(const char *port, int with_log) {
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(arguments[3]), NULL) == 0);
    CHECK(secsmtp_client_new(TEXT(arguments[1]), 0, policy, &client, NULL) == 0);
    CHECK(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), (uint32_t)atoi(port), NULL) == 0);
    CHECK(secsmtp_client_set_timeout(client, SECSMTP_STAGE_ALL, 30000, NULL) == 0);
    if (with_log)
        CHECK(secsmtp_client_set_log(client, watch, NULL, SECSMTP_LOG_DEBUG, NULL) == 0);
    secsmtp_policy_free(policy);
    return client;
}

static void log_in(secsmtp_client *client) {
    secsmtp_credential *login = NULL;
    uint8_t password[256];
    size_t size = unmask(arguments[7], password, 0);
    CHECK(secsmtp_credential_new_password(TEXT(arguments[6]), password, size, &login, NULL) == 0);
    for (size_t i = 0; i < sizeof password; i++)
        ((volatile uint8_t *)password)[i] = 0;
    CHECK(secsmtp_client_set_credential(client, login, NULL) == 0);
    secsmtp_credential_free(login);
}

static secsmtp_message *message(size_t bytes) {
    secsmtp_message *message = NULL;
    char *content = malloc(bytes + 64);
    CHECK(content != NULL);
    size_t size = (size_t)sprintf(content, "Subject: Process\r\n\r\n");
    while (size < bytes)
        size += (size_t)sprintf(content + size, "A line of the body.\r\n");
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL) == 0);
    CHECK(secsmtp_message_set_content(message, (uint8_t *)content, size, NULL) == 0);
    free(content);
    return message;
}

static int32_t send_once(secsmtp_client *client, secsmtp_message *message) {
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    int32_t status = secsmtp_client_send(client, message, &receipt, &error);
    secsmtp_receipt_free(receipt);
    secsmtp_error_free(error);
    return status;
}

/* Each form that was given, looked for in all memory that can be written. */
static int found_in_memory(int forms, int telling) {
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), found = 0;
    char line[512];
    CHECK(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
            continue;
        static uint8_t page[65536 + 512];
        for (unsigned long at = from; at < to; at += 65536) {
            ssize_t size = pread(memory, page, sizeof page, (off_t)at);
            for (int form = 0; form < forms && size > 0; form++) {
                uint8_t masked[512];
                size_t length = unmask(arguments[8 + form], masked, 1);
                for (size_t i = 0; i + length <= (size_t)size; i++) {
                    size_t same = 0;
                    while (same < length && (page[i + same] ^ MASK) == masked[same])
                        same++;
                    if (same == length) {
                        if (telling)
                            printf("form %d at %lx in %s", form, at + i, line);
                        found++;
                    }
                }
            }
        }
        for (size_t i = 0; i < sizeof page; i++)
            page[i] = 0;
    }
    fclose(maps);
    close(memory);
    return found;
}

int main(int argc, char **argv) {
    CHECK(argc >= 9);
    arguments = argv;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_pipe;
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
    action.sa_handler = on_alarm; /* without SA_RESTART: each system call may be interrupted */
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);

    /* A signal each half millisecond. */
    struct itimerval storm = {{0, 500}, {0, 500}};
    CHECK(setitimer(ITIMER_REAL, &storm, NULL) == 0);
    secsmtp_client *good = client(argv[2], 1);
    log_in(good);
    secsmtp_message *small = message(100), *large = message(3000000);
    for (int i = 0; i < 5; i++)
        CHECK(send_once(good, small) == 0 && send_once(good, large) == 0);
    struct itimerval calm = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &calm, NULL) == 0);
    CHECK(alarms > 20);
    CHECK(sockets_seen > 0 && open_without_cloexec == 0);
    CHECK(secsmtp_client_set_log(good, NULL, NULL, SECSMTP_LOG_DEBUG, NULL) == 0);

    /* The first sends have made what is allocated once for each process. */
    int lookups = 0, descriptors = count("/proc/self/fd"), others = threads(&lookups);
    secsmtp_client *refused = client(argv[4], 0), *hung_up = client(argv[5], 0), *nameless = NULL;
    log_in(refused);
    log_in(hung_up);
    secsmtp_policy *policy = NULL;
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(argv[3]), NULL) == 0);
    CHECK(secsmtp_client_new(TEXT("no.such.name.invalid"), 0, policy, &nameless, NULL) == 0);
    CHECK(secsmtp_client_set_timeout(nameless, SECSMTP_STAGE_ALL, 50, NULL) == 0);
    secsmtp_policy_free(policy);
    for (int i = 0; i < 1000; i++) {
        secsmtp_client *one = i % 20 == 0 ? nameless : i % 2 ? refused : hung_up;
        CHECK(send_once(one, i % 100 == 1 ? large : small) != 0);
        CHECK(threads_come_to(others, 4));
    }
    CHECK(found_in_memory(1, 0) > 0); /* it is found where it still is */
    secsmtp_client_free(refused);
    secsmtp_client_free(hung_up);
    secsmtp_client_free(nameless);
    secsmtp_client_free(good);
    secsmtp_message_free(small);
    secsmtp_message_free(large);
    CHECK(secsmtp_debug_live_handles() == 0);
    CHECK(threads_come_to(others, 4));
    /* A look-up that hangs may hold a socket of the system's resolver. */
    threads(&lookups);
    CHECK(count("/proc/self/fd") <= descriptors + lookups);
    CHECK(pipes == 0);
    CHECK(found_in_memory(argc - 8, 1) == 0);
    printf("ok alarms=%d descriptors=%d threads=%d lookups=%d\n", (int)alarms, descriptors, others, lookups);
    return 0;
}
