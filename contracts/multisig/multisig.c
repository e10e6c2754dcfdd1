/* A wallet of several owners: a payment is made when enough of them approved of it. */
#include "aureon_contract.h"

AUREON_CONTRACT(multisig, 1.0.0)

AUREON_STRUCT(Payment, (address, to), (u64, amount), (u8, approvals), (bool, is_paid))
AUREON_STRUCT(Vote, (u64, id), (address, owner))

AUREON_STORAGE(needed, u8, "needed")
AUREON_STORAGE(payments, u64, "payments")
AUREON_MAP(owner, address, bool, "o:")
AUREON_MAP(payment, u64, Payment, "p:")
AUREON_MAP(vote, Vote, bool, "v:")

AUREON_ERROR(1, NotAnOwner, "only an owner may do this")
AUREON_ERROR(2, NoPayment, "there is no such payment", (u64, id))
AUREON_ERROR(3, AlreadyPaid, "the payment was made", (u64, id))
AUREON_ERROR(4, AlreadyApproved, "the caller approved of it before", (u64, id))
AUREON_ERROR(5, NotPaid, "a transfer was refused", (u8, result))

AUREON_EVENT(Proposed, "a payment waits for approvals", (u64, id, topic), (address, to),
             (u64, amount))
AUREON_EVENT(Paid, "a payment was made", (u64, id, topic))

AUREON_FN(init, void, init, "The owners, each another, and how many of them must approve",
          (vec(address), owners), (u8, approvals))
{
    AUREON_REQUIRE(approvals >= 1 && approvals <= owners.count, "1 approval to that of all owners");
    for (uint32_t i = 0; i < owners.count; i++) {
        AUREON_REQUIRE(!owner_get(owners.items[i]), "the owners are different");
        owner_set(owners.items[i], true);
    }
    needed_set(approvals);
}

AUREON_FN(fund, void, payable, "Takes what comes with the call")
{
}

static aureon_address must_be_owner(void)
{
    aureon_address caller = aureon_get_caller();
    if (!owner_get(caller)) fail_NotAnOwner();
    return caller;
}

AUREON_FN(approve, bool, mut, "Approves of a payment, and makes it if enough did", (u64, id))
{
    struct Vote mine = {id, must_be_owner()};
    if (!payment_has(id)) fail_NoPayment(id);
    struct Payment payment = payment_get(id);
    if (payment.is_paid) fail_AlreadyPaid(id);
    if (vote_get(mine)) fail_AlreadyApproved(id);
    vote_set(mine, true);
    payment.approvals++;
    payment.is_paid = payment.approvals >= needed_get();
    payment_set(id, payment);
    if (!payment.is_paid) return false;
    enum aureon_transfer result = aureon_pay(payment.to, payment.amount);
    if (result != AUREON_TRANSFER_DONE) fail_NotPaid((uint8_t)result);
    emit_Paid(id);
    return true;
}

AUREON_FN(propose, u64, mut, "Proposes a payment and approves of it; returns its number",
          (address, to), (u64, amount))
{
    must_be_owner();
    uint64_t id = payments_get();
    payments_set(id + 1);
    payment_set(id, (struct Payment){to, amount, 0, false});
    emit_Proposed(id, to, amount);
    approve(id);
    return id;
}
