"""What is promised to which order."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.promises import ServiceRule, ServiceWhen
from faxgw.dispatch.service import NO_RULE, Service, apply_service, moment_of
from faxgw.money import Money
from faxgw.order import Delivery, Order, Priority, ProductLine, Recipient

PARIS, OSLO, LONDON = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Oslo"), ZoneInfo("Europe/London")
SATURDAY = dt.date(2027, 5, 29)

MORNING = ServiceRule(
    name="same-morning",
    when=ServiceWhen(ordered_before=dt.time(10), delivery="same_day"),
    priority=Priority.EXPRESS,
    deadline=dt.time(11),
)
DAY = ServiceRule(name="same-day", when=ServiceWhen(delivery="same_day"), deadline=dt.time(18))
LATER = ServiceRule(name="later", when=ServiceWhen(delivery="later"), priority=Priority.BULK, deadline=dt.time(9))
RULES = (MORNING, DAY, LATER)


def order(
    delivery: dt.date = SATURDAY,
    *,
    deadline: dt.datetime | None = None,
    priority: Priority = Priority.STANDARD,
    country: str = "FR",
) -> Order:
    return Order(
        key="a",
        number="a",
        delivery=Delivery(delivery),
        recipient=Recipient(name="Zoé", street=["2 quai des Iris"], postcode="75011", city="Paris", country=country),
        lines=[ProductLine(description="Bouquet rond", quantity=1, unit_price=Money(4500, "EUR"))],
        customer_price=Money(4500, "EUR"),
        execution_price=Money(3600, "EUR"),
        sending_member="FR-0",
        deadline=deadline,
        priority=priority,
    )


def at(text: str, zone: ZoneInfo = PARIS) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("ordered", "rule", "rank", "deadline"),
    [
        ("2027-05-29T00:00:00", "same-morning", 0, "2027-05-29T11:00"),
        ("2027-05-29T09:59:59.999", "same-morning", 0, "2027-05-29T11:00"),
        ("2027-05-29T10:00:00", "same-day", 1, "2027-05-29T18:00"),
        ("2027-05-29T17:59:59", "same-day", 1, "2027-05-29T18:00"),
        # The promise of the day is lost by then, so none is made.
        ("2027-05-29T18:00:00", NO_RULE, 1, None),
        ("2027-05-28T23:59:59", "later", 2, "2027-05-29T09:00"),
        # Handed in after its day: no rule speaks of it.
        ("2027-05-30T08:00:00", NO_RULE, 1, None),
    ],
)
def test_the_clock_of_the_florist_decides(ordered: str, rule: str, rank: int, deadline: str | None) -> None:
    """The first rule that fits makes the promise; the last second before ten counts, ten does not."""
    service = apply_service(order(), "shop", PARIS, at(ordered), RULES)
    assert service == Service(rank, at(deadline) if deadline else None, rule)


def test_midnight_is_the_florist_s() -> None:
    """Half past ten in the evening UTC is the next day in Paris, and the same day in London an hour behind it."""
    accepted_at = dt.datetime(2027, 5, 28, 22, 30, tzinfo=dt.UTC).timestamp()
    assert apply_service(order(), "shop", PARIS, accepted_at, RULES).rule == "same-morning"
    assert apply_service(order(), "shop", LONDON, accepted_at, RULES).rule == "later"


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        ("2027-03-27", "2027-03-27T10:00Z"),
        ("2027-03-28", "2027-03-28T09:00Z"),
        ("2027-10-30", "2027-10-30T09:00Z"),
        ("2027-10-31", "2027-10-31T10:00Z"),
    ],
)
def test_eleven_is_eleven_also_when_the_clocks_change(day: str, utc: str) -> None:
    """The deadline of a rule follows the florist's clock, whatever it is in UTC that day."""
    date = dt.date.fromisoformat(day)
    service = apply_service(order(date), "shop", PARIS, at(f"{day}T07:00"), RULES)
    assert service.deadline_at == dt.datetime.fromisoformat(utc).timestamp()


@pytest.mark.parametrize(
    ("day", "time", "utc"),
    [
        # The clocks jump from 02:00 to 03:00: half past two does not come.
        ("2027-03-28", "02:30", "2027-03-28T00:30"),
        # They go back from 03:00 to 02:00: half past two comes twice.
        ("2027-10-31", "02:30", "2027-10-31T00:30"),
        ("2027-10-31", "03:30", "2027-10-31T02:30"),
    ],
)
def test_a_time_that_comes_twice_or_never_is_the_earlier_moment(day: str, time: str, utc: str) -> None:
    """Nobody waits longer than was promised."""
    moment = moment_of(dt.date.fromisoformat(day), dt.time.fromisoformat(time), OSLO)
    assert moment == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC).timestamp()


