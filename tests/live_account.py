"""The account of a whole daemon: what was answered, what its events say and what came out at the florists' agree.

Orders are counted by what is printed on the pages that the florists' machines confirmed, never by our references:
several faxes may share a call.
"""

from collections import Counter
from dataclasses import dataclass

from faxgw.fax import FINAL
from tests.carriers import Carrier
from tests.daemons import Daemon
from tests.order_system import OrderSystem
from tests.printed import read_calls


@dataclass(frozen=True, slots=True)
class LiveAccount:
    accepted: int
    states: dict[str, int]
    lost: int
    """Answered, and neither over nor kept for a person; or called delivered, and no carrier delivered it."""
    twice: int
    """Arrived whole by more than one call."""
    line_overlap_max: int
    after_cancel: int
    """Delivered, though a cancel was confirmed."""
    in_doubt: int
    """Attempts that were in doubt at some time."""
    calls_shared: int
    """Calls of several faxes."""
    calls_broken: int
    """Calls of several faxes of which some arrived and some did not."""

    def __str__(self) -> str:
        states = ", ".join(f"{name} {count}" for name, count in sorted(self.states.items()))
        return (
            f"lost {self.lost} twice {self.twice} line overlap max {self.line_overlap_max} "
            f"(accepted {self.accepted}: {states}; in doubt {self.in_doubt}; sent after cancel {self.after_cancel}; "
            f"calls of several {self.calls_shared}, broken off between them {self.calls_broken})"
        )

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.twice or self.after_cancel) and self.line_overlap_max == 1


async def live_account(daemon: Daemon, carrier: Carrier, orders: OrderSystem) -> LiveAccount:
    books = await carrier.account()
    calls = read_calls(await carrier.faxes(), carrier.pages_dir)
    arrived = Counter(number for call in calls for number in call.arrived)
    delivered = {orders.fax_by_number[number] for call in calls for number in call.delivered}
    events = await _events(daemon)
    told = {fax_id for fax_id, kind in events if kind == "delivered"}
    states: dict[str, int] = (await daemon.get("/v1/queue?lines=0&finished=true"))["states"]
    over = sum(states.get(state, 0) for state in FINAL)
    shared = [call for call in calls if len(set(call.orders)) > 1]
    return LiveAccount(
        accepted=len(orders.fax_ids),
        states={name: count for name, count in states.items() if count},
        lost=len(orders.fax_ids) - over + len(told ^ delivered),
        twice=sum(times > 1 for times in arrived.values()),
        line_overlap_max=books["line_overlap_max"],
        after_cancel=len(orders.cancelled & delivered),
        in_doubt=sum(kind == "in_doubt" for _, kind in events),
        calls_shared=len(shared),
        calls_broken=sum(0 < len(call.delivered) < len(set(call.orders)) for call in shared),
    )


async def _events(daemon: Daemon) -> list[tuple[int, str]]:
    events: list[tuple[int, str]] = []
    cursor = 0
    while (page := await daemon.get(f"/v1/events?after={cursor}&limit=1000"))["events"]:
        events += [(event["fax_id"], event["kind"]) for event in page["events"]]
        cursor = page["next"]
    return events
