"""What is special to Sinch: a form with a label, a password for each fax's webhook, codes that mean two things."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest

from faxgw.dispatch.ladder import Ambiguous, NotListed, Ours, find_named
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import Porter, authorization
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
    format_for,
)
from faxgw.provider.sinch.adapter import SinchProvider
from faxgw.provider.sinch.words import CALL_FAILURES, FAX_FAILURES, Fax, read_fate
from tests.contract.listed_stages import WEBHOOK_SECRET, sinch_provider
from tests.provider.carrier_stand_in import answering, response, stand_in
from tests.provider.fakes.carrier import FakeCarrier, running_fake
from tests.provider.fakes.sinch import SinchWire
from tests.webhook_inbox import WebhookInbox

LINE = Line("+33199001234")
REFERENCE = ClientRef("s-1-1")
SENDING = Sending(REFERENCE, LINE, b"%PDF-1.4 a page", 1, format=Format.PDF)
HANDED = response(body=b'{"id":"F1"}')


@asynccontextmanager
async def talking(**changes: Any) -> AsyncIterator[tuple[SinchProvider, SinchWire, FakeCarrier]]:
    async with running_fake(SinchWire, WebhookInbox("memory").put) as fake:
        provider = sinch_provider(fake.url("api") + "/v3", **changes)
        yield provider, cast("SinchWire", fake.wire), fake
        await provider.aclose()


# --- sending -------------------------------------------------------------------------------------------------


async def test_one_form_holds_the_fax_and_all_that_we_ask_for() -> None:
    """No call but one, black and white as drawn, our reference in a label and in the webhook's user."""
    async with talking(from_number="+33199000099", service_id="01GVRB50KEQFFE1SGMPFRNBG6J") as (provider, wire, _):
        assert isinstance(await provider.send(SENDING), Accepted)
        [form] = wire.forms
        labels, callback = json.loads(form.pop("labels")), form.pop("callbackUrl").decode()
        assert form == {
            "to": LINE.encode(),
            "from": b"+33199000099",
            "serviceId": b"01GVRB50KEQFFE1SGMPFRNBG6J",
            "maxRetries": b"0",
            "imageConversionMethod": b"MONOCHROME",
            "resolution": b"FINE",
            "callbackUrlContentType": b"application/json",
            "file": SENDING.document,
        }
        assert labels == {"faxgw": REFERENCE}
        password = Porter(WEBHOOK_SECRET).password_of(REFERENCE)
        assert callback == f"https://{REFERENCE}:{password}@faxgw.example.com/v1/receipts/sinch"


async def test_without_an_address_of_ours_none_is_told() -> None:
    """Sinch is then only asked, and no webhook is believed."""
    async with stand_in(answering(HANDED)) as server:
        provider = sinch_provider(server.base_url, None, webhook_url="")
        assert await provider.send(SENDING) == Accepted("F1")
        assert b"callbackUrl" not in server.requests[0]
        with pytest.raises(ReceiptRefusedError, match="webhook_url"):
            provider.read_receipt({"authorization": authorization("s-1-1", "x")}, b"{}")
        await provider.aclose()


async def test_it_is_given_pdf_and_rings_once() -> None:
    """All retries are ours; its list is not believed until somebody has looked."""
    async with talking() as (provider, _, _):
        capabilities = provider.capabilities
        assert (format_for(capabilities), capabilities.own_retries) == (Format.PDF, 0)
        assert (capabilities.look_up, capabilities.absence_proves) == (LookUpKind.LISTED, False)
        assert isinstance(await provider.look_up(REFERENCE), NoAnswer)


async def send_answered_with(raw: bytes) -> SendOutcome:
    async with stand_in(answering(raw)) as server:
        provider = sinch_provider(server.base_url)
        outcome = await provider.send(SENDING)
        await provider.aclose()
        return outcome


def violation(*fields: str) -> bytes:
    details = [{"fieldViolations": [{"field": field} for field in fields]}]
    return msgspec.json.encode({"error": {"status": "INVALID_ARGUMENT", "details": details}})


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (response("200 OK", b'{"faxes":[{"id":"F1"}]}'), Accepted("F1")),
        (response("400 Bad", violation("to")), Refused(Failure.BAD_NUMBER, "400 INVALID_ARGUMENT")),
        (response("400 Bad", violation("file")), Refused(Failure.DOCUMENT, "400 INVALID_ARGUMENT")),
        (response("400 Bad", violation("from")), Refused(Failure.ACCOUNT, "400 INVALID_ARGUMENT")),
        (response("400 Bad", violation("to", "from")), Refused(Failure.ACCOUNT, "400 INVALID_ARGUMENT")),
        (response("400 Bad", b"<html>"), Refused(Failure.ACCOUNT, "400")),
        (response("402 Pay"), Refused(Failure.ACCOUNT, "402")),
        (response("403 No"), Refused(Failure.ACCOUNT, "403")),
        (response("413 Large"), Refused(Failure.DOCUMENT, "413")),
        (response("429 Slow", headers="Retry-After: 7\r\n"), Refused(Failure.CAPACITY, "429", 7.0)),
    ],
)
async def test_an_answer_that_says_what_became_of_the_fax_is_believed(raw: bytes, outcome: SendOutcome) -> None:
    """A complaint of which nothing says that it is the number's stops the carrier, and costs no order its fax."""
    assert await send_answered_with(raw) == outcome


