"""Seeds of the fuzz targets, made by compilers and encoders: make(name, tools, folder) writes
candidates for a target; `tools/fuzz seeds` keeps those that reach something of their own."""

import ctypes
import ctypes.util
import hashlib
import itertools
import json
import pathlib
import random
import re
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLANG = ("clang --target=wasm32 -mcpu=mvp -msign-ext -mbulk-memory -std=c17 -ffreestanding -nostdlib"
         " -Wl,--no-entry -Wl,--export-dynamic -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=8192").split()


class Writer:
    """Files of a folder, numbered."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def path(self):
        self.count += 1
        return self.folder / f"{self.count:05}"

    def put(self, data):
        self.path().write_bytes(data)


# ---- module: compilers, the text format, the specification's scripts, random modules -----------

def try_run(*words, **how):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, **how)
    if done.returncode != 0:
        print(f"seeds: {words[0]}: {done.stderr.strip()[:300]}")
    return done.returncode == 0


def compile_c(out):
    sources = sorted([*ROOT.glob("contracts/*/*.c"), *ROOT.glob("tests/contracts/*.c"),
                      *ROOT.glob("fuzz/seeds/*.c")])
    for source, level in itertools.product(sources, ("-O0", "-O2", "-Oz")):
        try_run(*CLANG, level, f"-I{ROOT}/sdk/c", f"-I{ROOT}", "-o", out.path(), source)


def compile_assemblyscript(out):
    node = subprocess.run([ROOT / "tools/node"], capture_output=True, text=True)
    modules = subprocess.run([ROOT / "tools/node", "--modules"], capture_output=True, text=True)
    if node.returncode or modules.returncode:
        print("seeds: no AssemblyScript: " + (node.stderr + modules.stderr).strip()[-300:])
        return
    asc = pathlib.Path(modules.stdout.strip()) / "assemblyscript/bin/asc.js"
    flags = ([], ["-O3"], ["-Oz", "--runtime", "stub"])
    for source, more in itertools.product(sorted(ROOT.glob("fuzz/seeds/*.ts")), flags):
        try_run(pathlib.Path(node.stdout.strip()) / "node", asc, source.relative_to(ROOT), "--outFile",
                out.path(), *more, cwd=ROOT)


def make_module(out, tools):
    compile_c(out)
    compile_assemblyscript(out)
    for text in sorted(ROOT.glob("**/*.wat")):
        if "build" not in text.relative_to(ROOT).parts[:1]:
            try_run(tools["wat"], text, out.path())
    for kind in ((), ("--accepted",), ("--accepted", "--imports", ROOT / "tests/tools/imports.wat")):
        folder = out.path()
        try_run(tools["testtools"], "smith", 7, 200, folder, *kind)
        for module in sorted(folder.glob("*.wasm")):
            module.rename(out.path())
        folder.rmdir()
    for module in sorted(tools["spec"].glob("**/*.wasm")):
        out.put(module.read_bytes())


# ---- instrument: contracts by their seed, with and without changed bytes, and small modules -----

def make_instrument(out, tools):
    dice = random.Random(1)
    for seed in range(200):
        edits = [dice.randrange(1 << 24).to_bytes(3, "little") + bytes([1 << dice.randrange(8)])
                 for _ in range(dice.randrange(5))]
        out.put(struct.pack("<I", seed) + b"".join(edits))
    for text in sorted(ROOT.glob("**/*.wat")):
        if "build" not in text.relative_to(ROOT).parts[:1]:
            try_run(tools["wat"], text, out.path())
    folder = out.path()
    try_run(tools["testtools"], "smith", 8, 200, folder, "--accepted")
    for module in sorted(folder.glob("*.wasm")):
        module.rename(out.path())
    folder.rmdir()


# ---- bind ----------------------------------------------------------------------------------------

def bind_arg(data):
    return bytes([len(data)]) + data


def make_bind(out, tools):
    words = [b"", b"\x01", struct.pack("<I", 7), struct.pack("<q", -5), b"hello", b"x" * 33]
    for contract, function in itertools.product(range(6), range(0, 90, 3)):
        for args in ([], words[2:3], words[3:4], words[2:4], [words[4]], [words[4], words[3]],
                     [words[3]] * 3, words, [words[4]] * 16, [words[3]] * 32):
            head = bytes([contract, 0, function, 4])
            out.put(head + b"".join(map(bind_arg, args)))
    for name, gas, contract in itertools.product(
            (b"", b"init", b"migrate", b"__x", b"_", b"run", b"a-b", b"a" * 64, b"a" * 65, b"\xff",
             b"I", b"v", b"Ii", b"iI", b"IiI", b"Iii"),
            (bytes([n]) for n in range(8)), range(6)):
        out.put(bytes([contract, 1, len(name)]) + name + gas + bind_arg(words[2]))
    for flags, value in itertools.product((2, 6, 8, 10), (0, 1, 1000, 1001, 65535)):
        size = 8 if flags & 4 else 2
        out.put(bytes([0, flags | 1, 4]) + b"init\x04" + value.to_bytes(size, "little"))
    for contract, choice, extra in itertools.product((0, 3, 4, 5), range(64, 80), (b"", b"\x41")):
        out.put(bytes([contract, 1, 3]) + b"Iii" + b"\x04" + bytes([choice]) + extra)
    for gas in (0, 1, 20, 100, 10039, 10040, 10050, 10100, 40000, 65535):
        for contract in (0, 3):
            out.put(bytes([contract, 1, 3]) + b"Iii" + b"\x50" + struct.pack("<H", gas) + b"\x02ab")
    out.put(bytes([0, 1, 4]) + b"init" + b"\x04" + b"\x01a" * 69)


# ---- host ----------------------------------------------------------------------------------------

def host_functions():
    text = (ROOT / "abi/host.def").read_text()
    return [(m[1], m[2]) for m in re.finditer(r'^AU_HOST\(\s*\d+, (\w+),\s*"(\w*)"', text, re.M)]


LAST = object()  # the last call's result


def number(value):
    if value is LAST:
        return b"\xf8"
    if 0 <= value < 128:
        return bytes([value])
    if value % 1024 == 0 and 0 < value < 65536:
        return bytes([128 + value // 1024])
    if 0 <= value < 1 << 16:
        return b"\xc0" + struct.pack("<H", value)
    if 0 <= value < 1 << 32:
        return b"\xe0" + struct.pack("<I", value)
    return b"\xf0" + struct.pack("<Q", value & (1 << 64) - 1)


# Operations of puppets behind the host functions (tests/support/puppet.h).
PUPPET_OPS = ("end", "unreachable", "divide", "spin", "sink", "store", "skip", "skip_if")


def host_program(calls):
    names = host_functions()
    indices = {name: (i, params) for i, (name, params) in enumerate(names)}
    counts = (0, 0, 1, 0, 0, 2, 1, 1)
    indices.update({name: (len(names) + i, "i" * counts[i]) for i, name in enumerate(PUPPET_OPS)})
    program = b""
    for name, *args in calls:
        index, params = indices[name]
        assert len(args) == len(params), name
        program += bytes([index]) + b"".join(map(number, args))
    return program


SELF, CALLER, KEY = (16, 8), (25, 6), (32, 3)  # in the contract's memory
HOST_PROGRAMS = [
    [("log", *SELF), ("log", 0, 4096), ("log", 0, 4097), ("log", 0, 0)],
    [("log", 65535, 2)],
    [("log", 0, 4096)] * 17,
    [("get_balance", *SELF), ("get_balance", 0, 0), ("get_balance", 0, 65), ("get_balance", 0, 32)],
    [("get_balance", 65536, 8)],
    [("transfer", *SELF, *CALLER, 10), ("transfer", *SELF, *SELF, 10), ("transfer", *SELF, 64, 32, 1)],
    [("transfer", *SELF, *CALLER, 1 << 40), ("transfer", *CALLER, *SELF, 1),
     ("transfer", *SELF, 0, 0, 1), ("transfer", *SELF, 100, 5, 0), ("transfer", *SELF, *CALLER, LAST)],
    [("transfer", *SELF, 65535, 6, 10)],
    [("transfer", 70000, 8, *SELF, 10)],
    [("self_address", 64), ("transfer", 64, 32, *CALLER, 3), ("get_balance", 64, 32)],
    [("storage_read", *KEY, 64, 100), ("storage_size", *KEY), ("storage_delete", *KEY),
     ("storage_read", *KEY, 64, 100), ("storage_size", *KEY), ("storage_delete", *KEY)],
    [("storage_write", *KEY, 64, 100), ("storage_write", *KEY, 64, 50),
     ("storage_write", *KEY, 64, 0), ("storage_write", 0, 256, 0, 4096), ("storage_read", *KEY, 0, 0)],
    [("storage_write", 0, 257, 0, 1), ("storage_write", 0, 0, 0, 1),
     ("storage_write", *KEY, 0, 65537), ("storage_read", 0, 257, 0, 1), ("storage_size", 0, 300),
     ("storage_delete", 0, 0)],
    [("storage_write", 0, 100 + i, 0, 8) for i in range(12)],
    [("storage_write", *KEY, 0, 65536)],
    [("storage_write", *KEY, 65000, 1000)],
    [("storage_read", *KEY, 65530, 100)],
    [("storage_read", 65535, 3, 0, 1)],
    [("storage_size", 65535, 3)],
    [("storage_delete", 65535, 3)],
    [("storage_write", 20 + i, 4, 0, 8) for i in range(4)] +
    [("iter_open", 0, 0)] + [("iter_next", 0, 256, 256, 512, 64)] * 3 +
    [("storage_delete", *KEY), ("iter_open", 0, 0), ("iter_next", 1, 0, 0, 0, 0),
     ("iter_close", 0), ("iter_close", 1)],
    [("iter_open", 0, 256), ("iter_next", 0, 65530, 10, 0, 0)],
    [("iter_open", *KEY)] * 65,
    [("iter_open", 65535, 2)],
    [("iter_open", 0, 257)],
    [("iter_next", 0, 0, 0, 0, 0)],
    [("iter_close", 64)],
    [("arg_count",), ("arg_size", 0), ("arg_size", 1), ("arg_size", 2), ("arg_size", 1 << 31)],
    [("arg_read", 0, 64, 0, 100), ("arg_read", 1, 64, 2, 100), ("arg_read", 9, 0, 0, 1),
     ("arg_read", 0, 64, 5000, 10), ("arg_read", 0, 0, 0, 0)],
    [("arg_read", 0, 65530, 0, 100)],
    [("return_data", 0, 100), ("return_data", *KEY), ("return_data", 0, 0)],
    [("return_data", 0, 65535)] * 5,
    [("return_data", 0, 300000)],
    [("return_data", 65000, 1000)],
    [("revert", 7, *SELF)],
    [("revert", 1 << 31, 0, 0)],
    [("storage_write", *KEY, 0, 1), ("transfer", *SELF, *CALLER, 1), ("revert", 7, 65536, 1)],
    [("self_address", 64), ("caller", 96), ("origin", 128), ("log", 64, 96)],
    [("self_address", 65505)],
    [("caller", 65505)],
    [("origin", -1)],
    [("value",), ("block_height",), ("block_time",), ("gas_left",), ("return_data", 0, 8)],
    [("chain_id", 64, 10), ("chain_id", 64, 100), ("chain_id", 0, 0), ("log", 64, 8)],
    [("chain_id", 65530, 10)],
    [("sha256", 0, 64, 64), ("sha256", 0, 0, 64), ("sha256", 64, 32, 64), ("return_data", 64, 32)],
    [("sha256", 0, 64, 65505)],
    [("sha256", 65505, 64, 0)],
    [("ed25519_verify", 0, 64, 0, 8), ("ed25519_verify", 64, 64, 64, 0)],
    [("ed25519_verify", 65505, 64, 0, 8)],
    [("ed25519_verify", 0, 65480, 0, 8)],
    [("ed25519_verify", 0, 0, 65535, 8)],
    [("keccak256", 0, 136, 64), ("blake2b_256", 0, 128, 96), ("return_data", 64, 64)],
    [("keccak256", 0, 64, 65505)],
    [("blake2b_256", 65505, 64, 0)],
    [("secp256k1_verify", 0, 64, 128), ("p256_verify", 0, 64, 128)],
    [("secp256k1_verify", 65504, 64, 128)],
    [("p256_verify", 0, 64, 65505)],
    [("secp256k1_recover", 0, 64, 128), ("return_data", 128, 64)],
    [("secp256k1_recover", 0, 64, 65473)],
    [("self_address", 128), ("storage_write", *KEY, 0, 4),
     ("call", 128, 64, 3, 0, 4, 0, 0, 2), ("ret_size",), ("ret_read", 256, 0, 64)],
    [("self_address", 128), ("call", 128, 64, 3, 0, 4, 0, 0, 0), ("log", 0, 8)],
    [("self_address", 128), ("call", 128, 64, 3, 0, 4, 1, 100, 3), ("log", 0, 8)],
    [("call", 128, 64, 3, 0, 4, 9999, 0, 0), ("log", 0, 8)],
    [("call", 128, 64, 3, 0, 4, 0, 0, 4)],
    [("call", 65505, 64, 3, 0, 4, 0, 0, 0)],
    [("call", 128, 64, 3, 65530, 100, 0, 0, 0)],
    [("deploy", 128, 0, 4, 0, 0, 256), ("deploy", 128, 0, 4, 99999, 0, 256), ("log", 0, 8)],
    [("deploy", 128, 0, 4, 0, 0, 65505)],
    [("ret_read", 65530, 0, 100)],
    [("upgrade", 128), ("set_admin", *SELF), ("set_admin", 0, 0)],
    [("upgrade", 65505)],
    [("set_admin", 0, 65)],
    [("set_admin", 65530, 64)],
    [("emit", *KEY, 0, 4, 0, 64), ("emit", 0, 1, 0, 0, 0, 0), ("log", 0, 8)],
    [("emit", 0, 65, 0, 0, 0, 0)],
    [("emit", 0, 1, 65505, 1, 0, 0)],
    [("emit", 0, 1, 0, 5, 0, 0)],
    [("emit", 0, 1, 0, 0, 65530, 64)],
    [("abort", 0, 0, 1, 2)],
    [("abort", 64, 64, 3, 4)],
    [("abort", 2, 65540, 1, 2)],
    [("abort", 65534, 0, 1, 2)],
    [("log", *SELF), ("arg_read", 1, 64, 0, 40), ("abort", 68, 0, 12, 4)],
]


def host_header(flags, gas, value=b"stored", arg=b"", chain=b""):
    head = bytes([flags, gas])
    for field in (value, chain):
        head += bytes([len(field)]) + field
    return head + (bytes([len(arg)]) + arg if flags % 4 != 3 else b"")


def make_host(out, tools):
    utf16 = struct.pack("<I", 12) + "failed".encode("utf-16-le")
    for calls, flags, gas in itertools.product(HOST_PROGRAMS, (0, 1, 2, 5, 17, 49), (4, 1)):
        out.put(host_header(flags, gas, arg=utf16, chain=b"aureon") + host_program(calls))
    # RFC 8032, section 7.1, test 1: key and signature of the empty message.
    signed = bytes.fromhex(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b")
    out.put(host_header(0, 4, value=signed) + host_program(
        [("storage_read", *KEY, 64, 96), ("ed25519_verify", 64, 96, 0, 0), ("return_data", 0, 8)]))
    for index, (_, params) in enumerate(host_functions()):
        for value in (0, 1, 8, 32, 4096, 1 << 31, -1):
            args = b"".join(struct.pack("<q", value) for _ in params)
            out.put(host_header(3, 4) + bytes([index]) + args)


# ---- frames --------------------------------------------------------------------------------------

# In the memory of the target's contracts.
CONTRACTS = range(512, 640, 32)
PERSON, NOBODY = 640, 672
CODES = range(704, 832, 32)
WORDS = {"run": (832, 3), "init": (835, 4), "migrate": (839, 7), "take": (846, 4)}
KEYS = ((850, 2), (852, 2), (854, 3), (850, 1), (0, 0))
NO_ARGS = (857, 4)
PROGRAM = 32768
OWN_ADDRESS, MADE = 64, 96


class FramesProgram:
    """A program that may carry others: their bytes are passed over, and found at their place."""

    def __init__(self):
        self.bytes = b""

    def add(self, *calls):
        self.bytes += host_program(calls)

    def carry(self, data):
        self.add(("skip", len(data)))
        self.bytes += data
        return PROGRAM + len(self.bytes) - len(data), len(data)

    def args(self, inner):
        return self.carry(struct.pack("<II", 1, len(inner)) + inner)


def random_action(program, rng, depth):
    key, flags = rng.choice(KEYS), rng.choice((0, 2, 2, 2, 1, 3))
    args = program.args(random_frames(rng, depth - 1)) if depth and rng.random() < 0.5 else NO_ARGS
    value, gas = rng.choice((0, 0, 0, 5, 5000)), rng.choice((0, 0, 200, 1000))
    word = WORDS["run"] if rng.random() < 0.8 else rng.choice(list(WORDS.values()))
    target = rng.choice([*CONTRACTS, *CONTRACTS, PERSON, NOBODY, MADE])
    actions = (
        [("storage_write", *key, rng.randrange(600), rng.choice((0, 1, 40)))],
        [("storage_delete", *key)], [("storage_read", *key, 1024, 100)], [("storage_size", *key)],
        [("self_address", OWN_ADDRESS), ("transfer", OWN_ADDRESS, 32, target, 32, value)],
        [("emit", 832, 3, 512, rng.randrange(5), 0, 8)], [("log", 832, 20)],
        [("iter_open", *key)], [("iter_next", 0, 1024, 256, 1280, 64)] * 2, [("iter_close", 0)],
        [("call", target, *word, *args, value, gas, flags), ("ret_size",),
         ("ret_read", 1024, 0, 64)],
        [("call", target, *word, *args, value, gas, flags), ("skip_if", 1), ("end",)],
        [("deploy", rng.choice([*CODES, NOBODY]), *args, value, gas, MADE)],
        [("upgrade", rng.choice(CODES))],
        [("set_admin", target, rng.choice((0, 32)))], [("return_data", 832, 20)],
        [("gas_left",), ("value",), ("caller", OWN_ADDRESS), ("get_balance", target, 32)],
    )
    program.add(*rng.choice(actions))


def random_frames(rng, depth):
    program = FramesProgram()
    for _ in range(rng.randrange(6)):
        random_action(program, rng, depth)
    ends = ([("revert", 5, 832, 3)], [("unreachable",)], [("divide", 0)], [("spin",)], [("sink",)],
            [("abort", 0, 0, 1, 2)], [("log", 0, 5000)], [("iter_next", 70, 0, 0, 0, 0)])
    if rng.random() < 0.3:
        program.add(*rng.choice(ends))
    program.add(("end",))
    return program.bytes


def repeating_frames(size):
    """A program of so many bytes that calls its own contract with itself as the argument."""
    program = FramesProgram()
    program.add(("self_address", OWN_ADDRESS), ("storage_write", *KEYS[0], 0, 8),
                ("store", PROGRAM - 8, 1), ("store", PROGRAM - 4, size),
                ("call", OWN_ADDRESS, *WORDS["run"], PROGRAM - 8, size + 8, 1, 0, 2), ("end",))
    return program.bytes.ljust(size, b"\0")


def make_frames(out, tools):
    rng = random.Random(7)
    for _ in range(4000):
        flags, gas = rng.choice((0, 0, 8, 4, 16, 24)) | rng.randrange(4), rng.choice((0, 0, 1, 2, 5))
        out.put(bytes([flags, gas]) + random_frames(rng, 4))
    for contract in range(4):
        out.put(bytes([contract, 0]) + repeating_frames(100))
    out.put(bytes([0, 0]) + host_program([("iter_open", 0, 0)] * 65))


# ---- cli -----------------------------------------------------------------------------------------

CLI_LINES = """
|--help|-h|--version|-V|help|version|run|check|halp|chekc|x|version --json|version --jsn|version x
help run|help check|help json|help arguments|help storage|help exit-codes|help rum|help storge|help q
help --markdown|help --markdown run|help run check|help --help|run --help|check -h|run -- --help
check %b|check %t|check %w|check %y|check %z|check %e|check nowhere|check . --json|check %b --json
check %w --json|check %y --json|check|check %b %t|check --jso %b|check --json=1 %b|check -x|check -5
check -- %b|check --json --json %b|check --json=x
run %b add|run %t add --json|run %b add --storage %s|run %b add --storage %s --json
run %b log|run %b log --json|run %b revert|run %b revert --json|run %b trap|run %b trap --json
run %b number|run %b number --json|run %b small u32:7|run %b small u32:7 --json|run %b small i32:-1
run %b small 5|run %b small|run %b small str:abcd|run %b small 0x01020304|run %b loop --gas 100
run %b loop --gas=5 --json|run %b pay --balance contract=10|run %b pay --balance contract=10 --json
run %b pay|run %b pay --view|run %b add --view --json|run %b echo str:text|run %b echo text --json
run %b echo bytes:0x00ff|run %b echo 0x|run %b echo @%s --json|run %b echo @nowhere|run %b echo @.
run %b echo u64:18446744073709551615|run %b echo u64:18446744073709551616|run %b echo i64:-5
run %b echo i64:9223372036854775808|run %b echo u32:4294967296|run %b echo i32:2147483648
run %b echo bytes:0x0g|run %b echo bytes:|run %b echo 0x123|run %b echo -5|run %b echo -- -5
run %b echo 5x|run %b echo +5|run %b echo f32:5|run %b echo a:b|run %b echo 99999999999999999999
run %b echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
run %b nothing|run %b migrate|run %b __x|run %b a-b|run %b|run|run nowhere add|run %w add|run %y add
run %w add --json|run %e add|run %z add|run . add
run %b add --gas|run %b add --gas x|run %b add --gas 9000000000000001|run %b add --gas=1 --gas=2
run %b add --gsa 5|run %b add --balanc a=1|run %b add --self|run %b add --self=|run %b add --self a
run %b add --self 0x00|run %b add --self 0xzz|run %b add --caller Alice|run %b add --caller=
run %b add --value 5 --balance caller=9|run %b add --value 5|run %b add --value 5 --view
run %b add --balance a|run %b add --balance =1|run %b add --balance a=b|run %b add --balance a=1 --balance a=2
run %b add --balance a=9223372036854775807 --balance b=1|run %b add --balance a=9223372036854775808
run %b add --balance 0x00=5 --balance 0x0001=6|run %b add --height 5 --time 9|run %b add --height -1
run %b add --storage %x|run %b add --storage %e|run %b add --storage %b|run %b add --storage new.json
run %b add --storage .|run %b add --storage|run %b add --storage %s --self other
run %b add --storage %s --self contract|run %b pay --storage %s|run %b trap --storage %s --json
run %b number --storage %s|run %b revert --storage new --json
run %b event|run %b event --json|run %b event --trace|run %b echo addr:alice
check %v|check %v --json|check %b --json|run %b echo addr:nobody
"""


def decode_lines():
    """Command lines about one transaction of each kind, and about none."""
    head = b"\1" + bytes(range(32)) + struct.pack("<QQQ", 1, 1000, 0)
    kinds = {payload[0]: payload for payload in payloads() if len(payload) < 300}
    for payload in kinds.values():
        word = "0x" + (head + payload + b"\x55" * 64).hex()
        yield from (f"tx decode {word}", f"tx decode {word} --json", f"tx decode {word}00")
    yield from ("tx", "tx decod 0x", "tx decode", "tx decode 0x", "tx decode 0x0", "tx decode @%s",
                "tx decode @nowhere", "tx decode x", "help tx decode", "help tx", "help tx dekode")


def make_cli(out, tools):
    for line in decode_lines():
        out.put(b"".join(word.encode() + b"\0" for word in line.split()))
    for line in CLI_LINES.replace("\n", "|").split("|"):
        out.put(b"".join(word.encode() + b"\0" for word in line.split()))
    out.put(b"run\0%b\0echo\0\0")
    out.put(b"run\0%b\0echo\0str:\x1b[31m\xff\0--json\0")
    out.put(b"run\0%b\0\x1b[2J\0")
    out.put(b"\xff\xfe\0")
    out.put(b"help\0\x80\0")
    out.put(b"run\0%b\0echo\0" + b"a\0" * 65)
    out.put(b"run\0%b\0add\0--self=" + b"n" * 65 + b"\0")
    out.put(b"run\0%b\0echo\0" + b"w" * 3000 + b"\0")


# ---- storage -------------------------------------------------------------------------------------

def storage_files(tools, folder):
    """Files that the command line itself leaves behind."""
    counter = ROOT / "contracts/counter/counter.wat"
    lines = [["increment"], ["increment", "--self", "me"], ["increment", "--balance", "Alice=900"],
             ["increment", "--self", "0x00ff", "--balance", "0x01=5", "--balance", "Bob=600"],
             ["increment", "--balance", "\u00e4\u2028=7"], ["get"]]
    for count, line in itertools.product((1, 2), lines):
        path = folder / "state.json"
        for _ in range(count):
            subprocess.run([tools["aureon"], "run", counter, *line, "--storage", path],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if path.exists():
            yield path.read_bytes()
            path.unlink()


def make_storage(out, tools):
    folder = out.path()
    folder.mkdir()
    files = list(storage_files(tools, folder))
    folder.rmdir()
    entry = {"key": "0x6b", "key_text": "k", "value": "0x", "value_text": ""}
    worlds = [
        {"storage": []}, {"format": 1, "storage": []}, {"format": 2, "storage": []},
        {"format": "1", "storage": []}, {"format": 1}, {}, [], 5, None, "x", True,
        {"storage": {}}, {"storage": [5]}, {"storage": [{}]}, {"storage": [], "x": 1},
        {"storage": [entry]}, {"storage": [entry, entry]}, {"storage": [{**entry, "key_text": "j"}]},
        {"storage": [{"key_text": "a", "value_text": "b"}, {"key": "0x00", "value": "0xff"}]},
        {"storage": [{"key": "0x", "value": "0x"}]}, {"storage": [{"key": "0xg0", "value": "0x"}]},
        {"storage": [{"key": 5, "value": "0x"}]}, {"storage": [{"key": "0x01"}]},
        {"storage": [{"key": "0x01", "value": 5}]}, {"storage": [{**entry, "more": 1}]},
        {"storage": [{"key": "0x" + "aa" * 257, "value": "0x"}]},
        {"storage": [{"key_text": f"k{i}", "value": f"0x{i:02x}"} for i in range(40)]},
        {"storage": [], "contract": ""}, {"storage": [], "contract": "a" * 65},
        {"storage": [], "contract": "0x00ff"}, {"storage": [], "contract": 7},
        {"storage": [], "contract": "0xabc"}, {"storage": [], "contract": "\u202e\x7f"},
        {"storage": [], "balances": {"a": "1", "b": 2, "c": 0}}, {"storage": [], "balances": []},
        {"storage": [], "balances": {"a": -1}}, {"storage": [], "balances": {"a": 1.5}},
        {"storage": [], "balances": {"a": "x"}}, {"storage": [], "balances": {"": "1"}},
        {"storage": [], "balances": {"a": "9223372036854775807", "b": "1"}},
        {"storage": [], "balances": {"a": "9223372036854775808"}},
        {"storage": [], "balances": {"0x61": "1", "a": "1"}}, {"storage": [], "balances": {"a": []}},
        {"storage": [], "balances": {f"n{i}": str(i) for i in range(20)}},
    ]
    files += [json.dumps(world).encode() for world in worlds]
    files += [b"", b"{", b'{"storage": [], "storage": []}', b"\xff", b'{"storage": []} x',
              b'{"storage": [], "balances": {"a": "1", "a": "2"}}', b"[" * 600, b'"\\u0000"',
              b'{"storage":[{"key_text":"\\ud83d\\ude00","value_text":"\\u0000"}]}', b"1e400"]
    for data in files:
        out.put(data)
    files.append(b'{"storage":[{"key":"0x01","value":"0x' + b"00" * 65537 + b'"}]}')
    good = [data for data in files if b'"storage"' in data and len(data) < 500]
    for before, more in itertools.product(good[::2], good[::3]):
        out.put(before + b"\0" + more)


# ---- tx ------------------------------------------------------------------------------------------

def sized(data):
    return struct.pack("<I", len(data)) + data


def vector(items):
    return struct.pack("<I", len(items)) + b"".join(map(sized, items))


def payloads():
    to, key, proof = bytes(range(32)), b"\x07" * 32, b"\x08" * 64
    for args in ([], [b""], [struct.pack("<Q", 5)], [b"hello", b"x" * 33], [b"a"] * 64, [b"a"] * 65):
        for name in (b"f", b"increment", b"A_9z", b"a" * 64, b"a" * 65, b"", b"a-b"):
            yield b"\2" + to + sized(name) + vector(args) + struct.pack("<QQ", 90000, 7)
        for code in (b"", b"\0asm\1\0\0\0"):
            for admin in (b"\0", b"\1" + key, b"\2"):
                yield b"\1" + sized(code) + struct.pack("<QQ", 1 << 40, 0) + vector(args) + admin
            yield b"\5" + to + sized(code) + struct.pack("<Q", 5) + vector(args)
    for amount in (0, 1, (1 << 63) - 1, (1 << 64) - 1):
        yield b"\0" + to + struct.pack("<Q", amount)
        yield b"\4" + struct.pack("<Q", amount)
        for option in (b"\0", b"\1" + key + proof, b"\3"):
            yield b"\3" + struct.pack("<Q", amount) + option
    for count in (2, 3, 5, 9, 17, 33, 63): # the search counts how often a loop turns
        yield b"\2" + to + sized(b"n" * count) + vector([b"x"] * count) + bytes(16)
        yield b"\2" + to + sized(b"f\x00" * count) + vector([]) + bytes(16)
        yield b"\2" + to + sized(b"f") + struct.pack("<I", count) + sized(b"y") * (count - 1)
    yield b"\6"
    yield b"\2" + to + struct.pack("<I", 1 << 31)
    yield b"\1" + struct.pack("<I", 0xffffffff)
    yield b"\2" + to + sized(b"f") + struct.pack("<I", 64)


def make_tx(out, tools):
    for payload in payloads():
        head = b"\1" + bytes(range(100, 132)) + struct.pack("<QQQ", 1, 1000, 0)
        out.put(head + payload + b"\x55" * 64)
        out.put(head + payload)
    out.put(b"\2")
    text = "aur1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sfg07xl"
    for word in (text, text.upper(), text[:-1], text + "q", "aur1" + "q" * 58, text.replace("q", "b"),
                 "Aur1" + text[4:], "bur1" + text[4:], text[:8] + "p" + text[9:], "0x" + "0f" * 32,
                 "0x" + "0f" * 31, "0X" + "0f" * 32, "0x" + "0g" * 32, "aur", "", text + "\0"):
        out.put(word.encode())


# ---- receipt, header, genesis --------------------------------------------------------------------

def counted(items):
    return struct.pack("<I", len(items)) + b"".join(items)


def option(value):
    return b"\0" if value is None else b"\1" + value


def cuts(data):
    """Some of the prefixes, and one byte too much."""
    yield from (data[:size] for size in range(0, len(data), max(1, len(data) // 24)))
    yield data + b"\0"


def make_receipt(out, tools):
    def receipt(outcome=0, created=None, output=b"", logs=(), balances=(), slots=(), note=b"",
                events=(), contracts=()):
        return (struct.pack("<BIIQQ", outcome, 0, 0, 50, 50000) + option(created) + sized(output)
                + counted(events) + counted([sized(line) for line in logs])
                + b"\x11" * 32 + struct.pack("<QI", 7, 1) + counted(balances) + counted(slots)
                + counted(contracts) + sized(note))

    def slot(key, before, after):
        return (b"\x22" * 32 + sized(key) + option(None if before is None else sized(before))
                + option(None if after is None else sized(after)))

    def contract(code_before, admin_before, admin_after):
        return (b"\x77" * 32 + option(code_before) + option(admin_before) + b"\x88" * 32
                + option(admin_after))

    def core(events=(), logs=(), created=None):
        return (struct.pack("<BIIQQ", 0, 0, 0, 50, 50000) + option(created) + sized(b"out")
                + counted(events) + counted([sized(line) for line in logs]))

    def event(name=b"event", topics=0, data=b""):
        return b"\x55" * 32 + sized(name) + counted([b"\x66" * 32] * topics) + sized(data)

    one = event(b"name", 1, b"data")
    for count in (0, 1, 2, 5):
        out.put(core(logs=[b"line"] * count))
        out.put(core(events=[one] * count, logs=[b""] * count, created=b"\x44" * 32))
        out.put(core(events=[one] * count)[:-5])
        out.put(core(events=[one[:32] + struct.pack("<I", count)]))

    balance = b"\x33" * 32 + struct.pack("<QQ", 5, 6)
    values = (None, b"", b"v", b"value" * 7)
    for outcome in range(15):
        out.put(receipt(outcome))
    for count in (1, 2, 3, 4, 8, 16):
        out.put(receipt(logs=[b"line"] * count))
        out.put(receipt(logs=[b""] * count, created=b"\x44" * 32))
        out.put(receipt(balances=[balance] * count, output=b"o" * count))
        out.put(receipt(slots=[slot(b"k" * count, None, b"v")] * min(count, 8)))
        out.put(receipt(note=b"n" * count, events=[event(b"e" * count, count % 5)] * count))
        out.put(receipt(logs=[b"a"] * count, balances=[balance] * min(count, 4),
                        slots=[slot(b"k", b"1", None)] * min(count, 4)))
        out.put(receipt()[:-16] + struct.pack("<IIII", count, 0, 0, 0))
        out.put(receipt()[:-16] + struct.pack("<IIII", 0, count, 0, 0))
        out.put(receipt()[:-16] + struct.pack("<IIII", 0, 0, count, 0))
        out.put(receipt(contracts=[contract(None, None, b"\x99" * 32)] * count))
        out.put(receipt(contracts=[contract(b"\xaa" * 32, b"\x99" * 32, None)] * count))
    for before, after in itertools.product(values, values):
        out.put(receipt(slots=[slot(b"key", before, after)]))
        for count in (2, 3, 5, 9, 17): # the search counts how often a loop turns
            out.put(receipt(slots=[slot(b"k", before, after)] * count))
            out.put(receipt(slots=[slot(b"k", before, after), slot(b"", after, before)] * count))
    for count in (33, 65, 129, 200):
        out.put(receipt(logs=[b""] * count))
        out.put(receipt(logs=[b"a"] * count, note=b"n"))
        out.put(receipt(logs=[b""] * count)[:-1])
    for name in (b"", b"n" * 64, b"n" * 65, "é".encode(), b"\xc3", b"\xed\xa0\x80"):
        out.put(receipt(events=[event(name, 1, b"data")], logs=[b"line"]))
    for topics in (4, 5):
        out.put(receipt(events=[event(topics=topics)]))
    for count in (33, 65, 129, 256, 257):
        out.put(receipt(events=[event(b"e")] * count))
    for key in (b"", b"k" * 256, b"k" * 257):
        out.put(receipt(slots=[slot(key, None, None)]))
    out.put(receipt(created=b"\x44" * 32).replace(b"\1" + b"\x44" * 32, b"\2" + b"\x44" * 32))
    whole = receipt(1, None, b"no", [b"one", b"two"], [balance] * 2, [slot(b"k", b"1", b"2")] * 2,
                    b"a sentence")
    for data in cuts(whole):
        out.put(data)


def make_undo(out, tools):
    acc, sto, key = 1, 2, 9  # families, store/kv.h

    def entry(family, name, value):
        return bytes([family]) + sized(name) + option(None if value is None else sized(value))

    def name(family, number, size=None):
        size = size or {acc: 32, sto: 64}.get(family, 33 + number % 9)
        return bytes([number * 7 % 256]) * size

    account = b"\1\0" + b"\5" * 24
    for family, value in itertools.product(range(13), (None, b"", b"\1", account, b"v" * 123)):
        out.put(entry(family, name(family, 3), value))
    for family, size in itertools.product((acc, sto, key), (1, 31, 32, 33, 63, 64, 65, 288, 289)):
        out.put(entry(family, name(family, 3, size), None))
    for count in (2, 3, 5, 9, 17, 33):
        for order in (1, -1):
            numbers = range(count)[::order]
            out.put(b"".join(entry(acc, name(acc, n), account) for n in numbers))
            out.put(b"".join(entry(sto, name(sto, n), b"\1v" if n % 2 else None) for n in numbers))
            out.put(b"".join(entry(key, name(key, n), b"" if n % 3 else None) for n in numbers))
            out.put(b"".join(entry(f, name(f, n), None) for n in numbers for f in (key, acc)))
        out.put(entry(acc, name(acc, 1), account) * count)
        out.put(entry(acc, name(acc, 1), None) + entry(acc, name(acc, 1), account) * count)
    whole = (entry(acc, name(acc, 1), account) + entry(sto, name(sto, 2), b"\1value")
             + entry(key, name(key, 2), None))
    for data in cuts(whole):
        out.put(data)


def make_abi(out, tools):
    heads = ("abi 1", "abi 2", "# none", "meta name=counter sdk=c/1", "meta a=1 a=2", "later on")
    records = (
        'fn get()->u64 view "The total"', "fn init(s:bytes32) init", "fn migrate() migrate",
        "fn put(a:option<vec<Point>>,m:map<string,(u8,i128)>)->Side payable mut", "fn a(x:(u8)) mut",
        "fn a(x:u8,x:u8) mut", "fn init() mut", "fn init() payable init",
        "fn a(x:f64) mut # said", "event Moved",
        "event Moved(topic who:address,topic:u8,to:Point)", 'error 2 Denied "\\"no\\" \\n \\\\"',
        "error 1 Overflow ( total : u64 )", "error x A", "type Point{x:u32,y:u32}", "type Point{}",
        "type u64{x:u8}", "type A{b:vec<B>}", "enum B{None,Some(a:A)}", "enum Side{Buy,Sell(p:u64)}",
        "enum B{C,C}", 'storage total:u64 @"total"', 'storage b:map<address,u64> @"b\\x00:" "all"',
        'storage b:u8 @""', "fn a(x:" + "vec<" * 17 + "u8" + ">" * 17 + ") mut", "fn a(\x1b", "fn \xe4",
        "event E(" + ",".join(f"topic f{n}:u8" for n in range(5)) + ")", "fn " + "a" * 65 + "() mut")
    texts = [f"abi 1\n{record}" for record in records] + [f"{head}\nabi 1" for head in heads]
    texts += [f"abi 1\n{a}\r\n{b}\n" for a, b in itertools.permutations(records, 2)]
    texts.append("\n".join(("abi 1", *records[:4], *records[9:12], records[13], *records[18:22])))
    for text in texts:
        out.put(text.encode())
    for data in cuts(texts[-1].encode()):
        out.put(data)
    name = sized(b"aureon_abi")[:1] + b"aureon_abi"
    for text in (b"", b"abi 1\n", texts[-1].encode()[:100]):
        section = bytes([0, len(name) + len(text)]) + name + text
        out.put(b"\0asm\1\0\0\0\1\0" + section)
        out.put(b"\0asm\1\0\0\0" + 2 * section)
        out.put(b"\0asm\1\0\0\0" + section[:-1])


def make_value(out, tools):
    types = ("bool", "u8", "i8", "u64", "i64", "u128", "i128", "bytes", "bytes32", "string", "address",
             "option<u64>", "option<string>", "option<option<u8>>", "vec<u8>", "vec<string>", "(u8,string)",
             "Point", "Side", "option<Side>", "vec<Order>", "map<string,u16>", "map<i8,bool>",
             "map<(u8,i8),string>", "map<bytes32,u8>", "map<vec<u8>,u8>", "map<Side,u8>", "map<Point,u8>",
             "map<option<u8>,u8>", "map<map<u8,u8>,u8>")
    digits = "ab" * 32
    texts = (
        "true", "255", "-128", "5", '"18446744073709551615"', "-9223372036854775808", "3" * 40, "0x00ff", "0x",
        "0x" + digits, digits, '"\\u00e9\\ud83d\\ude00\\n"', '"\\udc00"', "none", "null", "@bob",
        "{some: none}", "{some: 3}", "[]", "[ 1, 2 ]", '[a,"b c"]', "(1,x)", "[1]", "{x:1,y:2}", "{y=2,x=1,x=1}",
        "{y=2,x=1}", "{x=1}", "Buy", "Sell(price=5)", '{"Sell":{"price":"5"}}', "{Buy:{}}", "Hold",
        "[{at:{x:1,y:2},price:3}]", "{b:1,a:2}", "[[b,1],[a,2]]", "{a:1,a:2}", "{1:true,-1:false}",
        "[[[1,1],a],[[1,-1],b]]", "{0x%s:1,0x%s:2}" % ("cd" * 32, digits), "[[[2],1],[[1,2],2],[[],3]]",
        "{Sell(price=5):1,Buy:2,Sell(price=4):3}", "[[{x:2,y:1},1],[{x:1,y:1},1]]", "{none:1,3:1,2:2}",
        "[[{2:1,1:2},1],[{1:2},2]]", "9007199254740993", "a: {b}")
    encoded = [bytes(size) for size in (1, 2, 4, 5, 8, 16, 32)]
    encoded += [b"\1" * 9, struct.pack("<I", 2) + b"ok", struct.pack("<I", 2) + b"\0\xff\1\1",
                struct.pack("<I", 2) + b"\xff\0\1\1", b"\1\1\3", b"\1" + bytes(8), b"\xff" * 4,
                struct.pack("<IIBHIBH", 2, 1, 97, 2, 1, 98, 1), struct.pack("<IIBHIBH", 2, 1, 98, 2, 1, 97, 1)]
    head = "abi 1\ntype Point{x:u32,y:u32}\nenum Side{Buy,Sell(price:u64),none}\ntype Order{price:u64,at:Point}\n"
    for kind in types:
        for value in [text.encode() for text in texts] + encoded:
            out.put(f"{head}storage s:{kind} @\"s\"".encode() + b"\0" + value)


def make_store(out, tools):
    schema, keep, undo, branch, logs, made_log = range(6)

    def kind(number, data):
        out.put(bytes([number]) + data)

    for line in (b"aureon-store 1\n", b"aureon-store 2\n", b"aureon-store 3\n",
                 b"aureon-store 0\n", b"aureon-store 01\n", b"aureon-store 4294967296\n",
                 b"aureon-store 1", b"aureon-store \n", b"\n",
                 b"aureon-store 1\n\n", b"Aureon-store 1\n", b"aureon-store 1\n" + b"x" * 80):
        kind(schema, line)
    for record in (b"\1" + b"\0" * 8, b"\1\1" + b"\0" * 7, b"\2\1" + b"\0" * 7, b"\1" + b"\xff" * 8):
        for data in (record, record[:-1], record + b"\0"):
            kind(keep, data)
    kind(schema, b"")
    for height in (b"", b"\0" * 7, b"\0" * 8, b"\0" * 6 + b"\3\xe8", b"\0" * 6 + b"\3\xe9", b"\0" * 9):
        kind(undo, height)
    # A branch at a nibble behind the end of its key, with two leaves and a branch below.
    for nibbles, extension in ((0, b""), (0, b"\2\1\3"), (2, b""), (63, b"")):
        key = b"\7" * 32 + b"\5" * nibbles
        for children, leaves in ((3, 3), (7, 3), (1, 1), (3, 7)):
            refs = b"".join(b"\x20" + bytes([n]) * 32 for n in range(16) if children >> n & 1)
            record = bytes([1, len(extension)]) + extension + struct.pack("<HH", children, leaves) + refs
            kind(branch, bytes([len(key)]) + key + record)
            kind(branch, bytes([len(key)]) + key + record[:-1])
    kind(branch, b"\x21" + b"\7" * 32 + b"\x10" + b"\1\0")
    for older, newest in ((b"", b"\0"), (b"", b"\0" * 7), (b"\1" * 9, b"\1" * 12), (b"", b"\3" * 20)):
        kind(logs, bytes([len(older)]) + older + newest)
    for how in range(19):
        for place in (0, 4, 6, 20, 32768, 32771, 65530):
            kind(made_log, struct.pack("<I", place)[:3] + bytes([how, 9]) + struct.pack("<HH", 880, 1500))
    for size in (0, 884, 885, 886, 1771):  # ends near that of a block
        kind(made_log, b"\0\0\0\0" + bytes([1]) + struct.pack("<HHH", size, 0, 3))


def make_header(out, tools):
    def header(version=1, chain_id=b"dev"):
        return (struct.pack("<I", version) + sized(chain_id) + struct.pack("<Q", 7) + b"\1" * 32
                + struct.pack("<Q", 1700000000000) + b"\2" * 128 + struct.pack("<QQI", 5, 6, 7))

    for size in (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 50, 51):
        out.put(header(chain_id=b"a" * size))
        out.put(header(chain_id=b"0" * size))
        out.put(header(chain_id=b"-" * size))
    for chain_id in (b"A", b"a_", b"9z-", b"/", b":", b"`", b"{", b"\xff", b"a0-" * 5, b"a0" * 20 + b"!"):
        out.put(header(chain_id=chain_id))
    out.put(header(version=0))
    out.put(header(version=2))
    for data in cuts(header()):
        out.put(data)
    for count in (*range(18), 24, 31): # leaves of a tree, the first, middle and last of them proved
        leaves = b"".join(bytes([i]) * 32 for i in range(count))
        for index in sorted({0, 1, count // 2, max(count - 1, 0)}):
            out.put(bytes([index]) + leaves)
            out.put(bytes([index]) + leaves[:-5])


def make_genesis(out, tools):
    presets = [4000000, 8388608, 1048576, 1000, 0, 10**13, 100]

    def genesis(chain_id=b"dev", time=1700000000000, values=presets, accounts=(), stakes=(),
                proposer=b"\x66" * 32):
        return (sized(chain_id) + struct.pack("<Q", time) + struct.pack("<7Q", *values)
                + counted(accounts) + counted(stakes) + proposer)

    def account(value, balance=1):
        return bytes([value]) * 32 + struct.pack("<Q", balance)

    def stake(value, amount=1, key=None):
        return account(value, amount) + option(None if key is None else bytes([key]) * 32)

    for size in (0, 1, 3, 8, 16, 50, 51):
        out.put(genesis(chain_id=b"a" * size))
        out.put(genesis(chain_id=b"-9" * (size // 2)))
    for chain_id in (b"A", b"a b", b"\xff", b"z/", b"a:", b"`", b"{"):
        out.put(genesis(chain_id=chain_id))
    for count in (1, 2, 3, 4, 8, 16):
        out.put(genesis(accounts=[account(16 + i) for i in range(count)]))
        out.put(genesis(accounts=[account(16 + i) for i in range(count)][::-1]))
        out.put(genesis(stakes=[stake(16 + i) for i in range(count)]))
        out.put(genesis(stakes=[stake(16 + i, 5, 99 - i) for i in range(min(count, 11))]))
        out.put(genesis(stakes=[stake(16 + i, 5, 99) for i in range(min(count, 11))]))
        out.put(genesis(accounts=[account(16 + i, 2**63 // count) for i in range(count)]))
        out.put(genesis(accounts=[account(17)] * count))
        out.put(genesis(stakes=[stake(17)] * count))
        out.put(genesis()[:-40] + struct.pack("<I", count) + bytes(36))
    for bad in (account(0), account(17, 0), account(17, 2**63), account(17, 2**64 - 1)):
        out.put(genesis(accounts=[bad]))
    for bad in (stake(0), stake(17, 0), stake(17, 2**63), stake(17, 1, 0), stake(17)[:-1] + b"\2"):
        out.put(genesis(stakes=[bad]))
    for place, value in itertools.product(range(7), (0, 1, 2**64 - 1)):
        out.put(genesis(values=[*presets[:place], value, *presets[place + 1:]]))
    out.put(genesis(time=2**63))
    out.put(genesis(proposer=bytes(32)))
    for data in cuts(genesis(accounts=[account(17), account(18, 2**62)],
                             stakes=[stake(17, 5, 40), stake(20)])):
        out.put(data)


# ---- proof ---------------------------------------------------------------------------------------

def rlp_string(data):
    if len(data) == 1 and data[0] < 0x80:
        return data
    return bytes([0x80 + len(data)]) + data if len(data) < 56 else bytes([0xb8, len(data)]) + data


def rlp_list(items):
    payload = b"".join(items)
    if len(payload) < 56:
        return bytes([0xc0 + len(payload)]) + payload
    size = len(payload).to_bytes(1 if len(payload) < 256 else 2, "big")
    return bytes([0xf7 + len(size)]) + size + payload


def trie_path(nibbles, is_leaf):
    digits = ("3" if is_leaf else "1") if len(nibbles) % 2 else ("20" if is_leaf else "00")
    return rlp_string(bytes.fromhex(digits + nibbles))


HASH_REF = rlp_string(b"\xee" * 32)


def trie_branch(children, value=b"\x80"):
    return rlp_list([children.get(place, b"\x80") for place in range(16)] + [value])


def trie_leaf(nibbles, value=b"value"):
    return rlp_list([trie_path(nibbles, True), rlp_string(value)])


def trie_extension(nibbles, ref=HASH_REF):
    return rlp_list([trie_path(nibbles, False), ref])


def linked(key, *nodes):
    """Nodes of which each refers to the next by the 32 bytes ee in it."""
    out = b"\1" + key
    for node in nodes:
        place = max(node.find(b"\xee" * 32), 0)
        out += struct.pack("<HH", len(node), place) + node
    return out


def node_chains():
    """Keys, and nodes that lead along them, or nearly."""
    zero, nibbles = bytes(32), "0" * 64
    yield zero, [trie_leaf(nibbles)]
    yield zero, [trie_leaf(nibbles[1:] + "1")]
    for value in (b"", b"\1", b"\x80", b"v" * 60):
        yield zero, [trie_leaf(nibbles, value)]
    for size in (0, 1, 5, 62, 63, 65):
        yield zero, [trie_leaf("0" * size)]
        yield zero, [trie_extension("0" * size)]
        yield zero, [trie_extension("0" * size), trie_branch({0: HASH_REF, 1: HASH_REF})]
        yield zero, [trie_extension("0" * size), trie_leaf("0" * (64 - size))]
        yield zero, [trie_extension("0" * size), trie_extension("0" * 4)]
    for present in ({}, {0: HASH_REF}, {1: HASH_REF, 2: HASH_REF}, {0: HASH_REF, 9: HASH_REF}):
        for leaf in (trie_leaf(nibbles[1:]), trie_leaf(nibbles[2:] + "1"), trie_leaf("00")):
            yield zero, [trie_branch(present), leaf]
        yield zero, [trie_branch(present)]
        yield zero, [trie_branch(present, b"\x01")]
        yield zero, [trie_branch(present, HASH_REF)]
    for ref in (rlp_string(b"x" * 31), rlp_string(b"x" * 33), b"\x05", b"\xc0",
                trie_leaf("", b"\1")):
        yield zero, [trie_extension("0" * 63, ref)]
        yield zero, [trie_branch({0: ref, 1: HASH_REF})]
        yield zero, [trie_branch({1: ref, 2: HASH_REF})]
    both = trie_branch({0: HASH_REF, 15: HASH_REF})
    for depth in (2, 3, 4, 6, 9):
        yield zero, [both] * depth + [trie_leaf("0" * (64 - depth))]
        yield zero, [both] * depth
    small = trie_branch({0: trie_leaf("", b"\1"), 1: trie_leaf("", b"\2")})
    for size in (60, 62, 63):
        yield zero, [trie_extension("0" * size, small)]
    inner = rlp_list([trie_path("0" * 2, False), small])
    yield zero, [trie_extension("0" * 61, inner)]
    yield zero, [trie_branch({0: trie_leaf("0" * 3, b"\1"), 1: HASH_REF})]
    for node in (b"", b"\x80", b"\xc0", b"\xc1", b"\xc2\x20\x80", rlp_list([b"\1"] * 3),
                 rlp_list([b"\1"] * 18), rlp_list([b"\xc0", b"\1"]), rlp_list([b"\x80", b"\1"]),
                 rlp_list([b"\x40", b"\1"]), rlp_list([b"\x21", b"\1"]),
                 rlp_list([b"\x20", b"\xc0"]),
                 b"\xf8\x01\x00", b"\xf8\x38" + b"\1" * 56, b"\xf9\x00\x38" + b"\1" * 56,
                 b"\xff" * 9, b"\xc2\x81\x05", b"\xb8\x38" + b"x" * 56, trie_leaf(nibbles) + b"\0"):
        yield zero, [node]
    yield zero, []


def make_proof(out, tools):
    for key, nodes in node_chains():
        out.put(linked(key, *nodes))
        out.put(b"\0" + key + vector(nodes))
        out.put(b"\0" + key + vector(nodes) + b"\0")
        out.put(b"\0" + key + vector(nodes)[:-1])
    out.put(b"\0" + bytes(32) + struct.pack("<I", 66))
    trie_batches = []
    for count, places, more in itertools.product((1, 2, 3, 8, 16), (0x01, 0x10, 0x11, 0x23, 0x01),
                                                 (0x01, 0x21, 0x81, 0xa0, 0xa7)):
        changes = b"".join(bytes([places * i % 256, more + i % 16]) for i in range(count))
        trie_batches.append(bytes([count]) + changes)
    gone = b"\x08" + b"".join(bytes([0x11 * i, 0xe1 + i % 16]) for i in range(8))
    for batch, next_batch in zip(trie_batches, trie_batches[7:] + trie_batches[:7]):
        out.put(b"\2" + batch)
        out.put(b"\2" + batch + next_batch + gone)
        out.put(b"\2" + batch + batch[:1] + b"".join(
            bytes([batch[at], batch[at + 1] & 0x1f | 0xc0]) for at in range(1, len(batch), 2)))
    for batch, place in itertools.product(trie_batches[::6], range(0, 16, 3)):
        for record in (b"", b"\1", b"\1\0" + b"\3\0\0\0" + b"\x20" * 70,
                       b"\1\1\0" + b"\3\0\3\0" * 9,
                       b"\1" * 80, b"\1value"):
            out.put(b"\3" + batch + b"\0" + bytes([place]) + record)


# ---- document ------------------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).digest()


def hexed(data):
    return "0x" + data.hex()


def whole_leaf(key, value):
    """The only node of a trie: its leaf, and the root."""
    node = rlp_list([trie_path(sha256(key).hex(), True), rlp_string(value)])
    return node, sha256(node)


def document_header(state_root=b"\0" * 32, tx_root=b"\0" * 32, receipts_root=b"\0" * 32):
    return (struct.pack("<I", 1) + sized(b"dev") + struct.pack("<Q", 7) + b"\1" * 32
            + struct.pack("<Q", 9) + b"\2" * 32 + state_root + tx_root + receipts_root
            + struct.pack("<QQI", 5, 6, 1))


def state_documents():
    text = "aur1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sfg07xl"
    address = bytes(range(32))
    slot, storage_root = whole_leaf(b"key", rlp_string(b"value"))
    fields = [b"\5", b"\x01\0", b"", storage_root, b"\4" * 32, address]
    for count in (6, 5, 3):
        leaf = rlp_list([rlp_string(field) for field in fields[:count]] + [b"\x80"] * (6 - count))
        node, root = whole_leaf(address, leaf)
        account = {"nonce": "5", "balance": "256", "stake": "0", "contract": count > 4}
        if count > 3:
            account |= {"storage_root": hexed(storage_root), "code_hash": hexed(b"\4" * 32)}
        if count > 5:
            account["admin"] = text
        shared = {"height": "7", "state_root": hexed(root), "header": hexed(document_header(root))}
        one = {"address": text, "account_proof": [hexed(node)], "account": account}
        value = {"key": hexed(b"key"), "storage_proof": [hexed(slot)], "value": hexed(b"value")}
        none = {"key": hexed(b"none"), "storage_proof": [hexed(slot)]}
        if count == 3:
            none["storage_proof"] = []
        yield shared | one
        yield shared | one | {"contract": text} | (none if count == 3 else value)
        yield shared | one | {"contract": text} | none
        yield shared | {"accounts": [one | {"slots": [none] if count == 3 else [value, none]}]}
        yield shared | {"accounts": [one, {"address": text[:4] + "q" * 58, "account_proof": []}]}
    empty = sha256(b"\x80")
    yield {"height": "7", "header": hexed(document_header(empty)), "address": text,
           "account_proof": []}


def tx_documents():
    tx_id = b"\7" * 32
    for core in (struct.pack("<BIIQQ", 0, 0, 0, 50, 0) + b"\0" + sized(b"out")
                 + struct.pack("<II", 0, 1) + sized(b"line"),
                 struct.pack("<BIIQQ", 1, 0, 9, 50, 0) + b"\1" + b"\3" * 32 + sized(b"")
                 + struct.pack("<II", 0, 0), b"\xff"):
        digest = sha256(b"\x0eaureon/receipt" + core)
        tx_root, receipts_root = sha256(b"\0" + tx_id), sha256(b"\0" + digest)
        header = document_header(tx_root=tx_root, receipts_root=receipts_root)
        document = {"height": "7", "index": 0, "count": 1, "tx_root": hexed(tx_root),
                    "receipts_root": hexed(receipts_root), "id": hexed(tx_id),
                    "digest": hexed(digest), "tx_path": [], "receipt_path": [],
                    "header": hexed(header)}
        yield document
        yield document | {"receipt": hexed(core)}
        yield document | {"receipt": hexed(core[:-1])}
        yield document | {"tx_path": [hexed(b"\1" * 32)]}


def places(value, path=()):
    """All members and items of a document, whole."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        yield path + (key,)
        if isinstance(child, (dict, list)):
            yield from places(child, path + (key,))


