// The WebAssembly binary format, as far as instructions go: counts them, and puts what makes NaNs
// canonical into a module, for engines that leave their bits open. Written from the specification
// alone; a module is valid.

const SECTION = { types: 1, functions: 3, code: 10 };
const F32 = 0x7d;
const F64 = 0x7c;

class Reader {
    constructor(bytes, at = 0, end = bytes.length) {
        Object.assign(this, { bytes, at, end });
    }

    byte() {
        return this.bytes[this.at++];
    }

    // An unsigned LEB128 of up to 32 bits.
    number() {
        let value = 0;
        for (let shift = 0;; shift += 7) {
            const byte = this.byte();
            value += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) return value;
        }
    }

    skipNumber() {
        while (this.byte() >= 0x80) {}
    }
}

function number(value) {
    const bytes = [];
    for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
    return [...bytes, value];
}

function sectionsOf(bytes) {
    const reader = new Reader(bytes, 8);
    const sections = [];
    while (reader.at < reader.end) {
        const id = reader.byte();
        const size = reader.number();
        sections.push({ id, bytes: bytes.subarray(reader.at, reader.at + size) });
        reader.at += size;
    }
    return sections;
}

// Past the immediates of an instruction. A block's type is one byte or a number: the same here.
function skipImmediates(reader, op) {
    if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0x0c || op === 0x0d || op === 0x10 ||
        (op >= 0x20 && op <= 0x24) || (op >= 0x3f && op <= 0x42)) {
        reader.skipNumber();
    } else if (op === 0x11 || (op >= 0x28 && op <= 0x3e)) {
        reader.skipNumber();
        reader.skipNumber();
    } else if (op === 0x0e) {
        for (let count = reader.number(); count >= 0; count--) reader.skipNumber();
    } else if (op === 0x43) {
        reader.at += 4;
    } else if (op === 0x44) {
        reader.at += 8;
    } else if (op === 0xfc) {
        const kind = reader.number();
        for (let count = [2, 1, 2, 1][kind - 8] ?? 0; count > 0; count--) reader.skipNumber();
        return 0xfc00 + kind;
    }
    return op;
}

// Calls visit(op, end) for each instruction of a body: 0xfc00 + number behind the prefix.
function walkBody(reader, visit) {
    for (let groups = reader.number(); groups > 0; groups--) {
        reader.skipNumber();
        reader.byte();
    }
    while (reader.at < reader.end) {
        const op = skipImmediates(reader, reader.byte());
        visit(op, reader.at);
    }
}

function* bodiesOf(section) {
    const reader = new Reader(section);
    for (let count = reader.number(); count > 0; count--) {
        const size = reader.number();
        yield new Reader(section, reader.at, reader.at + size);
        reader.at += size;
    }
}

// Adds the instructions of a module to counts, a Map.
export function countInstructions(bytes, counts) {
    const code = sectionsOf(bytes).find((section) => section.id === SECTION.code);
    if (code === undefined) return;
    for (const body of bodiesOf(code.bytes)) {
        walkBody(body, (op) => counts.set(op, (counts.get(op) ?? 0) + 1));
    }
}

// ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max; and changes of width.
function arithmeticType(op) {
    if ((op >= 0x8d && op <= 0x97) || op === 0xb6) return F32;
    if ((op >= 0x9b && op <= 0xa5) || op === 0xbb) return F64;
    return 0;
}

// x -> x, or the positive canonical NaN for any NaN: (select x nan (eq x x))
function canonBody(type) {
    const nan = type === F32 ? [0x43, 0, 0, 0xc0, 0x7f] : [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
    const equal = type === F32 ? 0x5b : 0x61;
    const body = [0, 0x20, 0, ...nan, 0x20, 0, 0x20, 0, equal, 0x1b, 0x0b];
    return [...number(body.length), ...body];
}

function canonicalBody(body, canon32) {
    const pieces = [];
    let size = 0;
    let from = body.at;
    const put = (piece) => {
        pieces.push(piece);
        size += piece.length;
    };
    const call32 = [0x10, ...number(canon32)];
    const call64 = [0x10, ...number(canon32 + 1)];
    walkBody(body, (op, end) => {
        const type = arithmeticType(op);
        if (type === 0) return;
        put(body.bytes.subarray(from, end));
        put(type === F32 ? call32 : call64);
        from = end;
    });
    put(body.bytes.subarray(from, body.end));
    return Buffer.concat([number(size), ...pieces].map((piece) => Buffer.from(piece)));
}

// The number of functions that a module imports: it imports nothing else.
function importCount(sections) {
    const imports = sections.find((section) => section.id === 2);
    return imports === undefined ? 0 : new Reader(imports.bytes).number();
}

function withMore(section, count, more) {
    const reader = new Reader(section);
    const old = reader.number();
    return Buffer.concat([Buffer.from(number(old + count)), section.subarray(reader.at),
                          Buffer.from(more)]);
}

// The same module, whose arithmetic gives no other NaN than the positive canonical one.
export function canonicalNans(bytes) {
    const sections = sectionsOf(bytes);
    const section = (id) => sections.find((each) => each.id === id).bytes;
    const typeCount = new Reader(section(SECTION.types)).number();
    const canon32 = importCount(sections) + new Reader(section(SECTION.functions)).number();
    const bodies = [...bodiesOf(section(SECTION.code))].map((body) => canonicalBody(body, canon32));
    const changed = {
        [SECTION.types]: withMore(section(SECTION.types), 2,
                                  [0x60, 1, F32, 1, F32, 0x60, 1, F64, 1, F64]),
        [SECTION.functions]: withMore(section(SECTION.functions), 2,
                                      [...number(typeCount), ...number(typeCount + 1)]),
        [SECTION.code]: Buffer.concat([Buffer.from(number(bodies.length + 2)), ...bodies,
                                       Buffer.from([...canonBody(F32), ...canonBody(F64)])]),
    };
    return Buffer.concat([bytes.subarray(0, 8), ...sections.flatMap(({ id, bytes: old }) => {
        const content = changed[id] ?? old;
        return [Buffer.from([id, ...number(content.length)]), content];
    })]);
}
