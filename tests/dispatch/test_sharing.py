"""What the end of a call means for each fax in it, and who may go in one."""

import dataclasses
import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.calls import CallConfig
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.sharing import divide, fit_into_call, line_teller
from faxgw.fax import AttemptNumber, ClientRef, Failure, FaxId, State
from faxgw.provider.port import Capabilities, Delivered, NotDelivered
from faxgw.render.sheet import Document
from faxgw.store.attempts import Attempt
from faxgw.store.unfinished import queued_of
from tests.api.fakes import example_view
from tests.queue.faxes import LINE, fax

CALL = CallConfig(faxes_max=5, pages_max=6, setup_seconds=10.0, page_seconds=20.0)
TELLS = Capabilities(tells_pages=True)


def call_of(*pages: int) -> Attempt:
    """A call of faxes 1, 2 ... with so many pages each."""
    starts = itertools.accumulate(pages, initial=1)
    first, *company = [
        Attempt(
            FaxId(nth),
            AttemptNumber(1),
            ClientRef("s-1-1"),
            "north",
            LINE,
            1,
            None,
            1,
            0.0,
            State.SUBMITTED,
            pages=own,
            first_page=start,
        )
        for nth, (own, start) in enumerate(zip(pages, starts, strict=False), start=1)
    ]
    return msgspec.structs.replace(first, company=tuple(company))


def ends(call: Attempt, fate: Delivered | NotDelivered) -> list[str]:
    return ["delivered" if isinstance(own, Delivered) else own.failure.value for _, own in divide(call, fate)]


def test_a_fax_that_has_its_call_for_itself_gets_the_carriers_very_word() -> None:
    """Also where the count of pages is odd."""
    for fate in (Delivered(0, 9.0), Delivered(7, 9.0), NotDelivered(Failure.PAGE, "x", 3, 2)):
        assert divide(call_of(3), fate) == [(call_of(3), fate)]


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (Delivered(6, 60.0), ["delivered", "delivered", "delivered"]),
        # It tells no number: all is all.
        (Delivered(0, 60.0), ["delivered", "delivered", "delivered"]),
        # It contradicts itself: what it counts is there, of the rest a person must find out.
        (Delivered(3, 60.0), ["delivered", "delivered", "in_doubt"]),
        (NotDelivered(Failure.PAGE, "x", 0), ["page", "not_reached", "not_reached"]),
        (NotDelivered(Failure.PAGE, "x", 1), ["delivered", "page", "not_reached"]),
        (NotDelivered(Failure.PAGE, "x", 2), ["delivered", "page", "not_reached"]),
        (NotDelivered(Failure.NETWORK, "x", 3), ["delivered", "delivered", "network"]),
        (NotDelivered(Failure.PROTOCOL, "x", 5), ["delivered", "delivered", "protocol"]),
        # Nobody took the call: it failed for all alike.
        (NotDelivered(Failure.BUSY, "x"), ["busy", "busy", "busy"]),
        (NotDelivered(Failure.PROTOCOL, "x"), ["protocol", "protocol", "protocol"]),
        # Whatever may have come out of the machine is in doubt.
        (NotDelivered(Failure.IN_DOUBT, "x"), ["in_doubt", "in_doubt", "in_doubt"]),
        (NotDelivered(Failure.IN_DOUBT, "x", 3), ["delivered", "delivered", "in_doubt"]),
        (NotDelivered(Failure.IN_DOUBT, "x", 1), ["delivered", "in_doubt", "in_doubt"]),
    ],
)
def test_the_confirmed_pages_decide_each_fax(fate: Delivered | NotDelivered, expected: list[str]) -> None:
    """Faxes of one, two and three pages."""
    assert ends(call_of(1, 2, 3), fate) == expected


def test_the_fax_at_which_a_call_breaks_off_knows_its_own_pages() -> None:
    """Two of its three are there."""
    broken = NotDelivered(Failure.PAGE, "x", 4, 1, call_seconds=71.0)
    [(_, before), (_, own), (_, behind)] = divide(call_of(2, 3, 1), broken)
    assert before == Delivered(2, 71.0)
    assert own == NotDelivered(Failure.PAGE, "x", 2, 1, call_seconds=71.0)
    assert behind == NotDelivered(Failure.NOT_REACHED, "x", 0, 0)


