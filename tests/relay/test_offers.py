"""How stores answer what is offered to them: counted from what was said, and held against a plain count."""

import datetime as dt
from collections.abc import Iterator, Sequence
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from faxgw.fax import State
from faxgw.message import Kind
from faxgw.store.relay.offers import read_sums
from faxgw.store.relay.port import Absence, OfferResult, OfferSums, RelayTaken
from faxgw.store.relay.schema import relay_offer
from tests.journeys.town import START
from tests.relay.town import HOUR, SENDER, RelayTown, said

NOW = START.timestamp()
ALWAYS = (0.0, 2e12)


@pytest.fixture
def town() -> Iterator[RelayTown]:
    town = RelayTown()
    yield town
    town.close()


def sums(town: RelayTown, member: str | None = None, window: tuple[float, float] = ALWAYS) -> dict[str, OfferSums]:
    found = {each.member: each for each in read_sums(town.connection, *window, member)}
    town.connection.rollback()
    return found


def take(town: RelayTown, kind: Kind, by: str | None, **more: object) -> None:
    [answer] = town.say(said(kind, by, **more))  # type: ignore[arg-type]
    assert isinstance(answer, RelayTaken)


def test_an_answer_is_timed_from_the_arrival(town: RelayTown) -> None:
    """A fax that waited in our queue overnight is no slowness of the florist."""
    fax_id = town.order(at=NOW - 10 * HOUR)
    town.look(fax_id, "accepted", at=NOW - 10 * HOUR)
    town.fax_ends(fax_id, State.DELIVERED, "delivered", at=NOW)
    take(town, Kind.ACK, "FR-1", at=NOW + 600)
    take(town, Kind.DCON, "FR-1", at=NOW + 4 * HOUR)
    assert sums(town) == {"FR-1": OfferSums("FR-1", 1, 0, 0, 1, 1, 600.0)}


def test_a_rejection_is_the_first_stores_and_the_next_has_an_offer_of_its_own(town: RelayTown) -> None:
    """The one who forwards it has answered, and is no rejection."""
    fax_id = town.order()
    town.fax_ends(fax_id, State.DELIVERED, "delivered", at=NOW)
    take(town, Kind.REJ, "FR-1", at=NOW + 60)
    take(town, Kind.ORDER, None, to="FR-2", at=NOW + 120)
    take(town, Kind.FOR, "FR-2", to="FR-3", at=NOW + 180)
    assert sums(town) == {
        "FR-1": OfferSums("FR-1", 1, 1, 0, 0, 1, 60.0),
        "FR-2": OfferSums("FR-2", 1, 0, 0, 0, 1, 60.0),
        "FR-3": OfferSums("FR-3", 1, 0, 0, 0, 0, None),
    }
    assert list(sums(town, "FR-2")) == ["FR-2"]
    assert list(sums(town, window=(NOW + 100, NOW + 150))) == ["FR-2"]


def test_who_lets_the_network_wait_is_silent_and_who_is_away_is_not(town: RelayTown) -> None:
    """Nor is one from whom people took the order before the page was there, nor one whose order was cancelled."""
    for number, florist in (("1001", 1), ("1002", 2), ("1003", 3), ("1004", 4)):
        fax_id = town.order(number, florist)
        if number != "1003":
            town.fax_ends(fax_id, State.DELIVERED, "delivered", at=NOW)
    take(town, Kind.SUS, "FR-2", number="")
    for number in ("1001", "1002", "1003"):
        take(town, Kind.FOR, None, number=number, key=number, to="FR-5", at=NOW + 2 * HOUR)
    take(town, Kind.CAN, SENDER, number="1004")
    take(town, Kind.CON, "FR-4", number="1004")
    found = sums(town)
    assert found.pop("FR-5").offered == 3
    assert found == {"FR-1": OfferSums("FR-1", 1, 0, 1, 0, 0, None)}


def test_who_never_answers_is_silent_until_a_late_word(town: RelayTown) -> None:
    """After the day of delivery nobody waits; a delivery confirmed later still counts."""
    fax_id = town.order(day=START.date())
    town.fax_ends(fax_id, State.DELIVERED, "delivered", at=NOW)
    late = NOW + 30 * HOUR
    town.settle(town.judge.of_silence("1001", late))
    assert sums(town)["FR-1"].silent == 1
    take(town, Kind.DCON, "FR-1", at=late + HOUR)
    assert (sums(town)["FR-1"].silent, sums(town)["FR-1"].delivered) == (0, 1)


def test_an_absence_ends_no_offer_of_a_day_it_does_not_cover(town: RelayTown) -> None:
    """A store that was silent stays silent, though it is away next month."""
    fax_id = town.order()
    town.fax_ends(fax_id, State.DELIVERED, "delivered", at=NOW)
    next_month = START.date() + dt.timedelta(30)
    assert not Absence("FR-1", next_month, None).covers(START.date())
    take(town, Kind.SUS, "FR-1", number="", first_day=next_month)
    take(town, Kind.FOR, None, to="FR-5", at=NOW + 2 * HOUR)
    assert sums(town)["FR-1"].silent == 1


OFFERS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.integers(0, 9).map(float),
        st.sampled_from(list(OfferResult)),
        st.none() | st.integers(0, 20).map(float),
        st.none() | st.integers(0, 40).map(float),
    ),
    max_size=12,
)


@given(OFFERS)
@settings(max_examples=50, deadline=None)
def test_the_database_counts_as_one_would_by_hand(
    offers: Sequence[tuple[str, float, OfferResult, float | None, float | None]],
) -> None:
    """Medians included, of even and odd numbers of answers."""
    town = RelayTown()
    names = ("member", "offered_at", "result", "arrived_at", "answered_at")
    rows = [
        {"number": str(place), "nth": 0, **dict(zip(names, each, strict=True))} for place, each in enumerate(offers)
    ]
    if rows:
        town.connection.execute(insert(relay_offer), rows)
    found = {each.member: each for each in read_sums(town.connection, 2.0, 8.0)}
    town.close()
    assert found == {member: by_hand for member in "AB" if (by_hand := _count(member, offers)) is not None}


def _count(
    member: str, offers: Sequence[tuple[str, float, OfferResult, float | None, float | None]]
) -> OfferSums | None:
    own = [each for each in offers if each[0] == member and 2 <= each[1] < 8 and each[2] is not OfferResult.VOID]
    if not own:
        return None
    waits = [
        max(answered - (offered if came is None else came), 0.0)
        for _, offered, _, came, answered in own
        if answered is not None
    ]
    results = [each[2] for each in own]
    return OfferSums(
        member,
        len(own),
        results.count(OfferResult.REJECTED),
        results.count(OfferResult.SILENT),
        results.count(OfferResult.DELIVERED),
        len(waits),
        median(waits) if waits else None,
    )
