"""What a recipe yields."""

from typing import NamedTuple


class Sample(NamedTuple):
    """One file of the corpus."""

    technique: str  # the folder: what the attacker does
    name: str  # the file's name
    format: str  # what the file is, said by who made it and not by the scanner
    note: str  # what it would do
    data: bytes
