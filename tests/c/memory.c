/* Large arguments where memory is short: each call gives a status, and the host goes on.
 *
 *   memory CA
 *
 * Each case runs in a child that may take 64 MiB more than it has. Prints what went wrong and ends
 * with 1, or prints "ok" and figures. */

#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) check((condition), #condition, __LINE__)
#define HUGE ((size_t)200 << 20)
/* A copy of it finds room, and what is made of the copy does not. */
#define LARGE ((size_t)40 << 20)

static secsmtp_policy *policy;
static secsmtp_client *client;
static secsmtp_message *message, *draft;
static secsmtp_part *part;
static secsmtp_credential *login;
static secsmtp_batch *batch;
static char *huge, *lines, *pem, *umlauts, *fields, *addresses;

static void check(int holds, const char *what, int line) {
    if (!holds) {
        printf("line %d: not so: %s\n", line, what);
        _exit(1);
    }
}

static void limit(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
    rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)64 << 20);
    struct rlimit room = {most, most};
    CHECK(setrlimit(RLIMIT_AS, &room) == 0);
}

static int64_t size_of(const char *text, int64_t (*use)(void)) {
    CHECK(secsmtp_message_set_text(draft, text, LARGE, NULL) == 0);
    return -use();
}

static int64_t asks_for_the_size(void) { return secsmtp_message_size(draft); }

static int64_t asks_for_the_id(void) {
    size_t len = 1;
    (void)secsmtp_message_id(draft, &len);
    CHECK(len == 0);
    return -SECSMTP_E_RESOURCE;
}

static int32_t shows_nothing(void *user, const uint8_t *bytes, size_t len) { return (void)user, (void)bytes, (void)len, 0; }

static int64_t previews(void) { return -secsmtp_message_preview(draft, shows_nothing, NULL, NULL); }

static int64_t submits(void) {
    uint64_t job = 0;
    return -secsmtp_client_submit(client, draft, 0, &job, NULL);
}

static int64_t sends(void) {
    secsmtp_receipt *receipt = NULL;
    return -secsmtp_client_send(client, draft, &receipt, NULL);
}

static int64_t cached_part(void) {
    secsmtp_part *made = NULL;
    CHECK(secsmtp_part_new_memory((const uint8_t *)huge, LARGE, &made, NULL) == 0);
    CHECK(secsmtp_part_set_cached(made, 1, NULL) == 0);
    CHECK(secsmtp_message_add_part(draft, made, NULL) == 0);
    return -secsmtp_message_size(draft);
}

static int64_t many_fields(void) {
    int32_t status = 0;
    for (int i = 0; status == 0 && i < 1000; i++) {
        status = secsmtp_message_add_header(draft, TEXT("X-Long"), umlauts, 200000, NULL);
    }
    return status;
}

/* They find room, and the message that is made of them does not. */
static int64_t large_fields(void) {
    for (int i = 0; i < 80; i++) {
        CHECK(secsmtp_message_add_header(draft, TEXT("X-Long"), umlauts, 200000, NULL) == 0);
    }
    return -secsmtp_message_size(draft);
}

static int64_t many_messages(void) {
    int32_t status = 0;
    for (long i = 0; status == 0 && i < 1L << 24; i++) {
        status = secsmtp_batch_add(batch, message, NULL);
    }
    return status;
}

/* Takes what is left, in pieces; their addresses are in a list that begins at the result. */
static void *take_all(void) {
    void **last = NULL, **piece;
    while ((piece = malloc((size_t)256 << 10)) != NULL) {
        *piece = last;
        last = piece;
    }
    return last;
}

/* Texts of an error and a receipt with many recipients: empty without room, and there with room again. */
static int64_t texts_of_many(void) {
    char address[300];
    secsmtp_error *error = NULL;
    secsmtp_receipt *receipt = NULL;
    size_t len = 1;
    memset(address, 'a', sizeof address);
    memcpy(address + 60, "@d.example", 11);
    for (int i = 0; i < 10000; i++) {
        CHECK(sprintf(address + 54, "%06d", i) == 6);
        address[60] = '@';
        CHECK(secsmtp_message_add_recipient(message, address, 70, NULL) == (i < 9999 ? 0 : SECSMTP_E_LENGTH));
    }
    CHECK(secsmtp_client_send(client, message, NULL, &error) == SECSMTP_E_CONNECT);
    CHECK(secsmtp_error_receipt(error, &receipt) == 0);
    void **taken = take_all();
    CHECK(taken != NULL && *secsmtp_error_json(error, &len) == 0 && len == 0);
    CHECK(*secsmtp_receipt_recipient_address(receipt, 0, &len) == 0 && len == 0);
    while (taken != NULL) {
        void **next = *taken;
        free(taken);
        taken = next;
    }
    CHECK(secsmtp_error_json(error, &len)[0] == '{' && len > 10000 * 70);
    CHECK(*secsmtp_receipt_recipient_address(receipt, 9999, &len) == 'a' && len == 70);
    return SECSMTP_E_RESOURCE;
}

