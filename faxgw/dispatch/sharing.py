"""What the faxes of one call have to do with each other: who may go in it, and what its end means for each; pure."""

from collections.abc import Callable

import msgspec

from faxgw.config.calls import CallConfig
from faxgw.dispatch.prepared import Prepared
from faxgw.fax import Failure
from faxgw.provider.port import Capabilities, Delivered, NotDelivered
from faxgw.store.attempts import Attempt
from faxgw.store.unfinished import Queued

Final = Delivered | NotDelivered


def fit_into_call(
    ready: Prepared, capabilities: Capabilities, sharing: CallConfig, now: float, may_go: Callable[[Queued], bool]
) -> tuple[Prepared, list[Queued]]:
    """The call as this carrier takes it, its pages known: what goes, and which faxes stay behind.

    A carrier that does not tell how many pages were confirmed gets one fax a call: after one that broke off, nobody
    could say which of several arrived.
    """
    pages, size_bytes = ready.document.pages, len(ready.document.tiff)
    pages_max = min(sharing.pages_max, capabilities.pages_max or sharing.pages_max)
    along: list[Prepared] = []
    behind: list[Queued] = []
    for each in ready.company:
        then, bytes_then = pages + each.document.pages, size_bytes + len(each.document.tiff)
        fits = (
            capabilities.tells_pages
            and then <= pages_max
            and (capabilities.bytes_max is None or bytes_then <= capabilities.bytes_max)
            and (each.fax.deadline_at is None or now + sharing.seconds_of(then) <= each.fax.deadline_at)
            and may_go(each.fax)
        )
        if fits:
            pages, size_bytes = then, bytes_then
            along.append(each)
        else:
            behind.append(each.fax)
    return ready.with_company(along), behind


def divide(attempt: Attempt, fate: Final) -> list[tuple[Attempt, Final]]:
    """What the end of a call means for each of its faxes, the confirmed pages held against those of each."""
    if not attempt.shares_call:
        return [(attempt, fate)]
    return [(each, _own_fate(each, fate)) for each in attempt.call]


def _own_fate(attempt: Attempt, fate: Final) -> Final:
    match fate:
        case Delivered(pages=pages) if 0 < pages < attempt.last_page:
            # It says that all arrived, and counts fewer pages than that.
            return NotDelivered(Failure.IN_DOUBT, f"delivered, but {pages} pages are told", pages)
        case Delivered(call_seconds=call_seconds):
            return Delivered(attempt.pages, call_seconds)
        case NotDelivered(pages=pages, call_seconds=call_seconds) if pages >= attempt.last_page:
            return Delivered(attempt.pages, call_seconds)
        case NotDelivered(failure=failure, code=code, pages=pages):
            if _says_nothing_of(attempt, failure, pages):
                return NotDelivered(Failure.NOT_REACHED, code, 0, 0)
            return msgspec.structs.replace(fate, pages=max(pages - attempt.first_page + 1, 0))


def _says_nothing_of(attempt: Attempt, failure: Failure, pages: int) -> bool:
    """Whether the call ended before the fax's pages began, so that nothing was learnt of it.

    A call that confirmed no page failed for all alike, but for one that broke at its first page. What is in doubt
    is in doubt from the first page on that was not confirmed.
    """
    if failure is Failure.IN_DOUBT or (pages == 0 and failure is not Failure.PAGE):
        return False
    return attempt.first_page > pages + 1


def line_teller(parts: list[tuple[Attempt, Final]]) -> Attempt:
    """The attempt by which the line learns of the call: the one at which it broke off, else the first."""
    failed = (
        part for part, fate in parts if isinstance(fate, NotDelivered) and fate.failure is not Failure.NOT_REACHED
    )
    return next(failed, parts[0][0])
