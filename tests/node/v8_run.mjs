// Runs instrumented modules in V8 and compares with what both engines of the sandbox say of the same
// runs (a line of tests/differential/run.h).

import { createHash } from "node:crypto";

import { Host, OUTCOME, Stop } from "./host.mjs";
import { canonicalNans } from "./wasm.mjs";

const PAGE_SIZE = 65536;
const BRIEF_SIZE_MAX = 64;
const GLOBAL_STEPS = 10n; // to read one
const GROW_REFUSED = -(2 ** 31);

// What V8 says, and the details of outcome trapped that it may stand for.
const TRAPS = new Map(Object.entries({
    "unreachable": [1],
    "divide by zero": [2],
    "remainder by zero": [2],
    "divide result unrepresentable": [3],
    "float unrepresentable in integer range": [3, 4],
    "memory access out of bounds": [5],
    "table index is out of bounds": [6],
    "null function or function signature mismatch": [7, 8],
}));

const hex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const brief = (bytes) => hex(bytes.length > BRIEF_SIZE_MAX ? sha256(bytes) : bytes);

// ---- values ----

// Bits of NaNs do not survive the way through JavaScript.
function plainValue(text, type) {
    const bytes = Buffer.from(text.slice(2), "hex");
    if (type === "f32" && Number.isNaN(bytes.readFloatLE())) return "nan";
    if (type === "f64" && Number.isNaN(bytes.readDoubleLE())) return "nan";
    return text;
}

function hexOf(value, type) {
    const bytes = Buffer.alloc(type.endsWith("64") ? 8 : 4);
    if (type === "i32") bytes.writeInt32LE(value);
    if (type === "i64") bytes.writeBigInt64LE(value);
    if (type === "f32") bytes.writeFloatLE(value);
    if (type === "f64") bytes.writeDoubleLE(value);
    return hex(bytes);
}

function valueOf(text, type) {
    const bytes = Buffer.from(text.slice(2), "hex");
    if (type === "i32") return bytes.readInt32LE();
    if (type === "i64") return bytes.readBigInt64LE();
    return type === "f32" ? bytes.readFloatLE() : bytes.readDoubleLE();
}

// ---- a run ----

const ZEROS = Buffer.alloc(PAGE_SIZE);

function memoryOf(memory) {
    const bytes = Buffer.from(memory?.buffer ?? new ArrayBuffer(0));
    const hash = createHash("sha256");
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
        const page = bytes.subarray(at, at + PAGE_SIZE);
        if (page.equals(ZEROS)) continue;
        const number = Buffer.alloc(4);
        number.writeUInt32LE(at / PAGE_SIZE);
        hash.update(number).update(page);
    }
    return { pages: bytes.length / PAGE_SIZE, memory: hex(hash.digest()) };
}

// How the frame ended, in the order of what outranks what.
function verdict(host, exports, thrown) {
    if (host.end !== null) {
        return { outcome: host.end[0], details: [host.end[1]], steps: host.steps };
    }
    const steps = exports.__aureon_gas.value;
    if (steps < 0n) return { outcome: OUTCOME.outOfGas, details: [0], steps: 0n };
    if (thrown === null) return { outcome: OUTCOME.success, details: [0], steps };
    const units = exports.__aureon_stack.value;
    if (units === GROW_REFUSED) throw new Error("V8 refused to grow a memory");
    if (units < 0) return { outcome: OUTCOME.stackLimit, details: [0], steps };
    const details = TRAPS.get(thrown.message);
    if (details === undefined) throw thrown;
    return { outcome: OUTCOME.trapped, details, steps };
}

function call(host, exports, run) {
    const args = run.args.map((text, i) => valueOf(text, run.params[i]));
    try {
        exports.__aureon_start?.();
        const result = exports[run.function](...args);
        if (run.result_types.length === 0) return { results: [], thrown: null };
        return { results: run.result_types.length === 1 ? [result] : [...result], thrown: null };
    } catch (error) {
        if (!(error instanceof Stop || error instanceof WebAssembly.RuntimeError)) throw error;
        return { results: [], thrown: error };
    }
}

