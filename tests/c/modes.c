/*
 * Sends one mail, or probes, under any policy, and prints what became of it in one line.
 *
 *   modes HOST ADDRESS PORT implicit|starttls USER|- PASSWORD FROM TO KIND VALUE [KIND VALUE ...]
 *
 * KIND: ca, pin, pin-file, certificate, crl, known, client-chain, client-key; mozilla, system and
 * probe, whose value is passed over; strict, 0 or 1. Known servers are asked for HOST and PORT.
 *
 * A send prints: outcome status matched-pin|- stage secret-released content-released
 * A probe:       trusted|not_trusted status matched-pin|- key-of-the-server greeting
 * (what failed without a report prints as a send does.)
 */
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define FIRST_KIND 9

static const char CONTENT[] = "From: The C program <alice@mail.test>\n"
                              "Subject: Modes\n"
                              "\n"
                              "To the named server, or nowhere.\n";

struct bytes {
    uint8_t data[65536];
    size_t size;
};

/* 0, or 1 if the file can't be read. A longer one is cut, and then is no PEM. */
static int read_file(const char *path, struct bytes *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    bytes->size = fread(bytes->data, 1, sizeof bytes->data, file);
    return fclose(file) != 0;
}

static const char *or_dash(const char *text) { return *text != '\0' ? text : "-"; }

struct options {
    char **argv;
    uint32_t port;
    int probe;
    const char *client_chain;
};

static int32_t client_certificate(secsmtp_policy *policy, const char *chain_path, const char *key_path,
                                  secsmtp_error **error) {
    static struct bytes chain, key;
    if (chain_path == NULL || read_file(chain_path, &chain) || read_file(key_path, &key)) {
        fprintf(stderr, "client-chain and client-key, in this order, name the two files\n");
        exit(64);
    }
    return secsmtp_policy_set_client_certificate(policy, chain.data, chain.size, key.data, key.size, error);
}

static int32_t add(secsmtp_policy *policy, struct options *options, const char *kind, const char *value,
                   secsmtp_error **error) {
    if (strcmp(kind, "ca") == 0) return secsmtp_policy_add_ca_file(policy, TEXT(value), error);
    if (strcmp(kind, "pin") == 0) return secsmtp_policy_add_pin(policy, TEXT(value), error);
    if (strcmp(kind, "pin-file") == 0) return secsmtp_policy_add_pin_file(policy, TEXT(value), error);
    if (strcmp(kind, "certificate") == 0) return secsmtp_policy_add_certificate_file(policy, TEXT(value), error);
    if (strcmp(kind, "crl") == 0) return secsmtp_policy_add_crl_file(policy, TEXT(value), error);
    if (strcmp(kind, "mozilla") == 0) return secsmtp_policy_add_mozilla_roots(policy, error);
    if (strcmp(kind, "system") == 0) return secsmtp_policy_add_system_roots(policy, error);
    if (strcmp(kind, "strict") == 0) return secsmtp_policy_set_strict(policy, atoi(value), error);
    if (strcmp(kind, "known") == 0) {
        return secsmtp_policy_add_known_servers(policy, TEXT(value), TEXT(options->argv[1]), options->port, error);
    }
    if (strcmp(kind, "client-key") == 0) {
        return client_certificate(policy, options->client_chain, value, error);
    }
    if (strcmp(kind, "client-chain") == 0) {
        options->client_chain = value;
        return SECSMTP_OK;
    }
    if (strcmp(kind, "probe") == 0) {
        options->probe = 1;
        return SECSMTP_OK;
    }
    fprintf(stderr, "there is no kind %s\n", kind);
    exit(64);
}

static int32_t make_policy(secsmtp_policy **policy, struct options *options, secsmtp_error **error) {
    char **argv = options->argv;
    int32_t mode = strcmp(argv[4], "starttls") == 0 ? SECSMTP_TLS_MODE_STARTTLS : SECSMTP_TLS_MODE_IMPLICIT;
    int32_t failed = secsmtp_policy_new(policy, error);
    if (!failed) failed = secsmtp_policy_set_tls_mode(*policy, mode, error);
    for (char **kind = argv + FIRST_KIND; !failed && *kind != NULL; kind += 2) {
        failed = add(*policy, options, kind[0], kind[1], error);
    }
    return failed;
}

