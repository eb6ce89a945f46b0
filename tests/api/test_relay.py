"""What is said about orders over the API: taken, refused by reason, repeated, many at once, and read again."""

import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
import trio
from trio.testing import MockClock

from faxgw.api.app import local_app
from faxgw.api.reading import LINES_BETWEEN_CHECKPOINTS
from faxgw.api.relay import MESSAGE_BYTES_MAX, read_messages
from faxgw.api.relay_views import Speaker
from faxgw.errors import StoreBusyError
from faxgw.fax import State
from faxgw.message import RelayMessage
from faxgw.relay.outgoing import Occasion, Outgoing
from faxgw.relay.port import RelayDesk
from faxgw.relay.step import Effect
from faxgw.store.admission import NewFax
from faxgw.store.relay.port import Answer
from tests.api.fakes import NOW, Fakes, make_fakes
from tests.api.peer import Peer, peer_of
from tests.journeys.town import Town, open_town, order_for

NDJSON = "application/x-ndjson"


@asynccontextmanager
async def gateway_with_an_order() -> AsyncIterator[tuple[Town, Peer]]:
    async with open_town() as town, town.running() as gateway:
        [fax_id] = await town.submit(order_for(1, "A/1"))
        await town.wait_state(fax_id, State.DELIVERED)
        fakes = make_fakes()
        behind = dataclasses.replace(fakes.behind, store=town.store, relay=gateway.relay, clock=town.clock)
        async with peer_of(local_app(behind)) as peer:
            yield town, peer


class BusyRelay:
    """The relay's desk, whose store is at times too busy."""

    def __init__(self, desk: RelayDesk) -> None:
        self._desk = desk
        self.is_busy = False

    async def take(self, messages: Sequence[RelayMessage]) -> list[Answer]:
        if self.is_busy:
            raise StoreBusyError
        return await self._desk.take(messages)


def refused_at(fakes: Fakes, door: str, reason: str) -> float | None:
    return fakes.metrics.registry.get_sample_value("faxgw_refused_total", {"door": door, "reason": reason})


def body(key: str, kind: str, by: str | None, **more: object) -> bytes:
    return json.dumps({"key": key, "kind": kind, "order_number": "A/1", "from_member": by, **more}).encode()


async def test_a_message_is_taken_and_may_be_repeated(autojump_clock: MockClock) -> None:
    """201 with its number and the stage; 200 and the same for the same again; 409 for another under its key."""
    async with gateway_with_an_order() as (_, peer):
        first = await peer.post("/v1/relay", body("a", "ACK", "FR-1"))
        again = await peer.post("/v1/relay", body("a", "ACK", "FR-1"))
        other = await peer.post("/v1/relay", body("a", "REJ", "FR-1"))
        assert (first.status, first.json()) == (201, {"status": 201, "seq": 1, "stage": "accepted"})
        assert (again.status, again.json()["repeated"], again.json()["seq"]) == (200, True, 1)
        assert (other.status, other.json()["type"]) == (409, "/v1/problems/key-taken")


async def test_a_refusal_names_its_rule_and_what_to_do(autojump_clock: MockClock) -> None:
    """An illegal message is a problem with the rule by name; an unknown order is not found."""
    async with gateway_with_an_order() as (_, peer):
        refused = await peer.post("/v1/relay", body("a", "CON", "FR-1"))
        unknown = await peer.post("/v1/relay", body("b", "ACK", "FR-1", order_number="B-2"))
        broken = await peer.post("/v1/relay", body("c", "ASKP", "FR-1", wether="fine"))
        assert (refused.status, refused.json()["refusal"]) == (409, "nothing_asked")
        assert "ASK" in refused.json()["detail"]
        assert (unknown.status, unknown.json()["refusal"]) == (404, "unknown_order")
        assert (broken.status, broken.json()["errors"][0]["pointer"]) == (422, "/wether")


async def test_many_messages_come_at_once(autojump_clock: MockClock) -> None:
    """NDJSON: one answer a line, in order, and one that is broken disturbs no other."""
    async with gateway_with_an_order() as (_, peer):
        lines = [body("a", "ASK", "FR-1", text="Quel étage ?"), b"{", body("b", "ANS", "FR-0", text="2"), b""]
        answer = await peer.post("/v1/relay", b"\n".join(lines), NDJSON)
        assert [(line["line"], line["status"]) for line in answer.lines()] == [(1, 201), (2, 422), (3, 201)]


