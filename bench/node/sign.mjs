// What anvil is asked, made before it is timed: node sign.mjs NODE_MODULES FOLDER writes
//
//   genesis.json   the senders, a contract that counts in its storage, and a token
//   transfers      signed transactions, one a line, in hex: one of each sender, then the next of each
//   calls          the same of the counter; their nonces begin where those of transfers end
//   tokens         the same of the token, after calls
//
// They are the same each time: keys are hashes of numbers, signatures are those of RFC 6979.

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const load = (name) =>
    import(pathToFileURL(createRequire(join(modules, "sign.mjs")).resolve(name)));
const { secp256k1 } = await load("@noble/curves/secp256k1.js");
const { keccak_256 } = await load("@noble/hashes/sha3.js");

const CHAIN_ID = 31337;
const SENDERS = 2000;
const TURNS = 5;
const GAS_PRICE = 1_000_000_000_000; // above what a block asks for, however full those before it
const TRANSFER_GAS = 21_000;
const CALL_GAS = 60_000;
const TOKENS = 1_000_000; // of a sender
const COUNTER = "00000000000000000000000000000000000c0de5";
const TOKEN = "000000000000000000000000000000000070ce45";

// Adds one to slot 0, logs and returns the sum: what our counter's increment does.
const CODE = [
    "5f54", // slot 0
    "600101", // plus 1
    "805f55", // kept
    "805f52", // in memory,
    "60205fa0", // logged
    "60205ff3", // and returned
].join("");

// The transfer(address,uint256) of an ERC-20 and nothing else: balances are a mapping in slot 0, and
// the event is keccak256("Transfer(address,address,uint256)").
const TOKEN_CODE = [
    "335f5260405f20", // the slot of the caller's balance,
    "8054", // the balance,
    "602435", // and the amount:
    "818111605a57", // not above it,
    "809103909155", // which loses it
    "6004355f5260405f20", // the slot of the receiver's,
    "80548201", // which gains it
    "9055",
    "5f52", // the amount in memory
    "60043533", // to, from
    "7fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    "60205fa3", // logged
    "60015f5260205ff3", // true
    "5b5f5ffd", // reverted
].join("");

const hex = (bytes) => Buffer.from(bytes).toString("hex");

// ---- RLP ----

function number(value) {
    const text = value.toString(16);
    return value == 0 ? Buffer.alloc(0) : Buffer.from(text.length % 2 ? `0${text}` : text, "hex");
}

function withHead(offset, payload) {
    if (payload.length < 56) {
        return Buffer.concat([Buffer.from([offset + payload.length]), payload]);
    }
    const size = number(payload.length);
    return Buffer.concat([Buffer.from([offset + 55 + size.length]), size, payload]);
}

const string = (bytes) =>
    bytes.length === 1 && bytes[0] < 0x80 ? bytes : withHead(0x80, bytes);

const list = (items) => withHead(0xc0, Buffer.concat(items.map((item) => string(item))));

// ---- transactions ----

class Sender {
    constructor(index) {
        this.key = keccak_256(Buffer.from(`sender ${index}`));
        const point = secp256k1.getPublicKey(this.key, false).slice(1);
        this.address = Buffer.from(keccak_256(point).slice(12));
        this.nonce = 0;
    }

    // A transaction as EIP-155 has it: shorter than the later kinds.
    sign(to, value, gas, data = Buffer.alloc(0)) {
        const fields = [this.nonce++, GAS_PRICE, gas].map(number);
        fields.push(to, number(value), data);
        const hash = keccak_256(list([...fields, number(CHAIN_ID), number(0), number(0)]));
        const signature = secp256k1.Signature.fromBytes(
            secp256k1.sign(hash, this.key, { prehash: false, format: "recovered" }), "recovered");
        const v = CHAIN_ID * 2 + 35 + signature.recovery;
        return hex(list([...fields, number(v), number(signature.r), number(signature.s)]));
    }
}

// A value as 32 bytes.
const word = (bytes) => Buffer.concat([Buffer.alloc(32 - bytes.length), bytes]);

const senders = Array.from({ length: SENDERS }, (_, index) => new Sender(index));

function writeTurns(name, sign) {
    const lines = [];
    for (let turn = 0; turn < TURNS; turn++) {
        senders.forEach((sender, index) => lines.push(`0x${sign(sender, index, turn)}\n`));
    }
    writeFileSync(join(folder, name), lines.join(""));
}

const genesis = {
    config: { chainId: CHAIN_ID },
    difficulty: "0x0",
    gasLimit: "0x3b9aca00",
    alloc: Object.fromEntries(
        senders.map(({ address }) => [`0x${hex(address)}`, { balance: "0x3635c9adc5dea00000" }])),
};
genesis.alloc[`0x${COUNTER}`] = { balance: "0x0", code: `0x${CODE}` };
genesis.alloc[`0x${TOKEN}`] = {
    balance: "0x0",
    code: `0x${TOKEN_CODE}`,
    storage: Object.fromEntries(senders.map(({ address }) => [
        `0x${hex(keccak_256(Buffer.concat([word(address), Buffer.alloc(32)])))}`,
        `0x${hex(word(number(TOKENS)))}`,
    ])),
};

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "genesis.json"), JSON.stringify(genesis));
const receiver = (index, turn) => senders[(index * 601 + turn) % SENDERS].address;
writeTurns("transfers", (sender, index, turn) =>
    sender.sign(receiver(index, turn), 1 + index, TRANSFER_GAS));
writeTurns("calls", (sender) => sender.sign(Buffer.from(COUNTER, "hex"), 0, CALL_GAS));
writeTurns("tokens", (sender, index, turn) =>
    sender.sign(Buffer.from(TOKEN, "hex"), 0, CALL_GAS, Buffer.concat([
        keccak_256(Buffer.from("transfer(address,uint256)")).slice(0, 4),
        word(receiver(index, turn)),
        word(number(1 + index)),
    ])));
