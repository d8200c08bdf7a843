#!/usr/bin/env python3
"""Writes `benign/`: small files made by the real libraries, as people make them.

Each part needs its libraries and is left as it is where they are missing, so the script may be run in several
environments one after the other; the versions are kept in `benign/VERSIONS`. Usage:
python3 corpus/make_benign.py [PART...]
"""

import importlib.metadata
import json
import pickle
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

FOLDER = Path(__file__).parent / "benign"
LARGEST = 24 << 10
# Parts whose files carry the version of the library in their names, and stay when another version is run.
BY_VERSION = ("xgboost", "lightgbm", "catboost")
warnings.simplefilter("ignore")


class Part:
    """A folder of files and what each of them is."""

    def __init__(self, name):
        self.name, self.entries, self.used, self.folder = name, {}, [], FOLDER / name
        if name not in BY_VERSION:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, name, kind, note, data):
        """Keeps a file unless it is large."""
        raw = data if isinstance(data, bytes) else data.encode()
        if len(raw) <= LARGEST:
            (self.folder / name).write_bytes(raw)
            self.entries[f"{self.name}/{name}"] = (kind, note)

    def through(self, name, kind, note, write):
        """Keeps what `write` puts at a path."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / name
            write(str(path))
            self.add(name, kind, note, path.read_bytes())


def numbers():
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.random((24, 3))
    return x, (x[:, 0] > 0.5).astype(int)


def scikit_learn(part):
    import joblib
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from sklearn.utils import all_estimators
    import numpy as np

    x, y = numbers()
    for index, (name, cls) in enumerate(sorted(all_estimators())):
        try:
            small = {key: value for key, value in {"n_estimators": 2, "max_iter": 5, "random_state": 0, "max_depth": 2, "n_components": 2, "n_quantiles": 5}.items() if key in cls().get_params()}
            estimator = cls(**small).fit(np.abs(x), y)
            part.add(f"{name}.p{index % 6}.pkl", "pickle", f"fitted {name}", pickle.dumps(estimator, index % 6))
        except Exception:  # what cannot be made without arguments, or not on these data
            continue
    pipeline = make_pipeline(ColumnTransformer([("s", StandardScaler(), [0, 1])]), FunctionTransformer(np.abs), LogisticRegression()).fit(x, y)
    for protocol in range(6):
        part.add(f"pipeline.p{protocol}.pkl", "pickle", "a pipeline", pickle.dumps(pipeline, protocol))
    for extension in ("joblib", "joblib.z", "joblib.gz", "joblib.bz2", "joblib.xz", "joblib.lzma", "joblib.lz4"):
        try:
            part.through(f"pipeline.{extension}", "joblib", "a pipeline written by joblib", lambda path: joblib.dump(pipeline, path))
        except ValueError:  # lz4 is not installed
            continue


def joblib_arrays(part):
    import joblib
    import numpy as np

    values = {"floats": np.arange(40.0), "fortran": np.asfortranarray(np.eye(6)), "objects": np.array(["a", None, 3], dtype=object), "structured": np.zeros(3, dtype=[("a", "f4"), ("b", "i8")]), "nested": {"w": [np.ones((2, 2)), np.zeros(3, "int8")], "name": "os.system"}, "bytes-like-opcodes": np.frombuffer(b"cos\nsystem\n(S'x'\ntR." * 4, dtype="u1")}
    for name, value in values.items():
        for extension in ("joblib", "joblib.z", "joblib.gz", "joblib.bz2", "joblib.xz", "joblib.lzma"):
            part.through(f"{name}.{extension}", "joblib", "arrays written by joblib", lambda path: joblib.dump(value, path))


def pandas_files(part):
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"]), "d": pd.date_range("2026-01-01", periods=3)})
    values = {"frame": frame, "series": frame["a"], "multi-index": frame.set_index(["a", "b"]), "timestamps": frame["d"], "intervals": pd.interval_range(0, 3), "periods": pd.period_range("2026", periods=3), "time-zones": frame["d"].dt.tz_localize("UTC"), "integers-with-none": pd.array([1, None], dtype="Int64"), "range-index": pd.RangeIndex(9)}
    for name, value in values.items():
        for protocol in range(6):
            part.add(f"{name}.p{protocol}.pkl", "pickle", "pandas", pickle.dumps(value, protocol))
    for extension in ("gz", "bz2", "xz", "zip", "tar"):
        part.through(f"frame.pkl.{extension}", extension, "pandas, packed by itself", lambda path: frame.to_pickle(path))


def numpy_files(part):
    import numpy as np

    values = {"floats": np.arange(20.0), "texts": np.array(["a", "bc"]), "objects": np.array([1, "a", None], dtype=object), "structured": np.zeros(2, dtype=[("a", "f4", (2,)), ("b", "S4")]), "complex": np.ones(3, "c8"), "scalar": np.float64(3), "generator": np.random.default_rng(1), "legacy-generator": np.random.RandomState(1), "masked": np.ma.masked_array([1, 2], [0, 1]), "dates": np.array(["2026-01-01"], "M8[D]"), "polynomial": np.polynomial.Polynomial([1, 2]), "matrix": np.asmatrix(np.eye(2)), "ufunc": np.log1p, "type": np.dtype("f4")}
    for name, value in values.items():
        for protocol in range(6):
            part.add(f"{name}.p{protocol}.pkl", "pickle", "numpy", pickle.dumps(value, protocol))
        if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
            part.through(f"{name}.npy", "npy", "numpy", lambda path: np.save(path, value))
    part.through("several.npz", "npz", "numpy", lambda path: np.savez(path, a=values["floats"], b=values["texts"]))
    part.through("packed.npz", "npz", "numpy", lambda path: np.savez_compressed(path, a=values["floats"], o=values["objects"]))


def boosted(part):
    import catboost
    import lightgbm
    import xgboost

    x, y = numbers()
    booster = xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(x, y)
    for extension in ("json", "ubj"):
        part.through(f"xgboost.{extension}", "xgboost", "a boosted model", booster.save_model)
    light = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=2, verbose=-1).fit(x, y)
    part.add("lightgbm.txt", "lightgbm", "a boosted model", light.booster_.model_to_string())
    cat = catboost.CatBoostClassifier(iterations=2, depth=2, verbose=0, allow_writing_files=False).fit(x, y)
    part.through("catboost.cbm", "catboost", "a boosted model", cat.save_model)
    part.through("catboost.json", "catboost", "a boosted model", lambda path: cat.save_model(path, format="json"))
    for name, model in (("xgboost", booster), ("lightgbm", light), ("catboost", cat)):
        for protocol in (2, 4, 5):
            part.add(f"{name}.p{protocol}.pkl", "pickle", "a boosted model", pickle.dumps(model, protocol))


def of_version(part, name, module, kinds, extensions):
    """Files of one version; those of other versions stay, so that old formats are kept."""
    for kind, model in kinds.items():
        for extension, save in extensions(kind).items():
            label = f"{module.__version__}-{kind}.{extension}"
            try:
                part.through(label, name, f"{kind}, by version {module.__version__}", lambda path: save(model, path))
            except module.core.XGBoostError if name == "xgboost" else ():  # not in this format
                continue


def xgboost_versions(part):
    import numpy as np
    import xgboost

    generator = np.random.default_rng(0)
    x = generator.random((60, 4))
    data = lambda y, **more: xgboost.DMatrix(x, y, **more)
    train = lambda parameters, matrix: xgboost.train({"max_depth": 3, **parameters}, matrix, 2)
    kinds = {
        "multi": train({"objective": "multi:softprob", "num_class": 3}, data(generator.integers(0, 3, 60))), "dart": train({"booster": "dart", "rate_drop": 0.5}, data(x.sum(1))),
        "linear": train({"booster": "gblinear"}, data(x.sum(1))), "pruned": train({"gamma": 5.0, "tree_method": "exact", "max_depth": 5}, data(x.sum(1))),
    }
    try:
        categories = np.column_stack([x[:, :2], generator.integers(0, 6, 60)])
        matrix = xgboost.DMatrix(categories, (categories[:, 2] % 4) * 1.0, feature_types=["q", "q", "c"], enable_categorical=True)
        kinds["categories"] = train({"tree_method": "hist", "max_cat_to_onehot": 1}, matrix)
        kinds["vector-leaves"] = train({"tree_method": "hist", "multi_strategy": "multi_output_tree"}, data(np.stack([x.sum(1), x[:, 0]], 1)))
    except (TypeError, ValueError, xgboost.core.XGBoostError):  # before categories, or leaves of several values
        pass
    # "deprecated" is the old binary format, while there was one; before UBJSON every other name was.
    has_old = tuple(map(int, xgboost.__version__.split(".")[:2])) < (3, 1)
    has_universal = tuple(map(int, xgboost.__version__.split(".")[:2])) >= (1, 6)
    save = lambda model, path: model.save_model(path)
    extensions = lambda kind: {extension: save for extension in ["json"] + ["ubj"] * has_universal + ["deprecated"] * (has_old and kind not in ("categories", "vector-leaves"))}
    of_version(part, "xgboost", xgboost, kinds, extensions)


def lightgbm_versions(part):
    import lightgbm
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.random((60, 4))
    train = lambda parameters, y, columns=x, **more: lightgbm.train({"verbose": -1, "min_data_in_leaf": 3, "num_leaves": 8, **parameters}, lightgbm.Dataset(columns, y, **more), 2)
    categories = np.column_stack([x, generator.integers(0, 40, 60)])
    kinds = {
        "multi": train({"objective": "multiclass", "num_class": 3}, generator.integers(0, 3, 60)), "forest": train({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, x.sum(1)), "linear": train({"linear_tree": True}, x.sum(1)), "one-leaf": train({"objective": "binary"}, np.ones(60)),
        "categories": train({"min_data_per_group": 1, "cat_smooth": 1, "cat_l2": 0}, categories[:, 4] % 7, categories, categorical_feature=[4]),
    }
    of_version(part, "lightgbm", lightgbm, kinds, lambda kind: {"txt": lambda model, path: model.save_model(path)})


def catboost_versions(part):
    import catboost
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.random((60, 4))
    common = {"iterations": 2, "depth": 2, "verbose": 0, "allow_writing_files": False}
    categories = catboost.Pool(np.column_stack([x.round(2).astype(object), generator.integers(0, 9, 60).astype(str)]), x[:, 0] > 0.5, cat_features=[4])
    words = catboost.Pool([[f"word{i % 3} the {i % 5}", float(i)] for i in range(60)], x[:, 0] > 0.5, text_features=[0])
    kinds = {
        "multi": catboost.CatBoostClassifier(loss_function="MultiClass", **common).fit(x, generator.integers(0, 3, 60)), "lossguide": catboost.CatBoostRegressor(grow_policy="Lossguide", max_leaves=4, **common).fit(x, x.sum(1)),
        "categories": catboost.CatBoostClassifier(**common).fit(categories), "words": catboost.CatBoostClassifier(**common).fit(words),
    }
    of_version(part, "catboost", catboost, kinds, lambda kind: {"cbm": lambda model, path: model.save_model(path)} | ({"json": lambda model, path: model.save_model(path, format="json")} if kind == "lossguide" else {}))


def other_picklers(part):
    import cloudpickle
    import collections
    import datetime
    import decimal
    import pathlib
    import uuid

    system = type("system", (), {"__module__": "shop.pipeline"})
    plain = {"ordered": collections.OrderedDict(a=1), "counter": collections.Counter("aab"), "default": collections.defaultdict(list, a=[1]), "time": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), "decimal": decimal.Decimal("1.5"), "path": pathlib.PurePosixPath("a/b"), "uuid": uuid.UUID(int=5), "complex": 1j, "sets": [{1, 2}, frozenset({3})], "text": {"doc": "Call os.system('ls') or eval(x); see subprocess.Popen."}, "deque": collections.deque([1, 2], 4), "slice": slice(1, 2), "bytes": b"cos\nsystem\n", "numbers": [0, -1, 2**70, 1.5, True, None]}
    for name, value in plain.items():
        for protocol in range(6):
            part.add(f"{name}.p{protocol}.pkl", "pickle", "plain values", pickle.dumps(value, protocol))
    part.add("cloudpickle-values.pkl", "pickle", "plain values by cloudpickle", cloudpickle.dumps(plain["text"]))
    module = type(sys)("shop.pipeline")
    module.system, sys.modules["shop"], sys.modules["shop.pipeline"] = system, type(sys)("shop"), module
    for protocol in range(6):
        part.add(f"class-named-system.p{protocol}.pkl", "pickle", "a class of one's own that is called system", pickle.dumps(system(), protocol))


def skops_files(part):
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = numbers()
    for name, model in (("logistic", LogisticRegression()), ("forest", RandomForestClassifier(2, max_depth=2)), ("pipeline", make_pipeline(StandardScaler(), LogisticRegression()))):
        part.add(f"{name}.skops", "skops", "a fitted model", skops.io.dumps(model.fit(x, y)))


def keras_files(part):
    import keras

    def models():
        layers = keras.layers
        yield "dense", keras.Sequential([layers.Input((2,)), layers.Dense(1, activation="relu", kernel_regularizer="l2")])
        yield "convolution", keras.Sequential([layers.Input((4, 4, 1)), layers.Conv2D(1, 2), layers.BatchNormalization(), layers.Flatten(), layers.Dropout(0.1), layers.Dense(1)])
        yield "recurrent", keras.Sequential([layers.Input((3,)), layers.Embedding(4, 2), layers.Bidirectional(layers.LSTM(1)), layers.Dense(1, activation="sigmoid")])
        a, b = layers.Input((2,)), layers.Input((2,))
        yield "functional", keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
        yield "nested", keras.Sequential([layers.Input((2,)), keras.Sequential([layers.Dense(2)], name="inner"), layers.LayerNormalization()])
        yield "vocabulary", keras.Sequential([layers.Input((2,)), layers.Rescaling(1 / 255), layers.Normalization(mean=0.0, variance=1.0)])

    for name, model in models():
        part.add(f"{name}.json", "keras json", "a model's description", model.to_json())
        part.through(f"{name}.weights.h5", "hdf5", "weights", model.save_weights)
        for compiled in (False, True):
            if compiled:
                model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            label = name + ("-compiled" if compiled else "")
            part.through(f"{label}.keras", "keras v3", "a model", model.save)
            part.through(f"{label}.h5", "keras h5", "a model", model.save)


def hdf5_files(part):
    import h5py
    import numpy as np

    def write(path, **options):
        with h5py.File(path, "w", **options) as file:
            file["data"] = np.arange(10.0)
            file.create_dataset("packed", data=np.zeros(100), compression="gzip")
            file["group/text"] = "import os; os.system('x')"
            file["alias"] = h5py.SoftLink("/data")
            file.attrs["note"] = "plain"

    for version in ("earliest", "v108", "latest"):
        part.through(f"plain-{version}.h5", "hdf5", "arrays", lambda path: write(path, libver=version))
    part.through("user-block.h5", "hdf5", "arrays behind an empty user block", lambda path: write(path, userblock_size=512))

    def indexes(path):
        with h5py.File(path, "w", libver="latest") as file:
            file.create_dataset("one", data=np.arange(1, 101, dtype="u1"), chunks=(100,))
            file.create_dataset("one packed", data=np.arange(1, 101, dtype="u1"), chunks=(100,), compression="gzip")
            file.create_dataset("fixed", data=np.arange(1, 101, dtype="u1"), chunks=(10,))
            file.create_dataset("grows", data=np.arange(1, 101, dtype="u1"), chunks=(4,), maxshape=(None,))
            file.create_dataset("grows packed", data=np.arange(1, 101, dtype="u1"), chunks=(50,), maxshape=(None,), compression="gzip")
            file.create_dataset("tree", data=np.ones((10, 10), "u1"), chunks=(5, 5), maxshape=(None, None))
            file.create_dataset("texts", data=["one", "two"], dtype=h5py.string_dtype())
            for number in range(10):
                file.attrs[f"attribute {number}"] = number

    def pages(path):
        with h5py.File(path, "w", libver="latest") as file:
            file.create_dataset("pages", shape=(4000,), chunks=(2,), dtype="u1")[3000:3010] = 7

    def edited(path):
        with h5py.File(path, "w") as file:
            file["data"] = np.arange(10.0)
            file["deleted"] = np.arange(1, 201, dtype="u1")
        with h5py.File(path, "a") as file:
            del file["deleted"]

    part.through("chunk-indexes.h5", "hdf5", "every way to find the chunks of an array", indexes)
    part.through("chunk-pages.h5", "hdf5", "an index of chunks in pages, one of them written", pages)
    part.through("edited.h5", "hdf5", "what a deleted array left behind", edited)


def onnx_files(part):
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
    weight = numpy_helper.from_array(np.ones(2, "f4"), "w")
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    part.add("add.onnx", "onnx", "a model", helper.make_model(graph).SerializeToString())
    outside = numpy_helper.from_array(np.ones(2, "f4"), "w")
    onnx.external_data_helper.set_external_data(outside, "weights.bin", 0, 8)
    outside.ClearField("raw_data")
    branch = lambda name: helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], name, [], [y])
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    choice = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=branch("a"), else_branch=branch("b"))], "g", [condition, x], [y])
    part.add("branches.onnx", "onnx", "a model with branches", helper.make_model(choice).SerializeToString())
    function = helper.make_function("local", "f", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 17)])
    called = helper.make_graph([helper.make_node("f", ["x"], ["y"], domain="local")], "g", [x], [y])
    part.add("function.onnx", "onnx", "a model with a function of its own", helper.make_model(called, functions=[function], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]).SerializeToString())
    trees = helper.make_graph([helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.0], scale=[1.0])], "g", [x], [y])
    part.add("classic.onnx", "onnx", "a model of classic learning", helper.make_model(trees, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]).SerializeToString())


def onnxruntime_files(part):
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime import InferenceSession, SessionOptions

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy")
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    inner = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
    branch = lambda name, operator: helper.make_graph([helper.make_node(operator, ["m"], ["z"])], name, [], [inner])
    weight, bias = numpy_helper.from_array(np.eye(3, dtype="f4"), "w"), numpy_helper.from_array(np.ones(3, "f4"), "b")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("If", ["c"], ["i"], then_branch=branch("a", "Relu"), else_branch=branch("b", "Neg")), helper.make_node("BiasGelu", ["i", "b"], ["y"], domain="com.microsoft")]
    large = numpy_helper.from_array(np.ones((40, 40), "f4"), "w")
    text, number = helper.make_tensor_value_info("x", TensorProto.STRING, [None]), helper.make_tensor_value_info("y", TensorProto.INT64, [None])
    wide = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 40]) for name in "xy"]
    graphs = {
        "branches": ("a model with branches and a fused operator", helper.make_graph(nodes, "g", [x, condition], [y], [weight, bias])),
        "dense": ("a model with weights", helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", wide[:1], wide[1:], [large])),
        "labels": ("a model with texts", helper.make_graph([helper.make_node("LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_strings=["eval(", "import os"], values_int64s=[1, 2])], "g", [text], [number])),
        "quantized": ("a model with a quantized weight", helper.make_graph([helper.make_node("DequantizeLinear", ["q", "s"], ["d"]), helper.make_node("Add", ["x", "d"], ["y"])], "g", [x], [y], [numpy_helper.from_array(np.ones(3, "i1"), "q"), numpy_helper.from_array(np.array(0.5, "f4"), "s")])),
    }
    for name, (note, graph) in graphs.items():
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=9)
        helper.set_model_props(model, {"author": "someone", "note": "an ordinary model"})

        def convert(path, data=model.SerializeToString()):
            options = SessionOptions()
            options.optimized_model_filepath = path
            options.add_session_config_entry("session.save_model_format", "ORT")
            InferenceSession(data, options, providers=["CPUExecutionProvider"])

        part.through(name + ".ort", "onnxruntime", note, convert)


def gguf_files(part):
    import gguf
    import numpy as np

    template = "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

    def write(path, kind):
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_block_count(1)
        writer.add_context_length(64)
        writer.add_chat_template(template)
        writer.add_token_list(["a", "b", "os.system"])
        writer.add_tensor("token_embd.weight", np.zeros((4, 32), kind))
        writer.add_tensor("output.weight", np.ones((4, 32), kind))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    for kind in ("f4", "f2", "i1", "i4"):
        part.through(f"small-{kind}.gguf", "gguf", "a model with a template", lambda path: write(path, kind))


def safetensors_files(part):
    import numpy as np
    from safetensors.numpy import save

    tensors = {"a.weight": np.ones((2, 3), "f4"), "b": np.zeros(4, "i8"), "empty": np.zeros((0, 3), "f2"), "flags": np.array([True, False])}
    part.add("several.safetensors", "safetensors", "tensors", save(tensors))
    part.add("metadata.safetensors", "safetensors", "tensors with metadata", save(tensors, {"format": "pt", "note": "os.system"}))
    part.add("none.safetensors", "safetensors", "no tensors", save({}))


def r_files(part):
    import subprocess

    version = subprocess.run(["Rscript", "-e", "cat(as.character(getRversion()))"], check=True, capture_output=True, text=True)
    part.used.append(f"R {version.stdout}")
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["Rscript", "--vanilla", str(Path(__file__).parent / "make_r.R"), scratch], check=True)
        for path in sorted(Path(scratch).iterdir()):
            part.add(path.name, "r", "written by R", path.read_bytes())


def texts(part):
    """Files as they stand in repositories of models, written by hand."""
    template = "{%- if messages[0]['role'] == 'system' %}{{ bos_token + messages[0]['content'] }}{%- endif %}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' ~ m.content | trim ~ ' [/INST]' }}{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
    tools = "{%- macro show(tool) %}{{- tool.name | tojson }}{%- endmacro %}{%- set ns = namespace(found=false) %}{%- for message in messages[::-1] %}{%- if not ns.found and message.role == 'user' %}{%- set ns.found = true %}{%- endif %}{%- endfor %}{%- for tool in tools %}{{ show(tool) }}{%- endfor %}{{ strftime_now('%d %b %Y') }}{%- if loop is defined %}{{ loop.index0 }}{% endif %}"
    part.add("chat_template.jinja", "jinja", "a chat template", template)
    part.add("tools.chat_template.jinja", "jinja", "a chat template with tools", tools)
    documents = {
        "config.json": {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "rope_scaling": None},
        "bert.config.json": {"architectures": ["BertModel"], "model_type": "bert", "id2label": {"0": "LABEL_0"}}, "generation_config.json": {"bos_token_id": 1, "do_sample": True, "temperature": 0.7},
        "tokenizer_config.json": {"tokenizer_class": "LlamaTokenizerFast", "chat_template": template, "added_tokens_decoder": {"0": {"content": "<unk>", "special": True}}}, "list.tokenizer_config.json": {"chat_template": [{"name": "default", "template": template}, {"name": "tool_use", "template": tools}]},
        "special_tokens_map.json": {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": False}}, "preprocessor_config.json": {"image_processor_type": "CLIPImageProcessor", "size": {"height": 224}}, "model_index.json": {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "unet": ["diffusers", "UNet2DConditionModel"], "safety_checker": [None, None]},
        "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}], "model.safetensors.index.json": {"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors"}},
        "adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": "someone/model", "auto_mapping": None, "target_modules": ["q_proj"]}, "vocab.json": {"os": 0, ".system": 1, "__import__": 2, "eval": 3}, "tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {"__class__": 0, "cos": 1}, "merges": []}, "added_tokens": []}, "no-remote-code.config.json": {"model_type": "llama", "trust_remote_code": False, "auto_map": {}},
    }
    for name, document in documents.items():
        part.add(name, "json config", "a configuration", json.dumps(document, indent=2))
    part.add("train.yaml", "yaml config", "a configuration", "model:\n  target: resnet\n  layers: [1, 2]\nseed: 1\nlogging: &l {level: info}\ncopy: *l\n")
    part.add("hydra.yaml", "yaml config", "builds the library's own classes", "model:\n  _target_: torch.nn.Linear\n  in_features: 2\n  out_features: 1\noptimizer:\n  _target_: torch.optim.Adam\n  lr: 0.001\n")
    part.add("README.md", "text", "a model card", "---\nlicense: mit\ntags: [text]\n---\n# Model\n\nUse `pickle.load` with care; `os.system('x')` is what an attack would do.\n")
    part.add("model.pmml", "pmml", "a model", '<?xml version="1.0"?>\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header copyright="x &amp; y"/><DataDictionary numberOfFields="0"/></PMML>\n')
    part.add("openvino.xml", "openvino", "a model", '<?xml version="1.0"?>\n<net name="m" version="11"><layers><layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,2" element_type="f32"/></layer></layers><edges/></net>\n')
    part.add("merges.txt", "text", "merges of a tokenizer", "#version: 0.2\nĠ t\nc os\nsy stem\n")
    part.add("train.py", "text", "a training script", "import torch\n\nmodel = torch.nn.Linear(2, 1)\ntorch.save(model.state_dict(), 'model.pt')\n")


def torch_programs():
    """Programs: traced, scripted, frozen, quantised, with and without branches."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.second(torch.relu(self.first(x)))

    class Control(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])

        def forward(self, x, loud: bool = True):
            kept: dict[str, torch.Tensor] = {}
            for index, layer in enumerate(self.layers):
                x = layer(x)
                kept["layer" + str(index)] = x
            if loud:
                print("shape", x.shape)
            if x.size(0) > 100:
                raise ValueError("too large: {}".format(x.size(0)))
            return kept

        @torch.jit.export
        def saved(self, x: int):
            return x + 1

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.last = nn.LSTM(3, 4), nn.Linear(4, 1)

        def forward(self, x):
            y, _ = self.lstm(x)
            return self.last(y[-1])

    convolution = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 2)).eval()
    net, image = Net().eval(), torch.rand(1, 1, 10, 10)
    quantised = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)
    return {
        "scripted": torch.jit.script(net), "traced": torch.jit.trace(net, torch.rand(2, 4)), "control": torch.jit.script(Control()), "recurrent": torch.jit.script(Recurrent()), "convolution": torch.jit.trace(convolution, image),
        "frozen": torch.jit.freeze(torch.jit.script(convolution)), "quantised": torch.jit.script(quantised), "quantised-recurrent": torch.jit.script(torch.ao.quantization.quantize_dynamic(Recurrent(), {nn.LSTM, nn.Linear})),
    }


