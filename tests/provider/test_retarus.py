"""Retarus: data centres that each know a part, words that are no last word, and pushes that nobody signs."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.dispatch.ladder import AskByReference, Doubtful, next_rung, proves_absence
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import Porter, authorization
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
from faxgw.provider.retarus.adapter import CAPABILITIES, LIST_MAX, RetarusProvider
from faxgw.provider.retarus.words import JobReport, Outcome, UnreadableError, read_fate, read_push, read_report
from tests.contract.stages import retarus_provider
from tests.provider.carrier_stand_in import answering, response, stand_in
from tests.provider.fakes.carrier import FakeCarrier, running_fake
from tests.provider.fakes.retarus import CENTRES, PUSH_SECRET, RetarusWire, xml_push
from tests.webhook_inbox import Webhook, WebhookInbox

LINE = Line("+33199001234")
PATIENCE_SECONDS = 3.0
"""For data centres of which one is never going to answer; the other has plenty of time on a busy machine."""


def sending(number: int) -> Sending:
    return Sending(ClientRef(f"s-{number}-1"), LINE, b"%PDF-1.4 a page", 1, format=Format.PDF)


class Bench:
    """A fake Retarus, an adapter for it, and the pushes that came."""

    def __init__(
        self,
        fake: FakeCarrier,
        provider: RetarusProvider,
        hasty: RetarusProvider,
        wire: RetarusWire,
        inbox: WebhookInbox,
    ) -> None:
        self.fake = fake
        self.provider = provider
        self.hasty = hasty
        """The same account, for where nobody is going to answer."""
        self.wire = wire
        self.inbox = inbox

    async def send(self, number: int = 1) -> SendOutcome:
        return await self.provider.send(sending(number))

    async def send_one_to_each_centre(self) -> dict[str, str]:
        """The job's id at each centre; both calls are over."""
        ids = {}
        for number in (1, 2):
            accepted = await self.send(number)
            assert isinstance(accepted, Accepted)
            ids[self.wire.centre_of(self.fake.board.by_id[accepted.provider_ref])] = accepted.provider_ref
        await self.fake.wait_ended(2)
        return ids


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    inbox = WebhookInbox("memory")
    wires: list[RetarusWire] = []

    def make_wire(board: Any) -> RetarusWire:
        wires.append(RetarusWire(board))
        return wires[0]

    async with running_fake(make_wire, inbox.put) as fake:
        provider = retarus_provider(fake, ask_seconds=PATIENCE_SECONDS)
        hasty = retarus_provider(fake, ask_seconds=0.05)
        with trio.fail_after(20):
            yield Bench(fake, provider, hasty, wires[0], inbox)
        await provider.aclose()
        await hasty.aclose()


async def test_a_fax_is_ordered_as_documented(bench: Bench) -> None:
    """Our reference, a PDF, an hour to dial, and where to push to; advertisers' lists do not apply."""
    await bench.send()
    job = bench.wire.jobs["s-1-1"]
    assert job["recipients"] == [{"number": LINE}]
    assert job["documents"][0]["name"] == "fax.pdf"
    assert job["meta"] == {"customerReference": "s-1-1", "jobValid": {"end": "PT60M"}}
    assert job["transportOptions"] == {"isBlacklistEnabled": False}
    push = job["statusReportOptions"]["httpStatusPush"]
    assert push["targetUrl"] == "https://faxgw.example.com/v1/receipts/retarus"
    assert (push["principal"], push["authMethod"]) == ("s-1-1", "HTTP_BASIC")
    assert PUSH_SECRET not in msgspec.json.encode(job).decode()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", Accepted("FJ1")),
        ("400 Bad Request", Refused(Failure.UNKNOWN_CODE, "400")),
        ("401 Unauthorized", Refused(Failure.ACCOUNT, "401")),
        ("404 Not Found", Refused(Failure.ACCOUNT, "404")),
        ("503 Service Unavailable", Refused(Failure.CAPACITY, "503")),
        ("409 Conflict", Unclear("answered that it has it already (409)")),
        ("500 Internal Server Error", Unclear("answered with 500")),
        ("520 Unknown Error", Unclear("answered with 520")),
    ],
)
async def test_a_refusal_says_whose_fault_it_is(bench: Bench, status: str, outcome: SendOutcome) -> None:
    """A 400 does not say what is wrong with the job; that its pages are to blame would end every fax at once."""
    async with stand_in(answering(response(status, b'{"jobId":"FJ1"}'))) as server:
        provider = retarus_provider(bench.fake, submit_url=server.base_url)
        assert await provider.send(sending(1)) == outcome
        await provider.aclose()


