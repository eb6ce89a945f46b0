"""The desk of clearing: takes files in, places what can be placed for sure, and carries out what people decide.

It logs counts, never references or texts: a message to a florist may stand in them. What a person decides is kept with
who and why; two who decide at once are told apart by the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, assert_never

import structlog
import trio

from faxgw.clock import Clock
from faxgw.settlement.deciding import (
    FOR_AN_ORDER,
    DecisionRefused,
    Word,
    leave,
    take_as_fee,
    take_for_order,
    take_for_payout,
)
from faxgw.settlement.imports.entry import EntryKind, FileRefused
from faxgw.settlement.imports.formats import read_settlement_file
from faxgw.settlement.matching.assign import assign
from faxgw.settlement.matching.links import LINKED, Link, link_to_sales
from faxgw.settlement.matching.match import (
    CONFIRMED,
    Expected,
    Match,
    Payment,
    Reason,
    Rule,
    Unmatched,
    match_payments,
    names_paid,
)
from faxgw.settlement.matching.payouts import Arrived, match_payouts
from faxgw.settlement.matching.references import KidCheck
from faxgw.settlement.takings import new_file, placed_with_order, placed_with_payout
from faxgw.store.clearing.port import (
    ClearingStore,
    Decision,
    Due,
    Exceptional,
    Importing,
    Movement,
    Open,
    Own,
    Place,
    Step,
    Taken,
    Together,
)

log = structlog.get_logger(__name__)

T = TypeVar("T")

UNKNOWN = (EntryKind.ADJUSTMENT, EntryKind.RESERVE, EntryKind.OTHER)
"""Kinds that no order explains: a person looks at each."""
BATCH = "batch "
"""Before a payout's number where an order's could stand."""
STEPS_AT_ONCE = 500
"""In one commit, so that others can write between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far apart two may be that only amount and day bring together."""

    payment_days: int = 3
    payout_days: int = 5
    kid_check: KidCheck = "mod10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a run of matching came to."""

    matched: int = 0
    linked: int = 0
    arrived: int = 0
    exceptions: int = 0
    suggested: int = 0


class Work(Protocol):
    async def __call__(self, job: Callable[[], T]) -> T: ...


async def in_thread(job: Callable[[], T]) -> T:
    return await trio.to_thread.run_sync(job)


async def inline(job: Callable[[], T]) -> T:
    await trio.lowlevel.checkpoint()
    return job()


