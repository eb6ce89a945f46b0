"""People stop lines, carriers and the gateway, mend what is in doubt, and send again, with restarts in between."""

from hashlib import sha256

import pytest
import trio
from trio.testing import MockClock

from faxgw.api.port import AgainWish, Destination, DocumentOrder
from faxgw.fax import FaxId, State, Waiting
from faxgw.gateway import Gateway
from faxgw.order import Priority
from faxgw.phone import Line
from faxgw.render.handed_in.handed import HandedIn, Kind
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.admission import Admitted, Drained, Kinship, Repeated
from faxgw.store.changes import Changed, Ruling, Stale
from faxgw.store.stops import Scope
from tests.journeys.account import settle_account
from tests.journeys.town import PlainRenderer, Town, carrier_config, line_of, open_town, order_for

STOPS = [(Scope.LINE, line_of(1)), (Scope.PROVIDER, "scripted"), (Scope.GATEWAY, "")]


@pytest.mark.parametrize("restarts", [0, 1])
@pytest.mark.parametrize(("scope", "name"), STOPS)
async def test_nothing_begins_where_a_person_stopped_it(
    scope: Scope, name: str, restarts: int, autojump_clock: MockClock
) -> None:
    """For hours, also through a restart; what is under way is followed; resumed, all goes, once."""
    async with open_town() as town:
        async with town.running() as gateway:
            [under_way] = await town.submit(order_for(1, "under-way"))
            await town.wait_event(under_way, "submitted")
            await gateway.control.suspend(scope, name, "Ada", "paper jam")
            [stopped] = await town.submit(order_for(1, "stopped"))
            await town.wait_state(under_way, State.DELIVERED)
            await trio.sleep(3_600)
        for _ in range(restarts):
            async with town.running():
                await trio.sleep(3_600)
        async with town.running() as gateway:
            view = await town.view(stopped)
            assert (view.state, view.attempts) == (State.QUEUED, ())
            assert gateway.desk.why(view).waiting in {Waiting.SUSPENDED, Waiting.PROVIDER_PAUSED}
            assert "Ada" in gateway.desk.why(view).detail
            assert await gateway.control.resume(scope, name, "Bo", "mended")
            await town.wait()
        await settle_account(town, delivered=2)


async def test_other_lines_go_while_one_is_stopped(autojump_clock: MockClock) -> None:
    """And other carriers while one is."""
    async with open_town(carrier_config("north"), carrier_config("south")) as town, town.running() as gateway:
        await gateway.control.suspend(Scope.LINE, line_of(1), "Ada", "")
        await gateway.control.suspend(Scope.PROVIDER, "north", "Ada", "")
        stopped, *others = await town.submit(*(order_for(number, f"o{number}") for number in range(1, 6)))
        for fax_id in others:
            view = await town.wait_state(fax_id, State.DELIVERED)
            assert [attempt.provider for attempt in view.attempts] == ["south"]
        assert (await town.view(stopped)).state is State.QUEUED
        await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "")
        await town.wait()
        await settle_account(town, delivered=5)


async def test_a_suspension_ends_by_itself_in_time(autojump_clock: MockClock) -> None:
    """Not sooner, and told as the timer's."""
    async with open_town() as town, town.running() as gateway:
        until = town.clock.now() + 7_200
        await gateway.control.suspend(Scope.GATEWAY, "", "Ada", "storm", until)
        [fax_id] = await town.submit(order_for(1, "o"))
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert view.attempts[0].started_at >= until
        assert [event.data["who"] for event in await town.events("resumed")] == ["faxgw"]
        assert gateway.control.all() == []
        await settle_account(town, delivered=1)


