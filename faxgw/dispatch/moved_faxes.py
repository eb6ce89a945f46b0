"""A florist got another fax number: what waits for the old one goes to the new one.

Only faxes that were addressed to the florist go along; a number that somebody wrote into an order stays as it is
written. What a carrier has at that moment cannot be called back: it is looked at again until the carrier is done with
it, and goes to the new number if it comes back. The trail of each fax says that it was moved, and why.

The old number is any that the register said of the florist up to today and says no more; so a restart finds the same.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

import msgspec
import structlog
import trio

from faxgw.errors import StoreBusyError
from faxgw.faults import Fault
from faxgw.fax import WITH_CARRIER, FaxId
from faxgw.members.history import History
from faxgw.members.keeper import Keeper
from faxgw.members.member import Member
from faxgw.members.register import Register, member_lines
from faxgw.ops.metrics import Metrics
from faxgw.order import stored_order
from faxgw.phone import Line
from faxgw.store.admission import Content
from faxgw.store.changes import Changed, Recorded
from faxgw.store.register.port import Addressed, RegisterStore

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 5.0
LINES_AT_ONCE = 500
WHO = "register"
WHY = "its florist has another fax number"


class Reroute(Protocol):
    async def __call__(self, fax_id: FaxId, member: str, who: str, why: str) -> Recorded | list[Fault]: ...


class MovedFaxes:
    """Follows the register."""

    def __init__(self, store: RegisterStore, keeper: Keeper, reroute: Reroute, metrics: Metrics) -> None:
        self._store = store
        self._keeper = keeper
        self._reroute = reroute
        self._metrics = metrics
        self._changed = trio.Event()
        self._late: set[FaxId] = set()

    def follow(self, _before: Register) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Look at each change of the register, for ever; the first look finds what a stop left undone."""
        while True:
            self._changed = trio.Event()
            is_done = await self._look()
            with trio.move_on_after(float("inf") if is_done else LOOK_AGAIN_SECONDS):
                await self._changed.wait()

    async def _look(self) -> bool:
        """Move what can be moved; False where a carrier still has something, or the store was not to be had."""
        former = former_lines(self._keeper.books.history, self._keeper.live, self._keeper.today())
        names = sorted(former)
        late: set[FaxId] = set()
        try:
            for start in range(0, len(names), LINES_AT_ONCE):
                for fax in await self._store.addressed_to(names[start : start + LINES_AT_ONCE]):
                    member = addressee_of(fax)
                    if member in former[fax.line] and not await self._move(fax, member):
                        late.add(fax.fax_id)
        except StoreBusyError:
            log.warning("store_busy", waits_to_read="faxes for numbers that have changed")
            return False
        self._late = late
        return not late

    async def _move(self, fax: Addressed, member: str) -> bool:
        """False where a carrier has it."""
        is_free = fax.state not in WITH_CARRIER
        if is_free and isinstance(await self._reroute(fax.fax_id, member, WHO, WHY), Changed):
            self._metrics.faxes_moved.labels("moved").inc()
            log.info("fax_moved", fax_id=fax.fax_id, member=member)
            return True
        if fax.fax_id not in self._late:
            self._metrics.faxes_moved.labels("late").inc()
            log.warning("fax_not_moved", fax_id=fax.fax_id, member=member, reason="a carrier has it")
        return False


def addressee_of(fax: Addressed) -> str:
    """The member whom the fax was sent to as such; empty where it goes to a number that somebody wrote."""
    if fax.content is Content.DOCUMENT:
        return ""
    try:
        order = stored_order(fax.order)
    except msgspec.DecodeError:
        # Written by another version, or no order at all; whoever draws it will say so.
        return ""
    if order.fax_number is not None and fax.member in {None, order.executing_member}:
        return ""
    return fax.member or order.executing_member or ""


def former_lines(history: History, register: Register, today: dt.date) -> dict[Line, set[str]]:
    """The lines that members of today had up to today and have no more."""
    former: dict[Line, set[str]] = {}
    for timeline in history:
        member = register.find(timeline.member_id)
        spans = timeline.spans()
        if member is None or len(spans) < 2:
            continue
        now = set(register.lines_of(member))
        earlier = (span.member for span in spans if span.member is not None and span.first_day <= today)
        for line in _lines(earlier):
            if line not in now:
                former.setdefault(line, set()).add(member.id)
    return former


def _lines(members: Iterator[Member]) -> Iterator[Line]:
    return (line for member in members for line in member_lines(member) or ())
