/* A fungible token: balances, and allowances that let others spend them. */
#include "aureon_contract.h"

AUREON_CONTRACT(token, 1.0.0)

AUREON_STRUCT(Grant, (address, owner), (address, spender))

AUREON_STORAGE(supply, u64, "supply")
AUREON_MAP(balance, address, u64, "b:")
AUREON_MAP(grant, Grant, u64, "g:")

AUREON_ERROR(1, InsufficientBalance, "the balance is smaller than the amount", (u64, balance))
AUREON_ERROR(2, InsufficientAllowance, "the allowance is smaller than the amount", (u64, allowance))

AUREON_EVENT(Transfer, "amount moved", (address, from, topic), (address, to, topic), (u64, amount))
AUREON_EVENT(Approval, "spender may spend amount of owner", (address, owner, topic),
             (address, spender, topic), (u64, amount))

AUREON_FN(init, void, init, "Gives the whole supply to the deployer", (u64, amount))
{
    supply_set(amount);
    balance_set(aureon_get_caller(), amount);
}

AUREON_FN(total_supply, u64, view, "All tokens there are")
{
    return supply_get();
}

AUREON_FN(balance_of, u64, view, "The tokens of an account", (address, owner))
{
    return balance_get(owner);
}

AUREON_FN(allowance, u64, view, "What spender may still spend of owner", (address, owner),
          (address, spender))
{
    return grant_get((struct Grant){owner, spender});
}

/* The balance of `to` is read after that of `from` was written: they may be the same account. No
 * sum exceeds the supply. */
static void move(aureon_address from, aureon_address to, uint64_t amount)
{
    uint64_t balance = balance_get(from);
    if (balance < amount) fail_InsufficientBalance(balance);
    balance_set(from, balance - amount);
    balance_set(to, aureon_add(balance_get(to), amount));
    emit_Transfer(from, to, amount);
}

AUREON_FN(transfer, void, mut, "Moves tokens of the caller", (address, to), (u64, amount))
{
    move(aureon_get_caller(), to, amount);
}

AUREON_FN(approve, void, mut, "Lets spender spend amount of the caller, instead of what it might",
          (address, spender), (u64, amount))
{
    aureon_address owner = aureon_get_caller();
    grant_set((struct Grant){owner, spender}, amount);
    emit_Approval(owner, spender, amount);
}

AUREON_FN(transfer_from, void, mut, "Moves tokens of from, out of the caller's allowance",
          (address, from), (address, to), (u64, amount))
{
    struct Grant grant = {from, aureon_get_caller()};
    uint64_t allowed = grant_get(grant);
    if (allowed < amount) fail_InsufficientAllowance(allowed);
    grant_set(grant, allowed - amount);
    move(from, to, amount);
}
