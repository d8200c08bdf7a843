"""Models as runtimes of telephones and servers read them: onnxruntime's own format, torch's flatbuffers."""

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


OPERATE, LOAD, CONSTANT, JUMP, RETURN, LISTS = 0, 2, 8, 10, 12, 26


def code(*steps):
    return Numbers("<BBHi", [(step, 0, count, x) for step, count, x in steps])


def function(*operators, steps=((LOAD, 0, 2), (OPERATE, 0, 0), (RETURN, 0, 0)), types=(), kind=0, constants=()):
    named = [{0: name, 1: ""} for name in operators]
    return {0: ("<B", 16), 1: {0: "__torch__.Net.forward", 1: code(*steps), 2: named, 3: Numbers("<I", constants), 4: list(types), 5: ("<i", 2), 8: ("<I", kind)}}


def held(storage=0, sizes=(2,), strides=(1,), offset=0):
    return {0: ("<B", 5), 1: {0: ("<I", storage), 1: ("<B", 6), 2: ("<i", offset), 3: Numbers("<i", sizes), 4: Numbers("<i", strides)}}


def module(*values, classes=(("__torch__.Net", 1),), sources=(), extra=(), state=None, more=None):
    listed = [{0: ("<B", 0)}, *values]
    top = {0: ("<B", 10), 1: {0: ("<I", 0), 1: ("<I", 0), 2: Numbers("<I", [0])}}
    kinds = [{0: name, 1: ("<B", kind), 2: ["w"]} for name, kind in classes]
    files = lambda pairs: [{0: name, 1: content} for name, content in pairs]
    fields = {0: ("<I", 9), 1: files(extra), 2: Numbers("<I", [1]), 3: ("<I", len(listed) if state is None else state), 4: [*listed, top]}
    fields |= {5: ("<i", 1), 6: [{0: Numbers("<B", bytes(8))}], 7: kinds, 8: files(sources), 9: Numbers("<I", [])}
    return flat(fields | (more or {}), b"PTMF")


def torch_mobile():
    reaches = "the program reaches out of the model"
    attacks = {operator.replace("::", "-"): (reaches, module(function("aten::relu", operator))) for operator in ("aten::save", "aten::from_file", "image::write_file", "image::read_file", "prim::PythonOp", "inert::run_shell", "prim::rpc_sync")}
    attacks["source"] = (reaches, module(function("aten::relu"), sources=[("__torch__", 'def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  torch.save(x, "/nonexistent/inert")\n  return x\n')]))
    setstate = {0: ("<B", 10), 1: {0: ("<I", 1), 1: ("<I", 0), 3: ("<I", 1)}}
    attacks["on-load"] = (reaches, module(function("aten::save"), setstate, classes=(("__torch__.Net", 1), ("__torch__.State", 3))))
    attacks["class"] = ("a class of a library that runs programs", module(function("aten::relu"), classes=(("__torch__.Net", 1), ("__torch__.torch.classes.inert.RunShell", 2))))
    attacks["class-in-list"] = ("a class of a library that runs programs", module(function("aten::relu", types=["List[__torch__.torch.classes.inert.ShellCommand]"])))
    leads = "a number that leads out of its list"
    attacks["operator-index"] = (leads, module(function("aten::relu", steps=((OPERATE, 0, 7), (RETURN, 0, 0)))))
    attacks["operator-negative"] = (leads, module(function("aten::relu", steps=((OPERATE, 0, -1), (RETURN, 0, 0)))))
    attacks["register"] = (leads, module(function("aten::relu", steps=((LOAD, 0, 4096), (RETURN, 0, 0)))))
    attacks["constant-index"] = (leads, module(function("aten::relu", steps=((CONSTANT, 0, 3), (RETURN, 0, 0)))))
    attacks["jump"] = (leads, module(function("aten::relu", steps=((JUMP, 0, 500), (RETURN, 0, 0)))))
    attacks["type-index"] = (leads, module(function("aten::relu", steps=((LISTS, 1, 9), (RETURN, 0, 0)))))
    attacks["code"] = (leads, module(function("aten::relu", steps=((200, 0, 0),))))
    attacks["class-index"] = (leads, module(function("aten::relu", kind=100)))
    attacks["state-index"] = (leads, module(function("aten::relu"), state=2**31))
    attacks["values-claimed"] = (leads, module(function("aten::relu"), more={11: ("<I", 4096)}))
    attacks["storages-claimed"] = ("a negative number of storages", module(function("aten::relu"), more={5: ("<i", -1)}))
    attacks["storage-index"] = (leads, module(function("aten::relu"), held(storage=5)))
    attacks["long-tensor"] = ("a tensor that is read past its storage", module(function("aten::relu"), held(sizes=(1000,))))
    attacks["stride"] = ("a tensor that is read past its storage", module(function("aten::relu"), held(strides=(2**30,))))
    attacks["before-start"] = ("a tensor that is read before its storage", module(function("aten::relu"), held(offset=-64)))
    for name, (note, data) in attacks.items():
        yield Sample("torch-mobile", name + ".ff", "torch mobile", note, data)
    yield Sample("torch-mobile", "cut.ff", "torch mobile", "offsets that leave the file", module(function("aten::relu"), held())[:-60])


def mnn(*operators, tensors=3):
    """A net of operators, each with one tensor in and one out."""
    body = [{0: Numbers("<i", [0])} | {4: Numbers("<i", [1]), 6: ("<b", 1)} | operator for operator in operators]
    return flat({0: "inert", 3: body, 4: ["y"], 5: ("<b", 0), 6: ("<b", 4), 7: ["x", "y", "z"][:tensors], 8: ("<i", tensors), 9: ("<b", 0), 11: "inert"}, b"")


def mnn_models():
    relu, plugin, extra = {3: "relu", 5: ("<i", 69)}, 256, 512
    attacks = {
        "weights-climb": ("weights from another place", mnn(relu | {7: "../../../nonexistent/inert"})), "weights-absolute": ("weights from another place", mnn(relu | {7: "/nonexistent/inert"})), "weights-password": ("weights from a file of the system", mnn(relu | {7: "/etc/passwd"})),
        "plugin": ("a plugin that runs programs", mnn(relu, {3: "p", 5: ("<i", plugin), 1: ("<B", 30), 2: {0: "RunShell"}})), "engine": ("an engine that runs programs", mnn(relu, {3: "e", 5: ("<i", extra), 1: ("<B", 80), 2: {0: "ExecCommand", 1: "inert"}})),
        "tensor-number": ("a number of a tensor that leads out", mnn(relu | {0: Numbers("<i", [70000])})), "tensor-negative": ("a number of a tensor that leads out", mnn(relu | {4: Numbers("<i", [-70000])})),
    }
    for name, (note, data) in attacks.items():
        yield Sample("mnn", name + ".mnn", "mnn", note, data)


def samples():
    yield from onnxruntime()
    yield from mnn_models()
    yield from torch_mobile()
