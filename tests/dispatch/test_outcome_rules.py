"""What counts as a call, what a carrier's own retries cost, what is resumed, and where a fax goes next."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.config.sending import DEFAULT_RETRIES, Dispatch
from faxgw.dispatch.carriers import Carrier, Carriers
from faxgw.dispatch.gate import ClosedBy
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepared import Prepared
from faxgw.dispatch.retry import ELSEWHERE_AT_ONCE_MAX, Again, GiveUp, judge
from faxgw.fax import Failure, State
from faxgw.provider.port import Accepted, Capabilities, NotDelivered
from faxgw.render.sheet import Document
from faxgw.store.unfinished import Queued
from tests.dispatch.desk import NOW, Desk, TellingCarrier

THREE_PAGES = Document(tiff=b"II*\x00", pages=3, sha256="cd" * 32, form_version="plain")


def desk_with(capabilities: Capabilities, bounds: Dispatch | None = None) -> Desk:
    desk = Desk(provider=TellingCarrier(outcomes=[Accepted("SC1")], capabilities=capabilities))
    desk.outcomes = Outcomes(
        desk.store,
        desk.calls,
        desk.waiting,
        desk.clock,
        DEFAULT_RETRIES.__getitem__,
        lambda: 0.0,
        desk.metrics,
        carriers=Carriers([desk.carrier]),
        bounds=bounds,
    )
    return desk


async def fail_once(desk: Desk, fate: NotDelivered) -> Queued | None:
    """One call that ends so; the fax as it waits then, or None where it is over."""
    fax_id = await desk.make_one()
    await desk.outcomes.learnt(desk.open_attempt(), fate)
    if await desk.state(fax_id) is not State.QUEUED:
        return None
    [again] = await desk.waiting.wait_due(1)
    return again


@pytest.mark.parametrize(
    ("fate", "calls"),
    [
        (NotDelivered(Failure.BUSY, "BUSY"), 4),
        (NotDelivered(Failure.BUSY, "BUSY", calls=2), 2),
        (NotDelivered(Failure.BUSY, "BUSY", calls=0), 1),
        (NotDelivered(Failure.UNKNOWN_CODE, "teapot"), 1),
        (NotDelivered(Failure.CAPACITY, "channels"), 0),
    ],
)
async def test_how_often_the_line_was_rung(fate: NotDelivered, calls: int, autojump_clock: MockClock) -> None:
    """As often as the carrier tells; else once and as often again as it retries by itself, where it retries such."""
    again = await fail_once(desk_with(Capabilities(own_retries=3)), fate)
    assert again is not None
    assert again.calls == calls


async def test_a_carrier_that_retries_much_uses_the_calls_of_a_fax_up(autojump_clock: MockClock) -> None:
    """Eleven calls at the first try are more than ten: there is no second."""
    desk = desk_with(Capabilities(own_retries=10), Dispatch(calls_max=10))
    assert await fail_once(desk, NotDelivered(Failure.BUSY, "BUSY")) is None


async def test_the_number_of_tries_is_bounded_even_where_none_was_a_call(autojump_clock: MockClock) -> None:
    """A carrier that says for weeks that it has no room does not fill the store."""
    desk = desk_with(Capabilities(), Dispatch(tries_max=1))
    assert await fail_once(desk, NotDelivered(Failure.CAPACITY, "channels")) is None


@pytest.mark.parametrize(
    ("failure", "closed_by"),
    [
        (Failure.CAPACITY, ClosedBy.ASKED),
        (Failure.ACCOUNT, ClosedBy.ACCOUNT),
        (Failure.BUSY, None),
        (Failure.BAD_NUMBER, None),
        (Failure.NETWORK, None),
    ],
)
async def test_what_a_receipt_says_of_the_carrier_itself(
    failure: Failure, closed_by: ClosedBy | None, autojump_clock: MockClock
) -> None:
    """Full channels and an empty account close it; what the line did is no word about it."""
    desk = desk_with(Capabilities())
    await desk.make_one()
    await desk.outcomes.learnt(desk.open_attempt(), NotDelivered(failure, "code"))
    closure = desk.gate.closure()
    assert (closure.by if closure else None) == closed_by


@pytest.mark.parametrize(("resumes", "first_page"), [(True, 3), (False, 1)])
async def test_a_page_error_resumes_where_the_carrier_can(
    first_page: int, *, resumes: bool, autojump_clock: MockClock
) -> None:
    """Two of three pages were confirmed: the third goes alone, or all of them once more."""
    desk = desk_with(Capabilities(resume=resumes))
    again = await fail_once(desk, NotDelivered(Failure.PAGE, "PAGE_FAILED", pages=2))
    assert again is not None
    await desk.attempts.make(Prepared(again, THREE_PAGES, NOW), desk.carrier)
    sending = desk.provider.sent[-1]
    assert (sending.first_page, sending.pages) == (first_page, 3)


@pytest.mark.parametrize("pages", [3, 7])
async def test_there_is_always_a_page_to_send(pages: int, autojump_clock: MockClock) -> None:
    """A carrier that claims to have confirmed all pages of a failed fax gets it whole."""
    desk = desk_with(Capabilities(resume=True))
    again = await fail_once(desk, NotDelivered(Failure.PAGE, "PAGE_FAILED", pages=pages))
    assert again is not None
    await desk.attempts.make(Prepared(again, THREE_PAGES, NOW), desk.carrier)
    assert desk.provider.sent[-1].first_page == 1


async def test_an_unknown_code_is_counted(autojump_clock: MockClock) -> None:
    """So that somebody adds it to the adapter."""
    desk = desk_with(Capabilities())
    assert await fail_once(desk, NotDelivered(Failure.UNKNOWN_CODE, "teapot")) is not None
    assert b'faxgw_unknown_codes_total{provider="north"} 1.0' in desk.metrics.exposition()


# --- the verdict's further arguments -----------------------------------------------------------------


@pytest.mark.parametrize("failure", list(Failure))
def test_a_spent_fax_is_given_up_whatever_the_class(failure: Failure) -> None:
    """The cap over all classes comes before any rule."""
    rule = DEFAULT_RETRIES[failure]
    verdict = judge(failure, rule, calls=0, now=NOW, deadline_at=None, random=lambda: 0.0, is_spent=True)
    assert isinstance(verdict, GiveUp)


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("calls", [1, ELSEWHERE_AT_ONCE_MAX, ELSEWHERE_AT_ONCE_MAX + 1])
def test_a_carriers_own_trouble_is_no_reason_to_wait_where_another_is_open(failure: Failure, calls: int) -> None:
    """At once, but not for ever from one to the other; a call that failed waits in any case."""
    rule = DEFAULT_RETRIES[failure]
    verdict = judge(failure, rule, calls=calls, now=NOW, deadline_at=None, random=lambda: 0.0, may_go_elsewhere=True)
    own_trouble = failure in {Failure.CAPACITY, Failure.ACCOUNT} and calls <= ELSEWHERE_AT_ONCE_MAX
    at_once = own_trouble or failure is Failure.NOT_REACHED
    assert (verdict == Again(NOW, was_call=False)) is at_once


def test_carriers_that_left_the_config_retried_nothing() -> None:
    """As far as anybody can tell."""
    assert Carriers().calls_made("gone", NotDelivered(Failure.BUSY, "BUSY")) == 1


async def test_ready_as_long_as_one_carrier_works(autojump_clock: MockClock) -> None:
    """All down is not ready, in a sentence each; merely full lanes are."""
    north, south = Desk(provider=TellingCarrier("north")), Desk(provider=TellingCarrier("south"))
    carriers = Carriers([Carrier(desk.provider, 30.0, desk.gate) for desk in (north, south)])
    north.gate.back_off("it refuses connections")
    assert carriers.reasons_not_ready() == []
    assert carriers.notes() == [
        out := "provider north takes no faxes: its last attempts failed: it refuses connections"
    ]
    south.gate.suspend("Ada: bill")
    assert carriers.reasons_not_ready() == [
        out,
        "provider south is suspended by Ada: bill; `faxgw suspensions` shows what to resume",
    ]
    assert carriers.notes() == []
    while north.gate.closure() is not None:  # noqa: ASYNC110 - only time opens it
        await trio.sleep(0.5)
    assert carriers.reasons_not_ready() == []
