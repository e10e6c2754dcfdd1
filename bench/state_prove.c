#include <string.h>

#include "aureon_verify.h"
#include "crypto/sha256.h"
#include "state/proof.h"
#include "state_engine.h"
#include "state_store.h"
#include "text.h"

#define PROVED_COUNT   20000u
#define PROOF_PASSES   5u
#define PROOF_SIZE_MAX ((size_t)1 << 16)

/* An account, or a slot of the account before it. */
struct item {
    struct au_address address;
    struct au_hash account_key; /* of the address */
    uint32_t slot;              /* its key; 0: an account */
    struct au_hash key;         /* in its trie */
    struct au_hash root;        /* of its trie */
    struct au_bytes proof;
};

/* What is proved, and the proofs, one behind the other. */
struct proving {
    struct engine engine;
    const struct state_proofs *kind;
    struct item items[PROVED_COUNT];
    struct au_buf bytes;
    struct au_buf leaf; /* scratch */
};

static const struct au_hash account_trie;

static struct au_bytes slot_key(const struct item *item)
{
    return (struct au_bytes){(const uint8_t *)&item->slot, sizeof(item->slot)};
}

/* ---- what is proved ---- */

/* Groups of an account and some of its slots, all alike. */
static void choose(struct proving *proving, const struct state_run *run)
{
    static struct state_op ops[PROVED_COUNT];
    const struct state_proofs *kind = proving->kind;
    struct state_stream stream;
    state_stream_init(&stream, STATE_UPDATE, run->size);
    state_stream_next(&stream, ops, PROVED_COUNT);
    for (uint32_t i = 0; i < PROVED_COUNT; i++) {
        struct item *item = &proving->items[i];
        uint32_t in_group = i % (1 + kind->slot_count);
        uint32_t number = ops[i - in_group].account;
        if (kind->slot_count > 0) number %= STATE_CONTRACTS;
        if (kind->are_absent) number += run->size;
        item->address = state_address(number);
        item->account_key = au_flat_account_key(&item->address);
        item->slot = in_group; /* those of a contract are numbered from 1 */
        item->key = item->slot > 0 ? au_flat_key_hash(slot_key(item)) : item->account_key;
    }
    state_stream_done(&stream);
}

/* ---- what is timed ---- */

/* As a node does it: from what it has read. An account's storage root is that of the slots that
 * follow. */
static void make_proof(struct proving *proving, struct item *item, struct au_hash *storage_root)
{
    struct engine *engine = &proving->engine;
    struct au_account account;
    struct au_slot slot;
    struct au_proof_source source = {&engine->flat, &engine->commit.tries, &account_trie};
    au_buf_clear(&proving->leaf);
    if (item->slot > 0) {
        state_check(au_flat_slot(&engine->flat, &item->address, slot_key(item), &slot), "a slot");
        if (slot.exists) au_flat_slot_leaf(&proving->leaf, slot.value);
        source.owner = &item->account_key;
        item->root = *storage_root;
    } else {
        state_check(au_flat_account(&engine->flat, &item->address, &account), "an account");
        if (account.exists) au_flat_account_leaf(&proving->leaf, &account);
        item->root = engine->head.root;
        *storage_root = account.storage_root;
    }
    state_check(
        au_proof_make_of(&source, &item->key, au_buf_bytes(&proving->leaf), &proving->bytes),
        "a proof");
}

static void make_proofs(struct proving *proving)
{
    struct au_hash storage_root;
    au_buf_clear(&proving->bytes);
    au_trie_lock_shared(&proving->engine.commit.tries);
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        size_t start = proving->bytes.size;
        make_proof(proving, &proving->items[i], &storage_root);
        proving->items[i].proof.size = proving->bytes.size - start;
    }
    au_trie_unlock(&proving->engine.commit.tries);
    const uint8_t *at = proving->bytes.data;
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        proving->items[i].proof.data = at;
        at += proving->items[i].proof.size;
    }
}

static void check_claim(const struct proving *proving, bool exists, const char *reason)
{
    if (reason == NULL && exists != proving->kind->are_absent) return;
    bench_fail("bench_state: a proof does not hold: %s", reason ? reason : "of the contrary");
}

