/* The token of contracts/token, as `make` has built it: a transfer reads two slots, writes both and
 * emits an event. */
#ifndef AUREON_BENCH_TOKEN_H
#define AUREON_BENCH_TOKEN_H

#include "bench.h"

#include "core/tx.h"

/* Appends its code. */
static inline void bench_token_read(struct au_buf *code)
{
    bench_read_file("build/contracts", "token.wasm", code);
}

/* A deployment's arguments; args is empty, and outlives the transaction. */
static inline struct au_tx bench_token_init(uint64_t supply, struct au_buf *args)
{
    au_buf_put_u32(args, sizeof(supply));
    au_buf_put_u64(args, supply);
    return (struct au_tx){.args = au_buf_bytes(args), .arg_count = 1};
}

/* A transfer; likewise. */
static inline struct au_tx bench_token_transfer(const struct au_address *token,
                                                struct au_address to, uint64_t amount,
                                                struct au_buf *args)
{
    au_buf_put_u32(args, AU_ADDRESS_SIZE);
    au_buf_put_bytes(args, (struct au_bytes){to.bytes, AU_ADDRESS_SIZE});
    au_buf_put_u32(args, sizeof(amount));
    au_buf_put_u64(args, amount);
    return (struct au_tx){.kind = AU_TX_CALL,
                          .to = *token,
                          .function = au_bytes_of("transfer"),
                          .args = au_buf_bytes(args),
                          .arg_count = 2};
}

#endif
