/* Where the specification's scripts are: in AUREON_SPEC_DIR, or else the test tools, whose path is
 * in AUREON_TESTTOOLS, write them to a folder that is removed at the end. Threading: one thread. */
#ifndef AUREON_TESTS_SPEC_DIR_H
#define AUREON_TESTS_SPEC_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMAND_SIZE_MAX (4 * PATH_MAX)

/* spec_dir_value gives a variable of the environment; NULL if it is not set, or empty. */
static inline const char *spec_dir_value(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != 0 ? value : NULL;
}

/* spec_dir_new makes a folder for what the test tools write. */
static inline bool spec_dir_new(char out_dir[PATH_MAX])
{
    (void)snprintf(out_dir, PATH_MAX, "/tmp/aureon-spec-XXXXXX");
    return mkdtemp(out_dir) != NULL;
}

static inline void spec_dir_remove(const char *dir)
{
    char command[COMMAND_SIZE_MAX];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command) != 0) printf("# %s: can't be removed\n", dir);
}

/* spec_dir_open finds or makes the scripts; false: neither is possible. */
static inline bool spec_dir_open(char out_dir[PATH_MAX], bool *out_is_made)
{
    char command[COMMAND_SIZE_MAX];
    const char *given = spec_dir_value("AUREON_SPEC_DIR");
    const char *tools = spec_dir_value("AUREON_TESTTOOLS");
    *out_is_made = false;
    if (given != NULL) {
        (void)snprintf(out_dir, PATH_MAX, "%s", given);
        return true;
    }
    if (tools == NULL || !spec_dir_new(out_dir)) return false;
    *out_is_made = true;
    (void)snprintf(command, sizeof command, "'%s' spec '%s'", tools, out_dir);
    return system(command) == 0;
}

/* spec_dir_missing writes the one line of a test that can't run: skipped, but failed where the
 * environment says CI. Gives the exit status. */
static inline int spec_dir_missing(const char *what)
{
    bool is_ci = spec_dir_value("CI") != NULL;
    printf("1..1\n%s 1 - %s%s\n", is_ci ? "not ok" : "ok", what, is_ci ? "" : " # SKIP");
    return is_ci ? 1 : 0;
}

#endif
