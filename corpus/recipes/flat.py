"""Flatbuffers written by hand: a table is a dictionary of fields, and what a field points to comes behind it."""

import struct

# A number is written as ("<I", 3); a text, bytes, a table, a list of texts or tables, and `Numbers` are pointed to.


class Numbers:
    """A vector of numbers or structs, each packed by a format."""

    def __init__(self, form, items, size=None):
        self.data = b"".join(struct.pack(form, *item) if isinstance(item, tuple) else struct.pack(form, item) for item in items)
        self.count = len(items) if size is None else size


def flat(root, identifier):
    """The root table and everything that it points to, with an identifier behind the first offset."""
    out = bytearray(4) + identifier
    waiting = [(0, root)]
    while waiting:
        place, thing = waiting.pop(0)
        at = start(out, thing, waiting)
        struct.pack_into("<I", out, place, at - place)
    return bytes(out) + bytes(-len(out) % 4)


def align(out, size, behind=0):
    out.extend(bytes(-(len(out) + behind) % size))


def start(out, thing, waiting):
    if isinstance(thing, dict):
        return table(out, thing, waiting)
    align(out, 8, 4)
    at = len(out)
    if isinstance(thing, (str, bytes)):
        data = thing.encode() if isinstance(thing, str) else thing
        out.extend(struct.pack("<I", len(data)) + data + b"\0")
    elif isinstance(thing, Numbers):
        out.extend(struct.pack("<I", thing.count) + thing.data)
    else:
        out.extend(struct.pack("<I", len(thing)) + bytes(4 * len(thing)))
        waiting.extend((at + 4 + 4 * index, item) for index, item in enumerate(thing))
    return at


def table(out, fields, waiting):
    count = max(fields, default=-1) + 1
    align(out, 4)
    description = len(out)
    out.extend(bytes(4 + 2 * count))
    align(out, 8)
    at = len(out)
    out.extend(struct.pack("<i", at - description))
    for index, value in fields.items():
        if value is None:
            continue
        is_number = isinstance(value, tuple)
        align(out, struct.calcsize(value[0]) if is_number else 4)
        struct.pack_into("<H", out, description + 4 + 2 * index, len(out) - at)
        if is_number:
            out.extend(struct.pack(*value))
        else:
            waiting.append((len(out), value))
            out.extend(bytes(4))
    struct.pack_into("<HH", out, description, 4 + 2 * count, len(out) - at)
    return at
