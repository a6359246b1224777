/* Checks of a test's own process. */
#include <dirent.h>
#include <secsmtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(s) (s), SECSMTP_NUL_TERMINATED
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* Entries of a folder of /proc/self, the one that reads it aside. */
static inline int count(const char *folder) {
    DIR *dir = opendir(folder);
    int entries = 0;
    CHECK(dir != NULL);
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    return entries - 2;
}

/* Threads, those for name look-ups aside: they end by themselves, when the system lets them. */
static inline int threads(int *lookups) {
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int others = 0;
    *lookups = 0;
    CHECK(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        char path[300], name[32] = "";
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fgets(name, sizeof name, file) != NULL && strncmp(name, "secsmtp-lookup", 14) == 0)
            ++*lookups;
        else
            others++;
        fclose(file);
    }
    closedir(dir);
    return others;
}

/* Return whether there are `count` threads, none of them for look-ups, within half a minute: one
   that has just begun has no name yet, and one that has ended may still be seen. */
static inline int threads_come_to(int others, int most) {
    int lookups;
    for (int i = 0; i < 3000; i++) {
        if (threads(&lookups) == others && lookups <= most)
            return 1;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return 0;
}