def changed(document, path, value):
    """A copy with another value at a place, or with none."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copy


def make_document(out, tools):
    for document in (*state_documents(), *tx_documents()):
        out.put(json.dumps(document, separators=(",", ":")).encode())
        for path in places(document):
            for value in (None, 5, "0x00", "x", [], {}):
                out.put(json.dumps(changed(document, path, value), separators=(",", ":")).encode())
    for text in (b"", b"[]", b"{}", b"{\"accounts\":[]}", b"nul", b"\xff"):
        out.put(text)


# ---- request -------------------------------------------------------------------------------------

REQUEST_TARGETS = [
    b"", b"/", b"//", b"x", b"/v1", b"/v1/", b"/v1/tx", b"/tx", b"/v1/tx/", b"/v1/tx/0xab",
    b"/tx/0xab",
    b"/v1/tx/latest", b"/v1/tx/simulate", b"/v1/tx/simulat", b"/v1/txs", b"/v1/tx/0xab/",
    b"/v1/tx/%41",
    b"/v1/a/1/c/2/e/3/g/4", b"/a/1/c/2/e/3/g/4", b"/v1/a/1/c/2/e/3/g/", b"/v1/a//c/2/e/3/g/4",
    b"/v1/x/storage", b"/x/storage", b"/v1//storage", b"/v1/x/storag", b"/v1/account/",
    b"/v1/account",
    b"/docs/errors/bad-value", b"/docs/errors/", b"/docs/error/x", b"/word", b"/a//b", b"/a/b",
    b"/V1/tx",
    b"/" + b"a" * 40, b"/" + b"s/" * 20, b"/v1/" + b"b" * 33 + b"/storage", b"/tx\x01", b"/\x7f",
    b"/\xff\xfe",
    "/v1/tx/\u00e4\u2028".encode(), b"not-found", b"bad-value", b"*", b"http://host/v1/tx",
]
REQUEST_QUERIES = [
    b"", b"?", b"?a", b"?a=", b"?a=1", b"?a=1&b=2", b"?a=1&&b=2&", b"?=1", b"?&", b"?a=%41+b",
    b"?a=%4", b"?a=%",
    b"?a=%zz", b"?a=%00", b"?a=%7F", b"?a=\x02", b"?%61=%C3%A4", b"?a=b=c", b"?a?b",
    b"?" + b"a&" * 64,
    b"?" + b"a&" * 65, b"?" + b"n=v&" * 20, b"?%2=1", b"?a%00b=1", b"?wait=5&from=0x00&limit=100",
]
REQUEST_HEADERS = [
    [], [b"Content-Length:0"], [b"content-length:18446744073709551615"],
    [b"Content-Length:18446744073709551616"],
    [b"Content-Length:+1"], [b"Content-Length:01"], [b"Content-Length:"], [b"Content-Length: 5"],
    [b"Transfer-Encoding:chunked"], [b"transfer-encoding:CHUNKED"], [b"Transfer-Encoding:gzip"],
    [b"Transfer-Encoding:chunked, gzip"], [b"Content-Length:5", b"Content-Length:5"],
    [b"Content-Length:5", b"Transfer-Encoding:chunked"],
    [b"Expect:100-continue", b"Content-Length:7"],
    [b"Host:localhost", b"Accept:*/*"], [b"x:y"] * 17,
]


def make_request(out, tools):
    methods = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"get", b"")

    def put(method, target, headers=()):
        out.put(method + b" " + target + b"\0" + b"".join(line + b"\0" for line in headers))

    for method, target in itertools.product(methods, REQUEST_TARGETS):
        put(method, target)
    for target, query in itertools.product(REQUEST_TARGETS[1:12], REQUEST_QUERIES):
        put(b"GET", target + query)
    for headers in REQUEST_HEADERS:
        put(b"POST", b"/v1/tx", headers)
        put(b"GET", b"/v1/tx/0xab?a=1", headers)
    for size in range(0, 120, 7): # the target's size chooses the problem and its members
        put(b"GET", b"/" + b"m" * size)
        put(b"\xff\"", b"/\xe2\x82" + b"\\" * size)
    put(b"GET", b"/" + b"long" * 240)


def make_cursor(out, tools):
    numbers = ["0", "1", "42", "4294967295", "4294967296", "18446744073709551615",
               "18446744073709551616", "184467440737095516150", "01", "", "-", "+1", " 1", "1 ", "x",
               "\0"]
    for number in numbers:
        for text in (number, f"{number}-2", f"7-{number}", f"{number}-2-3", f"7-{number}-3",
                     f"7-2-{number}", f"7-2-3-{number}"):
            out.put(text.encode())


# ---- keyfile -------------------------------------------------------------------------------------

def sealed_file(password, ops, memory, address=b"aur1address"):
    """A key file as libsodium makes it: cheap ones can be opened while fuzzing."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    salt, nonce, seed = bytes(range(16)), bytes(range(24)), b"\x42" * 32
    key, data = ctypes.create_string_buffer(32), ctypes.create_string_buffer(48)
    if sodium.sodium_init() < 0 or sodium.crypto_pwhash(
            key, ctypes.c_ulonglong(32), password, ctypes.c_ulonglong(len(password)), salt,
            ctypes.c_ulonglong(ops), ctypes.c_size_t(memory), 2) != 0: # 2: Argon2id, version 1.3
        raise RuntimeError("libsodium makes no key")
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        data, None, seed, ctypes.c_ulonglong(32), address, ctypes.c_ulonglong(len(address)), None,
        nonce, key)
    return {"version": 1, "address": address.decode(), "kdf": "argon2id", "ops": ops,
            "memory": memory, "salt": "0x" + salt.hex(), "cipher": "xchacha20-poly1305",
            "nonce": "0x" + nonce.hex(), "data": "0x" + data.raw.hex()}


