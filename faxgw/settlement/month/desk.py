"""The desk of the month's end: says whether a month is ready, closes it, hands out statements, and has stores paid.

Everything that it hands out of a closed month is made anew from the ledger each time: the same bytes, for nothing in
them can change any more. `verify` proves that nothing did.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from faxgw.clock import Clock
from faxgw.errors import BugError
from faxgw.members.people import Identity, Person, are_two_people
from faxgw.money import MINOR_DIGITS
from faxgw.settlement.month.ready import Facts, Obstacle, obstacles_of
from faxgw.settlement.month.run import (
    Content,
    Direction,
    LeftOut,
    Payees,
    Thresholds,
    expected_at_bank,
    journals_of,
    make_content,
)
from faxgw.settlement.month.statement import Statement, Whom, make_statement
from faxgw.settlement.seal import NO_HEAD, SealChain
from faxgw.store.clearing.port import ClearingStore
from faxgw.store.ledger.journal import Account, AccountKind, Standing
from faxgw.store.ledger.port import LedgerStore, Period, Seal, next_period
from faxgw.store.months.port import Approval, Closing, MonthStore, Numbered, Run, RunRefused

log = structlog.get_logger(__name__)

JOURNALS_AT_ONCE = 5_000
STORES_NAMED_MAX = 5
TRIES = 5
"""To close a month into which others book."""

encode_content = msgspec.json.Encoder(order="deterministic").encode
decode_content = msgspec.json.Decoder(Content).decode


class Register(Payees, Protocol):
    """What the month's end asks of the register."""

    def whom(self, member_id: str, on: dt.date, known_at: float | None) -> Whom:
        """As the register has it on that day, and as that was known then; a former member, too, gets its last one."""
        ...

    def without_account(self, on: dt.date) -> Sequence[str]: ...


class Orders(Protocol):
    """What the month's end asks of orders."""

    async def catch_up(self) -> None:
        """Book what is known by now, so that nothing of the month is left behind."""
        ...

    async def refused(self, until: dt.date) -> Sequence[str]:
        """Claims of days up to this one that could not be booked."""
        ...

    async def unanswered(self, first: dt.date, last: dt.date) -> Sequence[str]:
        """Orders for delivery on these days whose store never said a word."""
        ...

    async def promised(self, first: dt.date, last: dt.date) -> Sequence[str]:
        """Orders that are accepted, and neither delivered nor past their grace."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A network's own; all of it is config."""

    zone: ZoneInfo
    exceptions_allowed: int = 0
    thresholds: Thresholds = field(default_factory=Thresholds)
    identity: Identity = "name"


@dataclass(frozen=True, slots=True)
class Closed:
    seal: Seal
    statements: Sequence[Numbered]


@dataclass(frozen=True, slots=True)
class NotClosed:
    """Nothing was closed; each obstacle says what to do."""

    obstacles: Sequence[Obstacle]


@dataclass(frozen=True, slots=True)
class Proposed:
    run: Run
    content: Content
    left_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True)
