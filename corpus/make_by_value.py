#!/usr/bin/env python3
"""Writes functions and classes by value, as cloudpickle, dill and marshal write them, harmless ones and others.

The cases `near-miss-by-value` and `bad-by-value` of `pickle-dangerous-import` hold some of what it writes under
Python 3.7 to 3.13 (cloudpickle 2.2 to 3.1, dill 0.3 to 0.4), named by version. Nothing that it writes was ever
loaded. Usage: python3 corpus/make_by_value.py FOLDER
"""

import collections
import enum
import functools
import json
import marshal
import math
import os
import pickle
import sys

import cloudpickle
import dill

import os as harmless_name


def scale(x, factor=2.0):
    return math.sqrt(abs(x)) * factor


def words(rows):
    import re
    return [re.sub(r"\W+", " ", row.lower()).strip() for row in rows]


def forward(model, x):
    model.eval()
    return getattr(model, "forward")(x)


def outer(n):
    def inner(y):
        return n + scale(y)
    return inner


class Model:
    kind = "demo"

    def __init__(self, weight):
        self.weight = weight

    def load_context(self, context):
        with open(context.artifacts["w"]) as file:
            self.weight = json.load(file)

    def predict(self, context, frame):
        return [self.weight * row for row in frame]

    @property
    def name(self):
        return os.path.join("a", self.kind)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


Point = collections.namedtuple("Point", "x y")

GOOD = {
    "lambda": lambda x: x + 1, "function": scale, "closure": outer(3), "instance": Model(2), "class": Model,
    "enum": Colour.RED, "named": Point(1, 2), "partial": functools.partial(scale, factor=3), "words": words,
    "forward": forward, "several": {"f": scale, "g": words},
}


def starts(x): os.system("echo inert")


def starts_renamed(x): return harmless_name.system("echo inert")


def starts_listed(x):
    module = [os][0]
    return module.system("echo inert")


def starts_default(x, module=os): return module.popen("echo inert")


def starts_through(x): return json.codecs.builtins.exec(x)


def starts_modules(x): return sys.modules["os"].system("echo inert")


def evaluates(x): return eval(x)


def reaches(x): return getattr(x, "sys" + x)("echo inert")


def reaches_globals(x): return globals()["__buil" + "tins__"]


def climbs(x): return ().__class__.__base__.__subclasses__()


def imports(x): return __import__("o" + "s").system("echo inert")


def imports_from(x):
    from builtins import exec as run
    run(x)


def fetches(x):
    import urllib.request as u
    return u.urlopen("http://127.0.0.1/").read()


def writes(x):
    open("/tmp/inert", "w").write("x")


def unpickles(x):
    return pickle.loads(b"\x80\x04N.")


def outer_starts():
    module = os

    def inner(x):
        return module.system("echo inert")
    return inner


class Connects:
    def __setstate__(self, state):
        import socket
        socket.create_connection(("127.0.0.1", 9))

    def __getstate__(self):
        return {"a": 1}


class Holds:
    helper = os

    def predict(self, x):
        return self.helper.system("echo inert")


BAD = {
    "starts": starts, "renamed": starts_renamed, "listed": starts_listed, "default": starts_default,
    "through": starts_through, "modules": starts_modules, "evaluates": evaluates, "reaches": reaches,
    "globals": reaches_globals, "climbs": climbs, "imports": imports, "imports-from": imports_from,
    "fetches": fetches, "writes": writes, "unpickles": unpickles, "closure": outer_starts(),
    "connects": Connects(), "holds": Holds(),
}


def marshalled(function):
    """`types.FunctionType(marshal.loads(code), {})`, as a hand-written pickle has it."""
    code = marshal.dumps(function.__code__)
    loads = b"cmarshal\nloads\nB" + len(code).to_bytes(4, "little") + code + b"\x85R"
    return b"\x80\x03ctypes\nFunctionType\n" + loads + b"}\x86R."


def main(folder):
    version = "py%d%d" % sys.version_info[:2]
    os.makedirs(folder, exist_ok=True)
    for kind, things in (("good", GOOD), ("bad", BAD)):
        for name, thing in things.items():
            for library in (cloudpickle, dill):
                for protocol in (2, pickle.HIGHEST_PROTOCOL):
                    # dill refers to the globals of a program unless it is told to follow them.
                    options = {"recurse": True} if library is dill else {}
                    try:
                        data = library.dumps(thing, protocol=protocol, **options)
                    except (RecursionError, pickle.PicklingError) as error:
                        print(version, library.__name__, name, error)
                        continue
                    path = f"{kind}-{name}.{version}.{library.__name__}.p{protocol}.pkl"
                    with open(os.path.join(folder, path), "wb") as file:
                        file.write(data)
    for kind, function in (("good", scale), ("bad", starts)):
        with open(os.path.join(folder, f"{kind}-{function.__name__}.{version}.marshal.pkl"), "wb") as file:
            file.write(marshalled(function))


if __name__ == "__main__":
    main(sys.argv[1])