def torchscript_files(part):
    for name, model in torch_programs().items():
        part.through(f"{name}.pt", "torchscript", "a program of torch.jit", model.save)
        part.through(f"{name}.ptl", "torchscript", "a program for telephones", model._save_for_lite_interpreter)


def torch_mobile_files(part):
    """The same programs as flatbuffers, which newer versions of torch no longer write."""
    import functools

    for name, model in torch_programs().items():
        write = functools.partial(model._save_for_lite_interpreter, _use_flatbuffer=True)
        part.through(f"{name}.ff", "torch mobile", "a program for telephones as a flatbuffer", write)


def flax_files(part):
    """Parameters, a train state, arrays in pieces, every type of number; msgpack-numpy and plain MessagePack."""
    import flax.serialization as serialization
    import ml_dtypes
    import msgpack
    import msgpack_numpy
    import numpy as np

    generator = np.random.default_rng(0)
    layers = {f"Dense_{index}": {"kernel": generator.random((3, 4)).astype(np.float32), "bias": np.zeros(4, np.float32)} for index in range(2)}
    part.add("params.msgpack", "msgpack", "parameters", serialization.to_bytes({"params": layers}))
    moments = {"0": {"count": np.array(3, np.int32), "mu": layers, "nu": layers}, "1": {}}
    part.add("train_state.msgpack", "msgpack", "a train state", serialization.to_bytes({"step": 3, "params": layers, "opt_state": moments}))
    kinds = {name: np.zeros(3, name) for name in ("bool", "int8", "uint16", "int64", "float16", "float64", "complex64", "U3", "S4")}
    kinds |= {name: np.zeros(4, getattr(ml_dtypes, name)) for name in ("bfloat16", "int4", "uint2", "float8_e4m3fn", "float8_e5m2")}
    kinds |= {"scalar": np.float32(1), "complex": 1 + 2j, "none": None, "text": "x", "empty": np.zeros((0, 3)), "list": [1, 2.5, True]}
    part.add("kinds.msgpack", "msgpack", "every type of number", serialization.msgpack_serialize(kinds))
    part.add("array.msgpack", "msgpack", "one array", serialization.msgpack_serialize(np.arange(5)))
    whole, serialization.MAX_CHUNK_SIZE = serialization.MAX_CHUNK_SIZE, 64
    part.add("chunked.msgpack", "msgpack", "an array in pieces", serialization.msgpack_serialize({"a": np.arange(100.0).reshape(10, 10)}))
    serialization.MAX_CHUNK_SIZE = whole
    pack = lambda value: msgpack.packb(value, default=msgpack_numpy.encode)
    part.add("numpy.msgpack", "msgpack", "arrays of msgpack-numpy", pack({"w": np.zeros((3, 3)), "s": np.float32(1), "c": np.complex64(1), "r": np.zeros(2, [("a", "i4"), ("b", "f8")])}))
    part.add("objects.msgpack", "msgpack", "an array of texts and numbers", pack({"w": np.array(["a", None, 3], object)}))
    part.add("stream.msgpack", "msgpack", "records one after the other", b"".join(msgpack.packb({"id": index, "text": f"os.system {index}"}) for index in range(20)))
    part.add("records.msgpack", "msgpack", "a list of records", msgpack.packb([{"id": index, 1: b"\0" * 20} for index in range(20)]))


