/*
 * A composed mail behind a login, while the system refuses random numbers from its Nth request on,
 * counted from 0. It prints what happened: the failing call and its status, or "sent", and how many
 * requests there were.
 *
 *   random N HOST PORT CA USER PASSWORD RECIPIENT
 *
 * Each request is caught by a filter of system calls and answered here, so that the library meets
 * what a system without random numbers says, and nothing of it is another than the one delivered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <secsmtp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED

#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#define ARGUMENT_0(context) ((context)->uc_mcontext.gregs[REG_RDI])
#define ARGUMENT_1(context) ((context)->uc_mcontext.gregs[REG_RSI])
#elif defined(__aarch64__)
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#define ARGUMENT_0(context) ((context)->uc_mcontext.regs[0])
#define ARGUMENT_1(context) ((context)->uc_mcontext.regs[1])
#endif

static int device = -1;
static volatile sig_atomic_t requests, good;

/* A request for random numbers: the good ones are served from the device. */
static void on_request(int signal, siginfo_t *info, void *user) {
    ucontext_t *context = user;
    (void)signal, (void)info;
    if (requests++ < good)
        RESULT(context) = read(device, (void *)ARGUMENT_0(context), (size_t)ARGUMENT_1(context));
    else
        RESULT(context) = -EIO;
}

/* Not every system lets a program filter its own calls. */
static void catch_requests(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    struct sigaction action = {0};
    action.sa_sigaction = on_request;
    action.sa_flags = SA_SIGINFO;
    device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (device < 0 || sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        exit(77);
}

static void report(const char *call, int32_t status, secsmtp_error **error) {
    if (status == SECSMTP_OK)
        return;
    printf("%s %s stage=%d outcome=%d secret=%d requests=%d\n", call, secsmtp_status_name(status),
           (int)secsmtp_error_stage(*error), (int)secsmtp_error_outcome(*error),
           (int)secsmtp_error_secret_released(*error), (int)requests);
    exit(0);
}

#define CALL(name, ...) report(#name, secsmtp_##name(__VA_ARGS__, &error), &error)

int main(int argc, char **argv) {
    secsmtp_policy *policy = NULL;
    secsmtp_client *client = NULL;
    secsmtp_credential *login = NULL;
    secsmtp_message *message = NULL;
    secsmtp_receipt *receipt = NULL;
    secsmtp_error *error = NULL;
    if (argc != 8)
        return 2;
    good = atoi(argv[1]);
    catch_requests();
    CALL(policy_new, &policy);
    CALL(policy_add_ca_file, policy, TEXT(argv[4]));
    CALL(client_new, TEXT(argv[2]), 0, policy, &client);
    CALL(client_set_connect, client, TEXT("127.0.0.1"), (uint32_t)atoi(argv[3]));
    CALL(credential_new_password, TEXT(argv[5]), (uint8_t *)argv[6], strlen(argv[6]), &login);
    CALL(client_set_credential, client, login);
    CALL(message_new, &message);
    CALL(message_add_address, message, SECSMTP_FIELD_FROM, TEXT("alice@mail.test"), TEXT(""));
    CALL(message_add_address, message, SECSMTP_FIELD_TO, TEXT(argv[7]), TEXT(""));
    CALL(message_set_subject, message, TEXT("random"));
    CALL(message_set_text, message, TEXT("A body."));
    CALL(client_send, client, message, &receipt);
    printf("sent requests=%d\n", (int)requests);
    return 0;
}
