#include "ledger/ledger.h"

#include "base/hex.h"
#include "base/lock.h"
#include "base/mem.h"
#include "chain/chain.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"
#include "state/history.h"
#include "state/past.h"
#include "state/proof.h"

#define ACCOUNTS_MAX  (1u << 18) /* kept in memory: about 50 MB at most */
#define SLOTS_MAX     (1u << 18) /* likewise */
#define KEYS_MAX      (1u << 16) /* likewise: 20 MB */
#define LISTS_MAX     (1u << 30) /* bytes of a genesis' lists */
#define NOTE_SIZE_MAX 64u        /* bytes */
#define HEAD_SIZE_MAX (AU_HEADER_SIZE_MAX + sizeof(uint64_t))

/* ---- the head ---- */

enum au_err au_ledger_read_head(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                struct au_header *out_head, uint64_t *out_validator_count)
{
    struct au_buf record;
    struct au_decode decode;
    au_buf_init(&record, HEAD_SIZE_MAX);
    enum au_err err = au_kv_get(kv, snapshot, AU_CF_META, au_bytes_of(AU_META_HEAD), &record);
    if (err == AU_OK) {
        au_decode_init(&decode, au_buf_bytes(&record));
        *out_validator_count = au_decode_u64(&decode);
        if (!au_header_decode(decode.rest, out_head, &decode)) err = AU_ERR_MALFORMED;
    }
    au_buf_done(&record);
    return err;
}

enum au_err au_ledger_stored_head(const struct au_kv *kv, struct au_header *out_head)
{
    uint64_t validator_count;
    return au_ledger_read_head(kv, NULL, out_head, &validator_count);
}

/* What all looks at one height share. The ledger holds the head's and a few older ones, each look
 * its own. */
struct au_ledger_view {
    size_t holder_count; /* under the ledger's lock */
    struct au_kv_snapshot snapshot;
    struct au_header head;
    uint64_t validator_count;
    bool is_past;
    struct au_kv history;   /* if is_past */
    struct au_past *tries;  /* likewise, under the ledger's lock; NULL until somebody proves */
    uint64_t opened_height; /* the snapshot's */
};

static enum au_err open_view(struct au_ledger *ledger, struct au_ledger_view **out_view)
{
    struct au_ledger_view *view = au_mem_new(sizeof(*view));
    if (view == NULL) return AU_ERR_NO_MEMORY;
    enum au_err err = au_kv_snapshot_open(&ledger->kv, &view->snapshot);
    if (err != AU_OK) {
        au_mem_free(view);
        return err;
    }
    err = au_ledger_read_head(&ledger->kv, &view->snapshot, &view->head, &view->validator_count);
    if (err != AU_OK) {
        au_kv_snapshot_close(&view->snapshot);
        au_mem_free(view);
        return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
    }
    view->holder_count = 1;
    view->opened_height = view->head.height;
    *out_view = view;
    return AU_OK;
}

/* With the lock held: the view to close once it is given up, NULL if others hold it. */
static struct au_ledger_view *let_go(struct au_ledger_view *view)
{
    return view != NULL && --view->holder_count == 0 ? view : NULL;
}

static void close_view(struct au_ledger_view *view)
{
    if (view == NULL) return;
    au_past_close(view->tries);
    if (view->is_past) au_kv_close(&view->history);
    au_kv_snapshot_close(&view->snapshot);
    au_mem_free(view);
}

/* view: held for the look. */
static void begin_read(struct au_ledger *ledger, struct au_ledger_view *view,
                       struct au_read *out_read)
{
    out_read->ledger = ledger;
    out_read->view = view;
    out_read->snapshot = view->snapshot;
    out_read->head = view->head;
    out_read->is_past = view->is_past;
    out_read->tries = NULL;
    out_read->validator_count = view->validator_count;
    if (view->is_past) {
        au_flat_init(&out_read->flat, &view->history, NULL);
    } else {
        au_flat_init(&out_read->flat, &ledger->kv, &out_read->snapshot);
        au_flat_use_cache(&out_read->flat, ledger->commit.objects, out_read->head.height);
    }
}

enum au_err au_read_open(struct au_ledger *ledger, struct au_read *out_read)
{
    enum au_err err = AU_OK;
    au_lock(&ledger->lock);
    if (ledger->view == NULL) err = open_view(ledger, &ledger->view);
    struct au_ledger_view *view = ledger->view;
    if (err == AU_OK) view->holder_count++;
    au_unlock(&ledger->lock);
    if (err == AU_OK) begin_read(ledger, view, out_read);
    return err;
}