def orbax_files(part):
    """Files of a checkpoint: the database with what lies in it, and the description of an array."""
    import jax.numpy as jnp
    import orbax.checkpoint as orbax

    tree = {"params": {"w": jnp.ones((3, 4)), "b": jnp.zeros(4)}, "step": 3}
    with tempfile.TemporaryDirectory() as scratch:
        whole, plain = Path(scratch) / "whole", Path(scratch) / "plain"
        orbax.PyTreeCheckpointer().save(whole, tree)
        orbax.Checkpointer(orbax.PyTreeCheckpointHandler(use_ocdbt=False)).save(plain, tree)
        part.add("manifest.ocdbt", "ocdbt", "the manifest", (whole / "manifest.ocdbt").read_bytes())
        for number, node in enumerate(sorted((whole / "d").iterdir())):
            part.add(f"node{number}", "ocdbt", "a node", node.read_bytes())
        part.add("_METADATA", "json config", "what the checkpoint holds", (whole / "_METADATA").read_bytes())
        part.add("weights.zarray", "zarr", "an array", (plain / "params.w/.zarray").read_bytes())


def torch_package_files(part):
    """A package of torch.package: the code of a layer, and the layer."""
    import torch
    from torch.package import PackageExporter

    source = "import os\nimport torch\n\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layer = torch.nn.Linear(2, 1)\n        self.home = os.path.join('a', 'b')\n\n    def forward(self, x):\n        return torch.relu(self.layer(x))\n"
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "packaged_net.py").write_text(source)
        sys.path.insert(0, scratch)
        import packaged_net

        def write(path):
            with PackageExporter(path) as exporter:
                exporter.intern("packaged_net")
                exporter.extern(["torch.**", "os"])
                exporter.save_pickle("model", "model.pkl", packaged_net.Net())

        part.through("net.pt", "torch package", "a layer with its code", write)


