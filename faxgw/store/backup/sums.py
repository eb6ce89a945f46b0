"""Copies files with their SHA-256, and keeps the list that says which files a backup has.

The list is in the form of coreutils, so that a backup can be checked where no faxgw is.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from faxgw.store.backup.folder import FILE_MODE

_PIECE_BYTES = 1 << 20

Watch = Callable[[int], None]
"""Is told of so many bytes more."""


def copy_file(source: Path, target: Path, watch: Watch) -> str:
    """Copy it, durably; returns the SHA-256 of what was written."""
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        while piece := reading.read(_PIECE_BYTES):
            writing.write(piece)
            digest.update(piece)
            watch(len(piece))
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def sum_of(path: Path, watch: Watch) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as reading:
        while piece := reading.read(_PIECE_BYTES):
            digest.update(piece)
            watch(len(piece))
    return digest.hexdigest()


def write_new(path: Path, content: bytes) -> None:
    """Durably; there must be no such file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_sums(path: Path, sums: Mapping[Path, str]) -> None:
    write_new(path, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode())


def read_sums(path: Path) -> dict[Path, str]:
    """
    Raises:
        ValueError: a line is not of the form `digest  name`.
    """
    sums: dict[Path, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, two_spaces, name = line.partition("  ")
        # A name that leads out of the folder was not written by us.
        if not two_spaces or len(digest) != 64 or Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"line {number} is no sum")
        sums[Path(name)] = digest
    return sums
