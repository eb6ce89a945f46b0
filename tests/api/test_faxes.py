import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from faxgw.api.app import local_app, outside_app
from faxgw.config.doors import Http
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.store.backlog import LineAges
from tests.api.fakes import NOW, Fakes, make_fakes
from tests.api.peer import Answer, peer_of


async def get(fakes: Fakes, path: str, **headers: str) -> Answer:
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.get(path, **headers)


async def post(fakes: Fakes, path: str, body: bytes = b"") -> Answer:
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.post(path, body)


async def test_a_fax_is_shown_with_its_story() -> None:
    """A fax comes with its attempts, its events, and why it is not being sent; times are UTC."""
    fakes = make_fakes()
    fakes.store.add()
    fax = (await get(fakes, "/v1/faxes/1")).json()
    assert (fax["id"], fax["state"], fax["line"]) == (1, "queued", "+33199004321")
    assert fax["why"] == {
        "waiting": "line_busy", "detail": "another fax has +33199004321", "until": "2027-05-08T09:31:00Z"
    }  # fmt: skip
    assert fax["accepted_at"] == "2027-05-08T09:29:00Z"
    assert fax["attempts"][0]["client_ref"] == "k3v9-1-1"
    assert [event["kind"] for event in fax["events"]] == ["accepted", "goes_again"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2", "/"])
async def test_an_unknown_address_is_a_problem(path: str) -> None:
    """Whoever asks in vain is pointed to the description."""
    answer = await get(make_fakes(), path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "/v1/openapi.json" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["7", "0", "99999999999999999999", "7/page.tif", "x", "7/page.gif"])
async def test_what_is_not_there_is_a_404(path: str) -> None:
    """Ids of no fax, and no ids at all, are answered as problems."""
    fakes = make_fakes()
    fakes.store.add()
    answer = await get(fakes, f"/v1/faxes/{path}")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("kind", "media_type"), [("tif", "image/tiff"), ("png", "image/png"), ("pdf", "application/pdf")]
)
async def test_pages_are_shown(kind: str, media_type: str) -> None:
    """Each form of the document has its address and its media type."""
    fakes = make_fakes()
    fakes.store.add()
    answer = await get(fakes, f"/v1/faxes/1/page.{kind}")
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.body == b"page of 1 as " + kind.encode()


async def test_a_page_that_is_not_there_says_why() -> None:
    """The archive's reason is the problem's detail."""
    fakes = make_fakes()
    fakes.store.add()
    answer = await get(fakes, "/v1/faxes/1/page.png?number=2")
    assert (answer.status, answer.json()["detail"]) == (404, "fax 1 has 1 page")
    assert (await get(fakes, "/v1/faxes/1/page.png?number=none")).status == 400


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("cancel", "queued", "cancelled"), ("hold", "queued", "held"), ("release", "held", "queued")],
)
async def test_what_is_asked_is_done(verb: str, before: str, after: str) -> None:
    """A change that the state allows is made in the name of who asked."""
    fakes = make_fakes()
    fakes.store.add(state=State(before))
    answer = await post(fakes, f"/v1/faxes/1/{verb}", b'{"who": "ines", "why": "customer called"}')
    assert (answer.status, answer.json()) == (200, {"id": 1, "state": after})
    assert fakes.desk.asked == [("ines", "customer called", verb)]


@pytest.mark.parametrize(
    ("verb", "state", "words"),
    [
        ("cancel", State.SUBMITTED, "too late"),
        ("cancel", State.UNKNOWN, "in doubt"),
        ("hold", State.DELIVERED, "delivered already"),
        ("hold", State.HELD, "held already"),
        ("release", State.QUEUED, "not held"),
    ],
)
async def test_what_comes_too_late_is_told_truthfully(verb: str, state: State, words: str) -> None:
    """A change that the state forbids is a 409 that says where the fax stands."""
    fakes = make_fakes()
    fakes.store.add(state=state)
    answer = await post(fakes, f"/v1/faxes/1/{verb}")
    assert (answer.status, answer.json()["state"]) == (409, state)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"whom": "x"}', b'{"who": 1}', b" " * 5_000])
async def test_a_broken_wish_is_refused(body: bytes) -> None:
    """A body that is not as documented changes nothing."""
    fakes = make_fakes()
    fakes.store.add()
    assert (await post(fakes, "/v1/faxes/1/hold", body)).status == 422
    assert fakes.desk.asked == []


async def test_an_unknown_fax_cannot_be_changed() -> None:
    """404, as for showing it."""
    assert (await post(make_fakes(), "/v1/faxes/1/hold")).status == 404


