"""One connection to an inbox's server, made anew where it broke; a transfer that broke off goes on where it ended."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from faxgw.inbox.port import (
    Changed,
    Cut,
    Fetched,
    FtpConnection,
    FtpTransport,
    Listing,
    Lost,
    Refused,
    Transfer,
    Wanted,
)

RESUMES_MAX = 3
"""New connections for one batch of files."""

Answer = TypeVar("Answer", Transfer, Changed)
Item = TypeVar("Item")


class Courier:
    """Asks for one task at a time. Where nobody can be reached, every answer is `Lost`."""

    def __init__(self, transport: FtpTransport) -> None:
        self._transport = transport
        self._connection: FtpConnection | None = None

    async def look(self) -> Listing:
        """`Refused` where the login or the folder is; the operator must mend that."""
        is_used = self._connection is not None
        listing = await self._look_once()
        # A server closes connections that were quiet for long; that is no fault.
        return await self._look_once() if isinstance(listing, Lost) and is_used else listing

    async def _look_once(self) -> Listing:
        connection = await self._connected()
        if isinstance(connection, Refused | Lost):
            return connection
        listing = await connection.look()
        if isinstance(listing, Lost):
            await self.close()
        return listing

    async def fetch(self, wanted: Sequence[Wanted]) -> list[Transfer]:
        """Whole contents; what the last of several connections still could not bring is `Cut` or `Lost`."""
        transfers: dict[int, Transfer] = {}
        left = list(range(len(wanted)))
        for _ in range(1 + RESUMES_MAX):
            answers = await self._ask([_rest(wanted[index], transfers.get(index)) for index in left], _fetch)
            for index, answer in zip(left, answers, strict=True):
                transfers[index] = _joined(transfers.get(index), answer)
            left = [index for index in left if isinstance(transfers[index], Cut | Lost)]
            if not left or self._connection is not None:
                break
        return [transfers[index] for index in range(len(wanted))]

    async def rename(self, moves: Sequence[tuple[str, str]]) -> list[Changed]:
        return await self._ask(moves, lambda connection, some: connection.rename(some))

    async def delete(self, names: Sequence[str]) -> list[Changed]:
        return await self._ask(names, lambda connection, some: connection.delete(some))

    async def make_folder(self, name: str) -> Changed:
        return (await self._ask([name], _make_folders))[0]

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _ask(
        self, items: Sequence[Item], question: Callable[[FtpConnection, Sequence[Item]], Awaitable[list[Answer]]]
    ) -> list[Answer]:
        if not items:
            return []
        connection = await self._connected()
        if isinstance(connection, Refused | Lost):
            return [Lost(connection.reason) for _ in items]
        answers = await question(connection, items)
        if any(isinstance(answer, Cut | Lost) for answer in answers):
            await self.close()
        return answers

    async def _connected(self) -> FtpConnection | Refused | Lost:
        if self._connection is not None:
            return self._connection
        connection = await self._transport.connect()
        if not isinstance(connection, Refused | Lost):
            self._connection = connection
        return connection


async def _fetch(connection: FtpConnection, wanted: Sequence[Wanted]) -> list[Transfer]:
    return await connection.fetch(wanted)


async def _make_folders(connection: FtpConnection, names: Sequence[str]) -> list[Changed]:
    return [await connection.make_folder(name) for name in names]


def _rest(wanted: Wanted, transfer: Transfer | None) -> Wanted:
    if not isinstance(transfer, Cut):
        return wanted
    here = len(transfer.content)
    return replace(wanted, offset=wanted.offset + here, bytes_max=wanted.bytes_max - here)


def _joined(before: Transfer | None, answer: Transfer) -> Transfer:
    match before, answer:
        case Cut(content=head), Fetched(content=rest):
            return Fetched(head + rest)
        case Cut(content=head), Cut(content=rest, reason=reason):
            return Cut(head + rest, reason)
        case Cut(), Lost():
            return before
        case _:
            return answer