async def test_a_line_that_is_too_long_disturbs_no_other(autojump_clock: MockClock) -> None:
    """A message alone has the same bound; and more lines than the config allows are refused before any is read."""
    async with gateway_with_an_order() as (_, peer):
        long = body("a", "ASK", "FR-1", text="x" * MESSAGE_BYTES_MAX)
        answer = await peer.post("/v1/relay", long + b"\n" + body("b", "ACK", "FR-1"), NDJSON)
        assert [(line["line"], line["status"]) for line in answer.lines()] == [(1, 422), (2, 201)]
        assert "at most 16384 bytes" in answer.lines()[0]["errors"][0]["detail"]
        assert (await peer.post("/v1/relay", b"\n" * 10_001, NDJSON)).status == 413


async def test_others_go_on_while_an_upload_is_read(autojump_clock: MockClock) -> None:
    """Ten thousand messages are half a second of work: another task runs every few lines of it."""
    upload, turns = b"\n".join([b"{"] * 1_000), 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        read = [number async for number, _ in read_messages(upload, Speaker("shop", lambda who: who), NOW)]
        nursery.cancel_scope.cancel()
    assert read == list(range(1, 1_001))
    # Of two tasks that can run trio takes either first, so one may miss a turn.
    assert turns >= 1_000 // LINES_BETWEEN_CHECKPOINTS // 2


async def test_what_is_refused_at_the_relays_door_is_counted_there(autojump_clock: MockClock) -> None:
    """A type that is not taken, a broken line, a nameless submitter, a busy store: each counts once, as the relay's."""
    async with open_town() as town, town.running() as gateway:
        fakes = make_fakes()
        relay = BusyRelay(gateway.relay)
        behind = dataclasses.replace(fakes.behind, store=town.store, relay=relay, clock=town.clock)
        async with peer_of(local_app(behind)) as peer:
            await peer.post("/v1/relay", b"x", "text/plain")
            await peer.post("/v1/relay", b"{\n" + body("a", "ACK", "FR-1"), NDJSON)
            await peer.post("/v1/relay", b"{}", x_submitter="no name")
            relay.is_busy = True
            await peer.post("/v1/relay", body("b", "ACK", "FR-1"))
        counted = [refused_at(fakes, "relay", why) for why in ("bad_type", "invalid", "bad_request", "busy")]
        assert counted == [1, 1, 1, 1]
        assert refused_at(fakes, "orders", "busy") is None


async def test_a_message_that_breaks_something_of_ours_keeps_no_other(autojump_clock: MockClock) -> None:
    """Its line is refused with 500 and not kept, it is counted and logged; said again after the upgrade it is taken."""
    async with gateway_with_an_order() as (town, peer):
        assert town.gateway is not None
        judge = town.gateway.relay._judge
        sound = judge._outgoing

        class Breaks(Outgoing):
            def faxes(self, effects: Sequence[Effect], occasion: Occasion) -> tuple[NewFax, ...]:
                if occasion.message is not None and occasion.message.text == "boom":
                    raise ZeroDivisionError
                return sound.faxes(effects, occasion)

        judge._outgoing = Breaks(town.register, [])
        lines = [body(f"k{n}", "ASK", "FR-1", text="boom" if n == 5 else "Quel étage ?") for n in range(9)]
        with structlog.testing.capture_logs() as logged:
            answer = await peer.post("/v1/relay", b"\n".join(lines), NDJSON)
            alone = await peer.post("/v1/relay", lines[5])
        assert [line["status"] for line in answer.lines()] == [201] * 5 + [500] + [201] * 3
        assert (alone.status, alone.json()["type"]) == (500, "/v1/problems/crashed")
        assert [each["event"] for each in logged].count("relay_message_broke") == 2
        broke = {"kind": "ASK", "result": "broke"}
        assert town.metrics.registry.get_sample_value("faxgw_relay_messages_total", broke) == 2
        judge._outgoing = sound
        again = await peer.post("/v1/relay", b"\n".join(lines), NDJSON)
        assert [line["status"] for line in again.lines()] == [200] * 5 + [201] + [200] * 3
        assert len((await peer.get("/v1/relay")).json()["messages"]) == 9