class NobodyInRun:
    """Nothing is proposed: no balance is to be moved, or none of those can be, each with its reason."""

    reason: str
    left_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proven, and what is wrong; a ledger nobody touched has no faults."""

    months: int
    journals: int
    faults: Sequence[str]


class MonthDesk:
    def __init__(
        self,
        ledger: LedgerStore,
        months: MonthStore,
        clearing: ClearingStore,
        register: Register,
        orders: Orders,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self._ledger = ledger
        self._months = months
        self._clearing = clearing
        self._register = register
        self._orders = orders
        self._clock = clock
        self._rules = rules

    # --- closing -----------------------------------------------------------------------------------------

    async def seal_of(self, period: Period) -> Seal | None:
        """None where the month is not closed."""
        return next((seal for seal in await self._ledger.seals() if seal.period == period), None)

    async def ready(self, period: Period) -> list[Obstacle]:
        """What should be settled before the month is closed; empty where nothing is left to do."""
        first, last = days_of(period)
        await self._orders.catch_up()
        facts = Facts(
            period=period,
            today_period=self._today().isoformat()[:7],
            sealed=[seal.period for seal in await self._ledger.seals()],
            periods=await self._ledger.periods(),
            exceptions=await self._clearing.exceptions(),
            exceptions_allowed=self._rules.exceptions_allowed,
            unanswered=await self._orders.unanswered(first, last),
            promised=await self._orders.promised(first, last),
            refused=await self._orders.refused(last),
            standings=await self._ledger.standings_at(period),
            without_account=self._register.without_account(last),
        )
        return list(obstacles_of(facts))

    async def close(self, period: Period, who: str) -> Closed | NotClosed:
        """Seal the month and number its statements; asked again for a month that is closed, it is what it was.

        Raises:
            BugError: it was booked into the month again and again while it was being closed.
        """
        chain: _Chain | None = None
        for _ in range(TRIES):
            seals = {seal.period: seal for seal in await self._ledger.seals()}
            if period in seals:
                return Closed(seals[period], await self._months.numbers(period))
            blocking = [obstacle for obstacle in await self.ready(period) if obstacle.blocks]
            if blocking:
                return NotClosed(blocking)
            # Kept from try to try: what was booked meanwhile is a few links more, not the whole month again.
            chain = chain or _Chain(self._ledger, period, _head_before(seals, period))
            sealed = await self._seal(period, chain, who)
            if sealed is not None:
                return Closed(sealed, await self._months.numbers(period))
        raise BugError(f"{period} would not hold still to be closed")

    async def _seal(self, period: Period, chain: "_Chain", who: str) -> Seal | None:
        """None where something was booked into the month between the chain and the seal."""
        links = await chain.to_the_end()
        seal = Seal(period, links.journals, links.head(), self._clock.now(), who)
        stated = await self._stated(period, await self._ledger.standings_at(period))
        statements = [(account.name, account.currency) for account in stated]
        (sealed,) = await self._months.close([Closing(seal, period[:4], statements)])
        if sealed is not None:
            log.info("month_closed", period=period, journals=seal.journals, statements=len(statements))
        return sealed

    async def _stated(
        self, period: Period, standings: Mapping[Account, Standing], asked: Sequence[Account] | None = None
    ) -> list[Account]:
        """Stores that had a movement in the month, or whose balance stands open."""
        members = [account for account in standings if account.kind is AccountKind.MEMBER]
        moved = await self._ledger.moved(period, asked)
        return [account for account in members if account in moved or standings[account].posted_minor]

    # --- statements --------------------------------------------------------------------------------------

    async def statements(self, period: Period, members: Sequence[str] = ()) -> list[Statement]:
        """Those of a month in the order of members, all where none is named; of an open month they have no numbers.

        Opening and closing balances are summed apart from the lines, so that a statement that is made does add up.
        """
        asked = await self._accounts_of(members)
        opening = await self._ledger.standings_at(period_before(period), asked)
        closing = await self._ledger.standings_at(period, asked)
        accounts = await self._stated(period, closing, asked)
        lines = await self._ledger.lines(accounts, period)
        numbers = {(each.member, each.currency): each for each in await self._months.numbers(period)}
        # Names and addresses of a closed month are those that were known when it was closed.
        known_at = next((seal.closed_at for seal in await self._ledger.seals() if seal.period == period), None)
        last_day = days_of(period)[1]
        return [
            msgspec.structs.replace(
                make_statement(
                    self._register.whom(account.name, last_day, known_at),
                    period,
                    account.currency,
                    opening.get(account, Standing()).posted_minor,
                    lines[account],
                    closing[account].posted_minor,
                ),
                number=_number_text(numbers.get((account.name, account.currency))),
            )
            for account in accounts
        ]

    async def _accounts_of(self, members: Sequence[str]) -> list[Account] | None:
        """None, which is all, where nobody is named: a single store's statement shall not sum up the whole ledger."""
        if not members:
            return None
        accounts = await self._ledger.standings()
        return [each for each in accounts if each.kind is AccountKind.MEMBER and each.name in members]

    # --- paying ------------------------------------------------------------------------------------------

    async def propose(
        self, period: Period, direction: Direction, currency: str, on: dt.date, by: Person
    ) -> Proposed | NobodyInRun | RunRefused:
        """Make the run of a closed month for a second person to look at."""
        if currency not in MINOR_DIGITS:
            return RunRefused(f"{currency} is not a currency we know: write its three letters, such as EUR")
        if on < (today := self._today()):
            return RunRefused(f"{on} is in the past: the bank can move money on {today} or later")
        if period not in {seal.period for seal in await self._ledger.seals()}:
            return RunRefused(f"{period} is not closed: stores are paid from closed months")
        standings = await self._ledger.standings_at(period)
        content, left_out = make_content(
            standings, period, direction, currency, on, self._register, self._rules.thresholds
        )
        if not content.items:
            return NobodyInRun(_why_nobody(direction, currency, period, left_out), left_out)
        run = Run(
            name=content.name,
            period=period,
            content=encode_content(content),
            total_minor=content.total_minor,
            proposed_by=by.name,
            proposed_login=by.login,
            proposed_at=self._clock.now(),
        )
        (kept,) = await self._months.propose([run])
        return kept if isinstance(kept, RunRefused) else Proposed(kept, content, left_out)

    async def approve(self, name: str, content: bytes, by: Person) -> Run | RunRefused:
        """Agree, as a second person, to the run as it was shown; its journals are booked with that."""
        run = decode_content(content)
        kept = await self._months.run(name)
        is_open = kept is not None and kept.approved_at is None and kept.content == content
        if is_open and (outdated := self._why_outdated(run)):
            return RunRefused(f"{outdated}: propose the run anew")
        approval = Approval(
            name=name,
            content=content,
            by=by.name,
            login=by.login,
            at=self._clock.now(),
            journals=journals_of(run, self._today()),
            expected=expected_at_bank(run, content, who=by.name, at=self._clock.now()),
            are_two=self._two_people(by),
        )
        (approved,) = await self._months.approve([approval])
        return approved

    def _why_outdated(self, run: Content) -> str:
        """What has changed since a run was proposed, so that the bank must not have it."""
        if run.on < (today := self._today()):
            return f"{run.on} is in the past: the bank can move money on {today} or later"
        payees = {item.member: self._register.payee(item.member, run.on) for item in run.items}
        moved = [item.member for item in run.items if payees[item.member] != (item.name, item.account)]
        if moved:
            return f"name or account of {', '.join(moved[:STORES_NAMED_MAX])} changed since it was proposed"
        return ""

    def _two_people(self, by: Person) -> Callable[[Run], bool]:
        identity = self._rules.identity
        return lambda run: are_two_people(Person(run.proposed_by, run.proposed_login), by, identity)

    async def runs(self) -> list[Run]:
        return await self._months.runs()

    async def run(self, name: str) -> Run | None:
        return await self._months.run(name)

    # --- proving -----------------------------------------------------------------------------------------

    async def verify(self) -> Verified:
        """Compute every seal again, and every balance from its postings; each difference is a fault."""
        faults: list[str] = []
        head, journals, last = NO_HEAD, 0, None
        for seal in await self._ledger.seals():
            if last is not None and seal.period != next_period(last):
                faults.append(f"there is no seal between {last} and {seal.period}")
            chain = await _Chain(self._ledger, seal.period, head).to_the_end()
            if chain.journals != seal.journals:
                faults.append(f"{seal.period} has {chain.journals} journals, and was sealed with {seal.journals}")
            elif chain.head() != seal.head:
                faults.append(f"{seal.period} is not as it was sealed")
            head, last, journals = seal.head, seal.period, journals + chain.journals
        faults += await self._balance_faults()
        log.info("ledger_verified", journals=journals, faults=len(faults))
        return Verified(len(await self._ledger.seals()), journals, faults)

    async def _balance_faults(self) -> list[str]:
        running = {account: own for account, own in (await self._ledger.standings()).items() if own != Standing()}
        summed = {account: own for account, own in (await self._ledger.standings_summed()).items() if own != Standing()}
        faults = [
            f"the balance of {account} is not the sum of its postings"
            for account in sorted(running | summed)
            if running.get(account) != summed.get(account)
        ]
        totals: dict[str, int] = {}
        for account, standing in summed.items():
            totals[account.currency] = totals.get(account.currency, 0) + standing.posted_minor
        return faults + [f"the ledger sums to {total} in {currency}" for currency, total in totals.items() if total]

    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self._clock.now(), self._rules.zone).date()


