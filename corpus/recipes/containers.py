"""PyTorch archives, numpy files, joblib streams, and every other thing that holds a pickle or leaves its folder."""

import gzip
import lzma
import struct
import zlib

from . import opcodes as op
from .archives import Member, simple_zip, tar_entry, tar_file, zip_file
from .sample import Sample

BAD = op.echo(2)
GOOD = op.finish(op.value({"a": 1}, 2), 2)
TAIL = [("archive/byteorder", b"little"), ("archive/version", b"3\n")]
FORMAT = "pytorch zip"


def torch_zips():
    def torch(name, members, note, **options):
        return Sample("torch-zip", name, FORMAT, note, zip_file(members + [Member(*entry) for entry in TAIL], **options))

    plain = Member("archive/data.pkl", BAD)
    yield torch("plain.pt", [plain], "a call in data.pkl")
    for extension in ("bin", "pth", "ckpt", "zip", "mar", "ptl", "safetensors", "model"):
        yield torch(f"named.{extension}", [plain], "a call in data.pkl under another name")
    yield torch("deflated.pt", [Member("archive/data.pkl", BAD, method=8)], "a packed data.pkl")
    for flag in (0x1, 0x20, 0x40, 0x2000, 0x61):
        yield torch(f"flag-{flag:x}.pt", [Member("archive/data.pkl", BAD, flags=flag)], "a flag that makes a strict reader give up")
        yield torch(f"flag-{flag:x}-local-only.pt", [Member("archive/data.pkl", BAD, local_flags=flag)], "a flag in the local header alone")
    yield torch("crc.pt", [Member("archive/data.pkl", BAD, crc=0)], "a checksum that does not fit")
    yield torch("local-name.pt", [Member("archive/data.pkl", BAD, local="archive/data.txt")], "another name in the local header")
    yield torch("central-name.pt", [Member("archive/data.txt", BAD, local="archive/data.pkl"), Member("archive/data.pkl", GOOD)], "another name in the directory")
    yield torch("case.pt", [Member("archive/DATA.PKL", BAD)], "a name in capitals")
    yield torch("no-extension.pt", [Member("archive/data", BAD), Member("archive/data.pkl", GOOD)], "the call in a member that looks like numbers")
    yield torch("in-storage.pt", [Member("archive/data.pkl", GOOD), Member("archive/data/0", BAD)], "the call in a storage")
    yield torch("constants.pt", [Member("archive/data.pkl", GOOD), Member("archive/constants.pkl", BAD)], "the call in constants.pkl")
    yield torch("double-first.pt", [plain, Member("archive/data.pkl", GOOD)], "two members of one name")
    yield torch("double-last.pt", [Member("archive/data.pkl", GOOD), plain], "two members of one name")
    yield torch("hidden-from-directory.pt", [Member("archive/data.pkl", BAD, directory=False), Member("archive/x", GOOD)], "a member that the directory does not list")
    yield torch("prefixed-pickle.pt", [Member("archive/data.pkl", GOOD)], "a pickle before the archive", prefix=BAD)
    yield torch("prefixed-unadjusted.pt", [plain], "bytes before the archive", prefix=b"#!x\n" * 4, adjusted=False)
    yield torch("trailing-pickle.pt", [plain], "bytes behind the archive", tail=GOOD)
    yield torch("commented.pt", [plain], "a comment with another end record", comment=b"PK\x05\x06" + bytes(18))
    yield torch("count.pt", [plain], "a directory that says it has no members", count=0)
    yield torch("no-directory.pt", [plain], "no end record", no_end=True)
    yield torch("size-lies.pt", [Member("archive/data.pkl", BAD, size=1)], "a size that is too small")
    yield torch("local-size-zero.pt", [Member("archive/data.pkl", BAD, flags=8, local_size=0)], "sizes in a descriptor")
    yield torch("backslash.pt", [Member("archive\\data.pkl", BAD)], "a backslash in the name")
    yield torch("nul-in-name.pt", [Member(b"archive/data.pkl\0.txt", BAD)], "a name with a zero byte")
    yield torch("unicode-extra.pt", [Member("archive/data.bin", BAD, extra=b"up" + struct.pack("<HBI", 21, 1, zlib.crc32(b"archive/data.bin")) + b"archive/data.pkl")], "another name in an extra field")
    yield torch("script-code.pt", [Member("archive/data.pkl", GOOD), Member("archive/constants.pkl", GOOD), Member("archive/code/__torch__.py", b"op_version_set = 1\nclass M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    y = torch.from_file(\"/nonexistent/inert\", True, 10)\n    return y\n")], "TorchScript that maps a file")
    yield torch("script-save.pt", [Member("archive/data.pkl", GOOD), Member("archive/constants.pkl", GOOD), Member("archive/code/__torch__.py", b"op_version_set = 1\nclass M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    torch.save(x, \"/nonexistent/inert\")\n    return x\n")], "TorchScript that writes a file")
    yield Sample("torch-zip", "nested-zip.pt", "zip", "an archive in an archive", simple_zip([("inner.pt", zip_file([plain]))]))
    subclass = op.pickle_call("asyncio.unix_events", "_UnixSubprocessTransport._start", (None, op.ECHO), 4)
    yield torch("submodule-of-asyncio.pt", [Member("archive/data.pkl", subclass)], "a class of a submodule that a list of modules lacks")
    weights = op.finish(op.global_("torch._utils", "_rebuild_tensor_v2") + op.MARK + op.MARK + op.value("storage", 2) + op.global_("torch", "FloatStorage") + op.value("0", 2) + op.value("cpu", 2) + op.value(4, 2) + op.TUPLE + op.BINPERSID + op.value(0, 2) + op.value((2, 2), 2) + op.value((2, 1), 2) + op.FALSE + op.global_("collections", "OrderedDict") + op.EMPTY_TUPLE + op.REDUCE + op.TUPLE + op.REDUCE + op.put(1) + op.POP + op.call("os", "system", (op.ECHO,), 2) + op.POP + op.get(1), 2)
    yield torch("beside-a-real-tensor.pt", [Member("archive/data.pkl", weights), Member("archive/data/0", bytes(16))], "a real tensor and a call")


