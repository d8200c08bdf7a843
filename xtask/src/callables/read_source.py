"""Reads one Python source into a plain summary: what it binds, and who calls what with whose data.

Nothing is imported or run. A summary says, for each function, every call in it, and for each argument of the
call from which parameters its value may come ("sources"). The sources are an over-approximation without order:
a name keeps whatever was ever assigned to it.
"""

import ast

# Results of these tell something about their arguments but do not carry them on.
TELLS = {
    "len", "isinstance", "issubclass", "hasattr", "callable", "type", "id", "hash", "bool", "any", "all", "ord",
    "is_tensor", "signature", "float", "int", "range", "super", "sum", "abs", "round",
}
TELLING_ATTRIBUTES = {
    "shape", "dtype", "ndim", "size", "device", "itemsize", "nbytes", "__name__", "__class__", "__qualname__",
    "__module__", "requires_grad", "is_cuda", "nnz",
}
NOTHING = frozenset()
SINGLE = {ast.AnnAssign, ast.AugAssign, ast.NamedExpr}
LOOPS = {ast.For, ast.AsyncFor, ast.comprehension}
DEFINITIONS = {ast.FunctionDef, ast.AsyncFunctionDef}
IMPORTS = {ast.Import, ast.ImportFrom}
LEAVES = {ast.Name, ast.Constant, ast.arguments}
# What may hold calls or assignments.
INSIDE = (ast.expr, ast.stmt, ast.comprehension, ast.keyword, ast.withitem, ast.excepthandler, ast.match_case)


class Function:
    """What a function does, in terms of its parameters."""

    __slots__ = ("name", "params", "vararg", "kwarg", "defaults", "calls", "fields", "kind", "stored")

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.params, self.vararg, self.kwarg = [], None, None
        self.defaults = {}
        self.calls = []     # (callee, sources of the receiver, [sources of arguments], {keyword: sources}, mode, passed, line)
        self.fields = {}    # what `self.x` was assigned here: sources
        self.stored = {}    # what `self.x` was assigned here: origin


class Class:
    """A class: its bases as written, its methods, its aliases."""

    __slots__ = ("name", "bases", "methods", "binds", "meta", "fields", "decorators")

    def __init__(self, name):
        self.name, self.bases, self.methods, self.binds = name, [], {}, {}
        self.meta, self.fields, self.decorators = None, {}, []


class Module:
    """What a module binds at its top level."""

    __slots__ = ("name", "package", "binds", "stars", "functions", "classes", "plain", "renames")

    def __init__(self, name, package):
        self.name, self.package = name, package
        self.binds, self.stars, self.functions, self.classes = {}, [], {}, {}
        self.plain = set()      # names that are bound to something else: data
        self.renames = {}       # objects whose __module__ is set by a decorator


def dotted(node):
    """`a.b.c` as a list, or None."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
        return parts[::-1]
    return None


def absolute(module, package, level, name):
    """The module that a relative import means."""
    if level == 0:
        return name or ""
    parts = module.split(".")
    keep = len(parts) - level + (1 if package else 0)
    base = ".".join(parts[:max(keep, 0)])
    return f"{base}.{name}" if name and base else (name or base)


def imports_of(node, module, package):
    """(bound name, target) of an import statement; a bound name `*` means all."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
            else:
                top = alias.name.split(".")[0]
                yield top, top
    else:
        base = absolute(module, package, node.level, node.module)
        for alias in node.names:
            yield alias.asname or alias.name, f"{base}.{alias.name}" if alias.name != "*" else base


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
            elif isinstance(node, (ast.If, ast.Try)):
                self.class_block(node.body, found, outer)
                self.class_block(node.orelse, found, outer)


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
    return "classmethod" if node.name in ("__new__", "__init_subclass__", "__class_getitem__") else "method"


def read_function(reader, node, kind, owner, name=None):
    return FunctionReader(reader, node, kind, owner, name).function


