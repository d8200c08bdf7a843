"""TorchScript archives whose source, or whose instructions for telephones, reach out of the model."""

from .archives import simple_zip
from .sample import Sample

NET = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n"


def archive(code, *more, name="code/__torch__.py"):
    return simple_zip([("m/data.pkl", b"\x80\x02}."), ("m/" + name, code.encode()), ("m/constants.pkl", b"\x80\x02)."), ("m/version", b"3\n"), *more])


def text(value):
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def bytecode(*operators):
    body = b"".join(b"(" + text(name) + text("") + b"t" for name in operators)
    return b"\x80\x02(K\x07(" + text("__torch__.Net.forward") + b"((" + text("operators") + b"(" + body + b"tttt" + b"t."


def samples():
    bodies = {
        "save": 'torch.save(x, "/nonexistent/inert")', "save-home": 'torch.save(x, "/root/.bashrc")', "save-name": 'p = "/nonexistent/" "inert"\n    torch.save(x, p)', "save-escaped": r'torch.save(x, "\057nonexistent\057inert")',
        "save-ops": 'ops.aten.save(x, "/nonexistent/inert")', "save-method": '(torch.relu(x)).save("/nonexistent/inert")', "save-autograd": 'torch.autograd.save(x, "/nonexistent/inert")', "save-alias": 't = torch\n    t.save(x, "/nonexistent/inert")',
        "save-function": 'f = torch.save\n    f(x, "/nonexistent/inert")', "save-getattr": 'getattr(torch, "save")(x, "/nonexistent/inert")', "save-in-branch": 'if bool(torch.gt(torch.sum(x), 3)):\n      torch.save(x, "/nonexistent/inert")\n    else:\n      pass', "save-local-method": 'y = torch.relu(x)\n    y.save("/nonexistent/inert")',
        "from-file": 'y = torch.from_file("/etc/passwd", False, 100, dtype=0)', "from-file-ops": 'y = ops.aten.from_file("/nonexistent/inert", False, 8)', "from-file-argument": 'y = torch.add(x, torch.from_file("/nonexistent/inert", False, 8))', "from-file-tuple": 'a, b = torch, 1\n    y = a.from_file("/nonexistent/inert", False, 8)',
        "read-file": 'y = ops.image.read_file("/etc/passwd")', "write-file": 'ops.image.write_file("/nonexistent/inert", x)', "rpc": 'y = rpc_sync("worker1", f, (x,))', "shell-operator": "y = ops.inert.run_shell(x)", "load-tensor": 'y = ops.debugprims.load_tensor("/nonexistent/inert", [1], [1], dtype=6, device="cpu")',
    }
    for name, body in bodies.items():
        yield Sample("torchscript", name + ".pt", "torchscript", "the program reaches out of the model", archive(NET + f"    {body}\n    return x\n"))
    state = NET + '    return x\n  def __setstate__(self: __torch__.Net,\n    state: Tensor) -> NoneType:\n    torch.save(state, "/nonexistent/inert")\n    return None\n'
    yield Sample("torchscript", "on-load.pt", "torchscript", "writes a file while it is loaded", archive(state))
    yield Sample("torchscript", "own-method.pt", "torchscript", "a method of the same name beside the operator", archive(NET + '    x.save("/nonexistent/inert")\n    return x\n  def save(self: __torch__.Net,\n    x: int) -> int:\n    return x\n'))
    yield Sample("torchscript", "submodule.pt", "torchscript", "the call lies in a module of its own", archive(NET + "    return x\n", ("m/code/__torch__/torch/nn/modules/linear.py", b'def linear(x: Tensor) -> NoneType:\n  torch.save(x, "/nonexistent/inert")\n  return None\n')))
    for operator in ("aten::save", "aten::from_file", "image::write_file", "prim::PythonOp"):
        yield Sample("torchscript", operator.replace("::", "-") + ".ptl", "torchscript", "the instructions for telephones reach out", archive(NET + "    return x\n", ("m/bytecode.pkl", bytecode("aten::relu", operator))))
    yield Sample("torchscript", "python-source.pt", "torchscript", "Python where TorchScript should be", archive("import os\nos.system('echo inert')\n"))
