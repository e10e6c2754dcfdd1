// Compares the tries with another implementation of them, @ethereumjs/mpt (TAP):
//
//   node trie.mjs TRIE_LINES NODE_MODULES
//
// TRIE_LINES is the program of trie_lines.c, NODE_MODULES what tools/node --modules prints. Both
// get the same batches and the same questions; roots, proofs and what proofs prove must be equal.
// AUREON_TRIE_SEED gives a run's seed again. Both sides hash with SHA-256; published vectors are
// for Keccak-256, and show that the other implementation and this reading of them are right.

import { spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [program, modules] = process.argv.slice(2);
const { createMPT, createMerkleProof, verifyMerkleProof } = await import(
    pathToFileURL(createRequire(join(modules, "trie.mjs")).resolve("@ethereumjs/mpt")));

const BATCHES = 30;
const CHANGES_MAX = 60; // of a batch
const HASH_SIZE = 32;
const seed = Number(process.env.AUREON_TRIE_SEED || randomInt(1, 2 ** 31));

// ---- small things ----

const sha256 = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());
const hex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");
const fromHex = (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));

// The encoding of a string: what the leaf of a slot holds.
function leafOf(value) {
    if (value.length === 1 && value[0] < 0x80) return value;
    const head = value.length < 56 ? [0x80 + value.length] : [0xb8, value.length];
    return new Uint8Array([...head, ...value]);
}

// mulberry32: numbers that come again.
let state = seed;
function below(bound) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
}

const randomBytes = (size) => Uint8Array.from({ length: size }, () => below(256));

function check(isGood, what) {
    if (!isGood) throw new Error(what);
}

function checkEqual(ours, theirs, what) {
    check(ours === theirs, `${what}: ours ${ours}, theirs ${theirs}`);
}

// ---- our side: trie_lines.c says what it answers ----

class Ours {
    constructor() {
        this.child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
        this.child.stdin.on("error", () => {}); // its end is noticed where an answer is missing
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }

    change(key, leaf) {
        this.child.stdin.write(`${hex(key)} ${leaf === null ? "-" : hex(leaf)}\n`);
    }

    async ask(line) {
        this.child.stdin.write(line + "\n");
        const { value, done } = await this.lines.next();
        check(!done, `no answer to "${line.slice(0, 80)}"`);
        return value;
    }

    commit() {
        return this.ask("");
    }

    async prove(key) {
        return splitProof(fromHex(await this.ask(`? ${hex(key)}`)));
    }

    verify(root, key, nodes) {
        return this.ask(`! ${root} ${hex(key)} ${hex(joinProof(nodes))}`);
    }

    async end() {
        this.child.stdin.end();
        const status = await new Promise((resolve) => this.child.once("close", resolve));
        check(status === 0, `trie_lines ended with status ${status}`);
    }
}

function joinProof(nodes) {
    const number = (value) => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(value);
        return bytes;
    };
    return Buffer.concat([number(nodes.length),
                          ...nodes.flatMap((node) => [number(node.length), node])]);
}

function splitProof(proof) {
    const view = Buffer.from(proof);
    const nodes = [];
    let at = 4;
    while (at < view.length) {
        const size = view.readUInt32LE(at);
        nodes.push(new Uint8Array(view.subarray(at + 4, at + 4 + size)));
        at += 4 + size;
    }
    check(nodes.length === view.readUInt32LE(0) && at === view.length, "a proof of odd size");
    return nodes;
}

// ---- keys ----

// A key's name is what the other trie is asked for; where it hashes keys, ours gets the hash.
// Nibbles that may differ from zero, and their mask: few of them make long shared beginnings, and
// the late ones make nodes so small that they stand in their parents.
const SPACES = [
    { name: "hashed keys", isHashed: true, proofs: 200 },
    { name: "keys that part early and late", mask: 1, proofs: 60,
      places: [0, 1, 2, 3, 4, 5, 6, 7, 40, 41, 61, 62, 63] },
    { name: "keys that part early", mask: 7, proofs: 60, places: [0, 1, 2] },
    { name: "keys that part late", mask: 15, proofs: 60, places: [61, 62, 63] },
    { name: "keys that part here and there", mask: 3, proofs: 60,
      places: [0, 7, 20, 33, 62, 63] },
    { name: "keys that part in the middle", mask: 9, proofs: 60, places: [9, 10, 30, 31, 32] },
];

function randomName(space) {
    if (space.isHashed) return Uint8Array.of(below(256), below(4));
    const name = new Uint8Array(HASH_SIZE);
    for (const place of space.places) {
        name[place >> 1] |= (below(16) & space.mask) << (place % 2 === 0 ? 4 : 0);
    }
    return name;
}