enum au_err au_read_open_to_prove(struct au_ledger *ledger, struct au_read *out_read)
{
    au_trie_lock_shared(&ledger->commit.tries);
    enum au_err err = au_read_open(ledger, out_read);
    if (err != AU_OK) {
        au_trie_unlock(&ledger->commit.tries);
        return err;
    }
    out_read->tries = &ledger->commit.tries;
    return AU_OK;
}

enum au_err au_read_prove(struct au_read *read, const struct au_hash *owner,
                          const struct au_hash *key, struct au_bytes leaf, struct au_buf *out)
{
    AU_ASSERT(read->tries != NULL);
    const struct au_proof_source source = {&read->flat, read->tries, owner};
    return au_proof_make_of(&source, key, leaf, out);
}

static const struct au_hash account_trie; /* zero: the owner that no contract is */

enum au_err au_read_prove_account(struct au_read *read, const struct au_address *address,
                                  struct au_buf *out, struct au_account *out_account)
{
    AU_ASSERT(read->tries != NULL);
    const struct au_proof_source source = {&read->flat, read->tries, &account_trie};
    struct au_hash key = au_flat_account_key(address);
    struct au_buf leaf;
    AU_TRY(au_flat_account(&read->flat, address, out_account));
    au_buf_init(&leaf, AU_ACCOUNT_LEAF_SIZE_MAX);
    if (out_account->exists) au_flat_account_leaf(&leaf, out_account);
    enum au_err err = leaf.err;
    if (err == AU_OK) err = au_proof_make_of(&source, &key, au_buf_bytes(&leaf), out);
    au_buf_done(&leaf);
    return err;
}

void au_read_close(struct au_read *read)
{
    au_flat_done(&read->flat);
    struct au_trie_cache *tries = &read->ledger->commit.tries;
    if (read->tries == tries) au_trie_unlock(tries);
    au_lock(&read->ledger->lock);
    struct au_ledger_view *unused = let_go(read->view);
    au_unlock(&read->ledger->lock);
    close_view(unused);
}

/* ---- older heights ---- */

/* Makes a view of the head one of an older height. */
static enum au_err go_back(struct au_ledger *ledger, struct au_ledger_view *view, uint64_t height)
{
    const struct au_history_options options = {
        .kv = ledger->kv,
        .snapshot = &view->snapshot,
        .head = view->opened_height,
        .height = height,
        .size_max = AU_PAST_SIZE_MAX,
        .read_max = AU_PAST_READ_MAX,
        .seed = ledger->seed,
    };
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &ledger->kv, &view->snapshot);
    enum au_err err = au_chain_header(&chain, height, &view->head);
    if (err == AU_ERR_NOT_FOUND) err = au_chain_missing(&chain, height);
    au_chain_reader_done(&chain);
    if (err == AU_OK) err = au_history_open(&options, &view->history);
    view->is_past = err == AU_OK;
    view->validator_count = 0;
    return err;
}

/* With the lock held: NULL if the height is not among those that are open. */
static struct au_ledger_view *find_past(struct au_ledger *ledger, uint64_t height)
{
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        struct au_ledger_view *view = ledger->past_views[i];
        if (view != NULL && view->head.height == height) {
            view->holder_count++;
            return view;
        }
    }
    return NULL;
}

/* Keeps a view that is held, in the place of the oldest. */
static void keep_past(struct au_ledger *ledger, struct au_ledger_view *view)
{
    au_lock(&ledger->lock);
    struct au_ledger_view **views = ledger->past_views;
    struct au_ledger_view *unused = let_go(views[AU_PAST_VIEWS_MAX - 1]);
    memmove(views + 1, views, (AU_PAST_VIEWS_MAX - 1) * sizeof(*views));
    views[0] = view;
    view->holder_count++;
    au_unlock(&ledger->lock);
    close_view(unused);
}

/* With the past lock held. */
static enum au_err open_past(struct au_ledger *ledger, uint64_t height,
                             struct au_ledger_view **out_view)
{
    struct au_ledger_view *view;
    au_lock(&ledger->lock);
    *out_view = find_past(ledger, height);
    au_unlock(&ledger->lock);
    if (*out_view != NULL) return AU_OK;
    AU_TRY(open_view(ledger, &view));
    AU_ASSERT(height <= view->head.height);
    enum au_err err = height < view->head.height ? go_back(ledger, view, height) : AU_OK;
    if (err != AU_OK) {
        close_view(view);
        return err;
    }
    if (view->is_past) keep_past(ledger, view);
    *out_view = view;
    return AU_OK;
}