def torch_legacy():
    magic = op.finish(b"\x8a\x0a" + bytes.fromhex("6cfc9c46f9206aa85019"), 2)
    version, system = op.finish(op.value(1001, 2), 2), op.finish(op.value({"little_endian": True}, 2), 2)
    keys = op.finish(op.value([], 2), 2)
    for name, data in {
        "plain": magic + version + system + BAD + keys, "in-system": magic + version + BAD + GOOD + keys, "in-keys": magic + version + system + GOOD + BAD, "in-version": magic + BAD + system + GOOD + keys,
        "no-magic": version + system + BAD + keys, "other-magic": op.finish(op.value(119547037146038801333356, 2), 2) + version + system + BAD, "behind-storages": magic + version + system + GOOD + keys + bytes(64) + BAD,
        "magic-by-call": op.finish(op.call("os", "system", (op.ECHO,), 2), 2) + magic + version,
    }.items():
        yield Sample("torch-legacy", name + ".pt", "pytorch legacy", "a call in one of the pickles of a legacy file", data)
    storages = tar_entry("sys_info", system) + tar_entry("pickle", BAD) + tar_entry("storages", GOOD) + tar_entry("tensors", GOOD)
    yield Sample("torch-legacy", "tar.pt", "tar", "the oldest format, a tar of pickles", tar_file(storages))
    yield Sample("torch-legacy", "tar-in-tensors.pt", "tar", "the oldest format, a tar of pickles", tar_file(tar_entry("sys_info", GOOD), tar_entry("pickle", GOOD), tar_entry("storages", BAD), tar_entry("tensors", GOOD)))