def test_the_same_wall_time_twice_in_a_night_is_judged_by_the_clock() -> None:
    """Ordered in the second of two hours that look the same: still before the time of day of the rule."""
    rule = ServiceRule(name="night", when=ServiceWhen(ordered_before=dt.time(3)), deadline_minutes=30)
    second_hour = dt.datetime(2027, 10, 31, 1, 30, tzinfo=dt.UTC).timestamp()
    service = apply_service(order(), "shop", PARIS, second_hour, [rule])
    assert service == Service(1, second_hour + 1_800, "night")


@pytest.mark.parametrize(
    ("asked", "given_at"),
    [("2027-05-29T10:30", "2027-05-29T10:30"), ("2027-05-29T12:00", "2027-05-29T11:00")],
)
def test_no_promise_is_later_than_the_order_s_own_deadline(asked: str, given_at: str) -> None:
    """The earlier one of the two holds."""
    own = dt.datetime.fromisoformat(asked).replace(tzinfo=PARIS)
    service = apply_service(order(deadline=own), "shop", PARIS, at("2027-05-29T08:00"), RULES)
    assert service == Service(0, at(given_at), "same-morning")


def test_an_order_that_no_rule_fits_travels_as_it_asks() -> None:
    """Its own class and its own deadline."""
    own = dt.datetime(2027, 5, 29, 12, tzinfo=dt.UTC)
    service = apply_service(order(deadline=own, priority=Priority.BULK), "shop", PARIS, at("2027-05-29T08:00"), [])
    assert service == Service(2, own.timestamp(), NO_RULE)


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (ServiceWhen(), True),
        (ServiceWhen(country=["NO", "FR"]), True),
        (ServiceWhen(country=["NO"]), False),
        (ServiceWhen(submitter=["shop"]), True),
        (ServiceWhen(submitter=["web"]), False),
        (ServiceWhen(priority=[Priority.STANDARD]), True),
        (ServiceWhen(priority=[Priority.EXPRESS]), False),
        (ServiceWhen(ordered_after=dt.time(8)), True),
        (ServiceWhen(ordered_after=dt.time(8, 1)), False),
        (ServiceWhen(ordered_after=dt.time(7), ordered_before=dt.time(9)), True),
        (ServiceWhen(ordered_after=dt.time(18), ordered_before=dt.time(9)), True),
        (ServiceWhen(ordered_after=dt.time(18), ordered_before=dt.time(6)), False),
        (ServiceWhen(country=["FR"], submitter=["web"]), False),
    ],
)
def test_all_conditions_of_a_rule_must_hold(when: ServiceWhen, fits: bool) -> None:
    """A condition that is not written holds always; a span over midnight is one."""
    rule = ServiceRule(name="rule", when=when, priority=Priority.BULK)
    service = apply_service(order(), "shop", PARIS, at("2027-05-29T08:00"), [rule])
    assert service == (Service(2, None, "rule") if fits else Service(1, None, NO_RULE))


@given(
    accepted_at=st.floats(1.7e9, 2.2e9),
    time=st.times(),
    minutes=st.integers(1, 3_000),
    by_minutes=st.booleans(),
    own_seconds=st.none() | st.floats(1, 1e6),
    zone=st.sampled_from([PARIS, OSLO, LONDON, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]),
)
def test_a_promise_lies_ahead_and_within_the_order_s_own(
    accepted_at: float, time: dt.time, minutes: int, by_minutes: bool, own_seconds: float | None, zone: ZoneInfo
) -> None:
    """Whatever the rule, the clock and the zone: a deadline is never past, and never later than the order says."""
    rule = ServiceRule(
        name="any", deadline=None if by_minutes else time, deadline_minutes=minutes if by_minutes else None
    )
    own = dt.datetime.fromtimestamp(accepted_at + own_seconds, dt.UTC) if own_seconds is not None else None
    today = dt.datetime.fromtimestamp(accepted_at, zone).date()
    service = apply_service(order(today, deadline=own), "shop", zone, accepted_at, [rule])
    assert service.deadline_at is None or service.deadline_at > accepted_at
    assert own is None or (service.deadline_at is not None and service.deadline_at <= own.timestamp())
