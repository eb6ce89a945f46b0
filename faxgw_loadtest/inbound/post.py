"""Puts answers into a carrier's folder at the moments that were fixed beforehand, however slowly they are fetched.

A florist cannot answer a sheet that is not there: an answer whose order was not delivered yet is held back until it is.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faxgw_loadtest.florist import upload
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.inbound.due import Answer

LOOK_SECONDS = 0.2


@dataclass(slots=True)
class Posting:
    """What was put in, by index of the answers; seconds since 1970."""

    put_at: list[float | None]
    late_max_seconds: float = 0.0
    """How late the load test itself was with what could be put in."""
    held_back: int = 0
    """Answers that had to wait for their sheet."""

    @property
    def put_in(self) -> int:
        return sum(at is not None for at in self.put_at)


@dataclass(slots=True)
class Post:
    """Plays the answers once. `files` lie beside, by index; `stories` tell what was delivered."""

    answers: Sequence[Answer]
    files: Sequence[Path]
    folder: Path
    handing: Handing
    stories: Mapping[int, Story]
    pace: Pace
    posting: Posting = field(init=False)
    orders_are_in: bool = False
    """Whether an order that was not taken in by now never will be; set by whoever hands orders in."""
    _held: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.posting = Posting([None] * len(self.answers))

    async def play(self) -> None:
        """Returns when all are put in whose orders were delivered or came to nothing."""
        for index, answer in enumerate(self.answers):
            due_at = self.pace.real(answer.at_seconds)
            while (wait := due_at - time.time()) > 0:
                await asyncio.sleep(min(wait, LOOK_SECONDS))
                self._bring_held()
            if self._outcome(index) == "delivered":
                self.posting.late_max_seconds = max(self.posting.late_max_seconds, time.time() - due_at)
                self._bring(index)
            else:
                self.posting.held_back += 1
                self._held.append(index)
            await asyncio.sleep(0)
        while self._held:
            await asyncio.sleep(LOOK_SECONDS)
            self._bring_held()

    def _bring_held(self) -> None:
        held, self._held = self._held, []
        for index in held:
            outcome = self._outcome(index)
            if outcome == "delivered":
                self._bring(index)
            elif outcome == "" or (outcome is None and not self.orders_are_in):
                self._held.append(index)
            # Else no florist has the sheet, and none will answer it.

    def _outcome(self, index: int) -> str | None:
        """Of the order, by the gateway's events; None where it was not taken in yet, or not at all."""
        fax_id = self.handing.fax_ids[self.answers[index].order]
        if fax_id is None:
            return None
        return self.stories[fax_id].outcome if fax_id in self.stories else ""

    def _bring(self, index: int) -> None:
        file = self.files[index]
        upload(self.folder, file.name, file.read_bytes())
        self.posting.put_at[index] = time.time()
        file.unlink()
