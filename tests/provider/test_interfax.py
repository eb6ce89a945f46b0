"""InterFAX: one number for everything, few questions, references that begin alike, and faxes that wait for credit."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.dispatch.doubt import asks_allowed
from faxgw.dispatch.ladder import AskByReference, Doubtful, next_rung, proves_absence
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import authorization
from faxgw.provider.interfax.adapter import CANCELS_MAX, FOUND_MAX, IDS_MAX, InterfaxProvider
from faxgw.provider.interfax.words import FAILURES, Fax, UnreadableError, read_callback, read_fate, read_report
from faxgw.provider.port import (
    Absent,
    Accepted,
    Delivered,
    Fate,
    Format,
    Found,
    InProgress,
    LookUp,
    NoAnswer,
    NotDelivered,
    ReceiptRefusedError,
    ReceiptUnreadableError,
    Refused,
    Sending,
    SendOutcome,
    Unclear,
)
from faxgw.provider.switchboard import Switchboard
from tests.contract.stages import interfax_provider
from tests.provider.carrier_stand_in import answering, response, stand_in
from tests.provider.fakes.carrier import FakeCarrier, running_fake
from tests.provider.fakes.interfax import CALLBACK_PASSWORD, InterfaxWire
from tests.webhook_inbox import WebhookInbox

LINE = Line("+33199001234")
UNPAID = NotDelivered(Failure.ACCOUNT, "-22", calls=0)


class Bench:
    """A fake InterFAX and an adapter for it."""

    def __init__(self, fake: FakeCarrier, provider: InterfaxProvider, wire: InterfaxWire) -> None:
        self.fake = fake
        self.provider = provider
        self.wire = wire

    async def send(self, reference: str = "s-1-1") -> str:
        accepted = await self.provider.send(sending(reference))
        assert isinstance(accepted, Accepted)
        return accepted.provider_ref

    async def poll(self, *ids: str) -> dict[str | None, Fate]:
        reports = await self.provider.poll(ids)
        assert isinstance(reports, list)
        return {report.provider_ref: report.fate for report in reports}


def sending(reference: str) -> Sending:
    return Sending(ClientRef(reference), LINE, b"%PDF-1.4 a page", 1, format=Format.PDF)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    wires: list[InterfaxWire] = []

    def make_wire(board: Switchboard) -> InterfaxWire:
        wires.append(InterfaxWire(board))
        return wires[0]

    async with running_fake(make_wire, WebhookInbox("memory").put) as fake:
        provider = interfax_provider(fake.url("rest"))
        with trio.fail_after(20):
            yield Bench(fake, provider, wires[0])
        await provider.aclose()


async def send_answered_with(raw: bytes) -> SendOutcome:
    async with stand_in(answering(raw)) as server:
        provider = interfax_provider(server.base_url)
        outcome = await provider.send(sending("s-1-1"))
        await provider.aclose()
        return outcome


async def look_up_answered_with(raw: bytes) -> LookUp:
    async with stand_in(answering(raw)) as server:
        provider = interfax_provider(server.base_url)
        found = await provider.look_up(ClientRef("s-1-1"))
        await provider.aclose()
        return found


# --- handing over ----------------------------------------------------------------------------------------------


async def test_a_fax_is_ordered_as_documented(bench: Bench) -> None:
    """Everything in the address but the pages: fine, black and white, one call, and our own head of the page."""
    await bench.send()
    assert bench.wire.wishes == [
        {
            "faxNumber": LINE,
            "reference": "s-1-1",
            "retriesToPerform": "1",
            "pageSize": "a4",
            "resolution": "fine",
            "rendering": "bw",
            "pageHeader": "N",
        }
    ]


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("Location: https://rest.interfax.net/outbound/faxes/854759652\r\n", Accepted("854759652")),
        ("Location: /outbound/faxes/854759652\r\n", Accepted("854759652")),
        ("location: outbound/faxes/854759652?x=1\r\n", Accepted("854759652")),
    ],
)
async def test_the_id_is_the_end_of_the_new_address(location: str, outcome: SendOutcome) -> None:
    """Whole or relative."""
    assert await send_answered_with(response("201 Created", b"", location)) == outcome


@pytest.mark.parametrize("location", ["", "Location: /outbound/faxes/\r\n", "Location: /outbound/faxes/new\r\n"])
async def test_success_without_an_id_is_unclear(location: str) -> None:
    """It has the fax, and only asking tells its name."""
    assert isinstance(await send_answered_with(response("201 Created", b"", location)), Unclear)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        ("400 Bad", b'{"code":-112,"message":"+33199001234"}', Refused(Failure.BAD_NUMBER, "-112")),
        ("400 Bad", b'{"code":-1008}', Refused(Failure.DOCUMENT, "-1008")),
        ("400 Bad", b'{"code":-111}', Refused(Failure.ACCOUNT, "-111")),
        ("400 Bad", b'{"code":-4711}', Refused(Failure.UNKNOWN_CODE, "-4711")),
        ("400 Bad", b"<html>", Refused(Failure.UNKNOWN_CODE, "400")),
        ("402 Pay", b"", Refused(Failure.ACCOUNT, "402")),
        ("415 What", b"", Refused(Failure.DOCUMENT, "415")),
        ("401 No", b"", Refused(Failure.ACCOUNT, "401")),
        ("503 Later\r\nRetry-After: 30", b"", Refused(Failure.CAPACITY, "503", 30.0)),
        ("503 Lost it", b"", Unclear("answered with 503")),
    ],
)
async def test_a_refusal_says_whose_fault_it_is(status: str, body: bytes, outcome: SendOutcome) -> None:
    """The number's, the document's, the account's; what is new to us is tried again with care."""
    assert await send_answered_with(response(status, body)) == outcome


