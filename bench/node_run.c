#include "node_run.h"

#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "core/genesis.h"
#include "http.h"

#define ARGS_MAX 16u

/* ---- the program ---- */

const char *node_program(void)
{
    const char *given = getenv("AUREON");
    return given ? given : "build/aureon";
}

/* The port in the file that a ready node has written; 0: it has not. */
static uint16_t read_ready(const char *path)
{
    char line[128];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return 0;
    size_t size = fread(line, 1, sizeof(line), file);
    (void)fclose(file);
    struct au_bytes text = {(const uint8_t *)line, size};
    return size > 0 && line[size - 1] == '\n' ? (uint16_t)bench_number_after(text, "127.0.0.1:")
                                              : 0;
}

double node_start(struct node *node, const char *const *args)
{
    char ready[BENCH_PATH_SIZE + 8];
    const char *all[ARGS_MAX + 1] = {node_program()};
    size_t count = 1;
    (void)snprintf(ready, sizeof(ready), "%s/ready", bench_folder());
    (void)unlink(ready);
    for (; args[count - 1]; count++) {
        AU_ASSERT(count + 4 < ARGS_MAX);
        all[count] = args[count - 1];
    }
    all[count++] = "--port";
    all[count++] = "0";
    all[count++] = "--ready-file";
    all[count++] = ready;
    double start = bench_wall_ns();
    bench_process_start(all);
    while ((node->port = read_ready(ready)) == 0) {
        bench_process_await_ready(start);
    }
    return bench_wall_ns() - start;
}

double node_start_dev(struct node *node, const char *name)
{
    (void)snprintf(node->path, sizeof(node->path), "%s/%s", bench_folder(), name);
    const char *const args[] = {"dev", "--data-dir", node->path, NULL};
    return node_start(node, args);
}

/* ---- transactions ---- */

struct au_address node_address_of(const struct account *account)
{
    struct au_address address;
    memcpy(address.bytes, account->key.public_key, AU_ADDRESS_SIZE);
    return address;
}

struct au_hash node_put_signed(struct au_buf *out, struct account *account,
                               const struct au_hash *genesis_hash, struct au_tx tx)
{
    struct au_buf body;
    struct au_buf message;
    size_t start = out->size;
    tx.version = AU_TX_VERSION;
    tx.from = node_address_of(account);
    tx.nonce = account->nonce++;
    tx.gas_price = NODE_GAS_PRICE;
    au_buf_init(&body, AU_GENESIS_SIZE_MAX);
    au_buf_init(&message, AU_GENESIS_SIZE_MAX);
    au_tx_encode_body(&body, &tx);
    au_tx_put_signed_message(&message, genesis_hash, au_buf_bytes(&body));
    au_sign(&account->key, au_buf_bytes(&message), tx.signature);
    au_tx_encode(out, &tx);
    AU_ASSERT(body.err == AU_OK && message.err == AU_OK && out->err == AU_OK);
    au_buf_done(&body);
    au_buf_done(&message);
    return au_tx_id((struct au_bytes){out->data + start, out->size - start});
}

struct au_hash node_genesis_hash(struct bench_conn *conn)
{
    struct au_hash hash;
    struct au_bytes status = bench_ask_get(conn, "/v1/status", "genesis_hash");
    struct au_bytes text = bench_text_after(status, "\"genesis_hash\":\"");
    AU_ASSERT(text.size > 2 * AU_HASH_SIZE + 2);
    text.size = 2 * AU_HASH_SIZE + 2;
    AU_ASSERT(au_hex_parse(text, hash.bytes, AU_HASH_SIZE) == AU_OK);
    return hash;
}
