/* The cost of idle objects: threads=N of the process, and bytes=N of the heap (Linux, glibc).
 *
 *   idle                                          for each client
 *   idle HOST ADDRESS PORT CA USER PASSWORD       for each connection that a client keeps */
#include <dirent.h>
#include <malloc.h>
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

enum { CLIENTS = 1000, CONNECTIONS = 50 };

static secsmtp_client *clients[CLIENTS];
static secsmtp_policy *policy;
static secsmtp_message *message;
static secsmtp_credential *login;

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    struct dirent *entry;
    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    return count;
}

static size_t heap(void) {
    struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
}

static int make(int count, const char *host) {
    for (int i = 0; i < count; i++) {
        if (secsmtp_client_new(TEXT(host), 0, policy, &clients[i], NULL)) {
            return 1;
        }
    }
    return 0;
}

static int send_by(secsmtp_client *client) {
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    if (secsmtp_client_send(client, message, &receipt, &error)) {
        printf("%s\n", secsmtp_error_text(error, NULL));
        return 1;
    }
    secsmtp_receipt_free(receipt);
    return 0;
}

/* The cost of the clients. The first is made before: it allocates what all share. */
static int idle_clients(void) {
    if (secsmtp_policy_add_mozilla_roots(policy, NULL) || make(1, "mail.test")) {
        return 1;
    }
    secsmtp_client *first = clients[0];
    size_t before = heap();
    if (make(CLIENTS, "mail.test")) {
        return 1;
    }
    printf("threads=%d bytes=%zu\n", threads(), (heap() - before) / CLIENTS);
    return secsmtp_client_free(first);
}

/* The cost of the connection that is kept after a first mail. */
static int kept_connections(char **args) {
    const char content[] = "Subject: kept\r\n\r\nfor the next\r\n";
    if (secsmtp_policy_add_ca_file(policy, TEXT(args[4]), NULL) ||
        secsmtp_credential_new_password(TEXT(args[5]), (const uint8_t *)args[6], strlen(args[6]), &login, NULL) ||
        secsmtp_message_set_sender(message, TEXT("alice@mail.test"), NULL) ||
        secsmtp_message_add_recipient(message, TEXT("bob@mail.test"), NULL) ||
        secsmtp_message_set_content(message, (const uint8_t *)content, sizeof content - 1, NULL) ||
        make(CONNECTIONS, args[1])) {
        return 1;
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        if (secsmtp_client_set_connect(clients[i], TEXT(args[2]), (uint32_t)atoi(args[3]), NULL) ||
            secsmtp_client_set_credential(clients[i], login, NULL) ||
            secsmtp_client_set_reuse(clients[i], 600000, 100, NULL)) {
            return 1;
        }
    }
    if (send_by(clients[0])) {
        return 1;
    }
    size_t before = heap();
    for (int i = 1; i < CONNECTIONS; i++) {
        if (send_by(clients[i])) {
            return 1;
        }
    }
    printf("threads=%d bytes=%zu\n", threads(), (heap() - before) / (CONNECTIONS - 1));
    return 0;
}

int main(int argc, char **argv) {
    if (secsmtp_policy_new(&policy, NULL) || secsmtp_message_new(&message, NULL)) {
        return 1;
    }
    if (argc == 7 ? kept_connections(argv) : idle_clients()) {
        return 1;
    }
    for (int i = 0; i < CLIENTS; i++) {
        secsmtp_client_free(clients[i]);
    }
    secsmtp_credential_free(login);
    secsmtp_message_free(message);
    secsmtp_policy_free(policy);
    return secsmtp_debug_live_handles() != 0;
}
