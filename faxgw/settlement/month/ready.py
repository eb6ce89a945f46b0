"""Whether a month can be closed: everything that a person should settle first, with what to do about it."""

import enum
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from faxgw.store.clearing.port import Exceptional
from faxgw.store.ledger.journal import Account, AccountKind, Standing
from faxgw.store.ledger.port import Period, next_period


class Matter(enum.StrEnum):
    """What stands in the way."""

    EXCEPTIONS = "exceptions"
    UNANSWERED = "unanswered"
    PROMISED = "promised"
    REFUSED = "refused"
    """Orders of the month that could not be booked."""
    NO_ACCOUNT = "no_account"
    EARLIER_MONTH = "earlier_month"
    MONTH_NOT_OVER = "month_not_over"


class Obstacle(msgspec.Struct, frozen=True):
    """One thing to be settled."""

    matter: Matter
    sentence: str
    blocks: bool
    """Whether the month cannot be closed before; the others are shown and may wait."""
    names: tuple[str, ...] = ()
    more: int = 0
    """How many names there are besides those."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What readiness rests on."""

    period: Period
    today_period: Period
    sealed: Sequence[Period]
    periods: Sequence[Period]
    """Months that have journals."""
    exceptions: Sequence[Exceptional]
    exceptions_allowed: int
    unanswered: Sequence[str]
    """Orders for delivery in the month whose store never said a word."""
    promised: Sequence[str]
    """Orders of the month that are accepted and still within their grace."""
    refused: Sequence[str] = ()
    """Orders and complaints of the month, or of one before, that could not be booked."""
    standings: Mapping[Account, Standing]
    without_account: Sequence[str]


NAMES_SHOWN_MAX = 20


def obstacles_of(facts: Facts) -> Iterator[Obstacle]:
    """In the order in which they are best settled."""
    if facts.period >= facts.today_period:
        yield Obstacle(Matter.MONTH_NOT_OVER, f"{facts.period} is not over", blocks=True)
    yield from _earlier(facts)
    yield from _exceptions(facts)
    yield from _named(Matter.REFUSED, facts.refused, "claims that could not be booked (faxgw settle refused says why)")
    yield from _named(Matter.UNANSWERED, facts.unanswered, "orders whose store never answered: ask it, or cancel them")
    yield from _named(Matter.PROMISED, facts.promised, "orders within their grace: they count in the next month")
    owed = _owed(facts)
    paid = [name for name in facts.without_account if name in owed]
    yield from _named(Matter.NO_ACCOUNT, paid, "stores that are owed money and have no account two people agreed on")


def _earlier(facts: Facts) -> Iterator[Obstacle]:
    """Months are sealed one after another, those in which nothing happened too."""
    if not facts.sealed:
        earlier = sorted(each for each in facts.periods if each < facts.period)
        if earlier:
            yield Obstacle(Matter.EARLIER_MONTH, f"close {earlier[0]} first", True, tuple(earlier))
        return
    due = next_period(max(facts.sealed))
    if facts.period > due:
        yield Obstacle(Matter.EARLIER_MONTH, f"close {due} first", True, (due,))
    if facts.period < due:
        sentence = f"{due} is the first open month: what belongs to {facts.period} counts there"
        yield Obstacle(Matter.EARLIER_MONTH, sentence, True, (due,))


def _exceptions(facts: Facts) -> Iterator[Obstacle]:
    count = len(facts.exceptions)
    if count:
        total = sum(abs(each.movement.gross_minor) for each in facts.exceptions)
        sentence = f"{count} open exceptions over {total} minor units: decide them (faxgw settle exceptions)"
        names = tuple(str(each.movement.id) for each in facts.exceptions[:NAMES_SHOWN_MAX])
        yield Obstacle(Matter.EXCEPTIONS, sentence, count > facts.exceptions_allowed, names, count - len(names))


def _named(matter: Matter, names: Sequence[str], sentence: str) -> Iterator[Obstacle]:
    if names:
        blocks = matter in {Matter.UNANSWERED, Matter.REFUSED}
        shown = tuple(sorted(names)[:NAMES_SHOWN_MAX])
        yield Obstacle(matter, f"{len(names)} {sentence}", blocks, shown, len(names) - len(shown))


def _owed(facts: Facts) -> set[str]:
    """Stores with a balance in their favour, in whichever currency."""
    return {
        account.name
        for account, standing in facts.standings.items()
        if account.kind is AccountKind.MEMBER and standing.posted_minor < 0
    }
