/* Proves what a contract stores, without a node: everything comes from a document of
 * /v1/contract/C/storage/K/proof but the hash of the block, which the caller trusts.
 *
 *     verify BLOCK HEADER CONTRACT KEY NODES NODES
 *
 * NODES are those of account_proof and storage_proof, with commas between them. */
#include "aureon_verify.h"

#include <stdio.h>
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

static const char *verify(char **words, struct aureon_header *header, struct aureon_claim *slot)
{
    static struct aureon_bytes of_account[AUREON_PROOF_NODES_MAX];
    static struct aureon_bytes of_slot[AUREON_PROOF_NODES_MAX];
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
    if (!reason) reason = aureon_verify_header(encoded, &block, header);
    if (!reason) {
        reason = aureon_verify_account(&header->state_root, &address, account_nodes, &contract);
    }
    return reason ? reason : aureon_verify_slot(&contract, key, slot_nodes, slot);
}

int main(int count, char **words)
{
    struct aureon_header header;
    struct aureon_claim slot;
    const char *reason = count == 7 ? verify(words, &header, &slot) : "6 arguments are expected";
    if (reason != NULL) {
        fprintf(stderr, "nothing is proved: %s\n", reason);
        return 1;
    }
    printf("height %llu: ", (unsigned long long)header.height);
    printf(slot.exists ? "0x" : "nothing");
    for (size_t i = 0; i < slot.value.size; i++) {
        printf("%02x", slot.value.data[i]);
    }
    printf("\n");
    return 0;
}
