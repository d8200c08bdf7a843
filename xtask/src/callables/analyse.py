"""Derives what the callables of a Python environment do, from its sources.

    python3 analyse.py --seeds seeds.txt --out entries.txt [--standard-library FOLDER] [--libraries FOLDER]...
                       [--explain NAME]...

The analysed packages are never imported: their sources are parsed, and the names in their compiled modules are
taken from the stubs beside them and from the strings in the binary. `--libraries` names a folder that holds
unpacked wheels, `--standard-library` one that holds the standard library of their Python.

Each line of the output is `module name effect`, the effect one letter, or two for a class whose making by `__new__`
and `__setstate__` alone (as most pickles make it) does something else than its call:

    p pure  g calls what it is given  u unknown  a reaches by name  r reads  w writes  i changes the interpreter
    n network  c runs code  l loads code  x starts programs
"""

import argparse
import gc
import os
import re
import sys
from multiprocessing import Pool

import link
import read_source

# From harmless to worst; a name that is two things is the worse one.
ORDER = "pguarwinlcx"
MAKING = ("__new__", "__setstate__", "__setattr__", "__del__")
# What the machine calls on an instance only when the pickle fills it as a container or makes it a key. Ordinary
# containers look things up there, so that only what acts counts.
FILLING = ("__setitem__", "append", "extend", "add", "__hash__", "__eq__")
ACTING = "winlcx"
SKIPPED = {"tests", "test", "testing_tests", "site-packages", "__pycache__", "lib2to3_tests", "idle_test", "vendored_tests"}
# Effects that no argument steers: still told when they are of these kinds.
ALARMING = "xcni"
# What a compiled module of a numeric library may hold that is not a value.
TELLING = re.compile(
    r"(?i)(fromfile|tofile|from_file|to_file|(^|_)load|(^|_)open|(^|_)read|(^|_)write|(^|_)save|(^|_)dump|exec|(^|_)eval|"
    r"system|import|(^|_)file|(^|_)run|(^|_)call|apply|(^|_)get_?attr|set_?attr|compile|dlopen|socket|connect|spawn|popen|"
    r"memmap|python_object|from_ptr|callback|register|parser?s?$|reader|writer)"
)
INERT_PYX = re.compile(r"^__pyx_(unpickle_\w+|fuse_\w+)$|^_?_?(unpickle|rebuild|reconstruct|new)_?\w*$")


