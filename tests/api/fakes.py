"""Small stand-ins for what the faces need: everything in memory, and told what to answer."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import trio

from faxgw.api.app import Behind
from faxgw.api.port import AgainWish, Destination, DocumentOrder, ProviderState, Why
from faxgw.config.carriers import SimulatedConfig
from faxgw.config.daemon import Api
from faxgw.config.doors import Http
from faxgw.config.whole import Config
from faxgw.dispatch.outage import Trouble
from faxgw.errors import FaxgwError
from faxgw.faults import Fault
from faxgw.fax import FINAL, AttemptNumber, ClientRef, FaxId, State, Waiting
from faxgw.ops.metrics import Metrics
from faxgw.order import Order, Priority
from faxgw.phone import Line
from faxgw.receipt.webhook import NoSuchProvider, ReceiptRefused, ReceiptsTaken, ReceiptUnreadable
from faxgw.store.admission import Admission, Admitted, AdmittedAgain, Drained, KeyTaken, Kinship, Repeated
from faxgw.store.backlog import Backlog, LineAges
from faxgw.store.changes import Changed, NoSuchFax, Recorded, Ruling, Stale
from faxgw.store.stops import Scope, Suspension
from faxgw.store.views import AttemptView, Event, FaxLine, FaxView, Sought

NOW = dt.datetime(2027, 5, 8, 9, 30, tzinfo=dt.UTC).timestamp()


class FixedClock:
    def now(self) -> float:
        return NOW


class FakeStore:
    """Reads only: faxes, events and lines as the test put them in."""

    def __init__(self) -> None:
        self.faxes: dict[int, FaxView] = {}
        self.log: list[Event] = []
        self.ages: list[LineAges] = []
        self.waiting = 0
        """Who waits for events this moment."""
        self._news = trio.Event()

    def add(self, **changes: Any) -> FaxView:
        view = dataclasses.replace(example_view(), fax_id=FaxId(len(self.faxes) + 1), **changes)
        self.faxes[view.fax_id] = view
        return view

    def happen(self, kind: str, fax_id: int = 1, **data: object) -> None:
        self.log.append(Event(len(self.log) + 1, FaxId(fax_id), NOW, kind, data))
        self._news.set()
        self._news = trio.Event()

    async def fax(self, fax_id: FaxId) -> FaxView | None:
        await trio.lowlevel.checkpoint()
        return self.faxes.get(fax_id)

    async def events(self, after: int, limit: int) -> list[Event]:
        await trio.lowlevel.checkpoint()
        return [event for event in self.log if event.seq > after][:limit]

    async def events_of(self, fax_id: FaxId, after: int, limit: int) -> list[Event]:
        await trio.lowlevel.checkpoint()
        return [event for event in self.log if event.seq > after and event.fax_id == fax_id][:limit]

    async def last_event(self) -> int:
        await trio.lowlevel.checkpoint()
        return len(self.log)

    async def wait_events(self, after: int) -> None:
        self.waiting += 1
        try:
            while not self.log or self.log[-1].seq <= after:
                await self._news.wait()
        finally:
            self.waiting -= 1
        await trio.lowlevel.checkpoint()

    async def counts(self) -> dict[State, int]:
        await trio.lowlevel.checkpoint()
        counts: dict[State, int] = {}
        for view in self.faxes.values():
            counts[view.state] = counts.get(view.state, 0) + 1
        return counts

    async def unfinished_counts(self) -> dict[State, int]:
        return {state: count for state, count in (await self.counts()).items() if state not in FINAL}

    async def at_risk(self, until: float, limit: int) -> list[FaxLine]:
        await trio.lowlevel.checkpoint()
        near = [view for view in self.faxes.values() if view.state not in FINAL and (view.deadline_at or until) < until]
        return [_line_of(view) for view in sorted(near, key=lambda view: view.deadline_at or 0.0)][:limit]

    async def backlog(self, limit: int, now: float, ages: Sequence[float]) -> Backlog:
        await trio.lowlevel.checkpoint()
        unfinished = [view for view in self.faxes.values() if view.state not in FINAL]
        classes: dict[int, dict[State, int]] = {}
        for view in unfinished:
            by_state = classes.setdefault(view.rank, {})
            by_state[view.state] = by_state.get(view.state, 0) + 1
        counts = tuple(len(unfinished) if number == 0 else 0 for number in range(len(ages) + 1))
        return Backlog(self.ages[:limit], len(self.ages), counts, classes, {"busy": len(unfinished)})

    async def find(self, sought: Sought, limit: int) -> list[FaxLine]:
        await trio.lowlevel.checkpoint()
        found = [view for view in reversed(self.faxes.values()) if _is_sought(view, sought)]
        return [_line_of(view) for view in found[:limit]]


def _is_sought(view: FaxView, sought: Sought) -> bool:
    pairs = ((sought.submitter, view.submitter), (sought.key, view.key), (sought.number, view.number))
    return all(wanted in {None, has} for wanted, has in pairs) and sought.state in {None, view.state}


def _line_of(view: FaxView) -> FaxLine:
    return FaxLine(
        view.fax_id,
        view.submitter,
        view.key,
        view.number,
        view.line,
        view.rank,
        view.state,
        view.reason,
        view.accepted_at,
        view.due_at,
        view.deadline_at,
        view.content,
        view.origin_id,
    )


class FakeDesk:
    """Keeps orders by key; `out_of_order` is raised instead, `unknown_members` are refused."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.taken: dict[tuple[str, str], tuple[FaxId, Order]] = {}
        self.submits: list[int] = []
        self.asked: list[tuple[str, str, str]] = []
        self.out_of_order: FaxgwError | Exception | None = None
        self.unknown_members: set[str] = set()
        self.is_drained = False
        self.documents: list[DocumentOrder] = []
        self.wishes: list[AgainWish] = []
        self.retried: dict[FaxId, FaxId] = {}

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        await trio.lowlevel.checkpoint()
        if self.out_of_order is not None:
            raise self.out_of_order
        self.submits.append(len(orders))
        return [self._admit(submitter, order) for order in orders]

    def _admit(self, submitter: str, order: Order) -> Admission | list[Fault]:
        if order.sending_member in self.unknown_members:
            return [Fault("/sending_member", f"no member {order.sending_member} in the register")]
        before = self.taken.get((submitter, order.key))
        if before is None and self.is_drained:
            return Drained()
        if before is not None:
            fax_id, first = before
            return Repeated(fax_id, State.QUEUED) if first == order else KeyTaken(fax_id)
        fax_id = FaxId(len(self.taken) + 1)
        self.taken[submitter, order.key] = fax_id, order
        return Admitted(fax_id)

    async def send_document(self, submitter: str, wish: DocumentOrder) -> Admission:
        await trio.lowlevel.checkpoint()
        if self.is_drained:
            return Drained()
        if wish in self.documents:
            return Repeated(FaxId(self.documents.index(wish) + 1), State.QUEUED)
        if any(wish.key == before.key for before in self.documents):
            return KeyTaken(FaxId(1))
        self.documents.append(wish)
        return Admitted(FaxId(len(self.documents)))

    async def hold(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        return await self._change(fax_id, State.HELD, {State.QUEUED}, (who, why, "hold"))

    async def release(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        return await self._change(fax_id, State.QUEUED, {State.HELD}, (who, why, "release"))

    async def cancel(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        return await self._change(fax_id, State.CANCELLED, {State.QUEUED, State.HELD}, (who, why, "cancel"))

    async def set_priority(self, fax_id: FaxId, priority: Priority, who: str, why: str) -> Recorded:
        return await self._change(fax_id, None, {State.QUEUED, State.HELD}, (who, why, f"priority {priority}"))

    async def reroute(self, fax_id: FaxId, to: Destination, who: str, why: str) -> Recorded | list[Fault]:
        if to.member in self.unknown_members or to == Destination():
            return [Fault("/member", "no such member")]
        asked = (who, why, f"reroute {to.number or to.member}")
        return await self._change(fax_id, None, {State.QUEUED, State.HELD}, asked)

    async def resolve(self, fax_id: FaxId, ruling: Ruling, who: str, why: str) -> Recorded:
        becomes = {
            Ruling.DELIVERED: State.DELIVERED,
            Ruling.NOT_DELIVERED: State.FAILED,
            Ruling.SEND_AGAIN: State.QUEUED,
        }
        return await self._change(fax_id, becomes[ruling], {State.UNKNOWN}, (who, why, f"resolve {ruling}"))

    async def send_again(self, fax_id: FaxId, wish: AgainWish, who: str, why: str) -> AdmittedAgain | list[Fault]:
        await trio.lowlevel.checkpoint()
        self.asked.append((who, why, wish.kinship))
        self.wishes.append(wish)
        view = self._store.faxes.get(fax_id)
        if view is None:
            return NoSuchFax()
        if wish.kinship is Kinship.RETRY and fax_id in self.retried:
            return Repeated(self.retried[fax_id], State.QUEUED)
        if (view.state is State.DELIVERED) != (wish.kinship is Kinship.COPY) or view.state not in FINAL:
            return Stale(view.state)
        new = self._store.add(state=State.QUEUED, origin_id=fax_id)
        self.retried[fax_id] = new.fax_id
        return Admitted(new.fax_id)

    def why(self, view: FaxView) -> Why:
        return Why(Waiting.LINE_BUSY, f"another fax has {view.line}", NOW + 60)

    async def _change(
        self, fax_id: FaxId, to: State | None, allowed: set[State], asked: tuple[str, str, str]
    ) -> Recorded:
        await trio.lowlevel.checkpoint()
        self.asked.append(asked)
        view = self._store.faxes.get(fax_id)
        if view is None:
            return NoSuchFax()
        if view.state not in allowed:
            return Stale(view.state)
        self._store.faxes[fax_id] = dataclasses.replace(view, state=to or view.state)
        return Changed(to or view.state)


class FakeControl:
    """Keeps what was stopped; there is one provider, `carrier`."""

    def __init__(self) -> None:
        self.stopped: dict[tuple[Scope, str], Suspension] = {}

    async def suspend(self, scope: Scope, name: str, who: str, why: str, until: float | None = None) -> Suspension:
        await trio.lowlevel.checkpoint()
        self.stopped[scope, name] = Suspension(scope, name, who, why, NOW, until)
        return self.stopped[scope, name]

    async def resume(self, scope: Scope, name: str, who: str, why: str) -> bool:
        await trio.lowlevel.checkpoint()
        return self.stopped.pop((scope, name), None) is not None

    def all(self) -> list[Suspension]:
        return list(self.stopped.values())

    def waiting(self) -> dict[Waiting, int]:
        return {Waiting.LINE_BUSY: 2, Waiting.NEXT: 0}

    def providers(self) -> list[ProviderState]:
        suspended = self.stopped.get((Scope.PROVIDER, "carrier"))
        return [
            ProviderState(
                name="carrier",
                kind="simulated",
                faxes_under_way=3,
                in_doubt=1,
                suspended=suspended,
                closed_by="suspended" if suspended else "outage",
                detail="its last attempts failed: it refuses connections",
                until=NOW + 30,
                trouble=Trouble("it refuses connections", NOW - 5),
            )
        ]


class FakeArchive:
    async def page(self, view: FaxView, kind: Literal["tif", "png", "pdf"], number: int = 1) -> bytes | str:
        await trio.lowlevel.checkpoint()
        if number > 1:
            return f"fax {view.fax_id} has 1 page"
        return b"page of " + str(view.fax_id).encode() + b" as " + kind.encode()


class FakeReceiptDesk:
    """Takes what is signed with `open sesame` and begins like JSON."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def take(
        self, provider: str, headers: Mapping[str, str], body: bytes
    ) -> ReceiptsTaken | ReceiptRefused | ReceiptUnreadable | NoSuchProvider:
        await trio.lowlevel.checkpoint()
        if provider != "carrier":
            return NoSuchProvider()
        if headers.get("x-signature") != "open sesame":
            return ReceiptRefused("the signature does not fit")
        if not body.startswith(b"{"):
            return ReceiptUnreadable("not a receipt")
        self.taken.append(body)
        return ReceiptsTaken(1, 0)


class FakeHealth:
    def __init__(self) -> None:
        self.not_ready: list[str] = []
        self.not_alive: list[str] = []
        self.noted: list[str] = []

    def reasons_not_ready(self) -> list[str]:
        return self.not_ready

    def notes(self) -> list[str]:
        return self.noted

    def reasons_not_alive(self) -> list[str]:
        return self.not_alive


@dataclasses.dataclass
class Fakes:
    store: FakeStore
    desk: FakeDesk
    control: FakeControl
    receipts: FakeReceiptDesk
    health: FakeHealth
    metrics: Metrics
    behind: Behind


def make_fakes(api: Api = Api(), http: Http = Http()) -> Fakes:  # noqa: B008 frozen
    store = FakeStore()
    desk, control, receipts = FakeDesk(store), FakeControl(), FakeReceiptDesk()
    health, metrics = FakeHealth(), Metrics()
    behind = Behind(
        store=store,  # type: ignore[arg-type]  # The faces only read.
        desk=desk,
        control=control,
        archive=FakeArchive(),
        receipts=receipts,
        health=health,
        metrics=metrics,
        clock=FixedClock(),
        config=example_config(api, http),
        at_risk_seconds=lambda: 1_800.0,
    )
    return Fakes(store, desk, control, receipts, health, metrics, behind)


def example_config(api: Api = Api(), http: Http = Http()) -> Config:  # noqa: B008 frozen
    provider = SimulatedConfig(
        name="carrier",
        base_url="http://127.0.0.1:1",
        account="flowers",
        password_file="password",  # noqa: S106 a file's name
        webhook_secret_file="secret",  # noqa: S106 a file's name
    )
    return Config(api=api, http=http, provider=[provider])


def order_json(key: str = "web-1", **changes: object) -> dict[str, Any]:
    """An order as its JSON; every name in it is invented."""
    order: dict[str, Any] = {
        "key": key,
        "number": key.upper(),
        "delivery": {"date": "2027-05-09", "window": {"start": "09:00:00", "end": "12:00:00"}},
        "recipient": {
            "name": "Ada Fleur",
            "street": ["1 rue des Lilas"],
            "postcode": "75001",
            "city": "Paris",
            "country": "FR",
            "phone": "+33 1 99 00 12 34",
        },
        "lines": [
            {
                "description": "Bouquet of 20 tulips",
                "quantity": 1,
                "unit_price": {"amount_minor": 4550, "currency": "EUR"},
            }
        ],
        "customer_price": {"amount_minor": 4550, "currency": "EUR"},
        "execution_price": {"amount_minor": 3500, "currency": "EUR"},
        "sending_member": "FR-0001",
        "fax_number": "+33 1 99 00 43 21",
        "card_message": "Bonne fête, Maman !",
    }
    return order | changes


def order_bytes(key: str = "web-1", **changes: object) -> bytes:
    return msgspec.json.encode(order_json(key, **changes))


def example_view() -> FaxView:
    attempt = AttemptView(
        number=AttemptNumber(1),
        provider="carrier",
        client_ref=ClientRef("k3v9-1-1"),
        provider_ref="c-77",
        sha256="ab" * 32,
        form_version="1",
        pages=1,
        rendered_at=NOW - 30,
        started_at=NOW - 30,
        ended_at=NOW - 10,
        outcome="busy",
        code="17",
    )
    return FaxView(
        fax_id=FaxId(1),
        submitter="local",
        key="web-1",
        number="WEB-1",
        line=Line("+33199004321"),
        rank=1,
        state=State.QUEUED,
        reason="busy",
        accepted_at=NOW - 60,
        due_at=NOW + 120,
        deadline_at=None,
        calls=1,
        order=order_bytes(),
        attempts=(attempt,),
        events=(
            Event(1, FaxId(1), NOW - 60, "accepted", {}),
            Event(2, FaxId(1), NOW - 10, "goes_again", {"code": "17"}),
        ),
    )
