#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "ledger_log/draft.h"

#define FAULT_ONE_OF       3u  /* drafts that get a fault */
#define GRAPH_FAULT_ONE_OF 30u /* the same in a world that has graphs */
#define KIND_OFFSET        57u
#define NAME_OFFSET        (KIND_OFFSET + 1 + AU_ADDRESS_SIZE + 4)

struct draft_fault {
    size_t weight;
    void (*fields)(struct draft *draft);                   /* before it is signed, or NULL */
    void (*bytes)(struct draft *draft, struct au_buf *tx); /* afterwards, or NULL */
};

uint64_t draft_gas(const struct draft *draft)
{
    struct au_buf bytes;
    au_buf_init(&bytes, SIZE_MAX);
    au_tx_encode(&bytes, &draft->tx);
    world_must(bytes.err);
    uint64_t steps = au_tx_intrinsic_steps(&draft->tx, bytes.size);
    au_buf_done(&bytes);
    return (steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
}

struct au_address draft_small_order(struct dice *dice)
{
    /* y = 0, 1, p - 1, p, p + 1, and the two of order 8, each with both signs. */
    static const uint8_t ys[][AU_ADDRESS_SIZE] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    };
    struct au_address address;
    memcpy(address.bytes, DICE_PICK(dice, ys), AU_ADDRESS_SIZE);
    if (dice_one_in(dice, 2)) address.bytes[AU_ADDRESS_SIZE - 1] |= 0x80;
    return address;
}

/* ---- fields ---- */

static void spoil_nonce(struct draft *draft)
{
    uint64_t nonce = draft->person->nonce;
    const uint64_t nonces[] = {nonce + 1, nonce + 1, UINT64_MAX, nonce - 1, nonce - 1, 0};
    draft->tx.nonce = DICE_PICK(&draft->world->dice, nonces);
}

static void spoil_valid_until(struct draft *draft)
{
    uint64_t height = au_block_header(draft->world->block)->height;
    const uint64_t heights[] = {1, height - 1, height - 1, height, height + 1, UINT64_MAX};
    draft->tx.valid_until = DICE_PICK(&draft->world->dice, heights);
}

static void spoil_gas_limit(struct draft *draft)
{
    uint64_t most = au_ledger_params(draft->world->ledger)->block_gas_limit;
    uint64_t least = draft_gas(draft);
    const uint64_t limits[] = {0, least - 1, least - 1, most + 1, most + 1, UINT64_MAX};
    draft->tx.gas_limit = DICE_PICK(&draft->world->dice, limits);
}

static void spoil_price(struct draft *draft)
{
    uint64_t least = au_ledger_params(draft->world->ledger)->gas_price_min;
    const uint64_t prices[] = {0, least - 1, UINT64_C(1) << 62, UINT64_C(1) << 43, UINT64_MAX};
    draft->tx.gas_price = DICE_PICK(&draft->world->dice, prices);
}

/* All that the sender has after the reserve: just covered, or not any more. */
static void spoil_amount(struct draft *draft)
{
    struct au_tx *tx = &draft->tx;
    bool has_limit = tx->kind == AU_TX_DEPLOY || tx->kind == AU_TX_CALL;
    uint64_t gas = has_limit ? tx->gas_limit : draft_gas(draft);
    if (tx->kind == AU_TX_TRANSFER) {
        tx->amount = 0;
        gas = (au_tx_intrinsic_steps(tx, KIND_OFFSET + 1 + 40 + AU_TX_SIGNATURE_SIZE) + 50999) /
              AU_STEPS_PER_GAS;
    }
    uint64_t balance = draft->person->balance;
    uint64_t left = balance - gas * tx->gas_price;
    const uint64_t amounts[] = {left,        left,       left + 1,     balance,
                                balance + 1, UINT64_MAX, AU_AMOUNT_MAX};
    uint64_t amount = DICE_PICK(&draft->world->dice, amounts);
    if (has_limit)
        tx->value = amount;
    else
        tx->amount = amount;
}

static void spoil_version(struct draft *draft)
{
    static const uint8_t versions[] = {0, 2, 255};
    draft->tx.version = DICE_PICK(&draft->world->dice, versions);
}

static void spoil_from(struct draft *draft)
{
    draft->tx.from = draft_small_order(&draft->world->dice);
}

/* Nobody's key: no point at all (y = 2), or another person's. */
static void spoil_sender(struct draft *draft)
{
    const struct au_address no_point = {{2}};
    draft->tx.from = DICE_PICK(&draft->world->dice, draft->world->people).address;
    if (dice_one_in(&draft->world->dice, 2)) draft->tx.from = no_point;
}

static void spoil_chain(struct draft *draft)
{
    draft->genesis_hash.bytes[0] ^= 1;
}

/* ---- bytes ---- */

static void spoil_signature(struct draft *draft, struct au_buf *tx)
{
    size_t bit = dice_below(&draft->world->dice, 8 * AU_TX_SIGNATURE_SIZE);
    tx->data[tx->size - AU_TX_SIGNATURE_SIZE + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

/* S + L: the same number to the equation, but not below the order. */
static void spoil_scalar(struct draft *draft, struct au_buf *tx)
{
    static const uint8_t order[AU_ADDRESS_SIZE] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                                   0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                                   0,    0,    0,    0,    0,    0,    0,    0,
                                                   0,    0,    0,    0,    0,    0,    0,    0x10};
    (void)draft;
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof(order); i++) {
        uint8_t *byte = &tx->data[tx->size - sizeof(order) + i];
        carry += (unsigned)*byte + order[i];
        *byte = (uint8_t)carry;
        carry >>= 8;
    }
}

