"""ExecuTorch, Torch7, Paddle, MXNet and Caffe, written by hand."""

import json
import struct

from . import opcodes as op
from .protobuf import message
from .sample import Sample


def number(value):
    return struct.pack("<i", value)


def long(value):
    return struct.pack("<q", value)


def lua_text(value):
    return number(len(value)) + value


def instance(index, name):
    return number(4) + number(index) + lua_text(b"V 1") + lua_text(name)


def key(name):
    return number(2) + lua_text(name)


def layer(extra=b"", more=0, count=None, size=3):
    tensor = instance(3, b"torch.FloatTensor") + number(1) + long(3) + long(1) + long(1) + instance(4, b"torch.FloatStorage") + long(size) + bytes(12)
    table = number(3) + number(2) + number(2 + more if count is None else count)
    return instance(1, b"nn.Linear") + table + key(b"weight") + tensor + key(b"train") + number(5) + number(1) + extra


def function(code, kind=8):
    return number(kind) + (number(9) if kind != 6 else b"") + lua_text(code) + number(3) + number(10) + number(0)


def luajit(*words):
    return b"\x1bLJ\x02\x02" + b"".join(bytes([5 + len(word)]) + word for word in words) + b"\0\0"


def lua51(*words):
    return b"\x1bLuaQ\0\x01\x04\x08\x04\x08\0" + b"".join(b"\x04" + struct.pack("<Q", len(word) + 1) + word + b"\0" for word in words)


def torch7():
    files = {f"{name}-{kind}": layer(key(b"forward") + function(code, kind), 1) for kind in (6, 7, 8) for name, code in {"execute": luajit(b"os", b"execute", b"echo inert"), "popen": lua51(b"io", b"popen", b"echo inert")}.items()}
    files |= {
        "loadlib": layer(key(b"updateOutput") + function(lua51(b"package", b"loadlib", b"/nonexistent/inert.so")), 1), "ffi": layer(key(b"forward") + function(luajit(b"require", b"ffi", b"cdef", b"int inert(void);")), 1), "loadstring": layer(key(b"type") + function(luajit(b"loadstring", b"return 1")), 1),
        "remove": layer(key(b"forward") + function(luajit(b"os", b"remove", b"/nonexistent/inert")), 1), "alone": number(8) + number(1) + lua_text(luajit(b"os", b"execute")) + number(0), "in-table": number(3) + number(1) + number(1) + key(b"run") + function(luajit(b"os", b"execute")),
        "table-count": layer(count=2**31 - 1), "negative-text": layer(number(2) + number(-1) + b"x", 1), "storage-size": layer(size=2**60), "negative-table": layer(count=-5),
    }
    for name, data in files.items():
        yield Sample("torch7", name + ".t7", "torch7", "a function of Lua, or a count that breaks a reader", data)
    lines = ["4", "1", "3", "V 1", "9", "nn.Linear", "3", "2", "1", "2", "7", "forward", "8", "3", "18", "\x1bLua os execute ok", "0", ""]
    yield Sample("torch7", "text-form.t7", "torch7", "a function of Lua in the text form", "\n".join(lines).encode())


