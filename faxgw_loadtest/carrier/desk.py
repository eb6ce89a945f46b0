"""What a simulated carrier answers: the API that the daemon's adapter speaks, and behind it the calls and receipts.

Wire format, chosen for cheapness: the TIFF is the body; `Fax-Reference`, `Fax-Number` and `Fax-Pages` are
headers, where a number does not end up in a proxy's access log as it would in the address.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, unquote

import msgspec

from faxgw.provider.mishaps import Answer, Ask, Call, Play, Receipt
from faxgw.provider.switchboard import Switchboard, Taken, tells_most
from faxgw_loadtest.carrier.courier import Courier
from faxgw_loadtest.carrier.exchange import Exchange
from faxgw_loadtest.carrier.journal import Journal
from faxgw_loadtest.carrier.wire import Request

PAGES_MAX = 350
"""As Telnyx."""
IDS_MAX = 1_000
"""As many as Retarus takes in one status request."""
_REFERENCE = re.compile(rb"[A-Za-z0-9._-]{1,128}")
"""Safe as a file name, hence no slash."""
_NUMBER = re.compile(rb"\+[1-9][0-9]{4,14}")


class _Wish(msgspec.Struct, frozen=True):
    number: str
    since: float
    """Seconds since 1970."""


_decode_wish = msgspec.json.Decoder(_Wish).decode
_decode_ids = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that the mishaps with time in them take."""

    answer_seconds: float = 0.0
    """Before every answer to a fax, as a distant carrier takes its time."""
    slow_seconds: float = 5.0
    late_seconds: float = 30.0
    retry_after_seconds: int = 1