class Clearing:
    """Everything between a settlement file and the ledger."""

    def __init__(self, store: ClearingStore, clock: Clock, window: Window, work: Work = in_thread) -> None:
        """`work` runs what takes seconds of CPU: in a thread, or inline under a mock clock, which waits for none."""
        self._store = store
        self._clock = clock
        self._window = window
        self._work = work

    # --- files -------------------------------------------------------------------------------------------

    async def import_file(self, content: bytes, *, name: str, who: str) -> Importing | FileRefused:
        """Take the file whole, once; its movements wait to be matched."""
        file = await self._work(lambda: read_settlement_file(content))
        if isinstance(file, FileRefused):
            log.warning("settlement_file_refused", line=file.line)
            return file
        new = new_file(content, file, name=name, who=who, at=self._clock.now())
        (done,) = await self._store.import_files([new])
        log.info("settlement_file", provider=file.provider, format=file.format, result=type(done).__name__)
        return done

    # --- matching ----------------------------------------------------------------------------------------

    async def match(self) -> Account:
        """Place everything that can be placed for sure; what cannot is in the queue of exceptions afterwards."""
        arrived, maybe_payouts = await self._match_payouts()
        matched = await self._match_payments(maybe_payouts)
        linked = await self._link()
        strange = await self._set_aside()
        parts = (arrived, matched, linked, strange)
        total = Account(
            matched=sum(part.matched for part in parts),
            linked=sum(part.linked for part in parts),
            arrived=sum(part.arrived for part in parts),
            exceptions=sum(part.exceptions for part in parts),
            suggested=sum(part.suggested for part in parts),
        )
        log.info("matched", matched=total.matched, linked=total.linked, exceptions=total.exceptions)
        return total

    async def _match_payouts(self) -> tuple[Account, dict[int, Arrived]]:
        """Lines at the bank that are a payout for sure, and by line those that may be one."""
        lines = await self._store.unplaced([EntryKind.BANK])
        payouts = {payout.batch_id: payout for payout in await self._store.payouts()}
        found = match_payouts(lines, list(payouts.values()), days=self._window.payout_days)
        by_id = {line.id: line for line in lines}
        sure = [each for each in found if each.rule in CONFIRMED]
        arrived = await self._take(
            [
                Place(
                    movement_id=each.movement_id,
                    order_number=None,
                    rule=each.rule,
                    at=self._clock.now(),
                    journal=placed_with_payout(by_id[each.movement_id], payouts[each.batch_id]),
                    batch_id=each.batch_id,
                )
                for each in sure
            ]
        )
        unsure = {each.movement_id: each for each in found if each.rule not in CONFIRMED}
        placed = {each.movement_id for each in sure}
        debits = [line for line in lines if line.id not in placed and line.gross_minor < 0]
        await self._take([self._open(Unmatched(each.id, Reason.NO_PAYOUT), unsure.get(each.id)) for each in debits])
        return Account(arrived=arrived, exceptions=len(debits), suggested=len(unsure)), unsure

    async def _match_payments(self, maybe_payouts: Mapping[int, Arrived]) -> Account:
        """Sales at providers, and what customers paid straight to the bank."""
        unplaced = await self._store.unplaced([EntryKind.SALE, EntryKind.BANK])
        movements = {each.id: each for each in unplaced if each.gross_minor > 0}
        if not movements:
            return Account()
        dues = await self._store.unpaid()
        payments = [_payment(each) for each in movements.values()]
        named = {name for payment in payments for name in names_paid(payment.reference, self._window.kid_check)}
        paid = await self._store.paid_named(sorted(named))
        found = await self._work(
            lambda: match_payments(
                payments,
                [_expected(due) for due in dues],
                [_expected(due) for due in paid],
                days=self._window.payment_days,
                kid_check=self._window.kid_check,
                assign=assign,
            )
        )
        matched = await self._take(self._places(movements, found.matches))
        suggestions: dict[int, Match | Arrived] = {
            match.payment_id: match for match in found.matches if match.rule not in CONFIRMED
        }
        suggestions |= maybe_payouts
        await self._take([self._open(each, suggestions.get(each.payment_id)) for each in found.unmatched])
        return Account(matched=matched, exceptions=len(found.unmatched), suggested=len(suggestions))

    async def _link(self) -> Account:
        movements = {each.id: each for each in await self._store.unplaced(sorted(LINKED))}
        payments = sorted({(each.provider, each.payment_id) for each in movements.values() if each.payment_id})
        known: dict[tuple[str, str], list[Movement]] = {}
        for each in await self._store.of_payments(payments):
            known.setdefault((each.provider, each.payment_id), []).append(each)
        answers = link_to_sales(list(movements.values()), known)
        links = [each for each in answers if isinstance(each, Link)]
        unmatched = [each for each in answers if isinstance(each, Unmatched)]
        linked = await self._take([self._place(movements[each.movement_id], each.number, Rule.EXACT) for each in links])
        await self._take([self._open(each, None) for each in unmatched])
        return Account(linked=linked, exceptions=len(unmatched))

    async def _set_aside(self) -> Account:
        """What no order explains, and a sale that takes money away."""
        movements = await self._store.unplaced([*UNKNOWN, EntryKind.SALE])
        strange = [each for each in movements if each.kind != EntryKind.SALE or each.gross_minor < 0]
        await self._take([self._open(Unmatched(each.id, Reason.UNKNOWN_KIND), None) for each in strange])
        return Account(exceptions=len(strange))

    def _places(self, movements: Mapping[int, Movement], matches: Sequence[Match]) -> list[Step]:
        """What is sure of the matches; parts of one order are placed together or not at all."""
        singles, parts = list[Step](), dict[str, list[Place]]()
        for match in matches:
            if match.rule in CONFIRMED:
                place = self._place(movements[match.payment_id], match.number, match.rule)
                if match.rule is Rule.PARTS:
                    parts.setdefault(match.number, []).append(place)
                else:
                    singles.append(place)
        return [*singles, *(Together(tuple(places)) for places in parts.values())]

    def _place(self, movement: Movement, number: str, rule: Rule) -> Place:
        return Place(
            movement_id=movement.id,
            order_number=number,
            rule=rule,
            at=self._clock.now(),
            journal=placed_with_order(movement, number),
        )

    def _open(self, unmatched: Unmatched, suggestion: Match | Arrived | None) -> Open:
        return Open(
            movement_id=unmatched.payment_id,
            reason=unmatched.reason,
            about=unmatched.number,
            suggested=_name_of(suggestion),
            suggested_by=suggestion.rule if suggestion else "",
            at=self._clock.now(),
        )

    async def _take(self, steps: Sequence[Step]) -> int:
        """How many movements were placed, or opened; what somebody else was quicker with is not counted."""
        count = 0
        for start in range(0, len(steps), STEPS_AT_ONCE):
            some = steps[start : start + STEPS_AT_ONCE]
            for step, taken in zip(some, await self._store.take(some), strict=True):
                if taken is Taken.DONE:
                    count += len(step.places) if isinstance(step, Together) else 1
        return count

    # --- exceptions ----------------------------------------------------------------------------------------

    async def exceptions(self, *, all_of_them: bool = False) -> list[Exceptional]:
        return await self._store.exceptions(all_of_them=all_of_them)

    async def own(self, movement_id: int, who: str) -> Taken:
        (taken,) = await self._store.take([Own(movement_id=movement_id, owner=who)])
        return taken

    async def decide(
        self,
        movement_id: int,
        decision: Decision,
        *,
        who: str,
        why: str,
        number: str = "",
        together_with: Sequence[int] = (),
    ) -> Taken | DecisionRefused:
        """Carry out what a person made of an exception; `together_with` are others that are for the order with it."""
        if not why.strip() or not who.strip():
            return DecisionRefused("a decision needs who and why")
        movements: list[Movement] = []
        for each in dict.fromkeys((movement_id, *together_with)):
            exceptional = await self._store.exception(each)
            if exceptional is None:
                return DecisionRefused(f"{each} is not in the queue of exceptions")
            movements.append(exceptional.movement)
        word = Word(decision=decision, who=who, why=why, at=self._clock.now())
        step = await self._decision(movements, word, number)
        if isinstance(step, DecisionRefused):
            return step
        (taken,) = await self._store.take([step])
        return taken

    async def _decision(self, movements: Sequence[Movement], word: Word, number: str) -> Step | DecisionRefused:
        if word.decision in FOR_AN_ORDER and not number.startswith(BATCH):
            due, paid_minor = await self._store.due(number), await self._store.paid_minor(number)
            return take_for_order(movements, word, number, due, paid_minor)
        if len(movements) > 1:
            return DecisionRefused("several are decided together only as the payment of one order")
        (movement,) = movements
        match word.decision:
            case Decision.MATCHED_BY_HAND | Decision.DIFFERENCE_ACCEPTED:
                payouts = {f"{BATCH}{payout.batch_id}": payout for payout in await self._store.payouts()}
                return take_for_payout(movement, word, number, payouts.get(number))
            case Decision.FEE:
                return take_as_fee(movement, word)
            case Decision.UNALLOCATED:
                return leave(movement, word)
            case Decision.RULED:
                return DecisionRefused("ruled is what matching itself decides; say what you decided")
            case never:
                assert_never(never)


def _name_of(suggestion: Match | Arrived | None) -> str:
    """As a person names it in a decision."""
    match suggestion:
        case None:
            return ""
        case Match():
            return suggestion.number
        case Arrived():
            return f"{BATCH}{suggestion.batch_id}"
        case _:
            assert_never(suggestion)


def _payment(movement: Movement) -> Payment:
    return Payment(
        id=movement.id,
        reference=movement.merchant_ref,
        amount_minor=movement.gross_minor,
        currency=movement.currency,
        day=movement.day,
    )


def _expected(due: Due) -> Expected:
    return Expected(
        number=due.number,
        references=(due.reference,) if due.reference else (),
        amount_minor=due.amount_minor,
        currency=due.currency,
        day=due.day,
    )