@pytest.mark.parametrize(
    "raw",
    [
        response("500 Oops"),
        response("409 Conflict"),
        response("200 OK", b"{}"),
        response("200 OK", b'{"faxes":[]}'),
        response("200 OK", b'{"faxes":[{"id":"F1"},{"id":"F2"}]}'),
    ],
)
async def test_an_answer_that_does_not_say_is_unclear(raw: bytes) -> None:
    """Two faxes for one number among it."""
    assert isinstance(await send_answered_with(raw), Unclear)


# --- asking --------------------------------------------------------------------------------------------------


async def list_answered_with(words: object) -> Any:
    async with stand_in(answering(response(body=msgspec.json.encode(words)))) as server:
        provider = sinch_provider(server.base_url)
        listed = await provider.list_sent(LINE, 1_800_000_000.0)
        await provider.aclose()
        return listed, server.requests


async def test_what_went_to_a_number_since_a_time_is_asked_for_as_documented() -> None:
    """`createTime>=`, where the first half is the name of the filter; the plus of the number is escaped."""
    listed, [request] = await list_answered_with({"faxes": [], "pageNumber": 1, "totalPages": 1})
    assert listed == []
    line = request.split(b"\r\n")[0].decode()
    assert "to=%2B33199001234&" in line
    assert "createTime%3E=2027-01-15T08%3A00%3A00Z&" in line


async def test_a_list_goes_to_its_last_page() -> None:
    """By what it says of its pages, else by a page that is not full."""
    fax = {"id": "F1", "to": LINE, "labels": {"faxgw": "s-9-1"}}
    for words, requests in [
        ({"faxes": [fax], "pageNumber": 1, "totalPages": 1}, 1),
        ({"faxes": [fax]}, 1),
        ({"faxes": [fax] * 100}, 20),
        ({"faxes": [fax], "pageNumber": 1, "totalPages": 99}, 20),
    ]:
        listed, asked = await list_answered_with(words)
        assert len(asked) == requests
        assert isinstance(listed, NoAnswer) is (requests == 20)


@pytest.mark.parametrize("labels", [None, {}, {"other": "s-1-1"}, {"faxgw": ""}])
async def test_a_fax_whose_label_was_lost_keeps_ours_in_doubt(labels: dict[str, str] | None) -> None:
    """How labels go into a form is not documented: should they be lost, nothing goes out twice."""
    fax = {"id": "F1", "to": LINE, "labels": labels}
    listed, _ = await list_answered_with({"faxes": [fax], "pageNumber": 1, "totalPages": 1})
    assert find_named(listed, REFERENCE, frozenset()) == Ambiguous()


async def test_longer_numbers_and_faxes_that_came_in_are_left_out() -> None:
    """Its filter takes every number that begins with ours."""
    faxes = [{"id": "F1", "to": LINE + "5"}, {"id": "F2", "to": LINE, "direction": "INBOUND"}]
    listed, _ = await list_answered_with({"faxes": faxes, "pageNumber": 1, "totalPages": 1})
    assert find_named(listed, REFERENCE, frozenset()) == NotListed()


async def test_our_label_counts_however_the_number_is_written() -> None:
    """Else a fax that was taken would be missed, and go out twice."""
    fax = {"id": "F1", "to": "33 1 99 00 12 34", "status": "COMPLETED", "labels": {"faxgw": REFERENCE}}
    listed, _ = await list_answered_with({"faxes": [fax], "pageNumber": 1, "totalPages": 1})
    found = find_named(listed, REFERENCE, frozenset())
    assert isinstance(found, Ours)
    assert found.listed.provider_ref == "F1"


# --- what it says --------------------------------------------------------------------------------------------


def ended(kind: str, code: int | str | None, **more: Any) -> NotDelivered:
    fate = read_fate(Fax("F1", "FAILURE", error_type=kind, error_code=code, **more))
    assert isinstance(fate, NotDelivered)
    return fate


def test_one_code_means_two_things_by_its_type() -> None:
    """133 is a PDF that is none, and a number that is not permitted."""
    assert ended("DOCUMENT_CONVERSION_ERROR", 133).failure is Failure.DOCUMENT
    assert ended("FAX_ERROR", 133).failure is Failure.NETWORK
    assert ended("FAX_ERROR", "133") == ended("FAX_ERROR", 133)


