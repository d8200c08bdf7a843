"""Reads one function into a plain summary: who calls what with whose data.

For each argument of a call the summary says from which parameters its value may come ("sources"). The sources are an
over-approximation without order: a name keeps whatever was ever assigned to it.
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

    __slots__ = ("name", "params", "vararg", "kwarg", "defaults", "calls", "fields", "kind", "stored", "results")

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.params, self.vararg, self.kwarg = [], None, None
        self.defaults = {}
        self.calls = []     # (callee, sources of the receiver, [sources of arguments], {keyword: sources}, mode, passed, line)
        self.fields = {}    # what `self.x` was assigned here: sources
        self.stored = {}    # what `self.x` was assigned here: origin
        self.results = []   # where what it returns comes from: origins


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


class FunctionReader:
    """Reads one function, with the functions inside it as if they stood in line."""

    def __init__(self, reader, node, kind, owner, name=None):
        self.reader, self.owner = reader, owner
        self.function = Function(name or getattr(node, "name", "<lambda>"), kind)
        self.sources, self.origins, self.local, self.inner = {}, {}, {}, {}
        self.receiver = None
        self.parameters(node)
        body = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
        self.assigned, self.called, self.returned, self.texts = [], [], [], {}
        self.collect(body)
        for _ in range(2):
            for targets, value, part in self.assigned:
                self.assign(targets, value, part)
            for call in self.called:
                self.enter(call)
        for call in self.called:
            self.record(call)
        for value in self.returned:
            origin = self.origins.get(value.id) if isinstance(value, ast.Name) else self.origin(value)
            if origin and origin not in self.function.results:
                self.function.results.append(origin)
        del self.assigned, self.called, self.returned, self.texts

    def parameters(self, node):
        arguments, function = node.args, self.function
        plain = arguments.posonlyargs + arguments.args
        function.params = [item.arg for item in plain]
        if function.kind in ("method", "classmethod", "setter") and function.params:
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
            elif kind is ast.Return:
                self.returned.append(node.value)
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
                prefix = prefix_of(value)
                if prefix:
                    self.texts[target.id] = prefix
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
        if isinstance(value, ast.Subscript) or (
            made and isinstance(value.func, ast.Attribute) and value.func.attr in ("get", "pop")
        ):
            path = dotted(value.value if isinstance(value, ast.Subscript) else value.func.value)
            if path and path[0] == self.receiver and len(path) == 2:
                return ("own item", path[1])
            if path and path[0] not in self.sources and path[0] not in self.origins and path[0] != self.receiver:
                return ("item", self.rooted(path))
        if made:
            prefix = self.prefix_of_getattr(value)
            if prefix is not None:
                return ("own prefix", prefix)
        path = dotted(value.func if made else value)
        if made and path and path[0] == self.receiver and len(path) == 2:
            return ("own made", path[1])
        if not path or path[0] in self.sources or path[0] == self.receiver or path[0] in self.origins:
            return None
        return ("made" if made else "same", self.rooted(path))

    def prefix_of_getattr(self, call):
        """What the name begins with in `getattr(self, "visit_" + kind)`; None for any other call."""
        if dotted(call.func) != ["getattr"] or len(call.args) < 2 or dotted(call.args[0]) != [self.receiver]:
            return None
        name = call.args[1]
        return self.texts.get(name.id) if isinstance(name, ast.Name) else prefix_of(name)

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
            if how.startswith(("own", "item")):
                return (how, origin, ".".join(rest)), found
            if not rest:
                return ("result", origin), found
            return ("method", origin, ".".join(rest)), found
        if root in self.function.params or root in (self.function.vararg, self.function.kwarg):
            return ("given", root, ".".join(rest)), self.sources.get(root, NOTHING)
        if root in self.sources and root not in self.local:
            return ("some", ".".join(rest)), self.sources[root]
        return ("path", self.rooted(path)), NOTHING

    def odd_callee(self, func):
        origin = self.origin(func)
        if origin and origin[0].startswith(("own", "item")):
            return (*origin, ""), frozenset(("self",)) if origin[0].startswith("own") else NOTHING
        if isinstance(func, ast.Call):
            path = dotted(func.func)
            if path and path[-1] == "getattr" and len(func.args) > 1:
                return ("reached",), self.of(func.args[1])
            if origin:
                return ("result", origin[1]), self.of(func)
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




def prefix_of(node):
    """The constant that a text begins with: `"do_" + x`, `f"do_{x}"`, `"do_%s" % x`; None for anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        node = node.left
    elif isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    elif not isinstance(node, ast.BinOp):
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.split("%")[0].split("{")[0] or None
    return None
