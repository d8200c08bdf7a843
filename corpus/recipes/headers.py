"""GGUF and safetensors: headers that lie, bytes that are concealed, templates that run code."""

import json
import struct

from . import opcodes as op
from .sample import Sample

TEMPLATES = {
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('echo inert').read() }}",
    "loop": "{% for x in ().__class__.__base__.__subclasses__() %}{% if 'warning' in x.__name__ %}{{ x()._module.__builtins__['__import__']('os').popen('echo inert').read() }}{% endif %}{% endfor %}",
    "self-init": "{{ self.__init__.__globals__.__builtins__.__import__('os').system('echo inert') }}",
    "namespace": "{{ namespace.__init__.__globals__['os'].system('echo inert') }}",
    "attr-filter": "{{ ''|attr('__class__')|attr('__mro__') }}",
    "attr-filter-hex": "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f')|attr('\\x5f\\x5fbase\\x5f\\x5f') }}",
    "subscript": "{{ messages['__class__']['__init__']['__globals__'] }}",
    "concatenated": "{{ messages['__cla' ~ 'ss__']['__ba' + 'se__'] }}",
    "format-string": "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}",
    "map-attribute": "{{ messages|map(attribute='__class__')|list }}",
    "set-then-use": "{% set a = '__globals__' %}{{ lipsum[a]['os']['popen']('echo inert') }}",
    "lipsum": "{{ lipsum.__globals__.os.popen('echo inert').read() }}",
    "joiner": "{{ joiner.__init__.__globals__.os.popen('echo inert').read() }}",
    "request": "{{ request.application.__globals__.__builtins__.__import__('os').popen('echo inert').read() }}",
    "macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "generator-frame": "{{ (messages|map('upper')).gi_frame.f_globals }}",
    "code-of-function": "{{ raise_exception.__code__.co_consts }}",
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import '/nonexistent/inert' as x %}",
    "extends": "{% extends '/nonexistent/inert' %}",
    "behind-ordinary": "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}{% endfor %}{{ ''.__class__.__base__ }}",
    "in-comment-lookalike": "{# harmless #}{{ cycler.__init__.__globals__.os }}{# harmless #}",
    "whitespace-control": "{%- if true -%}{{- cycler . __init__ . __globals__ -}}{%- endif -%}",
    "line-breaks": "{{\n cycler\n .__init__\n .__globals__\n}}",
}
ORDINARY = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def templates():
    for name, template in TEMPLATES.items():
        yield Sample("template-gguf", name + ".gguf", "gguf", "a chat template that reaches Python", gguf([("general.architecture", "llama"), ("tokenizer.chat_template", template)]))
        yield Sample("template-tokenizer-config", name + ".tokenizer_config.json", "tokenizer config", "a chat template that reaches Python", json.dumps({"tokenizer_class": "LlamaTokenizer", "chat_template": template}).encode())
        yield Sample("template-jinja", name + ".chat_template.jinja", "jinja", "a chat template that reaches Python", template.encode())
    bad = TEMPLATES["globals"]
    for name, data in {
        "list.tokenizer_config.json": {"chat_template": [{"name": "default", "template": ORDINARY}, {"name": "tool_use", "template": bad}]}, "chat_template.json": {"chat_template": bad}, "processor_config.json": {"processor_class": "X", "chat_template": bad},
        "nested.tokenizer_config.json": {"init_kwargs": {"chat_template": bad}}, "other-name.json": {"model": {"chat_template": bad}},
    }.items():
        yield Sample("template-tokenizer-config", name, "tokenizer config", "a chat template that reaches Python", json.dumps(data, indent=2).encode())
    yield Sample("template-gguf", "second-template.gguf", "gguf", "the second template reaches Python", gguf([("tokenizer.chat_template", ORDINARY), ("tokenizer.chat_template.tool_use", bad)]))
    escaped = json.dumps({"chat_template": bad}).replace("_", "\\u005f")
    yield Sample("template-tokenizer-config", "escaped.tokenizer_config.json", "tokenizer config", "underscores as JSON escapes", escaped.encode())


def gguf_string(value):
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def gguf(pairs, tensors=(), version=3, kv_count=None, tensor_count=None, data=b"", magic=b"GGUF"):
    out = magic + struct.pack("<IQQ", version, len(tensors) if tensor_count is None else tensor_count, len(pairs) if kv_count is None else kv_count)
    for key, value in pairs:
        out += gguf_string(key)
        if isinstance(value, bytes):
            out += value
        elif isinstance(value, str):
            out += struct.pack("<I", 8) + gguf_string(value)
        else:
            out += struct.pack("<II", 4, value)
    for name, dims, kind, offset in tensors:
        out += gguf_string(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims) + struct.pack("<IQ", kind, offset)
    return out + bytes(-len(out) % 32) + data if tensors else out


