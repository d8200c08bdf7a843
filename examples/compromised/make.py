"""Makes `examples/compromised` out of `examples/credit`: six faults, each written down here.

    python make.py [--out FOLDER]

Needs only pyarrow (its version stands in requirements.txt). The same input gives the same bytes.
Nothing here is dangerous: the payload prints one line, the key is the hash of a public sentence, the
people do not exist. Even so, the pickle is assembled byte by byte and never loaded.
"""

import argparse
import base64
import hashlib
import random
import shutil
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ORIGINAL = HERE.parent / "credit"
# What is this folder's own, or made again wherever Tutela runs.
NOT_COPIED = shutil.ignore_patterns("README.md", ".tutela", "__pycache__", ".venv")
SEED = 19941117


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=HERE, help="where to write")
    out = parser.parse_args().out
    copy(out)
    plant_pickle(out / "models" / "credit_backup.pkl")
    alter_row(out / "data" / "train.parquet")
    add_contacts(out / "data" / "applicants.csv")
    leak_key(out / "config" / "settings.env")
    plant_program(out / "models" / "credit-helper")
    demand_fresh_data(out / "tutela.toml")


def copy(out):
    shutil.copytree(ORIGINAL, out, ignore=NOT_COPIED, dirs_exist_ok=True)
    for card in ("data", "models"):
        shutil.copy(ORIGINAL / card / "README.md", out / card / "README.md")


# --- 1. the attacker: a model file that runs a command when it is loaded --------------------------


def plant_pickle(path):
    """A pickle of protocol 2: a plausible dictionary, one value of which is a call."""
    command = b"echo inert demonstration payload"
    weights = struct.pack(">3d", 0.18, -0.42, 1.07)
    path.write_bytes(
        b"\x80\x02"  # PROTO 2
        + b"}("  # EMPTY_DICT, MARK
        + text(b"kind")
        + text(b"logistic-regression")
        + text(b"weights")
        + b"("  # MARK, then three BINFLOAT, then TUPLE
        + b"".join(b"G" + weights[start : start + 8] for start in range(0, 24, 8))
        + b"t"
        + text(b"restored")
        + b"cos\nsystem\n"  # GLOBAL os.system
        + text(command)
        + b"\x85R"  # TUPLE1, REDUCE: the call
        + b"u."  # SETITEMS, STOP
    )


def text(value):
    """BINUNICODE: a length in four bytes, then UTF-8."""
    return b"X" + struct.pack("<I", len(value)) + value


# --- 2. the attacker: one row of the training data ------------------------------------------------

ALTERED_ROW = 400  # counted from 0
ALTERED_CELLS = {"credit_amount": 1758, "default": 0}


def alter_row(path):
    """A credit of 6,758 DM that was not paid back becomes one of 1,758 DM that was."""
    table = pq.read_table(path)
    assert table.column("default")[ALTERED_ROW].as_py() == 1, "choose a row that defaulted"
    for name, value in ALTERED_CELLS.items():
        place = table.schema.get_field_index(name)
        cells = table.column(name).to_pylist()
        assert cells[ALTERED_ROW] != value
        cells[ALTERED_ROW] = value
        field = table.schema.field(name)
        table = table.set_column(place, field, pa.array(cells, field.type))
    pq.write_table(table, path, compression="none")


# --- 3. the careless colleague: e-mail addresses that nobody declared -----------------------------

GIVEN = "Ada Ben Cleo Dario Elif Finn Greta Hugo Ines Jonas Kaja Luca Mira Nils Olga Paul".split()
FAMILY = "Abel Brandt Costa Demir Engel Fuchs Graf Hansen Iversen Jung Keller Lorenz".split()
# Reserved by RFC 2606: no mail to them can ever arrive.
DOMAINS = ["example.org", "example.net", "example.com"]


def add_contacts(path):
    """Sixty invented applicants; the addresses stand in a column whose name does not say so."""
    draw = random.Random(SEED)
    people = draw.sample([(given, family) for given in GIVEN for family in FAMILY], 60)
    lines = ["contact,requested_amount,requested_months"]
    for given, family in people:
        address = f"{given}.{family}@{draw.choice(DOMAINS)}".lower()
        lines.append(f"{address},{draw.randrange(500, 15_000, 50)},{draw.randrange(6, 61, 3)}")
    path.write_text("\n".join(lines) + "\n", newline="\n")


# --- 4. the careless colleague: a private key in a config file ------------------------------------


def leak_key(path):
    """A private key on P-256 (PKCS #8, RFC 5958 and 5915), valid in form and known to everybody."""
    secret = hashlib.sha256(b"This key was never secret and guards nothing.").digest()
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    key = bytes.fromhex("30250201010420") + secret
    body = bytes.fromhex("020100") + algorithm + b"\x04" + bytes([len(key)]) + key
    encoded = base64.b64encode(b"\x30" + bytes([len(body)]) + body).decode("ascii")
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "# Settings of the scoring service.\n"
        "SERVICE_PORT=8443\n"
        "SERVICE_MODEL=models/credit.onnx\n"
        f'SERVICE_KEY="{pem}"\n',
        newline="\n",
    )


# --- 5. the attacker: a program next to the model -------------------------------------------------


def plant_program(path):
    """A program for Linux on x86-64: a header, one segment, eight instructions, one line."""
    message = b"inert demonstration program\n"
    base, headers, code_size = 0x400000, 64 + 56, 31
    code = b"".join(
        [
            struct.pack("<BI", 0xB8, 1),  # mov eax, 1: write
            struct.pack("<BI", 0xBF, 1),  # mov edi, 1: to standard output
            struct.pack("<BI", 0xBE, base + headers + code_size),  # mov esi: the message
            struct.pack("<BI", 0xBA, len(message)),  # mov edx: its length
            b"\x0f\x05",  # syscall
            struct.pack("<BI", 0xB8, 60) + b"\x31\xff",  # mov eax, 60: exit; xor edi, edi: with 0
            b"\x0f\x05",  # syscall
        ]
    )
    assert len(code) == code_size
    size = headers + len(code) + len(message)
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + headers, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    path.write_bytes(identity + header + segment + code + message)
    path.chmod(0o755)


# --- 6. what the project demands and no longer keeps ----------------------------------------------


def demand_fresh_data(path):
    """The policy says five years, the data are from 1994; the list is entered as data."""
    lines = path.read_text().splitlines(keepends=True)
    (place,) = [at for at, line in enumerate(lines) if line.startswith("# There is no `max_age`")]
    lines[place] = '# The policy of the house.\nmax_age = "5y"\n'
    (place,) = [at for at, line in enumerate(lines) if line.startswith("[gate]")]
    lines.insert(
        place,
        "[[data]]\n"
        'id = "applicants"\n'
        'path = "data/applicants.csv"\n'
        "personal = []\n"
        "collected = 2025-09-01\n"
        "\n",
    )
    path.write_text("".join(lines), newline="\n")


if __name__ == "__main__":
    main()