def make_keyfile(out, tools):
    good = sealed_file(b"p", 1, 8192)
    files = [good, sealed_file(b"p", 2, 65536), sealed_file(b"q", 1, 8192),
             sealed_file(b"p", 1, 8192, b"a" * 128), sealed_file(b"p", 3, 16384)]
    files += [dict(reversed(good.items())), {}, [], 5, None, "x", {"version": 1},
              {**good, "more": 1}]
    for name in good:
        files.append({key: value for key, value in good.items() if key != name})
        for value in (None, True, "", "x", 0, 1, 2, -1, 10, 11, 1.5, [], {}, 8191, 8192, 8193, 9216,
                      1 << 30, (1 << 30) + 1024, 1 << 32, 1 << 62, "0x", "0x00", "0X" + "0" * 32,
                      "0x" + "0g" * 16, "0x" + "ab" * 15, "0x" + "ab" * 16, "0x" + "ab" * 24,
                      "0x" + "ab" * 48, "0x" + "ab" * 49, "a b", "\u00e4", "\u0000", "a" * 129,
                      "argon2i", "scrypt"):
            files.append({**good, name: value})
    text = json.dumps(good)
    for data in files:
        out.put(json.dumps(data).encode())
    out.put(json.dumps(good, indent=4).encode() + b"\n")
    out.put(text.replace(" ", "").encode())
    out.put(text.replace('"ops"', '"version"').encode())
    out.put(text.replace('"ops": 1', '"ops": 1.0').encode())
    out.put(text.replace('"ops": 1', '"ops": 99999999999999999999').encode())
    out.put(text.replace("aur1", "\\u0061ur1").encode())
    out.put(text.encode() + b" " * (1023 - len(text)))
    for data in cuts(text.encode()):
        out.put(data)
    for data in (b"\xff", b"\0", b"[" * 300, b'{"version": 1, "version": 1}', b"// x\n{}",
                 b" " * 1024):
        out.put(data)


