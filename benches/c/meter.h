/*
 * Wall clock, CPU and memory, as every client of the benches reports them; and the arguments and
 * the file that they share.
 *
 *   CLIENT FORM PORT CA_FILE COUNT FILE [cold]
 *
 * One message goes before the clock starts, unless the sixth argument is "cold".
 */
#ifndef METER_H
#define METER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double meter_began, meter_since, meter_cpu_before, meter_wall, meter_total, meter_cpu;

static inline double meter_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void meter_start(void) {
    meter_began = meter_since = meter_clock(CLOCK_MONOTONIC);
    meter_cpu_before = meter_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* Restarts the measurement after the warm-up. */
static inline void meter_restart(void) {
    meter_cpu_before = meter_clock(CLOCK_PROCESS_CPUTIME_ID);
    meter_since = meter_clock(CLOCK_MONOTONIC);
}

static inline void meter_stop(void) {
    double now = meter_clock(CLOCK_MONOTONIC);
    meter_cpu = meter_clock(CLOCK_PROCESS_CPUTIME_ID) - meter_cpu_before;
    meter_wall = now - meter_since;
    meter_total = now - meter_began;
}

static inline void meter_print(long messages) {
    long peak = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &peak) == 1) break;
    if (status != NULL) fclose(status);
    printf("{\"messages\": %ld, \"seconds\": %.6f, \"total\": %.6f, \"cpu\": %.6f, \"peak_kb\": %ld}\n",
           messages, meter_wall, meter_total, meter_cpu, peak);
}

/* A whole file; NULL when it can't be read. */
static inline char *meter_read(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t room = 0, read;
    *len = 0;
    if (file == NULL) return NULL;
    do {
        if (*len == room) {
            char *more = realloc(text, room = room * 2 + 65536);
            if (more == NULL) break;
            text = more;
        }
        read = fread(text + *len, 1, room - *len, file);
        *len += read;
    } while (read > 0);
    fclose(file);
    return text;
}

#endif
