// Compares the sandbox with V8 on random modules: node differential.mjs COMMAND BUILD_DIR ...
//
//   test BUILD_DIR FIRST COUNT   batches FIRST .. FIRST + COUNT - 1 and the kept modules (TAP)
//   run BUILD_DIR STATE_DIR      batch after batch until stopped, on from where the last run stopped
//   repeat BUILD_DIR NAME...     modules by name, or files
//
// A batch is BATCH_SIZE contracts (contract-SEED, tests/differential/contract.h) and as many modules
// of wasm-smith (smith-BATCH-NUMBER). Each module runs in the optimising engine, in the plain one, in
// the model and in V8, which gets the instrumented module; how runs end and all that they leave
// behind must be equal. What no module had was not compared: the test counts instructions and ends.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { hostNames } from "./host.mjs";
import { compareModule } from "./v8_run.mjs";
import { countInstructions } from "./wasm.mjs";

const BATCH_SIZE = 250; // modules of each generator
const STACK_MIB = 128; // of V8: the metered stack must run out first
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CORPUS = join(ROOT, "tests/differential/corpus");

const newTally = () => ({ modules: 0, runs: 0, instructions: new Map(), ends: new Map(),
                          calls: new Map(), complaints: [] });

function addTally(sum, more) {
    sum.modules += more.modules;
    sum.runs += more.runs;
    sum.complaints.push(...more.complaints);
    for (const what of ["instructions", "ends", "calls"]) {
        for (const [key, count] of more[what]) sum[what].set(key, (sum[what].get(key) ?? 0) + count);
    }
}

// ---- the worker: one batch after the other ----

// Runs a program and gives its lines; it must end well.
async function* linesOf(program, args) {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const closed = new Promise((resolve) => {
        child.once("close", (status, signal) => resolve(signal ?? status));
        child.once("error", (error) => resolve(error.message));
    });
    yield* createInterface({ input: child.stdout, crlfDelay: Infinity });
    const status = await closed;
    if (status !== 0) throw new Error(`${program} ${args.slice(0, 3).join(" ")}: ended with ${status}`);
}

async function compareAll(buildDir, args, nameOf, tally) {
    let world;
    for await (const text of linesOf(join(buildDir, "tests/differential"), args)) {
        const line = JSON.parse(text);
        if (world === undefined) {
            world = line;
            continue;
        }
        const name = nameOf(line.name);
        tally.modules++;
        countInstructions(Buffer.from(line.code.slice(2), "hex"), tally.instructions);
        for (const complaint of compareModule(line, world, tally)) {
            tally.complaints.push({ name, complaint });
        }
    }
}

// Calls use(files) with COUNT modules of wasm-smith, from its number FIRST on.
async function withSmith(buildDir, seed, first, count, use) {
    const folder = mkdtempSync(join(workerData.folder, "smith-"));
    try {
        const args = ["smith", String(seed), String(first + count), folder, "--accepted",
                      "--imports", join(ROOT, "tests/tools/imports.wat")];
        for await (const line of linesOf(join(buildDir, "tests/aureon-testtools"), args)) {
            throw new Error(`aureon-testtools: ${line}`);
        }
        const numbers = Array.from({ length: count }, (_, i) => first + i);
        await use(numbers.map((number) => join(folder, `${seed}-${number}.wasm`)));
    } finally {
        rmSync(folder, { recursive: true });
    }
}

const smithName = (path) => "smith-" + path.split("/").at(-1).replace(".wasm", "");

async function compareBatch(buildDir, batch, tally) {
    const first = String(batch * BATCH_SIZE + 1);
    await compareAll(buildDir, ["contracts", first, String(BATCH_SIZE)], (name) => name, tally);
    await withSmith(buildDir, batch, 0, BATCH_SIZE, (files) =>
        compareAll(buildDir, ["files", ...files], smithName, tally));
}

async function compareNamed(buildDir, name, tally) {
    const [, seed] = /^contract-(\d+)$/.exec(name) ?? [];
    const [, batch, number] = /^smith-(\d+)-(\d+)$/.exec(name) ?? [];
    if (seed !== undefined) {
        await compareAll(buildDir, ["contracts", seed, "1"], () => name, tally);
    } else if (batch !== undefined) {
        await withSmith(buildDir, batch, Number(number), 1, (files) =>
            compareAll(buildDir, ["files", ...files], () => name, tally));
    } else {
        await compareAll(buildDir, ["files", name], () => name, tally);
    }
}

async function work({ buildDir }) {
    parentPort.on("message", async (job) => {
        const tally = newTally();
        try {
            if (typeof job === "number") await compareBatch(buildDir, job, tally);
            else await compareNamed(buildDir, job, tally);
        } catch (error) {
            tally.complaints.push({ name: typeof job === "number" ? `batch ${job}` : job,
                                    complaint: String(error.stack) });
        }
        parentPort.postMessage(tally);
    });
}

// ---- the main thread ----