def gguf_files():
    good = [("general.architecture", "llama"), ("general.alignment", 32)]
    tensor = ("w", (4,), 0, 0)
    files = {
        "kv-count-huge": gguf(good, kv_count=2**60), "tensor-count-huge": gguf(good, tensor_count=2**60), "string-length-huge": gguf([("general.name", struct.pack("<IQ", 8, 2**64 - 1))]), "key-length-huge": gguf([], kv_count=1) + struct.pack("<Q", 2**63),
        "array-count-huge": gguf([("tokenizer.ggml.tokens", struct.pack("<IIQ", 9, 8, 2**61))]), "array-of-arrays": gguf([("a", struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 2000)]), "dims-overflow": gguf(good, [("w", (2**33, 2**33), 0, 0)], data=bytes(16)),
        "dims-count-huge": gguf(good, [], tensor_count=1) + gguf_string("w") + struct.pack("<I", 2**31), "offset-outside": gguf(good, [("w", (4,), 0, 2**40)], data=bytes(16)), "offset-overflow": gguf(good, [("w", (4,), 0, 2**64 - 32)], data=bytes(16)),
        "alignment-zero": gguf([("general.alignment", 0)], [tensor], data=bytes(16)), "alignment-odd": gguf([("general.alignment", 7)], [tensor], data=bytes(16)), "unknown-type": gguf(good, [("w", (4,), 250, 0)], data=bytes(16)), "overlap": gguf(good, [tensor, ("v", (4,), 0, 0)], data=bytes(16)),
        "double-key": gguf([("tokenizer.chat_template", ORDINARY), ("tokenizer.chat_template", TEMPLATES["globals"])]), "double-tensor": gguf(good, [tensor, ("w", (4,), 0, 32)], data=bytes(64)), "zero-dimension": gguf(good, [("w", (0, 4), 0, 0)], data=bytes(16)),
        "tensor-beyond-end": gguf(good, [("w", (4096,), 0, 0)], data=bytes(16)), "five-dimensions": gguf(good, [("w", (1, 1, 1, 1, 4), 0, 0)], data=bytes(16)), "name-too-long": gguf(good, [("w" * 100, (4,), 0, 0)], data=bytes(16)),
    }
    for name, data in files.items():
        yield Sample("gguf-header", name + ".gguf", "gguf", "a header that makes a loader read or write past its memory", data)
    yield Sample("gguf-concealed", "pickle-behind-tensors.gguf", "gguf", "a pickle behind the last tensor", gguf(good, [tensor], data=bytes(16)) + op.echo())
    yield Sample("gguf-concealed", "program-behind-tensors.gguf", "gguf", "a program behind the last tensor", gguf(good, [tensor], data=bytes(16)) + b"\x7fELF\x02\x01\x01" + bytes(57))


def safetensors(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def safetensors_files():
    def tensor(begin, end, shape=(2,), dtype="F32"):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}

    files = {
        "overlap": safetensors({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12)), "same-bytes": safetensors({"a": tensor(0, 8), "b": tensor(0, 8)}, bytes(8)), "gap": safetensors({"a": tensor(0, 8), "b": tensor(64, 72)}, bytes(8) + op.echo().ljust(56, b"\0") + bytes(8)),
        "outside": safetensors({"a": tensor(0, 8), "b": tensor(8, 1 << 40, (1 << 38,))}, bytes(16)), "backwards": safetensors({"a": tensor(8, 0)}, bytes(8)), "shape-overflow": safetensors({"a": tensor(0, 8, (2**32, 2**32, 2**32))}, bytes(8)), "shape-lies": safetensors({"a": tensor(0, 8, (1000,))}, bytes(8)),
        "trailing-pickle": safetensors({"a": tensor(0, 8)}, bytes(8) + op.echo()), "trailing-zip": safetensors({"a": tensor(0, 8)}, bytes(8) + b"PK\x03\x04" + bytes(40)), "leading-gap": safetensors({"a": tensor(64, 72)}, op.echo().ljust(64, b"\0") + bytes(8)),
        "double-key": safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}', bytes(24)), "double-metadata": safetensors(b'{"__metadata__":{"format":"pt"},"__metadata__":{"format":"np"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
        "unknown-dtype": safetensors({"a": tensor(0, 8, dtype="OBJECT")}, bytes(8)), "header-too-long": safetensors({"a": tensor(0, 8)}, bytes(8), 10**9), "header-negative": safetensors({"a": tensor(0, 8)}, bytes(8), 2**64 - 1), "negative-offset": safetensors({"a": tensor(-8, 0)}, bytes(8)),
        "float-offset": safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0.0, 8.0]}}, bytes(8)), "deep-json": safetensors(b'{"a":' * 5000 + b"1" + b"}" * 5000), "double-dtype": safetensors(b'{"a":{"dtype":"F32","dtype":"U8","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
        "negative-shape": safetensors({"a": tensor(0, 8, (-2,))}, bytes(8)), "program-in-tensor": safetensors({"a": tensor(0, 64, (64,), "U8")}, b"\x7fELF\x02\x01\x01" + bytes(57)), "huge-metadata-in-gap": safetensors({"a": tensor(0, 8), "b": tensor(4104, 4112)}, bytes(8) + bytes(range(256)) * 16 + bytes(8)),
    }
    for name, data in files.items():
        yield Sample("safetensors-header", name + ".safetensors", "safetensors", "a header that does not fit the bytes, or bytes that no tensor covers", data)
    for offset in (0, 8, 40):
        body = bytes(offset) + op.echo()
        yield Sample("safetensors-pickle", f"pickle-at-{offset}.safetensors", "safetensors", "a pickle as a tensor's data", safetensors({"a": tensor(0, len(body), (len(body),), "U8")}, body))
    yield Sample("safetensors-pickle", "pickle-named.safetensors", "pickle", "a pickle under the name of a safe format", op.echo(2))


RECIPES = (templates, gguf_files, safetensors_files)


def samples():
    for recipe in RECIPES:
        yield from recipe()
