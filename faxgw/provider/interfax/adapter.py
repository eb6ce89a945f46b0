"""The adapter for InterFAX: it finds a fax by our reference, and tells of a hundred at once: it bears few questions.

A fax that waits for credit would go out whenever somebody pays, a day later perhaps. It is cancelled as soon as that is
seen, and only a cancel that was confirmed makes it free to go another way.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import trio

from faxgw.clock import Clock
from faxgw.config.interfax import InterfaxConfig
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import Doorman, authorization
from faxgw.provider.http import Answer, HttpLanes, timeouts_of
from faxgw.provider.interfax import words
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Format,
    Found,
    Listed,
    LookUp,
    NoAnswer,
    NotDelivered,
    ReceiptUnreadableError,
    Refused,
    Report,
    Sending,
    SendOutcome,
    Unclear,
    weigh_fate,
)
from faxgw.provider.rest import decode_answer
from faxgw.provider.statuses import not_handed_over, refusal_of

IDS_MAX: Final = 100
"""In one address, which may have 2,000 characters; an id has ten."""
FOUND_MAX: Final = 25
"""Under one reference; as many as a search shows unless it is asked for more."""
CANCELS_MAX: Final = 10
"""After one answer; the others are told at the next."""
QUESTIONS_PER_MINUTE: Final = 5.0
"""It allows six and is strict about it; one is left to people who look there themselves."""
PAGES_MAX: Final = 100
BYTES_MAX: Final = 20 * 1024 * 1024


class InterfaxProvider:
    """One account with InterFAX.

    Args:
        own: address and patience.
        password: of the account.
        webhook_password: what the callback's address carries; None where InterFAX is only asked.
        clock: reads dates in answers.

    Raises:
        ValueError: the webhook password is too short to keep anybody out.
    """

    def __init__(self, own: InterfaxConfig, *, password: str, webhook_password: str | None, clock: Clock) -> None:
        self._own = own
        self._clock = clock
        self._doorman = Doorman(own.webhook_user, webhook_password)
        self._capabilities = Capabilities(
            absence_proves=own.absence_proves,
            own_retries=own.attempts - 1,
            formats=frozenset({Format.PDF}),
            pages_max=PAGES_MAX,
            bytes_max=BYTES_MAX,
            polls_per_minute_max=QUESTIONS_PER_MINUTE,
            poll_ids_max=IDS_MAX,
        )
        headers = {"Authorization": authorization(own.account, password)}
        self._http = HttpLanes(own.base_url, lanes=own.lanes, timeouts=timeouts_of(own), headers=headers)

    @property
    def name(self) -> str:
        return self._own.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def send(self, sending: Sending) -> SendOutcome:
        wishes = {
            "faxNumber": sending.line,
            "reference": sending.client_ref,
            "retriesToPerform": self._own.attempts,
            "pageSize": "a4",
            "resolution": "fine",
            "rendering": "bw",
            # The head of the page is ours.
            "pageHeader": "N",
        }
        headers = {"Content-Type": "application/pdf"}
        path = f"/outbound/faxes?{urlencode(wishes)}"
        exchange = await self._http.request("POST", path, body=sending.document, headers=headers)
        return self._read_send(exchange) if isinstance(exchange, Answer) else not_handed_over(exchange)

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        found = await self._search(f"reference={quote(client_ref, safe='')}&limit={FOUND_MAX}")
        if isinstance(found, NoAnswer):
            return found
        ours = [fax for fax in found if fax.subject == client_ref]
        if not ours:
            return _explain_absence(found)
        reports = await self._free_unpaid(ours)
        return Found(max(reports, key=lambda report: weigh_fate(report.fate)))

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:  # noqa: ARG002 - as the port asks.
        await trio.lowlevel.checkpoint()
        return NoAnswer("it is asked by reference")

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        reports: list[Report] = []
        for first in range(0, len(provider_refs), IDS_MAX):
            ids = ",".join(provider_refs[first : first + IDS_MAX])
            found = await self._search(f"ids={quote(ids, safe=',')}&limit={IDS_MAX}")
            if isinstance(found, NoAnswer):
                return found
            reports += await self._free_unpaid(found)
        return reports

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        self._doorman.check(headers)
        try:
            told = words.read_callback(body)
        except words.UnreadableError as unreadable:
            raise ReceiptUnreadableError(str(unreadable)) from None
        report = words.read_report(told)
        # It gives a callback no name; a fax has one final number.
        return [Report(report.fate, report.provider_ref, report.client_ref, f"{told.id}/{told.status}")]

    async def aclose(self) -> None:
        await self._http.aclose()

    # --- handing over ------------------------------------------------------------------------------------

    def _read_send(self, answer: Answer) -> SendOutcome:
        match answer.status:
            case 200 | 201:
                return _read_handed(answer)
            case 400:
                return _read_complaint(answer)
            case 402:
                return Refused(Failure.ACCOUNT, "402")
            case 413 | 415:
                return Refused(Failure.DOCUMENT, str(answer.status))
            case _:
                return refusal_of(answer, self._clock.now())

    # --- asking ------------------------------------------------------------------------------------------

    async def _search(self, query: str) -> list[words.Fax] | NoAnswer:
        """Only a list is an answer: a 404 may be a proxy's."""
        return decode_answer(await self._http.request("GET", f"/outbound/search?{query}"), words.decode_faxes)

    async def _free_unpaid(self, found: Sequence[words.Fax]) -> list[Report]:
        """The reports of what was found; what waits for credit is cancelled first, some at a time."""
        unpaid = [fax.id for fax in found if fax.status == words.OUT_OF_CREDIT]
        cancelled = {fax_id for fax_id in unpaid[:CANCELS_MAX] if await self._cancel(fax_id)}
        return [_report(fax, is_cancelled=fax.id in cancelled) for fax in found]

    async def _cancel(self, fax_id: int) -> bool:
        """Whether it is certain that the fax goes out no more."""
        # Said even of nothing: servers of its kind refuse a POST that does not tell its length (411).
        nothing = {"Content-Length": "0"}
        exchange = await self._http.request("POST", f"/outbound/faxes/{fax_id}/cancel", headers=nothing)
        return isinstance(exchange, Answer) and exchange.status in {200, 204}


def _report(fax: words.Fax, *, is_cancelled: bool) -> Report:
    report = words.read_report(fax)
    if not is_cancelled:
        return report
    unpaid = NotDelivered(Failure.ACCOUNT, str(words.OUT_OF_CREDIT), calls=0)
    return Report(unpaid, report.provider_ref, report.client_ref)


def _explain_absence(found: Sequence[words.Fax]) -> Absent | NoAnswer:
    """Why a search by reference has nothing of ours. It may find by beginnings: s-1-1 is one of s-1-10."""
    if len(found) >= FOUND_MAX:
        return NoAnswer("it finds too many under the reference")
    if any(fax.subject is None for fax in found):
        return NoAnswer("it does not repeat the references of what it found")
    return Absent()


def _read_handed(answer: Answer) -> SendOutcome:
    """The new fax's address is in `Location`; its last part is the id."""
    fax_id = urlsplit(answer.headers.get("location", "")).path.rpartition("/")[2]
    if not (fax_id.isascii() and fax_id.isdigit()):
        return Unclear(f"answered with {answer.status}, and no id that can be read")
    return Accepted(fax_id)


def _read_complaint(answer: Answer) -> Refused:
    try:
        code = words.decode_complaint(answer.body).code
    except msgspec.DecodeError:
        return Refused(Failure.UNKNOWN_CODE, "400")
    return Refused(words.REFUSALS.get(code, Failure.UNKNOWN_CODE), str(code))