// Gives the jobs to workers; calls done(job, tally) after each.
async function share(buildDir, jobs, done) {
    const folder = mkdtempSync(join(tmpdir(), "aureon-differential-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const iterator = jobs[Symbol.iterator]();
    const run = (worker) => new Promise((resolve, reject) => {
        let job;
        const next = () => {
            job = iterator.next();
            if (job.done) worker.terminate();
            else worker.postMessage(job.value);
        };
        worker.on("message", (tally) => {
            done(job.value, tally);
            next();
        });
        worker.once("error", reject);
        worker.once("exit", resolve);
        next();
    });
    const workers = Array.from({ length: Math.min(2, availableParallelism()) }, () =>
        new Worker(new URL(import.meta.url), { workerData: { buildDir, folder },
                                               resourceLimits: { stackSizeMb: STACK_MIB } }));
    await Promise.all(workers.map(run));
}

function print(complaints) {
    for (const { name, complaint } of complaints) {
        console.log(`# ${name}: ${complaint}`.replaceAll("\n", "\n# "));
        console.log(`#   again: tools/differential repeat ${name}`);
    }
}

// ---- what must have been seen ----

function acceptedInstructions() {
    const text = readFileSync(join(ROOT, "src/vm/opcode.def"), "utf8");
    const lines = text.matchAll(/^AU_OP(_FC)?\((\w+),\s*"([^"]+)"/gm);
    return new Map([...lines].map(([, isFc, number, name]) =>
        [Number(number) + (isFc === undefined ? 0 : 0xfc00), name]).filter(([op]) => op !== 0xfc));
}

// Ends that a contract of one frame can come to.
function possibleEnds() {
    const outcome = readFileSync(join(ROOT, "abi/outcome.def"), "utf8");
    const detail = readFileSync(join(ROOT, "abi/detail.def"), "utf8");
    const names = new Map([...outcome.matchAll(/^AU_OUTCOME\(\s*(\d+), \w+,\s*(\w+)/gm)]
        .map(([, number, name]) => [Number(number), name]));
    const ends = new Map([0, 1, 2, 4, 12].map((number) => [`${number}/0`, names.get(number)]));
    for (const [, number, , name] of detail.matchAll(/^AU_TRAP_DETAIL\((\d+), (\w+),\s*(\w+)/gm)) {
        ends.set(`3/${number}`, `trapped: ${name}`);
    }
    for (const [, number, , name] of detail.matchAll(/^AU_HOST_DETAIL\((\d+), (\w+),\s*(\w+)/gm)) {
        if (["size", "pointer", "cap"].includes(name)) ends.set(`6/${number}`, `host_rejected: ${name}`);
    }
    return ends;
}

// Prints a table; gives the names of what was seen less than min times.
function table(title, names, counts, min) {
    const rows = [...names].map(([key, name]) => [name, counts.get(key) ?? 0]);
    console.log(`# ${title}:`);
    for (let i = 0; i < rows.length; i += 3) {
        console.log("#   " + rows.slice(i, i + 3)
            .map(([name, count]) => `${name.padEnd(30)}${String(count).padStart(9)}`).join("   "));
    }
    return rows.filter(([, count]) => count < min).map(([name, count]) => `${name}: ${count} times`);
}

// ---- commands ----

async function test(buildDir, first, count) {
    let number = 0;
    let isGood = true;
    const report = (isOk, name, notes = []) => {
        isGood &&= isOk;
        console.log(`${isOk ? "ok" : "not ok"} ${++number} - ${name}`);
        for (const note of notes) console.log(`# ${note}`);
    };
    const kept = readdirSync(CORPUS).map((name) => join(CORPUS, name));
    const sum = newTally();
    console.log(`1..${kept.length + 5}`);
    await share(buildDir, kept, (path, tally) => {
        report(tally.complaints.length === 0 && tally.runs > 0, path.slice(ROOT.length));
        print(tally.complaints);
    });
    await share(buildDir, Array.from({ length: count }, (_, i) => first + i),
                (_, tally) => addTally(sum, tally));
    print(sum.complaints);
    const wanted = 2 * BATCH_SIZE * count;
    report(sum.complaints.length === 0, `${sum.runs} runs agree`);
    report(sum.modules === wanted, `of ${sum.modules} modules`);
    const min = Math.max(1, Math.floor(wanted / 1000)); // of anything
    const rare = (title, names, counts) => {
        const missing = table(title, names, counts, min);
        report(missing.length === 0, `all were seen at least ${min} times: ${title}`, missing);
    };
    rare("instructions", acceptedInstructions(), sum.instructions);
    rare("ends of runs", possibleEnds(), sum.ends);
    rare("host functions that gave a result", new Map(hostNames.filter(
        (name) => name !== "revert" && name !== "abort").map((name) => [name, name])), sum.calls);
    return isGood;
}

async function run(buildDir, stateDir) {
    const statePath = join(stateDir, "next-batch");
    let first = 0;
    try {
        first = Number(readFileSync(statePath, "utf8"));
    } catch {} // the first run
    const finished = new Set();
    const findings = join(stateDir, "disagreements");
    function* batches() {
        for (let batch = first;; batch++) yield batch;
    }
    await share(buildDir, batches(), (batch, tally) => {
        print(tally.complaints);
        for (const { name, complaint } of tally.complaints) {
            writeFileSync(findings, `${name}: ${complaint}\n`, { flag: "a" });
        }
        finished.add(batch);
        while (finished.delete(first)) first++;
        writeFileSync(statePath, `${first}\n`);
        console.log(`batch ${batch}: ${tally.modules} modules, ${tally.runs} runs, ` +
                    `${tally.complaints.length} disagreements`);
    });
    return true;
}

async function repeat(buildDir, names) {
    let isGood = true;
    await share(buildDir, names, (name, tally) => {
        print(tally.complaints);
        isGood &&= tally.complaints.length === 0 && tally.runs > 0;
        console.log(`${name}: ${tally.runs} runs, ${tally.complaints.length} disagreements`);
    });
    return isGood;
}

if (isMainThread) {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
    const [command, buildDir, ...rest] = process.argv.slice(2);
    const commands = {
        test: () => test(buildDir, Number(rest[0]), Number(rest[1])),
        run: () => run(buildDir, rest[0]),
        repeat: () => repeat(buildDir, rest),
    };
    process.exitCode = await commands[command]() ? 0 : 1;
} else {
    await work(workerData);
}
