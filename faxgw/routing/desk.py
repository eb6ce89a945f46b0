"""What people ask of routing: why this florist, a plan of a day, and where postcodes lie."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from faxgw.order import Order, stored_order
from faxgw.routing.atlas import keep_places, load_places
from faxgw.routing.plan import NoSolver
from faxgw.routing.postcodes import ReadPostcodes, read_postcodes
from faxgw.routing.replanning import Replanned
from faxgw.routing.router import Explanation
from faxgw.routing.wiring import RoutingParts
from faxgw.store.admission import Content
from faxgw.store.port import Store
from faxgw.store.routing.port import NO_PAST
from faxgw.store.views import Sought


@dataclass(frozen=True, slots=True)
class Explained:
    """An order's florists weighed as of now, and who has it."""

    explanation: Explanation
    current: str | None
    had: frozenset[str]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file of postcodes."""

    read: ReadPostcodes
    countries: dict[str, int]
    """Postcodes by country that the file brought."""


class RoutingDesk:
    """Asks and does what the operator's commands ask for."""

    def __init__(self, parts: RoutingParts, store: Store, state_dir: Path) -> None:
        self._parts = parts
        self._store = store
        self._state_dir = state_dir
        self._importing = trio.Lock()

    def explain(self, order: Order) -> Explained:
        """An order that is not taken in; nothing is assigned."""
        return Explained(self._parts.router.explain(order), order.executing_member, frozenset())

    async def explain_number(self, number: str) -> Explained | None:
        """The order of that number, as if it were routed now; None where none is known."""
        found = [fax for fax in await self._store.find(Sought(number=number), 100) if fax.content is Content.ORDER]
        view = await self._store.fax(found[0].fax_id) if found else None
        if view is None:
            return None
        order = stored_order(view.order)
        past = (await self._store.routing.pasts([number])).get(number, NO_PAST)
        return Explained(self._parts.router.explain(order, past.had), view.member or order.executing_member, past.had)

    async def replan(self, day: dt.date, *, dry_run: bool) -> Replanned | NoSolver:
        """See `Replanning.replan`."""
        return await self._parts.replanning.replan(day, dry_run=dry_run)

    async def import_postcodes(self, content: bytes, country: str | None) -> Imported:
        """Keep the places in the file, and route by them from now on.

        Raises:
            PostcodesUnreadableError: nothing in it can be used.
        """
        read = await trio.to_thread.run_sync(partial(read_postcodes, content, country))
        # One at a time: of two at once the first to have read the files back could be the last to be routed by.
        async with self._importing:
            countries = await trio.to_thread.run_sync(partial(keep_places, self._state_dir, read.places))
            self._parts.router.refresh(await trio.to_thread.run_sync(load_places, self._state_dir))
        return Imported(read, countries)

    def known_postcodes(self) -> dict[str, int]:
        """How many postcodes are known of each country."""
        return self._parts.router.places.counts()