async def test_the_queue_is_shown() -> None:
    """States with their counts, finished ones when asked for, and lines with the age of their oldest fax."""
    fakes = make_fakes()
    fakes.store.add()
    fakes.store.add(state=State.DELIVERED)
    fakes.store.ages = [LineAges(Line("+33199004321"), 3, NOW - 90.5, {State.QUEUED: 2, State.HELD: 1})]
    queue = (await get(fakes, "/v1/queue")).json()
    assert queue["states"] == {"queued": 1}
    counted = (await get(fakes, "/v1/queue?finished=true")).json()
    assert counted["states"] == {"queued": 1, "delivered": 1}
    assert queue["last_event"] == 0
    [line] = queue["lines"]
    assert (line["waiting"], line["oldest_age_seconds"], line["states"]) == (3, 90.5, {"queued": 2, "held": 1})
    assert (await get(fakes, "/v1/queue?lines=0")).json()["lines"] == []


async def test_the_queue_shows_whose_deadline_is_near() -> None:
    """From the first step of the escalation on, half an hour before; the nearest first."""
    fakes = make_fakes()
    for minutes in (29, 31, 5):
        fakes.store.add(deadline_at=NOW + minutes * 60)
    fakes.store.add(deadline_at=NOW + 60, state=State.DELIVERED)
    queue = (await get(fakes, "/v1/queue")).json()
    assert [fax["id"] for fax in queue["at_risk"]] == [3, 1]


async def test_a_fax_names_the_rule_that_promised_its_deadline() -> None:
    """Empty where none did."""
    fakes = make_fakes()
    fakes.store.add(service="same-morning")
    fakes.store.add()
    told = [(await get(fakes, f"/v1/faxes/{fax_id}")).json()["service"] for fax_id in (1, 2)]
    assert told == ["same-morning", ""]


async def test_a_method_that_is_not_taken_names_those_that_are() -> None:
    """405 with Allow."""
    answer = await get(make_fakes(), "/v1/orders")
    assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, {"OPTIONS", "POST"})


# --- receipts, health, figures -----------------------------------------------------------------------


async def give_receipt(fakes: Fakes, provider: str, body: bytes, signature: str = "open sesame") -> Answer:
    async with peer_of(outside_app(fakes.behind)) as peer:
        return await peer.post(f"/v1/receipts/{provider}", body, x_signature=signature)


async def test_receipts_are_taken() -> None:
    """A signed receipt is kept byte for byte and answered without a body."""
    fakes = make_fakes()
    answer = await give_receipt(fakes, "carrier", b'{"a": 1 }')
    assert (answer.status, answer.body) == (204, b"")
    assert fakes.receipts.taken == [b'{"a": 1 }']


async def test_receipts_of_others_are_refused() -> None:
    """A wrong signature, a body that is none, an unknown carrier and too many bytes keep nothing; each is counted."""
    fakes = make_fakes(http=Http(receipt_bytes_max=10))
    assert (await give_receipt(fakes, "carrier", b"{}", "guessed")).status == 401
    assert (await give_receipt(fakes, "carrier", b"garbage")).status == 422
    assert (await give_receipt(fakes, "stranger", b"{}")).status == 404
    assert (await give_receipt(fakes, "carrier", b" " * 11)).status == 413
    assert fakes.receipts.taken == []
    reasons = ("unauthentic", "unreadable", "no_such_provider", "too_large")
    count = fakes.metrics.registry.get_sample_value
    assert [count("faxgw_refused_total", {"door": "receipts", "reason": reason}) for reason in reasons] == [1] * 4


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/faxes/1", "/v1/events", "/v1/queue", "/v1/openapi.json", "/x"])
async def test_the_outside_sees_no_orders(path: str) -> None:
    """What is local is not there on TCP."""
    fakes = make_fakes()
    fakes.store.add()
    async with peer_of(outside_app(fakes.behind)) as peer:
        for answer in (await peer.get(path), await peer.post(path)):
            assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_health_tells_reasons() -> None:
    """Ready and alive are 200, or 503 with a sentence a reason."""
    fakes = make_fakes()
    assert (await get(fakes, "/readyz")).json() == {"status": "ok", "reasons": []}
    fakes.health.noted = ["inbox shop cannot be read: no answer"]
    answer = await get(fakes, "/readyz")
    assert (answer.status, answer.json()["notes"]) == (200, ["inbox shop cannot be read: no answer"])
    fakes.health.not_ready = ["the disk is full"]
    answer = await get(fakes, "/readyz")
    assert (answer.status, answer.json()["reasons"]) == (503, ["the disk is full"])
    assert (await get(fakes, "/healthz")).status == 200
    fakes.health.not_alive = ["the writer stands still"]
    assert (await get(fakes, "/healthz")).status == 503