def mxnet_files(part):
    """A graph, and lists of arrays with and without names."""
    import mxnet as mx

    data = mx.sym.Variable("data")
    graph = mx.sym.SoftmaxOutput(mx.sym.Activation(mx.sym.FullyConnected(data, num_hidden=3, name="fc"), act_type="relu"), name="softmax")
    part.through("net-symbol.json", "mxnet", "a graph", graph.save)
    named = {"arg:fc_weight": mx.nd.ones((3, 4)), "arg:fc_bias": mx.nd.zeros((3,)), "aux:mean": mx.nd.zeros((2,), dtype="float16")}
    part.through("net-0000.params", "mxnet", "arrays with names", lambda path: mx.nd.save(path, named))
    part.through("list.params", "mxnet", "arrays without names", lambda path: mx.nd.save(path, [mx.nd.ones((2, 2)), mx.nd.zeros((1,), dtype="int64")]))


def paddle_files(part):
    """A program with its weights, and the state of a layer."""
    import paddle

    paddle.enable_static()
    main, startup = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(main, startup):
        x = paddle.static.data("x", [None, 4], "float32")
        y = paddle.static.nn.fc(x, 2, activation="relu")
    executor = paddle.static.Executor(paddle.CPUPlace())
    executor.run(startup)
    program = paddle.static.normalize_program(main, [x], [y])
    for block in program.blocks:  # the paths of this script
        for operator in block.ops:
            operator.desc.remove_attr("op_callstack")
    part.add("net.pdmodel", "paddle", "a program", program.desc.serialize_to_string())
    part.add("net.pdiparams", "paddle", "its weights", paddle.static.serialize_persistables([x], [y], executor, program=main))
    paddle.disable_static()
    part.through("layer.pdparams", "pickle", "the state of a layer", lambda path: paddle.save(paddle.nn.Linear(2, 3).state_dict(), path))


