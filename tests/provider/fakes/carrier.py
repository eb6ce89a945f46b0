"""A carrier in this process that speaks a real carrier's wire as documented and errs as it is told.

Its books and mishaps are those of the simulated carrier (`faxgw/provider/switchboard.py`, `mishaps.py`); how things
are written is its `Wire`, one file for each carrier. Calls last no time unless they are stuck.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import h11
import trio

from faxgw.clock import SystemClock
from faxgw.provider.mishaps import Answer, Ask, Call, Play, Receipt, Shares
from faxgw.provider.switchboard import CallTimes, Switchboard, Taken
from tests.provider.fakes.door import Door

SLOW_SECONDS: Final = 0.2
RECEIPT_TRIES_MAX: Final = 8
BODY_BYTES_MAX: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    door: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandedIn:
    """A request that hands a fax over, read and found right."""

    reference: str
    number: str
    document: bytes
    pages: int = 1


@dataclass(frozen=True)
class Asked:
    """A request that only asks; the answer is written when it is known that it is going to be given."""

    answer: Callable[[], Response]


Webhook = tuple[dict[str, str], bytes]
"""Lower-case headers, body."""


class Wire(Protocol):
    """How one carrier writes things."""

    @property
    def doors(self) -> Sequence[str]:
        """Names of its addresses; each is a port of its own."""
        ...

    def read(self, request: Request) -> HandedIn | Asked | Response:
        """What a request is, or the answer that refuses it (unknown account, no such path, a number that is none)."""
        ...

    def confirm(self, fax: Taken, door: str) -> Response:
        """The answer to a fax that was taken at a door."""
        ...

    def webhook(self, fax: Taken, *, is_final: bool) -> Webhook | None:
        """What tells how the call stands, or None where the carrier was not asked to tell."""
        ...


@dataclass(eq=False)
class FakeCarrier:
    """Levers as those of the other carriers (`Levers` in `tests/contract/stages.py`)."""

    wire: Wire
    board: Switchboard
    deliver: Callable[[Webhook], int]
    """Takes a webhook; the status that answers it. Others than 2xx make it come again."""
    slow_seconds: float = SLOW_SECONDS
    requests: list[Request] = field(default_factory=list)
    doors: dict[str, Door] = field(init=False)
    _nursery: trio.Nursery = field(init=False)
    _ended: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)
    _answers: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.doors = {name: Door(partial(self._serve, name)) for name in self.wire.doors}

    def url(self, door: str) -> str:
        return self.doors[door].url

    # --- levers ------------------------------------------------------------------------------------------

    async def set_shares(self, **shares: float) -> None:
        """`down=1` closes all doors; without it they are open."""
        is_down = bool(shares.pop(Answer.DOWN.value, 0))
        self.board.shares = Shares(shares)
        for door in self.doors.values():
            if is_down:
                await door.close()
            elif not door.is_open:
                await self._nursery.start(door.run)

    async def silence(self, door: str) -> None:
        """From now on a door takes connections and never answers; those that stood are cut off."""
        await self.doors[door].close()
        self.doors[door].is_silent = True
        await self._nursery.start(self.doors[door].run)

    async def script(self, number: str, *plays: str) -> None:
        self.board.script(number, plays)

    async def account(self) -> dict[str, Any]:
        return self.board.account() | {"answers": dict(self._answers)}

    async def wait_ended(self, count: int) -> None:
        while self.board.ended < count:
            await self._ended.park()

    # --- serving -----------------------------------------------------------------------------------------

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as self._nursery:
            for door in self.doors.values():
                await self._nursery.start(door.run)
            task_status.started()
            await trio.sleep_forever()

    async def _serve(self, door: str, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER)
        while (request := await _read(connection, stream, door)) is not None:
            self.requests.append(request)
            match self.wire.read(request):
                case HandedIn() as handed:
                    goes_on = await self._take(handed, door, connection, stream)
                case Asked(answer=answer):
                    goes_on = await self._tell(answer, connection, stream)
                case Response() as refusal:
                    goes_on = await _answer(refusal, connection, stream)
            if not goes_on:
                return
            connection.start_next_cycle()

    async def _take(self, handed: HandedIn, door: str, connection: h11.Connection, stream: trio.SocketStream) -> bool:
        play = self.board.next_play(handed.reference, handed.number)
        self._answers[play.answer.value] += 1
        match play.answer:
            case Answer.CLOSED:
                return False
            case Answer.ERROR:
                return await _answer(Response(500), connection, stream)
            case Answer.TOO_MANY:
                return await _answer(Response(429, headers={"Retry-After": "1"}), connection, stream)
            case Answer.UNAVAILABLE:
                return await _answer(Response(503), connection, stream)
            case Answer.SLOW_BEFORE:
                # It is going to be taken even when the sender has gone.
                late: Taken = await self._nursery.start(self._accept_late, handed, play)
                return await _answer(self.wire.confirm(late, door), connection, stream)
            case _:
                pass
        fax = self._accept(handed, play)
        if play.receipt is Receipt.EARLY:
            await self._end(fax)
        else:
            self._nursery.start_soon(self._end, fax)
        return await self._confirm(self.wire.confirm(fax, door), play.answer, connection, stream)

    async def _confirm(
        self, response: Response, answer: Answer, connection: h11.Connection, stream: trio.SocketStream
    ) -> bool:
        match answer:
            case Answer.LOST:
                return False
            case Answer.BROKEN:
                whole = _written(response, connection)
                await stream.send_all(whole[: len(whole) // 2])
                return False
            case Answer.ERROR_ACCEPTED:
                return await _answer(Response(500), connection, stream)
            case Answer.SLOW_AFTER:
                await trio.sleep(self.slow_seconds)
            case _:
                pass
        return await _answer(response, connection, stream)

    async def _tell(
        self, answer: Callable[[], Response], connection: h11.Connection, stream: trio.SocketStream
    ) -> bool:
        match self.board.next_ask():
            case Ask.LOST:
                return False
            case Ask.UNAVAILABLE:
                return await _answer(Response(503), connection, stream)
            case Ask.ANSWERED:
                return await _answer(answer(), connection, stream)

    # --- calls -------------------------------------------------------------------------------------------

    def _accept(self, handed: HandedIn, play: Play) -> Taken:
        digest = sha256(handed.document).hexdigest()
        return self.board.take(handed.reference, handed.number, handed.pages, digest, play, SystemClock().now())

    async def _accept_late(self, handed: HandedIn, play: Play, task_status: trio.TaskStatus[Taken]) -> None:
        await trio.sleep(self.slow_seconds)
        fax = self._accept(handed, play)
        task_status.started(fax)
        await self._end(fax)

    async def _end(self, fax: Taken) -> None:
        if fax.play.call is Call.STUCK:
            return
        self.board.end(fax, SystemClock().now())
        self._ended.unpark_all()
        final = self.wire.webhook(fax, is_final=True)
        match fax.play.receipt:
            case Receipt.MISSING:
                pass
            case Receipt.DOUBLED:
                await self._post(final)
                await self._post(final)
            case Receipt.OUT_OF_ORDER:
                await self._post(final)
                await self._post(self.wire.webhook(fax, is_final=False))
            case Receipt.ON_TIME | Receipt.EARLY | Receipt.LATE:
                await self._post(final)

    async def _post(self, webhook: Webhook | None) -> None:
        for _ in range(RECEIPT_TRIES_MAX):
            await trio.lowlevel.checkpoint()
            if webhook is None or 200 <= self.deliver(webhook) < 300:
                return


@asynccontextmanager
async def running_fake(
    make_wire: Callable[[Switchboard], Wire],
    deliver: Callable[[Webhook], int],
    slow_seconds: float = SLOW_SECONDS,
) -> AsyncIterator[FakeCarrier]:
    """A carrier with all its doors open, ended when the block is left."""
    board = Switchboard(times=CallTimes(0, 0))
    fake = FakeCarrier(make_wire(board), board, deliver, slow_seconds)
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        try:
            yield fake
        finally:
            nursery.cancel_scope.cancel()
            for door in fake.doors.values():
                door.give_up()


async def _read(connection: h11.Connection, stream: trio.SocketStream, door: str) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                connection.receive_data(await stream.receive_some())
            case h11.Request() as head:
                pass
            case h11.Data() as data:
                body += data.data
                assert len(body) <= BODY_BYTES_MAX
            case h11.EndOfMessage():
                assert head is not None
                return _request(head, bytes(body), door)
            case _:
                return None


def _request(head: h11.Request, body: bytes, door: str) -> Request:
    target = urlsplit(head.target.decode())
    headers = {name.decode(): value.decode() for name, value in head.headers}
    return Request(door, head.method.decode(), target.path, dict(parse_qsl(target.query)), headers, body)


def _written(response: Response, connection: h11.Connection) -> bytes:
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    head = connection.send(h11.Response(status_code=response.status, headers=headers)) or b""
    body = connection.send(h11.Data(data=response.body)) or b"" if response.body else b""
    return head + body + (connection.send(h11.EndOfMessage()) or b"")


async def _answer(response: Response, connection: h11.Connection, stream: trio.SocketStream) -> bool:
    await stream.send_all(_written(response, connection))
    return True