static int64_t run(int number) {
    const uint8_t *bytes = (const uint8_t *)huge, *ended = (const uint8_t *)lines, *der = (const uint8_t *)pem;
    secsmtp_signer *signer = NULL;
    secsmtp_report *report = NULL;
    secsmtp_part *made = NULL;
    secsmtp_credential *other = NULL;
    secsmtp_client *another = NULL;
    switch (number) {
    case 0: return secsmtp_message_set_content(message, bytes, HUGE, NULL);
    case 1: return secsmtp_message_set_content(message, ended, HUGE, NULL);
    case 2: return secsmtp_message_set_content(message, ended, LARGE, NULL);
    case 3: return secsmtp_message_set_content_by(message, bytes, HUGE, SECSMTP_CONTENT_BINARY, NULL);
    case 4: return secsmtp_message_set_content_by(message, ended, LARGE, SECSMTP_CONTENT_BINARY, NULL);
    case 5: return secsmtp_message_set_content_by(message, (const uint8_t *)fields, HUGE, SECSMTP_CONTENT_ENVELOPE, NULL);
    case 6: return secsmtp_message_set_content_by(message, (const uint8_t *)fields, 2 << 20, SECSMTP_CONTENT_ENVELOPE, NULL);
    case 7: return secsmtp_message_set_text(draft, huge, HUGE, NULL);
    case 8: return secsmtp_message_set_html(draft, huge, HUGE, NULL);
    case 9: return secsmtp_message_set_calendar(draft, TEXT("REQUEST"), huge, HUGE, NULL);
    case 10: return secsmtp_message_attach_memory(draft, TEXT("a"), bytes, HUGE, NULL);
    case 11: return secsmtp_part_new_memory(bytes, HUGE, &made, NULL);
    case 12: return secsmtp_message_set_subject(draft, huge, HUGE, NULL);
    case 13: return secsmtp_message_add_header(draft, TEXT("X-Y"), huge, HUGE, NULL);
    case 14: return secsmtp_message_add_header(draft, huge, HUGE, TEXT("y"), NULL);
    case 15: return secsmtp_message_add_addresses(draft, SECSMTP_FIELD_TO, addresses, HUGE, NULL);
    case 16: return secsmtp_message_add_addresses(draft, SECSMTP_FIELD_TO, addresses, 2 << 20, NULL);
    case 17: return secsmtp_message_add_address(draft, SECSMTP_FIELD_TO, huge, HUGE, TEXT(""), NULL);
    case 18: return secsmtp_message_set_sender(message, huge, HUGE, NULL);
    case 19: return secsmtp_message_add_recipient(message, huge, HUGE, NULL);
    case 20: return secsmtp_policy_add_ca(policy, bytes, HUGE, NULL);
    case 21: return secsmtp_policy_add_ca(policy, der, HUGE, NULL);
    case 22: return secsmtp_policy_add_certificate(policy, der, LARGE, NULL);
    case 23: return secsmtp_policy_add_crl(policy, der, LARGE, NULL);
    case 24: return secsmtp_policy_set_client_certificate(policy, der, HUGE, der, HUGE, NULL);
    case 25: return secsmtp_policy_verify_chain(policy, TEXT("h"), der, HUGE, -1, &report, NULL);
    case 26: return secsmtp_policy_add_pin(policy, huge, HUGE, NULL);
    case 27: return secsmtp_credential_new_password(TEXT("u"), bytes, HUGE, &other, NULL);
    case 28: return secsmtp_credential_new_token(huge, HUGE, bytes, HUGE, &other, NULL);
    case 29: return secsmtp_credential_set_min_mechanism(login, huge, HUGE, NULL);
    case 30: return secsmtp_client_answer_secret(client, 1, bytes, HUGE, NULL);
    case 31: return secsmtp_client_new(huge, HUGE, 0, policy, &another, NULL);
    case 32: return secsmtp_signer_new(TEXT("d.example"), TEXT("s"), bytes, HUGE, &signer, NULL);
    case 33: return secsmtp_part_set_name(part, huge, HUGE, NULL);
    case 34: return secsmtp_message_set_message_id(draft, huge, HUGE, NULL);
    case 35: return size_of(huge, asks_for_the_size);
    case 36: return size_of(umlauts, asks_for_the_size);
    case 37: return size_of(lines, asks_for_the_size);
    case 38: return size_of(umlauts, asks_for_the_id);
    case 39: return size_of(umlauts, previews);
    case 40: return size_of(umlauts, submits);
    case 41: return size_of(umlauts, sends);
    case 42: return cached_part();
    case 43: return many_fields();
    case 44: return many_messages();
    case 45: return large_fields();
    case 46: return secsmtp_message_add_finished_header(draft, TEXT("X-Y"), huge, HUGE, NULL);
    case 47: return texts_of_many();
    default: return -1;
    }
}

