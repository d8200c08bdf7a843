"""Archives of torch.package and torch.export with code, and engines of formats that nobody tells by their content."""

import json
import struct

from . import opcodes as op
from .archives import simple_zip
from .sample import Sample

LIBRARY = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0" + bytes(100)
CODE = {
    "system": "import os\nos.system('echo inert')\n",
    "in-constructor": "import subprocess\n\n\nclass Net:\n    def __init__(self):\n        subprocess.run(['echo', 'inert'])\n",
    "exec": "import base64\nexec(base64.b64decode('cGFzcw=='))\n",
    "socket": "import socket\ns = socket.socket()\ns.connect(('127.0.0.1', 9))\n",
    "hidden-import": "__import__('os').system('echo inert')\n",
}


def samples():
    head = [("p/.data/extern_modules", b"torch\n"), ("p/.data/version", b"6"), ("p/net/__init__.py", b"")]
    harmless = b"\x80\x02cnet.code\nNet\nq\x00)\x81."
    for name, code in CODE.items():
        yield Sample("torch-package", name + ".pt", "torch package", "code that runs when it is imported", simple_zip([*head, ("p/net/code.py", code.encode()), ("p/model/model.pkl", harmless)]))
    yield Sample("torch-package", "pickle.pt", "torch package", "an object that runs a program", simple_zip([*head, ("p/model/model.pkl", op.echo(2))]))
    yield Sample("torch-package", "library.pt", "torch package", "a library among the code", simple_zip([*head, ("p/net/fast.so", LIBRARY)]))
    exported = [("m/archive_format", b"pt2"), ("m/version", b"1"), ("m/byteorder", b"little")]
    yield Sample("torch-export", "compiled.pt2", "torch export", "a library that loading runs", simple_zip([*exported, ("m/data/aotinductor/model/c.so", LIBRARY)]))
    yield Sample("torch-export", "weights.pt2", "torch export", "weights that are a pickle with a call", simple_zip([*exported, ("m/data/weights/model.pt", op.echo(2))]))
    graph = json.dumps({"graph_module": {"graph": {"nodes": []}}, "schema_version": {"major": 8, "minor": 2}}).encode()
    yield Sample("torch-export", "state.pt2", "torch export", "a state that is a pickle with a call", simple_zip([("serialized_exported_program.json", graph), ("serialized_state_dict.pt", op.echo(2)), ("version", b"1")]))
    for ending, start, text in (
        ("engine", b"TRTENG\1\0\0\0", b"/nonexistent/libplugin.so"), ("plan", b"\0\1\2\3", b"os.system('echo inert')"), ("trt", b"\xff\0trt", b"/bin/sh -c 'echo inert'"), ("cntk", b"B\0C\0N\0\0\0", b"subprocess.Popen(['echo', 'inert'])"),
        ("dnn", b"\x0a\x07version\x12\x02\x08\x01", b"__import__('os').system('echo inert')"), ("mnn", struct.pack("<I", 24) + bytes(20), b"/nonexistent/inert.so"), ("om", b"IMOD" + bytes(28), b"cmd.exe /c echo inert"), ("rknn", b"RKNX" + bytes(12), b"powershell -c echo"),
    ):
        yield Sample("engines", f"unknown.{ending}", "engine", "a text that starts a program, or a library to load", start + bytes(64) + text + bytes(64))
    for name, compressor in (("blosc", {"id": "blosc", "cname": "lz4"}), ("lz4", {"id": "lz4"})):
        array = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": compressor, "filters": [{"id": "pickle", "protocol": 5}], "order": "C", "fill_value": 0}
        yield Sample("orbax", f"pickle-{name}.zarray", "zarr", "an array whose hidden chunks are unpickled", json.dumps(array).encode())
    array = {"zarr_format": 3, "node_type": "array", "shape": [1], "codecs": [{"name": "numcodecs.pickle", "configuration": {}}, {"name": "blosc", "configuration": {}}]}
    yield Sample("orbax", "pickle.zarr.json", "zarr", "an array whose hidden chunks are unpickled", json.dumps(array).encode())
    for name, path in (("climbs", b"../../../etc/passwd"), ("backslash", b"..\\..\\inert")):
        body = b"\x01\x13" + path + b"\x01"
        yield Sample("orbax", name + ".manifest.ocdbt", "ocdbt", "a database that names files outside of its folder", b"\x0c\xdb\x3a\x2a" + struct.pack("<Q", len(body) + 18) + b"\0\0" + body + bytes(4))
    layer = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 1, "fn_module": "subprocess", "fn_name": "Popen"}}
    config = json.dumps({"class_name": "Sequential", "module": "keras", "config": {"name": "m", "layers": [layer]}}).encode()
    metadata = b'{"keras_version": "3.9.0"}'
    yield Sample("keras-v3", "fn-module.keras", "keras v3", "a setting that names a module", simple_zip([("metadata.json", metadata), ("config.json", config), ("model.weights.h5", b"")]))
    plain = json.dumps({"class_name": "Sequential", "module": "keras", "config": {"name": "m", "layers": []}}).encode()
    yield Sample("keras-v3", "program.keras", "keras v3", "a program among the assets", simple_zip([("metadata.json", metadata), ("config.json", plain), ("model.weights.h5", b""), ("assets/inert", LIBRARY)]))
