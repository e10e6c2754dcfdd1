"""What the ledger itself reads in a module that the validator accepted: the price of compiling its
bodies, and its exports."""

import body

FUNCTION_EXPORT = FUNCTION_IMPORT = 0
SECTION_TYPE = 1
SECTION_IMPORT = 2
SECTION_FUNCTION = 3
SECTION_EXPORT = 7
SECTION_CODE = 10
CHARGED_FACTOR_MAX = 16384
UNIT_STEPS = 2500


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


def types(module):
    """How many parameters and results each type has."""
    cursor, count = _cursor(module, SECTION_TYPE)
    found = []
    for _ in range(count):
        cursor.byte()
        arity = []
        for _ in range(2):
            arity.append(cursor.number())
            cursor.offset += arity[-1]
        found.append(tuple(arity))
    return found


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


def exported_functions(module):
    """The names under which the module exports functions."""
    cursor, count = _cursor(module, SECTION_EXPORT)
    names = set()
    for _ in range(count):
        name = cursor.take(cursor.number()).decode("utf-8")
        kind = cursor.byte()
        cursor.number()
        if kind == FUNCTION_EXPORT:
            names.add(name)
    return names
