/* Fuzzes what a store's folder and its small records are read with: the input's first byte says
 * what the rest is.
 *
 *     0   the file SCHEMA: claimed, or refused with a cause and left as it is
 *     1   the record of how much undo is kept: what is read is written again, the same bytes
 *     2   the key of the oldest undo: a height up to the head's
 *     3   the key and the record of a branch: what is read is written again, the same bytes
 *     4   two logs, as they are: mended they are a beginning of what they were, and whole
 *     5   sizes of fragments, of which a log is made that is whole; one that is cut is torn or
 *         whole, one with a changed bit is refused */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "state/keep.h"
#include "state/trie_node.h"
#include "store/memkv.h"
#include "store/schema.h"
#include "store/wal.h"

#define PATH_SIZE     128u
#define LOG_SIZE_MAX  (1u << 18) /* bytes */
#define BLOCK_SIZE    32768u
#define MADE_SIZE_MAX (BLOCK_SIZE + BLOCK_SIZE / 4)
#define HEADER_SIZE   7u
#define FRAGMENT_STEP 37u /* payload bytes for each unit of an input's size */

enum fragment { FULL = 1, FIRST, MIDDLE, LAST };

static char root[] = "/dev/shm/aureon-fuzz-XXXXXX";
static const char *const names[] = {"SCHEMA", "LOCK", "000004.log", "000007.log"};
static char paths[AU_COUNT_OF(names)][PATH_SIZE];

static void remove_files(void)
{
    for (size_t i = 0; i < AU_COUNT_OF(names); i++)
        (void)unlink(paths[i]);
}

static void remove_root(void)
{
    remove_files();
    (void)rmdir(root);
}

static void make_root(void)
{
    static bool is_made;
    if (is_made) return;
    AU_ASSERT(mkdtemp(root) != NULL && atexit(remove_root) == 0);
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        int size = snprintf(paths[i], PATH_SIZE, "%s/%s", root, names[i]);
        AU_ASSERT(size > 0 && (size_t)size < PATH_SIZE);
    }
    is_made = true;
}

static void write_file(const char *path, struct au_bytes content)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    AU_ASSERT(file >= 0);
    AU_ASSERT(write(file, content.data, content.size) == (ssize_t)content.size);
    AU_ASSERT(close(file) == 0);
}

static void expect_file(const char *path, struct au_bytes expected)
{
    struct au_buf content;
    au_buf_init(&content, LOG_SIZE_MAX);
    AU_ASSERT(au_file_read(path, &content) == AU_OK);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&content), expected));
    au_buf_done(&content);
}

static void check_schema(struct au_bytes content)
{
    static const char own[] = "aureon-store 3\n";
    char message[AU_KV_MESSAGE_SIZE] = "";
    if (content.size == 0) { /* a store that says nothing gets the file */
        AU_ASSERT(au_schema_claim(root, message) == AU_OK);
        expect_file(paths[0], au_bytes_of(own));
        return;
    }
    write_file(paths[0], content);
    enum au_err err = au_schema_claim(root, message);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED || err == AU_ERR_UNSUPPORTED);
    AU_ASSERT((err == AU_OK) == (message[0] == 0));
    bool is_own = au_bytes_is_equal(content, au_bytes_of(own));
    AU_ASSERT((err == AU_OK) == is_own);
    expect_file(paths[0], content);
}

/* ---- records ---- */

static void check_keep(struct au_bytes record)
{
    struct au_kv kv;
    struct au_kv_batch batch;
    struct au_buf stored;
    uint64_t count = 0;
    AU_ASSERT(au_memkv_open(&kv) == AU_OK);
    au_kv_batch_init(&batch, 1 << 16);
    au_kv_batch_put(&batch, AU_CF_META, au_bytes_of("keep"), record);
    AU_ASSERT(au_kv_write(&kv, &batch, false) == AU_OK);
    au_kv_batch_clear(&batch);
    enum au_err err = au_keep_get(&kv, &count);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    if (err == AU_OK) {
        au_buf_init(&stored, 1 << 16);
        au_keep_put(&batch, count);
        AU_ASSERT(au_kv_write(&kv, &batch, false) == AU_OK);
        AU_ASSERT(au_kv_get(&kv, NULL, AU_CF_META, au_bytes_of("keep"), &stored) == AU_OK);
        AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&stored), record));
        au_buf_done(&stored);
    }
    au_kv_batch_done(&batch);
    au_kv_close(&kv);
}

/* The only key of family chg: its height, if it is that of a block up to the head. */
static void check_first_undo(struct au_bytes key)
{
    static const uint64_t head = 1000;
    struct au_kv kv;
    struct au_kv_batch batch;
    uint64_t height = 0;
    AU_ASSERT(au_memkv_open(&kv) == AU_OK);
    AU_ASSERT(au_keep_first_undo(&kv, head, &height) == AU_OK && height == head + 1);
    au_kv_batch_init(&batch, 1 << 16);
    au_kv_batch_put(&batch, AU_CF_CHG, key, (struct au_bytes){0});
    AU_ASSERT(au_kv_write(&kv, &batch, false) == AU_OK);
    enum au_err err = au_keep_first_undo(&kv, head, &height);
    bool is_height = key.size == 8 && au_get_big_endian(key.data, key.size) <= head;
    AU_ASSERT(err == (is_height ? AU_OK : AU_ERR_MALFORMED));
    if (is_height) AU_ASSERT(height == au_get_big_endian(key.data, key.size));
    au_kv_batch_done(&batch);
    au_kv_close(&kv);
}

