"""How the adapter reads every answer that HTTP can give."""

import base64
import json

import pytest

from faxgw.clock import SystemClock
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.http import Timeouts
from faxgw.provider.mishaps import Call
from faxgw.provider.port import (
    Absent,
    Accepted,
    Found,
    InProgress,
    LookUp,
    NoAnswer,
    NotDelivered,
    Provider,
    ReceiptUnreadableError,
    Refused,
    Sending,
    SendOutcome,
    Unclear,
)
from faxgw.provider.signature import read_secret, sign
from faxgw.provider.simulated import FAILURES, SimulatedProvider
from faxgw.provider.switchboard import CODES
from tests.provider.carrier_stand_in import StandIn, answering, response, stand_in

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
NOW = 1_900_000_000.0
SENDING = Sending(ClientRef("s-1-1"), Line("+33199001234"), b"II*\x00 a page", 3)


class StoppedClock:
    def now(self) -> float:
        return NOW


def adapter(server: StandIn) -> SimulatedProvider:
    return SimulatedProvider(
        "simulated",
        base_url=server.base_url,
        login="anna",
        password="s3cret",  # noqa: S106 - made up.
        lanes=2,
        timeouts=Timeouts(),
        webhook_secret=SECRET,
        clock=StoppedClock(),
    )


async def send_answered_with(raw: bytes) -> SendOutcome:
    async with stand_in(answering(raw)) as server:
        provider = adapter(server)
        outcome = await provider.send(SENDING)
        await provider.aclose()
        return outcome


async def look_up_answered_with(raw: bytes) -> LookUp:
    async with stand_in(answering(raw)) as server:
        provider = adapter(server)
        found = await provider.look_up(ClientRef("s-1-1"))
        await provider.aclose()
        return found


async def test_a_fax_is_handed_over_as_the_carrier_documents_it() -> None:
    """Account, reference, number and pages in headers, the TIFF as it is."""
    async with stand_in(answering(response("201 Created", b'{"id":"SC1"}'))) as server:
        provider = adapter(server)
        assert await provider.send(SENDING) == Accepted("SC1")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == SENDING.document
        for line in (
            b"Authorization: Basic " + base64.b64encode(b"anna:s3cret"),
            b"Content-Type: image/tiff",
            b"Fax-Reference: s-1-1",
            b"Fax-Number: +33199001234",
            b"Fax-Pages: 3",
        ):
            assert line in head.split(b"\r\n")
        await provider.aclose()


@pytest.mark.parametrize(
    ("status", "body", "headers", "outcome"),
    [
        ("200 OK", b'{"id":"SC1"}', "", Accepted("SC1")),
        ("202 Accepted", b'{"id":"SC1","more":[1]}', "", Accepted("SC1")),
        ("400 Bad Request", b'{"error":"bad_number"}', "", Refused(Failure.BAD_NUMBER, "bad_number")),
        ("400 Bad Request", b"<html>", "", Refused(Failure.DOCUMENT, "400")),
        ("422 Unprocessable", b'{"error":"bad_document"}', "", Refused(Failure.DOCUMENT, "bad_document")),
        ("413 Too Large", b"", "", Refused(Failure.DOCUMENT, "413")),
        ("401 Unauthorized", b"", "", Refused(Failure.ACCOUNT, "401")),
        ("403 Forbidden", b"", "", Refused(Failure.ACCOUNT, "403")),
        ("404 Not Found", b"", "", Refused(Failure.ACCOUNT, "404")),
        ("429 Slow Down", b"", "Retry-After: 7\r\n", Refused(Failure.CAPACITY, "429", 7.0)),
        ("429 Slow Down", b"", "", Refused(Failure.CAPACITY, "429")),
        ("503 Unavailable", b"", "Retry-After: 60\r\n", Refused(Failure.CAPACITY, "503", 60.0)),
    ],
)
async def test_an_answer_that_says_what_became_of_the_fax_is_believed(
    status: str, body: bytes, headers: str, outcome: SendOutcome
) -> None:
    """Taken, or refused for the carrier's, the account's, the document's or the number's sake."""
    assert await send_answered_with(response(status, body, headers)) == outcome


