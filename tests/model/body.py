"""What the price of compiling a function depends on besides its size: its locals, the metered
blocks and the labels of its live code, and the values that branches and calls move. The module was
accepted, so types are not checked: a stack of constructs is all that liveness takes."""

FREE_LOCALS = 64
FREE_VALUES = 8
CALL_WEIGHT = 8

BLOCK, LOOP, IF, ELSE, END = 0x02, 0x03, 0x04, 0x05, 0x0B
BR, BR_IF, BR_TABLE, RETURN, UNREACHABLE = 0x0C, 0x0D, 0x0E, 0x0F, 0x00
CALL, CALL_INDIRECT = 0x10, 0x11
MEMORY_SIZE, MEMORY_GROW = 0x3F, 0x40
I32_CONST, I64_CONST, F32_CONST, F64_CONST = 0x41, 0x42, 0x43, 0x44
PREFIX, MEMORY_INIT, DATA_DROP, MEMORY_COPY, MEMORY_FILL = 0xFC, 8, 9, 10, 11

# Numbers that follow an opcode, signed or not: they are read past.
NUMBERS = {opcode: 1 for opcode in (*range(0x20, 0x25), MEMORY_SIZE, MEMORY_GROW, I32_CONST, I64_CONST)}
NUMBERS.update({opcode: 2 for opcode in range(0x28, 0x3F)})
PREFIXED_NUMBERS = {MEMORY_INIT: 2, DATA_DROP: 1, MEMORY_COPY: 2, MEMORY_FILL: 1}
JUMP_NUMBERS = {BR: 1, BR_IF: 1, CALL: 1, CALL_INDIRECT: 2}
RAW_BYTES = {F32_CONST: 4, F64_CONST: 8}


class Cursor:
    """Bytes that are read from the front."""

    def __init__(self, data, offset=0):
        self.data = data
        self.offset = offset

    def byte(self):
        self.offset += 1
        return self.data[self.offset - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, size):
        self.offset += size
        return self.data[self.offset - size:self.offset]

    def numbers(self, count):
        return [self.number() for _ in range(count)]


class _Construct:
    """A block, loop or if (or the function itself) that is open."""

    def __init__(self, opcode, arity, is_live):
        self.opcode = opcode
        self.arity = arity  # parameters and results
        self.was_live = is_live
        self.is_named = False
        self.fell = False  # the arm before else

    def branch_values(self):
        return self.arity[0] if self.opcode == LOOP else self.arity[1]


class _Walk:
    """One body. types: (parameters, results) of each; functions: the type of each, imports first."""

    def __init__(self, code, types, functions, own_type):
        self.code = code
        self.types = types
        self.functions = functions
        self.open = [_Construct(None, types[own_type], True)]
        self.is_live = True
        self.points = 1  # blocks and labels
        self.units = 0

    def _block_type(self):
        byte = self.code.data[self.code.offset]
        if byte & 0xC0 == 0x40:
            self.code.offset += 1
            return (0, 0 if byte == 0x40 else 1)
        return self.types[self.code.number()]

    def _enter(self, opcode):
        self.open.append(_Construct(opcode, self._block_type(), self.is_live))
        if opcode != BLOCK and self.is_live:
            self.points += 1

    def _else(self):
        construct = self.open[-1]
        construct.opcode, construct.fell = ELSE, self.is_live
        self.is_live = construct.was_live
        self.points += construct.was_live

    def _end(self):
        construct = self.open.pop()
        if not construct.was_live or construct.opcode is None:
            return
        opcode = construct.opcode
        if opcode == IF:
            self.is_live = True
        elif opcode != LOOP:
            self.is_live = self.is_live or construct.is_named or construct.fell
        is_split = opcode in (IF, ELSE) or (opcode == BLOCK and construct.is_named)
        self.points += self.is_live and is_split

    def _branch(self, depth):
        if self.is_live:
            target = self.open[-1 - depth]
            target.is_named = True
            self.points += 1
            self.units += max(0, target.branch_values() - FREE_VALUES)

    def _call(self, type_index):
        if self.is_live:
            self.units += CALL_WEIGHT * max(0, sum(self.types[type_index]) - FREE_VALUES)

    def _control(self, opcode):
        """Whether the opcode is one that liveness, blocks or values depend on."""
        number = self.code.number
        if opcode in (BLOCK, LOOP, IF):
            self._enter(opcode)
        elif opcode == ELSE:
            self._else()
        elif opcode == END:
            self._end()
        elif opcode == BR_IF:
            self._branch(number())
            self.points += self.is_live
        elif opcode == BR:
            self._branch(number())
            self.is_live = False
        elif opcode == BR_TABLE:
            for depth in self.code.numbers(number() + 1):
                self._branch(depth)
            self.is_live = False
        elif opcode in (RETURN, UNREACHABLE):
            self.is_live = False
        elif opcode == CALL:
            self._call(self.functions[number()])
        elif opcode == CALL_INDIRECT:
            self._call(self.code.numbers(2)[0])
        else:
            return False
        return True

    def run(self):
        while self.open:
            opcode = self.code.byte()
            if self._control(opcode):
                continue
            if opcode == PREFIX:
                self.code.numbers(PREFIXED_NUMBERS.get(self.code.number(), 0))
            self.code.numbers(NUMBERS.get(opcode, 0))
            self.code.offset += RAW_BYTES.get(opcode, 0)


def units(body, types, functions, own_type):
    """The units of work that the body's shape makes. body: behind its size field."""
    code = Cursor(body)
    local_count = types[own_type][0]
    for _ in range(code.number()):
        local_count += code.number()
        code.byte()
    walk = _Walk(code, types, functions, own_type)
    walk.run()
    return walk.units + walk.points * max(0, local_count - FREE_LOCALS)


def _block_type(code):
    if code.data[code.offset] & 0xC0 == 0x40:
        code.offset += 1
    else:
        code.number()


def uses_memory_size(body):
    """Whether memory.size or memory.grow is anywhere in a body, in dead code too."""
    code = Cursor(body)
    for _ in range(code.number()):
        code.number()
        code.byte()
    while code.offset < len(body):
        opcode = code.byte()
        if opcode in (MEMORY_SIZE, MEMORY_GROW):
            return True
        if opcode in (BLOCK, LOOP, IF):
            _block_type(code)
        elif opcode == BR_TABLE:
            code.numbers(code.number() + 1)
        elif opcode == PREFIX:
            code.numbers(PREFIXED_NUMBERS.get(code.number(), 0))
        else:
            code.numbers(JUMP_NUMBERS.get(opcode, 0) or NUMBERS.get(opcode, 0))
            code.offset += RAW_BYTES.get(opcode, 0)
    return False
