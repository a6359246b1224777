/* What stands idle: threads=N of the process, and octets=N of the heap per client (Linux, glibc). */
#include <dirent.h>
#include <malloc.h>
#include <secsmtp.h>
#include <stdio.h>

enum { CLIENTS = 1000 };

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

int main(void) {
    static secsmtp_client *clients[CLIENTS + 1];
    secsmtp_policy *policy = NULL;
    secsmtp_message *message = NULL;
    struct mallinfo2 before, after;
    if (secsmtp_policy_new(&policy, NULL) || secsmtp_policy_add_mozilla_roots(policy, NULL) ||
        secsmtp_message_new(&message, NULL) ||
        secsmtp_client_new("mail.test", 9, 0, policy, &clients[CLIENTS], NULL)) {
        return 1;
    }
    before = mallinfo2();
    for (int i = 0; i < CLIENTS; i++) {
        if (secsmtp_client_new("mail.test", 9, 0, policy, &clients[i], NULL)) {
            return 1;
        }
    }
    after = mallinfo2();
    printf("threads=%d octets=%zu\n", threads(), (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / CLIENTS);
    for (int i = 0; i <= CLIENTS; i++) {
        secsmtp_client_free(clients[i]);
    }
    secsmtp_message_free(message);
    secsmtp_policy_free(policy);
    return secsmtp_debug_live_handles() != 0;
}