async def test_questions_go_to_every_data_centre_and_none_to_where_faxes_go(bench: Bench) -> None:
    """ "Never send status queries to an HA URL"; what two centres know is one answer."""
    ids = await bench.send_one_to_each_centre()
    reports = await bench.provider.poll(list(ids.values()))
    assert isinstance(reports, list)
    assert {report.provider_ref: type(report.fate) for report in reports} == dict.fromkeys(ids.values(), Delivered)
    assert isinstance(await bench.provider.look_up(ClientRef("s-2-1")), Found)
    asked = [(request.door, request.method) for request in bench.fake.requests if request.path.endswith("reports")]
    assert sorted(asked) == [("de1", "GET"), ("de1", "POST"), ("de2", "GET"), ("de2", "POST")]


@pytest.mark.parametrize("how", ["closed", "silent"])
async def test_a_dead_data_centre_delays_nobody_and_hides_only_what_is_its_own(bench: Bench, how: str) -> None:
    """What the other knows is told within its time; of the rest nothing is known, which is no word of its end."""
    ids = await bench.send_one_to_each_centre()
    if how == "closed":
        await bench.fake.doors["de2"].close()
    else:
        await bench.fake.silence("de2")
    began = trio.current_time()
    reports = await bench.provider.poll([ids["de1"], ids["de2"]])
    assert trio.current_time() - began < 10
    assert isinstance(reports, list)
    told = {report.provider_ref: report.fate for report in reports}
    assert isinstance(told[ids["de1"]], Delivered)
    assert told[ids["de2"]] == InProgress()
    assert isinstance(await bench.hasty.look_up(ClientRef("s-9-1")), NoAnswer)


async def test_without_any_data_centre_there_is_no_answer(bench: Bench) -> None:
    """Then a poll is to be repeated, not believed."""
    ids = await bench.send_one_to_each_centre()
    for centre in CENTRES:
        await bench.fake.silence(centre)
    assert await bench.hasty.poll(list(ids.values())) == NoAnswer("no answer in time")
    assert isinstance(await bench.hasty.look_up(ClientRef("s-1-1")), NoAnswer)


async def test_a_failure_counts_when_every_centre_was_heard_and_a_delivery_at_once(bench: Bench) -> None:
    """The address for faxes may have handed one to two centres: what failed at one may have arrived from the other."""
    await bench.fake.script(LINE, "busy", "busy", "delivered", "delivered")
    for number in (1, 2, 3, 4):
        await bench.send(number)
    await bench.fake.wait_ended(4)
    found = await bench.provider.look_up(ClientRef("s-1-1"))
    assert isinstance(found, Found)
    assert isinstance(found.report.fate, NotDelivered)
    await bench.fake.silence("de1")
    heard: dict[int, LookUp] = {}

    async def look_up(number: int) -> None:
        heard[number] = await bench.provider.look_up(ClientRef(f"s-{number}-1"))

    async with trio.open_nursery() as nursery:
        for number, fax in enumerate(bench.fake.board.by_id.values(), start=1):
            if bench.wire.centre_of(fax) == "de2":
                nursery.start_soon(look_up, number)
    kinds = {number: type(answer) for number, answer in heard.items()}
    assert kinds in ({1: NoAnswer, 3: Found}, {2: NoAnswer, 4: Found})


