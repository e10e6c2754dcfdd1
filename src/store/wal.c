#include "store/wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define BLOCK_SIZE     32768u
#define HEADER_SIZE    7u
#define TYPE_AT        6u /* where a fragment's checksum begins */
#define CRC_POLYNOMIAL 0x82f63b78u
#define CRC_MASK       0xa282ead8u
#define CRC_LANES      8u /* bytes that are taken at a time */

enum fragment_type { FRAGMENT_FULL = 1, FRAGMENT_FIRST, FRAGMENT_MIDDLE, FRAGMENT_LAST };

struct crc_table {
    uint32_t of[CRC_LANES][256]; /* by bytes that follow, and byte */
};

struct scan {
    const char *folder;
    char *message;   /* AU_KV_MESSAGE_SIZE bytes */
    uint64_t newest; /* number of the newest log that is not empty; 0: none */
    bool is_torn;    /* then it should end at keep */
    uint64_t keep;   /* bytes */
    struct crc_table crc;
    uint8_t block[BLOCK_SIZE];
};

/* A log being read. */
struct log {
    struct scan *scan;
    uint64_t number;
    int file;
    uint64_t block_at;  /* bytes before the block */
    size_t size;        /* of the block */
    size_t at;          /* in the block */
    uint64_t record_at; /* where the record begins that at is in, or would begin */
    bool is_in_record;
    bool is_torn;
};

/* ---- messages ---- */

static enum au_err fail_io(char message[AU_KV_MESSAGE_SIZE], const char *path)
{
    snprintf(message, AU_KV_MESSAGE_SIZE, "IO error: %.400s: %s", path, strerror(errno));
    return AU_ERR_IO;
}

static enum au_err fail_damaged(const struct log *log, const char *what)
{
    snprintf(log->scan->message, AU_KV_MESSAGE_SIZE,
             "Corruption: %.300s/%06" PRIu64 ".log: at byte %" PRIu64 ": %s", log->scan->folder,
             log->number, log->block_at + log->at, what);
    return AU_ERR_MALFORMED;
}

/* ---- checksums ---- */

static void crc_table_init(struct crc_table *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
        }
        table->of[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (size_t lane = 1; lane < CRC_LANES; lane++) {
            uint32_t before = table->of[lane - 1][byte];
            table->of[lane][byte] = before >> 8 ^ table->of[0][before & 0xff];
        }
    }
}

static uint32_t crc_byte(const struct crc_table *table, uint32_t crc, uint8_t byte)
{
    return crc >> 8 ^ table->of[0][(crc ^ byte) & 0xff];
}

static uint32_t crc_bytes(const struct crc_table *table, uint32_t crc, struct au_bytes bytes)
{
    const uint8_t *at = bytes.data;
    size_t left = bytes.size;
    for (; left >= CRC_LANES; left -= CRC_LANES, at += CRC_LANES) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        word ^= crc;
        crc = 0;
        for (size_t i = 0; i < CRC_LANES; i++) {
            crc ^= table->of[CRC_LANES - 1 - i][word >> 8 * i & 0xff];
        }
    }
    for (; left > 0; left--, at++) {
        crc = crc_byte(table, crc, *at);
    }
    return crc;
}

/* The form in which checksums are stored. */
static uint32_t crc_masked(uint32_t crc)
{
    crc = ~crc;
    return (crc >> 15 | crc << 17) + CRC_MASK;
}

static uint32_t stored_crc(const uint8_t *header)
{
    uint32_t crc;
    memcpy(&crc, header, sizeof(crc));
    return crc;
}

/* Whether a fragment that seems to end behind the log is whole after all, with a damaged size: then
 * its checksum fits a part of what is there. */
static bool has_damaged_size(const struct crc_table *table, struct au_bytes fragment)
{
    const uint32_t expected = stored_crc(fragment.data);
    uint32_t crc = UINT32_MAX;
    for (size_t i = TYPE_AT; i < fragment.size; i++) {
        crc = crc_byte(table, crc, fragment.data[i]);
        if (crc_masked(crc) == expected) return true;
    }
    return false;
}

