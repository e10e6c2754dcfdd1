"""The state (section 6): accounts and slots as plain dicts, a journal to undo, and the root."""

from typing import NamedTuple

import rlp
import trie
from merkle import tagged

SYSTEM = tagged("aureon/system", b"")
SUPPLY_MAX = 2**63 - 1


class Account(NamedTuple):
    """An account without its storage; code_hash and admin are empty where there is none."""

    nonce: int = 0
    balance: int = 0
    stake: int = 0
    code_hash: bytes = b""
    admin: bytes = b""


class State:
    """Accounts by address, slots by address and key, code by hash.

    What equals an account never seen is in no dict. Every write is journaled until commit().
    """

    def __init__(self):
        self.accounts = {}
        self.slots = {}
        self.codes = {}
        self._journal = []
        self._deleted = {}  # by address: keys that the block has deleted
        self._storage_roots = {}

    def _put(self, table, key, value, owner):
        self._journal.append((table, key, table.get(key), owner))
        self._write(table, key, value, owner)

    def _write(self, table, key, value, owner):
        self._storage_roots.pop(owner, None)
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value

    def mark(self):
        """A savepoint for undo()."""
        return len(self._journal)

    def undo(self, mark):
        while len(self._journal) > mark:
            self._write(*self._journal.pop())

    def commit(self):
        """Ends a block: forgets how to undo, returns the addresses that were written to."""
        touched = {owner for _, _, _, owner in self._journal}
        self._journal.clear()
        self._deleted.clear()
        return touched

    def deleted(self, address):
        """The keys of slots that were deleted since the last commit, and are not there again."""
        return self._deleted.get(address, {})

    def written(self, mark):
        """What was written since a savepoint, in the order of first writes: accounts as (address,
        account before), and slots that are not as before as (contract, key, value now)."""
        accounts, slots = {}, {}
        for table, key, before, owner in self._journal[mark:]:
            if table is self.accounts:
                accounts.setdefault(key, before or Account())
            elif table is self.slots.get(owner):
                slots.setdefault((owner, key), before)
        changed = [(*slot, self.slot(*slot)) for slot, before in slots.items()
                   if self.slot(*slot) != before]
        return list(accounts.items()), changed

    def account(self, address):
        return self.accounts.get(address, Account())

    def change(self, address, **fields):
        """Sets fields of an account."""
        account = self.account(address)._replace(**fields)
        for name in ("nonce", "balance", "stake"):
            if not 0 <= getattr(account, name) < 2**64:
                raise OverflowError(f"{name} of {address.hex()}: {getattr(account, name)}")
        self._put(self.accounts, address, None if account == Account() else account, address)

    def credit(self, address, amount):
        """Adds to a balance; amount may be negative."""
        self.change(address, balance=self.account(address).balance + amount)

    def exists(self, address):
        return address in self.accounts or bool(self.slots.get(address))

    def slot(self, address, key):
        return self.slots.get(address, {}).get(key)

    def set_slot(self, address, key, value):
        """Writes a slot; None deletes it, an empty value does not."""
        deleted = self._deleted.setdefault(address, {})
        if value is not None and key in deleted:
            self._put(deleted, key, None, address)
        elif value is None and self.slot(address, key) is not None:
            self._put(deleted, key, True, address)
        self._put(self.slots.setdefault(address, {}), key, value, address)

    def add_code(self, code_hash, code):
        self._put(self.codes, code_hash, code, b"")

    def storage_root(self, address):
        """The root of an account's storage trie, empty without storage."""
        if not self.slots.get(address):
            return b""
        if address not in self._storage_roots:
            values = {trie.hashed(key): rlp.encode(value)
                      for key, value in self.slots[address].items()}
            self._storage_roots[address] = trie.root(values)
        return self._storage_roots[address]

    def _encoded(self, address):
        account = self.account(address)
        return rlp.encode_list([rlp.encode(item) for item in (
            account.nonce, account.balance, account.stake, self.storage_root(address),
            account.code_hash, account.admin)])

    def root(self):
        addresses = set(self.accounts) | {address for address in self.slots
                                          if self.slots[address]}
        return trie.root({trie.hashed(address): self._encoded(address) for address in addresses})