async def test_an_order_tells_its_story(autojump_clock: MockClock) -> None:
    """Whose it is, what was said with its answers, and its faxes; its number may hold a slash."""
    async with gateway_with_an_order() as (town, peer):
        await peer.post("/v1/relay", body("a", "ASKP", "FR-1", amount={"amount_minor": 4200, "currency": "EUR"}))
        await peer.post("/v1/relay", body("b", "DEN", "FR-1"))
        await town.wait()
        order = (await peer.get("/v1/orders/A/1")).json()
        assert (order["executing_member"], order["stage"]) == ("FR-1", "offered")
        assert order["price"]["amount_minor"] == 3600
        assert order["price_asked"]["amount_minor"] == 4200
        assert [(each["kind"], each["refusal"]) for each in order["messages"]] == [
            ("ASKP", None),
            ("DEN", "nothing_asked"),
        ]
        assert sorted(fax["content"] for fax in order["faxes"]) == ["order", "relay"]
        listed = (await peer.get("/v1/relay?after=1")).json()
        assert ([each["seq"] for each in listed["messages"]], listed["next"]) == ([2], 2)
        assert (await peer.get("/v1/orders/none")).status == 404


async def test_an_answer_names_what_it_answers(autojump_clock: MockClock) -> None:
    """Agreed to by name, without repeating the amount; an answer to what is not open any more changes nothing."""
    async with gateway_with_an_order() as (town, peer):
        for key, cents in (("a", 4_200), ("b", 4_500)):
            asked = body(key, "ASKP", "FR-1", amount={"amount_minor": cents, "currency": "EUR"})
            assert (await peer.post("/v1/relay", asked)).status == 201
            if key == "a":
                refs = [(await peer.get("/v1/relay")).json()["messages"][0]["ref"]]
                assert (
                    await peer.post("/v1/relay", body("no", "ANSP", "FR-0", in_answer_to=refs[0], agrees=False))
                ).status == 201
        messages = (await peer.get("/v1/orders/A/1")).json()["messages"]
        refs += [messages[-1]["ref"]]
        late = await peer.post("/v1/relay", body("late", "ANSP", "FR-0", in_answer_to=refs[0], agrees=True))
        assert (late.status, late.json()["refusal"]) == (409, "not_open")
        both = {"amount": {"amount_minor": 4_500, "currency": "EUR"}, "in_answer_to": refs[1], "agrees": True}
        twice = await peer.post("/v1/relay", body("both", "ANSP", "FR-0", **both))
        assert (twice.status, twice.json()["errors"][0]["pointer"]) == (422, "/agrees")
        unnamed = await peer.post("/v1/relay", body("unnamed", "ANSP", "FR-0", agrees=True))
        assert unnamed.status == 422
        assert (
            await peer.post("/v1/relay", body("yes", "ANSP", "FR-0", in_answer_to=refs[1], agrees=True))
        ).status == 201
        order = (await peer.get("/v1/orders/A/1")).json()
        assert (order["price"]["amount_minor"], order["price_asked"]) == (4_500, None)
        assert (order["messages"][-1]["in_answer_to"], order["messages"][-1]["agrees"]) == (refs[1], True)
        told = [event.data["ref"] for event in await town.store.events(0, 1_000) if event.data.get("kind") == "ASKP"]
        assert told == refs


async def test_an_operator_is_named(autojump_clock: MockClock) -> None:
    """Who speaks for the network at the desk stands in the trail; absences can be asked for."""
    async with gateway_with_an_order() as (_, peer):
        wish = {"key": "s", "kind": "SUS", "to_member": "FR-4", "who": "Ada", "last_day": "2027-06-03"}
        assert (await peer.post("/v1/relay", json.dumps(wish).encode())).status == 201
        [message] = (await peer.get("/v1/relay")).json()["messages"]
        assert (message["channel"], message["reference"]) == ("operator", "Ada")
        [away] = (await peer.get("/v1/relay/absences")).json()["absences"]
        assert (away["member"], away["first_day"], away["last_day"]) == ("FR-4", "2027-05-29", "2027-06-03")


async def test_a_faulty_parameter_is_named(autojump_clock: MockClock) -> None:
    """The answer says which one and what it may be; the address, which may hold numbers of people, is not repeated."""
    async with gateway_with_an_order() as (_, peer):
        answer = await peer.get("/v1/relay?after=-1&limit=many")
        assert answer.status == 400
        detail = answer.json()["detail"]
        assert {each.partition(":")[0] for each in detail.split("; ")} == {"after", "limit"}
        assert "/v1/relay" not in detail
