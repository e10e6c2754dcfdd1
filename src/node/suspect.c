#include "node/suspect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger.h"
#include "state/verify.h"

/* RocksDB has opened files of longer names there. */
static const char *path_in(const char *folder, char out_path[PATH_MAX])
{
    int size = snprintf(out_path, PATH_MAX, "%s/%s", folder, AU_SUSPECT_NAME);
    AU_ASSERT(size > 0 && size < PATH_MAX);
    return out_path;
}

void au_suspect_note(const char *folder, const char *cause)
{
    char path[PATH_MAX];
    struct au_buf text;
    au_buf_init(&text, strlen(cause) + 2);
    au_buf_printf(&text, "%s\n", cause);
    /* The node stops as well if this fails. */
    (void)!au_file_write(path_in(folder, path), au_buf_bytes(&text));
    au_buf_done(&text);
}

bool au_suspect_is_noted(const char *folder)
{
    char path[PATH_MAX];
    return access(path_in(folder, path), F_OK) == 0;
}

/* RocksDB compares what it reads with its checksums. */
static enum au_err read_family(const struct au_kv *kv, enum au_cf cf)
{
    const struct au_kv_range all = {.cf = cf, .is_scan = true};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    enum au_err err;
    AU_TRY(au_kv_iter_open(kv, NULL, &all, &iter));
    do {
        err = au_kv_iter_next(&iter, &entry);
    } while (err == AU_OK);
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* What can be read may be wrong all the same. */
static enum au_err prove_state(const char *folder, const struct au_kv *kv, struct au_buf *message)
{
    struct au_header head;
    struct au_verified verified;
    enum au_err err = au_ledger_stored_head(kv, &head);
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    au_buf_printf(message, "the store in %s is damaged: ", folder);
    if (err == AU_OK) {
        const struct au_state_moment moment = {.kv = *kv, .root = head.state_root};
        err = au_state_prove(&moment, message, &verified);
    } else if (err == AU_ERR_MALFORMED) {
        au_buf_put_text(message, "a record of its last block");
    }
    if (err != AU_ERR_MALFORMED) au_buf_clear(message);
    return err;
}

enum au_err au_suspect_check(const char *folder, const struct au_kv *kv, struct au_buf *message)
{
    char path[PATH_MAX];
    for (enum au_cf cf = 0; cf < AU_CF_COUNT; cf++) {
        enum au_err err = read_family(kv, cf);
        if (err != AU_OK) return err == AU_ERR_NO_MEMORY ? err : AU_ERR_MALFORMED;
    }
    AU_TRY(prove_state(folder, kv, message));
    if (unlink(path_in(folder, path)) == 0) return AU_OK;
    au_buf_printf(message, "cannot remove %s: %s", path, strerror(errno));
    return AU_ERR_IO;
}
