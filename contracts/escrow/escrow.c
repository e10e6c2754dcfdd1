/* An escrow: its money goes to the payee when the payer says so, and back after a deadline. */
#include "aureon_contract.h"

AUREON_CONTRACT(escrow, 1.0.0)

AUREON_STORAGE(payer, address, "payer")
AUREON_STORAGE(payee, address, "payee")
AUREON_STORAGE(deadline_ms, u64, "deadline")
AUREON_STORAGE(is_closed, bool, "closed")

AUREON_ERROR(1, NotThePayer, "only the payer may do this")
AUREON_ERROR(2, TooEarly, "the deadline is not over", (u64, deadline_ms), (u64, now_ms))
AUREON_ERROR(3, Closed, "the money is gone already")
AUREON_ERROR(4, NotPaid, "a transfer was refused", (u8, result))

AUREON_EVENT(Paid, "the escrow paid all it had", (address, to, topic), (u64, amount))

AUREON_FN(init, void, payable_init,
          "The deployer is the payer, and may fund it at once; deadline in Unix milliseconds",
          (address, to), (u64, deadline))
{
    payer_set(aureon_get_caller());
    payee_set(to);
    deadline_ms_set(deadline);
}

AUREON_FN(fund, void, payable, "Takes what comes with the call")
{
    if (is_closed_get()) fail_Closed();
}

/* Closed before the money goes: whoever is paid finds nothing left to do. */
static void pay_all(aureon_address to)
{
    aureon_address self = aureon_get_self_address();
    uint64_t amount = aureon_get_balance(self.bytes, sizeof(self.bytes));
    if (is_closed_get()) fail_Closed();
    is_closed_set(true);
    enum aureon_transfer result = aureon_pay(to, amount);
    if (result != AUREON_TRANSFER_DONE) fail_NotPaid((uint8_t)result);
    emit_Paid(to, amount);
}

AUREON_FN(release, void, mut, "Pays the payee; only the payer may")
{
    if (!aureon_is_equal(aureon_get_caller(), payer_get())) fail_NotThePayer();
    pay_all(payee_get());
}

AUREON_FN(refund, void, mut, "Pays the payer back after the deadline; anyone may")
{
    uint64_t now_ms = aureon_block_time_ms();
    if (now_ms < deadline_ms_get()) fail_TooEarly(deadline_ms_get(), now_ms);
    pay_all(payer_get());
}