@dataclass(slots=True)
class Desk:
    """Serves the carrier's API. `authorizations` are the header values that let somebody in."""

    board: Switchboard
    courier: Courier
    authorizations: frozenset[bytes]
    delays: Delays = field(default_factory=Delays)
    journal: Journal | None = None
    pages_dir: Path | None = None
    pages_kept_from: int = 1
    """Documents of fewer pages are not kept."""
    exchange: Exchange = field(default_factory=Exchange)
    answers: Counter[str] = field(default_factory=Counter)
    receipts_due: int = 0
    """Late receipts that nobody was told yet."""

    def handle(self, request: Request) -> None:
        if request.headers.get(b"authorization") not in self.authorizations:
            self.answers["unauthorized"] += 1
            request.answer(401, _error("unauthorized", "unknown account"), b"WWW-Authenticate: Basic\r\n")
            return
        path, _, query = request.target.partition(b"?")
        match request.method, path:
            case "POST", b"/v1/faxes":
                self._hand_in(request)
            case "GET", b"/v1/faxes":
                self._answer_ask(request, self._find, query)
            case "POST", b"/v1/faxes/list":
                self._answer_ask(request, self._list_number, query)
            case "POST", b"/v1/faxes/status":
                self._answer_ask(request, self._report_many, query)
            case "GET", _ if path.startswith(b"/v1/faxes/"):
                self._answer_ask(request, self._report_one, path[len(b"/v1/faxes/") :])
            case _:
                request.answer(404, _error("not_found", "no such path"))

    def resume(self) -> None:
        """Let the calls end that were under way when the journal was written."""
        for fax in self.board.by_id.values():
            if fax.ended_at is None:
                self._begin_call(fax)

    def _hand_in(self, request: Request) -> None:
        reference = request.headers.get(b"fax-reference", b"")
        number = request.headers.get(b"fax-number", b"")
        pages = request.headers.get(b"fax-pages", b"")
        if (fault := _fault(request, reference, number, pages)) is not None:
            self.answers["refused"] += 1
            request.answer(*fault)
            return
        if self.exchange.is_full:
            self.answers["full"] += 1
            self._turn_away(request, Answer.TOO_MANY)
            return
        fax = Handed(reference.decode(), number.decode(), int(pages), request.body)
        play = self.board.next_play(fax.reference, fax.number)
        self.answers[play.answer.value] += 1
        if play.answer is Answer.SLOW_BEFORE:
            _later(self.delays.slow_seconds, lambda: self._accept(request, fax, play))
        elif play.answer.accepts:
            self._accept(request, fax, play)
        else:
            _later(self.delays.answer_seconds, lambda: self._turn_away(request, play.answer))

    def _accept(self, request: Request, handed: "Handed", play: Play) -> None:
        fax = self.board.repeated(handed.reference) or self._take(handed, play)
        if play.receipt is Receipt.EARLY and fax.ended_at is None:
            self._end_call(fax, when_told=lambda: self._confirm(request, fax, play.answer))
            return
        slow_seconds = self.delays.slow_seconds if play.answer is Answer.SLOW_AFTER else 0
        _later(self.delays.answer_seconds + slow_seconds, lambda: self._confirm(request, fax, play.answer))

    def _take(self, handed: "Handed", play: Play) -> Taken:
        digest = sha256(handed.document).hexdigest()
        fax = self.board.take(handed.reference, handed.number, handed.pages, digest, play, time.time())
        if self.journal is not None:
            self.journal.taken(fax)
        if self.pages_dir is not None and fax.pages >= self.pages_kept_from:
            repeat = len(self.board.by_reference[fax.reference])
            name = fax.reference if repeat == 1 else f"{fax.reference}.{repeat}"
            (self.pages_dir / f"{name}.tif").write_bytes(handed.document)
        if play.receipt is not Receipt.EARLY:
            self._begin_call(fax)
        return fax

    def _confirm(self, request: Request, fax: Taken, answer: Answer) -> None:
        match answer:
            case Answer.LOST:
                request.hang_up()
            case Answer.BROKEN:
                request.answer_cut_off(201, {"id": fax.id, "status": "in_progress"})
            case Answer.ERROR_ACCEPTED:
                request.answer(500, _error("internal", "something broke"))
            case _:
                request.answer(201, {"id": fax.id, "status": "in_progress"})

    def _turn_away(self, request: Request, answer: Answer) -> None:
        match answer:
            case Answer.TOO_MANY:
                retry_after = b"Retry-After: %d\r\n" % self.delays.retry_after_seconds
                request.answer(429, _error("too_many_requests", "slow down"), retry_after)
            case Answer.UNAVAILABLE:
                request.answer(503, _error("unavailable", "under maintenance"))
            case Answer.ERROR:
                request.answer(500, _error("internal", "something broke"))
            case _:
                request.hang_up()

    def _begin_call(self, fax: Taken) -> None:
        if self.exchange.enter(fax, time.time()):
            self._dial(fax)

    def _dial(self, fax: Taken) -> None:
        holds_line = not self.exchange.is_busy(fax, time.time())
        if not holds_line:
            self.board.find_busy(fax)
        if fax.play.call is not Call.STUCK:
            _later(fax.call_seconds, lambda: self._hang_up(fax, holds_line))

    def _hang_up(self, fax: Taken, held_line: bool) -> None:
        following = self.exchange.leave(fax, time.time(), held_line=held_line)
        self._end_call(fax)
        if following is not None:
            self._dial(following)

    def _end_call(self, fax: Taken, when_told: Callable[[], None] | None = None) -> None:
        now = time.time()
        if self.board.end(fax, now) and self.journal is not None:
            self.journal.ended(fax, now)
        self._tell(fax, when_told)

    def _tell(self, fax: Taken, when_told: Callable[[], None] | None) -> None:
        final = _event(fax)
        match fax.play.receipt:
            case Receipt.MISSING:
                return
            case Receipt.LATE:
                self.receipts_due += 1
                _later(self.delays.late_seconds, lambda: self._tell_late(final))
            case Receipt.DOUBLED:
                self.courier.post(final)
                self.courier.post(final)
            case Receipt.OUT_OF_ORDER:
                stale = final | {"event_id": f"evt_{fax.id}_early", "status": "in_progress", "code": None, "pages": 0}
                self.courier.post(final, lambda: self.courier.post(stale))
            case _:
                self.courier.post(final, when_told)

    def _tell_late(self, event: dict[str, object]) -> None:
        self.receipts_due -= 1
        self.courier.post(event)

    def _answer_ask(self, request: Request, answer: Callable[[Request, bytes], None], detail: bytes) -> None:
        match self.board.next_ask():
            case Ask.ANSWERED:
                answer(request, detail)
            case Ask.UNAVAILABLE:
                request.answer(503, _error("unavailable", "under maintenance"))
            case Ask.LOST:
                request.hang_up()

    def _find(self, request: Request, query: bytes) -> None:
        references = parse_qs(query.decode("ascii", "replace")).get("reference", [])
        if len(references) != 1:
            request.answer(400, _error("bad_request", "ask with ?reference=REFERENCE"))
            return
        found = self.board.by_reference.get(references[0], [])
        request.answer(200, {"faxes": [_status(fax) for fax in sorted(found, key=tells_most, reverse=True)]})

    def _list_number(self, request: Request, _: bytes) -> None:
        """As carriers answer that keep no reference of their customers."""
        try:
            wish = _decode_wish(request.body)
        except msgspec.DecodeError:
            request.answer(400, _error("bad_request", 'ask with {"number": "+...", "since": SECONDS}'))
            return
        faxes = [fax for fax in self.board.by_id.values() if fax.number == wish.number and fax.taken_at >= wish.since]
        listed = [_status(fax) | {"reference": "", "taken_at": fax.taken_at} for fax in faxes]
        request.answer(200, {"faxes": listed})

    def _report_many(self, request: Request, _: bytes) -> None:
        try:
            ids = _decode_ids(request.body)["ids"]
        except (msgspec.DecodeError, KeyError):
            request.answer(400, _error("bad_request", 'ask with {"ids": [...]}'))
            return
        if len(ids) > IDS_MAX:
            request.answer(400, _error("bad_request", f"at most {IDS_MAX} ids at once"))
            return
        by_id = self.board.by_id
        request.answer(200, {"faxes": [_status(by_id[fax_id]) for fax_id in ids if fax_id in by_id]})

    def _report_one(self, request: Request, fax_id: bytes) -> None:
        fax = self.board.by_id.get(unquote(fax_id.decode("ascii", "replace")))
        if fax is None:
            request.answer(404, _error("not_found", "no such fax"))
        else:
            request.answer(200, _status(fax))


