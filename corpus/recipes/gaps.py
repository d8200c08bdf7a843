"""Payloads in bytes that belong to nothing: behind, between and inside the structures of model files that no loader reads."""

import io
import struct
import zipfile

from . import opcodes as op
from .graphs import flatbuffer_tflite, onnx_model, onnx_node, saved_model, tf_node
from .hdf5 import file_with, object_message
from .protobuf import integer, message
from .sample import Sample

PAYLOADS = {"pickle": op.echo(), "program": b"\x7fELF\x02\x01\x01" + bytes(57)}


def hidden(payload):
    """Each place: the file's name, what it is, where the payload lies."""
    attribute = {"note": b"plain"}
    yield "behind.h5", "hdf5", "behind the last structure of an HDF5 file", file_with(attribute) + payload
    yield "deleted-message.h5", "hdf5", "in a deleted message of an HDF5 header", file_with(attribute, more=object_message(0, payload))
    yield "free-in-heap.h5", "hdf5", "in the free space of a heap of an HDF5 file", file_with(attribute, free=payload)
    kind = message(2, message(1, integer(1, 1)), message(100, payload))
    yield "in-type.onnx", "onnx", "in a field that the type of an input does not have", onnx_model(onnx_node("Relu"), message(11, message(1, "x"), kind))
    yield "in-metadata.onnx", "onnx", "in a field that an entry of a node's metadata does not have", onnx_model(onnx_node("Relu", attributes=message(9, message(1, "k"), message(100, payload))))
    model = flatbuffer_tflite([(0, "")])
    yield "behind.tflite", "tflite", "behind the last table of a TensorFlow Lite model", model + payload
    padding = payload + bytes(-len(payload) % 4)
    between = struct.pack("<I", struct.unpack("<I", model[:4])[0] + len(padding)) + model[4:8] + padding + model[8:]
    yield "between.tflite", "tflite", "before the first table of a TensorFlow Lite model", between
    graph = tf_node("Placeholder", "x")
    yield "in-node.pb", "saved model", "in a field that a node does not have", saved_model(graph + message(1, message(1, "n"), message(2, "NoOp"), message(99, payload)))
    yield "in-graph.pb", "saved model", "in a field that a graph does not have", saved_model(graph + message(99, payload))
    yield "in-description.mlmodel", "coreml", "in a field that a description does not have", integer(1, 5) + message(2, message(150, payload)) + message(900, b"")
    yield "behind.msgpack", "msgpack", "behind the last value of a MessagePack file", b"\x81\xa6params\x93\x01\x02\x03" + payload


def archive(extra=b"", comment=b""):
    """An archive with one text, and something in its header."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        member = zipfile.ZipInfo("notes.txt")
        member.extra, member.comment = extra, comment
        made.writestr(member, b"nothing to see")
    return out.getvalue()


def headers(payload):
    """Each place in the headers of a zip archive."""
    field = lambda number, content: struct.pack("<HH", number, len(content)) + content
    yield "extra-field.zip", "in an extra field of no known number", archive(field(0x4242, payload))
    yield "extra-field-behind-noise.zip", "behind other bytes in an extra field of no known number", archive(field(0x4242, b"\xbf" * 40 + payload))
    yield "extra-padding.zip", "in the padding that PyTorch writes", archive(field(0x4246, b"ZZZZ" + payload))
    yield "extra-times.zip", "behind the times in an extra field of times", archive(field(0x5455, bytes(13) + payload))
    yield "comment.zip", "in the comment of a member", archive(comment=b"\xbf" * 40 + payload)


def samples():
    for what, payload in PAYLOADS.items():
        for name, where, data in headers(payload):
            yield Sample("concealed-in-headers", f"{what}-{name}", "zip", f"a {what} {where}", data)
    for what, payload in PAYLOADS.items():
        for name, form, where, data in hidden(payload):
            yield Sample("concealed-in-gaps", f"{what}-{name}", form, f"a {what} {where}", data)
