"""Pins the wheels of each environment: `wishes.txt` in, `pins.txt` out.

    python3 pin.py --wishes wishes.txt --out pins.txt --wheels FOLDER

Asks pip for each wish by itself, so that libraries that contradict each other can stand together: nothing here is
ever installed or run. Only wheels are taken, since making one of a source archive runs what is in the archive. What has
no wheel for its day and its Python is told and left out.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINUX = [f"manylinux_2_{minor}_x86_64" for minor in (17, 24, 26, 27, 28, 31, 34)]
LINUX += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]
MACOS = ["macosx_15_0_arm64", "macosx_15_0_x86_64"]
HEAD = """\
# The wheels that the database of callables is made from: written by `cargo xtask callables pin` from wishes.txt.
#
#   [NAME] python VERSION     an environment, and the Python whose standard library belongs to it
#   library version sha256 wheel
"""


def environments(path):
    """(name, python, day, [(library, platforms)]) of each environment."""
    found = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#")[0].strip()
            head = re.fullmatch(r"\[(\S+)\] python (\S+) before (\S+)", line)
            if head:
                found.append((*head.groups(), []))
            elif line and not found:
                sys.exit(f"{path}:{number}: a library outside any environment")
            elif line:
                small = line.startswith("small:")
                platforms = MACOS + LINUX if small else LINUX + MACOS
                for library in line.removeprefix("small:").split():
                    if all(library != known for known, _ in found[-1][3]):
                        found[-1][3].append((library, platforms))
    return found


def download(library, python, day, platforms, folder):
    """The path of the wheel that pip chooses, or None."""
    place = tempfile.mkdtemp(dir=folder)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--python-version", python, "--dest", place]
    command += ["--uploaded-prior-to", f"{day}T00:00:00Z"]
    for platform in platforms:
        command += ["--platform", platform]
    done = subprocess.run([*command, library], capture_output=True, text=True, check=False)
    wheels = os.listdir(place)
    kept = None
    if done.returncode == 0 and len(wheels) == 1:
        kept = os.path.join(folder, wheels[0])
        os.replace(os.path.join(place, wheels[0]), kept)
    shutil.rmtree(place)
    return kept


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wishes", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--wheels", required=True)
    os.umask(0o022)
    parser.add_argument("--only", action="append", default=[], help="environments to pin; the others keep their pins")
    arguments = parser.parse_args()
    kept = sections(arguments.out) if arguments.only else {}
    lines = [HEAD]
    for name, python, day, wishes in environments(arguments.wishes):
        lines.append(f"[{name}] python {python}\n")
        if arguments.only and name not in arguments.only:
            lines += [line + "\n" for line in kept.get(name, [])]
        else:
            for library, platforms in wishes:
                wheel = download(library, python, day, platforms, arguments.wheels)
                if wheel is None:
                    print(f"[{name}] {library}: no wheel", flush=True)
                    continue
                file = os.path.basename(wheel)
                print(f"[{name}] {file}", flush=True)
                lines.append(f"{library.split('==')[0]} {file.split('-')[1]} {digest(wheel)} {file}\n")
        lines.append("\n")
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.writelines(lines)


def sections(path):
    """{environment: its lines} of a file of pins."""
    found, lines = {}, []
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("["):
                lines = found[line.split("]")[0][1:]] = []
            elif line and not line.startswith("#"):
                lines.append(line)
    return found


if __name__ == "__main__":
    main()