const keyOf = (space, name) => (space.isHashed ? sha256(name) : name);

function randomLeaf() {
    const size = [0, 1, 1, 2, 3, 33, 60, 100][below(8)];
    return leafOf(randomBytes(size));
}

// ---- random batches ----

class Pair {
    constructor(space) {
        this.space = space;
        this.ours = new Ours();
        this.options = { useKeyHashing: space.isHashed === true, useKeyHashingFunction: sha256 };
        this.model = new Map(); // leaf by the name in hex
    }

    async begin() {
        this.theirs = await createMPT({ ...this.options });
    }

    async change(name, leaf) {
        this.ours.change(keyOf(this.space, name), leaf);
        if (leaf === null) {
            this.model.delete(hex(name));
            await this.theirs.del(name);
        } else {
            this.model.set(hex(name), leaf);
            await this.theirs.put(name, leaf);
        }
    }

    async commit(what) {
        this.root = await this.ours.commit();
        checkEqual(this.root, hex(this.theirs.root()), what);
    }

    async randomBatch(number) {
        const dels = number % 5 === 3 ? 85 : 35; // percent
        const count = 1 + below(CHANGES_MAX);
        const present = [...this.model.keys()];
        for (let i = 0; i < count; i++) {
            const isDel = below(100) < dels;
            const isKnown = present.length > 0 && below(3) > 0;
            const name = isKnown ? fromHex(present[below(present.length)]) : randomName(this.space);
            await this.change(name, isDel ? null : randomLeaf());
        }
        await this.commit(`the root after batch ${number}`);
    }

    // Every key goes, in two batches, and some come back.
    async empty() {
        const names = [...this.model.keys()].map(fromHex);
        const half = names.length >> 1;
        for (const name of names.slice(0, half)) await this.change(name, null);
        await this.commit("the root without half of the keys");
        for (const name of names.slice(half)) await this.change(name, null);
        await this.commit("the root of the empty trie");
        check(this.root === hex(sha256(Uint8Array.of(0x80))), "the empty trie has another root");
        for (const name of names.slice(0, 9)) await this.change(name, randomLeaf());
        await this.commit("the root of a trie that was empty");
    }
}

async function compareRoots(pair) {
    for (let number = 0; number < BATCHES; number++) await pair.randomBatch(number);
}

// ---- proofs ----

// The nodes of their proof as ours lists them: without those that stand in their parent.
const withoutEmbedded = (nodes) =>
    nodes.filter((node, index) => index === 0 || node.length >= HASH_SIZE);

async function theirClaim(pair, name, nodes) {
    try {
        const leaf = await verifyMerkleProof(
            name, nodes, { ...pair.options, root: fromHex(pair.root) });
        return leaf === null ? "absent" : `present ${hex(leaf)}`;
    } catch {
        return "refused";
    }
}

function alter(nodes) {
    const altered = nodes.map((node) => node.slice());
    const node = altered[below(altered.length)];
    node[below(node.length)] ^= 1 << below(8);
    return altered;
}

async function expectRefused(pair, key, nodes, what) {
    const claim = await pair.ours.verify(pair.root, key, nodes);
    check(claim.startsWith("refused "), `${what}: ${claim}`);
}

async function compareProof(pair, name) {
    const key = keyOf(pair.space, name);
    const leaf = pair.model.get(hex(name));
    const expected = leaf === undefined ? "absent" : `present ${hex(leaf)}`;
    const ours = await pair.ours.prove(key);
    const theirs = withoutEmbedded(await createMerkleProof(pair.theirs, name));
    checkEqual(hex(joinProof(ours)), hex(joinProof(theirs)), `the proof of ${hex(name)}`);
    checkEqual(await theirClaim(pair, name, ours), expected, `their claim of ${hex(name)}`);
    checkEqual(await pair.ours.verify(pair.root, key, theirs), expected,
               `our claim of ${hex(name)}`);

    const altered = alter(ours);
    await expectRefused(pair, key, altered, `an altered proof of ${hex(name)}`);
    checkEqual(await theirClaim(pair, name, altered), "refused",
               `their claim of an altered proof of ${hex(name)}`);
    await expectRefused(pair, key, ours.slice(0, -1), "a proof without its last node");
    await expectRefused(pair, key, [...ours, ours.at(-1)], "a proof with a node too many");
    const otherRoot = hex(alter([fromHex(pair.root)])[0]);
    const claim = await pair.ours.verify(otherRoot, key, ours);
    check(claim.startsWith("refused "), `a proof against another root: ${claim}`);
}