def field(tag, data):
    return varint(tag << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def paddle(kind, settings):
    attributes = b"".join(field(4, field(1, name.encode()) + b"\x10\x02" + field(5, text.encode())) for name, text in settings.items())
    operators = field(4, field(3, b"relu")) + field(4, field(3, kind) + attributes)
    return field(1, b"\x08\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + operators)


def graph(kind, settings, name="attrs"):
    nodes = [{"op": "null", "name": "data", "inputs": []}, {"op": kind, "name": "x", name: settings, "inputs": [[0, 0, 0]]}]
    return json.dumps({"nodes": nodes, "arg_nodes": [0], "heads": [[1, 0, 0]]}, indent=1).encode()


def array(shape, data=b"", version=0xF993FAC9):
    return struct.pack("<III", version, 0, len(shape)) + b"".join(map(long, shape)) + struct.pack("<iii", 1, 0, 0) + data


def arrays(*items, count=None):
    return struct.pack("<QQQ", 0x112, 0, len(items) if count is None else count) + b"".join(items) + struct.pack("<Q", 0)


def caffe(module, name):
    python = field(130, field(1, module) + field(2, name) + field(3, op.ECHO.encode()))
    return field(1, b"net") + field(100, field(1, b"c") + field(2, b"Convolution")) + field(100, field(1, b"a") + field(2, b"Python") + python)


def pir(name, settings, text=b"x"):
    attributes = [{"N": key, "AT": {"#": "0.a_str", "D": value}} for key, value in settings.items()]
    data = {"#": "1.data", "A": [{"N": "name", "AT": {"#": "0.a_str", "D": "x"}}], "I": [], "O": [{"%": 1}], "OA": []}
    inner = {"#": "1.if", "A": [], "I": [{"%": 1}], "O": [], "OA": [], "regions": [{"#": "region_1", "blocks": [{"#": "block_1", "args": [], "ops": [{"#": name, "A": attributes, "I": [{"%": 1}], "O": [], "OA": []}]}]}]}
    blocks = [{"#": "block_0", "args": [], "ops": [data, inner]}]
    return json.dumps({"base_code": {"magic": "pir", "trainable": True, "version": 4}, "program": {"regions": [{"#": "region_0", "blocks": blocks}]}}, separators=(",", ":")).encode()


def cntk_value(kind, number, *parts):
    return b"\x08\x01\x10" + bytes([kind]) + message(number, *parts)


def cntk_dictionary(entries):
    """Texts, dictionaries and lists of them; anything else is bytes of a value."""
    body = b"\x08\x01"
    for key, item in entries.items():
        if isinstance(item, str):
            item = cntk_value(6, 8, item)
        elif isinstance(item, dict):
            item = cntk_value(10, 12, cntk_dictionary(item))
        elif isinstance(item, list):
            item = cntk_value(9, 11, *[message(1, cntk_value(10, 12, cntk_dictionary(each))) for each in item])
        body += message(2, message(1, key), message(2, item))
    return body


def cntk_model(state):
    native = b"\x08\x01\x10\x01\x18" + bytes([int("deserialize_method" in state)])
    function = {"type": "UserDefinedFunction", "uid": "UserDefinedFunction3", "name": "f", "native": native, "state": state}
    plain = {"type": "PrimitiveFunction", "uid": "Times1", "name": "t"}
    return cntk_dictionary({"type": "CompositeFunction", "uid": "CompositeFunction9", "root": "UserDefinedFunction3", "primitive_functions": [plain, function]})


def cntk():
    texts = {
        "python-class": {"module": "subprocess", "class": "Popen"}, "python-system": {"module": "os", "class": "system"}, "python-pickle": {"module": "pickle", "class": "loads"},
        "python-module-text": {"module": "os import path\nimport os\nos.system('echo inert')\nfrom os", "class": "path"}, "python-class-text": {"module": "os", "class": "path; __import__('os').system('echo inert')"},
        "native-path": {"module": "/nonexistent/inert.so", "deserialize_method": "create"}, "native-up": {"module": "..\\..\\inert", "deserialize_method": "create"}, "native-share": {"module": "\\\\127.0.0.1\\inert\\inert.dll", "deserialize_method": "create"},
    }
    for name, state in texts.items():
        yield Sample("cntk", name + ".dnn", "cntk", "a function of the user that the loader fetches by running or opening what it names", cntk_model(state | {"op_name": "inert", "state": {}}))
    large = cntk_model(texts["python-system"] | {"op_name": "inert", "state": {}})
    yield Sample("cntk", "large-form.cmf", "cntk", "the form for models over 2 GiB", struct.pack("<II", 0x636E746B, len(large)) + large + bytes(64))
    many = {"op_name": "inert", "state": {}} | {f"extra{number}": "x" for number in range(150)} | texts["python-system"]
    yield Sample("cntk", "crowded.dnn", "cntk", "the names behind many others", cntk_model(many))
    network = "".join(letter + "\0" for letter in "BCN\0BVersion\0").encode()
    yield Sample("cntk", "network.dnn", "cntk", "a network of version 1 with a command", network + b"\2\0\0\0\0\0\0\0" + b"\0os.system('echo inert')\0")


def graphs():
    yield Sample("paddle", "pir-save.json", "paddle", "an operator that writes a file", pir("1.save_combine", {"file_path": "/nonexistent/inert"}))
    yield Sample("paddle", "pir-save-in-full.json", "paddle", "an operator that writes a file", pir("pd_op.save_combine", {"file_path": "/nonexistent/inert"}))
    yield Sample("paddle", "pir-read.json", "paddle", "an operator that reads a file of the system", pir("1.read_file", {"filename": "/etc/passwd"}))
    yield Sample("paddle", "pir-py-func.json", "paddle", "an operator that calls Python", pir("1.py_func", {"forward_callable_id": "0"}))
    yield Sample("paddle", "pir-py-op.json", "paddle", "an operator that calls Python", pir("py_op.inert", {}))
    yield Sample("paddle", "pir-command.json", "paddle", "a setting that is a command", pir("3.inert", {"init": "os.system('echo inert')"}))
    yield Sample("paddle", "py-func.pdmodel", "paddle", "an operator that calls Python", paddle(b"py_func", {"forward_callable_id": "0"}))
    yield Sample("paddle", "py-layer.pdmodel", "paddle", "an operator that calls Python", paddle(b"py_layer", {}))
    yield Sample("paddle", "save.pdmodel", "paddle", "an operator that writes a file", paddle(b"save", {"file_path": "/nonexistent/inert"}))
    yield Sample("paddle", "serve.pdmodel", "paddle", "an operator that waits for others", paddle(b"listen_and_serv", {"endpoint": "127.0.0.1:9"}))
    yield Sample("paddle", "command.pdmodel", "paddle", "a setting that is a command", paddle(b"custom", {"init": "os.system('echo inert')"}))
    yield Sample("paddle", "size.pdiparams", "paddle", "a tensor larger than any memory", bytes(16) + lua_text(b"\x08\x05\x10" + varint(2**62) + b"\x10\x04") + bytes(16))
    for kind in ("_Native", "_NDArray"):
        yield Sample("mxnet", f"address{kind.lower().replace('_', '-')}-symbol.json", "mxnet", "an address that is run", graph(kind, {"info": "0x7f0000000000"}, "param"))
    yield Sample("mxnet", "library-symbol.json", "mxnet", "a library that is loaded", graph("Custom", {"op_type": "mine", "lib": "/nonexistent/inert.so"}))
    yield Sample("mxnet", "command-symbol.json", "mxnet", "a command among the settings", graph("Custom", {"op_type": "__import__('os').system('echo inert')"}, "attr"))
    for name, data in {"count-huge": arrays(count=2**31), "shape-huge": arrays(array((2**40, 2**40))), "beyond-end": arrays(array((1024,), bytes(16)))}.items():
        yield Sample("mxnet", name + ".params", "mxnet", "arrays that the file does not hold", data)
    for module, name in ((b"os", b"system"), (b"subprocess", b"Popen"), (b"builtins", b"exec"), (b"pickle", b"loads")):
        label = f"{module.decode()}-{name.decode().lower()}"
        yield Sample("caffe", label + ".caffemodel", "caffe", "a layer that calls what runs code", caffe(module, name))
        text = f'name: "net"\nlayer {{\n  name: "a"\n  type: "Python"\n  python_param {{ module: "{module.decode()}" layer: \'{name.decode()}\' param_str: "{op.ECHO}" }}\n}}\n'
        yield Sample("caffe", label + ".prototxt", "caffe", "a layer that calls what runs code", text.encode())


def tensorrt():
    """Plans of TensorRT as far as public sources describe them: a tag, and whatever was packed into it."""
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 62, 1) + bytes(40)
    arm = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 183, 1) + bytes(40)
    dll = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(60)
    weights = bytes(range(1, 250)) * 4
    plan = lambda *parts: b"ftrt" + bytes(4) + struct.pack("<Q", 244) + weights + b"".join(parts) + weights
    creators = b"\0getPluginCreators\0setLoggerFinder\0"
    wide = lambda text: "".join(letter + "\0" for letter in text).encode()
    files = {
        "plugin": ("a plugin that runs when the engine is deserialised", plan(elf, creators)), "plugin-arm": ("a plugin for another processor", plan(arm, b"\0getCreators\0")), "plugin-windows": ("a plugin for Windows", plan(dll, creators)),
        "lean": ("a runtime that the engine brings along", plan(elf, b"\0libnvinfer_lean.so.10\0")), "library": ("a library for the host", plan(elf)), "older": ("a library in a plan of an older version", b"ptrt" + plan(elf)[4:]),
        "wide-path": ("the path of a library as Windows writes it", plan(wide("C:\\nonexistent\\inert.dll"), b"\0\0")), "wide-odd": ("a command in letters of two bytes at an odd place", plan(b"\7" + wide("cmd.exe /c echo inert"), b"\0\0")), "text": ("a text that starts programs", plan(b"\0os.system('echo inert')\0")),
    }
    for name, (note, data) in files.items():
        yield Sample("tensorrt", name + ".engine", "tensorrt", note, data)


def samples():
    yield from torch7()
    yield from tensorrt()
    yield from cntk()
    yield from graphs()
