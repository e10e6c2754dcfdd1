// The host functions of contracts once more, written from the protocol alone: a small world, prices,
// and the gas counter that comes as the last argument and goes as the last result.

import { isUtf8 } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import { blake2b256, keccak256, p256, secp256k1 } from "./crypto.mjs";

const STEPS_PER_GAS = 1000n;
const ADDRESS_SIZE = 32;
const KEY_SIZE_MAX = 256;
const ITERS_MAX = 64;
const VALUE_SIZE_MAX = 65536;
const LOG_SIZE_MAX = 4096;
const OUTPUT_SIZE_MAX = 262144;
const CREATE_STEPS = 50000n;

export const OUTCOME = { success: 0, reverted: 1, outOfGas: 2, trapped: 3, stackLimit: 4,
                         hostRejected: 6, noContract: 8, insufficientBalance: 11,
                         notAllowed: 12 };
const REJECT = { size: 1, pointer: 2, handle: 3, flag: 4, cap: 5 };
const CALL_VIEW = 1;
const CALL_REENTRY = 2;
const TRAP_ABORT = 9;

// Number, base price in gas, steps per byte of the parameters that are sizes.
const FUNCTIONS = {
    log: [1, 10, 20, [1]],
    get_balance: [2, 20],
    transfer: [3, 50],
    storage_read: [4, 15, 10, [1]],
    storage_write: [5, 30, 200, [1, 3]],
    storage_size: [6, 15],
    storage_delete: [7, 30],
    arg_count: [8, 1],
    arg_size: [9, 1],
    arg_read: [10, 2],
    return_data: [11, 2, 2, [1]],
    revert: [12, 2, 2, [2]],
    self_address: [13, 2],
    caller: [14, 2],
    origin: [15, 2],
    value: [16, 2],
    block_height: [17, 2],
    block_time: [18, 2],
    gas_left: [19, 2],
    chain_id: [20, 2],
    emit: [21, 30, 20, [1, 5]],
    call: [22, 20, 2, [2, 4]],
    deploy: [23, 120, 2, [2]],
    ret_size: [24, 2],
    ret_read: [25, 2],
    upgrade: [26, 100],
    set_admin: [27, 100],
    iter_open: [28, 30],
    iter_next: [29, 20],
    iter_close: [30, 1],
    sha256: [31, 5, 5, [1]],
    keccak256: [32, 5, 5, [1]],
    blake2b_256: [33, 5, 5, [1]],
    ed25519_verify: [34, 100, 5, [3]],
    secp256k1_verify: [35, 200],
    secp256k1_recover: [36, 300],
    p256_verify: [37, 400],
    abort: [38, 2],
};

export const hostNames = Object.keys(FUNCTIONS);

// What a host function throws to end the frame; the host's record says why.
export class Stop {}

const bytesOf = (hex) => Buffer.from(hex.slice(2), "hex");

// ---- signatures ----

// Points of order 1, 2, 4 and 8 in every encoding, the sign bit apart.
const SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

function isSmallOrder(key) {
    const positive = Buffer.from(key);
    positive[31] &= 0x7f;
    return SMALL_ORDER.includes(positive.toString("hex"));
}

function isSigned(key, signature, message) {
    if (isSmallOrder(key)) return false;
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
    try {
        return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }),
                      signature);
    } catch {
        return false; // no point of the curve
    }
}

// ---- the world ----

export class Host {
    constructor(world, isView, calls) {
        this.world = world;
        this.isView = isView;
        this.calls = calls; // counts by name
        this.memory = undefined; // the instance's, if it has one
        this.steps = 0n;
        this.end = null; // [outcome, detail] once a function has ended the frame
        this.accounts = new Map(world.accounts.map((each) => [each.address, BigInt(each.balance)]));
        this.slots = new Map(Object.entries(world.slots).map(
            ([key, value]) => [this.#name(Buffer.from(key)), Buffer.from(value)]));
        this.before = new Map([...this.accounts, ...this.slots]);
        this.written = new Set(); // names in order of first write
        this.iters = []; // by handle; undefined: free
        this.logs = Buffer.alloc(0);
        this.events = Buffer.alloc(0);
        this.eventCount = 0;
        this.eventDataUsed = 0;
        this.output = null;
        this.outputUsed = 0;
        this.revertCode = 0;
    }

    imports() {
        const env = {};
        for (const [name, [number, gas, byteSteps = 0, sizes = []]] of Object.entries(FUNCTIONS)) {
            env[name] = (...args) => {
                this.steps = args.pop();
                this.number = number;
                const bytes = sizes.reduce((sum, index) => sum + BigInt(args[index] >>> 0), 0n);
                this.#charge(BigInt(gas) * STEPS_PER_GAS + BigInt(byteSteps) * bytes);
                const values = args.map((arg) => typeof arg === "bigint" ? BigInt.asUintN(64, arg)
                                                                         : arg >>> 0);
                const result = this[name](...values);
                this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
                return result === undefined ? this.steps : [result, this.steps];
            };
        }
        return { env };
    }

    // All that changed, as it is now.
    changes() {
        const told = [];
        for (const name of this.written) {
            const isAccount = name.startsWith("0x");
            const now = (isAccount ? this.accounts : this.slots).get(name);
            const before = this.before.get(name);
            if (isAccount ? now === before : now?.toString("hex") === before?.toString("hex")) continue;
            told.push(isAccount ? { name, balance: now } : { name: name.slice(4), value: now });
        }
        return told;
    }

    // ---- helpers ----

    #name(key) {
        return "key " + key.toString("hex");
    }

    #stop(outcome, detail = 0) {
        this.end = [outcome, detail];
        throw new Stop();
    }

    #reject(reason) {
        this.#stop(OUTCOME.hostRejected, this.number * 256 + reason);
    }

