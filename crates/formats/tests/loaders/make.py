"""Writes random pickles and what CPython's loaders would import and call; see README.md.

Only the pickles made here are loaded, and every name in them resolves to a class that records.
"""

import io
import pickle
import random
import resource
import struct
import sys

LOG = []


def method(letter):
    def record(self, *arguments, **keywords):
        LOG.append(f"{letter}:{label(self)}")

    return record


def label(value):
    if isinstance(value, type):
        return value.path
    return getattr(value, "path_", type(value).__name__) if isinstance(value, Stub) else "?"


class Stub:
    path = "P"

    def __new__(cls, *arguments, **keywords):
        LOG.append(f"C:{cls.path}:{min(len(arguments), 8)}")
        made = object.__new__(cls)
        object.__setattr__(made, "path_", cls.path + "()")
        return made

    def __init__(self, *arguments, **keywords):
        pass

    def __call__(self, *arguments, **keywords):
        LOG.append(f"C:{self.path_}:{min(len(arguments), 8)}")
        made = object.__new__(type(self))
        object.__setattr__(made, "path_", self.path_ + "()")
        return made

    __setstate__ = method("B")
    append = method("L")
    extend = method("L")
    add = method("A")
    __setitem__ = method("S")
    __hash__ = object.__hash__
    __eq__ = object.__eq__


CLASSES = {}


def find(module, name):
    if any(sign in module + name for sign in " :\t"):
        raise ValueError("the file could not write this name")
    LOG.append(f"F:{module}:{name}")
    key = (module, name)
    if key not in CLASSES:
        CLASSES[key] = type(Stub)("Stub", (Stub,), {"path": f"{module}.{name}"})
    return CLASSES[key]


def persistent():
    made = object.__new__(Stub)
    object.__setattr__(made, "path_", "P")
    return made


class InC(pickle.Unpickler):
    def find_class(self, module, name):
        return find(module, name)

    def persistent_load(self, pid):
        return persistent()


class InPython(pickle._Unpickler):
    def find_class(self, module, name):
        return find(module, name)

    def persistent_load(self, pid):
        return persistent()


class Memory(io.BytesIO):
    """A file with `peek`, which the C loader reads without dropping anything."""

    def peek(self, count):
        at = self.tell()
        return self.getvalue()[at:]


def outcome(make):
    LOG.clear()
    try:
        make().load()
        end = "ok"
    except RecursionError:
        raise
    except BaseException:
        end = "err"
    return " ".join(LOG + [end])


MODULES = [b"m", b"os", b"a.b", b"long_module_name"]
NAMES = [b"f", b"g", b"system", b"K.h"]
WORDS = [b"", b"x", b"id", b"word", b"m", b"f"]


def text(rng, word):
    kind = rng.randrange(7)
    if kind == 0:
        return b"S'" + word + b"'\n"
    if kind == 1:
        return b"V" + word + b"\n"
    if kind == 2:
        return b"X" + struct.pack("<I", len(word)) + word
    if kind == 3:
        return b"\x8c" + bytes([len(word)]) + word
    if kind == 4:
        return b"\x8d" + struct.pack("<Q", len(word)) + word
    if kind == 5:
        return b"U" + bytes([len(word)]) + word
    return b"T" + struct.pack("<i", len(word)) + word


def number(rng):
    value = rng.choice([0, 1, 2, 7, 255, 256, -1, 70000])
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice([b"I%d\n" % value, b"I00\n", b"I01\n", b"I0x1f\n", b"I017\n", b"I 1\n"])
    if kind == 1:
        return b"L%dL\n" % value
    if kind == 2:
        return b"J" + struct.pack("<i", value)
    if kind == 3:
        return b"K" + bytes([value & 255])
    if kind == 4:
        return b"M" + struct.pack("<H", value & 0xFFFF)
    data = value.to_bytes(4, "little", signed=True)
    return rng.choice([b"\x8a\x04" + data, b"\x8b\x04\0\0\0" + data, b"\x8a\0"])


