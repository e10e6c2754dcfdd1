#include "state/key_order.h"

#include <string.h>

/* A tower is one higher with a probability of 1/4, so that it has 4/3 levels on average. */
static uint8_t height_of(uint64_t hash)
{
    uint8_t height = 1;
    hash >>= 32; /* the tables' places are the other half's */
    for (; height < AU_KEY_ORDER_HEIGHT_MAX && (hash & 3) == 0; hash >>= 2) {
        height++;
    }
    return height;
}

enum au_err au_key_order_prepare(struct au_key_node *node, uint64_t hash, struct au_arena *arena)
{
    if (node->nexts) return AU_OK;
    uint8_t height = height_of(hash);
    node->nexts = au_arena_zero(arena, height * sizeof(struct au_key_node *));
    if (!node->nexts) return AU_ERR_NO_MEMORY;
    node->height = height;
    return AU_OK;
}

static int compare(const struct au_key_node *node, const struct au_address *contract,
                   struct au_bytes key)
{
    int order = memcmp(node->contract.bytes, contract->bytes, AU_ADDRESS_SIZE);
    return order != 0 ? order : au_bytes_compare(node->key, key);
}

/* Gives the links that lead past the place of a key: at each height the last one before it. */
static void find(struct au_key_order *order, const struct au_address *contract, struct au_bytes key,
                 struct au_key_node **links[AU_KEY_ORDER_HEIGHT_MAX])
{
    struct au_key_node **nexts = order->firsts;
    for (size_t level = AU_KEY_ORDER_HEIGHT_MAX; level-- > 0;) {
        while (nexts[level] && compare(nexts[level], contract, key) < 0) {
            nexts = nexts[level]->nexts;
        }
        links[level] = &nexts[level];
    }
}

void au_key_order_add(struct au_key_order *order, struct au_key_node *node)
{
    struct au_key_node **links[AU_KEY_ORDER_HEIGHT_MAX];
    AU_ASSERT(node->nexts && !node->is_in);
    find(order, &node->contract, node->key, links);
    for (size_t level = 0; level < node->height; level++) {
        node->nexts[level] = *links[level];
        *links[level] = node;
    }
    node->is_in = true;
}

void au_key_order_remove(struct au_key_order *order, struct au_key_node *node)
{
    struct au_key_node **links[AU_KEY_ORDER_HEIGHT_MAX];
    AU_ASSERT(node->is_in);
    find(order, &node->contract, node->key, links);
    for (size_t level = 0; level < node->height; level++) {
        AU_ASSERT(*links[level] == node);
        *links[level] = node->nexts[level];
    }
    node->is_in = false;
}

struct au_key_node *au_key_order_seek(const struct au_key_order *order,
                                      const struct au_address *contract, struct au_bytes key,
                                      bool is_above)
{
    struct au_key_node *const *nexts = order->firsts;
    struct au_key_node *node = NULL;
    for (size_t level = AU_KEY_ORDER_HEIGHT_MAX; level-- > 0;) {
        while ((node = nexts[level]) && compare(node, contract, key) < (is_above ? 1 : 0)) {
            nexts = node->nexts;
        }
    }
    return node && au_address_is_equal(&node->contract, contract) ? node : NULL;
}

struct au_key_node *au_key_order_next(const struct au_key_node *node)
{
    struct au_key_node *next = node->nexts[0];
    return next && au_address_is_equal(&next->contract, &node->contract) ? next : NULL;
}