@pytest.mark.parametrize("code", [8, 21, 29, 84])
def test_a_page_that_was_sent_and_not_confirmed_waits_for_a_person(code: int) -> None:
    """It often did arrive."""
    assert ended("FAX_ERROR", code).failure is Failure.IN_DOUBT


@pytest.mark.parametrize("kind", ["CALL_ERROR", "FAX_ERROR", "FATAL_ERROR", "GENERAL_ERROR", "MOON_ERROR"])
@pytest.mark.parametrize("code", [None, 999, "", "busy", "\u0667", -1])
def test_a_code_that_is_new_is_a_class_of_its_own(kind: str, code: int | str | None) -> None:
    """Retried with care, counted and shown."""
    fate = ended(kind, code)
    assert fate.failure is Failure.UNKNOWN_CODE
    assert fate.code == (kind if code is None else f"{kind} {code if code in {999, 'busy', -1} else 'odd-word'}")


def test_no_funds_are_the_operators_to_mend() -> None:
    """Its word for it stands among the errors of faxes, too."""
    assert {ended("FAX_ERROR", 46).failure, ended("GENERAL_ERROR", 5).failure} == {Failure.ACCOUNT}


@pytest.mark.parametrize("code", [*FAX_FAILURES, *CALL_FAILURES])
def test_a_failure_with_all_pages_confirmed_is_in_doubt(code: int) -> None:
    """And no count of pages makes a failure a delivery: what Sinch counts there nobody has seen."""
    kind = "FAX_ERROR" if code in FAX_FAILURES else "CALL_ERROR"
    fate = ended(kind, code, number_of_pages=2, pages_sent_successfully=2)
    assert (fate.failure, fate.pages) == (Failure.IN_DOUBT, 0)


def test_completed_without_a_page_is_not_delivered() -> None:
    """Others have told their customers "done" so."""
    empty = read_fate(Fax("F1", "COMPLETED", number_of_pages=1, pages_sent_successfully=0))
    assert isinstance(empty, NotDelivered)
    assert empty.failure is Failure.IN_DOUBT
    assert read_fate(Fax("F1", "COMPLETED", number_of_pages=2, pages_sent_successfully=2)) == Delivered(2, None)
    assert read_fate(Fax("F1", "COMPLETED")) == Delivered(0, None)


def test_its_own_retries_are_counted_should_it_make_any() -> None:
    """A service that would not take 0 for an answer has rung more than once."""
    assert (ended("CALL_ERROR", 17, retry_count=3).calls, ended("CALL_ERROR", 17).calls) == (4, None)


@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS", "PENDING", "ON_THE_MOON", ""])
def test_every_other_status_is_not_final(status: str) -> None:
    """Words that are new to us among them."""
    assert read_fate(Fax("F1", status)) == InProgress()


# --- hearing -------------------------------------------------------------------------------------------------


def signed_in(reference: str) -> dict[str, str]:
    return {"authorization": authorization(reference, Porter(WEBHOOK_SECRET).password_of(reference))}


def webhook(reference: str, **more: Any) -> bytes:
    fax = {"id": "F1", "to": LINE, "status": "COMPLETED", "numberOfPages": 1, "labels": {"faxgw": reference}}
    return msgspec.json.encode({"event": "FAX_COMPLETED", "fax": fax, **more})


def provider() -> SinchProvider:
    return sinch_provider("http://127.0.0.1:1")


def test_a_receipt_that_is_told_again_has_the_same_name() -> None:
    """Sinch gives its webhooks no ids; fax, event and time are one for all repeats."""
    at = {"eventTime": "2027-05-08T06:00:00Z"}
    [report] = provider().read_receipt(signed_in("s-1-1"), webhook("s-1-1", **at))
    assert (report.event_id, report.client_ref) == ("F1:FAX_COMPLETED:2027-05-08T06:00:00Z", "s-1-1")
    assert [report] == provider().read_receipt(signed_in("s-1-1"), webhook("s-1-1", file="JVBERi0=", **at))
    [nameless] = provider().read_receipt(signed_in("s-1-1"), webhook("s-1-1"))
    assert nameless.event_id is None


def test_a_password_opens_the_door_for_its_own_fax_alone() -> None:
    """One that got out tells nothing of any other."""
    with pytest.raises(ReceiptRefusedError, match="another fax"):
        provider().read_receipt(signed_in("s-1-1"), webhook("s-2-1"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event":"FAX_COMPLETED","fax":{}}', b"--form\r\n"])
def test_a_webhook_that_cannot_be_read_is_refused_without_quoting_it(body: bytes) -> None:
    """A form with the pages in it, which Sinch would send without our word for JSON, among them."""
    with pytest.raises(ReceiptUnreadableError, match="not an event that we can read"):
        provider().read_receipt(signed_in("s-1-1"), body)


def test_a_webhook_secret_that_is_too_short_stops_the_start() -> None:
    """Not the first webhook."""
    with pytest.raises(ValueError, match="at least 16"):
        sinch_provider("http://127.0.0.1:1", "short")