# --- one number for everything ---------------------------------------------------------------------------------


def fax(status: int, sent: int | None = 0, of: int | None = 2) -> Fax:
    return Fax(1, status, "s-1-1", sent, of, 26.0, 1)


@pytest.mark.parametrize("status", [-1, -11, -2, -3, -22, -4711])
def test_what_is_below_zero_is_not_over(status: int) -> None:
    """Also with all pages out: they were seen there before the last word."""
    assert read_fate(fax(status, 2)) == InProgress()


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        (fax(6017), Failure.BUSY),
        (fax(263), Failure.BUSY),
        (fax(3935), Failure.NO_ANSWER),
        (fax(3936), Failure.NO_FAX),
        (fax(6001), Failure.BAD_NUMBER),
        (fax(6021), Failure.REJECTED),
        (fax(6038), Failure.NETWORK),
        (fax(3211), Failure.PROTOCOL),
        (fax(204000), Failure.DOCUMENT),
        (fax(205000), Failure.ACCOUNT),
        (fax(4711), Failure.UNKNOWN_CODE),
        (fax(6127, 1), Failure.PAGE),
        (fax(3224, 1), Failure.PAGE),
        (fax(3224, 2), Failure.IN_DOUBT),
        (fax(6017, 2), Failure.IN_DOUBT),
        (fax(4711, 2), Failure.IN_DOUBT),
        (fax(3224, 1, None), Failure.IN_DOUBT),
        (fax(3224, None, None), Failure.PROTOCOL),
        (fax(1), Failure.IN_DOUBT),
    ],
)
def test_pages_outweigh_the_number(told: Fax, failure: Failure) -> None:
    """All pages out and no success: they may lie there, whatever the number says. So may they after status 1."""
    fate = read_fate(told)
    assert fate == NotDelivered(failure, str(told.status), calls=1, call_seconds=26.0)


def test_unknown_numbers_are_tried_again_with_care_and_doubts_never() -> None:
    """The table has no number below one, and says of a lost confirmation what a person must look at."""
    assert min(FAILURES) == 1
    assert 0 < DEFAULT_RETRIES[Failure.UNKNOWN_CODE].calls_max < DEFAULT_RETRIES[Failure.BUSY].calls_max
    assert DEFAULT_RETRIES[Failure.IN_DOUBT].calls_max == 0


# --- asking ----------------------------------------------------------------------------------------------------


async def test_a_reference_that_begins_alike_is_another_fax(bench: Bench) -> None:
    """Were s-1-10 taken for s-1-1, a fax that never went would be called delivered."""
    await bench.send("s-1-10")
    await bench.fake.wait_ended(1)
    assert await bench.provider.look_up(ClientRef("s-1-1")) == Absent()
    assert isinstance(await bench.provider.look_up(ClientRef("s-1-10")), Found)


async def test_more_than_a_search_shows_is_no_answer(bench: Bench) -> None:
    """Ours may stand behind the others."""
    for number in range(FOUND_MAX):
        await bench.send(f"s-1-1{number}")
    assert isinstance(await bench.provider.look_up(ClientRef("s-1-1")), NoAnswer)


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (response(body=b"[]"), Absent()),
        (response(body=b'[{"id":7,"status":0}]'), NoAnswer("it does not repeat the references of what it found")),
        (response("404 Not Found"), NoAnswer("answered with 404")),
        (response(body=b'{"faxes":[]}'), NoAnswer("answered, but not with what can be read")),
    ],
)
async def test_only_an_empty_list_is_an_absence(raw: bytes, answer: LookUp) -> None:
    """What it finds without a reference may be ours."""
    assert await look_up_answered_with(raw) == answer


@pytest.mark.parametrize("trusted", [False, True])
def test_an_absence_proves_something_once_somebody_has_seen_that_it_finds(trusted: bool) -> None:
    """Until then a fax in doubt is asked for, and waits for a person; it does not go again by itself."""
    capabilities = interfax_provider("http://127.0.0.1:1", absence_proves=trusted).capabilities
    doubtful = Doubtful(started_at=0.0, deadline_at=None, has_provider_ref=False, key_failed=False)
    assert next_rung(capabilities, doubtful, 1e6) == AskByReference()
    assert proves_absence(capabilities, doubtful) is trusted


