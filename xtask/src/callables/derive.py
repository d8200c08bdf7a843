"""Makes the database from the pinned wheels: off-line, and the same bytes each time.

    python3 derive.py --pins pins.txt --wheels FOLDER --pythons FOLDER --work FOLDER --date YYYY-MM-DD --out database.z
    python3 derive.py --fetch --pins pins.txt --wheels FOLDER

The first compares every wheel with its digest, unpacks the sources in it, analyses each environment beside the standard
library of its Python, and joins what was found. The second, the only step that uses the network, has pip bring the
wheels that are missing.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile

import pack
import pin

# A larger binary holds kernels, not the names of Python types.
LARGEST_BINARY = 32 << 20
HERE = os.path.dirname(os.path.abspath(__file__))


def environments(path):
    """{name: (python, [(library, version, digest, wheel)])}"""
    found, wheels = {}, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if line.startswith("["):
                wheels = []
                found[fields[0][1:-1]] = (fields[2], wheels)
            elif len(fields) == 4 and not line.startswith("#"):
                wheels.append(tuple(fields))
    return found


def fetch(pins, folder):
    """Has pip bring each wheel that is not there yet; pip refuses one with another digest."""
    os.makedirs(folder, exist_ok=True)
    for name, (python, wheels) in environments(pins).items():
        for library, version, digest, wheel in wheels:
            if os.path.exists(os.path.join(folder, wheel)):
                continue
            print(f"[{name}] {wheel}", flush=True)
            wanted = os.path.join(folder, "wanted.txt")
            with open(wanted, "w", encoding="utf-8") as file:
                file.write(f"{library}=={version} --hash=sha256:{digest}\n")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            command += ["--require-hashes", "--disable-pip-version-check", "--python-version", python]
            for platform in pin.LINUX + pin.MACOS:
                command += ["--platform", platform]
            subprocess.run([*command, "--dest", folder, "--requirement", wanted], check=True)
            os.remove(wanted)


def unpack(wheel, digest, folder):
    """Unpacks what is analysed of a wheel, and only from one that is the pinned one."""
    if pin.digest(wheel) != digest:
        sys.exit(f"`{wheel}` is not the wheel that is pinned")
    with zipfile.ZipFile(wheel) as archive:
        for item in archive.infolist():
            parts = item.filename.split("/")
            is_small = not item.filename.endswith(".so") or item.file_size <= LARGEST_BINARY
            if item.filename.endswith((".py", ".pyi", ".so")) and ".." not in parts and is_small:
                archive.extract(item, folder)


def tree_digest(folder):
    """One digest of the sources of a standard library, which says which one was analysed."""
    found = hashlib.sha256()
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - {"site-packages", "__pycache__", "test"})
        for name in sorted(files):
            # These hold what the host's compiler was told.
            if name.endswith(".py") and not name.startswith("_sysconfigdata"):
                place = os.path.join(path, name)
                found.update(os.path.relpath(place, folder).encode() + b"\0" + pin.digest(place).encode())
    return found.hexdigest()


def analyse(arguments, name, python, wheels):
    """Starts the analysis of one environment; gives the process and where its entries will lie."""
    folder, out = os.path.join(arguments.work, name), os.path.join(arguments.work, f"{name}.txt")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for library, version, digest, wheel in wheels:
        unpack(os.path.join(arguments.wheels, wheel), digest, folder)
    standard = os.path.join(arguments.pythons, python, "lib", f"python{'.'.join(python.split('.')[:2])}")
    if not os.path.isdir(standard):
        sys.exit(f"`{standard}` is not there: the standard library of Python {python} is an input")
    command = [sys.executable, "-W", "ignore", os.path.join(HERE, "analyse.py"), "--seeds", os.path.join(HERE, "seeds.txt")]
    command += ["--out", out, "--libraries", folder, "--standard-library", standard, "--jobs", "1"]
    # The order of sets must not tell: what was found would still be the same, the chain of reasons not.
    process = subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": "0"})
    return process, out, folder, f"python {python} {tree_digest(standard)}"


def derive(arguments):
    os.makedirs(arguments.work, exist_ok=True)
    running, entries, inputs = [], [], set()
    for name, (python, wheels) in environments(arguments.pins).items():
        if len(running) >= arguments.jobs:
            finish(running.pop(0))
        print(f"analysing {name}: {len(wheels)} libraries", flush=True)
        process, out, folder, input_ = analyse(arguments, name, python, wheels)
        running.append((process, name, folder))
        entries.append(out)
        inputs.add(input_)
        inputs |= {f"{library} {version} {digest[:16]}" for library, version, digest, _ in wheels}
    for one in running:
        finish(one)
    pack.write(arguments.date, arguments.out, entries, inputs)


def finish(one):
    process, name, folder = one
    if process.wait() != 0:
        sys.exit(f"the analysis of {name} failed")
    shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pins", required=True)
    parser.add_argument("--wheels", required=True)
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--pythons")
    parser.add_argument("--work")
    parser.add_argument("--date")
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int, default=max((os.cpu_count() or 1), 1))
    arguments = parser.parse_args()
    if arguments.fetch:
        fetch(arguments.pins, arguments.wheels)
    else:
        derive(arguments)


if __name__ == "__main__":
    main()
