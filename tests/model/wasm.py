"""What the ledger itself reads in a module that the validator accepted: body sizes and exports."""

FUNCTION_EXPORT = 0
SECTION_EXPORT = 7
SECTION_CODE = 10
CHARGED_FACTOR_MAX = 16384


def _number(data, offset):
    """An unsigned LEB128 number and the offset behind it."""
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return value, offset


def _section(module, wanted):
    """The content of the section with this number, or None."""
    offset = 8
    while offset < len(module):
        number = module[offset]
        size, offset = _number(module, offset + 1)
        if number == wanted:
            return module[offset:offset + size]
        offset += size
    return None


def body_sizes(module):
    """The size field of every entry of the code section."""
    section = _section(module, SECTION_CODE)
    if section is None:
        return []
    count, offset = _number(section, 0)
    sizes = []
    for _ in range(count):
        size, offset = _number(section, offset)
        sizes.append(size)
        offset += size
    return sizes


def compile_steps(module):
    """What Deploy and Upgrade pay for the compilation (section 2)."""
    return sum(size * min(size, CHARGED_FACTOR_MAX) for size in body_sizes(module))


def exported_functions(module):
    """The names under which the module exports functions."""
    section = _section(module, SECTION_EXPORT)
    if section is None:
        return set()
    names = set()
    count, offset = _number(section, 0)
    for _ in range(count):
        size, offset = _number(section, offset)
        name = section[offset:offset + size].decode("utf-8")
        kind = section[offset + size]
        _, offset = _number(section, offset + size + 1)
        if kind == FUNCTION_EXPORT:
            names.add(name)
    return names
