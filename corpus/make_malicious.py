#!/usr/bin/env python3
"""Writes `malicious/`: small files of every attack that we know of, with payloads that do nothing.

Every byte is written by hand with the standard library; nothing that is attacked is imported, and nothing that
is written is ever loaded. The same files come out every time. Usage: python3 corpus/make_malicious.py
"""

import shutil
from pathlib import Path

from recipes import RECIPES

FOLDER = Path(__file__).parent / "malicious"
LEAST_SAMPLES = 1100


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    lines, seen = [], set()
    for samples in RECIPES:
        for sample in samples():
            path = f"{sample.technique}/{sample.name}"
            assert path.lower() not in seen, path
            seen.add(path.lower())
            target = FOLDER / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(sample.data)
            lines.append((path, sample))
    assert len(lines) >= LEAST_SAMPLES, len(lines)
    text = "# Written by make_malicious.py. Every file must be blocked.\n"
    for path, sample in sorted(lines):
        text += f"\n[[file]]\npath = {quoted(path)}\nformat = {quoted(sample.format)}\nnote = {quoted(sample.note)}\n"
    (FOLDER / "expected.toml").write_text(text)
    print(f"{len(lines)} files, {sum(len(sample.data) for _, sample in lines)} bytes")


if __name__ == "__main__":
    main()
