"""Keeps documents that people hand in, as files named by their digest, apart from the database.

A document may have megabytes: in the database it would pass through the one writer and the write-ahead log, and every
commit would wait behind it. A file is durable before the row that names it is written, so a row never names a file
that is not there; a crash in between leaves a file that nobody names, which harms nobody. The same document handed
in twice is kept once.
"""

import hashlib
import os
import re
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from faxgw.errors import StoreFailedError, StoreFullError

_NAME = re.compile("[0-9a-f]{64}")
_FULL = frozenset({28, 30, 122})
"""ENOSPC, EROFS, EDQUOT."""


class Documents(Protocol):
    def keep(self, content: bytes) -> str: ...

    def read(self, name: str) -> bytes | None: ...

    def forget(self, name: str, before: float) -> None:
        """Delete one that was last kept before then (seconds since 1970); there may be none."""
        ...


class MemoryDocuments:
    """For journeys."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def keep(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        self._contents[name] = content
        return name

    def read(self, name: str) -> bytes | None:
        return self._contents.get(name)

    def forget(self, name: str, before: float) -> None:
        del before
        self._contents.pop(name, None)


class FileDocuments:
    """Blocks; call it on a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """Return the document's name once a power cut cannot take it away.

        Raises:
            StoreFullError: there is no room; nothing was kept.
            StoreFailedError: the disk failed.
        """
        name = hashlib.sha256(content).hexdigest()
        try:
            self._write(self._place_of(name), content)
        except OSError as error:
            if error.errno in _FULL:
                raise StoreFullError("the disk is full or read-only; the document was not kept") from error
            raise StoreFailedError(f"the disk failed while a document was kept: {error.strerror}") from error
        return name

    def read(self, name: str) -> bytes | None:
        """The document, or None where the file is gone or damaged."""
        if not _NAME.fullmatch(name):
            return None
        try:
            content = self._place_of(name).read_bytes()
        except FileNotFoundError:
            return None
        return content if hashlib.sha256(content).hexdigest() == name else None

    def forget(self, name: str, before: float) -> None:
        """Delete it, unless somebody has just kept the same content and not yet written the row that names it."""
        place = self._place_of(name)
        try:
            if place.stat().st_mtime < before:
                place.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreFailedError(f"the disk failed while a document was forgotten: {error.strerror}") from error

    def _place_of(self, name: str) -> Path:
        # 256 folders, so that none grows beyond what a person can list.
        return self._folder / name[:2] / name

    def _write(self, place: Path, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Written even where it is there already: a crash may have left it without its fsync.
        part = place.with_name(f"{place.name}.{token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(place)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        for folder in (place.parent, self._folder, self._folder.parent):
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """A new name survives a power cut only once its folder is synced, too (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
