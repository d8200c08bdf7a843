"""Joins the entries of several environments into the database that the program ships.

A name that several environments have keeps the worse effect, for a call and for the making by itself. The layout is
described in `crates/scan/src/callables/database.rs`.
"""

import zlib

from analyse import worse

FORMAT = 2
# Bytes of text that are packed together: what one look-up unpacks. Twice the window of deflate loses little.
BLOCK = 64 << 10


def read(path, libraries):
    with open(path, encoding="utf-8") as file:
        for line in file:
            module, name, effect = line.split()
            names = libraries.setdefault(module.split(".")[0], {}).setdefault(module, {})
            names[name] = worse(names.get(name), effect)


def blocks_of(modules):
    """(first module, text) of each block of a library: sections sorted by their bytes, as the look-up bisects them."""
    first, text = None, []
    for module in sorted(modules, key=str.encode):
        lines = [f"{name} {modules[module][name]}\n" for name in sorted(modules[module], key=str.encode)]
        section = module + "\n" + "".join(lines) + "\n"
        if text and sum(map(len, text)) + len(section) > BLOCK:
            yield first, "".join(text)
            first, text = None, []
        first = first or module
        text.append(section)
    if text:
        yield first, "".join(text)


def write(date, out, entries, inputs):
    """Writes the database, and says how large it is."""
    libraries = {}
    for path in entries:
        read(path, libraries)
    head = [f"tutela callables {FORMAT}", f"# date {date}", *(f"# {one}" for one in sorted(inputs))]
    packed, place, count = [], 0, 0
    for library in sorted(libraries, key=str.encode):
        count += sum(map(len, libraries[library].values()))
        for first, text in blocks_of(libraries[library]):
            data = zlib.compress(text.encode("ascii"), 9)
            head.append(f"{first} {place} {len(data)}")
            packed.append(data)
            place += len(data)
    with open(out, "wb") as file:
        file.write("\n".join(head).encode("ascii") + b"\n\n" + b"".join(packed))
    print(f"{count} names of {len(libraries)} libraries in {len(packed)} blocks, {place} bytes")
