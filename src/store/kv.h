/* The key-value store under the ledger: ordered families of keys, atomic batches, snapshots. Two
 * stores stand behind it: store/rocks.h on disk, store/memkv.h in memory.
 *
 * Invariants:
 *   1. A batch is visible whole or not at all, over all families, to every reader and after every
 *      crash.
 *   2. Keys are ordered as unsigned bytes, a prefix before what it begins.
 *   3. A snapshot, and an iterator from its opening on, see one moment: no later batch.
 *   4. Every value is a value: one of no bytes exists and is not NOT_FOUND.
 *
 * States: opened by au_rocks_open or au_memkv_open, closed by au_kv_close once its snapshots and
 * iterators are closed; to leave one open is a bug of ours and aborts.
 *
 * Threading: any number of threads write and read; a write waits for those before it. A snapshot
 * may be shared by threads; an iterator and a batch belong to one. Close when no other thread uses
 * the store.
 *
 * Errors of all functions that return one, besides those they name:
 *   IO         reading or writing failed; au_kv_message tells the cause
 *   NO_SPACE   likewise, because the disk or a quota on it is used up
 *   MALFORMED  what is on disk is damaged; au_kv_message tells the cause
 *   NO_MEMORY  nothing happened */
#ifndef AUREON_STORE_KV_H
#define AUREON_STORE_KV_H

#include "base/buf.h"

#define AU_KV_MESSAGE_SIZE 512 /* bytes of a cause, with its end */

/* The families of keys. Their names are on disk. */
#define AU_CF_TABLE(X)                                            \
    X(META, meta) /* what the store is, its head */               \
    X(ACC, acc)   /* accounts by hashed id */                     \
    X(STO, sto)   /* slots by hashed contract and hashed key */   \
    X(COD, cod)   /* code by hash */                              \
    X(TRI, tri)   /* branches of the trie */                      \
    X(CHG, chg)   /* what a block changed, by height */           \
    X(BLK, blk)   /* blocks by height */                          \
    X(RCP, rcp)   /* receipts by height */                        \
    X(TXI, txi)   /* where a transaction is, by its hash */       \
    X(KEY, key)   /* raw slot keys, for contracts that iterate */ \
    X(IDX, idx)   /* history by account and contract */

enum au_cf {
#define AU_CF_ENUM(NAME, name) AU_CF_##NAME,
    AU_CF_TABLE(AU_CF_ENUM)
#undef AU_CF_ENUM
        AU_CF_COUNT
};

/* au_cf_name gives the name of a family on disk ("acc"). */
const char *au_cf_name(enum au_cf cf);

/* Changes to be written together. A later change of a key wins over an earlier one. */
struct au_kv_batch {
    struct au_buf ops; /* encoded by au_kv_batch_put and _del alone */
    size_t count;      /* changes */
};

/* One change of a batch; what it points to is valid until the next change of the batch. */
struct au_kv_op {
    enum au_cf cf;
    bool is_del; /* then value is empty */
    struct au_bytes key;
    struct au_bytes value;
};

struct au_kv_entry {
    struct au_bytes key;
    struct au_bytes value;
};

/* Keys of a family from lower on, up to but without upper. An upper bound of no bytes is none. */
struct au_kv_range {
    enum au_cf cf;
    struct au_bytes lower;
    struct au_bytes upper;
    bool is_downward; /* the greatest key first; not of a history */
    bool is_scan;     /* of much that is read once: it is not to fill the store's cache */
};

/* Keys of one family, ascending, each once, and who is told what is under them: take is called for
 * one after the other. value is NULL if there is none, and valid for the call; what is not OK ends
 * the reading. */
struct au_kv_many {
    enum au_cf cf;
    const struct au_bytes *keys;
    size_t count;
    void *context;
    enum au_err (*take)(void *context, size_t index, const struct au_bytes *value);
};

/* What a store does; the functions below tell what each means. state belongs to the store. One that
 * is only read has no write, and no get_many if it is always read key by key. */
struct au_kv_ops {
    enum au_err (*get)(void *ctx, const void *snapshot, enum au_cf cf, struct au_bytes key,
                       struct au_buf *out_value);
    enum au_err (*get_many)(void *ctx, const void *snapshot, const struct au_kv_many *many);
    enum au_err (*write)(void *ctx, const struct au_kv_batch *batch, bool is_synced);
    enum au_err (*snapshot_open)(void *ctx, void **out_state);
    void (*snapshot_close)(void *ctx, void *state);
    enum au_err (*iter_open)(void *ctx, const void *snapshot, const struct au_kv_range *range,
                             void **out_state);
    enum au_err (*iter_next)(void *ctx, void *state, struct au_kv_entry *out_entry);
    void (*iter_close)(void *ctx, void *state);
    void (*message)(void *ctx, char out_text[AU_KV_MESSAGE_SIZE]);
    void (*close)(void *ctx);
};

