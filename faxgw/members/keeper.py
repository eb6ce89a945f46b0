"""Keeps the register: writes what is decided, and has the live register follow it, at once and at every midnight.

A decision is taken over what the books say, and the store refuses it where they were too old: then they are read on,
and it is taken anew. Changes of this process go one after the other; those of others are met by the store's refusal.

Logs counts and fields, never names, numbers or accounts.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.members import Members
from faxgw.members.books import Books
from faxgw.members.decisions import Asked, Decided, Decision, Refusal
from faxgw.members.file import load_members
from faxgw.members.history import A_DAY
from faxgw.members.importing import take_over_config
from faxgw.members.member import Standing
from faxgw.members.people import Person
from faxgw.members.register import LiveRegister, Register
from faxgw.members.snapshots import register_of
from faxgw.ops.metrics import Metrics
from faxgw.store.register.port import Append, Appended, Entry, Outdated, RegisterStore

log = structlog.get_logger(__name__)

ENTRIES_AT_ONCE = 10_000
WRITE_SECONDS_MAX = 60.0
LOOK_AT_CLOCK_SECONDS = 3_600.0
"""The wall clock may be set meanwhile; a sleep to midnight would not notice."""
CONFIG = "config"
"""Who it was where the config's file changed."""

Follower = Callable[[Register], None]
"""Hears the register as it was; the live one is the new one by then."""
Deciding = Callable[[Books, Asked], Decision]


class Keeper:
    """The one who changes the register."""

    def __init__(self, store: RegisterStore, rules: Members, clock: Clock, metrics: Metrics) -> None:
        self.rules = rules
        self.books = Books()
        self.live = LiveRegister(Register(()))
        self.followers: list[Follower] = []
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._zone = ZoneInfo(rules.timezone)
        self._day = dt.date.min
        self._turn = trio.Lock()

    async def load(self) -> None:
        """Read the books, and take over what changed in the config's file.

        Raises:
            ConfigError: the file cannot be read or has faults.
        """
        await self._read_on()
        self._swap()
        if self.rules.file is not None:
            members = load_members(Path(self.rules.file))
            await self.change(Person(CONFIG), "", lambda books, asked: take_over_config(books, asked, members))

    async def run(self) -> None:
        """A day begins with what was said of it before, for ever."""
        while True:
            now = self._clock.now()
            midnight = dt.datetime.combine(self.today() + A_DAY, dt.time(), self._zone).timestamp()
            await trio.sleep(max(0.0, min(midnight - now, LOOK_AT_CLOCK_SECONDS)))
            if self.today() != self._day:
                self._swap()

    def now(self) -> float:
        return self._clock.now()

    def today(self) -> dt.date:
        """By the network's calendar."""
        return dt.datetime.fromtimestamp(self.now(), self._zone).date()

    def register_of(self, day: dt.date, known_seq: int | None = None) -> Register:
        """The register of that day, as it was known when `known_seq` was the newest entry; else as known now."""
        return register_of(self.books.history, self.books.certificates, self.rules.certified_labels, day, known_seq)

    async def change(self, by: Person, why: str, decide: Deciding) -> Decided | Refusal:
        """Decide and write; what comes back is durable, and the live register follows it already."""
        async with self._turn:
            while True:
                decision = decide(self.books, Asked(by, why, self._clock.now(), self.today()))
                if not isinstance(decision, Decided) or not decision.entries:
                    return decision
                if await self._write(decision):
                    return decision

    async def preview(self, by: Person, why: str, decide: Deciding) -> Decision:
        """What would come of it; nothing is written."""
        await trio.lowlevel.checkpoint()
        return decide(self.books, Asked(by, why, self._clock.now(), self.today()))

    async def _write(self, decided: Decided) -> bool:
        """False where the books were too old; they are not any more."""
        # Once written it must be known here: a caller who leaves in between would leave an old register behind.
        with trio.CancelScope(shield=True, deadline=trio.current_time() + WRITE_SECONDS_MAX):
            [written] = await self._store.append([Append(decided.entries, self.books.seq, decided.tells)])
            match written:
                case Appended(entries=entries):
                    await self._take_in(entries)
                    for entry in entries:
                        self._metrics.register_entries.labels(entry.kind).inc()
                    log.info("register_changed", entries=len(entries), kinds=sorted({each.kind for each in entries}))
                    return True
                case Outdated():
                    await self._read_on()
                    self._swap()
        await trio.lowlevel.checkpoint_if_cancelled()
        return False

    async def _take_in(self, entries: Sequence[Entry]) -> None:
        if entries[0].seq == self.books.seq + 1:
            self.books.add(entries)
        else:
            await self._read_on()
        self._swap()

    async def _read_on(self) -> None:
        while entries := await self._store.entries(self.books.seq, ENTRIES_AT_ONCE):
            self.books.add(entries)

    def _swap(self) -> None:
        before, self._day = self.live.now, self.today()
        self.live.swap(self.register_of(self._day))
        for standing, count in self.counts().items():
            self._metrics.members.labels(standing).set(count)
        self._metrics.account_proposals.set(len(self.books.accounts.open_proposals()))
        for follow in self.followers:
            follow(before)

    def counts(self) -> dict[Standing, int]:
        """Who is in the books today, by standing."""
        counts = dict.fromkeys(Standing, 0)
        for timeline in self.books.history:
            member = timeline.on(self._day)
            if member is not None:
                counts[member.standing] += 1
        return counts
