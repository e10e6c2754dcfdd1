/* The one table of what the API answers. */
#include "api/handlers.h"
#include "api/refusal.h"

#define GET   AU_METHOD_GET
#define POST  AU_METHOD_POST
#define ALIAS true /* answers without /v1 too */
#define PLAIN false

/* How long it takes to answer. */
enum speed { FAST, SLOW, SLOW_AT_HEIGHT /* fast, unless an older height is asked for */ };

#define TX_BODY    (2200u << 10) /* bytes: a transaction in hex and what is around it */
#define BATCH_BODY (32u << 20)

/* What each query may have. */
static const char *const no_names[] = {NULL};
static const char *const block_names[] = {"txs", NULL};
static const char *const blocks_names[] = {"limit", "cursor", "order", NULL};
static const char *const list_names[] = {"limit", "cursor", NULL};
static const char *const events_names[] = {"contract",  "name",  "topic",  "account", "from_height",
                                           "to_height", "limit", "cursor", "order",   NULL};
static const char *const watch_names[] = {"contract",    "name",   "topic", "account",
                                          "from_height", "cursor", NULL};
static const char *const height_names[] = {"height", NULL};
static const char *const slots_names[] = {"prefix", "limit", "cursor", "height", NULL};
static const char *const proofs_names[] = {"account", "key", "height", NULL};
static const char *const wait_names[] = {"wait", "timeout", NULL};
static const char *const trace_names[] = {"trace", NULL};
static const char *const view_names[] = {"arg",    "args",  "from", "gas_limit",
                                         "height", "trace", NULL};
static const char *const deploy_names[] = {"wait",  "timeout", "from", "gas", "value",
                                           "admin", "arg",     "args", NULL};
static const char *const upgrade_names[] = {"wait", "timeout", "from",     "gas",
                                            "arg",  "args",    "contract", NULL};

/* X(method, pattern, alias, speed, largest body, handler, query, summary) */
#define READS(X)                                                                                  \
    X(GET, "/v1/health", ALIAS, FAST, 0, au_get_health, no_names, "whether the node is well")     \
    X(GET, "/v1/metrics", ALIAS, FAST, 0, au_get_metrics, no_names, "counters for Prometheus")    \
    X(GET, "/v1/status", PLAIN, FAST, 0, au_get_status, no_names, "the chain and its head")       \
    X(GET, "/v1/chain/head", ALIAS, SLOW, 0, au_get_head, block_names, "the last block")          \
    X(GET, "/v1/blocks", PLAIN, FAST, 0, au_get_blocks, blocks_names, "blocks, page by page")     \
    X(GET, "/v1/blocks/stream", PLAIN, FAST, 0, au_get_blocks_stream, no_names,                   \
      "blocks as they are committed")                                                             \
    X(GET, "/v1/block/{id}", ALIAS, SLOW, 0, au_get_block, block_names,                           \
      "a block by height, hash or latest")                                                        \
    X(GET, "/v1/tx/{hash}", ALIAS, FAST, 0, au_get_tx, wait_names, "a transaction")               \
    X(GET, "/v1/tx/{hash}/receipt", PLAIN, FAST, 0, au_get_receipt, no_names, "its receipt")      \
    X(GET, "/v1/tx/{hash}/proof", PLAIN, SLOW, 0, au_get_tx_proof, no_names,                      \
      "proof that a block has it")                                                                \
    X(GET, "/v1/tx/{hash}/receipt/proof", PLAIN, SLOW, 0, au_get_receipt_proof, no_names,         \
      "proof of what it came to")                                                                 \
    X(GET, "/v1/tx/{hash}/trace", PLAIN, SLOW, 0, au_get_tx_trace, no_names,                      \
      "what contracts did in it, call by call")                                                   \
    X(GET, "/v1/account/{address}", PLAIN, SLOW_AT_HEIGHT, 0, au_get_account, height_names,       \
      "an account")                                                                               \
    X(GET, "/v1/account/{address}/txs", PLAIN, FAST, 0, au_get_account_txs, list_names,           \
      "its transactions, the newest first")                                                       \
    X(GET, "/v1/account/{address}/proof", PLAIN, SLOW_AT_HEIGHT, 0, au_get_account_proof,         \
      height_names, "proof of an account")                                                        \
    X(GET, "/v1/balance/{address}", ALIAS, SLOW_AT_HEIGHT, 0, au_get_balance, height_names,       \
      "a balance")                                                                                \
    X(GET, "/v1/contract/{address}", ALIAS, SLOW_AT_HEIGHT, 0, au_get_contract, height_names,     \
      "a contract")                                                                               \
    X(GET, "/v1/contract/{address}/code", ALIAS, FAST, 0, au_get_code, no_names, "its module")    \
    X(GET, "/v1/contract/{address}/abi", ALIAS, SLOW, 0, au_get_abi, no_names,                    \
      "what it says that it offers")                                                              \
    X(GET, "/v1/contract/{address}/history", ALIAS, FAST, 0, au_get_contract_history, list_names, \
      "what set its code and its admin, the newest first")                                        \
    X(GET, "/v1/contract/{address}/storage", ALIAS, SLOW, 0, au_get_storage, slots_names,         \
      "what it stores, page by page")                                                             \
    X(GET, "/v1/contract/{address}/storage/{key}", ALIAS, SLOW_AT_HEIGHT, 0, au_get_slot,         \
      height_names, "a stored value")                                                             \
    X(GET, "/v1/contract/{address}/storage/{key}/proof", ALIAS, SLOW_AT_HEIGHT, 0,                \
      au_get_slot_proof, height_names, "proof of a stored value")                                 \
    X(GET, "/v1/proofs", PLAIN, SLOW, 0, au_get_proofs, proofs_names,                             \
      "proofs of several accounts and stored values")                                             \
    X(GET, "/v1/contract/{address}/view/{function}", ALIAS, SLOW, 0, au_get_view, view_names,     \
      "what a function says, without a transaction")                                              \
    X(GET, "/v1/events", PLAIN, SLOW, 0, au_get_events, events_names, "events, page by page")     \
    X(GET, "/v1/events/stream", PLAIN, FAST, 0, au_get_events_stream, watch_names,                \
      "events as they are committed")                                                             \
    X(GET, "/v1/mempool", ALIAS, FAST, 0, au_get_mempool, list_names, "what waits for a block")   \
    X(GET, "/v1/mempool/stream", PLAIN, FAST, 0, au_get_mempool_stream, no_names,                 \
      "what enters and leaves the pool")                                                          \
    X(GET, "/docs/errors/{code}", PLAIN, FAST, 0, au_get_error, no_names, "what an error means")

