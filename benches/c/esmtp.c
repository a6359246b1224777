/*
 * libESMTP: STARTTLS, because it has no implicit TLS; all messages in one session. It has no place
 * to pause between messages, so the clock starts when the first message's answer has come.
 *
 *   esmtp send PORT CA_FILE COUNT MESSAGE_FILE [cold]
 */
#include "meter.h"
#include <auth-client.h>
#include <libesmtp.h>
#include <openssl/ssl.h>

/* The header declares it for an OpenSSL of long ago only. */
int smtp_starttls_set_ctx(smtp_session_t session, SSL_CTX *tls);

static char *text;
static size_t text_len;
static int cold;
static long accepted;

static const char *give(void **state, int *len, void *user) {
    (void)user;
    if (*state == NULL) *state = malloc(1);
    if (len == NULL) {
        *(char *)*state = 0;
        return NULL;
    }
    if (*(char *)*state) {
        *len = 0;
        return NULL;
    }
    *(char *)*state = 1;
    *len = (int)text_len;
    return text;
}

static int answer_auth(auth_client_request_t request, char **result, int fields, void *user) {
    (void)user;
    for (int i = 0; i < fields; i++)
        result[i] = request[i].flags & AUTH_PASS ? "correct horse" : request[i].flags & AUTH_USER ? "alice" : NULL;
    return 1;
}

static void event(smtp_session_t session, int number, void *user, ...) {
    (void)session;
    (void)user;
    if (number == SMTP_EV_MESSAGESENT && accepted++ == 0 && !cold) meter_restart();
}

int main(int argc, char **argv) {
    if (argc < 6) return 64;
    long count = strtol(argv[4], NULL, 10);
    cold = argc > 6 && strcmp(argv[6], "cold") == 0;
    text = meter_read(argv[5], &text_len);
    if (text == NULL) return 66;
    char server[64];
    snprintf(server, sizeof server, "localhost:%s", argv[2]);
    meter_start();
    auth_client_init();
    smtp_session_t session = smtp_create_session();
    auth_context_t login = auth_create_context();
    auth_set_mechanism_flags(login, AUTH_PLUGIN_PLAIN, 0);
    auth_set_interact_cb(login, answer_auth, NULL);
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_locations(tls, argv[3], NULL);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    int ready = smtp_set_server(session, server) && smtp_starttls_enable(session, Starttls_REQUIRED) &&
                smtp_starttls_set_ctx(session, tls) && smtp_auth_set_context(session, login) &&
                smtp_set_hostname(session, "bench.test") && smtp_set_eventcb(session, event, NULL);
    for (long i = 0; i < count + !cold && ready; i++) {
        smtp_message_t message = smtp_add_message(session);
        ready = message != NULL && smtp_set_reverse_path(message, "alice@mail.test") &&
                smtp_add_recipient(message, "bob@mail.test") != NULL &&
                smtp_set_messagecb(message, give, NULL);
    }
    ready = ready && smtp_start_session(session);
    meter_stop();
    if (!ready || accepted != count + !cold) {
        char why[256] = "";
        fprintf(stderr, "%ld accepted: %s\n", accepted,
                smtp_strerror(smtp_errno(), why, sizeof why));
        return 1;
    }
    meter_print(count);
    smtp_destroy_session(session);
    return 0;
}
