"""XGBoost, LightGBM and CatBoost: models whose numbers lead out of the model."""

import copy
import json
import struct

from .sample import Sample

NOTE = "a number that a loader follows out of its memory, or for ever"


def tree(nodes=3):
    """A tree that splits to the right again and again."""
    inner = nodes // 2
    return {
        "base_weights": [0.5] * nodes, "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [], "default_left": [0] * nodes, "id": 0, "left_children": [2 * i + 1 for i in range(inner)] + [-1] * (nodes - inner),
        "loss_changes": [1.0] * nodes, "parents": [2147483647] + [(i - 1) // 2 for i in range(1, nodes)], "right_children": [2 * i + 2 for i in range(inner)] + [-1] * (nodes - inner), "split_conditions": [0.5] * nodes, "split_indices": [0] * nodes,
        "split_type": [0] * nodes, "sum_hessian": [1.0] * nodes, "tree_param": {"num_deleted": "0", "num_feature": "3", "num_nodes": str(nodes), "size_leaf_vector": "1"},
    }


def model(trees=None):
    trees = [tree(7)] if trees is None else trees
    booster = {"model": {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))}, "iteration_indptr": list(range(len(trees) + 1)), "tree_info": [0] * len(trees), "trees": trees}, "name": "gbtree"}
    return {"learner": {"attributes": {}, "feature_names": [], "feature_types": [], "gradient_booster": booster, "learner_model_param": {"base_score": "5E-1", "boost_from_average": "1", "num_class": "0", "num_feature": "3", "num_target": "1"}, "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}}, "version": [2, 1, 4]}


def changed(change):
    """A whole model with one change."""
    whole = copy.deepcopy(model())
    learner = whole["learner"]
    change(learner, learner["gradient_booster"]["model"], learner["gradient_booster"]["model"]["trees"][0])
    return whole


def put(key, index, value):
    return lambda _learner, _model, tree: tree[key].__setitem__(index, value)


XGBOOST = {
    "child-outside": put("left_children", 0, 1 << 20), "child-negative": put("right_children", 1, -7), "parent-outside": put("parents", 3, 1 << 24), "parent-none": put("parents", 3, 2147483647), "feature-outside": put("split_indices", 0, 40_000),
    "circle": put("left_children", 2, 1), "child-is-itself": put("left_children", 1, 1), "shared-child": put("left_children", 2, 3), "only-one-child": put("right_children", 0, -1),
    "tree-number-outside": lambda _l, _m, tree: tree.update(id=1 << 16), "tree-number-negative": lambda _l, _m, tree: tree.update(id=-1), "short-conditions": lambda _l, _m, tree: tree.update(split_conditions=[0.5]), "short-parents": lambda _l, _m, tree: tree.update(parents=[0]),
    "many-nodes": lambda _l, _m, tree: tree["tree_param"].update(num_nodes="2000000000"), "no-nodes": lambda _l, _m, tree: tree["tree_param"].update(num_nodes="0"), "negative-nodes": lambda _l, _m, tree: tree["tree_param"].update(num_nodes="-5"),
    "many-trees": lambda _l, model, _t: model["gbtree_model_param"].update(num_trees="1152921504606846976"), "group-outside": lambda _l, model, _t: model.update(tree_info=[500]), "group-negative": lambda _l, model, _t: model.update(tree_info=[-1]),
    "rounds-outside": lambda _l, model, _t: model.update(iteration_indptr=[0, 1 << 30]), "rounds-backwards": lambda _l, model, _t: model.update(iteration_indptr=[1, 0, 1]), "missing-group": lambda _l, model, _t: model.update(tree_info=[]),
    "category-node-outside": lambda _l, _m, tree: tree.update(categories=[1], categories_nodes=[90000], categories_segments=[0], categories_sizes=[1]), "category-segment-outside": lambda _l, _m, tree: tree.update(categories=[1], categories_nodes=[0], categories_segments=[1 << 40], categories_sizes=[1]),
    "category-size-outside": lambda _l, _m, tree: tree.update(categories=[1], categories_nodes=[0], categories_segments=[0], categories_sizes=[1 << 40]), "category-huge": lambda _l, _m, tree: tree.update(categories=[2**31 - 1], categories_nodes=[0], categories_segments=[0], categories_sizes=[1]),
    "category-negative": lambda _l, _m, tree: tree.update(categories=[-8], categories_nodes=[0], categories_segments=[0], categories_sizes=[1]), "groups-overflow": lambda learner, _m, _t: learner["learner_model_param"].update(num_class="4294967297"),
    "attribute-runs-code": lambda learner, _m, _t: learner["attributes"].update(note="__import__('os').system('echo inert')"), "objective-runs-code": lambda learner, _m, _t: learner["objective"].update(name="os.system('echo inert')"),
}


def ubjson(value):
    """The encoding that XGBoost uses: long lengths, typed lists of numbers."""
    if isinstance(value, dict):
        return b"{" + b"".join(key_of(key) + ubjson(item) for key, item in value.items()) + b"}"
    if isinstance(value, list):
        if value and all(isinstance(item, int) for item in value):
            return b"[$L#" + length(len(value)) + struct.pack(f">{len(value)}q", *value)
        if value and all(isinstance(item, float) for item in value):
            return b"[$d#" + length(len(value)) + struct.pack(f">{len(value)}f", *value)
        return b"[#" + length(len(value)) + b"".join(map(ubjson, value))
    if isinstance(value, str):
        return b"S" + key_of(value)
    return b"L" + struct.pack(">q", value)


def length(number):
    return b"L" + struct.pack(">q", number)


def key_of(text):
    return length(len(text)) + text.encode()


def xgboost():
    for name, change in XGBOOST.items():
        whole = changed(change)
        yield Sample("boosted-xgboost", name + ".json", "xgboost", NOTE, json.dumps(whole).encode())
        if name != "many-trees":
            yield Sample("boosted-xgboost", name + ".ubj", "xgboost", NOTE, ubjson(whole))
    linear = model([])
    linear["learner"]["gradient_booster"] = {"model": {"weights": [0.5] * 2}, "name": "gblinear"}
    yield Sample("boosted-xgboost", "short-weights.json", "xgboost", NOTE, json.dumps(linear).encode())
    text = json.dumps(model()).replace('"left_children":', '"left_children": [9, 9, 9, -1, -1, -1, -1], "left_children":')
    yield Sample("boosted-xgboost", "double-key.json", "xgboost", "a key that stands twice", text.encode())
    deep = b'{"learner":{"attributes":' + b'{"a":' * 5000 + b"1" + b"}" * 5002
    yield Sample("boosted-xgboost", "deep.json", "xgboost", "values nested deeper than a stack", deep)
    head = b"{" + key_of("learner") + b"{" + key_of("attributes")
    for name, data in {
        "deep": (b"{" + key_of("a")) * 5000, "length-huge": b"S" + length(2**60), "length-negative": b"S" + length(-1), "list-huge": b"[$L#" + length(2**60), "list-negative": b"[$d#" + length(-(2**63)), "nothing-huge": b"[$Z#" + length(2**60), "key-huge": b"{" + length(2**60), "nested-lists": b"[" * 5000,
    }.items():
        yield Sample("boosted-xgboost", f"{name}-universal.ubj", "xgboost", "a length or depth that breaks a reader", head + data)
    yield Sample("boosted-xgboost", "program-behind.ubj", "xgboost", "a program behind the model", ubjson(model()) + b"\x7fELF\x02\x01\x01" + bytes(57))


def binary(nodes=((-1, 1, 2, 0), (0, -1, -1, 0), (0, -1, -1, 0)), trees=1, count=None, group=0, objective=None, magic=b"binf"):
    """XGBoost's old binary format."""
    text = lambda word: struct.pack("<Q", len(word) if objective is None else objective) + word
    out = magic + struct.pack("<fIiiiIII", 0.5, 3, 0, 0, 0, 1, 7, 0) + bytes(104) + struct.pack("<Q", 13) + b"reg:linear123" + text(b"gbtree")
    out += struct.pack("<ii", trees, 1) + bytes(152)
    out += struct.pack("<iiiiIi", 1, len(nodes) if count is None else count, 0, 0, 3, 0) + bytes(124)
    for parent, left, right, feature in nodes:
        out += struct.pack("<iiiIf", parent, left, right, feature, 0.5)
    return out + bytes(16 * len(nodes)) + struct.pack("<i", group)


def xgboost_binary():
    root, leaf = (-1, 1, 2, 0), (0, -1, -1, 0)
    for name, data in {
        "child-outside": binary(((-1, 1, 1 << 20, 0), leaf, leaf)), "circle": binary((root, (0, 1, 2, 0), leaf)), "parent-outside": binary((root, (1 << 24, -1, -1, 0), leaf)), "feature-outside": binary(((-1, 1, 2, 70_000), leaf, leaf)), "many-nodes": binary(count=2**31 - 1), "no-nodes": binary(count=0),
        "many-trees": binary(trees=2**31 - 1), "negative-trees": binary(trees=-1), "group-outside": binary(group=9), "name-huge": binary(objective=2**60), "child-negative": binary(((-1, -3, 2, 0), leaf, leaf)), "without-mark": binary(((-1, 1, 1 << 20, 0), leaf, leaf), magic=b""),
    }.items():
        yield Sample("boosted-xgboost", name + ".model", "xgboost", NOTE, data)


LIGHT_HEAD = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0", "max_feature_idx": "2", "objective": "regression", "feature_names": "a b c", "feature_infos": "[0:1] [0:1] 0:1:2"}
LIGHT_TREE = {"num_leaves": "3", "num_cat": "0", "split_feature": "0 1", "split_gain": "1 1", "threshold": "0.5 0.5", "decision_type": "2 2", "left_child": "1 -1", "right_child": "-2 -3", "leaf_value": "1 2 3", "leaf_weight": "1 1 1", "leaf_count": "1 1 1", "internal_value": "0 0", "internal_weight": "1 1", "internal_count": "2 2", "is_linear": "0", "shrinkage": "1"}


def light(head=(), tree=(), sizes=None):
    lines = lambda keys: "".join(f"{key}={value}\n" for key, value in keys.items() if value is not None)
    block = "Tree=0\n" + lines({**LIGHT_TREE, **dict(tree)}) + "\n\n"
    first = "tree\n" + lines({**LIGHT_HEAD, **dict(head)}) + f"tree_sizes={len(block) if sizes is None else sizes}\n\n"
    return (first + block + "end of trees\n\nfeature_importances:\na=1\n\nparameters:\n[boosting: gbdt]\nend of parameters\n\npandas_categorical:null\n").encode()


def lightgbm():
    sets = {"num_cat": "1", "decision_type": "1 2", "threshold": "0 0.5", "cat_boundaries": "0 1", "cat_threshold": "3"}
    files = {
        "child-outside": light(tree={"left_child": "900000 -1"}), "leaf-outside": light(tree={"right_child": "-2 -900000"}), "circle": light(tree={"left_child": "1 0"}), "shared-leaf": light(tree={"right_child": "-2 -1"}), "feature-outside": light(tree={"split_feature": "0 9999999"}), "feature-negative": light(tree={"split_feature": "-3 1"}),
        "many-leaves": light(tree={"num_leaves": "2147483647"}), "no-leaves": light(tree={"num_leaves": "0"}), "negative-leaves": light(tree={"num_leaves": "-2"}), "short-values": light(tree={"leaf_value": "1"}), "short-children": light(tree={"left_child": "1"}), "short-thresholds": light(tree={"threshold": "0.5"}),
        "tree-size-outside": light(sizes=1 << 40), "tree-size-negative": light(sizes=-9), "tree-sizes-count": light(sizes="9 9 9 9"), "no-trees-per-iteration": light(head={"num_tree_per_iteration": "0"}), "no-classes": light(head={"num_class": "0"}), "many-features": light(head={"max_feature_idx": "2147483647"}),
        "category-outside": light(tree={**sets, "threshold": "7 0.5"}), "boundary-outside": light(tree={**sets, "cat_boundaries": "0 9999999"}), "boundary-backwards": light(tree={**sets, "num_cat": "2", "cat_boundaries": "0 1 0"}), "short-boundaries": light(tree={**sets, "cat_boundaries": "0"}),
        "linear-feature-outside": light(tree={"is_linear": "1", "leaf_const": "0 0 0", "num_features": "1 0 0", "leaf_features": "77777", "leaf_coeff": "1"}), "linear-count-outside": light(tree={"is_linear": "1", "leaf_const": "0 0 0", "num_features": "2000000000 0 0", "leaf_features": "0", "leaf_coeff": "1"}),
        "objective-runs-code": light(head={"objective": "__import__('os').system('echo inert')"}),
    }
    for name, data in files.items():
        yield Sample("boosted-lightgbm", name + ".txt", "lightgbm", NOTE, data)


def catboost_file(dimension=1, splits=(0, 1), sizes=(2,), offsets=(0,), borders=2, values=4, steps=None, leaves=None, size=None, text="{}", behind=b""):
    ints = lambda numbers: Raw(len(numbers), struct.pack(f"<{len(numbers)}i", *numbers))
    word = lambda text: Raw(len(text), text.encode() + b"\0")
    feature = (None, 0, 0, Raw(borders, struct.pack(f"<{borders}f", *range(borders))))
    trees = (dimension, ints(splits), ints(sizes), ints(offsets), None, [feature], None, None, Raw(values, bytes(8 * values)), None, None if steps is None else Raw(len(steps), struct.pack(f"<{len(steps)}I", *steps)), None if leaves is None else Raw(len(leaves), struct.pack(f"<{len(leaves)}I", *leaves)))
    core = flat_tables((word("FlabuffersModel_v1"), trees, [(word("params"), word(text))], None))
    return b"CBM1" + struct.pack("<I", len(core) if size is None else size) + core + behind


class Raw:
    """A vector of items of fixed size."""

    def __init__(self, count, data):
        self.count, self.data = count, data


def flat_tables(root):
    """A flatbuffer: a table is a tuple, a list of tables a list, anything else a number or a `Raw`."""
    out = bytearray(4)

    def align(size, ahead=0):
        out.extend(bytes(-(len(out) + ahead) % size))

    def put(field):
        if isinstance(field, tuple):
            align(4)
            vtable = len(out)
            out.extend(struct.pack(f"<{2 + len(field)}H", 4 + 2 * len(field), 4 + 4 * len(field), *(0 if item is None else 4 + 4 * index for index, item in enumerate(field))))
            align(4)
            start = len(out)
            out.extend(struct.pack("<i", start - vtable) + bytes(4 * len(field)))
            items = list(enumerate(field, 1))
        elif isinstance(field, list):
            align(4)
            start = len(out)
            out.extend(struct.pack("<I", len(field)) + bytes(4 * len(field)))
            items = list(enumerate(field, 1))
        else:
            align(8, 4)
            start = len(out)
            out.extend(struct.pack("<I", field.count) + field.data)
            items = []
        for index, item in items:
            slot = start + 4 * index
            if isinstance(item, int):
                struct.pack_into("<i", out, slot, item)
            elif item is not None:
                struct.pack_into("<I", out, slot, put(item) - slot)
        return start

    struct.pack_into("<I", out, 0, put(root))
    return bytes(out)


def catboost():
    for name, data in {
        "size-huge": catboost_file(size=2**32 - 1), "question-outside": catboost_file(splits=(0, 5_000_000)), "question-negative": catboost_file(splits=(0, -4)), "tree-size-huge": catboost_file(sizes=(2**31 - 1,)), "tree-size-negative": catboost_file(sizes=(-1,)), "offset-outside": catboost_file(offsets=(1 << 24,)), "short-values": catboost_file(values=1),
        "no-dimension": catboost_file(dimension=0), "many-dimensions": catboost_file(dimension=2**31 - 1), "deep-tree": catboost_file(splits=(0,) * 40, sizes=(40,)), "step-outside": catboost_file(splits=(0, -1, -1), sizes=(3,), values=2, steps=(1 | 60_000 << 16, 0, 0), leaves=(2**32 - 1, 0, 1)),
        "leaf-outside": catboost_file(splits=(0, -1, -1), sizes=(3,), values=2, steps=(1 | 2 << 16, 0, 0), leaves=(2**32 - 1, 0, 1 << 20)), "program-behind": catboost_file(behind=b"\x7fELF\x02\x01\x01" + bytes(57)), "text-runs-code": catboost_file(text="__import__('os').system('echo inert')"), "negative-dimension": catboost_file(dimension=-1),
    }.items():
        yield Sample("boosted-catboost", name + ".cbm", "catboost", NOTE, data)
    feature = {"borders": [0.5], "feature_index": 0, "flat_feature_index": 0, "has_nans": False}
    split = {"border": 0.5, "float_feature_index": 0, "split_index": 0, "split_type": "FloatFeature"}
    for name, trees in {"feature-outside": [{"leaf_values": [1, 2], "leaf_weights": [1, 1], "splits": [dict(split, float_feature_index=1 << 20)]}], "short-values": [{"leaf_values": [1], "leaf_weights": [1, 1], "splits": [split]}], "deep-tree": [{"leaf_values": [1, 2], "leaf_weights": [1, 1], "splits": [split] * 40}]}.items():
        data = {"features_info": {"float_features": [feature]}, "model_info": {}, "oblivious_trees": trees, "scale_and_bias": [1, [0]]}
        yield Sample("boosted-catboost", name + ".json", "catboost", NOTE, json.dumps(data).encode())


RECIPES = (xgboost, xgboost_binary, lightgbm, catboost)


def samples():
    for recipe in RECIPES:
        yield from recipe()
