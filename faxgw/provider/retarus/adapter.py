"""The adapter for Retarus: faxes go to the region's one address, and questions to every data centre of it.

A data centre knows the faxes that it took itself, so what they say is merged and a 404 of one is nothing unusual. One
that does not answer within `ask_seconds` keeps nobody waiting; what it may know is then not known.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
import trio

from faxgw.clock import Clock
from faxgw.config.retarus import RetarusConfig
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import Porter, authorization
from faxgw.provider.http import Answer, Exchange, HttpLanes, timeouts_of
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Delivered,
    Format,
    Found,
    InProgress,
    Listed,
    LookUp,
    LookUpKind,
    NoAnswer,
    NotDelivered,
    ReceiptRefusedError,
    ReceiptUnreadableError,
    Refused,
    Report,
    Sending,
    SendOutcome,
    Unclear,
    weigh_fate,
)
from faxgw.provider.rest import decode_answer, is_not_found, iso_time
from faxgw.provider.retarus import words
from faxgw.provider.statuses import not_handed_over, refusal_of

IDS_MAX: Final = 1_000
LIST_MAX: Final = 1_000
"""A data centre lists the oldest so many of its reports, and no more however they are asked for."""
REPORT_SECONDS: Final = 30 * 86_400.0
"""For so long it keeps reports anyway."""
ASK_LANES: Final = 4
"""Connections to each data centre, for questions only."""

CAPABILITIES: Final = Capabilities(
    look_up=LookUpKind.COMPLETED,
    own_retries=10,
    # What it recommends; it says of TIFF that its support is limited.
    formats=frozenset({Format.PDF}),
    poll_ids_max=IDS_MAX,
)

_JSON: Final = {"Content-Type": "application/json"}
Told = list[words.JobReport] | NoAnswer


class RetarusProvider:
    """One login with Retarus.

    Args:
        own: addresses and patience.
        password: of the login.
        webhook_secret: the secret that each fax's own password is made from; None where Retarus is only asked.
        clock: reads dates in answers, and tells until when reports are wanted.

    Raises:
        ValueError: the webhook secret is too short to keep anybody out.
    """

    def __init__(self, own: RetarusConfig, *, password: str, webhook_secret: str | None, clock: Clock) -> None:
        self._own = own
        self._clock = clock
        self._porter = None if webhook_secret is None else Porter(webhook_secret)
        headers = {"Authorization": authorization(own.account, password)}
        timeouts = timeouts_of(own)
        self._door = HttpLanes(own.submit_url, lanes=own.lanes, timeouts=timeouts, headers=headers)
        self._centres = [HttpLanes(url, lanes=ASK_LANES, timeouts=timeouts, headers=headers) for url in own.report_urls]

    @property
    def name(self) -> str:
        return self._own.name

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def send(self, sending: Sending) -> SendOutcome:
        body = msgspec.json.encode(self._job(sending))
        exchange = await self._door.request("POST", f"/{self._own.customer}/fax", body=body, headers=_JSON)
        return self._read_send(exchange) if isinstance(exchange, Answer) else not_handed_over(exchange)

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        """Among the calls that are over; one under way is listed nowhere by our reference."""
        answers = await self._ask_all(lambda centre: centre.request("GET", self._reports_path))
        heard = [answer for answer in answers if not isinstance(answer, NoAnswer)]
        reports = [words.read_report(report) for answer in heard for report in answer]
        named = [report for report in reports if report.client_ref == client_ref]
        ours = max(named, key=lambda report: weigh_fate(report.fate), default=None)
        silent = next((answer for answer in answers if isinstance(answer, NoAnswer)), None)
        if ours is not None and (silent is None or isinstance(ours.fate, Delivered)):
            return Found(ours)
        # The address before the centres may have handed the fax to two of them: one failure is no word of the other's.
        if silent is not None:
            return silent
        if any(len(answer) >= LIST_MAX for answer in heard):
            return NoAnswer("its list of reports is full: this one may stand behind those that it shows")
        return Absent()

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:  # noqa: ARG002 - as the port asks.
        await trio.lowlevel.checkpoint()
        return NoAnswer("it cannot be asked by number")

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        reports: list[Report] = []
        for first in range(0, len(provider_refs), IDS_MAX):
            some = await self._poll_some(provider_refs[first : first + IDS_MAX])
            if isinstance(some, NoAnswer):
                return some
            reports += some
        return reports

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        if self._porter is None:
            raise ReceiptRefusedError("this provider was given no webhook secret: it is asked, it does not call")
        reference = self._porter.check(headers)
        try:
            told = words.read_push(body)
        except words.UnreadableError as unreadable:
            raise ReceiptUnreadableError(str(unreadable)) from None
        report = words.read_report(told)
        if report.client_ref not in (None, reference):
            raise ReceiptUnreadableError("it speaks of another fax than the one that it has the password of")
        return [Report(report.fate, report.provider_ref, ClientRef(reference), words.event_id_of(told))]

    async def aclose(self) -> None:
        for lanes in (self._door, *self._centres):
            await lanes.aclose()

    # --- handing over ------------------------------------------------------------------------------------

    def _job(self, sending: Sending) -> words.Job:
        return words.Job(
            reference=words.Reference(sending.client_ref),
            recipients=[words.Recipient(sending.line)],
            documents=[words.Paper(f"fax.{sending.format.value}", sending.document)],
            meta=words.Meta(sending.client_ref, words.Validity(f"PT{self._own.dials_for_minutes}M")),
            status_report_options=self._report_options(sending.client_ref),
        )

    def _report_options(self, client_ref: ClientRef) -> words.ReportOptions | msgspec.UnsetType:
        if self._porter is None:
            return msgspec.UNSET
        password = self._porter.password_of(client_ref)
        push = words.Push(self._own.webhook_url, principal=client_ref, credentials=password)
        return words.ReportOptions(push, report_purge_ts=iso_time(self._clock.now() + REPORT_SECONDS))

    def _read_send(self, answer: Answer) -> SendOutcome:
        match answer.status:
            case 200 | 201:
                return _read_handed(answer)
            case 400:
                # It does not say what of the job it cannot read: no reason to give the fax up for its pages.
                return Refused(Failure.UNKNOWN_CODE, "400")
            case 409:
                # It was accepted before, under an id that we were not told.
                return Unclear("answered that it has it already (409)")
            case _:
                return refusal_of(answer, self._clock.now(), documents_503=True)

    # --- asking ------------------------------------------------------------------------------------------

    @property
    def _reports_path(self) -> str:
        return f"/{self._own.customer}/fax/reports"

    async def _poll_some(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        body = msgspec.json.encode(words.Wanted(list(provider_refs)))
        answers = await self._ask_all(
            lambda centre: centre.request("POST", self._reports_path, body=body, headers=_JSON)
        )
        heard = [answer for answer in answers if not isinstance(answer, NoAnswer)]
        if not heard:
            return next(answer for answer in answers if isinstance(answer, NoAnswer))
        known = _merged(heard)
        if len(heard) < len(answers):
            # A centre that is silent may have the rest: nothing is over as far as anybody knows.
            for ref in provider_refs:
                known.setdefault(ref, Report(InProgress(), ref, None))
        return [known[ref] for ref in provider_refs if ref in known]

    async def _ask_all(self, ask: Callable[[HttpLanes], Awaitable[Exchange]]) -> list[Told]:
        """Every data centre at once; the answers in their order."""
        answers: list[Told] = [NoAnswer("no answer in time")] * len(self._centres)

        async def ask_one(index: int) -> None:
            with trio.move_on_after(self._own.ask_seconds):
                answers[index] = _read_reports(await ask(self._centres[index]))

        async with trio.open_nursery() as nursery:
            for index in range(len(self._centres)):
                nursery.start_soon(partial(ask_one, index))
        return answers


def _read_handed(answer: Answer) -> SendOutcome:
    try:
        return Accepted(words.decode_handed(answer.body).job_id)
    except msgspec.DecodeError:
        return Unclear(f"answered with {answer.status}, and no id that can be read")


def _read_reports(exchange: Exchange) -> Told:
    if is_not_found(exchange):
        return []
    told = decode_answer(exchange, words.decode_reports)
    return told if isinstance(told, NoAnswer) else told.reports


def _merged(answers: Sequence[Sequence[words.JobReport]]) -> dict[str, Report]:
    """By the carrier's id, each as the centre tells that knows most of it."""
    known: dict[str, Report] = {}
    for answer in answers:
        for report in map(words.read_report, answer):
            ref = report.provider_ref or ""
            known[ref] = max(known.get(ref, report), report, key=_tells_most)
    return known


def _tells_most(report: Report) -> int:
    """Of one job a delivery above anything, and a final word above none."""
    match report.fate:
        case Delivered():
            return 3
        case NotDelivered(failure=Failure.IN_DOUBT):
            return 2
        case NotDelivered():
            return 1
        case InProgress():
            return 0