def coreml_files(part):
    """A package with a program, part by part."""
    import coremltools
    import numpy as np
    from coremltools.converters.mil import Builder as mb

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 8))])
    def program(x):
        y = mb.linear(x=x, weight=np.arange(64, dtype=np.float32).reshape(8, 8))
        return mb.cond(pred=mb.greater(x=mb.reduce_sum(x=y, axes=[0, 1]), y=0.0), _true_fn=lambda: mb.relu(x=y), _false_fn=lambda: mb.identity(x=y))

    target, precision = coremltools.target.iOS16, coremltools.precision.FLOAT32
    model = coremltools.convert(program, convert_to="mlprogram", minimum_deployment_target=target, compute_precision=precision)
    model.author, model.short_description = "someone", "a model for tests"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "net.mlpackage"
        model.save(str(folder))
        data = folder / "Data" / "com.apple.CoreML"
        part.add("Manifest.json", "coreml", "the manifest of a package", (folder / "Manifest.json").read_bytes())
        part.add("model.mlmodel", "coreml", "a program with branches", (data / "model.mlmodel").read_bytes())
        part.add("weight.bin", "coreml", "its weights", (data / "weights" / "weight.bin").read_bytes())


def mnn_files(part):
    """What MNN's converter makes of the models of ONNX, with their weights inside and in another file."""
    import subprocess

    converter = Path(sys.executable).with_name("mnnconvert")
    for name in ("add", "branches"):
        for ending, more in (("", ()), ("-outside", ("--saveExternalData",))):

            def convert(path, source=FOLDER / "onnx" / f"{name}.onnx", more=more):
                subprocess.run([converter, "-f", "ONNX", "--modelFile", source, "--MNNModel", path, "--bizCode", "test", *more], check=True, capture_output=True)

            part.through(f"{name}{ending}.mnn", "mnn", "a model", convert)