async def test_many_are_asked_for_in_few_addresses_that_are_short_enough(bench: Bench) -> None:
    """A hundred at once: an address of more than 2,000 characters is refused."""
    ids = [await bench.send(f"s-{number}-1") for number in range(3)]
    strangers = [str(9_000_000_000 + number) for number in range(2 * IDS_MAX)]
    told = await bench.poll(*strangers, *ids)
    assert set(told) == set(ids)
    asked = [request for request in bench.fake.requests if request.path == "/outbound/search"]
    assert [request.query["ids"].count(",") + 1 for request in asked] == [IDS_MAX, IDS_MAX, 3]


def test_no_minute_has_more_than_six_questions() -> None:
    """Its limit is a hard one; all that asks shares one bucket."""
    asks = asks_allowed(interfax_provider("http://127.0.0.1:1").capabilities)
    now, asked_at = 0.0, []
    while now < 3_600:
        if (allowed_at := asks.opens_at(now)) > now:
            now = allowed_at
        asks.take(now)
        asked_at.append(now)
    windows = [sum(start <= at < start + 60 for at in asked_at) for start in asked_at]
    assert max(windows) <= 6
    assert len(asked_at) >= 5 * 59


# --- credit ----------------------------------------------------------------------------------------------------


async def test_a_fax_that_waits_for_credit_is_cancelled_before_it_goes_another_way(bench: Bench) -> None:
    """Else it would go twice once somebody pays. The account's trouble stops the lane; the fax lost nothing."""
    bench.wire.has_credit = False
    await bench.fake.script(LINE, "stuck")
    fax_id = await bench.send()
    assert await bench.poll(fax_id) == {fax_id: UNPAID}
    assert bench.wire.cancelled == [fax_id]
    found = await bench.provider.look_up(ClientRef("s-1-1"))
    assert isinstance(found, Found)
    assert found.report.fate == UNPAID


async def test_without_a_confirmed_cancel_it_stays_where_it_is(bench: Bench) -> None:
    """It may still go; asking goes on."""
    bench.wire.has_credit, bench.wire.can_cancel = False, False
    await bench.fake.script(LINE, "stuck")
    fax_id = await bench.send()
    assert await bench.poll(fax_id) == {fax_id: InProgress()}


async def test_only_some_are_cancelled_after_one_answer(bench: Bench) -> None:
    """A poll has its time; the others are cancelled at the next."""
    bench.wire.has_credit = False
    await bench.fake.script(LINE, *["stuck"] * (CANCELS_MAX + 2))
    ids = [await bench.send(f"s-{number}-1") for number in range(CANCELS_MAX + 2)]
    fates = list((await bench.poll(*ids)).values())
    assert (fates.count(UNPAID), fates.count(InProgress())) == (CANCELS_MAX, 2)


# --- callbacks -------------------------------------------------------------------------------------------------

SIGNED_IN = {"authorization": authorization("faxgw", CALLBACK_PASSWORD)}


def form(**told: object) -> bytes:
    return urlencode({"TransactionIDType": "Outbound", "TransactionID": 854759652, **told}).encode()


def test_a_callback_needs_no_more_than_id_and_number() -> None:
    """What it tells besides is taken where it is there."""
    assert read_report(read_callback(form(Status=0))).fate == Delivered(0, None)
    full = read_report(read_callback(form(Status=6017, Subject="s-1-1", Duration="26", TrialsPerformed="2")))
    assert full.fate == NotDelivered(Failure.BUSY, "6017", calls=2, call_seconds=26.0)
    assert (full.provider_ref, full.client_ref) == ("854759652", "s-1-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        form(),
        form(Status=""),
        form(Status="OK"),
        form(Status=0, TransactionID="+33199001234x"),
        form(Status=0, TransactionIDType="Inbound"),
        b'<?xml version="1.0"?><soap:Envelope><Status>0</Status></soap:Envelope>',
        b"&".join(b"a=1" for _ in range(101)),
    ],
)
def test_a_callback_that_is_no_report_is_refused_and_not_quoted(body: bytes) -> None:
    """SOAP, an inbound fax, half a form; a florist's number is in none of the reasons."""
    with pytest.raises(ReceiptUnreadableError) as refused:
        interfax_provider("http://127.0.0.1:1").read_receipt(SIGNED_IN, body)
    assert "33199001234" not in str(refused.value)


FIELDS = ["TransactionID", "Status", "Subject", "PagesSent", "PagesSubmitted", "Duration", "TrialsPerformed"]


@settings(deadline=None)
@given(st.binary(max_size=64) | st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=8) | st.integers()))
def test_whatever_calls_back_is_a_report_or_unreadable(told: bytes | dict[str, object]) -> None:
    """Nothing else is ever raised; what is a report has a fate."""
    try:
        report = read_report(read_callback(told if isinstance(told, bytes) else urlencode(told).encode()))
    except UnreadableError:
        return
    assert isinstance(report.fate, InProgress | Delivered | NotDelivered)


def test_without_a_password_nobody_is_let_in() -> None:
    """It is only asked; and another user's password is nobody's."""
    body = form(Status=0)
    asked_only = interfax_provider("http://127.0.0.1:1", password=None)
    renamed = interfax_provider("http://127.0.0.1:1", webhook_user="flowers")
    for provider in (asked_only, renamed):
        with pytest.raises(ReceiptRefusedError):
            provider.read_receipt(SIGNED_IN, body)
