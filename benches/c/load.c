/*
 * How long the library takes to load, and to make a client that could send: microseconds.
 *
 *   load LIBRARY
 */
#include "meter.h"
#include <dlfcn.h>
#include <secsmtp.h>

#define FIND(name) (*(void **)&name = dlsym(library, "secsmtp_" #name), name != NULL)
#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

int main(int argc, char **argv) {
    static const char pin[] = "sha256//LSKkIN4FwU3DUbGr8uYjgJdBqQHVQkqGqyc4OcVBLHU=";
    int32_t (*policy_new)(secsmtp_policy **, secsmtp_error **);
    int32_t (*policy_add_pin)(secsmtp_policy *, const char *, size_t, secsmtp_error **);
    int32_t (*client_new)(const char *, size_t, uint32_t, const secsmtp_policy *, secsmtp_client **, secsmtp_error **);
    if (argc != 2) return 64;
    double began = meter_clock(CLOCK_MONOTONIC);
    void *library = dlopen(argv[1], RTLD_NOW);
    double loaded = meter_clock(CLOCK_MONOTONIC);
    if (library == NULL || !FIND(policy_new) || !FIND(policy_add_pin) || !FIND(client_new)) return 1;
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    double found = meter_clock(CLOCK_MONOTONIC);
    if (policy_new(&policy, NULL) || policy_add_pin(policy, TEXT(pin), NULL) ||
        client_new(TEXT("mail.example.com"), 465, policy, &client, NULL))
        return 1;
    double ready = meter_clock(CLOCK_MONOTONIC);
    printf("%.1f %.1f\n", (loaded - began) * 1e6, (ready - found) * 1e6);
    return 0;
}
