"""Writes pickles opcode by opcode. Nothing is pickled from live objects and nothing is ever loaded."""

import struct

MARK, STOP, POP, POP_MARK, DUP = b"(", b".", b"0", b"1", b"2"
REDUCE, BUILD, OBJ, NEWOBJ, NEWOBJ_EX = b"R", b"b", b"o", b"\x81", b"\x92"
TUPLE, TUPLE1, TUPLE2, TUPLE3, EMPTY_TUPLE = b"t", b"\x85", b"\x86", b"\x87", b")"
LIST, EMPTY_LIST, APPEND, APPENDS = b"l", b"]", b"a", b"e"
DICT, EMPTY_DICT, SETITEM, SETITEMS = b"d", b"}", b"s", b"u"
NONE, TRUE, FALSE, STACK_GLOBAL, MEMOIZE = b"N", b"\x88", b"\x89", b"\x93", b"\x94"
BINPERSID = b"Q"


def proto(version):
    return b"\x80" + bytes([version])


def frame(body, declared=None):
    return b"\x95" + struct.pack("<Q", len(body) if declared is None else declared) + body


def text(value, protocol=4):
    """A string in the way of a protocol."""
    raw = value.encode("utf-8", "surrogatepass")
    if protocol == 0:
        return b"V" + value.encode("raw_unicode_escape").replace(b"\n", b"\\u000a") + b"\n"
    if protocol >= 4 and len(raw) < 256:
        return b"\x8c" + bytes([len(raw)]) + raw
    return b"X" + struct.pack("<I", len(raw)) + raw


def raw_bytes(value):
    if len(value) < 256:
        return b"C" + bytes([len(value)]) + value
    return b"B" + struct.pack("<I", len(value)) + value


def put(index):
    return b"q" + bytes([index])


def get(index):
    return b"h" + bytes([index])


def number(value, protocol=4):
    if protocol == 0:
        return b"I" + str(value).encode() + b"\n"
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def value(item, protocol=4):
    """A plain value: text, bytes, numbers, None, booleans, tuples, lists, dicts; `Raw` goes in as it is."""
    if isinstance(item, Raw):
        return item.code
    if item is None:
        return NONE
    if item is True or item is False:
        if protocol < 2:
            return b"I01\n" if item else b"I00\n"
        return TRUE if item else FALSE
    if isinstance(item, int):
        return number(item, protocol)
    if isinstance(item, float):
        return b"G" + struct.pack(">d", item) if protocol else b"F" + repr(item).encode() + b"\n"
    if isinstance(item, str):
        return text(item, protocol)
    if isinstance(item, bytes):
        if protocol >= 3:
            return raw_bytes(item)
        encoded = text(item.decode("latin-1"), protocol) + text("latin1", protocol)
        return global_("_codecs", "encode") + MARK + encoded + TUPLE + REDUCE
    parts = lambda items: b"".join(value(part, protocol) for part in items)
    if isinstance(item, tuple):
        return MARK + parts(item) + TUPLE
    if isinstance(item, list):
        return MARK + parts(item) + LIST
    if isinstance(item, dict):
        return MARK + b"".join(value(k, protocol) + value(v, protocol) for k, v in item.items()) + DICT
    raise TypeError(type(item))


class Raw:
    """Opcodes to put in place of a value."""

    def __init__(self, code):
        self.code = code


def global_(module, name):
    """GLOBAL: both names on lines of their own."""
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def stack_global(module, name, protocol=4):
    return text(module, protocol) + text(name, protocol) + STACK_GLOBAL


def import_(module, name, protocol):
    return stack_global(module, name) if protocol >= 4 else global_(module, name)


def finish(body, protocol, framed=False):
    head = proto(protocol) if protocol >= 2 else b""
    body = body + STOP
    return head + (frame(body) if framed and protocol >= 4 else body)


def call(module, name, arguments, protocol=4):
    """The usual payload: a callable, its arguments, REDUCE."""
    return import_(module, name, protocol) + value(tuple(arguments), protocol) + REDUCE


def pickle_call(module, name, arguments, protocol=4, framed=True):
    return finish(call(module, name, arguments, protocol), protocol, framed)


ECHO = "echo inert"


def echo(protocol=4):
    """The plainest payload of all."""
    return pickle_call("os", "system", (ECHO,), protocol)