// As many present keys as absent ones. A space has several times more keys than that.
async function compareProofs(pair) {
    const count = pair.space.proofs;
    while (pair.model.size < count) {
        for (let i = 0; i < CHANGES_MAX; i++) {
            await pair.change(randomName(pair.space), randomLeaf());
        }
        await pair.commit("the root of a grown trie");
    }
    const present = [...pair.model.keys()].slice(0, count);
    for (const name of present) await compareProof(pair, fromHex(name));
    for (let absentCount = 0; absentCount < count;) {
        const name = randomName(pair.space);
        if (pair.model.has(hex(name))) continue;
        await compareProof(pair, name);
        absentCount++;
    }
}

// ---- vectors ----

const bytesOf = (text) => (text.startsWith("0x") ? fromHex(text) : new TextEncoder().encode(text));

async function theirRoot(entries, options) {
    const trie = await createMPT({ useKeyHashing: true, ...options });
    for (const [name, leaf] of entries) {
        await (leaf === null ? trie.del(name) : trie.put(name, leaf));
    }
    return hex(trie.root());
}

async function ourRoot(entries) {
    const ours = new Ours();
    for (const [name, leaf] of entries) ours.change(sha256(name), leaf);
    const root = await ours.commit();
    await ours.end();
    return root;
}

// Their roots under SHA-256, which both sides must still find.
const KNOWN_ROOTS = {
    "trietest_secureTrie jeff":
        "0xf8decb50e76782087707d151cb04e181f8b33f4788bbdf7e4ada53e74c24279f",
    "hex_encoded_securetrie_test test1":
        "0xe03239a5c79634726650753d5458e318104450fb8ea3b5e0e0d4401fdc9bf33b",
};

function vectors() {
    const files = ["trieanyorder_secureTrie", "trietest_secureTrie", "hex_encoded_securetrie_test"];
    return files.flatMap((file) => {
        const path = join(modules, "ethereum-tests/TrieTests", `${file}.json`);
        return Object.entries(JSON.parse(readFileSync(path, "utf8"))).map(([name, vector]) => {
            const list = Array.isArray(vector.in) ? vector.in : Object.entries(vector.in);
            const entries = list.map(([key, leaf]) => [bytesOf(key), leaf && bytesOf(leaf)]);
            return { name: `${file} ${name}`, entries, root: vector.root };
        });
    });
}

async function compareVector({ name, entries, root }) {
    checkEqual(root, await theirRoot(entries, {}), "the published root");
    const ours = await ourRoot(entries);
    checkEqual(ours, await theirRoot(entries, { useKeyHashingFunction: sha256 }), "the root");
    if (name in KNOWN_ROOTS) check(ours === KNOWN_ROOTS[name], `the root became ${ours}`);
}

// 1000 keys, the numbers in 8 bytes, each with its number as text.
async function compareThousand() {
    const entries = Array.from({ length: 1000 }, (_, i) => {
        const name = Buffer.alloc(8);
        name.writeUInt32LE(i);
        return [new Uint8Array(name), bytesOf(`v${i}`)];
    });
    const known = "0x310906be66b4b9281a1fc3b14973ed53d9ff3c51ae65aaeb24843b00f98b1ea5";
    checkEqual(await ourRoot(entries), known, "the root");
    checkEqual(known, await theirRoot(entries, { useKeyHashingFunction: sha256 }), "the root");
}

// ---- cases ----

let caseCount = 0;
let isAllGood = true;

async function runCase(name, run) {
    let complaint = null;
    try {
        await run();
    } catch (error) {
        complaint = error;
    }
    console.log(`${complaint ? "not ok" : "ok"} ${++caseCount} - ${name}`);
    if (complaint) console.log(`# ${String(complaint.stack).replaceAll("\n", "\n# ")}`);
    isAllGood &&= complaint === null;
}

const published = vectors();
console.log(`1..${3 * SPACES.length + published.length + 1}`);
console.log(`# AUREON_TRIE_SEED=${seed}`);
for (const space of SPACES) {
    const pair = new Pair(space);
    await pair.begin();
    await runCase(`${space.name}: roots`, () => compareRoots(pair));
    await runCase(`${space.name}: proofs`, () => compareProofs(pair));
    await runCase(`${space.name}: down to nothing and up`, async () => {
        await pair.empty();
        await pair.ours.end();
    });
}
for (const vector of published) await runCase(vector.name, () => compareVector(vector));
await runCase("1000 numbers", compareThousand);
process.exit(isAllGood ? 0 : 1);