# ---- parcel, artifact ----------------------------------------------------------------------------

def make_parcel(out, tools):
    def step(kind=2, damage=0, at=0, body=b"", size=None, subject=b"\7" * 32):
        return (bytes([1, kind, damage]) + struct.pack("<HH", at, len(body) if size is None else size)
                + subject + body)

    out.put(b"")
    for kind in range(8):
        out.put(step(kind))
    for size in (1, 2, 15, 63, 64, 255, 256, 1023, 1024, 1025, 1500):
        out.put(step(3, body=b"b" * size))
        out.put(step(3, body=b"b" * size) + step(4))
    for at in (*range(0, 84, 3), 8, 9, 10, 11):
        out.put(step(3, damage=1, at=at, body=b"12345678"))
        out.put(step(3, damage=0x80, at=at, body=b"12345678") + step())
    for count in (2, 3, 5, 9, 17, 33):
        out.put(step() * count)
        out.put(step() * count + step(damage=1))
    for size in (1, 8, 12, 44, 75, 76, 77, 200):
        out.put(bytes([0, size]) + b"AAP1" + b"\2\0\0\0" + b"\0" * size)
        out.put(step() + bytes([0, size]) + b"AAP1" + b"\1" * size)


def make_artifact(out, tools):
    def put(number, body=b"abc"):
        return bytes([8 * number, len(body)]) + body

    def sealed(number, choice, at=0, damage=0):
        return bytes([8 * number + 5, choice, at, damage])

    keep, drop, again, small, get = bytes([1]), bytes([2]), bytes([3]), bytes([0x83]), bytes([6])
    out.put(b"")
    for size in (0, 1, 2, 16, 100, 255):
        for after in (b"", keep, drop, again, keep + again, keep + drop, small, keep + small, get):
            out.put(put(0, b"x" * size) + after)
    for choice in range(8):
        out.put(put(0) + sealed(0, choice))
        out.put(put(0) + keep + sealed(0, choice) + get + put(0) + keep)
        for at in (0, 4, 8, 12, 44, 75, 76, 91):
            out.put(sealed(0, choice, at, 1))
    for size in (0, 1, 75, 76, 77, 200):
        for step in (4, 0x84):
            out.put(put(0) + keep + bytes([step, size]) + b"AAP1" * 50)
    for count in (1, 2, 3, 4, 8):
        everything = put(0) + put(1) + put(2)
        out.put(everything * count)
        out.put(small + everything * count)
        out.put(everything + keep + small + everything * count + get)