/* ---- a log ---- */

static enum au_err read_block(struct log *log)
{
    struct scan *scan = log->scan;
    log->block_at += log->size;
    log->at = log->size = 0;
    while (log->size < BLOCK_SIZE) {
        ssize_t size = read(log->file, scan->block + log->size, BLOCK_SIZE - log->size);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return fail_io(scan->message, scan->folder);
        if (size == 0) break;
        log->size += (size_t)size;
    }
    return AU_OK;
}

/* Checks the fragment at the place and goes behind it, unless it is torn. */
static enum au_err check_fragment(struct log *log)
{
    const struct scan *scan = log->scan;
    const struct au_bytes rest = {scan->block + log->at, log->size - log->at};
    const size_t size = HEADER_SIZE + (size_t)(rest.data[4] | rest.data[5] << 8);
    const unsigned type = rest.data[TYPE_AT];
    const bool begins = type == FRAGMENT_FULL || type == FRAGMENT_FIRST;
    if (type < FRAGMENT_FULL || type > FRAGMENT_LAST) return fail_damaged(log, "no such type");
    if (begins == log->is_in_record) return fail_damaged(log, "a record in pieces");
    if (size > BLOCK_SIZE - log->at) return fail_damaged(log, "a size above the block's");
    if (size > rest.size) {
        if (has_damaged_size(&scan->crc, rest)) return fail_damaged(log, "a wrong size");
        log->is_torn = true;
        return AU_OK;
    }
    const struct au_bytes covered = {rest.data + TYPE_AT, size - TYPE_AT};
    uint32_t crc = crc_masked(crc_bytes(&scan->crc, UINT32_MAX, covered));
    if (crc != stored_crc(rest.data)) return fail_damaged(log, "a wrong checksum");

    log->at += size;
    log->is_in_record = type == FRAGMENT_FIRST || type == FRAGMENT_MIDDLE;
    if (!log->is_in_record) log->record_at = log->block_at + log->at;
    return AU_OK;
}

/* What is left behind the last fragment of a block: zeros of a whole block, else a torn header. */
static enum au_err check_trailer(struct log *log)
{
    if (log->size < BLOCK_SIZE) {
        log->is_torn = log->at < log->size;
        return AU_OK;
    }
    for (; log->at < log->size; log->at++) {
        if (log->scan->block[log->at] != 0) return fail_damaged(log, "no zeros behind a block");
    }
    if (!log->is_in_record) log->record_at = log->block_at + log->at;
    return AU_OK;
}

static enum au_err check_blocks(struct log *log)
{
    do {
        AU_TRY(read_block(log));
        while (log->size - log->at >= HEADER_SIZE && !log->is_torn) {
            AU_TRY(check_fragment(log));
        }
        if (!log->is_torn) AU_TRY(check_trailer(log));
    } while (log->size == BLOCK_SIZE && !log->is_torn);
    log->is_torn |= log->is_in_record;
    return AU_OK;
}

static void log_path(const struct scan *scan, uint64_t number, char out_path[PATH_MAX])
{
    snprintf(out_path, PATH_MAX, "%s/%06" PRIu64 ".log", scan->folder, number);
}

static enum au_err check_log(struct scan *scan, uint64_t number)
{
    char path[PATH_MAX];
    log_path(scan, number, path);
    struct log log = {.scan = scan, .number = number, .file = open(path, O_RDONLY | O_CLOEXEC)};
    /* One that is gone was another process's to delete. */
    if (log.file < 0) return errno == ENOENT ? AU_OK : fail_io(scan->message, path);
    enum au_err err = check_blocks(&log);
    (void)close(log.file);
    AU_TRY(err);
    if (!log.is_torn) return AU_OK;
    if (number < scan->newest) return fail_damaged(&log, "incomplete, and not the newest log");
    scan->newest = number;
    scan->is_torn = true;
    scan->keep = log.record_at;
    return AU_OK;
}

/* ---- a folder ---- */

