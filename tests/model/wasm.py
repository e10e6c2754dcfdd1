"""What the ledger itself reads in a module that the validator accepted: the price of compiling its
bodies, and its exports."""

import functools

import body

FUNCTION_EXPORT = FUNCTION_IMPORT = 0
SECTION_TYPE = 1
SECTION_IMPORT = 2
SECTION_FUNCTION = 3
SECTION_TABLE = 4
SECTION_MEMORY = 5
SECTION_EXPORT = 7
SECTION_CODE = 10
SECTION_DATA = 11
CHARGED_FACTOR_MAX = 16384
UNIT_STEPS = 2500
PAGE_SIZE = 65536
PAGES_MAX = 256
FREE_PAGES = 4
PAGE_STEPS = 40_000
KIB_STEPS = 1000
I32, I64 = 0x7F, 0x7E
VALUE_SIZES = {I32: 4, I64: 8}


def _section(module, wanted):
    """The content of the section with this number, or None."""
    cursor = body.Cursor(module, 8)
    while cursor.offset < len(module):
        number = cursor.byte()
        content = cursor.take(cursor.number())
        if number == wanted:
            return content
    return None


def _cursor(module, section):
    """A cursor behind the count of a section's entries, and that count."""
    content = _section(module, section)
    if content is None:
        return None, 0
    cursor = body.Cursor(content)
    return cursor, cursor.number()


def bodies(module):
    """Every entry of the code section, behind its size field."""
    cursor, count = _cursor(module, SECTION_CODE)
    found = []
    for _ in range(count):
        found.append(cursor.take(cursor.number()))
    return found


def full_types(module):
    """The value types of the parameters and of the results of each type."""
    cursor, count = _cursor(module, SECTION_TYPE)
    found = []
    for _ in range(count):
        cursor.byte()
        found.append(tuple(cursor.take(cursor.number()) for _ in range(2)))
    return found


def types(module):
    """How many parameters and results each type has."""
    return [(len(parameters), len(results)) for parameters, results in full_types(module)]


def imported_functions(module):
    """The type index of each. Contracts import nothing but functions."""
    cursor, count = _cursor(module, SECTION_IMPORT)
    found = []
    for _ in range(count):
        for _ in range(2):
            cursor.take(cursor.number())
        assert cursor.byte() == FUNCTION_IMPORT
        found.append(cursor.number())
    return found


def compile_steps(module):
    """What Deploy and Upgrade pay for the compilation (section 2)."""
    type_list = types(module)
    imports = imported_functions(module)
    cursor, count = _cursor(module, SECTION_FUNCTION)
    functions = imports + (cursor.numbers(count) if count else [])
    steps = 0
    for code, own_type in zip(bodies(module), functions[len(imports):], strict=True):
        of_size = len(code) * min(len(code), CHARGED_FACTOR_MAX)
        steps += max(of_size, UNIT_STEPS * body.units(code, type_list, functions, own_type))
    return steps


def exports(module):
    """The index of each exported function by its name."""
    cursor, count = _cursor(module, SECTION_EXPORT)
    found = {}
    for _ in range(count):
        name = cursor.take(cursor.number()).decode("utf-8")
        kind, index = cursor.byte(), cursor.number()
        if kind == FUNCTION_EXPORT:
            found[name] = index
    return found


def exported_functions(module):
    """The names under which the module exports functions."""
    return set(exports(module))


@functools.lru_cache(maxsize=256)
def signatures(module):
    """The value types of parameters and results of each exported function, by its name."""
    cursor, count = _cursor(module, SECTION_FUNCTION)
    functions = imported_functions(module) + (cursor.numbers(count) if count else [])
    type_list = full_types(module)
    return {name: type_list[functions[index]] for name, index in exports(module).items()}


def _minimum(module, section):
    """The size at first of the memory or the table, of which there is at most one; or None."""
    cursor, count = _cursor(module, section)
    if not count:
        return None
    if section == SECTION_TABLE:
        cursor.byte()
    cursor.byte()
    return cursor.number()


def _data_size(module):
    """The bytes of all active segments."""
    cursor, count = _cursor(module, SECTION_DATA)
    size = 0
    for _ in range(count):
        is_active = cursor.number() != 1
        if is_active:
            cursor.byte()
            cursor.number()
            cursor.byte()
        content = cursor.take(cursor.number())
        size += len(content) if is_active else 0
    return size


@functools.lru_cache(maxsize=256)
def _entry_steps(module):
    pages = _minimum(module, SECTION_MEMORY) or 0
    return (-(-len(module) // 1024) * KIB_STEPS + -(-_data_size(module) // 8)
            + (_minimum(module, SECTION_TABLE) or 0) + max(0, pages - FREE_PAGES) * PAGE_STEPS)


def entry_steps(module, grown_pages):
    """What a frame pays before its code runs (section 4)."""
    return _entry_steps(module) + grown_pages * PAGE_STEPS


@functools.lru_cache(maxsize=256)
def _can_take_bytes(module):
    has_memory = _minimum(module, SECTION_MEMORY) is not None
    return has_memory and not any(map(body.uses_memory_size, bodies(module)))


def result_size(module, name):
    """The bytes of what a function gives, which is at most one number."""
    results = signatures(module)[name][1]
    return VALUE_SIZES[results[0]] if results else 0


def _fits(module, parameters, args):
    """The sizes of the arguments that are bytes; None if the arguments don't fit."""
    sizes, index = [], 0
    for arg in args:
        if index == len(parameters):
            return None
        if parameters[index:index + 2] == bytes((I32, I32)):
            if not _can_take_bytes(module):
                return None
            sizes.append(len(arg))
            index += 2
        elif VALUE_SIZES.get(parameters[index]) == len(arg):
            index += 1
        else:
            return None
    return sizes if index == len(parameters) else None


def bound_pages(module, name, args):
    """The pages by which the arguments make the memory grow; None if they don't fit."""
    parameters, results = signatures(module)[name]
    if len(results) > 1 or (results and results[0] not in VALUE_SIZES):
        return None
    sizes = _fits(module, parameters, args) if parameters else []
    if sizes is None:
        return None
    pages = _minimum(module, SECTION_MEMORY) or 0
    end = pages * PAGE_SIZE
    for size in filter(None, sizes):
        end = -(-end // 8) * 8 + size
    grown = -(-end // PAGE_SIZE) - pages
    return grown if pages + grown <= PAGES_MAX else None
