"""An order system that does not give up: what was not answered is handed in again, and every answer is kept."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import trio

from faxgw.cli.client import NotReachableError
from tests.daemons import Daemon

REPEAT_SECONDS = 0.1
GOOD = {200, 202}


class _Numbered(msgspec.Struct):
    number: str


_decode_number = msgspec.json.Decoder(_Numbered).decode


@dataclass
class OrderSystem:
    """Hands orders in, one by one and seven at a time, to a daemon that may die at any moment."""

    daemon: Daemon
    fax_by_number: dict[str, int] = field(default_factory=dict)
    """Every fax that was ever answered, by the number of its order."""
    cancelled: set[int] = field(default_factory=set)
    """Those whose cancel was confirmed."""
    held: set[int] = field(default_factory=set)
    """Those whose hold was confirmed and whose release was not."""
    unanswered: int = 0
    """Portions handed in and not answered with success yet."""
    refused: int = 0
    """Requests answered with anything but success: a full disk, a stop under way."""

    def __post_init__(self) -> None:
        self._portions, self._to_send = trio.open_memory_channel[list[bytes]](10_000)

    @property
    def fax_ids(self) -> set[int]:
        return set(self.fax_by_number.values())

    async def run(self, senders: int = 4) -> None:
        """Hand in until `close` was called and all is answered."""
        async with trio.open_nursery() as nursery:
            for _ in range(senders):
                nursery.start_soon(self._send_each)

    def hand_in(self, lines: Sequence[bytes]) -> None:
        """Half of them one by one, the rest seven at a time."""
        half = len(lines) // 2
        for portion in [[line] for line in lines[:half]] + [lines[at : at + 7] for at in range(half, len(lines), 7)]:
            self.unanswered += 1
            self._portions.send_nowait(list(portion))

    def close(self) -> None:
        self._portions.close()

    async def meddle(self, dice: random.Random) -> None:
        """Hold, release and cancel what was just answered, until cancelled."""
        while True:
            await trio.sleep(dice.uniform(0.01, 0.1))
            newest = sorted(self.fax_ids - self.cancelled)[-20:]
            if newest:
                await self._change_one(dice.choice(newest), dice)

    async def release_all(self) -> None:
        for fax_id in sorted(self.held):
            await self._change(fax_id, "release")

    async def _change_one(self, fax_id: int, dice: random.Random) -> None:
        if dice.random() < 0.3:
            if await self._change(fax_id, "cancel"):
                self.cancelled.add(fax_id)
                self.held.discard(fax_id)
        else:
            # A hold that was not answered may hold all the same.
            self.held.add(fax_id)
            await self._change(fax_id, "hold")
            if await self._change(fax_id, "release"):
                self.held.discard(fax_id)

    async def _change(self, fax_id: int, verb: str) -> bool:
        asked = msgspec.json.encode({"who": "Ada", "why": "a test"})
        try:
            return (await self.daemon.ask("POST", f"/v1/faxes/{fax_id}/{verb}", asked)).is_good
        except NotReachableError:
            return False

    async def _send_each(self) -> None:
        async for portion in self._to_send.clone():
            while not await self._is_answered(portion):  # noqa: ASYNC110 - only asking again can tell
                await trio.sleep(REPEAT_SECONDS)
            self.unanswered -= 1

    async def _is_answered(self, portion: list[bytes]) -> bool:
        try:
            answers = await self._answers(portion)
        except NotReachableError:
            return False
        # A request that is refused as a whole has one answer.
        for line, answer in zip(portion, answers, strict=False):
            if answer["status"] in GOOD:
                self._note(_decode_number(line).number, answer["id"])
        return all(answer["status"] in GOOD for answer in answers)

    def _note(self, number: str, fax_id: int) -> None:
        known = self.fax_by_number.setdefault(number, fax_id)
        assert known == fax_id, f"order {number} was answered as fax {known} and as fax {fax_id}"

    async def _answers(self, portion: list[bytes]) -> list[dict[str, Any]]:
        if len(portion) == 1:
            reply = await self.daemon.ask("POST", "/v1/orders", portion[0])
        else:
            reply = await self.daemon.ask("POST", "/v1/orders", b"\n".join(portion), "application/x-ndjson")
        if not reply.is_good:
            self.refused += 1
            return [{"status": reply.status}]
        if len(portion) == 1:
            return [reply.json() | {"status": reply.status}]
        return [msgspec.json.decode(line) for line in reply.body.splitlines()]
