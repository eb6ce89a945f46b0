"""A folder on an FTP server in memory, and the mischief that servers and lines do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import trio

from faxgw.inbox.names import NAME_BYTES_MAX
from faxgw.inbox.port import (
    Changed,
    Cut,
    Done,
    Fetched,
    FtpConnection,
    Gone,
    Listed,
    Listing,
    Lost,
    NotNow,
    Refused,
    TooLarge,
    Transfer,
    Wanted,
)


class PowerCut(BaseException):
    """Our own process ends here."""


@dataclass(frozen=True, slots=True)
class Stored:
    content: bytes
    stamp: str


@dataclass
class FakeFtp:
    """See `port.FtpTransport`. What is set here holds for every connection."""

    files: dict[str, Stored] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    is_down: bool = False
    refuses_login: bool = False
    refuses_renaming: bool = False
    refuses_deleting: bool = False
    refuses_folders: bool = False
    unreadable: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    cuts: list[int] = field(default_factory=list)
    """Each ends one transfer after so many bytes, and its connection."""
    steps_to_power_cut: int | None = None
    seconds_a_step: float = 0.001
    connects: int = 0
    open_now: int = 0
    open_most: int = 0
    fetched: list[Wanted] = field(default_factory=list)
    _changes: int = 0

    def put(self, name: str, content: bytes) -> None:
        self._changes += 1
        self.files[name] = Stored(content, f"Nov 21 {self._changes:05}")

    def names(self) -> list[str]:
        return sorted(self.files)

    async def connect(self) -> FtpConnection | Refused | Lost:
        await self.step()
        if self.is_down:
            return Lost("nobody answers")
        if self.refuses_login:
            return Refused("the server answered 530 Login incorrect.")
        self.connects += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        return FakeConnection(self)

    async def step(self) -> None:
        """Everything that goes over the line takes its time, and may be the last."""
        await trio.sleep(self.seconds_a_step)
        if self.steps_to_power_cut is not None:
            self.steps_to_power_cut -= 1
            if self.steps_to_power_cut < 0:
                raise PowerCut


@dataclass
class FakeConnection:
    """See `port.FtpConnection`."""

    server: FakeFtp
    is_lost: bool = False

    async def look(self) -> Listing:
        await self.server.step()
        if self._gone():
            return Lost("the connection broke")
        return [
            Listed(name, len(file.content), file.stamp) for name, file in self.server.files.items() if "/" not in name
        ]

    async def fetch(self, wanted: Sequence[Wanted]) -> list[Transfer]:
        return [await self._fetch(each) for each in wanted]

    async def _fetch(self, wanted: Wanted) -> Transfer:
        await self.server.step()
        if self._gone():
            return Lost("the connection broke")
        self.server.fetched.append(wanted)
        file = self.server.files.get(wanted.name)
        if file is None:
            return Gone()
        if wanted.name in self.server.unreadable:
            return Refused("the server answered 550")
        if wanted.name in self.server.busy:
            return NotNow("the server answered 450")
        content = file.content[wanted.offset :]
        if self.server.cuts and self.server.cuts[0] < len(content):
            self.is_lost = True
            return Cut(content[: self.server.cuts.pop(0)], "the connection broke")
        return Fetched(content) if len(content) <= wanted.bytes_max else TooLarge()

    async def rename(self, moves: Sequence[tuple[str, str]]) -> list[Changed]:
        return [await self._rename(name, new_name) for name, new_name in moves]

    async def _rename(self, name: str, new_name: str) -> Changed:
        await self.server.step()
        if self._gone():
            return Lost("the connection broke")
        if name not in self.server.files:
            return Gone()
        folder, slash, _ = new_name.rpartition("/")
        if self.server.refuses_renaming or (slash and folder not in self.server.folders):
            return Refused("the server answered 550")
        if len(new_name.encode()) > NAME_BYTES_MAX:
            return Gone()
        self.server.files[new_name] = self.server.files.pop(name)
        return Done()

    async def delete(self, names: Sequence[str]) -> list[Changed]:
        return [await self._delete(name) for name in names]

    async def _delete(self, name: str) -> Changed:
        await self.server.step()
        if self._gone():
            return Lost("the connection broke")
        if name not in self.server.files:
            return Gone()
        if self.server.refuses_deleting:
            return Refused("the server answered 550")
        del self.server.files[name]
        return Done()

    async def make_folder(self, name: str) -> Changed:
        await self.server.step()
        if self.server.refuses_folders:
            return Refused("the server answered 550")
        self.server.folders.add(name)
        return Done()

    async def close(self) -> None:
        self.server.open_now -= 1

    def _gone(self) -> bool:
        self.is_lost = self.is_lost or self.server.is_down
        return self.is_lost
