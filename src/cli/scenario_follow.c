/* Which contracts there are, and what is known of them. */
#include "base/mem.h"
#include "cli/scenario_internal.h"
#include "crypto/sha256.h"

static void add_code(struct au_stage *stage, struct au_bytes code)
{
    struct au_hash hash = au_sha256(code);
    for (size_t i = 0; i < stage->code_count; i++) {
        if (au_hash_is_equal(&stage->codes[i], &hash)) return;
    }
    stage->codes[stage->code_count++] = hash;
}

static enum au_err add_contract(struct au_stage *stage, const struct au_address *address)
{
    struct au_stage_contract *contract = au_mem_new(sizeof(*contract));
    if (contract == NULL) return AU_ERR_NO_MEMORY;
    contract->address = *address;
    if (stage->last == NULL) {
        stage->contracts = contract;
    } else {
        stage->last->next = contract;
    }
    stage->last = contract;
    return AU_OK;
}

static bool is_new(const struct au_stage_contract *contract)
{
    static const struct au_hash none = {{0}};
    return au_hash_is_equal(&contract->code_hash, &none);
}

static enum au_err read_interface(struct au_stage *stage, struct au_stage_contract *contract,
                                  const struct au_account_state *account)
{
    struct au_bytes code = {0};
    struct au_reject reject;
    AU_TRY(au_chain_get_code(stage->chain, contract->address.bytes, &code));
    au_interface_done(&contract->interface);
    enum au_err err = au_interface_load(code, &contract->interface, &reject);
    au_free(code.data);
    contract->code_hash = account->code_hash;
    return err == AU_ERR_INVALID_MODULE ? AU_OK : err; /* a malformed ABI tells nothing */
}

/* The next contract that a contract has made. Its address comes from its code, which is one that a
 * transaction brought: there is no other way for code to get on a chain. */
static enum au_err find_made(struct au_stage *stage, const struct au_stage_contract *maker)
{
    for (size_t i = 0; i < stage->code_count; i++) {
        struct au_account_state account;
        struct au_address address =
            au_address_of_contract(&maker->address, maker->made_count, &stage->codes[i]);
        AU_TRY(au_chain_get_account(stage->chain, address.bytes, &account));
        if (account.is_contract) return add_contract(stage, &address);
    }
    return AU_OK;
}

static enum au_err look_at(struct au_stage *stage, struct au_stage_contract *contract)
{
    struct au_account_state account;
    AU_TRY(au_chain_get_account(stage->chain, contract->address.bytes, &account));
    if (is_new(contract)) AU_TRY(read_interface(stage, contract, &account));
    for (; contract->made_count < account.nonce; contract->made_count++)
        AU_TRY(find_made(stage, contract));
    return AU_OK;
}

enum au_err au_stage_follow(struct au_stage *stage, const struct au_step *step,
                            struct au_bytes code, const struct au_tx_result *tx,
                            size_t *out_made_count)
{
    size_t made_count = 0;
    *out_made_count = 0;
    if (tx->invalid != 0 || tx->outcome != AU_OUTCOME_SUCCESS) return AU_OK;
    if (code.size > 0) add_code(stage, code);
    if (tx->has_created) {
        struct au_address address;
        memcpy(address.bytes, tx->created, AU_ADDRESS_SIZE);
        AU_TRY(add_contract(stage, &address));
        stage->named[step->name_index] = stage->last;
    }
    struct au_stage_contract *before = stage->last;
    /* What is found comes behind all others, and is looked at in its turn. */
    for (struct au_stage_contract *i = stage->contracts; i != NULL; i = i->next)
        AU_TRY(look_at(stage, i));
    for (struct au_stage_contract *i = before; i != NULL && i->next != NULL; i = i->next) {
        if (made_count < step->created_count) {
            stage->named[step->created_index + made_count] = i->next;
        }
        made_count++;
    }
    *out_made_count = made_count;
    return AU_OK;
}

enum au_err au_stage_refresh(struct au_stage *stage)
{
    for (struct au_stage_contract *i = stage->contracts; i != NULL; i = i->next) {
        struct au_account_state account;
        AU_TRY(au_chain_get_account(stage->chain, i->address.bytes, &account));
        if (au_hash_is_equal(&account.code_hash, &i->code_hash)) continue;
        AU_TRY(read_interface(stage, i, &account));
    }
    return AU_OK;
}

const struct au_interface *au_stage_interface(const struct au_stage *stage,
                                              const uint8_t address[AU_ADDRESS_SIZE])
{
    for (const struct au_stage_contract *i = stage->contracts; i != NULL; i = i->next) {
        if (memcmp(i->address.bytes, address, AU_ADDRESS_SIZE) == 0) return &i->interface;
    }
    return NULL;
}

void au_stage_forget(struct au_stage *stage)
{
    while (stage->contracts != NULL) {
        struct au_stage_contract *contract = stage->contracts;
        stage->contracts = contract->next;
        au_interface_done(&contract->interface);
        au_mem_free(contract);
    }
    stage->last = NULL;
}
