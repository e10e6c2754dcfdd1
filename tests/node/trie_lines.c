/* A storage trie that is driven line by line, so that another program can be compared with it:
 * tests/node/trie.mjs. Bytes are hex with 0x.
 *
 *     line               answer
 *     KEY LEAF           none: the next batch has the leaf under the key
 *     KEY -              none: the next batch takes the key away
 *     (empty)            the root, once the batch is applied and written
 *     ? KEY              the proof of the key, of the state that is written
 *     ! ROOT KEY PROOF   "present LEAF", "absent", or "refused REASON"
 *
 * Keys are those of the trie: hashed already. A leaf is what the trie holds; one that is not the
 * encoding of a string can stand in a trie, but no slot has it, so that a later batch or a proof
 * that wants it back fails.
 *
 * Whoever drives it is trusted: a line that is none of these ends the program with a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "state/proof.h"
#include "state/rlp.h"
#include "state/trie.h"
#include "store/memkv.h"

#define CHANGES_MAX    2048u /* keys of a batch */
#define LEAF_SIZE_MAX  512u  /* bytes */
#define LINE_SIZE_MAX  (1u << 18)
#define BATCH_SIZE_MAX ((size_t)64 << 20) /* bytes */
#define PROOF_SIZE_MAX ((size_t)LINE_SIZE_MAX / 2)
#define TRIE_SIZE_MAX  16384u /* bytes: few, so that branches come from the store too */

struct change {
    uint8_t leaf[LEAF_SIZE_MAX];
    size_t leaf_size; /* 0: the key goes */
};

struct session {
    struct au_kv kv;
    struct au_trie_cache cache;
    struct au_hash owner;
    struct change changes[CHANGES_MAX];
    struct au_trie_update updates[CHANGES_MAX]; /* their values point into changes */
    size_t count;
    struct au_kv_batch records;
    struct au_buf answer;
};

_Noreturn static void fail(const char *what, enum au_err err)
{
    fprintf(stderr, "trie_lines: %s: %s\n", what, au_err_name(err));
    exit(1);
}

static void must(const char *what, enum au_err err)
{
    if (err != AU_OK) fail(what, err);
}

/* ---- words ---- */

static const char *next_word(char **rest)
{
    const char *word = strsep(rest, " ");
    return word != NULL ? word : "";
}

static size_t read_hex(const char *word, uint8_t *out, size_t size_max)
{
    size_t word_size = strlen(word);
    size_t size = word_size < 2 ? 0 : (word_size - 2) / 2;
    if (size > size_max) fail("a word is too long", AU_ERR_TOO_LARGE);
    must(word, au_hex_parse(au_bytes_of(word), out, size));
    return size;
}

static struct au_hash read_hash(const char *word)
{
    struct au_hash hash;
    must(word, au_hex_parse(au_bytes_of(word), hash.bytes, AU_HASH_SIZE));
    return hash;
}

static void answer(struct session *session)
{
    must("an answer", session->answer.err);
    au_buf_put_u8(&session->answer, '\n');
    fwrite(session->answer.data, 1, session->answer.size, stdout);
    fflush(stdout);
    au_buf_clear(&session->answer);
}

static void answer_hex(struct session *session, struct au_bytes bytes)
{
    au_hex_put(&session->answer, bytes);
    answer(session);
}

/* ---- a batch ---- */

static void add_change(struct session *session, const char *key, const char *leaf)
{
    struct au_hash hash = read_hash(key);
    size_t at = 0;
    while (at < session->count && !au_hash_is_equal(&session->updates[at].key, &hash)) {
        at++;
    }
    if (at == CHANGES_MAX) fail("too many keys in a batch", AU_ERR_TOO_LARGE);
    if (at == session->count) session->count++;
    struct change *change = &session->changes[at];
    bool is_del = strcmp(leaf, "-") == 0;
    change->leaf_size = is_del ? 0 : read_hex(leaf, change->leaf, LEAF_SIZE_MAX);
    session->updates[at] = (struct au_trie_update){
        .key = hash, .value = {is_del ? NULL : change->leaf, change->leaf_size}};
}

static int compare_updates(const void *a, const void *b)
{
    const struct au_trie_update *left = a;
    const struct au_trie_update *right = b;
    return memcmp(left->key.bytes, right->key.bytes, AU_HASH_SIZE);
}

