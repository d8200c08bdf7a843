"""Reads one Python source into a plain summary: what it binds, and what its functions do (`read_function`).

Nothing is imported or run.
"""

import ast

from read_function import FunctionReader, dotted, imports_of


class Class:
    """A class: its bases as written, its methods, its aliases."""

    __slots__ = ("name", "bases", "methods", "binds", "meta", "fields", "decorators", "tables")

    def __init__(self, name):
        self.name, self.bases, self.methods, self.binds = name, [], {}, {}
        self.meta, self.fields, self.decorators, self.tables = None, {}, [], {}


class Module:
    """What a module binds at its top level."""

    __slots__ = ("name", "package", "binds", "stars", "functions", "classes", "plain", "renames", "made", "tables")

    def __init__(self, name, package):
        self.name, self.package = name, package
        self.binds, self.stars, self.functions, self.classes = {}, [], {}, {}
        self.plain = set()      # names that are bound to something else: data
        self.made = {}          # names that are bound to what a call makes: the path of the callee
        self.tables = {}        # names that are bound to a display of functions: their paths
        self.renames = {}       # objects whose __module__ is set by a decorator


class Reader:
    """Reads one module."""

    def __init__(self, name, package):
        self.module = Module(name, package)

    def read(self, tree):
        self.block(tree.body)
        return self.module

    def block(self, body):
        """Top-level statements, through `if`, `try`, `with` and loops."""
        module = self.module
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                module.functions.setdefault(node.name, []).append(read_function(self, node, "function", None))
                self.rename(node)
            elif isinstance(node, ast.ClassDef):
                self.read_class(node, "")
                self.rename(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for bound, target in imports_of(node, module.name, module.package):
                    if bound == "*":
                        module.stars.append(target)
                    else:
                        module.binds.setdefault(bound, []).append(target)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self.bind(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self.bind(node.target, node.value)
            else:
                for field in ("body", "orelse", "finalbody"):
                    self.block([item for item in getattr(node, field, []) if isinstance(item, ast.stmt)])
                for handler in getattr(node, "handlers", []):
                    self.block(handler.body)

    def bind(self, target, value):
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts):
                self.bind(one, other)
            return
        if not isinstance(target, ast.Name):
            return
        if isinstance(value, ast.Lambda):
            function = read_function(self, value, "function", None, target.id)
            self.module.functions.setdefault(target.id, []).append(function)
            return
        for made in self.made_classes(value):
            found = Class(target.id)
            found.bases = made
            self.module.classes.setdefault(target.id, []).append(found)
            return
        path = alias_of(value)
        if path:
            if path != [target.id]:
                self.module.binds.setdefault(target.id, []).append(self.globally(path))
        else:
            self.module.plain.add(target.id)
            made = dotted(value.func) if isinstance(value, ast.Call) else None
            if made:
                self.module.made[target.id] = self.globally(made)
            self.module.tables.setdefault(target.id, []).extend(self.globally(path) for path in shown_in(value))

    @staticmethod
    def made_classes(value):
        """`X = namedtuple(…)` and its like make a class."""
        if isinstance(value, ast.Call):
            path = dotted(value.func)
            if path and path[-1] in ("namedtuple", "NamedTuple"):
                yield ["builtins.tuple"]
            elif path and path[-1] in ("Enum", "IntEnum", "Flag", "IntFlag", "TypedDict", "NewType"):
                yield ["builtins.object"]

    def rename(self, node):
        """`@set_module("numpy")`, `@keras_export("keras.Model")`: what a pickle calls it."""
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            path = dotted(decorator.func) or [""]
            texts = [
                value.value
                for argument in decorator.args
                for value in (argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else [argument])
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            ]
            if path[-1] == "set_module":
                self.module.renames.setdefault(node.name, []).extend(f"{text}.{node.name}" for text in texts)
            elif path[-1] in ("keras_export", "tf_export") or path[-1].endswith("_export"):
                self.module.renames.setdefault(node.name, []).extend(text for text in texts if "." in text)

    def globally(self, path):
        """A path as seen from the module: its own names stay relative, as `.name`."""
        return "." + ".".join(path)

    def read_class(self, node, outer):
        qualified = outer + node.name
        found = Class(qualified)
        self.module.classes.setdefault(qualified, []).append(found)
        for base in node.bases:
            path = alias_of(base)
            if path:
                found.bases.append(self.globally(path))
        for keyword in node.keywords:
            if keyword.arg == "metaclass":
                path = dotted(keyword.value)
                found.meta = self.globally(path) if path else None
        for decorator in node.decorator_list:
            path = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            found.decorators.append(path[-1] if path else "")
        self.class_block(node.body, found, qualified + ".")

    def class_block(self, body, found, outer):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                function = read_function(self, node, kind_of(node), found)
                found.methods.setdefault(node.name, []).append(function)
                for field, origin in function.stored.items():
                    found.fields.setdefault(field, origin)
            elif isinstance(node, ast.ClassDef):
                self.read_class(node, outer)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                path = alias_of(node.value)
                if path:
                    found.binds[node.targets[0].id] = path
                else:
                    found.tables[node.targets[0].id] = list(shown_in(node.value))
            elif isinstance(node, (ast.If, ast.Try)):
                self.class_block(node.body, found, outer)
                self.class_block(node.orelse, found, outer)


def shown_in(node):
    """The names that a display holds as they are: `{"x": function}`, `[function]`."""
    queue = [node]
    while queue:
        item = queue.pop()
        if isinstance(item, ast.Dict):
            queue.extend(item.values)
        elif isinstance(item, (ast.List, ast.Tuple, ast.Set)):
            queue.extend(item.elts)
        elif item is not node:
            path = dotted(item)
            if path:
                yield path


def alias_of(node):
    """The name that an expression is another name for, seen through `Generic[T]` and `a or b`."""
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    if isinstance(node, ast.Call):
        path = dotted(node.func) or [""]
        if path[-1] in ("with_metaclass", "staticmethod", "classmethod", "wraps", "lru_cache", "partial") and node.args:
            return dotted(node.args[-1 if path[-1] == "with_metaclass" else 0])
        return None
    return dotted(node)


def kind_of(node):
    for decorator in node.decorator_list:
        path = dotted(decorator) or [""]
        if path[-1] in ("staticmethod", "classmethod"):
            return path[-1]
        if path[-1] == "setter":
            return "setter"
    return "classmethod" if node.name in ("__new__", "__init_subclass__", "__class_getitem__") else "method"


def read_function(reader, node, kind, owner, name=None):
    return FunctionReader(reader, node, kind, owner, name).function


def read(name, package, text):
    """The summary of one source, or None when it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Reader(name, package).read(tree)