static void verify_proofs(struct proving *proving)
{
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        const struct item *item = &proving->items[i];
        struct au_bytes nodes[AU_PROOF_NODES_MAX];
        struct au_proof_claim claim = {0};
        const char *reason = "a list";
        size_t count;
        bool is_good =
            au_proof_split(item->proof, nodes, &count) &&
            au_proof_verify(&item->root, &item->key, nodes, count, &claim, &reason) == AU_OK;
        check_claim(proving, claim.exists, is_good ? NULL : reason);
    }
}

static struct aureon_hash hash_for_sdk(const uint8_t *bytes)
{
    struct aureon_hash hash;
    memcpy(hash.bytes, bytes, sizeof(hash.bytes));
    return hash;
}

/* By the verifier that stands alone: it is told addresses and keys, and hashes them. */
static void verify_by_sdk(struct proving *proving)
{
    struct aureon_hash state_root = hash_for_sdk(proving->engine.head.root.bytes);
    struct aureon_account account = {0};
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        const struct item *item = &proving->items[i];
        struct au_bytes nodes[AU_PROOF_NODES_MAX];
        struct aureon_bytes theirs[AU_PROOF_NODES_MAX];
        struct aureon_claim claim = {0};
        struct aureon_nodes list = {theirs, 0};
        const char *reason;
        AU_ASSERT(au_proof_split(item->proof, nodes, &list.count));
        for (size_t j = 0; j < list.count; j++)
            theirs[j] = (struct aureon_bytes){nodes[j].data, nodes[j].size};
        if (item->slot > 0) {
            struct au_bytes key = slot_key(item);
            reason = aureon_verify_slot(&account, (struct aureon_bytes){key.data, key.size}, list,
                                        &claim);
        } else {
            struct aureon_hash address = hash_for_sdk(item->address.bytes);
            reason = aureon_verify_account(&state_root, &address, list, &account);
            claim.exists = account.exists;
        }
        check_claim(proving, claim.exists, reason);
    }
}

static void read_records(struct proving *proving)
{
    enum au_err expected = proving->kind->are_absent ? AU_ERR_NOT_FOUND : AU_OK;
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        const struct item *item = &proving->items[i];
        const struct au_hash *owner = item->slot > 0 ? &item->account_key : &account_trie;
        au_buf_clear(&proving->leaf);
        enum au_err err =
            au_flat_key_leaf(&proving->engine.flat, owner, &item->key, &proving->leaf);
        if (err != expected) state_check(err, "a leaf");
    }
}

static void hash_nodes(struct proving *proving)
{
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        struct au_bytes nodes[AU_PROOF_NODES_MAX];
        size_t count = 0;
        AU_ASSERT(au_proof_split(proving->items[i].proof, nodes, &count));
        for (size_t j = 0; j < count; j++) {
            volatile uint8_t used = au_sha256(nodes[j]).bytes[0];
            (void)used;
        }
    }
}

/* Each pass does all, so that all have the same machine. The first does not count. */
void state_run_prove(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    static struct proving proving;
    void (*const parts[])(struct proving *) = {make_proofs, verify_proofs, verify_by_sdk,
                                               read_records, hash_nodes};
    double *const rates[] = {&out->made_per_s, &out->verified_per_s, &out->sdk_per_s,
                             &out->read_per_s, &out->hashed_per_s};
    double times[AU_COUNT_OF(parts)][PROOF_PASSES];
    struct engine *engine = &proving.engine;
    state_engine_open(engine, folder, run->is_small);
    au_flat_use_cache(&engine->flat, engine->commit.objects, engine->head.height);
    proving.kind = run->proofs;
    au_buf_init(&proving.bytes, PROVED_COUNT * PROOF_SIZE_MAX);
    au_buf_init(&proving.leaf, PROOF_SIZE_MAX);
    choose(&proving, run);
    for (size_t pass = 0; pass <= PROOF_PASSES; pass++) {
        for (size_t i = 0; i < AU_COUNT_OF(parts); i++) {
            double start = bench_now_ns();
            parts[i](&proving);
            if (pass > 0) times[i][pass - 1] = bench_now_ns() - start;
        }
    }
    for (size_t i = 0; i < AU_COUNT_OF(parts); i++)
        *rates[i] = PROVED_COUNT * 1e9 / bench_median(times[i], PROOF_PASSES);
    out->proof_size = (double)proving.bytes.size / PROVED_COUNT;
    out->resident_mb = bench_resident_mb("/proc/self");
    au_buf_done(&proving.bytes);
    au_buf_done(&proving.leaf);
    state_engine_close(engine);
}
