#!/usr/bin/env python3
"""Signs the orders of contracts/vault/vault.scen.json again: vault.py build/contracts/vault.wasm.

They are for the addresses of its vaults, which depend on the vault's code, and so on the kit."""

import hashlib
import pathlib
import re
import sys

import sign

ALICE = "aur1epvfemr725xcuhl368l720qete7n6qez7zn24nvxvs50q9vpm0wqj4rcmt"
CAROL = "aur1dl253d3mr6zqtya3gwty6knffvkuqzf623rdvzrgwlet06rws9mqtdq6ht"
VAULTS = ("ed25519", "secp256k1", "p256")  # in the order of their deployments
AMOUNTS = (1500000000, 600000000)  # in the order of their numbers
SCENARIO = pathlib.Path(__file__).parents[2] / "contracts/vault/vault.scen.json"


def account(text):
    bits = 0
    for letter in text[4:-6]:
        bits = bits << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(letter)
    return (bits >> 4).to_bytes(32, "big")


def contract(deployer, nonce, code):
    tag = b"aureon/contract"
    data = bytes([len(tag)]) + tag + deployer + nonce.to_bytes(8, "little")
    return hashlib.sha256(data + hashlib.sha256(code).digest()).digest()


def main():
    code = pathlib.Path(sys.argv[1]).read_bytes()
    sigs = {}
    for nonce, curve in enumerate(VAULTS):
        for number, amount in enumerate(AMOUNTS):
            order = (contract(account(ALICE), nonce, code) + number.to_bytes(8, "little")
                     + account(CAROL) + amount.to_bytes(8, "little"))
            sigs[curve, amount] = (sign.ed25519(order) if curve == "ed25519"
                                   else sign.ecdsa(curve, order)).hex()
    text = SCENARIO.read_text()
    for (curve, amount), sig in sigs.items():
        text = re.sub(rf'("call": "{curve}", "function": "pay"[^}}]*"amount": {amount},\s*"sig": "0x)'
                      r"[0-9a-f]*", rf"\g<1>{sig}", text)
    SCENARIO.write_text(text)


if __name__ == "__main__":
    main()