enum au_err au_read_open_at(struct au_ledger *ledger, uint64_t height, struct au_read *out_read)
{
    struct au_ledger_view *view;
    au_lock(&ledger->past_lock);
    enum au_err err = open_past(ledger, height, &view);
    au_unlock(&ledger->past_lock);
    if (err == AU_OK) begin_read(ledger, view, out_read);
    return err;
}

/* ---- proofs of older heights ---- */

/* With the lock held: puts a view before the others, if it is among those that are kept. */
static void put_first(struct au_ledger *ledger, struct au_ledger_view *view)
{
    struct au_ledger_view **views = ledger->past_views;
    for (size_t i = 1; i < AU_PAST_VIEWS_MAX; i++) {
        if (views[i] != view) continue;
        memmove(views + 1, views, i * sizeof(*views));
        views[0] = view;
    }
}

/* Likewise: the view at an index if with its tries there are too many bytes of them; the first
 * stays. size: of those before it. */
static struct au_ledger_view *take_large(struct au_ledger *ledger, size_t index, size_t *size)
{
    struct au_ledger_view *view = ledger->past_views[index];
    if (view == NULL || view->tries == NULL) return NULL;
    *size += au_past_size(view->tries);
    if (index == 0 || *size <= AU_PAST_TRIES_MAX) return NULL;
    *size -= au_past_size(view->tries);
    ledger->past_views[index] = NULL;
    return let_go(view);
}

static void keep_tries(struct au_ledger *ledger, struct au_ledger_view *view, struct au_past *tries)
{
    struct au_ledger_view *large[AU_PAST_VIEWS_MAX];
    size_t size = 0;
    au_lock(&ledger->lock);
    view->tries = tries;
    put_first(ledger, view);
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        large[i] = take_large(ledger, i, &size);
    }
    au_unlock(&ledger->lock);
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        close_view(large[i]);
    }
}

static enum au_err make_tries(struct au_ledger *ledger, struct au_ledger_view *view,
                              struct au_buf *message)
{
    const struct au_past_options options = {
        .kv = ledger->kv,
        .snapshot = &view->snapshot,
        .head = view->opened_height,
        .height = view->head.height,
        .history = &view->history,
        .root = &view->head.state_root,
        .change_count_max = ledger->past_changes_max,
        .size_max = AU_PAST_SIZE_MAX,
        .seed = ledger->seed,
    };
    struct au_past *tries;
    enum au_err err = au_past_open(&options, message, &tries);
    if (err == AU_ERR_NOT_FOUND) return AU_ERR_TOO_LARGE; /* the records are out of reach */
    AU_TRY(err);
    keep_tries(ledger, view, tries);
    return AU_OK;
}

static const struct au_trie_cache *find_tries(struct au_ledger *ledger,
                                              const struct au_ledger_view *view)
{
    au_lock(&ledger->lock);
    const struct au_trie_cache *tries = view->tries != NULL ? au_past_tries(view->tries) : NULL;
    au_unlock(&ledger->lock);
    return tries;
}

enum au_err au_read_begin_proving(struct au_read *read, struct au_buf *message)
{
    struct au_ledger *ledger = read->ledger;
    enum au_err err = AU_OK;
    AU_ASSERT(read->is_past);
    read->tries = find_tries(ledger, read->view);
    if (read->tries != NULL) return AU_OK;
    au_lock(&ledger->tries_lock);
    read->tries = find_tries(ledger, read->view);
    if (read->tries == NULL) err = make_tries(ledger, read->view, message);
    au_unlock(&ledger->tries_lock);
    if (err == AU_OK) read->tries = find_tries(ledger, read->view);
    return err;
}

/* A snapshot keeps what was overwritten since alive: none is held for long. */
static struct au_ledger_view *take_stale(struct au_ledger *ledger, size_t index)
{
    struct au_ledger_view *view = ledger->past_views[index];
    if (view == NULL || ledger->head.height - view->opened_height < AU_PAST_BLOCKS_MAX) return NULL;
    ledger->past_views[index] = NULL;
    return let_go(view);
}

/* ---- the head's ---- */

enum au_err au_ledger_account(struct au_ledger *ledger, const struct au_address *address,
                              struct au_account *out_account)
{
    struct au_read read;
    AU_TRY(au_read_open(ledger, &read));
    enum au_err err = au_flat_account(&read.flat, address, out_account);
    au_read_close(&read);
    return err;
}

#define WARM_GROUP (AU_FLAT_WARM_MAX / 2) /* transactions: each names two accounts at most */