@pytest.mark.parametrize(
    "status", ["500 Oops", "502 Bad Gateway", "504 Timeout", "408 Timeout", "302 Found", "299 Odd"]
)
async def test_an_answer_that_does_not_say_is_unclear(status: str) -> None:
    """Something between us and the carrier may have answered after the carrier took the fax."""
    assert isinstance(await send_answered_with(response(status)), Unclear)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id":', b'{"id":7}', b"[]", b"\xff\xfe", b"<html>all well</html>"])
async def test_success_without_a_readable_id_is_unclear(body: bytes) -> None:
    """Without the id nothing could be asked of it later; the look-up by reference tells."""
    assert isinstance(await send_answered_with(response("201 Created", body)), Unclear)


@pytest.mark.parametrize(
    "raw", [response("404 Not Found"), response("401 No"), response("500 Oops"), response(body=b"<")]
)
async def test_only_an_empty_list_is_an_absence(raw: bytes) -> None:
    """A 404 may be a proxy's; "absent" must be the carrier's own word."""
    assert isinstance(await look_up_answered_with(raw), NoAnswer)
    assert await look_up_answered_with(response(body=b'{"faxes":[]}')) == Absent()


async def test_words_that_are_new_to_us_do_no_harm() -> None:
    """An unknown status is not final; an unknown code is a class of its own and kept for the trail."""
    new_status = {"id": "SC1", "reference": "s-1-1", "status": "billing", "new_field": {}}
    new_code = {"id": "SC1", "reference": "s-1-1", "status": "failed", "code": "MOON_PHASE"}
    for fax, fate in (
        (new_status, InProgress()),
        (new_code, NotDelivered(Failure.UNKNOWN_CODE, "MOON_PHASE")),
    ):
        found = await look_up_answered_with(response(body=json.dumps({"faxes": [fax]}).encode()))
        assert isinstance(found, Found)
        assert found.report.fate == fate


def test_every_code_of_the_carrier_is_translated() -> None:
    """No call of the simulated carrier may end in a code that the adapter does not know."""
    assert set(FAILURES) == set(CODES.values())
    assert set(CODES) == set(Call) - {Call.DELIVERED, Call.STUCK}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"faxes":{}}', b'{"faxes":[{"id":1}]}'])
async def test_a_signed_webhook_that_is_no_receipt_is_refused_without_quoting_it(body: bytes) -> None:
    """The carrier itself sent it, and we cannot read it; the reason names no content."""
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": sign(read_secret(SECRET), "msg_1", int(NOW), body),
    }
    with pytest.raises(ReceiptUnreadableError, match="not a receipt"):
        adapter(StandIn("http://127.0.0.1:1")).read_receipt(headers, body)


async def test_an_empty_poll_asks_nobody() -> None:
    """Nothing to ask, nothing sent."""
    async with stand_in(answering(response())) as server:
        assert await adapter(server).poll([]) == []
        assert server.connections == 0


def test_the_adapter_is_a_provider() -> None:
    """Held by the type checker; the name is the config's."""
    provider: Provider = adapter(StandIn("http://127.0.0.1:1"))
    assert provider.name == "simulated"


def test_a_secret_that_cannot_be_read_stops_the_start() -> None:
    """Not the first webhook."""
    with pytest.raises(ValueError, match="secret"):
        SimulatedProvider(
            "simulated",
            base_url="http://127.0.0.1:1",
            login="a",
            password="b",  # noqa: S106 - made up.
            lanes=1,
            timeouts=Timeouts(),
            webhook_secret="whsec_",  # noqa: S106 - none at all.
            clock=SystemClock(),
        )