async def test_metrics_are_exposed() -> None:
    """Prometheus can read what was counted."""
    fakes = make_fakes()
    fakes.metrics.accepted.labels("api").inc(3)
    answer = await get(fakes, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b'faxgw_accepted_total{source="api"} 3.0' in answer.body


# --- what the API says of itself ---------------------------------------------------------------------


def refs_of(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(refs_of(value) for value in node.values()))
    return set().union(*(refs_of(value) for value in node)) if isinstance(node, list) else set()


async def test_the_api_describes_itself() -> None:
    """The OpenAPI document names every route and the order's fields, and each reference leads somewhere."""
    document = json.loads((await get(make_fakes(), "/v1/openapi.json")).body)
    assert {"/v1/orders", "/v1/faxes/{fax_id}", "/v1/faxes/{fax_id}/page.tif", "/v1/faxes/{fax_id}/cancel"} <= set(
        document["paths"]
    )
    body = document["paths"]["/v1/orders"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-ndjson"}
    schemas = document["components"]["schemas"]
    assert "card_message" in schemas["Order"]["properties"]
    assert {ref.removeprefix("#/components/schemas/") for ref in refs_of(document)} <= set(schemas)


async def test_a_problem_type_can_be_followed() -> None:
    """The type of a problem is an address that explains it."""
    fakes = make_fakes()
    problem = (await get(fakes, "/v1/faxes/9")).json()
    explanation = await get(fakes, problem["type"])
    assert (explanation.status, explanation.json()["title"]) == (200, problem["title"])
    assert (await get(fakes, "/v1/problems/none")).status == 404


async def test_nothing_listed_is_empty() -> None:
    """A fax without attempts or a reason is shown all the same."""
    fakes = make_fakes()
    fakes.store.faxes[1] = dataclasses.replace(fakes.store.add(), attempts=(), events=(), reason="", deadline_at=NOW)
    fax = (await get(fakes, "/v1/faxes/1")).json()
    assert (fax["attempts"], fax["events"], fax["deadline_at"]) == ([], [], "2027-05-08T09:30:00Z")


async def test_all_that_happened_to_a_fax_is_read_by_cursor() -> None:
    """The oldest first, without what happened to others, each answer with the cursor for the next; 404 for no fax."""
    fakes = make_fakes()
    fakes.store.add(earlier_events=2)
    for fax_id, kind in ((1, "accepted"), (2, "accepted"), (1, "held"), (1, "released")):
        fakes.store.happen(kind, fax_id)
    assert (await get(fakes, "/v1/faxes/1")).json()["earlier_events"] == 2
    first = (await get(fakes, "/v1/faxes/1/events?limit=2")).json()
    assert ([event["kind"] for event in first["events"]], first["next"]) == (["accepted", "held"], 3)
    second = (await get(fakes, f"/v1/faxes/1/events?after={first['next']}")).json()
    assert ([event["kind"] for event in second["events"]], second["next"]) == (["released"], 4)
    assert (await get(fakes, "/v1/faxes/1/events?after=4")).json() == {"events": [], "next": 4}
    assert (await get(fakes, "/v1/faxes/3/events")).status == 404
    assert (await get(fakes, "/v1/faxes/1/events?limit=1001")).status == 400


async def test_every_address_is_documented() -> None:
    """docs/api.md names each route of the OpenAPI document."""
    document = (await get(make_fakes(), "/v1/openapi.json")).json()
    docs = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for path in document["paths"]:
        short_forms = (f"`/{path.rpartition('/')[2]}`", f"`.{path.rpartition('.')[2]}`")
        assert f" {path}`" in docs or any(form in docs for form in short_forms), path


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/v1/faxes?nubmer=1", "nubmer: there is no such parameter; did you mean number?"),
        ("/v1/faxes?standing=held", "standing: there is no such parameter"),
        ("/v1/events?foo=1", "foo: there is no such parameter"),
        ("/v1/faxes/1?x=", "x: there is no such parameter"),
        ("/v1/queue?lines=1&lines=2", "lines: stands twice"),
    ],
)
async def test_a_read_refuses_parameters_that_nobody_reads(address: str, told: str) -> None:
    """A misspelt filter would else be answered with everything."""
    fakes = make_fakes()
    fakes.store.add()
    answer = await get(fakes, address)
    assert (answer.status, answer.json()["detail"]) == (400, told)
    assert (await get(fakes, "/v1/faxes?number=web-1&state=queued&limit=3")).status == 200


async def test_a_wrong_value_is_told_by_the_name_in_the_address() -> None:
    """Not by the name that the code has for it."""
    answer = await get(make_fakes(), "/v1/faxes?state=nope")
    assert (answer.status, answer.json()["detail"].split(":")[0]) == (400, "state")


async def test_a_plus_that_became_a_blank_is_explained() -> None:
    """An unescaped + in an address is a blank."""
    answer = await post(make_fakes(), "/v1/faxes?to=+33199001234&key=a", b"Bonjour")
    [fault] = answer.json()["errors"]
    assert (answer.status, fault["pointer"]) == (422, "/to")
    assert "%2B33199001234" in fault["detail"]