static enum au_err warm_group(struct au_ledger *ledger, const struct au_tx *const *txs,
                              size_t count)
{
    const struct au_address *addresses[AU_FLAT_WARM_MAX];
    struct au_read read;
    size_t address_count = 0;
    for (size_t i = 0; i < count; i++) {
        enum au_tx_kind kind = txs[i]->kind;
        bool has_to = kind == AU_TX_TRANSFER || kind == AU_TX_CALL || kind == AU_TX_UPGRADE;
        addresses[address_count++] = &txs[i]->from;
        if (has_to) addresses[address_count++] = &txs[i]->to;
    }
    AU_TRY(au_read_open(ledger, &read));
    enum au_err err = au_flat_warm(&read.flat, addresses, address_count);
    au_read_close(&read);
    return err;
}

/* Each group looks at the head anew: what is read of a height that is past is not kept. */
void au_ledger_warm(struct au_ledger *ledger, const struct au_tx *const *txs, size_t count)
{
    enum au_err err = AU_OK;
    for (size_t first = 0; err == AU_OK && first < count; first += WARM_GROUP) {
        size_t left = count - first;
        err = warm_group(ledger, txs + first, left < WARM_GROUP ? left : WARM_GROUP);
    }
}

void au_ledger_set_head(struct au_ledger *ledger, const struct au_header *head)
{
    au_lock(&ledger->lock);
    ledger->head = *head;
    ledger->kept =
        (struct au_kept){au_keep_first_state(ledger->commit.first_undo), ledger->commit.keep};
    struct au_ledger_view *unused = let_go(ledger->view);
    struct au_ledger_view *stale[AU_PAST_VIEWS_MAX];
    ledger->view = NULL;
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        stale[i] = take_stale(ledger, i);
    }
    au_unlock(&ledger->lock);
    close_view(unused);
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        close_view(stale[i]);
    }
}

struct au_header au_ledger_head(struct au_ledger *ledger)
{
    au_lock(&ledger->lock);
    struct au_header head = ledger->head;
    au_unlock(&ledger->lock);
    return head;
}

struct au_kept au_ledger_kept(struct au_ledger *ledger)
{
    au_lock(&ledger->lock);
    struct au_kept kept = ledger->kept;
    au_unlock(&ledger->lock);
    return kept;
}

struct au_ed25519_keys *au_ledger_keys(const struct au_ledger *ledger)
{
    return ledger->keys;
}

const struct au_hash *au_ledger_genesis_hash(const struct au_ledger *ledger)
{
    return &ledger->genesis_hash;
}

const struct au_params *au_ledger_params(const struct au_ledger *ledger)
{
    return &ledger->params;
}

/* ---- opening ---- */

/* Where things lie in memory differs from process to process: all that a seed needs. */
static struct au_seed make_seed(const struct au_ledger *ledger)
{
    struct au_seed seed;
    const void *places[] = {ledger, &seed, au_version()};
    struct au_hash hash = au_sha256((struct au_bytes){(const uint8_t *)places, sizeof(places)});
    memcpy(&seed, hash.bytes, sizeof(seed));
    return seed;
}

