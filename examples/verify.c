/* Proves, without a node, what a contract stores, or what a transaction came to: everything comes
 * from a document of /v1/contract/C/storage/K/proof or /v1/tx/H/receipt/proof but the hash of the
 * block, which the caller trusts, and what is asked for.
 *
 *     verify BLOCK HEADER CONTRACT KEY NODES NODES
 *     verify BLOCK HEADER TX INDEX PATH RECEIPT PATH
 *
 * NODES are those of account_proof and storage_proof, PATHs those of tx_path and receipt_path, with
 * commas between them. */
#include "aureon_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_OF_ALL (1u << 20) /* bytes */

static uint8_t bytes[SIZE_MAX_OF_ALL]; /* of all arguments */
static size_t used;

/* Reads 0x and hex up to a comma or the end. */
static const char *read_hex(const char *text, struct aureon_bytes *out_bytes)
{
    unsigned byte;
    out_bytes->data = bytes + used;
    out_bytes->size = 0;
    if (strncmp(text, "0x", 2) != 0) return NULL;
    text += 2;
    while (*text != '\0' && *text != ',') {
        if (used == sizeof(bytes) || strspn(text, "0123456789abcdef") < 2) return NULL;
        sscanf(text, "%2x", &byte);
        bytes[used++] = (uint8_t)byte;
        out_bytes->size++;
        text += 2;
    }
    return text;
}

static bool read_hash(const char *text, struct aureon_hash *out_hash)
{
    struct aureon_bytes read;
    const char *end = read_hex(text, &read);
    if (end == NULL || *end != '\0' || read.size != AUREON_HASH_SIZE) return false;
    memcpy(out_hash->bytes, read.data, AUREON_HASH_SIZE);
    return true;
}

static bool read_nodes(const char *text, struct aureon_bytes *items, struct aureon_nodes *out_nodes)
{
    size_t count = 0;
    while (*text != '\0') {
        if (count == AUREON_PROOF_NODES_MAX) return false;
        text = read_hex(text, &items[count++]);
        if (text == NULL) return false;
        if (*text == ',') text++;
    }
    out_nodes->nodes = items;
    out_nodes->count = count;
    return true;
}

static const char *verify_slot(char **words)
{
    static struct aureon_bytes of_account[AUREON_PROOF_NODES_MAX];
    static struct aureon_bytes of_slot[AUREON_PROOF_NODES_MAX];
    struct aureon_header header;
    struct aureon_claim slot;
    struct aureon_nodes account_nodes, slot_nodes;
    struct aureon_bytes encoded, key;
    struct aureon_hash block, address;
    struct aureon_account contract;
    if (!read_hash(words[1], &block) || !read_hex(words[2], &encoded) ||
        !read_hex(words[4], &key) || !read_nodes(words[5], of_account, &account_nodes) ||
        !read_nodes(words[6], of_slot, &slot_nodes)) {
        return "an argument that is not 0x and hex";
    }
    const char *reason = aureon_parse_address(words[3], &address);
    if (!reason) reason = aureon_verify_header(encoded, &block, &header);
    if (!reason) {
        reason = aureon_verify_account(&header.state_root, &address, account_nodes, &contract);
    }
    if (!reason) reason = aureon_verify_slot(&contract, key, slot_nodes, &slot);
    if (reason) return reason;
    printf("height %llu: ", (unsigned long long)header.height);
    printf(slot.exists ? "0x" : "nothing");
    for (size_t i = 0; i < slot.value.size; i++) {
        printf("%02x", slot.value.data[i]);
    }
    printf("\n");
    return NULL;
}

/* A path's hashes, at most AUREON_PATH_HASHES_MAX. */
static bool read_path(const char *text, struct aureon_hash *path, size_t *out_count)
{
    static struct aureon_bytes items[AUREON_PROOF_NODES_MAX];
    struct aureon_nodes nodes;
    if (!read_nodes(text, items, &nodes) || nodes.count > AUREON_PATH_HASHES_MAX) return false;
    for (size_t i = 0; i < nodes.count; i++) {
        if (items[i].size != AUREON_HASH_SIZE) return false;
        memcpy(path[i].bytes, items[i].data, AUREON_HASH_SIZE);
    }
    *out_count = nodes.count;
    return true;
}

static const char *verify_receipt(char **words)
{
    struct aureon_hash block, id, tx_path[AUREON_PATH_HASHES_MAX], path[AUREON_PATH_HASHES_MAX];
    struct aureon_bytes encoded, core;
    struct aureon_header header;
    struct aureon_receipt receipt;
    size_t tx_count, count;
    if (!read_hash(words[1], &block) || !read_hex(words[2], &encoded) ||
        !read_hash(words[3], &id) || !read_path(words[5], tx_path, &tx_count) ||
        !read_hex(words[6], &core) || !read_path(words[7], path, &count)) {
        return "an argument that is not 0x and hex";
    }
    uint32_t index = (uint32_t)strtoul(words[4], NULL, 10);
    const char *reason = aureon_verify_header(encoded, &block, &header);
    if (!reason) {
        reason = aureon_verify_inclusion(&header.tx_root, &id, index, header.tx_count, tx_path,
                                         tx_count);
    }
    if (!reason) reason = aureon_verify_receipt(&header, core, index, path, count, &receipt);
    if (reason) return reason;
    printf("height %llu: outcome %u, gas used %llu\n", (unsigned long long)header.height,
           receipt.outcome, (unsigned long long)receipt.gas_used);
    return NULL;
}

int main(int count, char **words)
{
    const char *reason = "6 or 7 arguments are expected";
    if (count == 7) reason = verify_slot(words);
    if (count == 8) reason = verify_receipt(words);
    if (reason == NULL) return 0;
    fprintf(stderr, "nothing is proved: %s\n", reason);
    return 1;
}
