"""Hands orders in at the moments that were fixed beforehand, however slowly the gateway answers (open loop).

What waits for a connection counts: an answer's time runs from the moment the order was due, not from when it was sent
(Gil Tene's "coordinated omission"). Orders that are turned away for a while come again under their key.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.client import Client, Reply
from faxgw_loadtest.orders import Writer

BACK_OFF_SECONDS = 0.5
_TURNED_AWAY = frozenset({429, 503})
_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(slots=True)
class Handing:
    """What was handed in, by index of the arrivals; times are the machine's own, in seconds since 1970."""

    due_at: list[float]
    answered_at: list[float | None]
    fax_ids: list[int | None]
    refusals: Counter[str] = field(default_factory=Counter)
    handed_in: int = 0
    """Orders whose request has begun."""
    late_max_seconds: float = 0.0
    """How late the generator itself was: above a few milliseconds the figures are its own."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the day's seconds become the machine's: `begin_at` is when the day's second `begin_seconds` is."""

    begin_at: float
    begin_seconds: float
    compress: float

    def real(self, day_seconds: float) -> float:
        return self.begin_at + (day_seconds - self.begin_seconds) / self.compress

    def day(self, real: float) -> float:
        return self.begin_seconds + (real - self.begin_at) * self.compress


class Generator:
    """Plays the arrivals once."""

    def __init__(self, client: Client, writer: Writer, arrivals: Sequence[Arrival], pace: Pace, give_up_at: float):
        """Orders that were not taken by `give_up_at` (seconds since 1970) are given up."""
        self._client = client
        self._writer = writer
        self._arrivals = arrivals
        self._pace = pace
        self._give_up_at = give_up_at
        self.handing = Handing(
            due_at=[pace.real(each.at_seconds) for each in arrivals],
            answered_at=[None] * len(arrivals),
            fax_ids=[None] * len(arrivals),
        )

    async def play(self) -> None:
        """Returns when the last order is answered or given up."""
        async with asyncio.TaskGroup() as posts:
            for request in _requests(self._arrivals):
                due_at = self.handing.due_at[request[0]]
                wait = due_at - time.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                else:
                    # A burst must not keep answers from being read.
                    await asyncio.sleep(0)
                self.handing.late_max_seconds = max(self.handing.late_max_seconds, time.time() - due_at)
                posts.create_task(self._hand_in(request))

    async def _hand_in(self, indices: Sequence[int]) -> None:
        self.handing.handed_in += len(indices)
        bodies = [self._writer.write(index, self._arrivals[index], self._deadline_at(index)) for index in indices]
        is_one = self._arrivals[indices[0]].upload is None
        kind = "application/json" if is_one else "application/x-ndjson"
        while True:
            reply = await self._post(b"\n".join(bodies), kind)
            if isinstance(reply, Reply) and reply.status not in _TURNED_AWAY:
                self._note(indices, reply, is_one=is_one)
                return
            wait = max(BACK_OFF_SECONDS, reply.retry_after_seconds if isinstance(reply, Reply) else 0.0)
            self.handing.refusals["turned away for a while"] += len(indices)
            if time.time() + wait > self._give_up_at:
                self.handing.refusals["given up"] += len(indices)
                return
            await asyncio.sleep(wait)

    async def _post(self, body: bytes, kind: str) -> Reply | None:
        try:
            return await self._client.request("POST", "/v1/orders", body, f"Content-Type: {kind}\r\n")
        except (OSError, EOFError):
            return None

    def _note(self, indices: Sequence[int], reply: Reply, *, is_one: bool) -> None:
        now = time.time()
        answers = [reply.body] if is_one or not reply.is_good else reply.body.splitlines()
        if len(answers) != len(indices):
            self.handing.refusals[f"status {reply.status}"] += len(indices)
            return
        for index, answer in zip(indices, answers, strict=True):
            told = _decode(answer)
            status = reply.status if is_one else told.get("status")
            fax_id = told.get("id")
            if status in (200, 202) and isinstance(fax_id, int):
                self.handing.answered_at[index] = now
                self.handing.fax_ids[index] = fax_id
            else:
                self.handing.refusals[f"status {status}"] += 1

    def _deadline_at(self, index: int) -> float | None:
        deadline = self._arrivals[index].deadline_seconds
        return None if deadline is None else self._pace.real(deadline)


def _requests(arrivals: Sequence[Arrival]) -> list[list[int]]:
    """Indices of the orders that are handed in together, in the order of time."""
    numbered = enumerate(arrivals)
    alone = itertools.count(-1, -1)
    groups: dict[int, list[int]] = {}
    for index, each in numbered:
        groups.setdefault(next(alone) if each.upload is None else each.upload, []).append(index)
    return sorted(groups.values(), key=lambda group: arrivals[group[0]].at_seconds)
