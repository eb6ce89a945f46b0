"""A day as data: how many orders come when, for whom, with what promise, and the same again from the same seed."""

import functools
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from faxgw.errors import OperatorError
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order, Priority, read_order
from faxgw.render.orderform import lay_out
from faxgw.render.sheet import Sheet
from faxgw_loadtest.arrivals import Arrival, arrivals_of, between, thinned
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.orders import Writer
from faxgw_loadtest.profile import HOUR_SECONDS, load_profile, profile_names
from tests.test_examples import NOW

SATURDAY = "mothers-day-saturday"
TEN = 10 * HOUR_SECONDS


@functools.cache
def saturday() -> list[Arrival]:
    return arrivals_of(load_profile(SATURDAY), seed=1)


def test_every_profile_that_comes_along_gives_its_orders_in_order_of_time() -> None:
    """As many as it says, and none before the day."""
    for name in profile_names():
        profile = load_profile(name)
        arrivals = arrivals_of(profile, seed=1)
        times = [each.at_seconds for each in arrivals]
        assert len(arrivals) == profile.time.faxes
        assert times == sorted(times)
        assert times[0] >= 0
        assert max(each.florist for each in arrivals) < profile.florists.count


def test_the_same_seed_gives_the_same_day_and_another_another() -> None:
    profile = load_profile("plain-day")
    assert arrivals_of(profile, 3) == arrivals_of(profile, 3)
    assert arrivals_of(profile, 3) != arrivals_of(profile, 4)


def test_customers_order_until_the_last_minute_before_the_cut_off() -> None:
    """The quarter before ten brings more than twice the quarter after it, and each promise is later than its order."""
    arrivals = saturday()
    before, after = (len(between(arrivals, *hours)) for hours in ((9.75, 10), (10.1, 10.35)))
    assert before > 2 * after
    promised = [each for each in arrivals if each.deadline_seconds is not None]
    assert all(each.deadline_seconds > each.at_seconds for each in promised if each.deadline_seconds is not None)
    early = [each for each in promised if each.at_seconds < TEN]
    assert {each.priority for each in early} == {Priority.EXPRESS}


def test_florists_are_as_unlike_as_in_life() -> None:
    """A tenth of them gets more than a third of the orders; without skew hardly more than a tenth."""
    shares = {}
    for name in (SATURDAY, "flat"):
        profile = load_profile(name)
        counts = Counter(each.florist for each in arrivals_of(profile, 1)).most_common(profile.florists.count // 10)
        shares[name] = sum(count for _, count in counts) / profile.time.faxes
    assert shares[SATURDAY] > 0.33
    assert shares["flat"] < 0.2


def test_files_hold_their_share_of_the_orders_and_come_when_the_last_is_there() -> None:
    profile, arrivals = load_profile(SATURDAY), saturday()
    uploads = Counter(each.upload for each in arrivals if each.upload is not None)
    assert abs(uploads.total() / len(arrivals) - profile.orders.ndjson) < 0.05
    assert max(uploads.values()) == profile.orders.ndjson_lines
    assert len({(each.upload, each.at_seconds) for each in arrivals if each.upload is not None}) == len(uploads)


def test_a_thinned_day_keeps_its_course() -> None:
    arrivals = saturday()
    some = thinned(arrivals, 4_000, seed=1)
    assert len(some) == 4_000
    morning = len(between(arrivals, 8, 10)) / len(arrivals)
    assert abs(len(between(some, 8, 10)) / len(some) - morning) < 0.03
    assert thinned(some, 5_000, seed=1) == some


def test_orders_are_good_ones_and_have_the_pages_they_should_have() -> None:
    """One, two and three pages; between members of the register, however small it is."""
    florists = list(members(50))
    writer = Writer("t", florists, NOW.date())
    register = Register(florists)
    for index in range(30):
        arrival = Arrival(0.0, index % 50, Priority.BULK, 1 + index % 3)
        order = read_order(msgspec.json.decode(writer.write(index, arrival, NOW.timestamp() + 60)), NOW)
        assert isinstance(order, Order), order
        sheet = compose_sheet(order, register, NOW.timestamp(), "Load test")
        assert isinstance(sheet, Sheet)
        pages = lay_out(sheet)
        assert isinstance(pages, list)
        assert len(pages) == arrival.pages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('summary = "x"', "time"),
        ('summary = "x"\n[time]\nfaxes = 0\nrate = [[0, 1], [1, 1]]\n[florists]\ncount = 2', "faxes"),
        ('summary = "x"\n[time]\nfaxes = 5\nrate = [[1, 1], [0, 1]]\n[florists]\ncount = 2', "in their order"),
        ('summary = "x"\n[time]\nfaxs = 5\nrate = [[0, 1], [1, 1]]\n[florists]\ncount = 2', "faxs"),
        ("summary =", "profile"),
    ],
)
def test_a_profile_that_cannot_be_played_is_refused_with_its_fault(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(OperatorError, match=told):
        load_profile(str(file))


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(OperatorError, match=SATURDAY):
        load_profile("mothers-day")
