"""The settlement's parts put together over what the gateway hands in."""

import functools
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.settlement import SettlementConfig
from faxgw.errors import StoreBusyError
from faxgw.members.keeper import Keeper
from faxgw.ops.metrics import Metrics
from faxgw.ops.settlement_figures import SettlementFigures
from faxgw.settlement.claiming import Calendar
from faxgw.settlement.claims import Grace
from faxgw.settlement.clearing import Clearing, Window, Work, in_thread
from faxgw.settlement.exports.desk import Books, ExportDesk
from faxgw.settlement.facts import MemberFacts, OrderFacts
from faxgw.settlement.figures import figures_of
from faxgw.settlement.follow import Follower
from faxgw.settlement.month.desk import MonthDesk, Rules
from faxgw.settlement.month.run import Thresholds
from faxgw.settlement.sale import Distances, Terms
from faxgw.settlement.statements.printing import OpenPrinter, open_printing_pool
from faxgw.settlement.tariff import Tariff, terms_of
from faxgw.store.port import Store

log = structlog.get_logger(__name__)

LOOK_SECONDS = 300


class SettlementParts:
    """Everything of settlement; `run` books what orders claim until it is cancelled."""

    def __init__(
        self,
        config: SettlementConfig,
        tariff: Tariff,
        store: Store,
        keeper: Keeper,
        clock: Clock,
        metrics: Metrics,
        *,
        network: str,
        books: Books | None = None,
        distances: Distances | None = None,
        work: Work = in_thread,
        open_printer: OpenPrinter | None = None,
    ) -> None:
        """`open_printer` prints a month's statements; without it processes of the config's number do."""
        self.config = config
        self.network = network
        """Who sends the statements."""
        self.zone = ZoneInfo(config.timezone)
        self.store = store
        self.work = work
        self.open_printer = open_printer or functools.partial(open_printing_pool, processes=config.printing_processes)
        self._metrics = metrics
        self._clock = clock
        calendar = Calendar(self.zone, Grace(config.grace_days, config.silence_accepts))
        members = MemberFacts(keeper)
        self.members = members

        def terms() -> Terms:
            return terms_of(config, tariff, members.foreign_units(), distances)

        self.follower = Follower(
            store.claims,
            terms,
            keeper.books.complaints.all,
            calendar,
            clock,
            metrics,
            batch_max=config.batch_max,
            gather_seconds=config.follow_seconds,
        )
        window = Window(payment_days=config.payment_days, payout_days=config.payout_days, kid_check=config.kid_check)
        self.clearing = Clearing(store.clearing, clock, window, work)
        rules = Rules(
            zone=self.zone,
            exceptions_allowed=config.exceptions_allowed,
            thresholds=Thresholds(pay_from_minor=config.pay_from_minor, collect_from_minor=config.collect_from_minor),
            identity=config.identity,
        )
        self.exports = ExportDesk(store.ledger, books, self.zone) if books is not None else None
        orders = OrderFacts(store.claims, self.follower, calendar)
        self.months = MonthDesk(store.ledger, store.months, store.clearing, members, orders, clock, rules)

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.follower.run)
            nursery.start_soon(self._watch)

    async def _watch(self) -> None:
        """Keep the figures at hand, so that a scrape asks no database."""
        figures = SettlementFigures()
        self._metrics.read_settlement_from(lambda: figures, self._clock.now)
        while True:
            try:
                figures = await figures_of(self.store, self.follower.today())
            except StoreBusyError as error:
                log.warning("settlement_figures_later", reason=str(error))
            await trio.sleep(LOOK_SECONDS)

    async def apart(self, job: Callable[[], Any]) -> Any:
        """Do what takes seconds of CPU where it holds nobody up."""
        return await self.work(job)