def npy(payload, descr="|O", shape="(1,)", version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    size = 2 if version == 1 else 4
    header += b" " * (-(len(header) + 9 + size) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(size, "little") + header + payload


def numpy_files():
    for version in (1, 2, 3):
        yield Sample("numpy", f"object-v{version}.npy", "npy", "an array of objects is a pickle", npy(BAD, version=version))
    yield Sample("numpy", "object-0d.npy", "npy", "an array of objects is a pickle", npy(BAD, shape="()"))
    yield Sample("numpy", "protocol-0.npy", "npy", "an array of objects is a pickle", npy(op.echo(0)))
    header = b"{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n"
    yield Sample("numpy", "structured.npy", "npy", "one field of objects", b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + BAD)
    header = b"{'descr':'O','fortran_order':False,'shape':(1,)}\n"
    yield Sample("numpy", "descr-without-order.npy", "npy", "the type written as O", b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + BAD)
    yield Sample("numpy", "pickle-named.npy", "pickle", "numpy.load falls back to pickle", BAD)
    for method in (0, 8):
        yield Sample("numpy", f"object-{method}.npz", "npz", "an array of objects in an archive", zip_file([Member("a.npy", npy(bytes(4), "<f4"), method=method), Member("b.npy", npy(BAD), method=method)]))
    yield Sample("numpy", "pickle-inside.npz", "npz", "a member that is a pickle", zip_file([Member("a.npy", npy(bytes(4), "<f4")), Member("b.npy", BAD)]))
    def raw(text, payload, version=1):
        return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text + payload

    for name, descr in {
        "escaped": b"'\\x4f'", "escaped-order": b"'\\x7cO'", "octal": b"'\\117'", "joined": b"'|' 'O'", "raw-text": b"r'|O'", "three-quotes": b"'''|O'''", "named-letter": b"'\\N{LATIN CAPITAL LETTER O}'", "behind-comment": b"(# '<f8'\n'O')", "subarray": b"('|O', (1,))", "nested-field": b"[('a', [('b', '|O')], (1,))]",
        "titled-field": b"[(('title', 'a'), '|O')]", "comma": b"'f4,O'", "repeated": b"'1O'", "named": b"'object'", "named-underscore": b"'object_'",
    }.items():
        yield Sample("numpy", f"type-{name}.npy", "npy", "an array of objects whose type is not written plainly", raw(b"{'descr': " + descr + b", 'fortran_order': False, 'shape': (1,), }\n", BAD))
    plain = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n"
    yield Sample("numpy", "double-type.npy", "npy", "two types: numbers at first, then objects", raw(b"{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", BAD))
    yield Sample("numpy", "double-type-turned.npy", "npy", "two types: objects at first, then numbers", raw(b"{'descr': '|O', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", BAD))
    yield Sample("numpy", "second-array.npy", "npy", "a second array, of objects, behind one of numbers", raw(plain, bytes(8)) + npy(BAD))
    yield Sample("numpy", "expression.npy", "npy", "a header that runs a command where it is evaluated", raw(b"{'descr': __import__('os').system('echo inert'), 'fortran_order': False, 'shape': (1,), }\n", bytes(8)))
    yield Sample("numpy", "deep-header.npy", "npy", "a header that breaks Python's parser", raw(b"{'descr': " + b"(" * 9000, b""))
    for name, shape in {"overflow": b"(4611686018427387904, 4611686018427387904)", "negative": b"(-8,)", "huge": b"(1152921504606846975,)"}.items():
        yield Sample("numpy", f"shape-{name}.npy", "npy", "a shape that overflows", raw(plain.replace(b"(1,)", shape), bytes(8)))
    yield Sample("numpy", "behind-numbers.npy", "npy", "a call behind the numbers of an array", npy(bytes(4), "<f4") + BAD)


def joblib():
    wrapper = op.global_("joblib.numpy_pickle", "NumpyArrayWrapper") + op.EMPTY_TUPLE + op.NEWOBJ
    state = {"subclass": op.Raw(op.global_("numpy", "ndarray")), "shape": (4,), "order": "C", "dtype": op.Raw(op.global_("numpy", "dtype") + op.value(("f8", False, True), 3) + op.REDUCE + op.value((3, "<", None, None, None, -1, -1, 0), 3) + op.BUILD), "allow_mmap": False}
    array = wrapper + op.value(state, 3) + op.BUILD
    numbers = struct.pack("<4d", 1, 2, 3, 4)
    tricky = (b"cos\nsystem\n." * 3)[:32]
    def objects(inner):
        lying = dict(state, dtype=op.Raw(op.global_("numpy", "dtype") + op.value(("O8", False, True), 3) + op.REDUCE + op.value((3, "|", None, None, None, -1, -1, 63), 3) + op.BUILD))
        return wrapper + op.value(lying, 3) + op.BUILD + inner
    streams = {
        "call-behind-array": op.finish(array + numbers + op.POP + op.call("os", "system", (op.ECHO,), 3), 3), "call-before-array": op.finish(op.call("os", "system", (op.ECHO,), 3) + op.POP + array + numbers, 3),
        "call-between-arrays": op.finish(array + numbers + op.POP + op.call("os", "system", (op.ECHO,), 3) + op.POP + array + numbers, 3), "call-behind-tricky-array": op.finish(array + tricky + op.POP + op.call("subprocess", "getoutput", (op.ECHO,), 3), 3),
        "object-array": op.finish(objects(BAD), 3), "shape-lies": op.finish(wrapper + op.value(dict(state, shape=(0,)), 3) + op.BUILD + op.call("os", "system", (op.ECHO,), 3), 3),
        "mmap-padding": op.finish(wrapper + op.value(dict(state, allow_mmap=True, numpy_array_alignment_bytes=16), 3) + op.BUILD + b"\x04" + b"\xff" * 4 + numbers + op.POP + op.call("os", "system", (op.ECHO,), 3), 3),
        "class-by-call": op.finish(wrapper + op.value(dict(state, subclass=op.Raw(op.global_("os", "system"))), 3) + op.BUILD + numbers, 3),
    }
    import bz2

    for name, data in streams.items():
        yield Sample("joblib", name + ".joblib", "joblib", "a call around a raw array", data)
        for extension, pack in (("z", zlib.compress), ("gz", lambda raw: gzip.compress(raw, mtime=0)), ("bz2", bz2.compress), ("xz", lzma.compress), ("lzma", lambda raw: lzma.compress(raw, format=lzma.FORMAT_ALONE))):
            if name in ("call-behind-array", "object-array"):
                yield Sample("joblib", f"{name}.joblib.{extension}", "joblib", "a call around a raw array, packed", pack(data))
    old = b"ZF" + b"0x%-17x" % len(BAD) + zlib.compress(BAD)
    yield Sample("joblib", "old-zfile.pkl", "joblib", "the compressed format of joblib before 0.10", old)


def slips():
    """Archives that write outside of the folder they are unpacked into."""
    names = {"dotdot": "../../nonexistent/inert", "absolute": "/nonexistent/inert", "backslash": "..\\..\\inert.txt", "drive": "C:\\inert.txt", "hidden-dotdot": "weights/../../../inert", "dot-slash-dotdot": "./../inert", "unc": "\\\\127.0.0.1\\inert"}
    for name, path in names.items():
        yield Sample("archive-slip", f"{name}.zip", "zip", "a member outside of the folder", simple_zip([("config.json", b"{}"), (path, b"inert\n")]))
        yield Sample("archive-slip", f"{name}.tar", "tar", "a member outside of the folder", tar_file(tar_entry("config.json", b"{}"), tar_entry(path, b"inert\n")))
    target = b"/nonexistent/inert"
    yield Sample("archive-slip", "symlink.zip", "zip", "a link that leads outside", zip_file([Member("weights", target, attributes=0o120777)]))
    for kind, name in ((b"2", "symlink"), (b"1", "hardlink")):
        for goal in ("/nonexistent/inert", "../../../inert"):
            label = "absolute" if goal.startswith("/") else "dotdot"
            yield Sample("archive-slip", f"{name}-{label}.tar", "tar", "a link that leads outside", tar_file(tar_entry("weights", kind=kind, link=goal)))
    yield Sample("archive-slip", "through-link.tar", "tar", "a file written through a link", tar_file(tar_entry("out", kind=b"2", link="/nonexistent"), tar_entry("out/inert", b"inert\n")))
    yield Sample("archive-slip", "device.tar", "tar", "a device", tar_file(tar_entry("tty", kind=b"3")))
    yield Sample("archive-slip", "prefix.tar", "tar", "the dots in the prefix field", tar_file(tar_entry("inert", b"x", prefix="../..")))
    long = tar_entry("././@LongLink", b"../" * 40 + b"inert\0", kind=b"L")
    yield Sample("archive-slip", "long-name.tar", "tar", "the dots in a long name", tar_file(long, tar_entry("short", b"x")))
    pax = b"path=../../inert\n"
    record = b"%d %s" % (len(pax) + 3, pax)
    yield Sample("archive-slip", "pax-path.tar", "tar", "the dots in a pax record", tar_file(tar_entry("pax", record, kind=b"x"), tar_entry("short", b"x")))
    yield Sample("archive-slip", "dotdot.tar.gz", "gzip", "a packed tar with a slip", gzip.compress(tar_file(tar_entry("../../inert", b"x")), mtime=0))


def archives_with_pickles():
    files = {"tar": tar_file(tar_entry("readme.txt", b"x"), tar_entry("model.pkl", BAD)), "tar.gz": gzip.compress(tar_file(tar_entry("model.pkl", BAD)), mtime=0), "tar.xz": lzma.compress(tar_file(tar_entry("model.pkl", BAD))), "zip": simple_zip([("model.pkl", BAD)])}
    for extension, data in files.items():
        yield Sample("archive-with-pickle", f"model.{extension}", extension.split(".")[0], "a pickle in an archive", data)
    yield Sample("archive-with-pickle", "no-name.zip", "zip", "a pickle under an innocent name", simple_zip([("notes.txt", op.echo(0)), ("weights.bin", b"\0" * 8)]))
    yield Sample("archive-with-pickle", "zip-in-tar-in-gz.bin", "gzip", "archives in archives", gzip.compress(tar_file(tar_entry("a.zip", simple_zip([("b.zip", simple_zip([("c", BAD)]))]))), mtime=0))
    yield Sample("archive-with-pickle", "handler.mar", "zip", "a model archive with a handler that runs a command", simple_zip([("MAR-INF/MANIFEST.json", b'{"model": {"handler": "handler.py", "serializedFile": "model.pt", "modelName": "inert"}}'), ("handler.py", b"import os\n\ndef handle(data, context):\n    os.system('echo inert')\n"), ("model.pt", GOOD)]))
    yield Sample("archive-with-pickle", "pickle.mar", "zip", "a model archive with a pickle", simple_zip([("MAR-INF/MANIFEST.json", b'{"model": {"handler": "text_classifier", "serializedFile": "model.pt", "modelName": "inert"}}'), ("model.pt", zip_file([Member("archive/data.pkl", BAD)]))]))
    yield Sample("archive-with-pickle", "nemo.nemo", "tar", "NeMo: a configuration that names what to build", tar_file(tar_entry("./model_config.yaml", b"target: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: os.system\n  command: echo inert\n"), tar_entry("./model_weights.ckpt", zip_file([Member("archive/data.pkl", GOOD)]))))
    yield Sample("archive-with-pickle", "nemo-pickle.nemo", "tar", "NeMo: a pickle for weights", tar_file(tar_entry("./model_config.yaml", b"target: x\n"), tar_entry("./model_weights.ckpt", zip_file([Member("archive/data.pkl", BAD)]))))
    # 7z with one stored member and a plain header.
    yield Sample("archive-with-pickle", "stored.7z", "7z", "a pickle in a 7z archive that is not even packed", seven_zip("model.pkl", BAD))
    yield Sample("archive-with-pickle", "stored-named.pt", "7z", "a pickle in a 7z archive under the name of a model", seven_zip("archive/data.pkl", BAD))


def seven_zip(name, data):
    number = lambda value: bytes([value]) if value < 128 else bytes([0x80 | value >> 8, value & 255])
    pack = b"\x06" + number(0) + number(1) + b"\x09" + number(len(data)) + b"\0"
    folder = b"\x07\x0b\x01\0" + b"\x01" + b"\x01\x00" + b"\x0c" + number(len(data)) + b"\x0a\x01" + struct.pack("<I", zlib.crc32(data)) + b"\0\x08\0"
    names = b"\0" + name.encode("utf-16-le") + b"\0\0"
    files = b"\x05" + number(1) + b"\x11" + number(len(names)) + names + b"\0"
    header = b"\x01" + b"\x04" + pack + folder + b"\0" + files + b"\0"
    start = struct.pack("<QQI", len(data), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start + data + header


def tar_conflicts():
    """Members that one reader finds by the extended header and another by the plain one."""
    def pax(*pairs):
        records = b""
        for key, value in pairs:
            rest = len(key) + len(value) + 3
            length = next(number for number in range(rest + 1, rest + 9) if len(str(number)) + rest == number)
            records += b"%d %s=%s\n" % (length, key, value)
        return records

    def sized(entry, size):
        header = bytearray(entry[:512])
        header[124:136], header[148:156] = size, b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        return bytes(header) + entry[512:]

    hidden = tar_entry("model.pkl", BAD)
    extended = lambda *pairs: tar_entry("pax", pax(*pairs), kind=b"x")
    zero = b"%011o\0" % 0
    files = {
        "plain-size-zero": extended((b"size", b"%d" % len(hidden))) + sized(tar_entry("notes.txt", hidden), zero), "extended-size-zero": extended((b"size", b"0")) + tar_entry("notes.txt", hidden), "extended-size-huge": extended((b"size", b"1152921504606846976")) + tar_entry("notes.txt", b"x") + hidden,
        "global-size": tar_entry("pax", pax((b"size", b"0")), kind=b"g") + tar_entry("notes.txt", hidden) + tar_entry("b", b"x"), "size-twice": extended((b"size", b"%d" % len(hidden)), (b"size", b"0")) + tar_entry("notes.txt", hidden), "negative-size": sized(tar_entry("notes.txt", hidden), b"\xff" * 12),
        "size-with-letters": sized(tar_entry("notes.txt", hidden), b"0000000x000\0"), "global-path": tar_entry("pax", pax((b"path", b"../../inert")), kind=b"g") + tar_entry("a", b"x") + tar_entry("b", b"x"),
    }
    for name, data in files.items():
        yield Sample("tar-conflict", name + ".tar", "tar", "two readers find different members", tar_file(tar_entry("config.json", b"{}"), data))
    yield Sample("tar-conflict", "global-path-packed.tar.gz", "gzip", "two readers find different names", gzip.compress(tar_file(files["global-path"]), mtime=0))


def asides():
    """Payloads in what unpacking steps over."""
    frame = lambda data: b"\x50\x2a\x4d\x18" + struct.pack("<I", len(data)) + data
    zstd = b"(\xb5/\xfd\x04X\xdd\x00\x00\xa0hello, packed world\n\x01\x00\x12^5\x99\xf8\xd9U\xad"
    lz4 = b'\x04"M\x18d@\xa7!\x00\x00\x00\xff\x05hello, packed world\n\x14\x00\xff\xff\xf6Porld\n\x00\x00\x00\x00\xaeZ9\xbb'
    program = b"\x7fELF\x02\x01\x01" + bytes(57)
    for kind, packed in (("zst", zstd), ("lz4", lz4)):
        for name, payload in (("pickle", BAD), ("program", program)):
            yield Sample("stream-asides", f"{name}-before.{kind}", kind, "a payload in a frame that is stepped over", frame(payload) + packed)
            yield Sample("stream-asides", f"{name}-between.{kind}", kind, "a payload in a frame that is stepped over", packed + frame(payload) + packed)
        yield Sample("stream-asides", f"broken-behind.{kind}", kind, "a payload in a frame before broken data", frame(BAD) + packed[:4] + b"\xff" * 9)
    body = gzip.compress(b"harmless", mtime=0)[10:]
    head = lambda flags: b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\x02\x03"
    yield Sample("stream-asides", "extra-field.gz", "gzip", "a payload in the extra field", head(4) + struct.pack("<H", len(BAD)) + BAD + body)
    yield Sample("stream-asides", "comment.gz", "gzip", "a payload in the comment", head(16) + op.echo(0) + b"\0" + body)
    yield Sample("stream-asides", "second-member.gz", "gzip", "a payload in a second member", gzip.compress(b"harmless", mtime=0) + gzip.compress(BAD, mtime=0))


RECIPES = (tar_conflicts, asides, torch_zips, torch_legacy, numpy_files, joblib, slips, archives_with_pickles)


def samples():
    for recipe in RECIPES:
        yield from recipe()