async def test_a_drained_gateway_runs_empty(autojump_clock: MockClock) -> None:
    """Nothing new is taken, a repeat is answered, all that is there goes out; after a restart it still drains."""
    async with open_town() as town:
        async with town.running() as gateway:
            [fax_id] = await town.submit(order_for(1, "before"))
            await gateway.control.suspend(Scope.INTAKE, "", "Ada", "moving house")
            [reason] = gateway.control.reasons_not_ready()
            assert reason.startswith("the gateway drains by Ada since 2027-05-29T06:00:00")
            answers = await gateway.desk.submit("shop", [order_for(1, "before"), order_for(2, "after")])
            assert answers == [Repeated(fax_id, State.QUEUED), Drained()]
            await town.wait()
        async with town.running() as gateway:
            assert await gateway.desk.submit("shop", [order_for(2, "after")]) == [Drained()]
            await gateway.control.resume(Scope.INTAKE, "", "Ada", "")
            assert len(await town.submit(order_for(2, "after"))) == 1
            await town.wait()
        await settle_account(town, delivered=2)


async def doubtful(town: Town) -> FaxId:
    """A fax that was sent when the carrier went silent."""
    town.carrier.script(line_of(1), ["closed_before"])
    [fax_id] = await town.submit(order_for(1, "doubtful"))
    await town.wait_state(fax_id, State.UNKNOWN)
    return fax_id


@pytest.mark.parametrize("restarts", [0, 1])
async def test_a_fax_in_doubt_is_sent_again_on_a_persons_word(restarts: int, autojump_clock: MockClock) -> None:
    """Marked on the page, once, and with who and why in its trail; a restart in between changes nothing."""
    renderer = MarkSpy()
    async with open_town() as town:
        town.renderer = renderer
        async with town.running() as gateway:
            fax_id = await doubtful(town)
            if not restarts:
                assert await rule(gateway, fax_id, Ruling.SEND_AGAIN) == Changed(State.QUEUED)
                await town.wait()
        if restarts:
            async with town.running() as gateway:
                assert await rule(gateway, fax_id, Ruling.SEND_AGAIN) == Changed(State.QUEUED)
                await town.wait()
        view = await town.view(fax_id)
        assert [event.data.get("who") for event in view.events if event.kind == "retry"] == ["Ada"]
        assert len(view.attempts) == 2
        assert renderer.marked == [False, True]
        await settle_account(town, delivered=1)


async def test_a_fax_that_is_not_in_doubt_cannot_be_resolved(autojump_clock: MockClock) -> None:
    """The receipt has the word there."""
    async with open_town() as town, town.running() as gateway:
        [fax_id] = await town.submit(order_for(1, "o"))
        await town.wait_event(fax_id, "submitted")
        assert await rule(gateway, fax_id, Ruling.DELIVERED) == Stale(State.SUBMITTED)
        await town.wait()
        await settle_account(town, delivered=1)


async def rule(gateway: Gateway, fax_id: FaxId, ruling: Ruling) -> object:
    return await gateway.desk.resolve(fax_id, ruling, "Ada", "asked the florist")


class MarkSpy(PlainRenderer):
    """Notes which drawings were marked as possible duplicates; draws documents, too."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[bool] = []

    async def render(self, sheets: object) -> list[Document | Unrenderable]:
        await trio.lowlevel.checkpoint()
        return [self._draw_any(drawing) for drawing in sheets]  # type: ignore[attr-defined]

    def _draw_any(self, drawing: Drawing) -> Document | Unrenderable:
        self.marked.append(getattr(drawing, "possible_duplicate", False))
        if isinstance(drawing, HandedIn):
            if drawing.content == b"blank":
                return Unrenderable("the text is blank")
            tiff = b"II*\x00" + drawing.content
            return Document(tiff=tiff, pages=1, sha256=sha256(tiff).hexdigest(), form_version="document")
        return self._draw(drawing)


async def test_a_failed_fax_goes_again_as_another_one(autojump_clock: MockClock) -> None:
    """To another member, in another class; the old one stays failed; asked twice it goes once."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["bad_number"])
        [old_id] = await town.submit(order_for(1, "o"))
        await town.wait_state(old_id, State.FAILED)
        wish = AgainWish(kinship=Kinship.RETRY, to=Destination(member="FR-2"), priority=Priority.EXPRESS)
        first = await gateway.desk.send_again(old_id, wish, "Ada", "moved")
        assert isinstance(first, Admitted)
        town.faxes.append(first.fax_id)
        assert isinstance(await gateway.desk.send_again(old_id, wish, "Ada", "moved"), Repeated)
        view = await town.wait_state(first.fax_id, State.DELIVERED)
        assert (view.line, view.member, view.rank, view.origin_id) == (line_of(2), "FR-2", 0, old_id)
        await settle_account(town, delivered=1, failed=1)


