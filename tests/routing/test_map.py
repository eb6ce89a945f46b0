"""Where postcodes lie, whose areas have them, and which florists are near."""

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.errors import ConfigError
from faxgw.members.register import Register
from faxgw.routing.areas import AreaIndex
from faxgw.routing.atlas import keep_places, load_places
from faxgw.routing.candidate import Kind, Range, fold_postcode
from faxgw.routing.distances import MemberDistances
from faxgw.routing.near import Neighbourhood
from faxgw.routing.places import Place, Places, metres_between
from faxgw.routing.postcodes import PostcodesUnreadableError, read_postcodes
from tests.members.florists import florist
from tests.routing.shops import SQUARE, area, north_of, shop

GEONAMES = (
    "FR\t75011\tParis 11\tÎle-de-France\t11\tParis\t75\tParis\t751\t48.8574\t2.3795\t5\n"
    'FR\t75011\tParis 11 "Bastille"\tÎle-de-France\t11\tParis\t75\tParis\t751\t48.8576\t2.3797\t5\n'
    "NO\t0150\tOslo\tOslo\t12\tOslo\t0301\t\t\t59.9110\t10.7490\t4\n"
    "NO\t0151\tOslo\tOslo\t12\tOslo\t0301\t\t\t\t\t\n"
    "NO\t9999\tNowhere\tOslo\t12\tOslo\t0301\t\t\t95.0\t10.0\t4\n"
)
HEXASMAL = (
    "#Code_commune_INSEE;Nom_de_la_commune;Code_postal;Libellé_d_acheminement;Ligne_5;coordonnees_gps\n"
    "01001;L ABERGEMENT CLEMENCIAT;01400;L ABERGEMENT CLEMENCIAT;;46.1534, 4.9261\n"
    "01004;AMBERIEU EN BUGEY;01500;AMBERIEU EN BUGEY;;45.9608,5.3729\n"
    "01005;AMBERIEUX;01330;AMBERIEUX;;\n"
    "01006;COURT\n"
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("75 011", "75011"),
        ("F-75011", "75011"),
        ("NO-0150", "0150"),
        ("sw1a 1aa", "SW1A1AA"),
        ("1011 AB", "1011AB"),
        ("AD500", "AD500"),
        ("", ""),
    ],
)
def test_a_postcode_has_one_spelling(written: str, folded: str) -> None:
    """However it is written."""
    assert fold_postcode(written) == folded


codes = st.text("0123456789", min_size=1, max_size=3)


@given(
    areas=st.lists(st.tuples(st.sampled_from("ABC"), codes, codes), max_size=12),
    asked=st.text("0123456789", min_size=3, max_size=3),
)
def test_the_index_finds_every_area_that_has_the_postcode(areas: list[tuple[str, str, str]], asked: str) -> None:
    """As looking at each range does, however long its ends are."""
    ranges = [(member, Range("FR", *sorted((one, other)))) for member, one, other in areas]
    ranges = [(member, each) for member, each in ranges if each.first <= each.last]
    expected = {
        member
        for member, each in ranges
        if each.first <= asked[: len(each.first)] and asked[: len(each.last)] <= each.last
    }
    assert AreaIndex(ranges).covering("FR", asked) == tuple(sorted(expected))
    assert AreaIndex(ranges).covering("NO", asked) == ()


def test_geonames_are_read_and_bad_lines_named() -> None:
    """The middle of a code's places; lines without coordinates are left out by their number."""
    read = read_postcodes(GEONAMES.encode())
    assert set(read.places) == {("FR", "75011"), ("NO", "0150")}
    assert read.places["FR", "75011"] == Place(48.8576, 2.3797)
    assert [(bad.number, bad.why) for bad in read.bad_lines] == [
        (4, "has no coordinates"),
        (5, "95, 10 is not on the map"),
    ]
    assert read.lines == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_la_poste_is_read_by_its_header(encoding: str) -> None:
    """In either encoding that it came in over the years."""
    read = read_postcodes(HEXASMAL.encode(encoding))
    assert read.places == {("FR", "01400"): Place(46.1534, 4.9261), ("FR", "01500"): Place(45.9608, 5.3729)}
    assert [(bad.number, bad.why) for bad in read.bad_lines] == [
        (4, "has no coordinates"),
        (5, "has 2 columns, needs 6"),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"name;colour\nrose;red\n", "has a postcode"),
        (b"postcode;city\n75011;Paris\n", "has coordinates"),
        (b"postcode;lat;lon\n75011;1;2\n", "--country"),
        (b"postcode;lat;lon;country\n75011;one;two;FR\n", "line 2: its coordinates are no numbers"),
        (bytes(range(256)) * 3, "no column"),
    ],
)
def test_what_cannot_be_used_is_refused(content: bytes, why: str) -> None:
    """With what is missing."""
    with pytest.raises(PostcodesUnreadableError, match=why):
        read_postcodes(content)


