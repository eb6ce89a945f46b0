"""What an FTP server can be asked, and how it may answer; lists in, lists out, so that a hop serves many files.

Names are as the server has them. Bytes that are no UTF-8 stand as surrogates, as in Python's own file names (PEP 383),
so that every file can be named back to its server; `names.readable` makes them fit for people and the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the folder."""

    name: str
    size: int
    stamp: str
    """When it was changed, in the server's words: fit to be compared with itself, never with our clock."""
    modified_at: float | None = None
    """The same as seconds since 1970, where the words allow it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch, from an offset on."""

    name: str
    bytes_max: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """The server said that the transfer is complete."""

    content: bytes


@dataclass(frozen=True, slots=True)
class TooLarge:
    """It has more bytes than were allowed; what came was thrown away. The connection may be of no use after that."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The transfer broke off; what came before is good, and the rest can be asked for over a new connection."""

    content: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """It was done as asked."""


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such file: somebody else took it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will not, and would not the next time either: the operator must look. The reason is the server's."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Not at this moment: the file is in use, or the server out of something. It may do so later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke: nobody knows whether it was done. The connection is of no use any more."""

    reason: str


Changed: TypeAlias = Done | Gone | Refused | NotNow | Lost
Transfer: TypeAlias = Fetched | TooLarge | Cut | Gone | Refused | NotNow | Lost
Listing: TypeAlias = Sequence[Listed] | Refused | Lost


class FtpConnection(Protocol):
    """One login. Answers stand in the order of what was asked; after a `Lost` all are."""

    async def look(self) -> Listing:
        """The files of the folder, without those of folders in it; any number of them in one answer."""
        ...

    async def fetch(self, wanted: Sequence[Wanted]) -> list[Transfer]:
        """Contents, byte for byte, from the offset on."""
        ...

    async def rename(self, moves: Sequence[tuple[str, str]]) -> list[Changed]:
        """From, to. `Gone` for each whose first name is not there any more: so one of two claimants wins."""
        ...

    async def delete(self, names: Sequence[str]) -> list[Changed]: ...

    async def make_folder(self, name: str) -> Changed:
        """`Refused`, too, where it is there already: few servers say which."""
        ...

    async def close(self) -> None:
        """Never raises, and takes no longer than a few seconds."""
        ...


class FtpTransport(Protocol):
    """The way to one inbox."""

    async def connect(self) -> FtpConnection | Refused | Lost:
        """Log in and go to the folder. `Refused`: certificate, user, password or folder are wrong."""
        ...