class FunctionReader:
    """Reads one function, with the functions inside it as if they stood in line."""

    def __init__(self, reader, node, kind, owner, name=None):
        self.reader, self.owner = reader, owner
        self.function = Function(name or getattr(node, "name", "<lambda>"), kind)
        self.sources, self.origins, self.local, self.inner = {}, {}, {}, {}
        self.receiver = None
        self.parameters(node)
        body = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
        self.assigned, self.called = [], []
        self.collect(body)
        for _ in range(2):
            for targets, value, part in self.assigned:
                self.assign(targets, value, part)
            for call in self.called:
                self.enter(call)
        for call in self.called:
            self.record(call)
        del self.assigned, self.called

    def parameters(self, node):
        arguments, function = node.args, self.function
        plain = arguments.posonlyargs + arguments.args
        function.params = [item.arg for item in plain]
        if function.kind in ("method", "classmethod") and function.params:
            self.receiver = function.params[0]
        function.vararg = arguments.vararg.arg if arguments.vararg else None
        function.kwarg = arguments.kwarg.arg if arguments.kwarg else None
        everything = [item.arg for item in plain + arguments.kwonlyargs]
        everything += [item for item in (function.vararg, function.kwarg) if item]
        function.params += [item.arg for item in arguments.kwonlyargs]
        for item in everything:
            if item != self.receiver:
                self.sources[item] = frozenset((item,))
        defaults = list(zip(plain[len(plain) - len(arguments.defaults):], arguments.defaults))
        defaults += [pair for pair in zip(arguments.kwonlyargs, arguments.kw_defaults) if pair[1] is not None]
        for item, default in defaults:
            path = dotted(default)
            if path:
                function.defaults[item.arg] = self.reader.globally(path)

    # ---- what is in the body ----

    def collect(self, body):
        queue = list(body)
        while queue:
            node = queue.pop()
            kind = type(node)
            if kind is ast.Call:
                self.called.append(node)
            elif kind is ast.Assign:
                self.assigned.append((node.targets, node.value, False))
            elif kind in SINGLE:
                if node.value is not None:
                    self.assigned.append(([node.target], node.value, False))
            elif kind in LOOPS:
                self.assigned.append(([node.target], node.iter, True))
            elif kind is ast.withitem:
                if node.optional_vars is not None:
                    self.assigned.append(([node.optional_vars], node.context_expr, False))
            elif kind in DEFINITIONS:
                self.inner[node.name] = [item.arg for item in node.args.posonlyargs + node.args.args]
            elif kind in IMPORTS:
                module = self.reader.module
                for bound, target in imports_of(node, module.name, module.package):
                    self.local[bound] = target
            for field in kind._fields:
                value = getattr(node, field, None)
                if type(value) is list:
                    queue.extend(item for item in value if isinstance(item, INSIDE))
                elif isinstance(value, INSIDE) and type(value) not in LEAVES:
                    queue.append(value)
        self.assigned.reverse()

    def assign(self, targets, value, part):
        found = self.of(value)
        for target in targets:
            if isinstance(target, (ast.Tuple, ast.List)):
                same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
                for index, item in enumerate(target.elts):
                    item = item.value if isinstance(item, ast.Starred) else item
                    self.store(item, self.of(value.elts[index]) if same else found, value.elts[index] if same else None)
            else:
                self.store(target, found, None if part else value)

    def store(self, target, found, value):
        if isinstance(target, ast.Name):
            if found:
                self.sources[target.id] = self.sources.get(target.id, NOTHING) | found
            if value is not None:
                self.originate(target.id, value)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == self.receiver:
            fields = self.function.fields
            fields[target.attr] = fields.get(target.attr, NOTHING) | found
            if value is not None:
                origin = self.origin(value)
                if origin:
                    self.function.stored[target.attr] = origin
        elif isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
            path = dotted(target.value) if not isinstance(target, ast.Starred) else None
            if path and found and path[0] != self.receiver:
                self.sources[path[0]] = self.sources.get(path[0], NOTHING) | found

    def originate(self, name, value):
        origin = self.origin(value)
        if origin:
            self.origins[name] = origin

    def origin(self, value):
        """Where a value comes from: ("made", path) by a call, or ("same", path) as another name."""
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.BoolOp):
            value = value.values[-1]
        if isinstance(value, ast.IfExp):
            value = value.body
        made = isinstance(value, ast.Call)
        path = dotted(value.func if made else value)
        if not path or path[0] in self.sources or path[0] == self.receiver or path[0] in self.origins:
            return None
        return ("made" if made else "same", self.rooted(path))

    def rooted(self, path):
        """A path from the local imports or from the module."""
        if path[0] in self.local:
            return ".".join([self.local[path[0]], *path[1:]])
        return self.reader.globally(path)

    # ---- whose data ----

    def of(self, node):
        """The parameters from which the value of an expression may come."""
        if isinstance(node, ast.Name):
            if node.id == self.receiver:
                return frozenset(("self",))
            return self.sources.get(node.id, NOTHING)
        if isinstance(node, ast.Attribute):
            return self.of_attribute(node)
        if isinstance(node, ast.Call):
            return self.of_call(node)
        if isinstance(node, (ast.Constant, ast.Compare, ast.Lambda)):
            return NOTHING
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return NOTHING
        if isinstance(node, ast.Subscript):
            return self.of(node.value)
        if isinstance(node, ast.IfExp):
            return self.of(node.body) | self.of(node.orelse)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self.of(node.elt)
        if isinstance(node, ast.DictComp):
            return self.of(node.key) | self.of(node.value)
        found = NOTHING
        for child in ast.iter_child_nodes(node):
            found |= self.of(child)
        return found

    def of_attribute(self, node):
        if node.attr in TELLING_ATTRIBUTES:
            return NOTHING
        if isinstance(node.value, ast.Name) and node.value.id == self.receiver:
            return self.of_field(node.attr)
        return self.of(node.value)

    def of_field(self, field):
        fields = self.function.fields
        if self.function.name == "__init__":
            return fields.get(field, fields.get("*", NOTHING))
        return fields.get(field, NOTHING) | {"self." + field}

    def of_call(self, node):
        path = dotted(node.func)
        if path and path[-1] in TELLS:
            return NOTHING
        found = self.of(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        if path and path[0] == self.receiver:
            found = NOTHING
            if self.function.name == "__init__":
                found = found.union(*self.function.fields.values())
        for argument in node.args:
            found |= self.of(argument.value if isinstance(argument, ast.Starred) else argument)
        for keyword in node.keywords:
            found |= self.of(keyword.value)
        return found

    def enter(self, call):
        """A call of a function inside this one gives its parameters their sources; `super().__init__` fills fields."""
        if isinstance(call.func, ast.Name) and call.func.id in self.inner:
            for name, argument in zip(self.inner[call.func.id], call.args):
                self.store(ast.Name(name), self.of(argument), None)
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            found = NOTHING
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
                found |= self.of(argument.value if isinstance(argument, ast.Starred) else argument)
            fields = self.function.fields
            fields["*"] = fields.get("*", NOTHING) | (found - {"self"})
        elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) \
                and call.func.attr in ("append", "extend", "add", "update", "insert", "put", "write"):
            found = NOTHING
            for argument in call.args:
                found |= self.of(argument)
            if found and call.func.value.id != self.receiver:
                name = call.func.value.id
                self.sources[name] = self.sources.get(name, NOTHING) | found

    # ---- calls ----

    def record(self, call):
        callee, receiver = self.callee(call.func)
        if callee is None:
            return
        positional, spread = [], NOTHING
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                spread |= self.of(argument.value)
            else:
                positional.append(self.of(argument))
        keywords = {}
        for keyword in call.keywords:
            if keyword.arg is None:
                spread |= self.of(keyword.value)
            else:
                keywords[keyword.arg] = self.of(keyword.value)
        if spread:
            keywords["*"] = spread
        self.function.calls.append(
            (callee, receiver, positional, keywords, mode_of(call), self.passed(call), call.lineno)
        )

    def passed(self, call):
        """Functions that are handed over, which the callee may call."""
        found = []
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            path = dotted(argument)
            if path and path[0] not in self.sources and path[0] != self.receiver and path[0] not in self.origins:
                if path[0] not in self.inner:
                    found.append(self.rooted(path))
        return found

    def callee(self, func):
        path = dotted(func)
        if path is None:
            return self.odd_callee(func)
        root, rest = path[0], path[1:]
        if root == self.receiver:
            if not rest:
                return ("own", ""), NOTHING
            return ("own", ".".join(rest)), frozenset(("self",))
        if root in self.inner and not rest:
            return None, NOTHING
        if root in self.origins:
            how, origin = self.origins[root]
            found = self.sources.get(root, NOTHING)
            if how == "same":
                return ("path", ".".join([origin, *rest])), found
            if not rest:
                return ("result", origin), found
            return ("method", origin, ".".join(rest)), found
        if root in self.function.params or root in (self.function.vararg, self.function.kwarg):
            return ("given", root, ".".join(rest)), self.sources.get(root, NOTHING)
        if root in self.sources and root not in self.local:
            return ("some", ".".join(rest)), self.sources[root]
        return ("path", self.rooted(path)), NOTHING

    def odd_callee(self, func):
        if isinstance(func, ast.Call):
            path = dotted(func.func)
            if path and path[-1] == "getattr" and len(func.args) > 1:
                return ("reached",), self.of(func.args[1])
            return ("some", ""), self.of(func)
        if isinstance(func, ast.Attribute):
            inner = func.value
            if isinstance(inner, ast.Call):
                path = dotted(inner.func)
                if path == ["super"]:
                    return ("super", func.attr), frozenset(("self",))
                if path and path[0] not in self.sources and path[0] != self.receiver and path[0] not in self.origins:
                    return ("method", self.rooted(path), func.attr), self.of(inner)
            return ("some", func.attr), self.of(inner)
        return None, NOTHING


def mode_of(call):
    """The mode of `open`, when it is written out: reading unless it says otherwise."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    modes += call.args[1:2]
    for mode in modes:
        if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
            return mode.value
        return "?"
    return ""


def read(name, package, text):
    """The summary of one source, or None when it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Reader(name, package).read(tree)