class _Chain:
    """The chain over a month's journals, which can be carried on where more were booked."""

    def __init__(self, ledger: LedgerStore, period: Period, head_before: bytes) -> None:
        self._ledger = ledger
        self._period = period
        self._links = SealChain(period, head_before)
        self._after = 0

    async def to_the_end(self) -> SealChain:
        while journals := await self._ledger.journals(self._period, self._after, JOURNALS_AT_ONCE):
            self._links.add(journals)
            self._after = journals[-1].seq
        return self._links


def period_before(period: Period) -> Period:
    return (dt.date.fromisoformat(f"{period}-01") - dt.timedelta(days=1)).isoformat()[:7]


def days_of(period: Period) -> tuple[dt.date, dt.date]:
    """The first and the last day of the month."""
    first = dt.date.fromisoformat(f"{period}-01")
    return first, dt.date.fromisoformat(f"{next_period(period)}-01") - dt.timedelta(days=1)


def _head_before(seals: dict[Period, Seal], period: Period) -> bytes:
    earlier = [seal for seal in seals.values() if seal.period < period]
    return max(earlier, key=lambda seal: seal.period).head if earlier else NO_HEAD


def _why_nobody(direction: Direction, currency: str, period: Period, left_out: Sequence[LeftOut]) -> str:
    verb = "paid" if direction == "payout" else "collected from"
    if left_out:
        count = "1 store has" if len(left_out) == 1 else f"{len(left_out)} stores have"
        return f"nobody can be {verb} in {currency} for {period}: {count} no account in force"
    return f"nobody is to be {verb} in {currency} for {period}"


def _number_text(numbered: Numbered | None) -> str:
    return f"{numbered.series}-{numbered.number:06}" if numbered else ""