@given(
    pages=st.lists(st.integers(1, 4), min_size=2, max_size=6),
    confirmed=st.integers(0, 24),
    failure=st.sampled_from([each for each in Failure if each is not Failure.NOT_REACHED]),
)
def test_no_confirmed_fax_goes_again_and_no_other_is_called_delivered(
    pages: list[int], confirmed: int, failure: Failure
) -> None:
    """Whatever the failure; one fax at least is charged with it, unless all were confirmed."""
    call = call_of(*pages)
    fates = divide(call, NotDelivered(failure, "x", min(confirmed, sum(pages))))
    assert [one.fax_id for one, _ in fates] == [one.fax_id for one in call.call]
    for one, own in fates:
        assert isinstance(own, Delivered) == (one.last_page <= confirmed)
    failed = [own for _, own in fates if isinstance(own, NotDelivered)]
    if failed:
        assert failed[0].failure is failure
        teller = line_teller(fates)
        assert {one.fax_id: own for one, own in fates}[teller.fax_id] == failed[0]


def prepared(*sizes: tuple[int, int], deadlines: dict[int, float] | None = None) -> Prepared:
    """A call of faxes with so many pages and bytes each."""
    first, *others = [
        Prepared(
            fax(nth, deadline_at=(deadlines or {}).get(nth)),
            Document(tiff=b"x" * size, pages=pages, sha256="", form_version=""),
            0.0,
        )
        for nth, (pages, size) in enumerate(sizes, start=1)
    ]
    return first.with_company(others)


@pytest.mark.parametrize(
    ("call", "capabilities", "goes"),
    [
        (prepared((1, 9), (1, 9), (1, 9)), TELLS, [1, 2, 3]),
        (prepared((1, 9), (1, 9), (1, 9)), Capabilities(), [1]),
        # Pages are bound for each call, by us and by the carrier; one that does not fit keeps no smaller one back.
        (prepared((2, 9), (5, 9), (3, 9), (1, 9), (1, 9)), TELLS, [1, 3, 4]),
        (prepared((1, 9), (2, 9), (1, 9)), dataclasses.replace(TELLS, pages_max=2), [1, 3]),
        (prepared((1, 9), (1, 9), (1, 9)), dataclasses.replace(TELLS, bytes_max=20), [1, 2]),
        # Three pages may take until 70, with one page less until 50.
        (prepared((1, 9), (1, 9), (1, 9), deadlines={2: 49.0, 3: 50.0}), TELLS, [1, 3]),
        (prepared((1, 9), (1, 9), (1, 9), deadlines={1: 1.0, 3: 69.0}), TELLS, [1, 2]),
    ],
)
def test_a_call_is_cut_to_what_its_carrier_takes(call: Prepared, capabilities: Capabilities, goes: list[int]) -> None:
    """The first always goes; nobody is lost."""
    fitted, behind = fit_into_call(call, capabilities, CALL, 0.0, lambda _: True)
    assert [int(each.fax.fax_id) for each in fitted.call] == goes
    assert [each.fax_id for each in fitted.fax.company] == [each.fax.fax_id for each in fitted.company]
    everyone = {each.fax.fax_id for each in call.call}
    assert {each.fax.fax_id for each in fitted.call} | {each.fax_id for each in behind} == everyone


def test_a_fax_that_leaves_this_carrier_out_stays_behind() -> None:
    """It failed it once, and its deadline is near."""
    fitted, behind = fit_into_call(prepared((1, 9), (1, 9), (1, 9)), TELLS, CALL, 0.0, lambda one: one.fax_id != 2)
    assert ([int(each.fax.fax_id) for each in fitted.call], [int(each.fax_id) for each in behind]) == ([1, 3], [2])


@pytest.mark.parametrize(("reason", "alone"), [("", False), ("busy", False), ("page", True), ("protocol", True)])
def test_a_fax_that_somebody_changes_shares_no_call_after_one_that_broke_at_its_pages(reason: str, alone: bool) -> None:
    """Read again from the store it is as careful with others as it was."""
    view = dataclasses.replace(example_view(), reason=reason)
    assert queued_of(view).alone is alone