def paddle3_files(part):
    """Programs as Paddle 3 writes them: JSON, with and without branches."""
    import paddle

    class Net(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.first = paddle.nn.Linear(3, 2)

        def forward(self, x):
            y = self.first(x)
            if y.sum() > 0:
                y = y + 1
            return paddle.nn.functional.relu(y)

    def traced(path):
        inputs = [paddle.static.InputSpec([None, 3], "float32")]
        paddle.jit.save(paddle.jit.to_static(Net(), input_spec=inputs, full_graph=True), path.removesuffix(".json"))

    def static(path):
        paddle.enable_static()
        main, startup = paddle.static.Program(), paddle.static.Program()
        with paddle.static.program_guard(main, startup):
            x = paddle.static.data("x", [None, 4], "float32")
            y = paddle.static.nn.fc(x, 2, activation="relu")
            executor = paddle.static.Executor(paddle.CPUPlace())
            executor.run(startup)
            paddle.static.save_inference_model(path.removesuffix(".json"), [x], [y], executor, program=main)
        paddle.disable_static()

    part.through("branches.json", "paddle", "a program with branches", traced)
    part.through("dense.json", "paddle", "a program", static)


def layout_files(part):
    """Container layouts by their specifications, with Python's own archives."""
    from recipes import layouts

    weights = layouts.packed(("model/weights.txt", b"1 2 3\n"))
    titled = {"annotations": {"org.opencontainers.image.title": "model/weights.tar.gz"}}
    part.add("image.tar", "oci layout", "a layout with a layer", layouts.layout([(layouts.LAYER, weights, titled)]))
    kit = {"manifestVersion": "1.0.0", "package": {"name": "m"}, "model": {"name": "m", "path": "model/m.gguf"}, "code": [{"path": "src/"}], "docs": [{"path": "./README.md"}]}
    part.add("kit.tar", "oci layout", "a ModelKit", layouts.layout([("application/vnd.kitops.modelkit.model.v1.tar+gzip", weights, {})], layouts.as_json(kit), "application/vnd.kitops.modelkit.config.v1+json"))
    plain = layouts.archive([("a.txt", b"x")])
    part.add("saved.tar", "oci layout", "an archive of docker save", layouts.saved(plain, plain))


def tensorflow_files(part):
    import numpy as np
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(np.ones((16, 4), "f4"))

        @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.float32)])
        def __call__(self, x):
            return {"y": tf.nn.relu(tf.reshape(x @ self.weights, [-1, 4]))}

    model = Model()
    with tempfile.TemporaryDirectory() as scratch:
        tf.saved_model.save(model, scratch, signatures=model.__call__)
        part.add("saved_model.pb", "saved model", "a graph of a few operators", (Path(scratch) / "saved_model.pb").read_bytes())
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch)
        part.add("plain.tflite", "tflite", "a model of a few operators", converter.convert())
    part.add("graph.pb", "tensorflow graph", "a bare graph", model.__call__.get_concrete_function().graph.as_graph_def().SerializeToString())
    with tempfile.TemporaryDirectory() as scratch, tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.get_variable("v", initializer=np.ones((5, 5), "f4"))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, scratch + "/model.ckpt")
        for name, kind in (("meta", "tensorflow meta graph"), ("index", "tensorflow checkpoint")):
            part.add(f"model.ckpt.{name}", kind, "a checkpoint of one variable", (Path(scratch) / f"model.ckpt.{name}").read_bytes())