def test_a_country_can_be_told(tmp_path: Path) -> None:
    """For a file that does not say it; kept and read back it is the same, and another country stays."""
    read = read_postcodes(b"postcode,latitude,longitude\n0150,59.911,10.749\n", "NO")
    assert keep_places(tmp_path, read.places) == {"NO": 1}
    assert keep_places(tmp_path, {("FR", "75011"): SQUARE}) == {"FR": 1}
    places = load_places(tmp_path)
    assert places.counts() == {"FR": 1, "NO": 1}
    found = places.find("NO", "0150")
    assert found is not None
    assert (found.place, found.is_estimate) == (Place(59.911, 10.749), False)
    (tmp_path / "postcodes" / "NO.csv").write_text("postcode,latitude,longitude\n0150,x,y\n")
    with pytest.raises(ConfigError, match="import the postcodes of NO again"):
        load_places(tmp_path)


def test_a_code_on_no_map_is_estimated_where_its_neighbours_lie_together() -> None:
    """A CEDEX of Paris is in Paris; of a department that is wide nothing is guessed."""
    places = Places(
        {
            ("FR", "75001"): SQUARE,
            ("FR", "75020"): north_of(SQUARE, 5),
            ("FR", "13001"): Place(43.3, 5.4),
            ("FR", "13200"): Place(43.7, 4.6),
        }
    )
    cedex = places.find("FR", "75380")
    assert cedex is not None
    assert cedex.is_estimate
    assert metres_between(cedex.place, SQUARE) < 6_000
    assert places.find("FR", "13999") is None
    assert places.find("NO", "0150") is None


def test_whoever_pays_by_distance_gets_whole_kilometres_or_nothing() -> None:
    """Begun kilometres count; a member or a postcode that nobody knows, or an estimate, is never paid by."""
    places = Places({("FR", "75020"): Place(48.8647, 2.3986), ("FR", "75001"): Place(48.8626, 2.3361)})
    member = florist("FR-75-001", country="FR", postcode="75020", phone="+33 1 99 00 00 01", fax="+33 1 99 00 00 00")
    distances = MemberDistances(Register([member]), places)
    day = dt.date(2027, 5, 28)
    assert distances.km("FR-75-001", "FR", "75 001", day) == 5
    assert distances.km("FR-75-001", "FR", "75020", day) == 0
    assert distances.km("FR-75-001", "FR", "75002", day) is None
    assert distances.km("FR-75-001", "FR", "13001", day) is None
    assert distances.km("FR-99-999", "FR", "75001", day) is None


def test_distances_are_those_of_the_map() -> None:
    """Paris to Marseille is 660 km as the crow flies; all at once gives the same as one by one."""
    assert metres_between(Place(48.8566, 2.3522), Place(43.2965, 5.3698)) == pytest.approx(660_480, abs=200)
    dice = random.Random(7)  # noqa: S311 - seeded, to be played again.
    where = {("FR", f"{code:05}"): Place(dice.uniform(42, 51), dice.uniform(-4, 8)) for code in range(60)}
    shops = [shop(f"A{code}", postcode=f"{code:05}") for code in range(1, 60)]
    places = Places(where)
    seen = Neighbourhood(shops, places, 10).near("FR", "00000")
    by_hand = sorted(
        (round(metres_between(where["FR", "00000"], where["FR", f"{code:05}"])), f"A{code}") for code in range(1, 60)
    )
    assert [(each.metres, each.member_id) for each in seen] == by_hand[:10]


def test_who_comes_into_question() -> None:
    """Those with the address in their area, then the nearest without areas; a person is shown the others, too."""
    where = Places({("FR", "75011"): SQUARE, ("FR", "93000"): north_of(SQUARE, 5), ("BE", "1000"): north_of(SQUARE, 1)})
    shops = [
        shop("near"),
        shop("covers", postcode="93000", areas=(area("75"),)),
        shop("elsewhere", areas=(area("13"),)),
        shop("belgian", country="BE", postcode="1000"),
        shop("over-the-border", country="BE", postcode="1000", areas=(area("75011"), area("75"))),
        shop("unit-de", country="DE", kind=Kind.UNIT),
        shop("unit-fr", kind=Kind.UNIT),
    ]
    around = Neighbourhood(shops, where, 5)
    assert [each.member_id for each in around.near("FR", "75011")] == ["over-the-border", "covers", "near"]
    assert {each.member_id for each in around.around("FR", "75011")} == {
        *("over-the-border", "covers", "near", "elsewhere", "belgian"),
    }
    assert [each.member_id for each in around.near("DE", "10115")] == ["unit-de"]
    assert around.near("SE", "11122") == ()
    assert (around.is_foreign("DE"), around.is_foreign("FR")) == (True, False)