/* A store that has a chain must have this one. */
static enum au_err continue_chain(struct au_ledger *ledger, struct au_bytes stored,
                                  struct au_buf *message)
{
    struct au_hash hash = au_genesis_hash(stored);
    if (!au_hash_is_equal(&hash, &ledger->genesis_hash)) {
        au_buf_put_text(message, "the store holds the chain of genesis ");
        au_hex_put(message, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
        au_buf_put_text(message, ", expected ");
        au_hex_put(message, (struct au_bytes){ledger->genesis_hash.bytes, AU_HASH_SIZE});
        return AU_ERR_INVALID_ARG;
    }
    struct au_read read;
    AU_TRY(au_read_open(ledger, &read));
    const struct au_header *head = &read.head;
    enum au_err err = au_commit_open(&ledger->commit, head->height, &head->state_root, message);
    au_object_cache_advance(ledger->commit.objects, head->height, &(struct au_object_updates){0});
    au_ledger_set_head(ledger, head);
    au_read_close(&read);
    return err;
}

/* A store that a snapshot is only a part of yet has no genesis. */
static enum au_err begin_chain(struct au_ledger *ledger, const struct au_genesis *genesis,
                               struct au_bytes encoded, struct au_buf *message)
{
    struct au_buf note;
    au_buf_init(&note, NOTE_SIZE_MAX);
    enum au_err err = au_kv_get(&ledger->kv, NULL, AU_CF_META, au_bytes_of(AU_META_RESTORE), &note);
    au_buf_done(&note);
    if (err == AU_ERR_NOT_FOUND) return au_ledger_begin(ledger, genesis, encoded);
    if (err != AU_OK) return err;
    au_buf_put_text(message, "a snapshot has been restored into the store in part: "
                             "`aureon snapshot restore SNAPSHOT DIR` goes on");
    return AU_ERR_INVALID_ARG;
}

static enum au_err open_chain(struct au_ledger *ledger, const struct au_genesis *genesis,
                              struct au_bytes encoded, struct au_buf *message)
{
    struct au_buf stored;
    au_buf_init(&stored, AU_GENESIS_SIZE_MAX);
    enum au_err err =
        au_kv_get(&ledger->kv, NULL, AU_CF_META, au_bytes_of(AU_META_GENESIS), &stored);
    if (err == AU_OK) {
        err = continue_chain(ledger, au_buf_bytes(&stored), message);
    } else if (err == AU_ERR_NOT_FOUND) {
        err = begin_chain(ledger, genesis, encoded, message);
    }
    au_buf_done(&stored);
    return err;
}

static enum au_err keep(struct au_ledger *ledger, uint64_t count)
{
    AU_TRY(au_commit_keep(&ledger->commit, count));
    au_ledger_set_head(ledger, &ledger->head);
    return AU_OK;
}

static enum au_err set_up(struct au_ledger *ledger, const struct au_ledger_options *options,
                          struct au_buf *message)
{
    struct au_arena lists;
    struct au_genesis genesis;
    struct au_decode error;
    au_arena_init(&lists, LISTS_MAX);
    enum au_err err = au_genesis_decode(options->genesis, &lists, &genesis, &error);
    if (err == AU_ERR_MALFORMED) {
        au_buf_printf(message, "the genesis is not valid: %s, at byte %zu", error.error,
                      error.error_at);
    } else if (err == AU_OK) {
        ledger->genesis_hash = au_genesis_hash(options->genesis);
        ledger->params = genesis.params;
        ledger->proposer = genesis.proposer;
        err = open_chain(ledger, &genesis, options->genesis, message);
        if (err == AU_OK && options->keep > 0) err = keep(ledger, options->keep);
    }
    au_arena_done(&lists);
    return err;
}

#define LOCK_COUNT 3u

static pthread_mutex_t *lock_at(struct au_ledger *ledger, size_t index)
{
    pthread_mutex_t *const locks[LOCK_COUNT] = {&ledger->lock, &ledger->past_lock,
                                                &ledger->tries_lock};
    return locks[index];
}

static void done_locks(struct au_ledger *ledger, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AU_ASSERT(pthread_mutex_destroy(lock_at(ledger, i)) == 0);
    }
}

static bool init_locks(struct au_ledger *ledger)
{
    for (size_t i = 0; i < LOCK_COUNT; i++) {
        if (pthread_mutex_init(lock_at(ledger, i), NULL) == 0) continue;
        done_locks(ledger, i);
        return false;
    }
    return true;
}

enum au_err au_ledger_open(const struct au_ledger_options *options, struct au_buf *message,
                           struct au_ledger **out_ledger)
{
    struct au_ledger *ledger = au_mem_new(sizeof(*ledger));
    if (!ledger) return AU_ERR_NO_MEMORY;
    ledger->kv = options->kv;
    ledger->engine = options->engine;
    ledger->past_changes_max =
        options->past_changes_max > 0 ? options->past_changes_max : AU_PAST_CHANGES_MAX;
    ledger->seed = make_seed(ledger);
    ledger->keys = au_ed25519_keys_new(KEYS_MAX);
    if (!init_locks(ledger)) {
        au_ed25519_keys_free(ledger->keys);
        au_mem_free(ledger);
        return AU_ERR_NO_MEMORY;
    }
    const struct au_commit_sizes sizes = {AU_LEDGER_TRIES_SIZE_MAX, ACCOUNTS_MAX, SLOTS_MAX};
    enum au_err err = au_commit_init(&ledger->commit, &ledger->kv, &ledger->seed, &sizes);
    if (err == AU_OK) err = set_up(ledger, options, message);
    if (err != AU_OK) {
        au_ledger_close(ledger);
        return err;
    }
    *out_ledger = ledger;
    return AU_OK;
}

void au_ledger_close(struct au_ledger *ledger)
{
    if (!ledger) return;
    au_commit_finish(&ledger->commit);
    AU_ASSERT(ledger->view == NULL || ledger->view->holder_count == 1);
    close_view(ledger->view);
    for (size_t i = 0; i < AU_PAST_VIEWS_MAX; i++) {
        struct au_ledger_view *view = ledger->past_views[i];
        AU_ASSERT(view == NULL || view->holder_count == 1);
        close_view(view);
    }
    done_locks(ledger, LOCK_COUNT);
    au_ed25519_keys_free(ledger->keys);
    au_mem_free(ledger);
}
