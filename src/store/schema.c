#include "store/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define FILE_NAME     "SCHEMA"
#define FILE_SIZE_MAX 64        /* bytes */
#define STORE_FILE    "CURRENT" /* which every store of RocksDB has */
#define FOLDER_MODE   0755
#define WORD          "aureon-store "

static enum au_err fail_file(const char *path, enum au_err err,
                             char out_message[AU_KV_MESSAGE_SIZE])
{
    if (err == AU_ERR_NO_MEMORY) return err;
    snprintf(out_message, AU_KV_MESSAGE_SIZE, "IO error: %.400s: %s", path, au_file_err_text(err));
    return AU_ERR_IO;
}

/* The one way to write a version: the word, a number, the end of the line. */
static enum au_err parse(struct au_bytes content, uint32_t *out_version)
{
    const size_t word_size = sizeof(WORD) - 1;
    if (content.size <= word_size || memcmp(content.data, WORD, word_size) != 0 ||
        content.data[content.size - 1] != '\n') {
        return AU_ERR_MALFORMED;
    }
    return au_text_parse_u32(
        (struct au_bytes){content.data + word_size, content.size - word_size - 1}, out_version);
}

static enum au_err refuse(uint32_t version, char out_message[AU_KV_MESSAGE_SIZE])
{
    snprintf(out_message, AU_KV_MESSAGE_SIZE,
             "the store has schema %" PRIu32 ", and this program reads schema %u: use the program "
             "that made it, or restore a snapshot into a new folder",
             version, AU_SCHEMA_VERSION);
    return AU_ERR_UNSUPPORTED;
}

static enum au_err check_content(const char *path, struct au_bytes content,
                                 char out_message[AU_KV_MESSAGE_SIZE])
{
    uint32_t version;
    if (parse(content, &version) != AU_OK || version == 0) {
        snprintf(out_message, AU_KV_MESSAGE_SIZE,
                 "Corruption: %.400s: expected the line \"" WORD "%u\"; restore the backup", path,
                 AU_SCHEMA_VERSION);
        return AU_ERR_MALFORMED;
    }
    return version == AU_SCHEMA_VERSION ? AU_OK : refuse(version, out_message);
}

/* There is no file: a store of before there were any, or a new one, which gets it. */

static enum au_err note(const char *folder, const char *path, char out_message[AU_KV_MESSAGE_SIZE])
{
    char line[FILE_SIZE_MAX];
    char store[PATH_MAX];
    int size = snprintf(store, sizeof(store), "%s/" STORE_FILE, folder);
    if (size > 0 && (size_t)size < sizeof(store) && access(store, F_OK) == 0) {
        return refuse(1, out_message);
    }
    snprintf(line, sizeof(line), WORD "%u\n", AU_SCHEMA_VERSION);
    if (au_file_make_folder(folder, FOLDER_MODE) != AU_OK) {
        return fail_file(folder, AU_ERR_IO, out_message);
    }
    enum au_err err = au_file_write(path, au_bytes_of(line));
    return err == AU_OK ? AU_OK : fail_file(path, err, out_message);
}

enum au_err au_schema_claim(const char *folder, char out_message[AU_KV_MESSAGE_SIZE])
{
    char path[PATH_MAX];
    struct au_buf content;
    int size = snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return fail_file(folder, AU_ERR_IO, out_message);
    }
    au_buf_init(&content, FILE_SIZE_MAX);
    enum au_err err = au_file_read(path, &content);
    if (err == AU_ERR_NOT_FOUND) {
        err = note(folder, path, out_message);
    } else if (err == AU_OK || err == AU_ERR_TOO_LARGE) {
        /* Of a file that is too large nothing is left, which is as wrong. */
        err = check_content(path, au_buf_bytes(&content), out_message);
    } else {
        err = fail_file(path, err, out_message);
    }
    au_buf_done(&content);
    return err;
}