function globalsOf(exports, types) {
    return types.map((type, i) => {
        exports.__aureon_gas.value = GLOBAL_STEPS;
        return plainValue(hexOf(exports[`global ${i}`](), type), type);
    });
}

function told(change) {
    if (change.balance !== undefined) return [change.name, String(change.balance)];
    return ["0x" + change.name, change.value === undefined ? null : brief(change.value)];
}

// The end of a run, with all details that its trap may stand for.
function runInV8(module, line, run, world, calls) {
    const host = new Host(world, run.is_view, calls);
    const instance = new WebAssembly.Instance(module, host.imports());
    const exports = instance.exports;
    host.memory = exports.__aureon_mem;
    exports.__aureon_gas.value = BigInt(run.limit);
    const { results, thrown } = call(host, exports, run);
    const { outcome, details, steps } = verdict(host, exports, thrown);
    const end = {
        outcome,
        detail: details,
        steps_left: String(steps),
        logs: brief(host.logs),
        events: brief(host.events),
        output: host.output === null ? null : brief(host.output),
        revert_code: host.revertCode,
        changes: host.changes().map(told),
        ...memoryOf(host.memory),
    };
    if (outcome === OUTCOME.success) {
        end.results = results.map((value, i) => {
            const type = run.result_types[i];
            return plainValue(hexOf(value, type), type);
        });
        end.globals = globalsOf(exports, line.global_types);
    }
    return end;
}

// What the sandbox says, in the form of runInV8.
function ownEnd(line, run, theirs) {
    const end = { ...run.end };
    if (theirs.detail.includes(end.detail)) end.detail = theirs.detail;
    end.results &&= end.results.map((value, i) => plainValue(value, run.result_types[i]));
    end.globals &&= end.globals.map((value, i) => plainValue(value, line.global_types[i]));
    return end;
}

// ---- a module ----

function differences(ours, theirs) {
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
        .filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]))
        .map((key) => `${key}: the sandbox has ${JSON.stringify(ours[key])}, ` +
                      `the other ${JSON.stringify(theirs[key])}`);
}

// What the sandbox's own others say, if they say something else. The model stops before the block that
// is not covered, engines at their next test: memory may differ then, and is dropped anyway.
const OTHERS = {
    plain_end: "without optimisation",
    traced_end: "the traced form",
    model_end: "the model",
};

function otherDifferences(end, other) {
    if (other === undefined) return [];
    const { pages, memory } = end;
    const isOutOfGas = end.outcome === OUTCOME.outOfGas && other.outcome === OUTCOME.outOfGas;
    return differences(end, isOutOfGas ? { ...other, pages, memory } : other);
}

function compareRun(module, line, run, world, tally) {
    const what = `${run.function}(${run.args.join(", ")}) with ${run.limit} steps` +
                 (run.is_view ? " in a view" : "");
    const complaints = [];
    for (const [key, name] of Object.entries(OTHERS)) {
        complaints.push(...otherDifferences(run.end, run[key])
            .map((text) => `${what}: ${name}: ${text}`));
    }
    tally.runs++;
    if (run.end.fault !== undefined) return [...complaints, `${what}: the engine: ${run.end.fault}`];
    try {
        const theirs = runInV8(module, line, run, world, tally.calls);
        complaints.push(...differences(ownEnd(line, run, theirs), theirs)
            .map((text) => `${what}: V8: ${text}`));
    } catch (error) {
        complaints.push(`${what}: V8: ${error}`);
    }
    const { outcome, detail } = run.end;
    const kind = `${outcome}/${outcome === OUTCOME.hostRejected ? detail % 256 : detail}`;
    tally.ends.set(kind, (tally.ends.get(kind) ?? 0) + 1);
    return complaints;
}

// Compares all runs of a line; gives what differs as text. tally counts what happened.
export function compareModule(line, world, tally) {
    if (line.refused !== undefined) return [`refused: ${line.refused}`];
    const prepared = Buffer.from(line.prepared.slice(2), "hex");
    const module = new WebAssembly.Module(canonicalNans(prepared));
    return line.runs.flatMap((run) => compareRun(module, line, run, world, tally));
}
