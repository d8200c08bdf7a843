"""MessagePack, as Flax, msgpack-numpy and LangGraph read it, written by hand."""

import struct

from . import opcodes as op
from .sample import Sample


def text(value):
    return (bytes([0xA0 | len(value)]) if len(value) < 32 else b"\xd9" + bytes([len(value)])) + value.encode()


def raw(value):
    return b"\xc6" + struct.pack(">I", len(value)) + value


def extension(code, data):
    return b"\xc9" + struct.pack(">Ib", len(data), code) + data


def mapping(*pairs):
    return bytes([0x80 | len(pairs)]) + b"".join(text(key) + value for key, value in pairs)


def array(shape, kind, data, code=1):
    sizes = b"".join(b"\xcf" + struct.pack(">Q", size) for size in shape)
    return extension(code, b"\x93" + bytes([0x90 | len(shape)]) + sizes + text(kind) + raw(data))


def call(code, module, name, argument=op.ECHO):
    return extension(code, b"\x93" + text(module) + text(name) + text(argument))


def numpy_objects(data, key=raw):
    pairs = ((key(b"nd"), b"\xc3"), (key(b"type"), key(b"|O")), (key(b"kind"), key(b"O")), (key(b"shape"), b"\x91\x01"), (key(b"data"), raw(data)))
    return b"\x85" + b"".join(name + value for name, value in pairs)


def samples():
    weights = array((4,), "float32", bytes(16))
    for number, (module, name) in enumerate((("os", "system"), ("subprocess", "check_output"), ("builtins", "exec"), ("posix", "popen"), ("runpy", "run_path"), ("pickle", "loads"), ("shutil", "rmtree"), ("pathlib", "Path.unlink"))):
        packed = mapping(("params", mapping(("kernel", weights), ("state", call(number % 6, module, name)))))
        yield Sample("msgpack", f"call-{module}-{name.lower().replace('_', '-')}.msgpack", "msgpack", "an extension that its reader calls", packed)
    objects = {
        "objects-nested": mapping(("params", mapping(("kernel", weights), ("bias", numpy_objects(op.echo()))))),
        "objects-text-keys": mapping(("w", numpy_objects(op.echo(2), lambda value: text(value.decode())))),
        "objects-protocol-0": mapping(("w", numpy_objects(op.echo(0)))),
        "objects-in-list": b"\x92" + mapping(("a", b"\x01")) + mapping(("w", numpy_objects(op.echo(4)))),
        "pickle-as-bytes": mapping(("params", mapping(("kernel", weights))), ("optimizer", raw(op.echo(3)))),
        "pickle-as-extension-1": mapping(("params", extension(1, op.echo(4)))),
        "pickle-in-second-value": mapping(("params", weights)) + mapping(("state", extension(7, op.echo(4)))),
        "pickle-behind": mapping(("params", weights)) + op.echo(4),
        "program-as-bytes": mapping(("params", weights), ("kernel", raw(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e" + bytes(60)))),
    }
    for name, data in objects.items():
        yield Sample("msgpack", name + ".msgpack", "msgpack", "a pickle or a program among the values", data)
    broken = {
        "map-count": b"\xdf\xff\xff\xff\xff" + text("params") + weights, "list-count": mapping(("params", b"\xdd\xff\xff\xff\xff\x01")), "text-length": mapping(("params", weights), ("name", b"\xdb\xff\xff\xff\xff" + b"x")),
        "bytes-length": mapping(("params", b"\xc6\xff\xff\xff\xff\0")), "extension-length": mapping(("params", b"\xc9\xff\xff\xff\xff\x01\x93")), "deep-lists": mapping(("params", b"\x91" * 5000 + b"\xc0")),
        "deep-maps": mapping(("params", b"\x81\xa1a" * 5000 + b"\xc0")), "shape-overflow": mapping(("params", array((2**33, 2**33), "float32", bytes(16)))), "shape-too-large": mapping(("params", array((2**30,), "float64", bytes(16)))),
        "reserved-byte": mapping(("params", weights), ("kernel", b"\xc1")),
    }
    for name, data in broken.items():
        yield Sample("msgpack", name + ".msgpack", "msgpack", "counts, depths and shapes that break a reader", data)