def seeds_of(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            fields = line.split("#")[0].split()
            if not fields:
                continue
            if len(fields) != 3:
                sys.exit(f"{path}:{number}: expected a name, effects and what steers them")
            name, effects, steered = fields
            yield link.Seed(name, effects, [] if steered == "-" else steered.split(","))


# ---- files ----

def sources(root, top=""):
    """(module, is a package, path) of every source and compiled module below a folder, tests left out."""
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        name = entry.name
        if entry.is_dir():
            if name not in SKIPPED and name.isidentifier():
                yield from sources(entry.path, f"{top}{name}.")
        elif name.endswith((".py", ".pyi", ".so")) and not name.startswith("test_") and name != "conftest.py":
            stem = name.split(".")[0]
            if stem.isidentifier():
                package = stem == "__init__"
                yield (top[:-1] if package else top + stem), package, entry.path


def read_one(item):
    name, package, path = item
    sys.setrecursionlimit(20_000)
    try:
        if path.endswith(".so"):
            return path, names_in_binary(name, path)
        with open(path, "rb") as file:
            return path, read_source.read(name, package, file.read())
    except (OSError, RecursionError):
        return path, None


def names_in_binary(name, path):
    """The names that a compiled module holds: types carry their whole name, Cython its unpicklers."""
    with open(path, "rb") as file:
        data = file.read()
    whole = re.escape(name.encode())
    found = set(re.findall(rb"\0" + whole + rb"\.([A-Za-z_]\w{0,80})(?=\0)", data))
    found |= set(re.findall(rb"\0(__pyx_unpickle_\w{1,80})(?=\0)", data))
    module = read_source.Module(name, False)
    module.plain = {item.decode() for item in found}
    return module


# ---- what is told of each name ----

def told(effects, steering):
    """The worst effect that the caller steers, or `u` for an alarming one that nobody steers."""
    worst = "p"
    for letter, sources_ in effects.items():
        if any(source != link.UNSTEERED and steering(source) for source in sources_):
            worst = max(worst, letter, key=ORDER.index)
        elif letter in ALARMING:
            worst = max(worst, "u", key=ORDER.index)
    return worst


def of_functions(world, functions):
    worst = "p"
    for function in functions:
        effects = world.nodes[id(function)].effects
        worst = max(worst, told(effects, lambda source: True), key=ORDER.index)
    return worst


def of_class(world, one, module):
    """What its call does, and what its making without `__init__` does."""
    called = made = "p"
    for kind, *rest in world.made(one, module):
        if kind == "seed":
            effect = worst_of_seed(rest[0])
            called = max(called, effect, key=ORDER.index)
        else:
            function = rest[0]
            fields = function.name != "__init__"
            effects = world.nodes[id(function)].effects
            called = max(called, told(effects, lambda source: fields or not source.startswith("self")), key=ORDER.index)
    for name in MAKING + FILLING:
        for pair in world.method(one, module, name):
            if pair[0] == "function":
                effect = told(world.nodes[id(pair[1])].effects, lambda source: source != "self")
                if name in MAKING or effect in ACTING:
                    made = max(made, effect, key=ORDER.index)
            elif pair[0] == "seed" and name in MAKING:
                made = max(made, told_of_seed(pair[1]), key=ORDER.index)
    for base, where in world.ancestors(one, module):
        if base is not None and where is not None:
            # BUILD with a state of two parts sets attributes one by one.
            for function in (item for items in base.methods.values() for item in items if item.kind == "setter"):
                effect = told(world.nodes[id(function)].effects, lambda source: source != "self")
                if effect in ACTING:
                    made = max(made, effect, key=ORDER.index)
    called = max(called, made, key=ORDER.index)
    return called if called == made else called + made


def worst_of_seed(seed):
    letters = ["r" if letter == "o" else letter for letter in seed.effects]
    return max(letters, key=ORDER.index)


def told_of_seed(seed):
    """What a seed amounts to that may say that nobody steers it."""
    if seed.steered:
        return worst_of_seed(seed)
    return "u" if any(letter in ALARMING for letter in seed.effects) else "p"


def of_pair(world, pair):
    if pair[0] == "function":
        return of_functions(world, [pair[1]])
    if pair[0] == "class":
        return of_class(world, pair[1], pair[2])
    if pair[0] == "seed":
        return None if pair[1].name.endswith("*") and "p" in pair[1].effects else worst_of_seed(pair[1])
    return None


def worse(one, other):
    """The worse of two effects, each half by itself."""
    if one is None or other is None:
        return one or other
    halves = [max(a, b, key=ORDER.index) for a, b in zip((one[0], one[-1]), (other[0], other[-1]))]
    return halves[0] if halves[0] == halves[1] else "".join(halves)


def entries_of(world, module, compiled):
    """{name: effect} of one module."""
    found = {}

    def put(name, effect):
        if effect:
            found[name] = worse(found.get(name), effect)

    for name, functions in module.functions.items():
        put(name, of_functions(world, functions))
    for name, classes in module.classes.items():
        for one in classes:
            put(name, of_class(world, one, module))
            for method, functions in one.methods.items():
                effect = of_functions(world, functions)
                seed = world.seeds.get(f"{module.name}.{name}().{method}")
                if seed and effect != "p":
                    effect = worse(effect, worst_of_seed(seed))
                if ORDER.index(effect) > ORDER.index("u") and not method.startswith("__"):
                    put(f"{name}.{method}", effect)
    for name in module.binds:
        for pair in world.resolve("." + name, module):
            effect = of_pair(world, pair)
            if effect and (module.package or ORDER.index(effect[0]) > ORDER.index("u")):
                put(name, effect)
    if module.package:
        for star in module.stars:
            for name in star_names(world, star, 0):
                if name not in found:
                    for pair in world.resolve("." + name, module):
                        put(name, of_pair(world, pair))
    for name in list(found):
        seed = world.seed(f"{module.name}.{name}")
        if seed and not ("p" in seed.effects and seed.name.endswith("*")):
            found[name] = worst_of_seed(seed)
    for name in compiled:
        if name not in found and name not in module.binds:
            found[name] = "u" if TELLING.search(name) and not INERT_PYX.match(name) else "p"
    return found


def star_names(world, name, depth):
    module = world.modules.get(name)
    if module is None or depth > 4:
        return set()
    names = set(module.functions) | set(module.classes) | set(module.binds)
    for star in module.stars:
        names |= star_names(world, star, depth + 1)
    return {item for item in names if not item.startswith("_") and "." not in item}


# ---- the environment ----

def gather(folders, jobs, standard):
    """All modules, and the names of compiled ones."""
    items = []
    if standard:
        # Its compiled modules are as the host's compiler made them: the seeds speak for them.
        items += [item for item in sources(standard) if item[2].endswith(".py") and "_sysconfigdata" not in item[0]]
    for folder in folders:
        items += list(sources(folder))
    modules, compiled = {}, {}
    # Trees are many small objects that live shortly: collecting them takes longer than reading the sources.
    with Pool(jobs, gc.disable) as pool:
        for (name, package, path), (_, module) in zip(items, pool.imap(read_one, items, chunksize=32)):
            if module is None:
                continue
            if path.endswith((".pyi", ".so")):
                names = set(module.functions) | set(module.classes) | module.plain
                compiled.setdefault(name, set()).update(names)
            elif name not in modules or package:
                modules[name] = module
    return modules, compiled


def spread_names(world, entries, target, source):
    """`torch` takes over the names of compiled modules at run time."""
    for name, effect in entries.get(source, {}).items():
        if name not in entries.setdefault(target, {}) and not name.startswith("__"):
            entries[target][name] = effect


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--libraries", action="append", default=[])
    parser.add_argument("--standard-library", help="the folder of its sources")
    parser.add_argument("--explain", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    modules, compiled = gather(arguments.libraries, arguments.jobs, arguments.standard_library)
    world = link.World(modules, list(seeds_of(arguments.seeds)), compiled)
    sys.setrecursionlimit(20_000)
    world.link()
    world.spread()
    entries = {name: entries_of(world, module, compiled.get(name, ())) for name, module in modules.items()}
    for name, names in compiled.items():
        if name not in modules:
            module = read_source.Module(name, False)
            entries[name] = entries_of(world, module, names)
    for seed in world.seeds.values():
        module, _, name = seed.name.rpartition(".")
        if module in entries and "p" not in seed.effects:
            entries[module][name] = worst_of_seed(seed)
    spread_names(world, entries, "torch", "torch._C._VariableFunctions")
    spread_names(world, entries, "torch", "torch._C")
    for module in modules.values():
        for name, others in module.renames.items():
            for other in others:
                where, _, short = other.rpartition(".")
                known = entries[module.name].get(name)
                if where and known and short not in entries.setdefault(where, {}):
                    entries[where][short] = known
    with open(arguments.out, "w", encoding="utf-8") as file:
        for module in sorted(entries):
            for name in sorted(entries[module]):
                if name.isascii() and module.isascii():
                    file.write(f"{module} {name} {entries[module][name]}\n")
    for wanted in arguments.explain:
        explain(world, wanted)


def explain(world, wanted):
    """Shows the chain from a callable to the seeds."""
    for node in world.nodes.values():
        if node.where == wanted:
            for letter, steered in sorted(node.effects.items()):
                print(f"{node.where}: {letter} by {', '.join(sorted(steered))}")
                chain(world, node, letter)


def chain(world, node, letter):
    by_name = {one.where: one for one in world.nodes.values()}
    for _ in range(30):
        if node is None or letter not in node.why:
            return
        callee, line = node.why[letter]
        print(f"    {node.where} line {line}: {callee}")
        node = by_name.get(callee)


if __name__ == "__main__":
    main()
