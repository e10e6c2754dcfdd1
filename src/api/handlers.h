/* What answers each route (api/routes.c). A handler reads what it needs from the input and writes
 * the response; the names in the query are checked before. */
#ifndef AUREON_API_HANDLERS_H
#define AUREON_API_HANDLERS_H

#include "api/input.h"

typedef void au_handler(struct au_input *input);

/* get_node.c */
au_handler au_get_health;
au_handler au_get_metrics;
au_handler au_get_status;
au_handler au_get_error;
au_handler au_post_mine;

/* get_chain.c */
au_handler au_get_head;
au_handler au_get_block;
au_handler au_get_blocks;
au_handler au_get_blocks_stream;

/* au_find_first gives the height of the snapshot that the node began from, of which it has the
 * header alone; 0: it has all blocks. au_fail_pruned says that it has nothing of a height up to
 * that; got stands in front of the height. */
AU_MUST_USE enum au_err au_find_first(struct au_look *look, uint64_t *out_height);
void au_fail_pruned(struct au_input *input, const char *got, uint64_t height, uint64_t first);

/* get_events.c */
au_handler au_get_events;
au_handler au_get_events_stream;

/* get_tx.c */
au_handler au_get_tx;
au_handler au_get_receipt;
au_handler au_get_tx_proof;
au_handler au_get_receipt_proof;

/* trace.c */
au_handler au_get_tx_trace;

/* get_account.c */
au_handler au_get_account;
au_handler au_get_balance;
au_handler au_get_account_txs;
au_handler au_get_contract_history;

/* get_contract.c */
au_handler au_get_contract;
au_handler au_get_code;
au_handler au_get_abi;
au_handler au_get_storage;
au_handler au_get_slot;

/* get_proofs.c */
au_handler au_get_account_proof;
au_handler au_get_slot_proof;
au_handler au_get_proofs;

/* get_mempool.c */
au_handler au_get_mempool;
au_handler au_get_mempool_stream;

/* post_tx.c */
au_handler au_post_tx;
au_handler au_post_txs;

/* post_contract.c */
au_handler au_post_deploy;
au_handler au_post_upgrade;
au_handler au_post_call;

/* simulate.c */
au_handler au_post_simulate;
au_handler au_get_view;
au_handler au_post_view;

#endif
