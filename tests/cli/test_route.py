"""`faxgw route` and `faxgw routing` against the faces over a real router, a store in memory and a planning process."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
import structlog

from faxgw.api.admission import new_order_fax
from faxgw.api.placing import Batch, Placed, Placing
from faxgw.config.routing import RoutingConfig
from faxgw.dispatch.service import Service
from faxgw.members.member import Area, Role
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.order import Order
from faxgw.routing.desk import RoutingDesk
from faxgw.routing.places import Place, Places
from faxgw.routing.planner import plan_apart
from faxgw.routing.rerouting import Move
from faxgw.routing.router import Router
from faxgw.routing.wiring import RoutingParts
from faxgw.store.changes import Recorded
from faxgw.store.sql import SqlStore, open_memory_store
from tests.api.fakes import Fakes, FixedClock, make_fakes
from tests.cli.terminal import terminal_at
from tests.journeys.town import florist, order_for

DAY = "2027-05-29"
SHOPS = (
    msgspec.structs.replace(florist(0), role=Role.SENDING),
    msgspec.structs.replace(florist(1), opening_hours="Mo-Fr 09:00-18:00"),
    msgspec.structs.replace(florist(2), capacity_per_day=2),
    msgspec.structs.replace(florist(3), postcode="93100", areas=(Area("93", "93"),)),
    msgspec.structs.replace(florist(4), postcode="93100"),
)
PLACES = Places({("FR", "75011"): Place(48.86, 2.35), ("FR", "93100"): Place(48.90, 2.35)})


class StoreMover:
    """Changes the store, and has no queue that would have to follow."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def move(self, changes: Sequence[Move]) -> list[Recorded]:
        return await self._store.record(changes)


@dataclasses.dataclass
class Office:
    fakes: Fakes
    store: SqlStore
    router: Router

    async def take_in(self, *orders: Order) -> None:
        """As the desk does, one after the other."""
        placing = Placing(Register(SHOPS), self.router)
        for order in orders:
            batch = Batch(placing)
            placed = batch.place(order)
            assert isinstance(placed, Placed)
            faxes = [new_order_fax("shop", order, placed, FixedClock().now(), Service(1, None, ""))]
            batch.note(faxes, await self.store.admit(faxes))
            batch.let_go()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The daemon's log is not the command's output."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def office(tmp_path: Path) -> Office:
    fakes, store, clock, metrics = make_fakes(), open_memory_store(), FixedClock(), Metrics()
    router = Router(Register(SHOPS), RoutingConfig(), PLACES, clock, metrics)
    parts = RoutingParts(router, store, StoreMover(store), clock, metrics, plan_apart)
    desk = RoutingDesk(parts, store, tmp_path)
    return Office(dataclasses.replace(fakes, behind=dataclasses.replace(fakes.behind, routing=desk)), store, router)


def unplaced(key: str) -> Order:
    order = msgspec.structs.replace(order_for(1, key), executing_member=None)
    later = dt.datetime(2027, 5, 29, tzinfo=dt.UTC)
    assert FixedClock().now() < later.timestamp(), "the day of delivery is still to come"
    return order


async def test_an_order_in_a_file_is_explained(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The florist first, then the others with their reasons; nothing is taken in."""
    file = tmp_path / "order.json"
    file.write_bytes(msgspec.json.encode(unplaced("web-1")))
    async with terminal_at(office.fakes, tmp_path, capsys) as terminal:
        told = await terminal.run("route", str(file), "--explain")
        as_json = (await terminal.run("route", str(file), "--json")).json()
        short = await terminal.run("route", str(file))
    assert told.code == 0
    assert "member FR-2 would execute it" in told.out
    assert "is closed on that day" in told.out
    assert "delivers in other areas" in told.out
    assert "FR-1" not in short.out
    assert as_json["chosen"] == "FR-2"
    assert [(each["member"], bool(each["cost"])) for each in as_json["candidates"]] == [
        ("FR-2", True),
        ("FR-4", True),
        ("FR-0", False),
        ("FR-1", False),
        ("FR-3", False),
    ]
    assert await office.store.counts() == {}


async def test_an_order_by_its_number_and_a_day_planned(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three orders: the planning process finds what is best over all, and the same once that is carried out."""
    await office.take_in(*(unplaced(f"web-{number}") for number in (1, 2, 3)))
    assert office.router.loads.on(dt.date(2027, 5, 29)) == {"FR-2": 1, "FR-4": 2}
    async with terminal_at(office.fakes, tmp_path, capsys) as terminal:
        named = (await terminal.run("route", "web-3", "--json")).json()
        nobody = await terminal.run("route", "web-9")
        dry = (await terminal.run("route", "--replan", DAY, "--dry-run", "--json")).json()
        done = await terminal.run("route", "--replan", DAY)
        again = (await terminal.run("route", "--replan", DAY, "--json")).json()
    assert named["current"] == "FR-4"
    assert (nobody.code, "there is no order web-9" in nobody.err) == (1, True)
    assert (dry["orders"], dry["moved"], dry["unserved"]) == (3, 0, [])
    assert dry["points"] <= dry["greedy_points"]
    assert "3 orders planned" in done.out
    assert again["moves"] == []
    assert sum(office.router.loads.on(dt.date(2027, 5, 29)).values()) == 3


async def test_postcodes_are_taken_in(office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Kept in the state directory and routed by at once; bad lines are named, a file of nothing is refused."""
    file = tmp_path / "laposte.csv"
    file.write_text("#Code_commune_INSEE;Code_postal;coordonnees_gps\n1;75011;48.86,2.38\n2;13001;43.3,5.4\n3;69001;\n")
    empty = tmp_path / "empty.csv"
    empty.write_text("a;b\n1;2\n")
    async with terminal_at(office.fakes, tmp_path, capsys) as terminal:
        told = await terminal.run("routing", "import-postcodes", str(file))
        refused = await terminal.run("routing", "import-postcodes", str(empty))
        empty.write_text("\n")
        of_nothing = await terminal.run("routing", "import-postcodes", str(empty))
        known = await terminal.run("routing", "postcodes")
    assert (of_nothing.code, of_nothing.err) == (1, "faxgw: the file is empty\n")
    assert (told.code, told.out) == (0, "FR: 2 postcodes\n")
    assert f"{file}:4: has no coordinates" in told.err
    assert (refused.code, "no column of the file has a postcode" in refused.err) == (1, True)
    assert known.out == "FR: 2 postcodes\n"
    found = office.router.places.find("FR", "13001")
    assert found is not None


async def test_wrong_usage_and_no_routing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said in a sentence; where nothing is routed the daemon says what is missing."""
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        both = await terminal.run("route", "x", "--replan", DAY)
        none = await terminal.run("route", "web-1")
    assert both.code == 2
    assert (none.code, "write a section [routing]" in none.err) == (1, True)


async def test_the_body_is_checked(office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An order with faults is explained by them, as it would be refused."""
    file = tmp_path / "order.json"
    bad = json.loads(msgspec.json.encode(unplaced("web-1")))
    bad["delivery"]["window"] = {"start": "12:00:00", "end": "09:00:00"}
    file.write_text(json.dumps(bad))
    async with terminal_at(office.fakes, tmp_path, capsys) as terminal:
        told = await terminal.run("route", str(file))
    assert told.code == 1
    assert "must start before it ends" in told.err