async def test_two_faxes_under_one_reference_are_as_good_as_the_better(bench: Bench) -> None:
    """A delivered one decides, whichever centre has it."""
    await bench.fake.script(LINE, "busy", "delivered")
    await bench.send()
    await bench.send()
    await bench.fake.wait_ended(2)
    found = await bench.provider.look_up(ClientRef("s-1-1"))
    assert isinstance(found, Found)
    assert isinstance(found.report.fate, Delivered)


async def test_the_failure_of_one_job_ends_no_other_under_the_same_reference(bench: Bench) -> None:
    """What is still dialled may arrive: sent again for the one that failed, it would lie there twice."""
    job = '{"jobId":"%s","recipientStatus":[{"status":"%s","reason":"%s"}],"reference":{"customerDefinedId":"s-1-1"}}'
    jobs = [job % told for told in (("failed", "FAILED", "BUSY"), ("dialled", "PENDING", "PENDING"))]
    async with stand_in(answering(response(body=f'{{"reports":[{",".join(jobs)}]}}'.encode()))) as server:
        provider = retarus_provider(bench.fake, report_urls=(server.base_url,))
        found = await provider.look_up(ClientRef("s-1-1"))
        await provider.aclose()
    assert isinstance(found, Found)
    assert (found.report.fate, found.report.provider_ref) == (InProgress(), "dialled")


async def test_a_duplicate_is_in_doubt_and_then_found(bench: Bench) -> None:
    """409 says that it has the fax, and not under which id: only asking tells what became of it."""
    bench.wire.knows_duplicates = True
    await bench.fake.script(LINE, "lost_answer")
    assert isinstance(await bench.send(), Unclear)
    assert isinstance(await bench.send(), Unclear)
    await bench.fake.wait_ended(1)
    found = await bench.provider.look_up(ClientRef("s-1-1"))
    assert isinstance(found, Found)
    assert isinstance(found.report.fate, Delivered)
    assert (await bench.fake.account())["accepted"] == 1


async def test_a_call_under_way_is_pending_by_its_id_and_unknown_by_our_reference(bench: Bench) -> None:
    """Hence "not known" proves nothing, and a fax in doubt is asked for and never sent again by itself."""
    await bench.fake.script(LINE, "stuck")
    accepted = await bench.send()
    assert isinstance(accepted, Accepted)
    reports = await bench.provider.poll([accepted.provider_ref])
    assert isinstance(reports, list)
    assert [report.fate for report in reports] == [InProgress()]
    assert await bench.provider.look_up(ClientRef("s-1-1")) == Absent()
    doubtful = Doubtful(started_at=0.0, deadline_at=None, has_provider_ref=False, key_failed=False)
    assert next_rung(CAPABILITIES, doubtful, 1e6) == AskByReference()
    assert not proves_absence(CAPABILITIES, doubtful)


async def test_a_full_list_hides_what_stands_behind_it(bench: Bench) -> None:
    """A centre shows its oldest thousand reports and no more."""
    template = b'{"jobId":"FJ%d","pages":1,"reference":{"customerDefinedId":"other-%d-1"}}'
    reports = b",".join(template % (number, number) for number in range(LIST_MAX))
    full = b'{"reports":[' + reports + b"]}"

    async def look_up_among(answer: bytes) -> LookUp:
        async with stand_in(answering(response(body=answer))) as server:
            provider = retarus_provider(bench.fake, report_urls=(server.base_url,))
            found = await provider.look_up(ClientRef("s-1-1"))
            await provider.aclose()
            return found

    assert isinstance(await look_up_among(full), NoAnswer)
    assert await look_up_among(b'{"reports":[' + template % (1, 1) + b"]}") == Absent()