static void print_receipt(int32_t status, int32_t outcome, const secsmtp_receipt *receipt, int32_t stage,
                          int32_t secret, int32_t content) {
    printf("%s %s %s %s %d %d\n", secsmtp_outcome_name(outcome), secsmtp_status_name(status),
           receipt != NULL ? or_dash(secsmtp_receipt_matched_pin(receipt, NULL)) : "-", secsmtp_stage_name(stage),
           (int)secret, (int)content);
}

static void print_report(const secsmtp_report *report) {
    int32_t verdict = secsmtp_report_verdict(report);
    printf("%s %s %s %s %s\n", verdict == SECSMTP_OK ? "trusted" : "not_trusted", secsmtp_status_name(verdict),
           or_dash(secsmtp_report_matched_pin(report, NULL)), secsmtp_report_certificate_spki(report, 0, NULL),
           secsmtp_report_greeting(report, NULL));
}

static void print_error(int32_t status, const secsmtp_error *error) {
    secsmtp_receipt *receipt = NULL;
    /* An error before any connection has no receipt; receipt is NULL then. */
    (void)secsmtp_error_receipt(error, &receipt);
    print_receipt(status, secsmtp_error_outcome(error), receipt, secsmtp_error_stage(error),
                  secsmtp_error_secret_released(error), secsmtp_error_content_released(error));
    fprintf(stderr, "%s\n", secsmtp_error_text(error, NULL));
    secsmtp_receipt_free(receipt);
}

int main(int argc, char **argv) {
    if (argc < FIRST_KIND || (argc - FIRST_KIND) % 2 != 0) {
        fprintf(stderr, "usage: modes HOST ADDRESS PORT implicit|starttls USER|- PASSWORD FROM TO [KIND VALUE]...\n");
        return 64;
    }
    secsmtp_policy *policy = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_client *client = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_report *report = NULL;
    secsmtp_error *error = NULL;
    struct options options = {argv, (uint32_t)strtoul(argv[3], NULL, 10), 0, NULL};

    int32_t failed = make_policy(&policy, &options, &error);
    if (!failed) failed = secsmtp_client_new(TEXT(argv[1]), options.port, policy, &client, &error);
    if (!failed) failed = secsmtp_client_set_connect(client, TEXT(argv[2]), options.port, &error);
    if (!failed && strcmp(argv[5], "-") != 0) {
        const uint8_t *password = (const uint8_t *)argv[6];
        failed = secsmtp_credential_new_password(TEXT(argv[5]), password, strlen(argv[6]), &login, &error);
    }
    if (!failed) failed = secsmtp_client_set_credential(client, login, &error);
    if (!failed && options.probe) {
        failed = secsmtp_client_probe(client, &report, &error);
    } else if (!failed) {
        failed = secsmtp_message_new(&message, &error);
        if (!failed) failed = secsmtp_message_set_sender(message, TEXT(argv[7]), &error);
        if (!failed) failed = secsmtp_message_add_recipient(message, TEXT(argv[8]), &error);
        if (!failed) failed = secsmtp_message_set_content(message, (const uint8_t *)CONTENT, sizeof CONTENT - 1, &error);
        if (!failed) failed = secsmtp_client_send(client, message, &receipt, &error);
    }

    if (failed) {
        print_error(failed, error);
    } else if (options.probe) {
        print_report(report);
    } else {
        print_receipt(SECSMTP_OK, secsmtp_receipt_outcome(receipt), receipt, secsmtp_receipt_stage(receipt),
                      secsmtp_receipt_secret_released(receipt), secsmtp_receipt_content_released(receipt));
    }
    secsmtp_error_free(error);
    secsmtp_report_free(report);
    secsmtp_receipt_free(receipt);
    secsmtp_message_free(message);
    secsmtp_credential_free(login);
    secsmtp_client_free(client);
    secsmtp_policy_free(policy);
    return failed ? 1 : 0;
}