/* Those that end before anything is copied: the argument is longer than it may be, or no such thing. */
static int is_refused(int number) {
    static const int refused[] = {5, 12, 13, 14, 15, 17, 18, 19, 26, 27, 28, 29, 30, 31, 32, 33, 34, 46};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (refused[i] == number) {
            return 1;
        }
    }
    return 0;
}

static char *filled(const char *unit) {
    size_t len = strlen(unit);
    char *made = malloc(HUGE);
    CHECK(made != NULL);
    for (size_t at = 0; at < HUGE; at++) {
        made[at] = unit[at % len];
    }
    return made;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    CHECK(secsmtp_policy_new(&policy, NULL) == 0);
    CHECK(secsmtp_policy_add_ca_file(policy, TEXT(argv[1]), NULL) == 0);
    CHECK(secsmtp_credential_new_password(TEXT("u"), (const uint8_t *)"p", 1, &login, NULL) == 0);
    CHECK(secsmtp_batch_new(&batch, NULL) == 0);
    CHECK(secsmtp_part_new_memory((const uint8_t *)"x", 1, &part, NULL) == 0);
    CHECK(secsmtp_message_new(&message, NULL) == 0);
    CHECK(secsmtp_message_set_sender(message, TEXT("a@b.example"), NULL) == 0);
    CHECK(secsmtp_message_add_recipient(message, TEXT("c@d.example"), NULL) == 0);
    CHECK(secsmtp_message_set_content(message, (const uint8_t *)"A: b\r\n\r\nc\r\n", 11, NULL) == 0);
    CHECK(secsmtp_message_new(&draft, NULL) == 0);
    CHECK(secsmtp_message_add_address(draft, SECSMTP_FIELD_FROM, TEXT("a@b.example"), TEXT(""), NULL) == 0);
    CHECK(secsmtp_message_add_address(draft, SECSMTP_FIELD_TO, TEXT("c@d.example"), TEXT(""), NULL) == 0);
    int64_t before = secsmtp_message_size(draft);
    huge = filled("x");
    lines = filled("\n");
    lines[0] = 'A', lines[1] = ':';
    umlauts = filled("\xc3\xbc");
    fields = filled("To:\n");
    addresses = filled("a@b,");
    pem = filled("QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n");
    memcpy(pem, "-----BEGIN CERTIFICATE-----\n", 28);
    int count = 0, failed = 0;
    for (; count <= 47; count++) {
        int ended = 0;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            CHECK(secsmtp_client_new(TEXT("mail.test"), 0, policy, &client, NULL) == 0);
            CHECK(secsmtp_client_set_connect(client, TEXT("127.0.0.1"), 9, NULL) == 0);
            limit();
            int64_t status = run(count);
            if (is_refused(count) ? status <= 0 || status == SECSMTP_E_RESOURCE : status != SECSMTP_E_RESOURCE) {
                printf("case %d: status %lld\n", count, (long long)status);
                _exit(1);
            }
            /* Objects from before still exist. */
            CHECK(secsmtp_message_size(message) == 11);
            CHECK(count > 34 || secsmtp_message_size(draft) == before);
            _exit(0);
        }
        CHECK(waitpid(child, &ended, 0) == child);
        if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
            printf("case %d ended by %s %d\n", count, WIFEXITED(ended) ? "status" : "signal",
                   WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended));
            failed = 1;
        }
    }
    if (failed) {
        return 1;
    }
    printf("ok cases=%d\n", count);
    return 0;
}
