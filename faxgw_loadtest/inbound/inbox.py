"""What the gateway says of the faxes that came in, and what still lies in the carrier's folder."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from faxgw.errors import OperatorError
from faxgw.inbox.names import claim_in
from faxgw_loadtest.client import Client

AT_ONCE = 1_000
UNREAD = "kept"


class Line(msgspec.Struct, frozen=True, gc=False):
    """One fax in the gateway's list."""

    id: int
    name: str
    state: str
    kept_at: dt.datetime
    concluded_at: dt.datetime | None


class _Page(msgspec.Struct):
    inbound: list[Line]


class _Inbox(msgspec.Struct):
    name: str
    faxes: dict[str, int]


class _Inboxes(msgspec.Struct):
    inboxes: list[_Inbox]


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway and the folder say at the end."""

    lines: Sequence[Line]
    """What came in since the run began, of this inbox."""
    totals: Mapping[str, int]
    """By state, the same by the gateway's other word."""
    left: frozenset[str]
    """Names of the files that still lie in the folder, without the gateway's mark on them."""


@dataclass(slots=True)
class Inbox:
    """One inbox of a gateway: its name there, and the folder behind it, where faxes are put in."""

    name: str
    folder: Path
    client: Client
    _first: int = 0
    _before: Mapping[str, int] | None = None

    async def begin(self) -> None:
        """Remember what came in before the run.

        Raises:
            OperatorError: the gateway has no such inbox.
        """
        self._before = await self._totals()
        lines = await self._page(before=None, limit=1)
        self._first = lines[0].id if lines else 0

    async def unread(self) -> int:
        """Files in the folder, and faxes that are kept and not read yet."""
        return len(self._left()) + (await self._totals()).get(UNREAD, 0)

    async def tell(self) -> Told:
        totals, before = await self._totals(), self._before or {}
        lines: list[Line] = []
        while page := await self._page(before=lines[-1].id if lines else None, limit=AT_ONCE):
            lines += [line for line in page if line.id > self._first]
            if page[-1].id <= self._first:
                break
        return Told(lines, {state: count - before.get(state, 0) for state, count in totals.items()}, self._left())

    def _left(self) -> frozenset[str]:
        names = [file.name for file in self.folder.iterdir() if file.is_file() and not file.name.startswith(".")]
        claims = [claim_in(name) for name in names]
        return frozenset(claim.name if claim else name for name, claim in zip(names, claims, strict=True))

    async def _page(self, *, before: int | None, limit: int) -> list[Line]:
        asked = {"inbox": self.name, "limit": limit} | ({} if before is None else {"before": before})
        return msgspec.json.decode(await self._ask(f"/v1/inbound?{urlencode(asked)}"), type=_Page).inbound

    async def _totals(self) -> Mapping[str, int]:
        inboxes = msgspec.json.decode(await self._ask("/v1/inbox"), type=_Inboxes).inboxes
        found = next((inbox for inbox in inboxes if inbox.name == self.name), None)
        if found is None:
            raise OperatorError(f"the gateway has no inbox {self.name}: name one of its config with --inbox")
        return found.faxes

    async def _ask(self, path: str) -> bytes:
        reply = await self.client.request("GET", path)
        if not reply.is_good:
            raise ConnectionError(f"{path} answers {reply.status}")
        return reply.body
