"""When a line may be called: shops, holidays, nights, and clocks that change."""

import datetime as dt
import math
from pathlib import Path

import msgspec
import pytest

from faxgw.config.sending import CallingRules
from faxgw.errors import ConfigError
from faxgw.members.file import load_register
from faxgw.members.hours import CallingHours, Opening
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.phone import Line

FRANCE = CallingRules(
    prefix="+33",
    quiet_from=dt.time(21),
    quiet_until=dt.time(7, 30),
    timezone="Europe/Paris",
    failed_calls_an_hour_max=5,
)
LINE = Line("+33199000001")
NOBODYS = Line("+33199009999")


def florist(number: int) -> Member:
    return Member(
        id=f"FR-{number}",
        name=f"Fleurs {number}",
        street="1 rue des Lilas",
        postcode="75011",
        city="Paris",
        country="FR",
        phone="+33 3 53 01 00 01",
        fax=line_of(number),
        language="fr",
        timezone="Europe/Paris",
    )


def line_of(number: int) -> Line:
    return Line(f"+3319900{number:04}")


def at(day: str, clock: str, zone: str = "+02:00") -> float:
    return dt.datetime.fromisoformat(f"{day}T{clock}:00{zone}").timestamp()


def shop(hours: str | None, **changes: object) -> Member:
    return msgspec.structs.replace(florist(1), opening_hours=hours, **changes)


def hours_of(*members: Member, rules: tuple[CallingRules, ...] = ()) -> CallingHours:
    return CallingHours(Register(members), rules)


def test_a_number_without_rules_is_always_open() -> None:
    """Nothing has to be looked at again."""
    assert hours_of().at(NOBODYS, 0.0) == Opening(is_open=True, until=math.inf)


def test_a_shop_is_open_in_its_hours_by_its_own_clock() -> None:
    """Before, within and after; Sunday is shut, and the answer says until when."""
    hours = hours_of(shop("Mo-Sa 09:00-19:00"))
    saturday, monday = "2027-05-29", "2027-05-31"
    assert hours.at(LINE, at(saturday, "08:59")) == Opening(is_open=False, until=at(saturday, "09:00"))
    assert hours.at(LINE, at(saturday, "09:00")) == Opening(is_open=True, until=at(saturday, "19:00"))
    assert hours.at(LINE, at(saturday, "19:00")) == Opening(is_open=False, until=at(monday, "09:00"))


def test_public_holidays_are_the_members_own_countrys() -> None:
    """14 July is one in France; the next day is not."""
    hours = hours_of(shop("Mo-Su 09:00-19:00; PH off"))
    assert not hours.at(LINE, at("2027-07-14", "12:00")).is_open
    assert hours.at(LINE, at("2027-07-14", "12:00")).until == at("2027-07-15", "09:00")


def test_a_country_keeps_its_nights_over_midnight() -> None:
    """From 21:00 to 07:30 on the wall, for members and for numbers of nobody."""
    hours = hours_of(florist(1), rules=(FRANCE,))
    for line in (LINE, NOBODYS):
        assert hours.at(line, at("2027-05-29", "20:59")) == Opening(is_open=True, until=at("2027-05-29", "21:00"))
        assert hours.at(line, at("2027-05-29", "23:00")) == Opening(is_open=False, until=at("2027-05-30", "07:30"))
        assert hours.at(line, at("2027-05-30", "03:00")) == Opening(is_open=False, until=at("2027-05-30", "07:30"))
    assert hours.at(Line("+4930231250"), at("2027-05-29", "23:00")).is_open


def test_the_longest_prefix_counts() -> None:
    """A region may ask for something else than its country."""
    free = CallingRules(prefix="+331990")
    hours = hours_of(rules=(FRANCE, free))
    assert hours.at(line_of(1), at("2027-05-29", "23:00")).is_open
    assert not hours.at(Line("+33261910000"), at("2027-05-29", "23:00")).is_open


def test_a_line_opens_when_both_shop_and_country_allow() -> None:
    """The shop opens at 6, the country wakes at 7:30: the answer names the later one."""
    hours = hours_of(shop("Mo-Su 06:00-23:00"), rules=(FRANCE,))
    assert hours.at(LINE, at("2027-05-29", "05:00")) == Opening(is_open=False, until=at("2027-05-29", "07:30"))
    assert hours.at(LINE, at("2027-05-29", "12:00")) == Opening(is_open=True, until=at("2027-05-29", "21:00"))


def test_a_shared_line_is_open_while_one_of_its_shops_is() -> None:
    """The morning shop and the evening shop have one machine."""
    early, late = shop("Mo-Su 06:00-12:00"), shop("Mo-Su 14:00-20:00", id="FR-2")
    hours = hours_of(early, late)
    assert [hours.at(LINE, at("2027-05-29", clock)).is_open for clock in ("07:00", "13:00", "15:00")] == [1, 0, 1]
    assert hours.at(LINE, at("2027-05-29", "13:00")).until == at("2027-05-29", "14:00")


def test_a_shop_that_never_opens_has_no_next_time() -> None:
    """Until for ever, not an endless search."""
    assert hours_of(shop("off")).at(LINE, at("2027-05-29", "12:00")) == Opening(is_open=False, until=math.inf)


@pytest.mark.parametrize(
    ("day", "quiet_until", "wakes"),
    [
        ("2027-03-28", dt.time(7, 30), "07:30"),
        # 02:30 does not exist on the night the clocks go forward; the night ends all the same.
        ("2027-03-28", dt.time(2, 30), "03:30"),
    ],
)
def test_a_night_ends_on_the_night_the_clocks_change(day: str, quiet_until: dt.time, wakes: str) -> None:
    """By the clock on the wall, and later than it began."""
    rules = CallingRules(prefix="+33", quiet_from=dt.time(21), quiet_until=quiet_until, timezone="Europe/Paris")
    opening = hours_of(rules=(rules,)).at(NOBODYS, at("2027-03-27", "23:00", "+01:00"))
    assert opening == Opening(is_open=False, until=at(day, wakes))


def test_hours_that_cannot_be_read_are_a_fault_of_the_register(tmp_path: Path) -> None:
    """Named by line and field, with an example of how to write them."""
    path = tmp_path / "members.ndjson"
    path.write_bytes(msgspec.json.encode(shop("nine to five")) + b"\n")
    with pytest.raises(ConfigError, match=r"members.ndjson:1: /opening_hours: .*Mo-Sa 09:00-19:00"):
        load_register(path)


def test_a_country_whose_holidays_are_unknown_still_has_hours() -> None:
    """They are read without its holidays."""
    hours = hours_of(shop("Mo-Su 09:00-19:00; PH off", country="AQ", fax="+33 1 99 00 00 01"))
    assert hours.at(LINE, at("2027-05-29", "12:00")).is_open


def test_a_line_takes_as_many_calls_as_its_best_equipped_member_says() -> None:
    """One by default, also for numbers of nobody."""
    register = Register([shop(None, fax_calls_max=2), shop(None, id="FR-2"), florist(3)])
    assert [register.calls_max(line) for line in (line_of(1), line_of(3), NOBODYS)] == [2, 1, 1]