/* A handle, copied freely. */
struct au_kv {
    const struct au_kv_ops *ops;
    void *ctx;
};

struct au_kv_snapshot {
    struct au_kv kv;
    void *state;
};

struct au_kv_iter {
    struct au_kv kv;
    void *state;
};

/* au_kv_batch_init prepares an empty batch in the caller's storage; size_max bounds its bytes:
 * keys, values and 10 for each change. au_kv_batch_done frees what it holds, au_kv_batch_clear
 * keeps the allocation for the next one and forgets an error. */
void au_kv_batch_init(struct au_kv_batch *batch, size_t size_max);
void au_kv_batch_done(struct au_kv_batch *batch);
void au_kv_batch_clear(struct au_kv_batch *batch);

/* au_kv_batch_put and au_kv_batch_del add a change; the bytes are copied. A key or value of more
 * than 4 GiB - 1 does not fit. What does not fit makes the batch's error, which au_kv_write
 * returns: a writer checks once. */
void au_kv_batch_put(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key,
                     struct au_bytes value);
void au_kv_batch_del(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key);

/* au_kv_batch_next gives the changes in the order in which they were added. offset begins as 0 and
 * is moved on. False at the end. For stores; the batch must have no error. */
bool au_kv_batch_next(const struct au_kv_batch *batch, size_t *offset, struct au_kv_op *out_op);

/* au_kv_get reads a value.
 *
 * snapshot    the moment to read at; NULL for now
 * out_value   is cleared, then gets the value; after an error it is empty, with no error of its own
 *
 * OK, NOT_FOUND
 * TOO_LARGE   the value does not fit into the buffer's bound */
AU_MUST_USE enum au_err au_kv_get(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                  enum au_cf cf, struct au_bytes key, struct au_buf *out_value);

/* au_kv_get_many reads many values at one moment, faster than one by one. To give keys that do not
 * ascend is a bug of ours and aborts. OK, or what take failed with. */
AU_MUST_USE enum au_err au_kv_get_many(const struct au_kv *kv,
                                       const struct au_kv_snapshot *snapshot,
                                       const struct au_kv_many *many);

/* au_kv_write makes the changes of a batch, which it leaves as it is. is_synced: OK means that
 * they, and all written before them, survive a loss of power; else they survive the end of the
 * process alone. After IO, NO_SPACE or MALFORMED it is open whether they are on disk, and the store
 * is only read from then on: every write fails as that one did. Who opens it again learns what is
 * on disk, and goes on from there.
 *
 * OK
 * TOO_LARGE, NO_MEMORY   the batch's own error too: nothing happened */
AU_MUST_USE enum au_err au_kv_write(const struct au_kv *kv, const struct au_kv_batch *batch,
                                    bool is_synced);

/* au_kv_snapshot_open holds on to the present moment. A snapshot keeps overwritten values alive:
 * close it soon. */
AU_MUST_USE enum au_err au_kv_snapshot_open(const struct au_kv *kv,
                                            struct au_kv_snapshot *out_snapshot);
void au_kv_snapshot_close(struct au_kv_snapshot *snapshot);

/* au_kv_iter_open prepares to walk a range in its order, at a snapshot or (NULL) at the present
 * moment. The bounds are copied; the snapshot stays open until the iterator is closed. */
AU_MUST_USE enum au_err au_kv_iter_open(const struct au_kv *kv,
                                        const struct au_kv_snapshot *snapshot,
                                        const struct au_kv_range *range,
                                        struct au_kv_iter *out_iter);

/* au_kv_iter_next gives the first entry, then the one after; what the entry points to is valid
 * until the next call. OK, NOT_FOUND (the end; stays so). */
AU_MUST_USE enum au_err au_kv_iter_next(struct au_kv_iter *iter, struct au_kv_entry *out_entry);
void au_kv_iter_close(struct au_kv_iter *iter);

/* au_kv_message copies the cause of the store's last IO, NO_SPACE or MALFORMED; "" if there was
 * none. */
void au_kv_message(const struct au_kv *kv, char out_text[AU_KV_MESSAGE_SIZE]);

/* au_kv_explain puts why a call failed into an empty message, and leaves one with words in it: the
 * store's cause, which names the file, if err is one that has a cause; else otherwise, or (NULL)
 * what err means. */
void au_kv_explain(const struct au_kv *kv, enum au_err err, const char *otherwise,
                   struct au_buf *message);

void au_kv_close(struct au_kv *kv);

#endif