@pytest.mark.parametrize("code", ["EOD_FAILED", "NO_TRAIN"])
def test_what_may_have_arrived_is_never_sent_again_by_itself(code: str) -> None:
    """Both were seen with faxes that lay on the machine; they wait for a person."""
    fate = read_fate(told("FAILED", code))
    assert isinstance(fate, NotDelivered)
    assert (fate.failure, fate.code) == (Failure.IN_DOUBT, code)
    assert DEFAULT_RETRIES[fate.failure].calls_max == 0
    assert CAPABILITIES.own_retries == 10


@pytest.mark.parametrize(
    ("status", "reason", "fate"),
    [
        ("OK", "OK", Delivered(2, 26.0)),
        ("OK", None, Delivered(2, 26.0)),
        ("PENDING", None, InProgress()),
        ("PENDING", "BUSY", InProgress()),
        ("OK", "PENDING", InProgress()),
        ("", "", InProgress()),
        ("OK", "EOD_FAILED", NotDelivered(Failure.IN_DOUBT, "EOD_FAILED", call_seconds=26.0)),
        ("BUSY", "BUSY", NotDelivered(Failure.BUSY, "BUSY", call_seconds=26.0)),
        ("WRONG_NO", None, NotDelivered(Failure.BAD_NUMBER, "WRONG_NO", call_seconds=26.0)),
        ("FAILED", "MOON_PHASE", NotDelivered(Failure.UNKNOWN_CODE, "MOON_PHASE", call_seconds=26.0)),
        ("MOON_PHASE", "", NotDelivered(Failure.UNKNOWN_CODE, "MOON_PHASE", call_seconds=26.0)),
    ],
)
def test_status_and_reason_are_read_together(status: str, reason: str | None, fate: Fate) -> None:
    """Pending is not over whatever else is said, and a known failure outweighs an OK beside it."""
    assert read_fate(told(status, reason)) == fate


def told(status: str, reason: str | None) -> JobReport:
    return JobReport("FJ1", 2, None, [Outcome(status, reason, 26.0)])


# --- pushes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_push_tells_by_its_password_which_fax_it_is_about(bench: Bench, as_json: bool) -> None:
    """Its body has no reference of ours: the user it signs in with is one. XML or JSON, as they were asked for."""
    bench.wire.pushes_json = as_json
    await bench.fake.script(LINE, "lost_answer")
    assert isinstance(await bench.send(), Unclear)
    headers, body = await bench.inbox.take()
    [report] = bench.provider.read_receipt(headers, body)
    assert report.fate == Delivered(1, 26.0)
    assert (report.client_ref, report.provider_ref) == ("s-1-1", "SC0000000001")
    assert report.event_id == "SC0000000001/OK"


async def test_the_password_of_one_fax_opens_no_other(bench: Bench) -> None:
    """Who got hold of one push's password cannot tell us of the next fax."""
    await bench.send(1)
    headers, body = await bench.inbox.take()
    password = Porter(PUSH_SECRET).password_of("s-1-1")
    with pytest.raises(ReceiptRefusedError):
        bench.provider.read_receipt(headers | {"authorization": authorization("s-2-1", password)}, body)
    other = msgspec.json.encode({"jobId": "FJ2", "reference": {"customerDefinedId": "s-2-1"}})
    with pytest.raises(ReceiptUnreadableError, match="another fax"):
        bench.provider.read_receipt(headers, other)