def coreml_files(part):
    import coremltools
    import numpy as np
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    builder = NeuralNetworkBuilder([("x", datatypes.Array(30))], [("y", datatypes.Array(10))])
    builder.add_inner_product("product", np.ones((10, 30)), np.ones(10), 30, 10, True, "x", "m")
    builder.add_activation("activation", "RELU", "m", "y")
    model = coremltools.models.MLModel(builder.spec, skip_model_load=True)
    model.author, model.short_description = "someone", "a network of two layers, described at some length so that the text is one"
    part.through("network.mlmodel", "coreml", "a network of two layers", model.save)


PARTS = {
    "tensorflow": (tensorflow_files, "tensorflow-cpu"), "coreml": (coreml_files, "coremltools"),
    "torchscript": (torchscript_files, "torch"), "torch-mobile": (torch_mobile_files, "torch"),
    "scikit-learn": (scikit_learn, "scikit-learn joblib numpy"), "joblib": (joblib_arrays, "joblib numpy"), "pandas": (pandas_files, "pandas numpy"), "numpy": (numpy_files, "numpy"), "boosted": (boosted, "xgboost lightgbm catboost"), "xgboost": (xgboost_versions, ""), "lightgbm": (lightgbm_versions, ""), "catboost": (catboost_versions, ""), "pickle": (other_picklers, "cloudpickle"),
    "torch-package": (torch_package_files, "torch"), "orbax": (orbax_files, "orbax-checkpoint jax"), "layouts": (layout_files, ""), "mxnet": (mxnet_files, "mxnet"), "paddle": (paddle_files, "paddlepaddle"), "paddle3": (paddle3_files, "paddlepaddle"), "mnn": (mnn_files, "MNN"), "coreml": (coreml_files, "coremltools numpy"),
    "flax": (flax_files, "flax msgpack msgpack-numpy"),
    "skops": (skops_files, "skops scikit-learn"), "keras": (keras_files, "keras h5py"), "hdf5": (hdf5_files, "h5py"), "onnx": (onnx_files, "onnx"), "onnxruntime": (onnxruntime_files, "onnxruntime onnx"), "gguf": (gguf_files, "gguf"), "safetensors": (safetensors_files, "safetensors"), "texts": (texts, ""), "r": (r_files, ""),
}


