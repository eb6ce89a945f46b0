"""The books of a simulated carrier: what it took, which calls are under way, how they ended, what was double.

Pure: no socket and no clock. `ScriptedProvider` plays it inside a test, `faxgw_loadtest/carrier`
behind a real HTTP server, so both keep the same account.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from faxgw.provider.mishaps import Ask, Call, Play, Shares, parse_play

CODES: dict[Call, str] = {
    Call.BUSY: "BUSY",
    Call.NO_ANSWER: "RING_TIMEOUT",
    Call.BAD_NUMBER: "WRONG_NUMBER",
    Call.NO_FAX: "NOT_A_FAX",
    Call.REJECTED: "DECLINED",
    Call.NETWORK: "NETWORK_DOWN",
    Call.PROTOCOL: "TRAINING_FAILED",
    Call.PAGE: "PAGE_FAILED",
    Call.IN_DOUBT: "EOD_FAILED",
}
"""The simulated carrier's own words for a failed call, which an adapter has to translate."""

_CONNECTED = frozenset({Call.DELIVERED, Call.IN_DOUBT, Call.PAGE, Call.PROTOCOL})


@dataclass(slots=True, eq=False)
class Taken:
    """One fax the carrier has taken. Times are seconds since 1970; `ended_at` is None while the call lasts."""

    id: str
    reference: str
    number: str
    pages: int
    sha256: str
    play: Play
    taken_at: float
    call_seconds: float
    ended_at: float | None = None

    @property
    def status(self) -> str:
        if self.ended_at is None:
            return "in_progress"
        return "delivered" if self.play.call is Call.DELIVERED else "failed"

    @property
    def code(self) -> str | None:
        return None if self.ended_at is None else CODES.get(self.play.call)

    @property
    def pages_delivered(self) -> int:
        """How many the florist's machine confirmed, from the first on."""
        if self.ended_at is None:
            return 0
        match self.play.call:
            case Call.DELIVERED:
                return self.pages
            case Call.IN_DOUBT:
                return self.pages - 1
            case Call.PAGE | Call.PROTOCOL:
                return self.play.pages if self.play.pages is not None else broke_after(self.reference, self.pages)
            case _:
                return 0

    @property
    def pages_arrived(self) -> int:
        """How many lie on the florist's machine, confirmed or not."""
        return self.pages if self.arrived else self.pages_delivered

    @property
    def arrived(self) -> bool:
        """The page lies on the florist's machine, whatever the carrier believes."""
        return self.ended_at is not None and self.play.call in (Call.DELIVERED, Call.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long a call takes: `first_page_seconds` with dialling and training, each further page on top.

    16.8 s for one page of order at 14,400 bit/s was measured with spandsp; 60 as `scale` plays an hour in a minute.
    """

    first_page_seconds: float = 16.8
    page_seconds: float = 13.0
    scale: float = 1.0

    def of(self, call: Call, pages: int) -> float:
        if call not in _CONNECTED:
            return self.first_page_seconds / 4 / self.scale
        return (self.first_page_seconds + (pages - 1) * self.page_seconds) / self.scale


@dataclass(slots=True)
class _Tally:
    """What came in for one fax, over all its attempts."""

    taken: int = 0
    delivered: int = 0
    arrived: int = 0
    in_progress: int = 0
    overlapped: bool = False


@dataclass(slots=True)
class Switchboard:
    """Takes faxes, ends calls, and answers for both.

    With `idempotent`, a reference that was taken before is given its old fax again. It is off by default,
    since a carrier that forgives doubles could not prove that there were none.
    """

    seed: int = 0
    times: CallTimes = field(default_factory=CallTimes)
    shares: Shares = field(default_factory=Shares)
    idempotent: bool = False
    by_id: dict[str, Taken] = field(default_factory=dict)
    by_reference: dict[str, list[Taken]] = field(default_factory=dict)
    _scripts: dict[str, deque[Play]] = field(default_factory=dict)
    _handed_in: Counter[str] = field(default_factory=Counter)
    _in_progress_by_number: Counter[str] = field(default_factory=Counter)
    _tallies: dict[str, _Tally] = field(default_factory=dict)
    _calls_by_outcome: Counter[str] = field(default_factory=Counter)
    _asked: int = 0
    _issued: int = 0
    _ended: int = 0
    _line_overlap_max: int = 0

    def script(self, number: str, plays: Sequence[str]) -> None:
        """Play these, in turn, for the next faxes to `number`; then the shares rule again.

        Raises:
            ValueError: a play that `parse_play` cannot read.
        """
        self._scripts[number] = deque([parse_play(play) for play in plays])

    def next_play(self, reference: str, number: str) -> Play:
        """What is going to happen to `reference`, which is being handed in."""
        self._handed_in[reference] += 1
        script = self._scripts.get(number)
        if script:
            return script.popleft()
        return self.shares.draw(self.seed, reference, self._handed_in[reference])

    def next_ask(self) -> Ask:
        """What becomes of the question that is being asked."""
        self._asked += 1
        return self.shares.draw_ask(self.seed, self._asked)

    def repeated(self, reference: str) -> Taken | None:
        """The fax that an idempotent carrier already has under this reference."""
        if not self.idempotent or reference not in self.by_reference:
            return None
        return self.by_reference[reference][0]

    def take(self, reference: str, number: str, pages: int, sha256: str, play: Play, now: float) -> Taken:
        """Accept a fax; its call begins. The caller ends it after `call_seconds`."""
        fax_id = f"SC{self._issued + 1:010d}"
        taken = Taken(fax_id, reference, number, pages, sha256, play, now, self.times.of(play.call, pages))
        self.enter(taken)
        return taken

    def enter(self, taken: Taken) -> None:
        """Write a fax into the books: a new one, or one read back from a journal."""
        self._issued += 1
        self.by_id[taken.id] = taken
        self.by_reference.setdefault(taken.reference, []).append(taken)
        tally = self._tallies.setdefault(fax_of(taken.reference), _Tally())
        tally.taken += 1
        tally.in_progress += 1
        tally.overlapped = tally.overlapped or tally.in_progress > 1
        self._in_progress_by_number[taken.number] += 1
        self._line_overlap_max = max(self._line_overlap_max, self._in_progress_by_number[taken.number])

    def find_busy(self, taken: Taken) -> None:
        """The dialled line is taken: whatever was to happen, this call ends as busy."""
        taken.play = replace(taken.play, call=Call.BUSY)
        taken.call_seconds = self.times.of(Call.BUSY, taken.pages)

    def end(self, taken: Taken, now: float) -> bool:
        """The call is over, in the way its play says. False when the books were reset meanwhile."""
        taken.ended_at = now
        if taken.id not in self.by_id:
            return False
        self._ended += 1
        self._calls_by_outcome[taken.play.call.value] += 1
        self._in_progress_by_number[taken.number] -= 1
        if not self._in_progress_by_number[taken.number]:
            del self._in_progress_by_number[taken.number]
        tally = self._tallies[fax_of(taken.reference)]
        tally.in_progress -= 1
        tally.delivered += taken.play.call is Call.DELIVERED
        tally.arrived += taken.arrived
        return True

    @property
    def ended(self) -> int:
        return self._ended

    def account(self) -> dict[str, object]:
        """Everything that has to be known to say "lost 0, twice 0" from outside.

        `delivered_twice` lists faxes (`store_id-fax_id`) of which two attempts were delivered; `arrived_twice`
        also counts calls whose confirmation was lost, for the florist ties two bouquets all the same.
        `faxes_dialled_twice` is no fault by itself: a busy line is dialled again.
        """
        tallies = self._tallies
        return {
            "accepted": len(self.by_id),
            "delivered": self._calls_by_outcome[Call.DELIVERED.value],
            "failed": self._ended - self._calls_by_outcome[Call.DELIVERED.value],
            "in_progress": len(self.by_id) - self._ended,
            "faxes_accepted": len(tallies),
            "faxes_delivered": sum(tally.delivered > 0 for tally in tallies.values()),
            "delivered_twice": sorted(fax for fax, tally in tallies.items() if tally.delivered > 1),
            "arrived_twice": sorted(fax for fax, tally in tallies.items() if tally.arrived > 1),
            "references_accepted_twice": sorted(ref for ref, taken in self.by_reference.items() if len(taken) > 1),
            "faxes_dialled_twice": sum(tally.taken > 1 for tally in tallies.values()),
            "faxes_dialled_at_once": sorted(fax for fax, tally in tallies.items() if tally.overlapped),
            "line_overlap_max": self._line_overlap_max,
            "calls_by_outcome": dict(self._calls_by_outcome),
        }

    def reset(self) -> None:
        """Forget everything taken. Shares and scripts stay, and calls under way end unrecorded."""
        for book in (self.by_id, self.by_reference, self._tallies):
            book.clear()
        for counter in (self._handed_in, self._in_progress_by_number, self._calls_by_outcome):
            counter.clear()
        self._ended = self._line_overlap_max = 0


def broke_after(reference: str, pages: int) -> int:
    """After how many confirmed pages a call breaks off that does so: any number but all, the same each time asked."""
    return int.from_bytes(blake2b(reference.encode(), digest_size=4).digest(), "little") % pages


def fax_of(reference: str) -> str:
    """The fax behind an attempt: references are written `store_id-fax_id-attempt`."""
    return reference.rpartition("-")[0] or reference


def tells_most(fax: Taken) -> tuple[int, float]:
    """Sort key for faxes under one reference: delivered above under way above failed, then the newest."""
    return _RANKS[fax.status], fax.taken_at


_RANKS = {"delivered": 2, "in_progress": 1, "failed": 0}