def xml_of(recipient: dict[str, object]) -> bytes:
    """A push about such a recipient, with what XML cannot hold left out."""
    told = {name: "".join(filter(str.isprintable, str(value))) for name, value in recipient.items()}
    return xml_push("FJ1", told, 1, "https://faxgw.example.com/")


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<faxJobReport><jobId>&b;</jobId></faxJobReport>"""
OUTSIDE = b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><faxJobReport><jobId>F</jobId></faxJobReport>'
PUSH = xml_push("FJ1", {"number": LINE, "status": "OK", "reason": "OK"}, 1, "https://faxgw.example.com/")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"number=%2B33199001234&status=OK",
        b"{}",
        b'{"jobId":7}',
        b"<faxJobReport/>",
        b"<faxJobReport><jobId/></faxJobReport>",
        BOMB,
        OUTSIDE,
        BOMB.decode().encode("utf-16"),
        PUSH[:-20],
        PUSH.replace(b"<pages>1", b"<pages>+33199001234"),
        PUSH.replace(b"UTF-8", b"klingon"),
        b"<a>" * 5_000,
    ],
)
async def test_a_push_that_is_no_report_is_refused_and_not_quoted(bench: Bench, body: bytes) -> None:
    """Neither entities nor a half document nor another language; a florist's number is in none of the reasons."""
    headers = {"authorization": authorization("s-1-1", Porter(PUSH_SECRET).password_of("s-1-1"))}
    with pytest.raises(ReceiptUnreadableError) as refused:
        bench.provider.read_receipt(headers, body)
    assert "33199001234" not in str(refused.value)


SOME = st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["OK", "PENDING", "EOD_FAILED"])
RECIPIENTS = st.dictionaries(st.sampled_from(["status", "reason", "durationInSecs", "number"]), SOME)
REPORTS = st.fixed_dictionaries(
    {"jobId": st.text(max_size=8)},
    optional={
        "pages": SOME,
        "reference": SOME | st.fixed_dictionaries({"customerDefinedId": SOME}),
        "recipientStatus": st.lists(RECIPIENTS, max_size=2) | SOME,
        "faxRecipient": RECIPIENTS | SOME,
    },
)


@settings(deadline=None)
@given(st.binary(max_size=64) | st.builds(msgspec.json.encode, REPORTS) | st.builds(xml_of, RECIPIENTS))
def test_whatever_is_pushed_is_a_report_or_unreadable(body: bytes) -> None:
    """Nothing else is ever raised; what is a report has a fate."""
    try:
        report = read_report(read_push(body))
    except UnreadableError:
        return
    assert isinstance(report.fate, InProgress | Delivered | NotDelivered)


def pushed_from_another_version(body: bytes) -> bytes:
    return body.replace(b"faxws/3/0", b"faxws/4/1")


def pushed_with_more(body: bytes) -> bytes:
    return body.replace(b"<document>", b"<news><status>BUSY</status></news><document>")


@pytest.mark.parametrize("change", [pushed_from_another_version, pushed_with_more, lambda body: b"\xef\xbb\xbf" + body])
async def test_what_is_new_in_a_push_does_no_harm(bench: Bench, change: Callable[[bytes], bytes]) -> None:
    """Another namespace, elements that nobody knew, a byte order mark."""
    await bench.send()
    headers, body = await bench.inbox.take()
    [report] = bench.provider.read_receipt(headers, change(body))
    assert report.fate == Delivered(1, 26.0)


async def test_a_push_in_json_may_name_the_recipient_as_the_xml_does(bench: Bench) -> None:
    """Which of the two names it has is not documented."""
    headers = {"authorization": authorization("s-1-1", Porter(PUSH_SECRET).password_of("s-1-1"))}
    recipient = {"status": "BUSY", "reason": "BUSY", "durationInSecs": 3}
    for name, value in (("recipientStatus", [recipient]), ("faxRecipient", [recipient]), ("faxRecipient", recipient)):
        [report] = bench.provider.read_receipt(headers, msgspec.json.encode({"jobId": "FJ1", name: value}))
        assert report.fate == NotDelivered(Failure.BUSY, "BUSY", call_seconds=3.0)


async def test_without_a_secret_retarus_is_told_no_address_and_nobody_is_let_in(bench: Bench) -> None:
    """It is only asked."""
    provider = retarus_provider(bench.fake, secret=None)
    assert isinstance(await provider.send(sending(1)), Accepted)
    assert "statusReportOptions" not in bench.wire.jobs["s-1-1"]
    webhook: Webhook = ({"authorization": authorization("s-1-1", "")}, PUSH)
    with pytest.raises(ReceiptRefusedError, match="no webhook secret"):
        provider.read_receipt(*webhook)
    await provider.aclose()