#define WRITES(X)                                                                            \
    X(POST, "/v1/tx", ALIAS, FAST, TX_BODY, au_post_tx, wait_names, "submits a transaction") \
    X(POST, "/v1/submit-tx", ALIAS, FAST, TX_BODY, au_post_tx, wait_names, "the same")       \
    X(POST, "/v1/txs", PLAIN, SLOW, BATCH_BODY, au_post_txs, no_names, "submits up to 1000") \
    X(POST, "/v1/tx/simulate", PLAIN, SLOW, TX_BODY, au_post_simulate, trace_names,          \
      "what a transaction would come to")                                                    \
    X(POST, "/v1/view", PLAIN, SLOW, 0, au_post_view, trace_names,                           \
      "what a function says, without a transaction")                                         \
    X(POST, "/v1/contract/deploy", ALIAS, SLOW, TX_BODY, au_post_deploy, deploy_names,       \
      "deploys a contract")                                                                  \
    X(POST, "/v1/contract/upgrade", ALIAS, SLOW, TX_BODY, au_post_upgrade, upgrade_names,    \
      "gives a contract new code")                                                           \
    X(POST, "/v1/contract/call", ALIAS, SLOW, TX_BODY, au_post_call, wait_names,             \
      "calls a contract")                                                                    \
    X(POST, "/v1/dev/mine", PLAIN, SLOW, 0, au_post_mine, no_names, "makes blocks now")

static au_route_handle dispatch;

static const struct au_route routes[] = {
#define ROW(method, route_pattern, alias, slow, body, handler, names, about) \
    {.methods = (method),                                                    \
     .pattern = (route_pattern),                                             \
     .has_alias = (alias),                                                   \
     .is_slow = (slow) == SLOW,                                              \
     .slow_name = (slow) == SLOW_AT_HEIGHT ? "height" : NULL,                \
     .body_size_max = (body),                                                \
     .handle = dispatch,                                                     \
     .summary = (about)},
    READS(ROW) WRITES(ROW)
#undef ROW
};

/* By the index of the route. */
static const struct behind {
    au_handler *handler;
    const char *const *names;
} behind[] = {
#define ROW(method, pattern, alias, slow, body, function, query, about) \
    {.handler = (function), .names = (query)},
    READS(ROW) WRITES(ROW)
#undef ROW
};

static void dispatch(void *context, const struct au_request *request, struct au_response *response)
{
    struct au_api *api = context;
    const struct behind *found = &behind[request->match.route - routes];
    struct au_input input;
    if (atomic_load(&api->is_stopping) && found->handler != au_get_health) {
        au_refuse_stopping(response);
        return;
    }
    au_input_init(&input, api, request, response);
    if (au_input_check_query(&input, found->names)) found->handler(&input);
    au_input_done(&input);
}

struct au_route_table au_api_routes(void)
{
    return (struct au_route_table){routes, AU_COUNT_OF(routes)};
}
