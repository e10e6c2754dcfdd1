#include "store/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/wal.h"

#define CURRENT         "CURRENT"
#define MANIFEST        "MANIFEST-000001"
#define NEXT_FILE       2u
#define COMPARATOR      "leveldb.BytewiseComparator" /* RocksDB's name of the order of bytes */
#define FILE_SIZE_MAX   4096u                        /* bytes */
#define RECORD_SIZE_MAX 256u                         /* bytes */
#define VARINT_MORE     0x80u

/* RocksDB's: db/version_edit.h. */
enum tag {
    TAG_COMPARATOR = 1,
    TAG_LOG_NUMBER = 2,
    TAG_NEXT_FILE = 3,
    TAG_LAST_SEQUENCE = 4,
    TAG_FAMILY = 200,
    TAG_FAMILY_NAME = 201,
    TAG_FAMILY_LAST = 203,
};

static void put_varint(struct au_buf *record, size_t value)
{
    for (; value >= VARINT_MORE; value >>= 7) {
        au_buf_put_u8(record, (uint8_t)(value | VARINT_MORE));
    }
    au_buf_put_u8(record, (uint8_t)value);
}

static void put_number(struct au_buf *record, enum tag tag, size_t value)
{
    put_varint(record, tag);
    put_varint(record, value);
}

static void put_text(struct au_buf *record, enum tag tag, const char *text)
{
    put_number(record, tag, strlen(text));
    au_buf_put_text(record, text);
}

/* What RocksDB writes of a new store, then of each family that it adds. Logs of all numbers are
 * theirs: there is none yet. */
static void put_records(struct au_buf *file, const char *const *names, size_t count)
{
    struct au_buf record;
    au_buf_init(&record, RECORD_SIZE_MAX);
    put_number(&record, TAG_LOG_NUMBER, 0);
    put_number(&record, TAG_NEXT_FILE, NEXT_FILE);
    put_number(&record, TAG_FAMILY_LAST, count);
    put_number(&record, TAG_LAST_SEQUENCE, 0);
    au_wal_put(file, &record);
    for (size_t i = 0; i < count; i++) {
        au_buf_clear(&record);
        put_text(&record, TAG_COMPARATOR, COMPARATOR);
        put_number(&record, TAG_LOG_NUMBER, 0);
        put_number(&record, TAG_FAMILY, i + 1); /* 0 is "default" */
        put_text(&record, TAG_FAMILY_NAME, names[i]);
        au_wal_put(file, &record);
    }
    au_buf_done(&record);
}

/* What a folder holds: the last that any of its files stands for. */
enum content {
    CONTENT_NEW,   /* nothing but what comes before CURRENT */
    CONTENT_OTHER, /* what RocksDB left of making a store, or anything */
    CONTENT_LOST,  /* logs or tables, and no CURRENT */
    CONTENT_STORE,
};

static enum content content_by(const char *name)
{
    /* Or what is written beside them first. */
    static const char *const begins[] = {"LOCK", "SCHEMA", MANIFEST, CURRENT "."};
    const char *end = strrchr(name, '.');
    if (strcmp(name, CURRENT) == 0) return CONTENT_STORE;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return CONTENT_NEW;
    if (end && (strcmp(end, ".log") == 0 || strcmp(end, ".sst") == 0)) return CONTENT_LOST;
    for (size_t i = 0; i < AU_COUNT_OF(begins); i++) {
        if (strncmp(name, begins[i], strlen(begins[i])) == 0) return CONTENT_NEW;
    }
    return CONTENT_OTHER;
}

/* What cannot be read is RocksDB's to tell. */
static enum content read_content(DIR *folder)
{
    enum content content = CONTENT_NEW;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) return errno == 0 ? content : CONTENT_OTHER;
        enum content one = content_by(entry->d_name);
        if (one > content) content = one;
    }
}

static enum content content_of(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return CONTENT_OTHER;
    enum content content = read_content(folder);
    (void)closedir(folder);
    return content;
}

/* CURRENT names the manifest, and makes the folder a store. */
static void write_files(const char *folder, const char *const *names, size_t count)
{
    char path[PATH_MAX];
    struct au_buf file;
    au_buf_init(&file, FILE_SIZE_MAX);
    put_records(&file, names, count);
    snprintf(path, sizeof(path), "%s/" MANIFEST, folder);
    enum au_err err = file.err;
    if (err == AU_OK) err = au_file_write(path, au_buf_bytes(&file));
    snprintf(path, sizeof(path), "%s/" CURRENT, folder);
    if (err == AU_OK) err = au_file_write(path, au_bytes_of(MANIFEST "\n"));
    au_buf_done(&file);
}

enum au_err au_manifest_make(const char *folder, const char *const *names, size_t count,
                             char out_message[AU_KV_MESSAGE_SIZE])
{
    char path[PATH_MAX];
    enum content content = content_of(folder);
    if (content == CONTENT_LOST) {
        snprintf(out_message, AU_KV_MESSAGE_SIZE,
                 "Corruption: %.300s: there are logs or tables, and no file " CURRENT
                 "; restore the backup",
                 folder);
        return AU_ERR_MALFORMED;
    }
    if (content != CONTENT_NEW) return AU_OK;
    snprintf(path, sizeof(path), "%s/LOCK", folder);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return AU_OK;
    /* Another process may be making it, or have made it since. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool is_locked = fcntl(file, F_SETLK, &lock) == 0;
    if (is_locked && content_of(folder) == CONTENT_NEW) write_files(folder, names, count);
    (void)close(file);
    return AU_OK;
}
