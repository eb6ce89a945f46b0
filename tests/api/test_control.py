"""What people ask over the API: of faxes, of lines, carriers and the gateway; and documents handed in."""

import datetime as dt
import json
import urllib.parse
from typing import Any

import pytest

from faxgw.api.app import local_app
from faxgw.config.daemon import Api
from faxgw.fax import State
from faxgw.order import Priority
from faxgw.render.handed_in.handed import Kind
from faxgw.store.stops import Scope
from tests.api.fakes import Fakes, make_fakes, order_bytes
from tests.api.peer import Answer, peer_of

LINE = "+33199001234"


async def get(fakes: Fakes, path: str) -> Answer:
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.get(path)


async def post(fakes: Fakes, path: str, body: object = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.post(path, content, **headers)


# --- of faxes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "wish", "before", "after", "noted"),
    [
        ("priority", {"priority": "express"}, State.HELD, State.HELD, "priority express"),
        ("reroute", {"to": "+33 1 99 00 12 34"}, State.QUEUED, State.QUEUED, "reroute +33 1 99 00 12 34"),
        ("reroute", {"member": "FR-2"}, State.QUEUED, State.QUEUED, "reroute FR-2"),
        ("resolve", {"ruling": "delivered"}, State.UNKNOWN, State.DELIVERED, "resolve delivered"),
        ("resolve", {"ruling": "send_again"}, State.UNKNOWN, State.QUEUED, "resolve send_again"),
    ],
)
async def test_a_change_is_made_in_the_name_of_who_asked(
    verb: str, wish: dict[str, str], before: State, after: State, noted: str
) -> None:
    """200 with the state it has now; the desk hears who, why and what."""
    fakes = make_fakes()
    fakes.store.add(state=before)
    answer = await post(fakes, f"/v1/faxes/1/{verb}", {"who": "ines", "why": "asked", **wish})
    assert (answer.status, answer.json()) == (200, {"id": 1, "state": after})
    assert fakes.desk.asked == [("ines", "asked", noted)]


@pytest.mark.parametrize(
    ("verb", "wish", "pointer"),
    [
        ("priority", {}, "/priority"),
        ("priority", {"priority": "soon"}, "/priority"),
        ("reroute", {}, "/member"),
        ("resolve", {}, "/ruling"),
        ("resolve", {"ruling": "maybe"}, "/ruling"),
        ("retry", {"deadline": "2020-01-01T00:00:00Z"}, "/deadline"),
        ("retry", {"deadline": "2099-01-01T00:00:00"}, "/deadline"),
        ("resend", {"key": "two words"}, "/key"),
        ("hold", {"priority": "express"}, "/priority"),
    ],
)
async def test_a_wish_that_cannot_be_read_names_its_fault(verb: str, wish: dict[str, str], pointer: str) -> None:
    """422, and nothing was changed."""
    fakes = make_fakes()
    fakes.store.add(state=State.UNKNOWN)
    answer = await post(fakes, f"/v1/faxes/1/{verb}", wish)
    assert (answer.status, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, [pointer])
    assert fakes.store.faxes[1].state is State.UNKNOWN


@pytest.mark.parametrize(
    ("verb", "wish", "state", "words"),
    [
        ("resolve", {"ruling": "delivered"}, State.QUEUED, "not in doubt"),
        ("retry", {}, State.DELIVERED, "resend it"),
        ("retry", {}, State.UNKNOWN, "resolve it"),
        ("retry", {}, State.HELD, "release it"),
        ("resend", {}, State.FAILED, "retry it"),
        ("resend", {}, State.SENDING, "goes by itself"),
        ("reroute", {"member": "FR-2"}, State.SUBMITTED, "too late"),
        ("priority", {"priority": "bulk"}, State.FAILED, "failed already"),
    ],
)
async def test_what_comes_too_late_says_what_to_do_instead(
    verb: str, wish: dict[str, str], state: State, words: str
) -> None:
    """409 with the state and the way on."""
    fakes = make_fakes()
    fakes.store.add(state=state)
    answer = await post(fakes, f"/v1/faxes/1/{verb}", wish)
    assert (answer.status, answer.json()["state"]) == (409, state)
    assert words in answer.json()["detail"]


async def test_a_retry_is_another_fax() -> None:
    """202 with its id and place; asked again 200 with the same; of no fax 404."""
    fakes = make_fakes()
    fakes.store.add(state=State.FAILED)
    tomorrow = dt.datetime.fromtimestamp(fakes.behind.clock.now() + 86_400, dt.UTC).isoformat()
    wish = {"who": "ines", "to": "+33 1 99 00 12 34", "priority": "express", "deadline": tomorrow}
    first = await post(fakes, "/v1/faxes/1/retry", wish)
    assert (first.status, first.headers["location"]) == (202, "/v1/faxes/2")
    assert first.json() == {"id": 2, "state": "queued", "repeated": False}
    second = await post(fakes, "/v1/faxes/1/retry", wish)
    assert (second.status, second.json()["id"], second.json()["repeated"]) == (200, 2, True)
    assert fakes.desk.wishes[0].priority is Priority.EXPRESS
    assert (await get(fakes, "/v1/faxes/2")).json()["origin_id"] == 1
    assert (await post(fakes, "/v1/faxes/9/retry")).status == 404