def read_entries():
    """What earlier runs wrote, kept as lines by path."""
    import tomllib

    path = FOLDER / "expected.toml"
    known = tomllib.loads(path.read_text()).get("file", []) if path.exists() else []
    return {entry["path"]: (entry["format"], entry["note"]) for entry in known}


def main():
    FOLDER.mkdir(exist_ok=True)
    entries = read_entries()
    path = FOLDER / "VERSIONS"
    versions = dict(line.split(": ", 1) for line in path.read_text().splitlines()) if path.exists() else {}
    for name in sys.argv[1:] or PARTS:
        write, packages = PARTS[name]
        try:
            used = [f"{package} {importlib.metadata.version(package)}" for package in packages.split()]
        except importlib.metadata.PackageNotFoundError as error:
            print(f"{name}: skipped, {error} is missing")
            continue
        part = Part(name)
        write(part)
        entries = {old: entry for old, entry in entries.items() if not old.startswith(name + "/") or name in BY_VERSION} | part.entries
        versions[name] = ", ".join([f"Python {sys.version.split()[0]}", *used, *part.used, *(["the library's version is in each name"] if name in BY_VERSION else [])])
        print(f"{name}: {len(part.entries)} files")
    text = "# Written by make_benign.py. None of these may be blocked.\n"
    for file, (kind, note) in sorted(entries.items()):
        text += f"\n[[file]]\npath = {json.dumps(file)}\nformat = {json.dumps(kind)}\nnote = {json.dumps(note)}\n"
    (FOLDER / "expected.toml").write_text(text)
    path.write_text("".join(f"{name}: {used}\n" for name, used in sorted(versions.items())))


if __name__ == "__main__":
    main()