/* Puts the slot that has this leaf, if there is one, beside the trie's records. */
static void put_slot(struct session *session, const struct au_trie_update *update)
{
    const struct au_hash halves[2] = {session->owner, update->key};
    struct au_bytes key = {halves[0].bytes, sizeof(halves)};
    struct au_bytes rest = update->value;
    struct au_rlp_item item;
    bool is_slot = au_rlp_next(&rest, &item) && rest.size == 0 && !item.is_list;
    if (!is_slot) {
        au_kv_batch_del(&session->records, AU_CF_STO, key);
        return;
    }
    struct au_buf record;
    au_buf_init(&record, LEAF_SIZE_MAX + 1);
    au_flat_encode_slot(&record, item.payload);
    must("a record", record.err);
    au_kv_batch_put(&session->records, AU_CF_STO, key, au_buf_bytes(&record));
    au_buf_done(&record);
}

static void commit(struct session *session)
{
    struct au_trie_root root;
    qsort(session->updates, session->count, sizeof(session->updates[0]), compare_updates);
    const struct au_trie_batch batch = {
        .owner = session->owner, .updates = session->updates, .update_count = session->count};
    au_kv_batch_clear(&session->records);
    must("a batch", au_trie_apply(&session->cache, &batch, &root));
    for (size_t i = 0; i < session->count; i++) {
        put_slot(session, &session->updates[i]);
    }
    must("writing", au_kv_write(&session->kv, &session->records, false));
    au_trie_cache_commit(&session->cache);
    must("writing records", au_trie_cache_flush(&session->cache, 0));
    session->count = 0;
    answer_hex(session, (struct au_bytes){root.hash.bytes, AU_HASH_SIZE});
}

/* ---- proofs ---- */

/* From branches in memory as far as there are any, for every other key from records alone. */
static void prove(struct session *session, const char *word)
{
    struct au_hash key = read_hash(word);
    struct au_flat flat;
    struct au_buf proof;
    au_flat_init(&flat, &session->kv, NULL);
    au_buf_init(&proof, PROOF_SIZE_MAX);
    bool is_held = key.bytes[0] % 2 == 0;
    const struct au_proof_source source = {&flat, is_held ? &session->cache : NULL,
                                           &session->owner};
    must("a proof", au_proof_make(&source, &key, &proof));
    answer_hex(session, au_buf_bytes(&proof));
    au_buf_done(&proof);
    au_flat_done(&flat);
}

static void verify(struct session *session, char *words)
{
    static uint8_t proof[PROOF_SIZE_MAX];
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    struct au_hash root = read_hash(next_word(&words));
    struct au_hash key = read_hash(next_word(&words));
    struct au_bytes bytes = {proof, read_hex(next_word(&words), proof, sizeof(proof))};
    struct au_proof_claim claim;
    const char *reason = "it is no list of nodes";
    size_t count;
    if (!au_proof_split(bytes, nodes, &count) ||
        au_proof_verify(&root, &key, nodes, count, &claim, &reason) != AU_OK) {
        au_buf_printf(&session->answer, "refused %s", reason);
        answer(session);
        return;
    }
    au_buf_put_text(&session->answer, claim.exists ? "present " : "absent");
    if (claim.exists) au_hex_put(&session->answer, claim.value);
    answer(session);
}

/* ---- lines ---- */

static void take_line(struct session *session, char *line)
{
    if (line[0] == 0) {
        commit(session);
        return;
    }
    const char *first = next_word(&line);
    if (strcmp(first, "?") == 0) {
        prove(session, next_word(&line));
    } else if (strcmp(first, "!") == 0) {
        verify(session, line);
    } else {
        add_change(session, first, next_word(&line));
    }
}

int main(void)
{
    static struct session session = {.owner = {{1}}};
    static char line[LINE_SIZE_MAX];
    static const struct au_seed seed = {{1, 2}};
    must("a store", au_memkv_open(&session.kv));
    must("a cache", au_trie_cache_init(&session.cache, &session.kv, &seed, TRIE_SIZE_MAX));
    au_kv_batch_init(&session.records, BATCH_SIZE_MAX);
    au_buf_init(&session.answer, LINE_SIZE_MAX + 16);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        size_t size = strcspn(line, "\n");
        if (line[size] != '\n') fail("a line is too long", AU_ERR_TOO_LARGE);
        line[size] = 0;
        take_line(&session, line);
    }
    au_buf_done(&session.answer);
    au_kv_batch_done(&session.records);
    au_trie_cache_done(&session.cache);
    au_kv_close(&session.kv);
    return 0;
}