@pytest.mark.parametrize("verb", ["retry", "resend"])
async def test_the_deadline_of_what_goes_again_is_bounded_as_an_orders_is(verb: str) -> None:
    """A slip of the year is named, and nothing is sent; one day nearer than `[api] deadline_days_max` is taken."""
    fakes = make_fakes(Api(deadline_days_max=30))
    fakes.store.add(state=State.FAILED if verb == "retry" else State.DELIVERED)
    now = dt.datetime.fromtimestamp(fakes.behind.clock.now(), dt.UTC)
    refused = await post(fakes, f"/v1/faxes/1/{verb}", {"deadline": (now + dt.timedelta(30)).isoformat()})
    assert refused.status == 422
    [fault] = refused.json()["errors"]
    assert fault == {"pointer": "/deadline", "detail": "30 days from now, at most 30: look at the year"}
    assert fakes.desk.wishes == []
    taken = await post(fakes, f"/v1/faxes/1/{verb}", {"deadline": (now + dt.timedelta(29)).isoformat()})
    assert taken.status == 202


async def test_faxes_are_found() -> None:
    """By what is asked for, the newest first; a state that there is not is refused."""
    fakes = make_fakes()
    fakes.store.add(number="A-1")
    fakes.store.add(number="A-2", state=State.HELD)
    assert [fax["id"] for fax in (await get(fakes, "/v1/faxes")).json()["faxes"]] == [2, 1]
    assert [fax["id"] for fax in (await get(fakes, "/v1/faxes?number=A-1")).json()["faxes"]] == [1]
    assert [fax["id"] for fax in (await get(fakes, "/v1/faxes?state=held&limit=5")).json()["faxes"]] == [2]
    assert (await get(fakes, "/v1/faxes?state=lost")).status == 400


# --- of lines, carriers and the gateway --------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "scope", "name"),
    [
        (f"lines/{urllib.parse.quote(LINE)}", Scope.LINE, LINE),
        ("lines/+33%201%2099%2000%2012%2034", Scope.LINE, LINE),
        ("providers/carrier", Scope.PROVIDER, "carrier"),
        ("gateway", Scope.GATEWAY, ""),
    ],
)
async def test_places_are_suspended_and_resumed(path: str, scope: Scope, name: str) -> None:
    """Who, why and until when come back and are listed; resumed twice, the second time says so."""
    fakes = make_fakes()
    wish = {"who": "ines", "why": "repair", "until": "2099-01-01T00:00:00Z"}
    stopped = await post(fakes, f"/v1/{path}/suspend", wish)
    assert stopped.status == 200
    assert stopped.json() == {"scope": scope, "name": name, "at": "2027-05-08T09:30:00Z", **wish}
    assert (await get(fakes, "/v1/suspensions")).json()["suspensions"] == [stopped.json()]
    assert (await post(fakes, f"/v1/{path}/resume")).json() == {"resumed": True, "scopes": [scope]}
    assert (await post(fakes, f"/v1/{path}/resume")).json() == {"resumed": False, "scopes": []}


async def test_the_gateway_resumes_what_was_drained() -> None:
    """Drained and suspended, one word ends both."""
    fakes = make_fakes()
    assert (await post(fakes, "/v1/gateway/drain", {"who": "ines"})).json()["scope"] == "intake"
    await post(fakes, "/v1/gateway/suspend")
    assert (await post(fakes, "/v1/gateway/resume")).json()["scopes"] == ["gateway", "intake"]


@pytest.mark.parametrize(
    ("path", "wish", "status"),
    [
        ("lines/7/suspend", {}, 422),
        ("providers/nobody/suspend", {}, 404),
        ("providers/nobody/resume", {}, 404),
        ("gateway/suspend", {"until": "2020-01-01T00:00:00Z"}, 422),
        ("gateway/resume", {"until": "2099-01-01T00:00:00Z"}, 422),
        ("gateway/drain", [], 422),
    ],
)
async def test_what_cannot_be_stopped_is_refused(path: str, wish: Any, status: int) -> None:
    """A place that there is not, a time that has passed: nothing is stopped."""
    fakes = make_fakes()
    assert (await post(fakes, f"/v1/{path}", json.dumps(wish).encode())).status == status
    assert fakes.control.stopped == {}


async def test_the_carriers_are_shown() -> None:
    """What each has, and why it takes nothing."""
    fakes = make_fakes()
    await post(fakes, "/v1/providers/carrier/suspend", {"who": "ines"})
    [carrier] = (await get(fakes, "/v1/providers")).json()["providers"]
    assert (carrier["name"], carrier["faxes_under_way"], carrier["suspended"]["who"]) == ("carrier", 3, "ines")
    assert carrier["last_trouble"] == {"words": "it refuses connections", "at": "2027-05-08T09:29:55Z"}