class Maker:
    """Keeps the shape of the stack, so that most opcodes find what they need."""

    def __init__(self, rng):
        self.rng = rng
        self.out = []
        self.stack = []
        self.memo = []

    def put(self, code, take=0, kind=None):
        self.out.append(code)
        for _ in range(take):
            if self.stack and self.stack[-1] != "mark":
                self.stack.pop()
        if kind:
            self.stack.append(kind)

    def to_mark(self, code, kind=None, also=0):
        while self.stack and self.stack.pop() != "mark":
            pass
        self.put(code, also, kind)

    def depth(self):
        count = 0
        for kind in reversed(self.stack):
            if kind == "mark":
                break
            count += 1
        return count

    def top(self):
        return self.stack[-1] if self.stack else None

    def step(self):
        rng, depth, top = self.rng, self.depth(), self.top()
        marked = "mark" in self.stack
        choice = rng.randrange(34)
        if choice < 4:
            self.put(text(rng, rng.choice(WORDS)), 0, "text")
        elif choice < 6:
            self.put(number(rng), 0, "number")
        elif choice < 8:
            self.put(rng.choice([b"N", b"\x88", b"\x89", b")", b"]", b"}", b"\x8f"]), 0, "plain")
        elif choice < 12:
            self.put(b"c" + rng.choice(MODULES) + b"\n" + rng.choice(NAMES) + b"\n", 0, "class")
        elif choice == 12:
            names = text(rng, rng.choice(MODULES)) + text(rng, rng.choice(NAMES))
            self.put(names + b"\x93", 0, "class")
        elif choice < 15:
            self.put(b"(", 0, "mark")
        elif choice == 15 and marked:
            code = b"i" + rng.choice(MODULES) + b"\n" + rng.choice(NAMES) + b"\n"
            self.to_mark(code, "made")
        elif choice < 18 and marked:
            self.to_mark(rng.choice([b"t", b"l", b"d", b"1", b"\x91", b"o", b"e", b"u", b"\x90"]), "some")
        elif choice < 21 and top in ("class", "made"):
            arguments = rng.choice([b")", b"K\x01\x85", b"Nq\x01K\x02\x86", b"]", b"(NNNt"])
            self.put(arguments + rng.choice([b"R", b"R", b"\x81", b"}\x92"]), 1, "made")
        elif choice == 21 and depth >= 1:
            self.put(b"0", 1)
        elif choice == 22 and depth >= 1:
            self.put(b"2", 0, top)
        elif choice == 23 and depth >= 2:
            self.put(rng.choice([b"a", b"b", b"R", b"\x81"]), 1)
        elif choice == 24 and depth >= 3:
            self.put(b"s", 2)
        elif choice < 27 and depth >= 1:
            index = rng.randrange(6)
            code = [b"\x94", b"q%c" % index, b"p%d\n" % index, b"r" + struct.pack("<I", index)]
            self.put(rng.choice(code))
            self.memo.append((index, top))
        elif choice < 29 and self.memo:
            index, kind = rng.choice(self.memo)
            code = [b"h%c" % index, b"g%d\n" % index, b"j" + struct.pack("<I", index)]
            self.put(rng.choice(code), 0, kind)
        elif choice == 29:
            self.put(rng.choice([b"Pid\n", b"NQ"]), 0, "made")
        elif choice == 30 and depth >= 1:
            self.put(rng.choice([b"\x85", b"0N", b"NNNN\x870", b"NN\x86b"]))
        elif choice == 31:
            self.put(b"\x80" + bytes([rng.randrange(6)]))


def pickle_of(rng):
    maker = Maker(rng)
    for _ in range(rng.randrange(3, 22)):
        maker.step()
    if not maker.depth():
        maker.put(b"N", 0, "plain")
    body = b"".join(maker.out) + b"."
    out = b"" if rng.random() < 0.3 else b"\x80" + bytes([rng.randrange(2, 6)])
    if rng.random() < 0.35:
        start = rng.choice([0, rng.randrange(len(body))])
        length = rng.choice([len(body) - start, rng.randrange(len(body)), len(body) + 9, 0])
        body = body[:start] + b"\x95" + struct.pack("<Q", length) + body[start:]
        if rng.random() < 0.3:
            start = rng.randrange(len(body))
            body = body[:start] + b"\x95" + struct.pack("<Q", rng.randrange(9)) + body[start:]
    whole = bytearray(out + body)
    if rng.random() < 0.2:
        whole[rng.randrange(len(whole))] = rng.randrange(256)
    if rng.random() < 0.1:
        del whole[rng.randrange(len(whole)) :]
    return bytes(whole)


def main(count, seed):
    # A memo index of 2^31 makes the C loader ask for that many places.
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    rng = random.Random(seed)
    seen = set()
    while len(seen) < count:
        data = pickle_of(rng)
        if data in seen or not data:
            continue
        rows = [
            outcome(lambda: InC(Memory(data))),
            outcome(lambda: InC(io.BytesIO(data))),
            outcome(lambda: InPython(io.BytesIO(data))),
        ]
        if not all(row.isascii() and row.isprintable() for row in rows):
            continue
        if all(row == "err" for row in rows):
            continue
        seen.add(data)
        print(data.hex(), *rows, sep="\t")


main(int(sys.argv[1]), int(sys.argv[2]))
