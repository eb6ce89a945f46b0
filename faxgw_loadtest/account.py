"""The account at the end: what was lost, and what went twice.

What was delivered is the carrier's word, never the gateway's.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from faxgw.cli.screen import counted
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.calls import Call
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing

_OPENLY_OVER = frozenset({"failed", "expired", "cancelled"})
_FOREVER = float("inf")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Every order stands in exactly one of: refused, delivered, openly_over, unfinished, lost."""

    orders: int
    refused: int
    """Never taken in: answered so, or given up after having been turned away."""
    accepted: int
    delivered: int
    openly_over: dict[str, int]
    """The gateway says that it did not deliver them: failed, expired, cancelled."""
    unfinished: int
    """Still on its way when the time of the run was over."""
    lost: int
    """The gateway says delivered, or nothing at all; the carrier knows of no delivery."""
    twice: int
    """On a florist's machine twice, confirmed or not."""
    overlap: int
    """Faxes that were dialled twice at once."""
    misprinted: int
    """Calls of several pages of which nobody can say what they carried."""
    line_overlap_max: int
    calls: dict[str, int]
    """By how they ended."""
    calls_shared: int
    """Calls that carried several faxes."""
    channels_used_max: int


@dataclass(frozen=True, slots=True)
class Books:
    """What there is to count from."""

    arrivals: Sequence[Arrival]
    handing: Handing
    stories: Mapping[int, Story]
    calls: Sequence[Call]
    carrier: Mapping[str, object]
    """The carrier's account."""

    @property
    def ours(self) -> set[int]:
        """The carrier may have others' faxes, too."""
        return {fax_id for fax_id in self.handing.fax_ids if fax_id is not None}


def take_account(books: Books) -> Account:
    ours = books.ours
    delivered = {fax_id for call in books.calls for fax_id in call.delivered} & ours
    arrived = Counter(fax_id for call in books.calls for fax_id in call.arrived)
    over: Counter[str] = Counter()
    unfinished = lost = 0
    for fax_id in ours - delivered:
        outcome = books.stories[fax_id].outcome if fax_id in books.stories else None
        if outcome in _OPENLY_OVER:
            over[outcome] += 1
        elif outcome == "":
            unfinished += 1
        else:
            lost += 1
    return Account(
        orders=len(books.arrivals),
        refused=len(books.arrivals) - len(ours),
        accepted=len(ours),
        delivered=len(delivered),
        openly_over=dict(over),
        unfinished=unfinished,
        lost=lost,
        twice=sum(arrived[fax_id] > 1 for fax_id in ours),
        overlap=len(_dialled_at_once(books.calls) & ours),
        misprinted=sum(bool(call.misprinted) for call in books.calls),
        line_overlap_max=_number(books.carrier["line_overlap_max"]),
        calls=msgspec.convert(books.carrier["calls_by_outcome"], dict[str, int]),
        calls_shared=sum(len(call.carried) > 1 for call in books.calls),
        channels_used_max=_number(books.carrier["channels_used_max"]),
    )


def _dialled_at_once(calls: Iterable[Call]) -> set[int]:
    """Faxes that the carrier had twice at the same time."""
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for call in calls:
        for fax_id in call.carried:
            ended_at = call.record.ended_at
            spans[fax_id].append((call.record.taken_at, _FOREVER if ended_at is None else ended_at))
    return {
        fax_id
        for fax_id, known in spans.items()
        if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(sorted(known)))
    }


def _number(told: object) -> int:
    return msgspec.convert(told, int)


def complaints(account: Account) -> list[str]:
    """What must not happen and did; nothing for a good run."""
    found = {
        "lost": account.lost,
        "twice": account.twice,
        "dialled twice at once": account.overlap,
        "unfinished when the time was over": account.unfinished,
        "refused": account.refused,
    }
    told = [f"{count:,} {what}" for what, count in found.items() if count]
    if account.misprinted:
        told.append(f"{counted(account.misprinted, 'call')} whose pages bear no orders that can be told")
    return told