async def test_the_queue_tells_ages_classes_and_reasons() -> None:
    """As qshape does, with the reasons of the schedule."""
    fakes = make_fakes()
    fakes.store.add()
    queue = (await get(fakes, "/v1/queue")).json()
    assert queue["classes"] == {"express": {}, "standard": {"queued": 1}, "bulk": {}}
    assert (len(queue["ages"]), queue["ages"][0]) == (len(queue["ages_minutes"]) + 1, 1)
    assert (queue["waiting"], queue["reasons"]) == ({"line_busy": 2}, {"busy": 1})


async def test_a_drained_gateway_refuses_orders_for_a_while() -> None:
    """503 with Retry-After for one, 503 in its line for many; a repeat is answered."""
    fakes = make_fakes()
    await post(fakes, "/v1/orders", order_bytes("a"), content_type="application/json")
    fakes.desk.is_drained = True
    assert (await post(fakes, "/v1/orders", order_bytes("a"), content_type="application/json")).status == 200
    refused = await post(fakes, "/v1/orders", order_bytes("b"), content_type="application/json")
    assert (refused.status, refused.headers["retry-after"]) == (503, "60")
    assert refused.json()["type"] == "/v1/problems/draining"
    many = await post(fakes, "/v1/orders", order_bytes("b"), content_type="application/x-ndjson")
    assert many.lines()[0]["status"] == 503


# --- documents ---------------------------------------------------------------------------------------

TO = urllib.parse.quote(LINE)


async def test_a_document_is_taken() -> None:
    """202 with its fax; again 200; under the same key to another number 409."""
    fakes = make_fakes()
    path = f"/v1/faxes?to={TO}&key=k&number=L-1&priority=express&resolution=standard&photo=true"
    first = await post(fakes, path, b"Bonjour", content_type="text/plain; charset=utf-8")
    assert (first.status, first.headers["location"]) == (202, "/v1/faxes/1")
    [wish] = fakes.desk.documents
    assert (wish.line, wish.kind, wish.content, wish.photo) == (LINE, Kind.TEXT, b"Bonjour", True)
    assert (wish.number, wish.priority, wish.resolution) == ("L-1", Priority.EXPRESS, "standard")
    assert (await post(fakes, path, b"Bonjour", content_type="text/plain")).status == 200
    other = "/v1/faxes?to=01%2099%2000%2043%2021&country=FR&key=k"
    assert (await post(fakes, other, b"Bonjour", content_type="text/plain")).status == 409


@pytest.mark.parametrize(
    ("query", "content", "media_type", "status"),
    [
        (f"to={TO}&key=k", b"GIF89a", "image/gif", 415),
        (f"to={TO}&key=k", b"", "text/plain", 422),
        (f"to={TO}&key=k", b"%PDF-1.7", "image/png", 422),
        (f"to={TO}&key=two%20words", b"x", "text/plain", 422),
        ("to=7&key=k", b"x", "text/plain", 422),
        (f"to={TO}&key=k&deadline=2020-01-01T00:00:00Z", b"x", "text/plain", 422),
        (f"to={TO}&key=k&deadline=9999-12-31T00:00:00Z", b"x", "text/plain", 422),
        (f"to={TO}&key=k&number=a%20b", b"x", "text/plain", 422),
        (f"to={TO}&key=k&key=l", b"x", "text/plain", 422),
        (f"to={TO}&key=k&priority=soon", b"x", "text/plain", 400),
        (f"to={TO}", b"x", "text/plain", 400),
        ("key=k", b"x", "text/plain", 400),
    ],
)
async def test_what_is_no_document_for_a_fax_is_refused(
    query: str, content: bytes, media_type: str, status: int
) -> None:
    """With the reason, and nothing is taken."""
    fakes = make_fakes()
    answer = await post(fakes, f"/v1/faxes?{query}", content, content_type=media_type)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert fakes.desk.documents == []


async def test_a_parameter_that_nobody_reads_is_named() -> None:
    """A misspelt deadline would else be a fax without one; all of them are named at once."""
    fakes = make_fakes()
    answer = await post(fakes, f"/v1/faxes?to={TO}&key=k&dedline=x&zzz=", b"x", content_type="text/plain")
    assert {error["pointer"]: error["detail"] for error in answer.json()["errors"]} == {
        "/dedline": "there is no such parameter; did you mean deadline?",
        "/zzz": "there is no such parameter",
    }
    assert (answer.status, fakes.desk.documents) == (422, [])


async def test_a_document_is_bounded() -> None:
    """More bytes than the config allows are not even read."""
    fakes = make_fakes()
    limit = fakes.behind.config.render.document_bytes_max
    answer = await post(fakes, f"/v1/faxes?to={TO}&key=k", b"x" * (limit + 1), content_type="text/plain")
    assert answer.status == 413
