/* The sets of Wycheproof: lines that the test tools write, each one JSON object with key, msg, sig
 * and result in it. */
#ifndef AUREON_TESTS_UNIT_CRYPTO_WYCHEPROOF_H
#define AUREON_TESTS_UNIT_CRYPTO_WYCHEPROOF_H

#include <spawn.h>

#include "base/file.h"
#include "base/json_in.h"
#include "unit/unit.h"

#define WYCHEPROOF_SIZE_MAX (4u << 20)

extern char **environ;

static inline struct au_bytes wycheproof_member(const struct au_json_in *object, const char *key)
{
    const struct au_json_in *value = au_json_in_get(object, key);
    assert_non_null(value);
    return au_json_in_string(value);
}

static inline void wycheproof_make(const char *tool, const char *set, const char *path)
{
    char *words[] = {strdup(tool), strdup("wycheproof"), strdup(set), strdup(path), NULL};
    pid_t child = 0;
    assert_int_equal(posix_spawn(&child, tool, NULL, NULL, words, environ), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (size_t i = 0; words[i] != NULL; i++) {
        free(words[i]);
    }
}

static inline void wycheproof_read(const char *path,
                                   void (*check)(const struct au_json_in *test, void *context),
                                   void *context)
{
    struct au_buf text;
    au_buf_init(&text, WYCHEPROOF_SIZE_MAX);
    assert_ok(au_file_read(path, &text));
    for (struct au_bytes rest = au_buf_bytes(&text); rest.size > 0;) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        assert_non_null(end);
        struct au_bytes line = {rest.data, (size_t)(end - rest.data)};
        struct au_json_in *test = NULL;
        assert_ok(au_json_in_parse(line, NULL, &test));
        check(test, context);
        au_json_in_free(test);
        rest = (struct au_bytes){end + 1, rest.size - line.size - 1};
    }
    au_buf_done(&text);
}

/* wycheproof_check calls check for each test of a set. false: the test tools are not built. */
static inline bool wycheproof_check(const char *set,
                                    void (*check)(const struct au_json_in *test, void *context),
                                    void *context)
{
    const char *tool = getenv("AUREON_TESTTOOLS");
    if (tool == NULL || access(tool, X_OK) != 0) return false;
    char path[] = "/tmp/aureon-wycheproof-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    wycheproof_make(tool, set, path);
    wycheproof_read(path, check, context);
    unlink(path);
    return true;
}

#endif
