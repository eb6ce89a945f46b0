"""Tells the order system of the faxes that a line taken for dead keeps from going, so that it can act in time."""

from faxgw.dispatch.outcome import Outcomes
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.lines import SUSPICIOUS
from faxgw.store.unfinished import Queued

TOLD_AT_ONCE_MAX = 500


async def tell_of_dead_lines(waiting: WaitingRoom, outcomes: Outcomes) -> None:
    """Write an event `line_dead` for each fax that is found behind such a line, for ever."""
    while True:
        kept = await waiting.wait_behind_dead()
        for start in range(0, len(kept), TOLD_AT_ONCE_MAX):
            await outcomes.kept_back(
                [(fax, _what_failed(waiting, fax)) for fax in kept[start : start + TOLD_AT_ONCE_MAX]]
            )


def _what_failed(waiting: WaitingRoom, fax: Queued) -> dict[str, object]:
    memory = waiting.memory_of(fax.line)
    in_a_row = {failure.value: memory.in_a_row(failure) for failure in SUSPICIOUS if memory.in_a_row(failure)}
    return {"line": fax.line, "in_a_row": in_a_row}
