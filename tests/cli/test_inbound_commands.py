"""What came in, at the operator's terminal: inboxes, quarantine, and the review queue, over the real API and store."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from faxgw.config.inbox import InboxConfig
from faxgw.config.intake import IntakeConfig
from faxgw.faults import Fault
from faxgw.fax import FaxId, State
from faxgw.incoming import FaxesIn, Incoming
from faxgw.members.register import Register
from faxgw.message import RelayMessage
from faxgw.ops.metrics import Metrics
from faxgw.order import Order
from faxgw.store.admission import Admission, Admitted
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import Concluded, DoubtfulSheet
from faxgw.store.inbound.review import NO_REVIEW
from faxgw.store.relay.port import Answer, RelayTaken
from faxgw.store.sql import SqlStore, open_memory_store
from tests.api.fakes import Fakes, FixedClock, make_fakes, order_bytes
from tests.cli.terminal import terminal_at
from tests.inbox.ftp_fake import FakeFtp
from tests.journeys.paper import Reader
from tests.store.inbound_faxes import new_inbound, poison

Capture = pytest.CaptureFixture[str]


@dataclasses.dataclass
class Heard:
    """The relay and the order desk: take everything, and remember it."""

    messages: list[RelayMessage] = dataclasses.field(default_factory=list)
    orders: list[tuple[str, Order]] = dataclasses.field(default_factory=list)
    faults: list[Fault] = dataclasses.field(default_factory=list)

    async def take(self, messages: Sequence[RelayMessage]) -> list[Answer]:
        self.messages += messages
        return [RelayTaken(len(self.messages)) for _ in messages]

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        if self.faults:
            return [self.faults for _ in orders]
        self.orders += [(submitter, order) for order in orders]
        return [Admitted(FaxId(7), State.QUEUED, None) for _ in orders]


@dataclasses.dataclass
class Desk:
    fakes: Fakes
    store: SqlStore
    heard: Heard


def make_desk() -> Desk:
    """An inbox `shop` that nobody has looked at, and a store that tests fill."""
    fakes, store, heard = make_fakes(), open_memory_store(), Heard()
    own = InboxConfig(name="shop", host="ftp.example", user="shop", password_file="-")  # noqa: S106 a file's name
    incoming = Incoming(
        FaxesIn(Reader(), [(own, FakeFtp())]),
        store.inbound,
        "s",
        heard,
        heard,
        Register([]),
        FixedClock(),
        Metrics(),
        IntakeConfig(),
        lambda: False,
        is_routed=False,
    )
    behind = dataclasses.replace(fakes.behind, store=store, incoming=incoming.faces)
    return Desk(dataclasses.replace(fakes, behind=behind), store, heard)


async def add_review(desk: Desk, guess: object) -> None:
    """Fax 1, whose page 1 waits."""
    names = await desk.store.inbound.keep_documents([b"a page"])
    await desk.store.inbound.keep([new_inbound(*names)])
    sheet = DoubtfulSheet(1, "unsure_tick", "a box is neither ticked nor empty", msgspec.json.encode(guess), "N-1")
    await desk.store.inbound.record([Concluded(InboundId(1), (sheet,), 1, 200.0)])


async def test_inboxes_are_shown_with_what_they_brought(tmp_path: Path, capsys: Capture) -> None:
    """Counts by state, and what waits for whom."""
    desk = make_desk()
    await add_review(desk, {})
    async with terminal_at(desk.fakes, tmp_path, capsys) as terminal:
        shown = await terminal.run("inbox")
        told = await terminal.run("inbox", "--json")
        listed = await terminal.run("inbox", "list", "--state", "review", "--json")
        story = await terminal.run("inbox", "show", "1")
    assert "1 to review" in shown.out
    [inbox] = told.json()["inboxes"]
    assert (inbox["name"], inbox["faxes"], inbox["looked_at"]) == ("shop", {"review": 1}, None)
    assert [fax["id"] for fax in listed.json()["inbound"]] == [1]
    assert "page 1: waits for a person to order N-1" in story.out


async def test_files_leave_quarantine_in_ones_name(tmp_path: Path, capsys: Capture) -> None:
    """Twice is refused with where it stands, and exit code 1."""
    desk = make_desk()
    await desk.store.inbound.quarantine([poison("aa" * 32), poison(name="large.tif")])
    async with terminal_at(desk.fakes, tmp_path, capsys) as terminal:
        assert "damaged" in (await terminal.run("inbox", "quarantine")).out
        released = await terminal.run("inbox", "quarantine", "release", "1", "--who", "ines", "--why", "looks fine")
        again = await terminal.run("inbox", "quarantine", "discard", "1")
        never = await terminal.run("inbox", "quarantine", "retry", "2")
    assert (released.code, released.out) == (0, "fax in 1 waits for a person: faxgw review list\n")
    assert (again.code, again.err) == (1, "faxgw: the fax is not in quarantine: it is review\n")
    assert (never.code, "nothing of it was fetched" in never.err) == (1, True)
    [let_out] = [event for event in await desk.store.events(0, 100) if event.kind == "let_out"]
    assert (let_out.data["who"], let_out.data["why"]) == ("ines", "looks fine")


async def test_a_person_looks_at_a_sheet_and_decides(tmp_path: Path, capsys: Capture) -> None:
    """The picture goes to a file; who decided before is told to whoever comes later."""
    desk = make_desk()
    await add_review(desk, {"reply": {"order_number": "N-1", "kinds": ["accept"]}})
    picture = tmp_path / "page.png"
    async with terminal_at(desk.fakes, tmp_path, capsys) as terminal:
        listed = await terminal.run("review", "list")
        shown = await terminal.run("review", "show", "1", "-o", str(picture))
        discarded = await terminal.run("review", "resolve", "1", "--discard", "--who", "ines", "--why", "empty")
        late = await terminal.run("review", "resolve", "1", "--discard", "--who", "bea", "--why", "mine")
        nothing = await terminal.run("review", "list")
    assert "accept" in listed.out
    assert "best guess" in shown.out
    assert picture.read_bytes().startswith(b"PNG 1 of")
    assert (discarded.code, discarded.out) == (0, "review 1 is resolved: discard\n")
    assert (late.code, "ines has decided it before: discard, empty" in late.err) == (1, True)
    assert nothing.code == 1


async def test_an_order_is_handed_in_as_the_person_completed_it(tmp_path: Path, capsys: Capture) -> None:
    """Under the review's key and the inbox's name; what the desk refuses leaves the review open with its faults."""
    desk = make_desk()
    await add_review(desk, {"order": {"number": "N-7"}})
    order = {name: value for name, value in json.loads(order_bytes()).items() if name != "key"}
    (tmp_path / "order.json").write_text(json.dumps(order))
    resolve = ("review", "resolve", "1", "--order", str(tmp_path / "order.json"), "--why", "typed")
    async with terminal_at(desk.fakes, tmp_path, capsys) as terminal:
        guessed = await terminal.run("review", "show", "1", "--order")
        desk.heard.faults = [Fault("/sending_member", "no member X in the register")]
        refused = await terminal.run(*resolve)
        desk.heard.faults = []
        taken = await terminal.run(*resolve)
    assert json.loads(guessed.out) == {"number": "N-7"}
    assert (refused.code, "/order/sending_member: no member X" in refused.err) == (1, True)
    assert (taken.code, taken.out) == (0, "review 1 is resolved: order (fax 7)\n")
    [(submitter, submitted)] = desk.heard.orders
    assert (submitter, submitted.key) == ("inbox/shop", "review-1")


@pytest.mark.parametrize(
    "arguments", [(), ("--discard", "--reply", "N-1"), ("--order", "no-such-file.json")], ids=["none", "two", "no file"]
)
async def test_a_decision_that_says_nothing_clear_is_wrong_usage(
    arguments: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    """Exit code 2, and nothing is asked of the daemon."""
    desk = make_desk()
    await add_review(desk, {})
    async with terminal_at(desk.fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("review", "resolve", "1", "--why", "x", *arguments)
    assert printed.code == 2
    [review] = await desk.store.inbound.reviews(is_open=True, after=NO_REVIEW, limit=10)
    assert review.review_id == 1
