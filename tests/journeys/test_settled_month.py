"""An order is faxed, accepted and delivered, and the month's end pays for it once, also over a restart."""

from pathlib import Path

import trio
from trio.testing import MockClock

from faxgw.config.settlement import SettlementConfig
from faxgw.gateway import Gateway
from faxgw.message import Kind
from faxgw.settlement.month.desk import Closed, MonthDesk
from faxgw.settlement.month.ready import Matter
from faxgw.settlement.tariff import load_tariffs
from faxgw.store.relay.port import RelayTaken
from tests.journeys.account import settle_account
from tests.journeys.test_register_changes import kept_town
from tests.journeys.town import order_for
from tests.relay.town import said

CONFIG = Path(__file__).resolve().parents[2] / "config"
A_DAY = 86_400.0
SETTLEMENT = SettlementConfig(tariffs=(str(CONFIG / "settlement" / "france.toml"),), grace_days=1, follow_seconds=3_600)


def months_of(gateway: Gateway) -> MonthDesk:
    assert gateway.settlement is not None
    return gateway.settlement.months


async def acknowledge(gateway: Gateway, number: str, store: str, at: float) -> None:
    [answer] = await gateway.relay.take([said(Kind.ACK, store, number, at=at)])
    assert isinstance(answer, RelayTaken), answer


async def test_an_accepted_order_is_paid_for_once_its_grace_is_over(autojump_clock: MockClock) -> None:
    """Two stores accept, one says nothing and blocks the month; once it has answered, each has its share, once."""
    async with kept_town() as town:
        town.settings["settlement"] = SETTLEMENT
        town.tariff = load_tariffs(SETTLEMENT.tariffs)
        async with town.running() as gateway:
            await town.submit(order_for(1, "1001"), order_for(2, "1002"), order_for(3, "1003"))
            await town.wait()
            await trio.sleep(10)
            await acknowledge(gateway, "1001", "FR-1", town.clock.now())
            await acknowledge(gateway, "1002", "FR-2", town.clock.now())
            await trio.sleep(4_000)
            assert {kept.journal.phase for kept in await town.store.ledger.journals("2027-05", 0, 10)} == {"pending"}
        async with town.running() as gateway:
            # From the 29th of May over the day of grace into the next month.
            await trio.sleep(3 * A_DAY)
            [blocks] = [each for each in await months_of(gateway).ready("2027-05") if each.blocks]
            assert (blocks.matter, blocks.names) == (Matter.UNANSWERED, ("1003",))
            [answer] = await gateway.relay.take([said(Kind.DCON, "FR-3", "1003", at=town.clock.now())])
            assert isinstance(answer, RelayTaken)
            closed = await months_of(gateway).close("2027-05", "Inès")
            assert isinstance(closed, Closed)
            statements = {each.whom.id: each.closing_minor for each in await months_of(gateway).statements("2027-05")}
        assert statements == {"FR-1": 3_600, "FR-2": 3_600, "FR-3": 3_600, "FR-0": -3 * (4_500 - 630 + 300)}
        async with town.running() as gateway:
            await trio.sleep(4_000)
            assert await months_of(gateway).close("2027-05", "somebody else") == closed
            assert (await months_of(gateway).verify()).faults == []
            assert await town.store.ledger.periods() == ["2027-05"]
        await settle_account(town, delivered=3)