async def test_a_copy_of_a_delivered_fax_says_so(autojump_clock: MockClock) -> None:
    """Its page is marked; both are delivered, each once."""
    renderer = MarkSpy()
    async with open_town() as town:
        town.renderer = renderer
        async with town.running() as gateway:
            [old_id] = await town.submit(order_for(1, "o"))
            await town.wait()
            copy = await gateway.desk.send_again(old_id, AgainWish(kinship=Kinship.COPY), "Ada", "ink ran out")
            assert isinstance(copy, Admitted)
            town.faxes.append(copy.fax_id)
            await town.wait()
        assert renderer.marked == [False, True]
        await settle_account(town, delivered=2)


@pytest.mark.parametrize(("steps", "pause_seconds"), [*((steps, 0.0) for steps in range(12)), (0, 60.0), (0, 400.0)])
async def test_a_rerouted_fax_goes_to_its_new_line_alone(
    steps: int, pause_seconds: float, autojump_clock: MockClock
) -> None:
    """At whatever moment it is asked for: made, it never rings at the old line; too late, it is delivered there."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["busy"] * 3)
        [fax_id] = await town.submit(order_for(1, "o"))
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        await trio.sleep(pause_seconds)
        before = len((await town.view(fax_id)).attempts)
        answer = await gateway.desk.reroute(fax_id, Destination(member="FR-2"), "Ada", "moved")
        view = await town.wait_state(fax_id, State.DELIVERED)
        if answer == Changed(State.QUEUED):
            assert {attempt.line for attempt in view.attempts[before:]} == {line_of(2)}
        [other] = await town.submit(order_for(1, "old-line-is-free"))
        await town.wait_state(other, State.DELIVERED)
        await settle_account(town, delivered=2)


async def test_a_new_class_overtakes(autojump_clock: MockClock) -> None:
    """A bulk fax made express goes before those that came before it."""
    async with open_town() as town, town.running() as gateway:
        *_, last = await town.submit(*(order_for(1, f"o{number}", priority=Priority.BULK) for number in range(6)))
        assert await gateway.desk.set_priority(last, Priority.EXPRESS, "Ada", "today") == Changed(State.QUEUED)
        await town.wait()
        started = {fax_id: (await town.view(fax_id)).attempts[0].started_at for fax_id in town.faxes}
        assert sorted(started, key=started.__getitem__).index(last) <= 2
        await settle_account(town, delivered=6)


async def test_a_document_handed_in_is_a_fax_like_any_other(autojump_clock: MockClock) -> None:
    """It is sent, shown as it went out, and a repeat is the same; what cannot be drawn is held with the reason."""
    async with open_town() as town:
        town.renderer = MarkSpy()
        async with town.running() as gateway:
            good = document(b"hello", "letter")
            answers = [await gateway.desk.send_document("shop", each) for each in (good, good, document(b"blank", "b"))]
            sent, repeated, blank = answers
            assert isinstance(sent, Admitted)
            assert isinstance(repeated, Repeated)
            assert isinstance(blank, Admitted)
            town.faxes += [sent.fax_id, blank.fax_id]
            view = await town.wait_state(sent.fax_id, State.DELIVERED)
            assert await gateway.archive.page(view, "tif") == b"II*\x00hello"
            assert (await town.wait_state(blank.fax_id, State.HELD)).reason == "the text is blank"
        await settle_account(town, delivered=1, waiting=1)


def document(content: bytes, key: str) -> DocumentOrder:
    return DocumentOrder(key=key, line=Line(line_of(1)), kind=Kind.TEXT, content=content)
