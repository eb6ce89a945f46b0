"""From an order's life to the ledger: what should stand there for an order, and the journals that make it so.

Not each event is booked but the difference between what the order's state is worth and what the ledger has. So an
event that comes twice books nothing, one that was missed is made up for by the next, and it does not matter in which
order they were heard: a delivered order is settled exactly once, and one that nobody delivers is worth nothing.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from faxgw.store.ledger.journal import Account, Journal, Phase, Posting
from faxgw.store.ledger.port import Kept
from faxgw.store.relay.port import RelayOrder, Stage

KEY = "{stem}/{count}"
"""The journals of one claim are counted, so that the same step has the same key wherever it is taken."""


def stem_of(number: str) -> str:
    """How the keys of an order's own claim begin; a complaint about it has another."""
    return f"order/{number}"


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody earns by the order, as far as can be said today."""


@dataclass(frozen=True, slots=True)
class Promised:
    """It will be earned unless it falls away."""

    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Earned:
    postings: tuple[Posting, ...]


Worth = Nothing | Promised | Earned


@dataclass(frozen=True, slots=True)
class Grace:
    """When silence counts as delivery."""

    days: int
    """After the day of delivery; the recipient may complain as long."""
    silence_accepts: bool = False
    """Whether a store that has the page and never said a word is held to have accepted the order."""


class Outlook(enum.Enum):
    """What becomes of an order's shares, as far as can be said on a day."""

    NOTHING = enum.auto()
    PROMISED = enum.auto()
    EARNED = enum.auto()


def outlook_of(order: RelayOrder, today: dt.date, grace: Grace) -> Outlook:
    is_past_grace = today > order.delivery_date + dt.timedelta(days=grace.days)
    match order.stage:
        case Stage.DELIVERED:
            return Outlook.EARNED
        case Stage.ACCEPTED:
            return Outlook.EARNED if is_past_grace else Outlook.PROMISED
        case Stage.OFFERED if grace.silence_accepts and order.waiting_since is not None:
            return Outlook.EARNED if is_past_grace else Outlook.PROMISED
        case Stage.OFFERED | Stage.UNPLACED | Stage.CANCELLED:
            return Outlook.NOTHING
        case _:
            assert_never(order.stage)


def worth_of(order: RelayOrder, postings: Sequence[Posting], today: dt.date, grace: Grace) -> Worth:
    """What the order is worth on a day; `postings` are those of its sale at the price agreed."""
    sale = tuple(postings)
    if not sale:
        return Nothing()  # An order that costs nothing has no journal: the ledger takes none without postings.
    match outlook_of(order, today, grace):
        case Outlook.NOTHING:
            return Nothing()
        case Outlook.PROMISED:
            return Promised(sale)
        case Outlook.EARNED:
            return Earned(sale)
        case never:
            assert_never(never)


Taxed = tuple[Account, str]
"""An account, and the rate of tax that is within what stands there."""


def taxed_sums(postings: Iterable[Posting]) -> dict[Taxed, int]:
    sums: dict[Taxed, int] = {}
    for posting in postings:
        place = (posting.account, posting.tax)
        sums[place] = sums.get(place, 0) + posting.amount_minor
    return sums


@dataclass(frozen=True, slots=True)
class Claim:
    """What the ledger has of an order."""

    count: int
    """Journals so far."""
    pending: Journal | None
    posted: Mapping[Taxed, int]
    last_posted_key: str
    """What a correction corrects; empty where nothing was posted."""

    @property
    def is_posted(self) -> bool:
        return any(self.posted.values())


def claim_in(kept: Sequence[Kept], number: str, stem: str = "") -> Claim:
    """The claim in the order's journals: of its sale, or of what else begins with `stem`; others are left out."""
    begin = KEY.format(stem=stem or stem_of(number), count="")
    own = [each.journal for each in kept if each.journal.key.startswith(begin)]
    resolved = {journal.resolves for journal in own}
    pending = [journal for journal in own if journal.phase is Phase.PENDING and journal.key not in resolved]
    posted = [journal for journal in own if journal.phase in {Phase.PLAIN, Phase.POST}]
    return Claim(
        count=len(own),
        pending=pending[0] if pending else None,
        posted=taxed_sums(posting for journal in posted for posting in journal.postings),
        last_posted_key=posted[-1].key if posted else "",
    )


def journals_to(
    worth: Worth, claim: Claim, number: str, memo: str, effective_on: dt.date, stem: str = ""
) -> tuple[Journal, ...]:
    """What is to be booked, together, so that the ledger shows `worth`; empty where it does."""
    step = _Step(claim, number, memo, effective_on, stem or stem_of(number))
    match worth:
        case Nothing():
            return (*step.void(), *step.post_difference(()))
        case Promised(postings):
            reversal = step.post_difference(())
            if claim.pending is not None and claim.pending.postings == postings:
                return reversal
            return (*reversal, *step.void(), step.journal(Phase.PENDING, postings))
        case Earned(postings):
            if claim.pending is not None and claim.pending.postings == postings and not claim.is_posted:
                return (step.journal(Phase.POST, postings, resolves=claim.pending.key),)
            return (*step.void(), *step.post_difference(postings))
        case _:
            assert_never(worth)


class _Step:
    """Numbers the journals of one step."""

    def __init__(self, claim: Claim, number: str, memo: str, effective_on: dt.date, stem: str) -> None:
        self._claim = claim
        self._number = number
        self._stem = stem
        self._memo = memo
        self._effective_on = effective_on
        self._count = claim.count

    def journal(
        self, phase: Phase, postings: tuple[Posting, ...] = (), *, resolves: str = "", corrects: str = ""
    ) -> Journal:
        self._count += 1
        return Journal(
            key=KEY.format(stem=self._stem, count=self._count),
            phase=phase,
            effective_on=self._effective_on,
            postings=postings,
            memo=self._memo,
            order_number=self._number,
            resolves=resolves,
            corrects=corrects,
        )

    def void(self) -> tuple[Journal, ...]:
        if self._claim.pending is None:
            return ()
        return (self.journal(Phase.VOID, resolves=self._claim.pending.key),)

    def post_difference(self, postings: Sequence[Posting]) -> tuple[Journal, ...]:
        """From what was posted to `postings`: the sale itself where nothing was, else a correction of it."""
        if postings and not self._claim.is_posted:
            return (self.journal(Phase.PLAIN, tuple(postings), corrects=self._claim.last_posted_key),)
        wanted = taxed_sums(postings)
        places = sorted({*wanted, *self._claim.posted})
        moves = [(place, wanted.get(place, 0) - self._claim.posted.get(place, 0)) for place in places]
        difference = tuple(
            Posting(account, amount_minor, tax) for (account, tax), amount_minor in moves if amount_minor
        )
        if not difference:
            return ()
        return (self.journal(Phase.PLAIN, difference, corrects=self._claim.last_posted_key),)
