"""Models as runtimes of telephones and servers read them: onnxruntime's own format."""

from . import opcodes as op
from .flat import Numbers, flat
from .sample import Sample

FLOAT, TEXT, GRAPH = 1, 3, 5


def tensor(name="w", shape=(2,), data=bytes(8), kind=FLOAT, more=None):
    return {0: name, 2: Numbers("<q", shape), 3: ("<i", kind), 4: Numbers("<B", data)} | (more or {})


def node(operator, domain="", index=0, attributes=()):
    return {0: "n", 2: domain, 3: ("<i", 1), 4: ("<I", index), 5: operator, 8: ["x"], 9: ["y"], 10: list(attributes)}


def text(name, value):
    return {0: name, 2: ("<i", TEXT), 5: value}


def graph(*nodes, tensors=(), room=None, more=None):
    edges = [{0: ("<I", number)} for number in range(len(nodes))]
    room = len(nodes) if room is None else room
    return {0: list(tensors), 1: [{0: "x"}, {0: "y"}], 2: list(nodes), 3: ("<I", room), 4: edges, 5: ["x"], 6: ["y"]} | (more or {})


def session(body, opsets=(("", 17),), metadata=()):
    model = {0: ("<q", 9), 1: [{0: domain, 1: ("<q", version)} for domain, version in opsets], 2: "inert", 7: body}
    if metadata:
        model[9] = [{0: key, 1: value} for key, value in metadata]
    return flat({0: "6", 1: model}, b"ORTM")


def onnxruntime():
    evil = "a node that only code of the host can run"
    attacks = {
        "pyop": (evil, graph(node("PyOp", "ai.onnx.contrib", attributes=[text("module", "os"), text("compute", "system")]))),
        "python-op": (evil, graph(node("PythonOp", "com.microsoft", attributes=[text("func_name", "os.system")]))),
        "shell": (evil, graph(node("Relu"), node("RunShell", "org.example", 1))),
        "library": (evil, graph(node("Fused", "org.example", attributes=[text("library", "./inert.so")]))),
        "look-alike": ("a domain that looks like another", graph(node("Gelu", "com.micros0ft"))),
        "compiled": ("compiled code outside of the folder", graph(node("EPContext", "com.microsoft", attributes=[text("ep_cache_context", "../../nonexistent/inert.bin")]))),
        "negative-shape": ("a shape that overflows", graph(node("Relu"), tensors=[tensor(shape=(2**62, 2**62))])),
        "short-tensor": ("a tensor that is read past its end", graph(node("Relu"), tensors=[tensor(shape=(4096, 4096))])),
        "node-index": ("a node outside of its list", graph(node("Relu", index=70000))),
        "edge-index": ("an edge that leads outside", graph(node("Relu"), more={4: [{0: ("<I", 0), 2: Numbers("<Iii", [(9, 0, 0)])}]})),
        "room": ("a graph that makes a reader set aside all memory", graph(node("Relu"), room=2**32 - 1)),
    }
    branch = {0: "then_branch", 2: ("<i", GRAPH), 7: graph(node("PyCustomOp", "ai.onnx.contrib", attributes=[text("code", op.ECHO)]))}
    attacks["in-branch"] = (evil, graph(node("If", attributes=[branch])))
    record = {0: "inert", 1: {0: Numbers("<I", [0])}, 3: ["ai.onnx.contrib:PyOp:1"]}
    attacks["put-in-place"] = (evil, graph(node("Relu"), more={8: {0: [{0: "inert", 1: [record]}]}}))
    for name, (note, body) in attacks.items():
        yield Sample("onnxruntime", name + ".ort", "onnxruntime", note, session(body))
    command = session(graph(node("Relu")), metadata=[("note", "__import__('os').system('echo inert')")])
    yield Sample("onnxruntime", "metadata.ort", "onnxruntime", "metadata that runs code", command)
    whole = session(graph(node("Relu"), tensors=[tensor()]))
    yield Sample("onnxruntime", "cut.ort", "onnxruntime", "offsets that leave the file", whole[:-40])
    yield Sample("onnxruntime", "root-outside.ort", "onnxruntime", "offsets that leave the file", b"\xfc\xff\0\0" + whole[4:])
    yield Sample("onnxruntime", "misnamed.onnx", "onnxruntime", evil, session(attacks["pyop"][1]))


def samples():
    yield from onnxruntime()