    #charge(steps) {
        if (this.steps < steps) {
            this.steps = 0n;
            this.#stop(OUTCOME.outOfGas);
        }
        this.steps -= steps;
    }

    // A view of memory; the frame ends if it is not there.
    #range(pointer, size) {
        if (size === 0) return Buffer.alloc(0);
        const buffer = this.memory?.buffer ?? new ArrayBuffer(0);
        if (pointer + size > buffer.byteLength) this.#reject(REJECT.pointer);
        return Buffer.from(buffer, pointer, size);
    }

    #forbidInView() {
        if (this.isView) this.#stop(OUTCOME.notAllowed);
    }

    #setAccount(address, balance) {
        this.written.add(address);
        this.accounts.set(address, balance);
    }

    #appendLog(line) {
        if (this.logs.length + line.length + 4 > Number(this.world.logs_size_max)) {
            this.#reject(REJECT.cap);
        }
        const size = Buffer.alloc(4);
        size.writeUInt32LE(line.length);
        this.logs = Buffer.concat([this.logs, size, line]);
    }

    #setOutput(pointer, size) {
        if (size > OUTPUT_SIZE_MAX) this.#reject(REJECT.size);
        const data = this.#range(pointer, size);
        if (this.outputUsed + size > Number(this.world.output_size_max)) this.#reject(REJECT.cap);
        this.outputUsed += size;
        this.output = Buffer.from(data);
    }

    #putAddress(pointer, hex) {
        bytesOf(hex).copy(this.#range(pointer, ADDRESS_SIZE));
    }

    // ---- the functions ----

    log(pointer, size) {
        if (size > LOG_SIZE_MAX) this.#reject(REJECT.size);
        this.#appendLog(this.#range(pointer, size));
    }

    #stringSize(pointer) {
        if (pointer === 0) return 0;
        if (pointer < 4) this.#reject(REJECT.pointer);
        return this.#range(pointer - 4, 4).readUInt32LE();
    }

    // An unpaired surrogate and a last odd byte each become U+FFFD.
    #string(pointer, size) {
        const bytes = this.#range(pointer, size);
        const text = bytes.subarray(0, size - size % 2).toString("utf16le").toWellFormed();
        return text + (size % 2 === 1 ? "\ufffd" : "");
    }

    abort(message, file, line, column) {
        const sizes = [this.#stringSize(message), this.#stringSize(file)];
        this.#charge(BigInt(sizes[0] + sizes[1]) * 20n);
        if (sizes[0] + sizes[1] > LOG_SIZE_MAX) this.#reject(REJECT.size);
        this.#range(message, sizes[0]);
        this.#range(file, sizes[1]);
        const text = Buffer.from(`abort: ${this.#string(message, sizes[0])} at ` +
                                 `${this.#string(file, sizes[1])}:${line}:${column}`);
        if (text.length > LOG_SIZE_MAX) this.#reject(REJECT.size);
        this.#appendLog(text);
        this.#stop(OUTCOME.trapped, TRAP_ABORT);
    }

    get_balance(pointer, size) {
        const address = this.#range(pointer, size);
        if (size !== ADDRESS_SIZE) return 0n;
        return this.accounts.get("0x" + address.toString("hex")) ?? 0n;
    }

    transfer(fromPointer, fromSize, toPointer, toSize, amount) {
        const from = "0x" + this.#range(fromPointer, fromSize).toString("hex");
        const to = "0x" + this.#range(toPointer, toSize).toString("hex");
        this.#forbidInView();
        if (from !== this.world.self) return 2;
        if (toSize !== ADDRESS_SIZE || to === this.world.system) return 3;
        if (amount > this.accounts.get(from)) return 1;
        if (amount === 0n || from === to) return 0;
        if (!this.accounts.has(to)) this.#charge(CREATE_STEPS);
        this.#setAccount(from, this.accounts.get(from) - amount);
        this.#setAccount(to, (this.accounts.get(to) ?? 0n) + amount);
        return 0;
    }

    emit(namePointer, nameSize, topicsPointer, topicCount, dataPointer, dataSize) {
        this.#charge(BigInt(topicCount) * 640n);
        if (nameSize === 0 || nameSize > 64 || topicCount > 4 || dataSize > 16384) {
            this.#reject(REJECT.size);
        }
        const name = this.#range(namePointer, nameSize);
        const topics = this.#range(topicsPointer, 32 * topicCount);
        const data = this.#range(dataPointer, dataSize);
        if (!isUtf8(name)) this.#reject(REJECT.size);
        this.#forbidInView();
        if (this.eventCount === Number(this.world.events_max) ||
            this.eventDataUsed + dataSize > Number(this.world.event_data_max)) {
            this.#reject(REJECT.cap);
        }
        const u32 = (number) => {
            const bytes = Buffer.alloc(4);
            bytes.writeUInt32LE(number);
            return bytes;
        };
        this.events = Buffer.concat([this.events, bytesOf(this.world.self), u32(nameSize), name,
                                     u32(topicCount), topics, u32(dataSize), data]);
        this.eventCount++;
        this.eventDataUsed += dataSize;
    }

    // No account of this world has code, and the contract has no admin.
    call(addressPointer, namePointer, nameSize, argsPointer, argsSize, value, gas, flags) {
        if (flags > (CALL_VIEW | CALL_REENTRY)) this.#reject(REJECT.flag);
        const address = "0x" + this.#range(addressPointer, ADDRESS_SIZE).toString("hex");
        this.#range(namePointer, nameSize);
        this.#range(argsPointer, argsSize);
        if (value > 0n) this.#forbidInView();
        if ((flags & CALL_VIEW) !== 0 && value > 0n) return OUTCOME.notAllowed;
        if (address === this.world.self && (flags & CALL_REENTRY) === 0) return OUTCOME.notAllowed;
        if (value > this.accounts.get(this.world.self)) return OUTCOME.insufficientBalance;
        return OUTCOME.noContract;
    }

    deploy(hashPointer, argsPointer, argsSize, value, gas, pointer) {
        this.#range(hashPointer, 32);
        this.#range(argsPointer, argsSize);
        this.#range(pointer, ADDRESS_SIZE);
        this.#forbidInView();
        if (value > this.accounts.get(this.world.self)) return OUTCOME.insufficientBalance;
        return OUTCOME.noContract;
    }

    ret_size() {
        return 0;
    }

    ret_read(pointer, offset, size) {
        this.#range(pointer, size);
        return 0;
    }

    upgrade(hashPointer) {
        this.#range(hashPointer, 32);
        this.#forbidInView();
        return OUTCOME.notAllowed;
    }

    set_admin(pointer, size) {
        if (size !== 0 && size !== ADDRESS_SIZE) this.#reject(REJECT.size);
        this.#range(pointer, size);
        this.#forbidInView();
        return OUTCOME.notAllowed;
    }

    #isKeySize(size) {
        return size >= 1 && size <= KEY_SIZE_MAX;
    }

    storage_read(keyPointer, keySize, pointer, sizeMax) {
        if (!this.#isKeySize(keySize)) return -1;
        const key = this.#range(keyPointer, keySize);
        const place = this.#range(pointer, sizeMax);
        const value = this.slots.get(this.#name(key));
        if (value === undefined) return -1;
        const size = Math.min(value.length, sizeMax);
        this.#charge(BigInt(value.length) + 10n * BigInt(size));
        value.copy(place, 0, 0, size);
        return size;
    }

    storage_write(keyPointer, keySize, pointer, size) {
        if (!this.#isKeySize(keySize) || size > VALUE_SIZE_MAX) return 1;
        const name = this.#name(this.#range(keyPointer, keySize));
        const value = Buffer.from(this.#range(pointer, size));
        this.#forbidInView();
        if (!this.slots.has(name)) this.#charge(CREATE_STEPS);
        this.written.add(name);
        this.slots.set(name, value);
        return 0;
    }

    storage_size(keyPointer, keySize) {
        if (!this.#isKeySize(keySize)) return -1n;
        const value = this.slots.get(this.#name(this.#range(keyPointer, keySize)));
        if (value === undefined) return -1n;
        this.#charge(BigInt(value.length));
        return BigInt(value.length);
    }

    storage_delete(keyPointer, keySize) {
        if (!this.#isKeySize(keySize)) return 1;
        const name = this.#name(this.#range(keyPointer, keySize));
        this.#forbidInView();
        if (!this.slots.has(name)) return 1;
        this.written.add(name);
        this.slots.delete(name);
        return 0;
    }

    iter_open(pointer, size) {
        if (size > KEY_SIZE_MAX) this.#reject(REJECT.size);
        const prefix = this.#range(pointer, size).toString("hex");
        let handle = 0;
        while (this.iters[handle] !== undefined) handle++;
        if (handle === ITERS_MAX) this.#reject(REJECT.handle);
        this.iters[handle] = { prefix, last: "" };
        return handle;
    }

    // Hex digits are ordered as the bytes are; no key has none.
    iter_next(handle, keyPointer, keyMax, valuePointer, valueMax) {
        const places = [this.#range(keyPointer, keyMax), this.#range(valuePointer, valueMax)];
        const iter = this.iters[handle];
        if (iter === undefined) this.#reject(REJECT.handle);
        const isAhead = (key) => key.startsWith(iter.prefix) && key > iter.last;
        const keys = [...this.slots.keys()].map((name) => name.slice(4)).filter(isAhead).sort();
        const deleted = [...this.written].filter((name) => name.startsWith("key ") &&
            !this.slots.has(name) && isAhead(name.slice(4)) &&
            (keys.length === 0 || name.slice(4) < keys[0]));
        this.#charge(BigInt(deleted.length) * STEPS_PER_GAS);
        if (keys.length === 0) return -1n;
        const found = [Buffer.from(keys[0], "hex"), this.slots.get("key " + keys[0])];
        const copied = [found[0].subarray(0, keyMax), found[1].subarray(0, valueMax)];
        this.#charge(BigInt(copied[0].length + copied[1].length) * 10n);
        copied.forEach((bytes, i) => bytes.copy(places[i]));
        iter.last = keys[0];
        return (BigInt(found[0].length) << 32n) | BigInt(found[1].length);
    }

    iter_close(handle) {
        if (this.iters[handle] === undefined) this.#reject(REJECT.handle);
        this.iters[handle] = undefined;
    }

    arg_count() {
        return this.world.args.length;
    }

    arg_size(index) {
        return index < this.world.args.length ? Buffer.byteLength(this.world.args[index]) : -1;
    }

    arg_read(index, pointer, offset, size) {
        const place = this.#range(pointer, size);
        if (index >= this.world.args.length) return -1;
        const copied = Buffer.from(this.world.args[index]).subarray(offset).subarray(0, size);
        this.#charge(BigInt(copied.length));
        copied.copy(place);
        return copied.length;
    }

    return_data(pointer, size) {
        this.#setOutput(pointer, size);
    }

    revert(code, pointer, size) {
        this.#setOutput(pointer, size);
        this.revertCode = code;
        this.#stop(OUTCOME.reverted);
    }

    self_address(pointer) {
        this.#putAddress(pointer, this.world.self);
    }

    caller(pointer) {
        this.#putAddress(pointer, this.world.caller);
    }

    origin(pointer) {
        this.#putAddress(pointer, this.world.origin);
    }

    value() {
        return BigInt(this.world.value);
    }

    block_height() {
        return BigInt(this.world.height);
    }

    block_time() {
        return BigInt(this.world.time);
    }

    gas_left() {
        return this.steps / STEPS_PER_GAS;
    }

    chain_id(pointer, size) {
        const id = Buffer.from(this.world.chain_id);
        id.copy(this.#range(pointer, size));
        return id.length;
    }

    #putDigest(pointer, size, place, digest) {
        const message = this.#range(pointer, size);
        const output = this.#range(place, 32);
        digest(message).copy(output);
    }

    sha256(...args) {
        this.#putDigest(...args, (message) => createHash("sha256").update(message).digest());
    }

    keccak256(...args) {
        this.#putDigest(...args, keccak256);
    }

    blake2b_256(...args) {
        this.#putDigest(...args, blake2b256);
    }

    ed25519_verify(key, signature, pointer, size) {
        const parts = [this.#range(key, 32), this.#range(signature, 64), this.#range(pointer, size)];
        return isSigned(...parts) ? 1 : 0;
    }

    #verify(curve, key, signature, hash) {
        const parts = [this.#range(key, 33), this.#range(signature, 64), this.#range(hash, 32)];
        return curve.verify(...parts) ? 1 : 0;
    }

    secp256k1_verify(...args) {
        return this.#verify(secp256k1, ...args);
    }

    p256_verify(...args) {
        return this.#verify(p256, ...args);
    }

    secp256k1_recover(signature, hash, place) {
        const parts = [this.#range(signature, 65), this.#range(hash, 32)];
        const output = this.#range(place, 64);
        const key = secp256k1.recover(...parts);
        if (key === null) return 0;
        key.copy(output);
        return 1;
    }
}