/* Reads the number of a log off its name. False: it is no log. */
static bool parse_name(const char *name, uint64_t *out_number)
{
    uint64_t number = 0;
    const char *at = name;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > UINT64_MAX / 10 - 1) return false;
        number = number * 10 + (uint64_t)(*at - '0');
    }
    *out_number = number;
    return at > name && strcmp(at, ".log") == 0;
}

static enum au_err note_newest(struct scan *scan, uint64_t number)
{
    char path[PATH_MAX];
    struct stat info;
    log_path(scan, number, path);
    if (stat(path, &info) != 0) return errno == ENOENT ? AU_OK : fail_io(scan->message, path);
    if (info.st_size > 0 && number > scan->newest) scan->newest = number;
    return AU_OK;
}

/* Visits all logs, in no order. */
static enum au_err for_each_log(struct scan *scan,
                                enum au_err (*visit)(struct scan *scan, uint64_t number))
{
    DIR *folder = opendir(scan->folder);
    if (!folder) return errno == ENOENT ? AU_OK : fail_io(scan->message, scan->folder);
    enum au_err err = AU_OK;
    while (err == AU_OK) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            if (errno != 0) err = fail_io(scan->message, scan->folder);
            break;
        }
        uint64_t number;
        if (parse_name(entry->d_name, &number)) err = visit(scan, number);
    }
    (void)closedir(folder);
    return err;
}

static enum au_err scan_folder(const char *folder, char *message, struct scan **out_scan)
{
    struct scan *scan = au_mem_new(sizeof(*scan));
    if (!scan) return AU_ERR_NO_MEMORY;
    scan->folder = folder;
    scan->message = message;
    crc_table_init(&scan->crc);
    enum au_err err = for_each_log(scan, note_newest);
    if (err == AU_OK) err = for_each_log(scan, check_log);
    if (err != AU_OK) {
        au_mem_free(scan);
        return err;
    }
    *out_scan = scan;
    return AU_OK;
}

enum au_err au_wal_check(const char *folder, char out_message[AU_KV_MESSAGE_SIZE],
                         bool *out_is_torn)
{
    struct scan *scan;
    AU_TRY(scan_folder(folder, out_message, &scan));
    *out_is_torn = scan->is_torn;
    au_mem_free(scan);
    return AU_OK;
}

static enum au_err cut(const struct scan *scan)
{
    char path[PATH_MAX];
    log_path(scan, scan->newest, path);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return fail_io(scan->message, path);
    bool is_cut = ftruncate(file, (off_t)scan->keep) == 0 && fsync(file) == 0;
    enum au_err err = is_cut ? AU_OK : fail_io(scan->message, path);
    (void)close(file);
    return err;
}

enum au_err au_wal_mend(const char *folder, char out_message[AU_KV_MESSAGE_SIZE])
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/LOCK", folder);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return fail_io(out_message, path);
    /* RocksDB's own kind of lock, which ends when the file is closed. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct scan *scan = NULL;
    enum au_err err = fcntl(file, F_SETLK, &lock) == 0 ? AU_OK : fail_io(out_message, path);
    if (err == AU_OK) err = scan_folder(folder, out_message, &scan);
    if (err == AU_OK && scan->is_torn) err = cut(scan);
    au_mem_free(scan);
    (void)close(file);
    return err;
}

void au_wal_put(struct au_buf *file, const struct au_buf *record)
{
    struct crc_table table;
    const struct au_bytes bytes = au_buf_bytes(record);
    AU_ASSERT(file->size_max <= BLOCK_SIZE);
    if (file->err == AU_OK) file->err = record->err;
    crc_table_init(&table);
    uint32_t crc = crc_byte(&table, UINT32_MAX, FRAGMENT_FULL);
    au_buf_put_u32(file, crc_masked(crc_bytes(&table, crc, bytes)));
    au_buf_put_u8(file, (uint8_t)bytes.size);
    au_buf_put_u8(file, (uint8_t)(bytes.size >> 8));
    au_buf_put_u8(file, FRAGMENT_FULL);
    au_buf_put_bytes(file, bytes);
}
