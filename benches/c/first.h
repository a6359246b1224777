/*
 * When the first byte goes to the network. The functions that write stand in the program, before
 * those of the C library: link with -rdynamic.
 */
#ifndef FIRST_H
#define FIRST_H

#define _GNU_SOURCE
#include "meter.h"
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static double first_byte;

/* Pipes, event descriptors and sockets of the system's own are not the network. */
static void first_note(int fd) {
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    if (first_byte > 0 || getsockname(fd, (struct sockaddr *)&own, &len) != 0) return;
    if (own.ss_family == AF_INET || own.ss_family == AF_INET6) first_byte = meter_clock(CLOCK_MONOTONIC);
}

ssize_t write(int fd, const void *bytes, size_t len) {
    first_note(fd);
    return syscall(SYS_write, fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    first_note(fd);
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags) {
    first_note(fd);
    return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    first_note(fd);
    return syscall(SYS_sendmsg, fd, message, flags);
}

static int first_print(double began, double loaded, double ready, double sent) {
    if (first_byte <= loaded || first_byte > sent) return 1;
    printf("%.1f %.1f %.1f %.1f\n", (loaded - began) * 1e6, (ready - loaded) * 1e6, (first_byte - began) * 1e6,
           (sent - began) * 1e6);
    return 0;
}

#endif