static void spoil_any_bit(struct draft *draft, struct au_buf *tx)
{
    size_t bit = dice_below(&draft->world->dice, 8 * tx->size);
    tx->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void spoil_payload_bit(struct draft *draft, struct au_buf *tx)
{
    size_t size = tx->size - KIND_OFFSET - AU_TX_SIGNATURE_SIZE;
    size_t bit = dice_below(&draft->world->dice, 8 * (size < 60 ? size : 60));
    tx->data[KIND_OFFSET + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void spoil_end(struct draft *draft, struct au_buf *tx)
{
    if (dice_one_in(&draft->world->dice, 2))
        tx->size = dice_below(&draft->world->dice, tx->size);
    else
        au_buf_put_u8(tx, 0);
}

static void spoil_tag(struct draft *draft, struct au_buf *tx)
{
    static const uint8_t tags[] = {0, 1, 2, 3, 4, 5, 6, 255};
    tx->data[KIND_OFFSET] = DICE_PICK(&draft->world->dice, tags);
    if (dice_one_in(&draft->world->dice, 3)) tx->data[0] = 2; /* undecodable bytes come first */
}

static void spoil_name(struct draft *draft, struct au_buf *tx)
{
    static const uint8_t letters[] = {'-', 0, ' ', 0x7f, 0xc3, '.'};
    if (draft->tx.kind != AU_TX_CALL) return;
    tx->data[NAME_OFFSET] = DICE_PICK(&draft->world->dice, letters);
}

static void spoil_size(struct draft *draft, struct au_buf *tx)
{
    size_t most = au_ledger_params(draft->world->ledger)->tx_bytes;
    bool is_dear = most > 100000 && !dice_one_in(&draft->world->dice, 20); /* in the log */
    size_t size = most + dice_below(&draft->world->dice, 3);
    while (!is_dear && tx->size < size)
        au_buf_put_u8(tx, 7);
}

static void spoil_everything(struct draft *draft, struct au_buf *tx)
{
    tx->size = dice_below(&draft->world->dice, tx->size < 300 ? tx->size : 300);
    dice_fill(&draft->world->dice, tx->data, tx->size);
    if (tx->size > 0 && dice_one_in(&draft->world->dice, 2)) tx->data[0] = AU_TX_VERSION;
}

static void spoil_again(struct draft *draft, struct au_buf *tx)
{
    if (draft->earlier.size == 0) return;
    au_buf_clear(tx);
    au_buf_put_bytes(tx, draft->earlier);
}

static const struct draft_fault faults[] = {
    {8, spoil_nonce, NULL},       {6, spoil_valid_until, NULL}, {10, spoil_gas_limit, NULL},
    {6, spoil_price, NULL},       {8, spoil_amount, NULL},      {3, spoil_version, NULL},
    {3, spoil_from, NULL},        {3, spoil_sender, NULL},      {1, spoil_chain, NULL},
    {2, NULL, spoil_signature},   {1, NULL, spoil_scalar},      {3, NULL, spoil_any_bit},
    {3, NULL, spoil_payload_bit}, {2, NULL, spoil_end},         {2, NULL, spoil_tag},
    {2, NULL, spoil_name},        {4, NULL, spoil_size},        {2, NULL, spoil_everything},
    {3, NULL, spoil_again},
};

void draft_spoil(struct draft *draft)
{
    struct dice *dice = &draft->world->dice;
    size_t total = 0, i = 0;
    size_t one_of = draft->world->has_graphs ? GRAPH_FAULT_ONE_OF : FAULT_ONE_OF;
    if (!dice_one_in(dice, one_of)) return;
    for (size_t k = 0; k < AU_COUNT_OF(faults); k++)
        total += faults[k].weight;
    for (size_t left = dice_below(dice, total); left >= faults[i].weight; i++)
        left -= faults[i].weight;
    draft->fault = &faults[i];
    if (draft->fault->fields) draft->fault->fields(draft);
}

struct au_bytes draft_sign(struct draft *draft)
{
    struct au_buf bytes, message;
    au_buf_init(&bytes, SIZE_MAX);
    au_buf_init(&message, SIZE_MAX);
    au_tx_encode_body(&bytes, &draft->tx);
    au_tx_put_signed_message(&message, &draft->genesis_hash, au_buf_bytes(&bytes));
    world_must(message.err);
    au_sign(&draft->person->key, au_buf_bytes(&message), draft->tx.signature);
    au_buf_clear(&bytes);
    au_tx_encode(&bytes, &draft->tx);
    if (draft->fault && draft->fault->bytes) draft->fault->bytes(draft, &bytes);
    world_must(bytes.err);
    struct au_bytes kept = world_copy(draft->world, bytes.data, bytes.size);
    au_buf_done(&bytes);
    au_buf_done(&message);
    return kept;
}
