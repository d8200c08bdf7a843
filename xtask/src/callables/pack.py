"""Joins the entries of several environments into the database that the program ships.

    python3 pack.py --date 2026-11-24 --out database.z entries.txt...

A name that several environments have keeps the worse effect, for a call and for the making by itself. The layout is
described in `crates/scan/src/callables/database.rs`.
"""

import argparse
import zlib

from analyse import worse

FORMAT = 1


def read(path, inputs, libraries):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                inputs.add(line[2:].strip())
                continue
            module, name, effect = line.split()
            names = libraries.setdefault(module.split(".")[0], {}).setdefault(module, {})
            names[name] = worse(names.get(name), effect)


def text_of(modules):
    """The sections of a library, sorted by their bytes, as the look-up bisects them."""
    sections = []
    for module in sorted(modules, key=str.encode):
        lines = [f"{name} {modules[module][name]}\n" for name in sorted(modules[module], key=str.encode)]
        sections.append(module + "\n" + "".join(lines) + "\n")
    return "".join(sections)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("entries", nargs="+")
    arguments = parser.parse_args()
    inputs, libraries = set(), {}
    for path in arguments.entries:
        read(path, inputs, libraries)
    head = [f"tutela callables {FORMAT}", f"# date {arguments.date}", *(f"# {one}" for one in sorted(inputs))]
    packed, place, count = [], 0, 0
    for library in sorted(libraries, key=str.encode):
        count += sum(map(len, libraries[library].values()))
        data = zlib.compress(text_of(libraries[library]).encode("ascii"), 9)
        head.append(f"{library} {place} {len(data)}")
        packed.append(data)
        place += len(data)
    with open(arguments.out, "wb") as file:
        file.write("\n".join(head).encode("ascii") + b"\n\n" + b"".join(packed))
    print(f"{count} names of {len(libraries)} libraries, {place} bytes")


if __name__ == "__main__":
    main()