# ---- snapshot ------------------------------------------------------------------------------------

def snapshot_manifests(out):
    genesis = (sized(b"dev") + struct.pack("<8Q", 0, 4000000, 8388608, 1048576, 1000, 0, 10**13, 100)
               + counted([]) + counted([]) + b"\x66" * 32)

    def header(height=7, chain_id=b"dev"):
        return (struct.pack("<I", 1) + sized(chain_id) + struct.pack("<Q", height) + b"\1" * 32
                + bytes(8) + b"\2" * 128 + struct.pack("<QQI", 5, 6, 7))

    def manifest(magic=b"AUSN", form=1, chunks=2, head=header(), start=genesis):
        return (b"\0" + magic + struct.pack("<IQQQ", form, 3, 4, 5) + counted([b"\7" * 32] * chunks)
                + sized(head) + sized(start))

    for chunks in (0, 1, 2, 9):
        out.put(manifest(chunks=chunks))
    for bad in (manifest(magic=b"AUSM"), manifest(form=2), manifest(head=b"x"), manifest(start=b"x"),
                manifest(head=header(0)), manifest(head=header(7, b"other"))):
        out.put(bad)
    for data in cuts(manifest()):
        out.put(data)


def snapshot_chunks(out):
    record = bytes([1, 0]) + bytes(24)
    stored = bytes([1, 1]) + bytes(24) + b"\5" * 32
    coded = bytes([1, 2]) + bytes(24) + hashlib.sha256(b"code").digest()
    account = b"\1" + b"\3" * 32 + sized(record)
    contract = b"\1" + b"\3" * 32 + sized(stored)
    slot = b"\2" + sized(b"key") + sized(b"value")
    code = b"\3" + sized(b"code")
    level = bytes([2, 0, 128, 32]) + b"\7" * 32

    def end(edge=b"", storage=b""):
        return b"\0" + sized(edge) + sized(storage)

    for items in (b"", account, contract + slot, account + account, contract + slot + slot, slot, code,
                  code + account, code + code, code + b"\1" + b"\4" * 32 + sized(coded),
                  b"\1" + b"\4" * 32 + sized(coded), account + slot, contract + account,
                  b"\1" + b"\3" * 32 + sized(b"no record"), b"\4", contract + slot + code + slot,
                  contract + b"\2" + sized(b"") + sized(b"")):
        for rest in (end(), end(level), end(level, level), end(b"x"), b""):
            out.put(b"\1\1" + items + rest)
    for edge in (level[:3], level[:20], bytes([64]) + level[1:], level + level, bytes([2, 1, 0]),
                 bytes([2, 0, 0]), bytes([2, 0, 128, 2, 0xc1, 1]), bytes([2, 0, 128, 2, 1, 1])):
        out.put(b"\1\1" + account + end(edge))
    out.put(b"\1\2" + account + end())
    out.put(b"\1\1" + account + end() + b"\0")


