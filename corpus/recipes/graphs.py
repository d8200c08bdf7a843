"""ONNX, TensorFlow and TensorFlow Lite graphs with operators and places that leave the model."""

import struct

from .protobuf import integer, message
from .sample import Sample
from .archives import simple_zip, tar_entry, tar_file


def onnx_model(*graph, opset=(("", 17),), extra=b""):
    imports = b"".join(message(8, message(1, domain), integer(2, version)) for domain, version in opset)
    return integer(1, 8) + message(2, "inert") + message(7, *graph, message(2, "main")) + imports + extra


def onnx_node(operator, domain="", attributes=b"", output="y"):
    return message(1, message(1, "x"), message(2, output), message(3, "n"), message(4, operator), attributes, message(7, domain) if domain else b"")


def external(location, *more, name="w", shape=(2,)):
    entries = [("location", location), *more]
    dims = b"".join(integer(1, size) for size in shape)
    return message(5, dims, integer(2, 1), message(8, name), *[message(13, message(1, key), message(2, value)) for key, value in entries], integer(14, 1))


def onnx():
    add = onnx_node("Relu")
    places = {
        "dotdot": "../../../nonexistent/inert", "absolute": "/nonexistent/inert", "backslash": "..\\..\\inert", "drive": "C:\\inert", "hidden-dotdot": "weights/../../inert", "deep-dotdot": "a/b/../../../inert", "dot-slash": "././../inert",
        "unc": "\\\\127.0.0.1\\inert", "file-url": "file:///nonexistent/inert", "mixed-slashes": "weights\\..\\../../inert", "etc": "../../../../../../etc/passwd", "proc": "/proc/self/environ", "home": "../../.ssh/id_rsa", "zero-byte": "weights\0/../../inert",
        "memory": "*/_ORT_MEM_ADDR_/*", "native-memory": "*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*",
    }
    for name, place in places.items():
        yield Sample("onnx-external-data", name + ".onnx", "onnx", "a tensor's data lie outside of the model's folder", onnx_model(add, external(place)))
    yield Sample("onnx-external-data", "second-location.onnx", "onnx", "two places for one tensor", onnx_model(add, external("w.bin", ("location", "../../inert"))))
    yield Sample("onnx-external-data", "negative-offset.onnx", "onnx", "an impossible offset", onnx_model(add, external("w.bin", ("offset", "-8"), ("length", "99999999999999999999"))))
    yield Sample("onnx-external-data", "huge-offset.onnx", "onnx", "offset and length that overflow", onnx_model(add, external("w.bin", ("offset", str(2**64 - 8)), ("length", "16"))))
    in_attribute = message(5, message(1, "value"), integer(20, 4), message(5, external("../../inert")[2:]))
    yield Sample("onnx-external-data", "in-constant.onnx", "onnx", "the place in a Constant node", onnx_model(onnx_node("Constant", attributes=in_attribute)))
    inner = message(6, onnx_node("Relu"), external("../../inert"))
    branch = message(5, message(1, "then_branch"), integer(20, 5), inner)
    yield Sample("onnx-external-data", "in-subgraph.onnx", "onnx", "the place in a branch of an If", onnx_model(onnx_node("If", attributes=branch)))
    deep = branch
    for _ in range(5):
        deep = message(5, message(1, "then_branch"), integer(20, 5), message(6, onnx_node("If", attributes=deep)))
    yield Sample("onnx-external-data", "deep-subgraph.onnx", "onnx", "the place six branches deep", onnx_model(onnx_node("If", attributes=deep)))
    function = message(25, message(1, "f"), message(7, message(1, "x"), message(2, "y"), message(4, "Constant"), in_attribute), message(10, "local"))
    yield Sample("onnx-external-data", "in-function.onnx", "onnx", "the place in a local function", onnx_model(onnx_node("f", "local"), opset=(("", 17), ("local", 1)), extra=function))
    sparse = message(15, message(1, external("../../inert")[2:]), message(2, integer(1, 1), integer(2, 7), message(8, "i")), integer(3, 4))
    yield Sample("onnx-external-data", "in-sparse.onnx", "onnx", "the place in a sparse tensor", onnx_model(add, sparse))
    code = message(5, message(1, "code"), integer(20, 3), message(4, "import os; os.system('echo inert')"))
    module = message(5, message(1, "module"), integer(20, 3), message(4, "os"))
    compute = message(5, message(1, "compute"), integer(20, 3), message(4, "system"))
    for name, operator, domain, attributes in (("pyop", "PyOp", "ai.onnx.contrib", module + compute), ("pyop-2", "PyOp", "pyop", code), ("python-op", "PythonOp", "com.microsoft", module), ("aten", "ATen", "org.pytorch.aten", compute), ("extension-pycustom", "PyCustomOp", "ai.onnx.contrib", code)):
        yield Sample("onnx-operators", name + ".onnx", "onnx", "an operator that runs Python", onnx_model(onnx_node(operator, domain, attributes), opset=(("", 17), (domain, 1))))
    yield Sample("onnx-external-data", "zipped.zip", "zip", "a model with an outside place in an archive", simple_zip([("model.onnx", onnx_model(add, external("../../inert")))]))


