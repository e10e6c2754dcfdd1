#!/usr/bin/env python3
"""Contracts that call one another, on random chains: graphs.py [options]

For each seed tests/ledger_log makes a chain of 1,000 transactions, most of them calls whose frames
open others. The model judges what the first build prints; every build, with the engine's fast code
and with its plain code, must print the same to the byte: roots, receipts, gas and every frame. What
never came to pass was not compared, so there are counts to reach. Writes TAP.

    --first N           the first seed; 1
    --count N           how many seeds; 5
    --builds FOLDER...  which builds; $AUREON_BUILD_DIR, or build
    --progress FILE     remembers how far this came, to go on there; it is removed at the end
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TX_COUNT = 1000
JOBS = 2
CHUNK_SIZE = 1 << 20
MODES = (), ("--optimize",)

# What must have been met at least so often for every 1,000 transactions, on average.
OFTEN, SELDOM = 5, 0.4
WANTED = {
    **{f"call {outcome}": OFTEN for outcome in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)},
    **{f"deploy {outcome}": SELDOM for outcome in (0, 1, 2, 3, 4, 5, 6, 8, 10, 11)},
    **{f"frame {outcome}": OFTEN for outcome in (0, 1, 2, 3, 4, 6, 12)},
    **{f"depth {depth}": OFTEN for depth in range(1, 17)},
    **{f"rejected {reason}": SELDOM for reason in range(1, 6)},
    **{f"upgrade_self {outcome}": SELDOM for outcome in (0, 8, 12)},
    **{f"outcome upgrade {outcome}": SELDOM for outcome in (0, 12)},
    **{f"host {name}": SELDOM for name in (
        "log get_balance transfer storage_read storage_write storage_size storage_delete arg_count"
        " arg_size arg_read return_data revert self_address caller origin value block_height"
        " block_time gas_left chain_id emit call deploy ret_size ret_read upgrade set_admin"
        " iter_open iter_next iter_close sha256 keccak256 blake2b_256 abort").split()},
    "iter_next found": OFTEN, "iter_next passed": SELDOM, "traced": OFTEN,
}


def start(build, mode, seed):
    environment = {"ASAN_OPTIONS": "allocator_may_return_null=1", **os.environ}
    program = pathlib.Path(build) / "tests/ledger_log"
    return subprocess.Popen([program, "--graphs", *mode, str(seed), str(TX_COUNT)], cwd=ROOT,
                            stdout=subprocess.PIPE, env=environment)


def digest(build, mode, seed, sink=None):
    """The hash of what a build prints, which is written to sink as well."""
    hashed = hashlib.sha256()
    with start(build, mode, seed) as process:
        while chunk := process.stdout.read(CHUNK_SIZE):
            hashed.update(chunk)
            if sink:
                sink.write(chunk)
    return hashed.hexdigest() if process.returncode == 0 else f"exit {process.returncode}"


def judge(build, seed):
    """The hash of what the build prints, and the lines that the model prints of it."""
    model = [sys.executable, ROOT / "tests/model/ledger.py", "--count"]
    with subprocess.Popen(model, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            hashed = digest(build, MODES[0], seed, process.stdin)
            process.stdin.close()
        except BrokenPipeError:  # the model found a difference, and reads no further
            hashed = ""
        lines = process.stdout.read().decode().splitlines()
    return hashed, lines, process.returncode == 0


def examine(builds, seed):
    """What is wrong with a seed, as lines, and what came to pass."""
    first, lines, is_agreed = judge(builds[0], seed)
    if not is_agreed:
        return lines, {}
    wrong = []
    for build in builds:
        for mode in MODES:
            if (build, mode) == (builds[0], MODES[0]):
                continue
            other = digest(build, mode, seed)
            if other != first:
                wrong.append(f"{build} {' '.join(mode)} prints {other}, {builds[0]} {first}")
    counts = (line.rsplit(" ", 1) for line in lines[1:])
    return wrong, {what: int(number) for what, number in counts}


def read_progress(path):
    if path and path.exists():
        saved = json.loads(path.read_text())
        return saved["next"], collections.Counter(saved["counts"])
    return None, collections.Counter()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--builds", nargs="+",
                        default=[os.environ.get("AUREON_BUILD_DIR", "build")])
    parser.add_argument("--progress", type=pathlib.Path)
    args = parser.parse_args()

    end = args.first + args.count
    begin, tally = read_progress(args.progress)
    seeds = range(begin or args.first, end)
    has_failed = False
    print(f"1..{len(seeds) + 1}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = pool.map(lambda seed: examine(args.builds, seed), seeds)
        for number, (seed, (wrong, counts)) in enumerate(zip(seeds, results), start=1):
            print(f"{'not ok' if wrong else 'ok'} {number} - seed {seed}", flush=True)
            for line in wrong[:60]:
                print("#", line[:2000])
            has_failed = has_failed or bool(wrong)
            tally.update(counts)
            if args.progress and not has_failed:
                args.progress.write_text(json.dumps({"next": seed + 1, "counts": tally}))

    rare = [f"{what}: {tally[what]} times, not {least * args.count}"
            for what, least in WANTED.items() if tally[what] < least * args.count]
    if tally["not traced"]:
        rare.append(f"{tally['not traced']} traces are cut short")
    print(f"{'not ok' if rare else 'ok'} {len(seeds) + 1} - everything was met often enough")
    for line in rare:
        print("#", line)
    for what, count in sorted(tally.items()):
        print(f"# {what}: {count}")
    if args.progress and not has_failed:
        args.progress.unlink(missing_ok=True)
    return 1 if has_failed or rare else 0


if __name__ == "__main__":
    sys.exit(main())