def snapshot_states(out):
    numbers = random.Random(7)
    for chunk_size in (0, 10, 30, 100, 255):
        for accounts in (0, 1, 2, 7, 24):
            for how in range(5):
                body = bytes(numbers.randrange(256) for _ in range(30 * accounts))
                out.put(bytes([2, chunk_size, accounts]) + body + bytes([how, accounts]))


def make_snapshot(out, tools):
    snapshot_manifests(out)
    snapshot_chunks(out)
    snapshot_states(out)


# ---- scenario ------------------------------------------------------------------------------------

def make_scenario(out, tools):
    whole = (ROOT / "contracts/counter/counter.scen.json").read_bytes()
    box = {"deploy": "box.wat"}
    call = {"call": "box", "function": "f"}
    expects = [
        {}, {"outcome": "trapped", "detail": "unreachable"}, {"outcome": "x"}, {"detail": "pointer"},
        {"invalid": "balance"}, {"invalid": "none"}, {"revert_code": 7}, {"revert_code": "4294967296"},
        {"output": "u64:5"}, {"output": "addr:box"}, {"output": "@box"}, {"output": ""}, {"gas_max": 5},
        {"logs": ["", "a"]}, {"logs": [5]}, {"events": [{"name": "E"}]}, {"events": [{}]},
        {"events": [{"name": "E", "contract": "box", "topics": ["0x00", "addr:bob"], "data": "0x"}]},
        {"events": [{"name": "E", "contract": "bob", "topics": ["0x"] * 5}]}, {"x": 1},
        {"balances": {"bob": "1.5", "box": "7u"}}, {"balances": {"bob": "1.0000000001", "nobody": "1"}},
        {"storage": [{"contract": "box", "key": "k", "value": None}]},
        {"storage": [{"contract": "box", "key": "u64:1", "value": "str:v"}]},
        {"storage": [{"contract": "alice", "key": "k", "value": "v"}]}, {"storage": [{"key": "k"}]},
        {"storage": [{"contract": "box", "name": "total", "value": 5}]},
        {"storage": [{"contract": "box", "name": "owner", "key": "@bob", "value": None}]},
        {"events": [{"name": "E", "fields": {"who": "@bob", "by": 5}}]},
        {"events": [{"name": "E", "fields": {}, "data": "0x"}]}, {"error": "E"}, {"error": {"E": {"n": "7"}}},
        {"error": {"E": {}, "F": {}}}, {"error": "E", "revert_code": 1}, {"output": {"x": 1, "y": None}},
    ]
    typed = [
        {"a": 5, "b": "", "c": "@bob", "d": [[True, 1]], "e": {"k": "-1"}, "f": {"x": 1, "y": None},
         "g": {"Sell": {"price": "5"}}, "h": "0x" + "00" * 32, "i": "0x"},
        {"a": 9007199254740993}, {"nobody": 1}, {"": 1}, [5, "raw:0x00"], [1.5], [[]], [{}], [None], [True],
        ["18446744073709551615", "Buy", "@bob"],
        {"i": "public_key:p256:alice"}, {"i": "public_key:p256:box"}, ["public_key:ed25519:bob"],
    ]
    typed += [{"i": {f"sign:{who}": message}} for who, message in [
        ("ed25519:bob", {"Point": {"x": 1, "y": None}}), ("secp256k1:judy", {"bytes": "public_key:p256:bob"}),
        ("p256:alice", {"Side": {"Sell": {"price": 5}}}), ("p256:x", {"u64": 5}), ("p256", {"u64": 5}),
        ("p256:bob", {"Nothing": 5}), ("p256:bob", {}), ("p256:bob", 5), ("p256:bob", {"vec<u8>": []}),
        ("p256:bob", {"bytes": {"sign:p256:bob": {"u64": 5}}}), ("p256:bob", {"u8": 256}),
    ]]
    typed += [{"d": [{"sign:p256:bob": {"u64": 5}}, "public_key:ed25519:bob"]}]
    steps = [
        [], [box], [box, box], [{**box, "as": "b", "admin": "none"}], [{**box, "as": "alice"}],
        [{**box, "as": "B"}], [{"deploy": "/.wat"}], [{**box, "admin": "bob", "value": "1u", "gas": 5}],
        [call], [box, call], [box, {"call": "box"}], [box, {**call, "call": "alice"}],
        [box, {**call, "args": ["u64:5", "addr:box", "addr:judy", "str:a", "0x00", "5", "word"]}],
        [box, {**call, "args": ["-1"]}], [box, {**call, "args": ["addr:x"]}], [box, {**call, "args": "5"}],
        [box, {**call, "args": ["1"] * 65}], [box, {**call, "function": "a-b"}], [box, {**call, "as": "c"}],
        [box, {**call, "from": "box"}], [box, {"view": "box", "function": "f", "from": "box"}],
        [box, {"transfer": "box", "amount": "1"}], [{"transfer": "bob"}], [{"transfer": "x", "amount": "1"}],
        [box, {"upgrade": "box", "code": "c.wat", "args": []}], [{"upgrade": "box", "code": "c"}],
        [{"advance": {}}], [{"advance": {"blocks": 2, "seconds": "60"}}], [{"advance": {"blocks": 10001}}],
        [{"advance": {"blocks": -1}}], [{"advance": 5}], [{}], [5], [{"x": 1}], [{**box, "call": "box"}],
        [{"expect": {"outcome": "success"}}], [{"expect": {"balances": {}}}],
        [{**box, "creates": ["b", "c"]}, {**call, "call": "c", "creates": ["d"]}], [{**box, "creates": ["box"]}],
        [box, {**call, "creates": ["b"], "expect": {"balances": {"b": "0"}}}], [box, {**call, "creates": "b"}],
        [{**box, "creates": ["n%d" % i for i in range(64)]}, {**call, "call": "n63"}],
        [{**box, "creates": ["x"] * 65}], [{**box, "creates": [5]}], [box, {"advance": {}, "creates": []}],
    ]
    steps += [[box, {**call, "expect": expect}] for expect in expects]
    steps += [[box, {**call, "args": args}] for args in typed]
    files = [json.dumps({"format": 1, "steps": list_}).encode() for list_ in steps]
    files += [whole, b"", b"{}", b"[]", b'{"format": 2, "steps": []}', b'{"format": 1}',
              b'{"format": 1, "steps": [], "x": 1}', b'{"format": 1, "steps": [{"deploy": "\u0000"}]}']
    for data in files:
        out.put(data)


MAKERS = {"module": make_module, "instrument": make_instrument, "bind": make_bind,
          "host": make_host, "frames": make_frames, "cli": make_cli, "storage": make_storage, "tx": make_tx,
          "receipt": make_receipt, "header": make_header, "genesis": make_genesis,
          "proof": make_proof, "document": make_document, "request": make_request, "cursor": make_cursor,
          "keyfile": make_keyfile, "undo": make_undo, "store": make_store, "abi": make_abi, "value": make_value,
          "snapshot": make_snapshot, "parcel": make_parcel,
          "artifact": make_artifact, "scenario": make_scenario}


def make(name, tools, folder):
    MAKERS[name](Writer(folder), tools)
