"""The levers of a simulated carrier and its account, on a port of their own so that they work while it is down."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import msgspec

from faxgw.provider.mishaps import Answer, Shares
from faxgw_loadtest.carrier.desk import Desk
from faxgw_loadtest.carrier.wire import Request
from faxgw_loadtest.processes import used_by

_LOOK_SECONDS = 0.01
_FAXES_A_PAGE = 2_000
"""`GET /control/faxes?from=N` gives so many at once: our own HTTP client reads a megabyte of answer at most."""
_encode = msgspec.json.Encoder().encode


class Aim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where receipts go; null keeps them from going anywhere."""

    url: str | None


@dataclass(slots=True)
class Control:
    """Serves `/control/...`. `open_door` and `close_door` end and begin that the carrier is down."""

    desk: Desk
    open_door: Callable[[], Coroutine[None, None, None]]
    close_door: Callable[[], Coroutine[None, None, None]]
    _moving: set["asyncio.Task[None]"] = field(default_factory=set)
    _waiters: list[tuple[Callable[[], bool], Request]] = field(default_factory=list)

    def handle(self, request: Request) -> None:
        path, _, query = request.target.decode("ascii", "replace").partition("?")
        try:
            self._route(request, path, query)
        except (ValueError, msgspec.DecodeError) as refused:
            request.answer(400, {"error": "bad_request", "reason": str(refused)})

    def _route(self, request: Request, path: str, query: str) -> None:
        match request.method, path:
            case "PUT", "/control/shares":
                self._set_shares(request, msgspec.json.decode(request.body, type=dict[str, float]))
            case "PUT", "/control/webhook":
                self.desk.courier.aim(msgspec.json.decode(request.body, type=Aim).url)
                request.answer(200, {"url": self.desk.courier.url})
            case "PUT", _ if path.startswith("/control/numbers/"):
                number = unquote(path.removeprefix("/control/numbers/"))
                self._script(number, msgspec.json.decode(request.body, type=list[str]))
                request.answer(200, {})
            case "GET", "/control/shares":
                request.answer(200, dict(self.desk.board.shares.by_name))
            case "GET", "/control/now":
                request.answer(200, self._now())
            case "GET", "/control/account":
                request.answer(200, self._account())
            case "DELETE", "/control/account":
                self._reset()
                request.answer(200, {})
            case "GET", "/control/faxes":
                start = int(parse_qs(query).get("from", ["0"])[0])
                page = self._fax_lines()[start : start + _FAXES_A_PAGE]
                request.answer_raw(200, b"".join(page), b"application/x-ndjson")
            case "GET", "/control/ended":
                count = int(parse_qs(query).get("count", ["1"])[0])
                self._wait(request, lambda: self.desk.board.ended >= count)
            case "GET", "/control/settled":
                self._wait(request, self._is_settled)
            case _:
                request.answer(404, {"error": "not_found", "reason": "no such lever"})

    def _set_shares(self, request: Request, shares: dict[str, float]) -> None:
        down = shares.pop(Answer.DOWN.value, 0)
        if down not in (0, 1):
            raise ValueError("down is 0 or 1: a carrier's door is open or closed")
        self.desk.board.shares = Shares(shares)
        task = asyncio.get_running_loop().create_task(self._move_door(request, bool(down)))
        self._moving.add(task)
        task.add_done_callback(self._moving.discard)

    async def _move_door(self, request: Request, is_down: bool) -> None:
        await (self.close_door() if is_down else self.open_door())
        request.answer(200, dict(self.desk.board.shares.by_name))

    def _script(self, number: str, plays: list[str]) -> None:
        if any(Answer.DOWN.value in play.split("+") for play in plays):
            raise ValueError("down holds for the whole carrier: set it as a share")
        self.desk.board.script(number, plays)

    def _now(self) -> dict[str, object]:
        """What is cheap to ask every second."""
        board, exchange = self.desk.board, self.desk.exchange
        return {
            "taken": len(board.by_id),
            "ended": board.ended,
            "under_way": exchange.under_way,
            "waiting": exchange.waiting,
            "busy_met": exchange.busy_met,
            "cpu_seconds": time.process_time(),
            "memory_mib": used_by([os.getpid()]).memory_mib,
        }

    def _account(self) -> dict[str, object]:
        return self.desk.board.account() | {
            "answers": dict(self.desk.answers),
            "channels_used_max": self.desk.exchange.channels_used_max,
            "webhooks": dict(self.desk.courier.counts),
            "cpu_seconds": time.process_time(),
        }

    def _reset(self) -> None:
        self.desk.board.reset()
        self.desk.exchange.dialled_at.clear()
        self.desk.answers.clear()
        self.desk.courier.counts.clear()
        if self.desk.journal is not None:
            self.desk.journal.reset()

    def _fax_lines(self) -> list[bytes]:
        return [
            _encode(
                {
                    "id": fax.id,
                    "reference": fax.reference,
                    "number": fax.number,
                    "pages": fax.pages,
                    "pages_delivered": fax.pages_delivered,
                    "pages_arrived": fax.pages_arrived,
                    "outcome": "in_progress" if fax.ended_at is None else fax.play.call.value,
                    "answer": fax.play.answer.value,
                    "receipt": fax.play.receipt.value,
                    "taken_at": fax.taken_at,
                    "dialled_at": self.desk.exchange.dialled_at.get(fax.id),
                    "ended_at": fax.ended_at,
                    "sha256": fax.sha256,
                }
            )
            + b"\n"
            for fax in self.desk.board.by_id.values()
        ]

    def _is_settled(self) -> bool:
        """No call is under way and no receipt on its way."""
        board = self.desk.board
        return board.ended == len(board.by_id) and self.desk.courier.is_settled and not self.desk.receipts_due

    def _wait(self, request: Request, is_so: Callable[[], bool]) -> None:
        """Answer when it is so. Looked at again and again, which costs nothing while nobody waits."""
        self._waiters.append((is_so, request))
        if len(self._waiters) == 1:
            self._look()

    def _look(self) -> None:
        waiters, self._waiters = self._waiters, []
        for is_so, request in waiters:
            if is_so():
                request.answer(200, self._account())
            else:
                self._waiters.append((is_so, request))
        if self._waiters:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
