// Checks documents of a node's proofs with another implementation of tries, @ethereumjs/mpt:
//
//   node proofs.mjs NODE_MODULES DOCUMENT...
//
// NODE_MODULES is what tools/node --modules prints. A document is that of an account, of a slot or
// of many. Each of its proofs must hold under its root for its key, and say what the document says;
// with one bit of a node changed it must not. Prints how many proofs there were.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, ...documents] = process.argv.slice(2);
const { verifyMerkleProof } = await import(
    pathToFileURL(createRequire(join(modules, "trie.mjs")).resolve("@ethereumjs/mpt")));

const sha256 = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());
const fromHex = (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

function check(isGood, what) {
    if (!isGood) throw new Error(what);
}

// The bytes of an address: Bech32m, whose checksum the node's own tests are about.
function addressBytes(text) {
    const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const bits = [...text.slice("aur1".length, -6)]
        .map((symbol) => alphabet.indexOf(symbol).toString(2).padStart(5, "0")).join("");
    return Uint8Array.from({ length: 32 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2));
}

// ---- RLP, as far as leaves need it ----

function rlpString(bytes) {
    if (bytes.length === 1 && bytes[0] < 0x80) return bytes;
    return Uint8Array.of(...head(0x80, bytes.length), ...bytes);
}

function head(base, size) {
    if (size < 56) return [base + size];
    const digits = hex(Uint8Array.of(size >> 16, size >> 8, size)).replace(/^(00)+/, "");
    return [base + 55 + digits.length / 2, ...Buffer.from(digits, "hex")];
}

function rlpNumber(text) {
    const digits = BigInt(text).toString(16);
    return rlpString(text === "0" ? new Uint8Array()
                                  : fromHex("0x" + (digits.length % 2 ? "0" : "") + digits));
}

function accountLeaf(account) {
    const hash = (text) => rlpString(text === undefined ? new Uint8Array() : fromHex(text));
    const admin = account.admin === undefined ? new Uint8Array() : addressBytes(account.admin);
    const fields = [rlpNumber(account.nonce), rlpNumber(account.balance), rlpNumber(account.stake),
                    hash(account.storage_root), hash(account.code_hash), rlpString(admin)];
    const payload = fields.flatMap((field) => [...field]);
    return Uint8Array.of(...head(0xc0, payload.length), ...payload);
}

// ---- proofs ----

let count = 0;

async function claim(root, key, nodes) {
    try {
        const options = { useKeyHashing: true, useKeyHashingFunction: sha256, root: fromHex(root) };
        const leaf = await verifyMerkleProof(key, nodes, options);
        return leaf === null ? "nothing" : hex(leaf);
    } catch {
        return "refused";
    }
}

async function checkProof(root, key, texts, leaf, what) {
    const nodes = texts.map(fromHex);
    const expected = leaf === undefined ? "nothing" : hex(leaf);
    check(await claim(root, key, nodes) === expected, `${what}: another claim than ${expected}`);
    nodes.at(-1)[nodes.at(-1).length >> 1] ^= 1;
    check(await claim(root, key, nodes) === "refused", `${what}: it holds with a bit changed`);
    count++;
}

async function checkAccount(root, part) {
    const leaf = part.account && accountLeaf(part.account);
    await checkProof(root, addressBytes(part.address), part.account_proof, leaf, part.address);
}

// Without storage there is no trie, and nothing to check.
async function checkSlot(root, slot) {
    if (root === undefined) {
        check(slot.storage_proof.length === 0 && slot.value === undefined, "a slot of no trie");
        return;
    }
    const leaf = slot.value === undefined ? undefined : rlpString(fromHex(slot.value));
    await checkProof(root, fromHex(slot.key), slot.storage_proof, leaf, slot.key);
}

for (const path of documents) {
    const document = JSON.parse(readFileSync(path, "utf8"));
    for (const part of document.accounts ?? [document]) {
        await checkAccount(document.state_root, part);
        const slots = part.slots ?? (part.storage_proof ? [part] : []);
        for (const slot of slots) await checkSlot(part.storage_root, slot);
    }
}
console.log(count);
