"""Joins the summaries of all modules of an environment, and spreads effects from the seeds to their callers.

An effect is a letter (see `analyse.py`) with the sources that steer it: parameters of the function, fields of
`self`, or `!` when the caller has no say in what is read, run or opened. Sources are what makes the difference
between `open(path)` and `open("/proc/cpuinfo")`.
"""

import sys
from collections import deque

UNSTEERED = "!"
NOTHING = frozenset()
DEPTH = 12
# How many functions a result is followed through that one returns to the next.
RESULTS = 4
# Most effects of one function come from few callees; past this many classes a base list is a mistake.
ANCESTORS = 60


class Seed:
    """An effect that is known by itself: of what cannot be read, or need not be."""

    __slots__ = ("name", "effects", "steered")

    def __init__(self, name, effects, steered):
        self.name, self.effects, self.steered = name, effects, steered


class Node:
    """A function of the environment while effects spread."""

    __slots__ = ("where", "owner", "function", "edges", "effects", "why", "callers", "queued")

    def __init__(self, where, owner, function):
        self.where, self.owner, self.function = where, owner, function
        self.edges, self.effects, self.why, self.callers, self.queued = [], {}, {}, [], False


class World:
    """All modules of an environment, and the seeds."""

    def __init__(self, modules, seeds, compiled=()):
        self.modules = modules
        self.tops = {name.split(".")[0] for name in (*modules, *compiled)} | sys.stdlib_module_names
        self.seeds, self.prefixes, self.methods = {}, {}, {}
        for seed in seeds:
            if seed.name.startswith("?."):
                self.methods[seed.name[2:]] = seed
            elif seed.name.endswith(".*"):
                self.prefixes[seed.name[:-2]] = seed
            else:
                self.seeds[seed.name] = seed
        self.known = {name.split(".")[0] for name in (*self.seeds, *self.prefixes)}
        self.nodes = {}
        self.found, self.orders, self.looked = {}, {}, {}
        for module in modules.values():
            for name, functions in module.functions.items():
                for function in functions:
                    self.add(f"{module.name}.{name}", (module, None), function)
            for name, classes in module.classes.items():
                for one in classes:
                    for method, functions in one.methods.items():
                        for function in functions:
                            self.add(f"{module.name}.{name}.{method}", (module, one), function)

    def add(self, where, owner, function):
        self.nodes[id(function)] = Node(where, owner, function)

    # ---- names ----

    def seed(self, path, inside=None):
        """The seed for exactly this path, or for the closest thing around it that has one for all in it.

        What is said of a whole package is said to others: `inside` names one that is analysed and not cut.
        """
        known = self.seeds.get(path)
        if known is not None:
            return known
        if path.split(".")[0] == inside:
            return None
        while "." in path:
            path = path.rpartition(".")[0]
            known = self.prefixes.get(path)
            if known is not None:
                return known
        return None

    def resolve(self, path, module):
        """What a path means, seen from a module: a list of ("function" | "class" | "seed" | "module", …)."""
        top = module.name.split(".")[0]
        key = (path, module.name if path.startswith(".") else top)
        if key not in self.found:
            self.found[key] = []
            self.found[key] = self.resolve_fresh(path, module)
        return self.found[key]

    def resolve_fresh(self, path, module):
        if not path.startswith("."):
            return self.absolute(path, 0, module.name.split(".")[0])
        parts = path[1:].split(".")
        found = self.inside(module, parts, 0)
        if found or parts[0] in module.plain:
            return found
        return self.builtin(".".join(parts))

    def absolute(self, path, depth, inside):
        known = self.seed(path, inside)
        if known:
            return [("seed", known)]
        if depth > DEPTH:
            return []
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            module = self.modules.get(".".join(parts[:end]))
            if module is not None:
                return self.inside(module, parts[end:], depth + 1) if parts[end:] else [("module", module)]
        return []

    def inside(self, module, parts, depth):
        key = (module.name, ".".join(parts))
        if key in self.looked:
            return self.looked[key]
        self.looked[key] = []
        found = self.inside_fresh(module, parts, depth)
        if depth == 0 or found:
            self.looked[key] = found
        else:
            del self.looked[key]
        return found

    def inside_fresh(self, module, parts, depth):
        known = self.seeds.get(f"{module.name}.{'.'.join(parts)}")
        if known:
            return [("seed", known)]
        if depth > DEPTH:
            return []
        first, rest = parts[0], parts[1:]
        found = []
        if not rest:
            found += [("function", function) for function in module.functions.get(first, ())]
            found += [("class", one, module) for one in module.classes.get(first, ())]
        elif first in module.classes:
            for one in module.classes[first]:
                found += self.attribute(one, module, rest)
        if found:
            return found
        for target in module.binds.get(first, ()):
            path = ".".join([target, *rest])
            if path.startswith("."):
                if path[1:].split(".") != parts:
                    inner = self.inside(module, path[1:].split("."), depth + 1)
                    found += inner or self.builtin(path[1:])
            else:
                found += self.absolute(path, depth + 1, module.name.split(".")[0])
        if found:
            return found
        submodule = self.modules.get(f"{module.name}.{first}")
        if submodule is not None:
            return self.inside(submodule, rest, depth + 1) if rest else [("module", submodule)]
        for star in module.stars:
            other = self.modules.get(star)
            if other is not None and other is not module:
                found = self.inside(other, parts, depth + 1)
                if found:
                    return found
        return []

    def builtin(self, path):
        known = self.seed("builtins." + path)
        return [("seed", known)] if known else []

    def attribute(self, one, module, rest):
        nested = f"{one.name}.{rest[0]}"
        if nested in module.classes:
            if len(rest) == 1:
                return [("class", inner, module) for inner in module.classes[nested]]
            return [pair for inner in module.classes[nested] for pair in self.attribute(inner, module, rest[1:])]
        return self.method(one, module, rest[0]) if len(rest) == 1 else []

    def ancestors(self, one, module):
        """The class and what it inherits from, nearest first: classes with their modules, or seeds, or None for unknown."""
        if id(one) in self.orders:
            return self.orders[id(one)]
        self.orders[id(one)] = [(one, module)]
        order, queue = [(one, module)], deque()
        queue.extend((base, module) for base in one.bases)
        seen = {id(one)}
        while queue and len(order) < ANCESTORS:
            base, where = queue.popleft()
            found = self.resolve(base, where)
            if not found:
                order.append((None, base))
            for pair in found:
                if pair[0] == "class" and id(pair[1]) not in seen:
                    seen.add(id(pair[1]))
                    order.append((pair[1], pair[2]))
                    queue.extend((more, pair[2]) for more in pair[1].bases)
                elif pair[0] == "seed":
                    order.append((pair[1], None))
        self.orders[id(one)] = order
        return order

    def method(self, one, module, name, after=None):
        """The method that an instance has, or that comes after a class in the order."""
        passing = after is not None
        for base, where in self.ancestors(one, module):
            if passing:
                passing = base is not after
                continue
            if base is None:
                continue
            if where is None:
                known = self.seeds.get(f"{base.name}().{name}")
                if known:
                    return [("seed", known)]
                continue
            known = self.seeds.get(f"{where.name}.{base.name}.{name}")
            if known:
                return [("seed", known)]
            if name in base.methods:
                return [("function", function) for function in base.methods[name]]
            if name in base.binds:
                path = base.binds[name]
                if len(path) == 1 and path[0] in base.methods:
                    return [("function", function) for function in base.methods[path[0]]]
                return self.resolve("." + ".".join(path), where)
        return []

    # ---- edges ----

    def link(self):
        """Finds what each call may reach."""
        for node in self.nodes.values():
            for call in node.function.calls:
                targets = self.targets(node, call)
                if targets:
                    node.edges.append((targets, call))
                    for target in targets:
                        if target[0] == "function":
                            self.nodes[id(target[1])].callers.append(node)
            node.function.calls = []

    def targets(self, node, call):
        (kind, *rest), module, one = call[0], *node.owner
        if kind == "path":
            found = self.resolve(rest[0], module)
            if found:
                return self.called(found, call)
            return self.on_instance(rest[0], module, call) or self.not_analysed(rest[0], module)
        if kind == "item":
            return self.on_items(self.items_of(rest[0], module), rest[1], call)
        if kind == "given":
            targets = [("letter", "g")] if not rest[1] else self.by_name(rest[1])
            default = node.function.defaults.get(rest[0])
            if default and not rest[1]:
                targets = targets + self.called(self.resolve(default, module), call)
            return targets
        if kind == "some":
            return self.by_name(rest[0])
        if kind == "reached":
            return [("letter", "a")]
        if kind == "method":
            return self.on_origin(rest[0], rest[1], module, call)
        if kind == "result":
            if rest[0].split(".")[-1] == "getattr":
                return [("letter", "a")]
            return self.on_origin(rest[0], "__call__", module, call)
        if one is None:
            return []
        if kind == "own item":
            return self.on_items(self.own_items(one, module, rest[0]), rest[1], call)
        if kind == "own prefix":
            return self.own_with_prefix(one, module, rest[0])
        if kind == "own made":
            return self.on_own_result(one, module, rest[0], rest[1], call)
        if kind == "super":
            return self.bound(self.method(one, module, rest[0], after=one))
        return self.own(one, module, rest[0], call)

    def on_instance(self, path, module, call):
        """`maker.method(…)` with a `maker = Maker()` at the top of the module."""
        head, _, tail = path.lstrip(".").partition(".")
        where = module
        if path.startswith(".") and head in where.made and tail:
            return self.on_origin(where.made[head], tail, where, call)
        return []

    def not_analysed(self, path, module):
        """A call into a library that nothing is known of; names that the module itself makes are not meant."""
        head = path.lstrip(".").split(".")[0]
        targets = module.binds.get(head, ()) if path.startswith(".") else (path,)
        tops = {target.split(".")[0] for target in targets if not target.startswith(".")}
        if any(top and top not in self.tops and top not in self.known for top in tops):
            return [("letter", "u")]
        return []

    def items_of(self, path, module):
        """What a table at the top of a module holds."""
        name = path.lstrip(".")
        return [pair for item in module.tables.get(name, ()) for pair in self.resolve(item, module)] if path[0] == "." else []

    def own_items(self, one, module, name):
        for base, where in self.ancestors(one, module):
            if base is not None and where is not None and name in base.tables:
                found = []
                for path in base.tables[name]:
                    if len(path) == 1 and path[0] in base.methods:
                        found += [("function", function) for function in base.methods[path[0]]]
                    else:
                        found += self.resolve("." + ".".join(path), where)
                return found
        return []

    def on_items(self, items, name, call):
        if not name:
            return self.called(items, call)
        found = []
        for pair in items:
            if pair[0] == "class":
                found += self.bound(self.method(pair[1], pair[2], name))
        return found

    def own_with_prefix(self, one, module, prefix):
        """`getattr(self, "open_" + kind)(…)` calls any method whose name begins so."""
        found, seen = [], set()
        for base, where in self.ancestors(one, module):
            if base is None or where is None:
                continue
            for name in base.methods:
                if name.startswith(prefix) and name not in seen:
                    seen.add(name)
                    found += self.bound(self.method(one, module, name))
        return found

    def on_own_result(self, one, module, maker, name, call):
        """`x = self.make(…); x.method(…)`."""
        name = name or "__call__"
        found = []
        for pair in self.method(one, module, maker):
            if pair[0] == "function":
                found += self.on_results(pair[1], name, call, 0)
            elif pair[0] == "class":
                found += self.bound(self.method(pair[1], pair[2], name))
        return found or self.by_name(name) or self.named_so(module, name)

    @staticmethod
    def named_so(module, name):
        """A method of something that was handed in: of the classes beside it, any that has one of that name."""
        return [
            ("function", function, 1)
            for classes in module.classes.values() for one in classes for function in one.methods.get(name, ())
        ]

    def on_results(self, function, name, call, depth):
        """A method of what a function returns."""
        if depth > RESULTS or id(function) not in self.nodes:
            return []
        module, one = self.nodes[id(function)].owner
        found = []
        for how, path in function.results:
            if how in ("made", "same"):
                found += self.on_origin(path, name, module, call, depth + 1)
            elif how == "own made" and one is not None:
                for pair in self.method(one, module, path):
                    if pair[0] == "function":
                        found += self.on_results(pair[1], name, call, depth + 1)
            elif how == "item":
                found += self.on_items(self.items_of(path, module), name, call)
        return found

    def own(self, one, module, name, call):
        head, _, tail = name.partition(".")
        if not name:
            return self.called([("class", one, module)], call)
        if not tail:
            found = self.method(one, module, head)
            if found:
                return self.bound(found)
        for base, where in self.ancestors(one, module):
            origin = base.fields.get(head) if where is not None and base is not None else None
            if origin:
                how, path = origin
                if how == "same":
                    return self.called(self.resolve(".".join([path, tail]) if tail else path, where), call)
                if "." not in tail:
                    return self.on_origin(path, tail or "__call__", where, call)
        return self.by_name(tail) if tail else []

    def on_origin(self, origin, name, module, call, depth=0):
        found = []
        if "." not in name:
            for pair in self.resolve(origin, module):
                if pair[0] == "class":
                    found += self.bound(self.method(pair[1], pair[2], name))
                elif pair[0] == "function":
                    found += self.on_results(pair[1], name, call, depth)
                elif pair[0] == "seed":
                    known = self.seeds.get(f"{pair[1].name}().{name}") or self.seeds.get(f"{origin.lstrip('.')}().{name}")
                    if known:
                        return [("seed", known)]
                    if "p" in pair[1].effects and not pair[1].name.endswith("*"):
                        return []
        return found or (self.by_name(name) if name != "__call__" else [])

    def by_name(self, name):
        """What a method's name alone gives away."""
        known = self.methods.get(name.rpartition(".")[2])
        return [("seed", known)] if known else []

    @staticmethod
    def bound(found):
        return [("function", pair[1], 1) if pair[0] == "function" else pair for pair in found if pair[0] in ("function", "seed")]

    def called(self, found, call):
        targets = []
        for pair in found:
            if pair[0] == "seed":
                targets.append(pair)
            elif pair[0] == "function":
                skip = 1 if pair[1].kind == "classmethod" else 0
                targets.append(("function", pair[1], skip))
            elif pair[0] == "class":
                targets += self.made(pair[1], pair[2])
        return targets

    def made(self, one, module):
        """What runs when a class is called."""
        targets = []
        for name in ("__init__", "__new__", "__post_init__"):
            targets += self.bound(self.method(one, module, name))
        for base, where in self.ancestors(one, module):
            if base is not None and where is None:
                targets.append(("seed", base))
            elif base is not None and base.meta:
                for pair in self.resolve(base.meta, where):
                    if pair[0] == "class":
                        targets += self.bound(self.method(pair[1], pair[2], "__call__"))
        return targets

    # ---- effects ----

    def spread(self):
        """Until nothing changes."""
        queue = deque(self.nodes.values())
        for node in queue:
            node.queued = True
        while queue:
            node = queue.popleft()
            node.queued = False
            if self.evaluate(node):
                for caller in node.callers:
                    if not caller.queued:
                        caller.queued = True
                        queue.append(caller)

    def evaluate(self, node):
        changed = False
        for targets, call in node.edges:
            for target in targets:
                for letter, sources in self.effects_of(node, target, call):
                    known = node.effects.get(letter, NOTHING)
                    if not sources <= known:
                        if letter not in node.why or (UNSTEERED in known and len(known) == 1):
                            node.why[letter] = (name_of(self, target), call[6])
                        node.effects[letter] = known | sources
                        changed = True
            for path in call[5]:
                changed |= self.hand_over(node, targets, path, call)
        return changed

    def effects_of(self, node, target, call):
        if target[0] == "letter":
            sources = call[1]
            yield target[1], frozenset(sources) or frozenset((UNSTEERED,))
        elif target[0] == "seed":
            yield from self.effects_of_seed(node, target[1], call)
        else:
            callee = self.nodes[id(target[1])]
            for letter, steered in list(callee.effects.items()):
                if letter == "a":
                    continue    # names of attributes: only the function that reaches itself is told of
                found = set()
                for source in steered:
                    found |= self.bind(node, target, source, call) or {UNSTEERED}
                yield letter, frozenset(found)

    def effects_of_seed(self, node, seed, call):
        _, receiver, positional, keywords, mode, _, _ = call
        for letter in seed.effects:
            if letter == "p":
                continue
            if letter == "o":
                letter = "w" if set(mode) & set("wax+") else "r"
            found = set()
            for place in seed.steered:
                if place == "self":
                    found |= receiver
                elif place == "*":
                    for sources in (*positional, *keywords.values()):
                        found |= sources
                elif place.isdigit():
                    if int(place) < len(positional):
                        found |= positional[int(place)]
                    else:
                        found |= keywords.get("*", NOTHING)
                else:
                    found |= keywords.get(place, NOTHING)
            yield letter, frozenset(found or {UNSTEERED})

    def bind(self, node, target, source, call):
        """The caller's sources of what the callee knows as `source`."""
        function, skip = target[1], target[2]
        _, receiver, positional, keywords, _, _, _ = call
        if source == UNSTEERED:
            return {UNSTEERED}
        if source == "self":
            return set(receiver)
        if source.startswith("self."):
            if "self" not in receiver:
                return set(receiver)
            fields = node.function.fields
            field = source[5:]
            if node.function.name == "__init__":
                return set(fields.get(field, fields.get("*", NOTHING)))
            return set(fields.get(field, NOTHING)) | {source}
        spread = keywords.get("*", NOTHING)
        if source == function.vararg:
            count = len(function.params) - skip
            return set().union(*positional[max(count, 0):]) | spread
        if source == function.kwarg:
            return set().union(*(found for name, found in keywords.items() if name not in function.params))
        found = set(keywords.get(source, NOTHING)) | spread
        if source in function.params:
            index = function.params.index(source) - (skip if function.kind != "staticmethod" else 0)
            if function.kind == "function":
                index = function.params.index(source)
            if 0 <= index < len(positional):
                found |= positional[index]
        return found

    def hand_over(self, node, targets, path, call):
        """A function that is handed over may be called with whatever stands beside it."""
        if any(target[0] == "seed" and "p" in target[1].effects for target in targets):
            return False
        beside = set(call[1])
        for sources in (*call[2], *call[3].values()):
            beside |= sources
        beside.discard("self")
        changed = False
        for pair in self.resolve(path, node.owner[0]):
            effects = {}
            if pair[0] == "seed":
                effects = {letter if letter != "o" else "r": NOTHING for letter in pair[1].effects if letter != "p"}
            elif pair[0] == "function":
                other = self.nodes[id(pair[1])]
                effects = {letter: sources for letter, sources in other.effects.items() if letter != "a"}
                if node not in other.callers:
                    other.callers.append(node)
            for letter, sources in effects.items():
                new = frozenset(beside or {UNSTEERED})
                if sources == {UNSTEERED}:
                    new = frozenset({UNSTEERED})
                known = node.effects.get(letter, NOTHING)
                if not new <= known:
                    node.why.setdefault(letter, ("handed " + path, call[6]))
                    node.effects[letter] = known | new
                    changed = True
        return changed


def name_of(world, target):
    if target[0] == "function":
        return world.nodes[id(target[1])].where
    return target[1].name if target[0] == "seed" else "what it is given"