static void check_branch(struct fuzz_input *input)
{
    struct au_bytes key = fuzz_take(input, fuzz_u8(input));
    struct au_bytes record = fuzz_take(input, fuzz_left(input));
    struct au_trie_start start;
    struct au_trie_node node;
    uint8_t key_again[AU_TRIE_KEY_SIZE_MAX];
    uint8_t record_again[AU_TRIE_RECORD_SIZE_MAX];
    if (!au_trie_key_parse(key, &start)) return;
    size_t size = au_trie_key(key_again, &start.owner, &start.path, start.start);
    AU_ASSERT(au_bytes_is_equal((struct au_bytes){key_again, size}, key));
    if (!au_trie_record_decode(record, &start.path, start.start, &node)) return;
    AU_ASSERT(node.depth >= start.start && node.depth < AU_NIBBLE_COUNT);
    size = au_trie_record_encode(record_again, &node, start.start);
    AU_ASSERT(au_bytes_is_equal((struct au_bytes){record_again, size}, record));
}

/* ---- logs ---- */

/* Returns whether all logs are whole in the end, or can be cut so. */
static bool mend(struct au_bytes newest)
{
    char message[AU_KV_MESSAGE_SIZE] = "";
    struct au_buf content;
    bool is_torn = false, is_torn_again = true;
    enum au_err err = au_wal_check(root, message, &is_torn);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT((err == AU_OK) == (message[0] == 0));
    AU_ASSERT(au_wal_mend(root, message) == err);
    if (err != AU_OK || !is_torn) {
        expect_file(paths[3], newest);
        return err == AU_OK;
    }
    AU_ASSERT(au_wal_check(root, message, &is_torn_again) == AU_OK && !is_torn_again);
    au_buf_init(&content, LOG_SIZE_MAX);
    AU_ASSERT(au_file_read(paths[3], &content) == AU_OK);
    AU_ASSERT(content.size <= newest.size);
    AU_ASSERT(content.size == 0 || memcmp(content.data, newest.data, content.size) == 0);
    au_buf_done(&content);
    return true;
}

static void check_logs(struct fuzz_input *input)
{
    struct au_bytes older = fuzz_take(input, fuzz_u8(input));
    struct au_bytes newest = fuzz_take(input, fuzz_left(input));
    if (newest.size == 0) return; /* then the older one is the newest that is not empty */
    write_file(paths[2], older);
    write_file(paths[3], newest);
    (void)mend(newest);
}

/* CRC-32C, bit by bit, in the form in which it is stored. */
static uint32_t masked_crc(struct au_bytes bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= bytes.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_fragment(struct au_buf *log, enum fragment type, size_t size)
{
    static uint8_t fragment[1 + BLOCK_SIZE];
    fragment[0] = (uint8_t)type;
    memset(fragment + 1, (int)(0x40 + size % 64), size);
    au_buf_put_u32(log, masked_crc((struct au_bytes){fragment, 1 + size}));
    au_buf_put_u8(log, (uint8_t)size);
    au_buf_put_u8(log, (uint8_t)(size >> 8));
    au_buf_put(log, fragment, 1 + size);
}

/* A record, in as many fragments as the blocks have it. */
static void put_record(struct au_buf *log, size_t size)
{
    bool is_first = true;
    for (;;) {
        size_t room = BLOCK_SIZE - log->size % BLOCK_SIZE;
        static const uint8_t zeros[HEADER_SIZE];
        if (room < HEADER_SIZE) {
            au_buf_put(log, zeros, room);
            continue;
        }
        size_t part = size < room - HEADER_SIZE ? size : room - HEADER_SIZE;
        bool is_last = part == size;
        if (is_first) put_fragment(log, is_last ? FULL : FIRST, part);
        if (!is_first) put_fragment(log, is_last ? LAST : MIDDLE, part);
        if (is_last) return;
        size -= part;
        is_first = false;
    }
}

static void check_made_log(struct fuzz_input *input)
{
    struct au_buf log;
    size_t place = (size_t)fuzz_number(input, 3);
    uint8_t how = fuzz_u8(input);
    au_buf_init(&log, LOG_SIZE_MAX);
    put_record(&log, (size_t)fuzz_u8(input) * FRAGMENT_STEP);
    while (fuzz_left(input) > 0 && log.size < MADE_SIZE_MAX)
        put_record(&log, (size_t)fuzz_number(input, 2) * FRAGMENT_STEP % MADE_SIZE_MAX);
    AU_ASSERT(log.err == AU_OK);
    place %= log.size;
    struct au_bytes whole = au_buf_bytes(&log);
    bool is_changed = how > 0 && how % 9 < 8;
    if (how % 9 == 8) whole.size = place; /* cut */
    if (is_changed) log.data[place] ^= (uint8_t)(1u << how % 9);
    write_file(paths[3], whole);
    AU_ASSERT(mend(whole) == !is_changed);
    au_buf_done(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    uint8_t kind = fuzz_u8(&input);
    make_root();
    switch (kind % 6) {
    case 0: check_schema(fuzz_take(&input, fuzz_left(&input))); break;
    case 1: check_keep(fuzz_take(&input, fuzz_left(&input))); break;
    case 2: check_first_undo(fuzz_take(&input, fuzz_left(&input))); break;
    case 3: check_branch(&input); break;
    case 4: check_logs(&input); break;
    case 5: check_made_log(&input); break;
    }
    remove_files();
    return 0;
}