def tf_node(operator, name="n", *attributes):
    return message(1, message(1, name), message(2, operator), *attributes)


def tf_attr(key, *value):
    return message(5, message(1, key), message(2, *value))


def saved_model(graph, library=b"", extra=b""):
    info = message(1, message(4, "serve"), message(5, "2.16.1"))
    return integer(1, 1) + message(2, info, message(2, graph, library), extra)


def tensorflow():
    usual = tf_node("Placeholder", "x") + tf_node("MatMul", "m")
    attacks = ("ReadFile", "WriteFile", "PyFunc", "PyFuncStateless", "EagerPyFunc", "MatchingFiles", "DeleteFile", "MergeV2Checkpoints", "DebugIdentityV2", "RpcCall", "GeneratorDataset", "SqlDataset", "WholeFileReaderV2", "ImmutableConst")
    for operator in attacks:
        node = tf_node(operator, "n")
        yield Sample("tf-saved-model", f"{operator}-saved-model.pb", "saved model", f"the graph runs {operator}", saved_model(usual + node))
        signature = message(1, message(1, "f"))
        library = message(2, message(1, signature, message(3, message(1, "n"), message(2, operator))))
        yield Sample("tf-saved-model", f"{operator}-in-function.pb", "saved model", f"a function of the graph runs {operator}", saved_model(usual, library))
    place = tf_attr("value", message(8, integer(1, 7), message(2, b""), message(8, "/etc/passwd")))
    yield Sample("tf-saved-model", "read-etc-passwd.pb", "saved model", "reads a file of the system", saved_model(tf_node("Const", "p", place) + tf_node("ReadFile", "r", message(3, "p"))))
    yield Sample("tf-saved-model", "graph-def.pb", "tensorflow graph", "a bare graph that writes a file", usual + tf_node("WriteFile", "w", message(3, "x"), message(3, "y")))
    info = message(1, message(4, "train"), message(5, "2.16.1"))
    yield Sample("tf-saved-model", "meta-graph.meta", "tensorflow meta graph", "a meta graph that runs Python", info + message(2, usual + tf_node("PyFunc", "p", tf_attr("token", message(2, "pyfunc_0")))))
    yield Sample("tf-saved-model", "zipped.zip", "zip", "a SavedModel in an archive", simple_zip([("model/saved_model.pb", saved_model(usual + tf_node("WriteFile")))]))
    yield Sample("tf-saved-model", "tarred.tar", "tar", "a SavedModel in an archive", tar_file(tar_entry("1/saved_model.pb", saved_model(usual + tf_node("PyFunc")))))
    yield Sample("tf-saved-model", "second-meta-graph.pb", "saved model", "the second meta graph reads files", saved_model(usual) + message(2, info, message(2, tf_node("ReadFile", "r"))))


def flatbuffer_tflite(operator_codes, buffers=(b"",)):
    """A model with operator codes and no subgraph: tables are written back to front by hand."""
    # root table: version, operator_codes
    out = bytearray(b"\0\0\0\0TFL3")

    def align(size):
        while len(out) % size:
            out.append(0)

    align(4)
    vtable = len(out)
    out.extend(struct.pack("<4H", 8, 12, 4, 8))
    root = len(out)
    out.extend(struct.pack("<iII", root - vtable, 3, 0))
    struct.pack_into("<I", out, 0, root)
    vector = len(out)
    struct.pack_into("<I", out, root + 8, vector - (root + 8))
    out.extend(struct.pack("<I", len(operator_codes)))
    slots = []
    for _ in operator_codes:
        slots.append(len(out))
        out.extend(bytes(4))
    for slot, (builtin, custom) in zip(slots, operator_codes):
        align(4)
        vtable = len(out)
        # deprecated_builtin_code, custom_code, version, builtin_code
        out.extend(struct.pack("<6H", 12, 16, 12, 4, 0, 8))
        table = len(out)
        out.extend(struct.pack("<iIi", table - vtable, 0, builtin) + bytes([min(builtin, 127)]) + bytes(3))
        struct.pack_into("<I", out, slot, table - slot)
        text = custom.encode()
        struct.pack_into("<I", out, table + 4, len(out) - (table + 4))
        out.extend(struct.pack("<I", len(text)) + text + b"\0")
    align(4)
    return bytes(out)


def tflite():
    for name in ("FlexReadFile", "FlexWriteFile", "FlexPyFunc", "FlexEagerPyFunc", "FlexMatchingFiles"):
        yield Sample("tflite-operators", name + ".tflite", "tflite", "a TensorFlow operator that leaves the model", flatbuffer_tflite([(32, name)]))
    whole = flatbuffer_tflite([(32, "FlexAdd")])
    broken = {
        "root-outside.tflite": struct.pack("<I", 2**31) + whole[4:], "root-at-end.tflite": struct.pack("<I", len(whole)) + whole[4:], "vector-huge.tflite": whole[:28] + struct.pack("<I", 2**32 - 1) + whole[32:], "cut.tflite": whole[:40],
    }
    for name, data in broken.items():
        yield Sample("tflite-malformed", name, "tflite", "an offset or a count that leads outside of the file", data)


RECIPES = (onnx, tensorflow, tflite)


def samples():
    for recipe in RECIPES:
        yield from recipe()