@dataclass(frozen=True, slots=True)
class Handed:
    """A fax as it was handed in, and found well-formed."""

    reference: str
    number: str
    pages: int
    document: bytes


def _fault(request: Request, reference: bytes, number: bytes, pages: bytes) -> tuple[int, dict[str, str]] | None:
    """Status and reason for which this request cannot be a fax."""
    if not _REFERENCE.fullmatch(reference):
        return 400, _error("bad_request", "Fax-Reference: 1 to 128 letters, digits, '.', '_' or '-'")
    if not _NUMBER.fullmatch(number):
        return 400, _error("bad_number", "Fax-Number: a number in E.164, such as +33199001234")
    if not (pages.isdigit() and 1 <= int(pages[:6]) <= PAGES_MAX):
        return 400, _error("bad_request", f"Fax-Pages: 1 to {PAGES_MAX}")
    if not request.body.startswith((b"II*\0", b"MM\0*")):
        return 422, _error("bad_document", "the body is no TIFF")
    return None


def _status(fax: Taken) -> dict[str, object]:
    call_seconds = None if fax.ended_at is None else round(fax.ended_at - fax.taken_at, 3)
    return {
        "id": fax.id,
        "reference": fax.reference,
        "status": fax.status,
        "code": fax.code,
        "pages": fax.pages_delivered,
        "call_seconds": call_seconds,
    }


def _event(fax: Taken) -> dict[str, object]:
    return {"event_id": f"evt_{fax.id}_{fax.status}"} | _status(fax)


def _error(code: str, reason: str) -> dict[str, str]:
    return {"error": code, "reason": reason}


def _later(seconds: float, action: Callable[[], None]) -> None:
    if seconds > 0:
        asyncio.get_running_loop().call_later(seconds, action)
    else:
        action()
