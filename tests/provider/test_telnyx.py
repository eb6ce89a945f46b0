"""What is special to Telnyx: pages as media, a signature of its own, words for failures, lists with our references."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest

from faxgw.dispatch.ladder import Ambiguous, NotListed, Ours, find_named
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.mishaps import Play
from faxgw.provider.port import (
    Accepted,
    Delivered,
    Format,
    InProgress,
    LookUpKind,
    NoAnswer,
    NotDelivered,
    ReceiptRefusedError,
    ReceiptUnreadableError,
    Refused,
    Sending,
    SendOutcome,
    Unclear,
    Unsent,
    format_for,
)
from faxgw.provider.switchboard import Taken
from faxgw.provider.telnyx.adapter import TelnyxProvider
from faxgw.provider.telnyx.webhook import read_public_key
from faxgw.provider.telnyx.words import FAILURES, Fax, name_state, read_fate, read_state
from tests.contract.listed_stages import telnyx_provider
from tests.provider.carrier_stand_in import StandIn, answering, response, stand_in
from tests.provider.fakes import telnyx
from tests.provider.fakes.carrier import FakeCarrier, running_fake
from tests.provider.fakes.telnyx import TelnyxWire
from tests.webhook_inbox import WebhookInbox

LINE = Line("+33199001234")
REFERENCE = ClientRef("s-1-1")
SENDING = Sending(REFERENCE, LINE, b"%PDF-1.4 a page", 1, format=Format.PDF)
NOW = 1_900_000_000.0


class StoppedClock:
    def now(self) -> float:
        return NOW


@asynccontextmanager
async def talking(**changes: Any) -> AsyncIterator[tuple[TelnyxProvider, TelnyxWire, FakeCarrier]]:
    async with running_fake(TelnyxWire, WebhookInbox("memory").put) as fake:
        wire = cast("TelnyxWire", fake.wire)
        provider = telnyx_provider(fake.url("api") + "/v2", **{"webhook_public_key": wire.public_key, **changes})
        yield provider, wire, fake
        await provider.aclose()


# --- sending -------------------------------------------------------------------------------------------------


async def test_the_pages_go_up_first_and_the_fax_names_them() -> None:
    """Two requests: the PDF as media that does not stay for long, then the fax with number, sender and reference."""
    async with talking(webhook_url="https://faxgw.example.com/v1/receipts/telnyx") as (provider, wire, fake):
        assert isinstance(await provider.send(SENDING), Accepted)
        assert [(request.method, request.path) for request in fake.requests] == [
            ("POST", "/v2/media"),
            ("POST", "/v2/faxes"),
        ]
        assert wire.media == {"media-1": SENDING.document}
        assert b'name="ttl_secs"\r\n\r\n7200\r\n' in fake.requests[0].body
        assert wire.orders == [
            {
                "connection_id": telnyx.CONNECTION_ID,
                "from": telnyx.FROM_NUMBER,
                "to": LINE,
                "media_name": "media-1",
                "client_state": base64.b64encode(b"s-1-1").decode(),
                "quality": "high",
                "monochrome": True,
                "webhook_url": "https://faxgw.example.com/v1/receipts/telnyx",
            }
        ]


async def test_it_is_given_pdf_and_rings_once() -> None:
    """Its guides know PDF alone; all retries are ours; its list is not believed until somebody has looked."""
    async with talking() as (provider, _, _):
        capabilities = provider.capabilities
        assert format_for(capabilities) is Format.PDF
        assert (capabilities.own_retries, capabilities.pages_max) == (0, 350)
        assert (capabilities.look_up, capabilities.absence_proves) == (LookUpKind.LISTED, False)
        assert isinstance(await provider.look_up(REFERENCE), NoAnswer)
    async with talking(absence_proves=True) as (provider, _, _):
        assert provider.capabilities.absence_proves


def against(server: StandIn) -> TelnyxProvider:
    return telnyx_provider(server.base_url, clock=StoppedClock())


async def send_answered_with(raw: bytes) -> tuple[SendOutcome, int]:
    """The outcome where every request gets this answer, and how many there were."""
    async with stand_in(answering(raw)) as server:
        provider = against(server)
        outcome = await provider.send(SENDING)
        await provider.aclose()
        return outcome, len(server.requests)


@pytest.mark.parametrize(
    "raw",
    [
        response("500 Oops"),
        response("502 Bad Gateway"),
        response("302 Found"),
        response("200 OK", b"<html>"),
        response("200 OK", b'{"data":{}}'),
    ],
)
async def test_an_upload_of_which_nothing_is_known_left_nothing_dialled(raw: bytes) -> None:
    """The fax was not asked for yet: it may go again at once, and nobody has to find out anything."""
    outcome, requests = await send_answered_with(raw)
    assert isinstance(outcome, Unsent)
    assert requests == 1


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (response("401 No"), Refused(Failure.ACCOUNT, "401")),
        (response("403 No"), Refused(Failure.ACCOUNT, "403")),
        (response("402 Pay"), Refused(Failure.ACCOUNT, "402")),
        (response("413 Large"), Refused(Failure.DOCUMENT, "413")),
        (response("429 Slow", headers="x-ratelimit-reset: 17\r\n"), Refused(Failure.CAPACITY, "429", 17.0)),
        (
            response("429 Slow", headers="x-ratelimit-reset: 17\r\nRetry-After: 5\r\n"),
            Refused(Failure.CAPACITY, "429", 5.0),
        ),
        (response("429 Slow"), Refused(Failure.CAPACITY, "429")),
    ],
)
async def test_what_refuses_the_upload_refuses_the_fax(raw: bytes, outcome: SendOutcome) -> None:
    """Its rate limit says in how many seconds it begins anew, in a header of its own."""
    assert await send_answered_with(raw) == (outcome, 1)


@pytest.mark.parametrize(
    ("change", "failure", "code"),
    [
        ({"line": Line("+0")}, Failure.BAD_NUMBER, "422 10016"),
        ({"connection_id": "7"}, Failure.ACCOUNT, "422 10015"),
    ],
)
async def test_a_complaint_is_about_the_number_or_about_our_config(
    change: dict[str, str], failure: Failure, code: str
) -> None:
    """What it points at tells; a wrong application must stop the carrier and not cost any order its fax."""
    settings = {name: value for name, value in change.items() if name != "line"}
    async with talking(**settings) as (provider, _, _):
        sending = Sending(REFERENCE, Line(change.get("line", LINE)), SENDING.document, 1, format=Format.PDF)
        assert await provider.send(sending) == Refused(failure, code)


async def test_an_order_without_an_answer_is_unclear_though_the_upload_went_well() -> None:
    """From its first byte on somebody may be dialling."""
    async with talking() as (provider, wire, fake):
        await fake.script(LINE, "closed_before")
        assert isinstance(await provider.send(SENDING), Unclear)
        assert len(wire.orders) == 1


# --- asking --------------------------------------------------------------------------------------------------


async def test_a_list_is_read_to_its_last_page_oldest_first() -> None:
    """Telnyx decides how long a page is; ours may be on the last one."""
    async with talking() as (provider, _, fake):
        for number in range(1, 6):
            await provider.send(Sending(ClientRef(f"s-{number}-1"), LINE, b"%PDF", 1, format=Format.PDF))
        listed = await provider.list_sent(LINE, 0.0)
        assert isinstance(listed, list)
        assert [one.client_ref for one in listed] == [f"s-{number}-1" for number in range(1, 6)]
        asked = [request.query["page[number]"] for request in fake.requests if request.method == "GET"]
        assert asked == ["1", "2", "3"]


async def test_a_list_without_an_end_is_no_answer() -> None:
    """Twenty pages of what went to one florist within minutes is a filter that does not filter."""
    page = {"data": [], "meta": {"page_number": 1, "total_pages": 999}}
    async with stand_in(answering(response(body=msgspec.json.encode(page)))) as server:
        provider = against(server)
        assert isinstance(await provider.list_sent(LINE, NOW), NoAnswer)
        assert len(server.requests) == 20
        await provider.aclose()


@pytest.mark.parametrize("body", [b'{"data":[]}', b'{"data":[],"meta":{}}', b"[]", b"", b"<html>"])
async def test_a_list_that_does_not_say_that_it_is_whole_is_no_answer(body: bytes) -> None:
    """Ours might be on a page that nobody told us of."""
    async with stand_in(answering(response(body=body))) as server:
        provider = against(server)
        assert isinstance(await provider.list_sent(LINE, NOW), NoAnswer)
        await provider.aclose()


async def listed_as(*faxes: dict[str, Any]) -> Any:
    page = {"data": faxes, "meta": {"page_number": 1, "total_pages": 1}}
    async with stand_in(answering(response(body=msgspec.json.encode(page)))) as server:
        provider = against(server)
        listed = await provider.list_sent(LINE, NOW)
        await provider.aclose()
    assert isinstance(listed, list)
    return find_named(listed, REFERENCE, frozenset())


async def test_a_fax_whose_state_was_lost_keeps_ours_in_doubt() -> None:
    """Should Telnyx drop client_state, nothing goes out twice: a person is asked."""
    nameless = {"id": "1", "to": LINE, "status": "sending", "client_state": None}
    assert await listed_as(nameless) == Ambiguous()
    assert await listed_as(nameless | {"client_state": "not base64"}) == Ambiguous()


async def test_faxes_that_cannot_be_ours_are_left_out_whatever_the_filters_did() -> None:
    """Another number's, another application's, one that came in."""
    theirs = {"id": "1", "to": LINE, "status": "sending"}
    assert (
        await listed_as(
            theirs | {"to": "+33261910000"}, theirs | {"connection_id": "7"}, theirs | {"direction": "inbound"}
        )
        == NotListed()
    )


async def test_our_reference_counts_however_the_number_is_written() -> None:
    """Else a fax that was taken would be missed, and go out twice."""
    fax = {"id": "1", "to": "33 1 99 00 12 34", "status": "delivered", "client_state": name_state(REFERENCE)}
    found = await listed_as(fax)
    assert isinstance(found, Ours)
    assert found.listed.provider_ref == "1"


async def test_a_round_of_questions_that_breaks_off_keeps_what_it_learnt() -> None:
    """Else the same first few would be asked for at every round, and those behind them never."""
    async with talking() as (provider, _, fake):
        accepted = await provider.send(SENDING)
        assert isinstance(accepted, Accepted)
        await fake.wait_ended(1)
        await fake.set_shares(ask_lost=1)
        assert isinstance(await provider.poll([accepted.provider_ref]), NoAnswer)
        await fake.set_shares()
        reports = await provider.poll([accepted.provider_ref, "../etc", "no such"])
        assert isinstance(reports, list)
        assert [type(report.fate) for report in reports] == [Delivered]


# --- what it says --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason",
    [
        "connection_channel_limit_exceeded",
        "outbound_profile_channel_limit_exceeded",
        "user_channel_limit_exceeded",
        "outbound_profile_daily_spend_limit_exceeded",
        "account_disabled",
        "no_outbound_profile",
        "unverified_origination_number",
        "destination_not_in_countries_whitelist",
        "destination_not_in_service_plan",
        "unverified_destination_not_allowed",
    ],
)
def test_no_reason_of_limits_or_settings_is_the_florists_fault(reason: str) -> None:
    """The carrier's room, the operator's account, or a way that this account does not have; never the line."""
    assert FAILURES[reason] in {Failure.CAPACITY, Failure.ACCOUNT, Failure.NETWORK}


def test_what_may_have_arrived_waits_for_a_person_unless_the_operator_says_otherwise() -> None:
    """One word covers failed trainings and pages sent without a confirmation."""
    fax = Fax("1", "failed", failure_reason="fax_signaling_error")
    assert read_fate(fax, retry_signaling_errors=False) == NotDelivered(
        Failure.IN_DOUBT, "fax_signaling_error", calls=1
    )
    assert read_fate(fax, retry_signaling_errors=True) == NotDelivered(Failure.PROTOCOL, "fax_signaling_error", calls=1)
    odd = Fax("1", "failed", failure_reason="success")
    assert read_fate(odd, retry_signaling_errors=True) == NotDelivered(Failure.IN_DOUBT, "success", calls=1)


@pytest.mark.parametrize("status", ["queued", "media.processed", "originated", "sending", "billing", ""])
def test_every_other_status_is_not_final(status: str) -> None:
    """Words that are new to us among them."""
    assert read_fate(Fax("1", status), retry_signaling_errors=False) == InProgress()


@pytest.mark.parametrize("reason", ["moon_phase", None, "x" * 1_000, "+33 1 99 00 12 34 is busy", "no_33199001234"])
def test_a_reason_that_is_new_is_kept_and_a_class_of_its_own(reason: str | None) -> None:
    """But no sentence: it might name a number."""
    fate = read_fate(Fax("1", "failed", failure_reason=reason), retry_signaling_errors=False)
    assert isinstance(fate, NotDelivered)
    assert fate.failure is Failure.UNKNOWN_CODE
    assert fate.code in {"moon_phase", "none", "odd-word"}


@pytest.mark.parametrize("state", [None, "", "!", "/w==", "gICA"])
def test_a_state_that_is_none_of_ours_names_nothing(state: str | None) -> None:
    """Whatever bytes another program wrote there."""
    assert read_state(state) is None
    assert read_state(name_state(REFERENCE)) == REFERENCE


# --- hearing -------------------------------------------------------------------------------------------------


async def test_a_stale_webhook_is_refused_and_the_config_says_what_is_stale() -> None:
    """A signature holds for ever; only its time keeps an old "delivered" from being told again."""
    async with talking(clock=StoppedClock(), webhook_tolerance_seconds=60) as (provider, wire, _):
        body = wire.webhook(taken(), is_final=True)
        assert body is not None
        for seconds, fits in [(0, True), (60, True), (-60, True), (61, False), (-61, False)]:
            signed = wire.sign(body[1], int(NOW) + seconds)
            if fits:
                assert provider.read_receipt(*signed)
            else:
                with pytest.raises(ReceiptRefusedError, match="too far from our clock"):
                    provider.read_receipt(*signed)


def taken() -> Taken:
    return Taken("fax-1", REFERENCE, LINE, 1, "", Play(), NOW, 0.0, ended_at=NOW)


async def test_another_accounts_signature_is_refused() -> None:
    """Signed well, by somebody else."""
    async with talking() as (provider, wire, _), talking() as (_, other, _):
        webhook = other.webhook(taken(), is_final=True)
        own = wire.webhook(taken(), is_final=True)
        assert own is not None
        assert webhook is not None
        assert provider.read_receipt(*own)
        with pytest.raises(ReceiptRefusedError, match="does not fit"):
            provider.read_receipt(*webhook)


async def test_without_a_key_no_webhook_is_believed() -> None:
    """Telnyx is then only asked."""
    async with talking(webhook_public_key="") as (provider, wire, _):
        webhook = wire.webhook(taken(), is_final=True)
        assert webhook is not None
        with pytest.raises(ReceiptRefusedError, match="webhook_public_key"):
            provider.read_receipt(*webhook)


@pytest.mark.parametrize(
    "data",
    [
        {"id": "e", "event_type": "fax.received", "payload": {"fax_id": "1", "direction": "inbound"}},
        {"id": "e", "event_type": "message.received", "payload": {"text": 7}},
    ],
)
async def test_events_of_other_things_are_taken_and_tell_nothing(data: dict[str, Any]) -> None:
    """An application may tell of faxes that come in, and an address may be given to more than one."""
    async with talking() as (provider, wire, _):
        assert provider.read_receipt(*wire.sign(msgspec.json.encode({"data": data}))) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data":{"id":"e","event_type":"fax.failed","payload":{}}}',
        b'{"data":{"id":7,"event_type":"fax.failed","payload":{"fax_id":"1"}}}',
        b'{"data":{"id":"%s","event_type":"fax.failed","payload":{"fax_id":"1"}}}' % (b"e" * 129),
    ],
)
async def test_a_signed_event_that_cannot_be_read_is_refused_without_quoting_it(body: bytes) -> None:
    """Telnyx itself sent it: one of us has changed."""
    async with talking() as (provider, wire, _):
        with pytest.raises(ReceiptUnreadableError, match="not an event that we can read"):
            provider.read_receipt(*wire.sign(body))


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_public_key_that_cannot_be_read_stops_the_start(key: str) -> None:
    """Not the first webhook."""
    with pytest.raises(ValueError, match="public key"):
        read_public_key(key)
