import json

import pytest

from faxgw.api.app import local_app
from faxgw.config.daemon import Api
from faxgw.errors import QueueFullError, StoreBusyError, StoreFailedError, StoreFullError
from faxgw.render.boxes import KINDS_MAX
from tests.api.fakes import Fakes, make_fakes, order_bytes, order_json
from tests.api.peer import Answer, peer_of

NDJSON = "application/x-ndjson"


async def post(fakes: Fakes, body: bytes, content_type: str = "application/json", **headers: str) -> Answer:
    async with peer_of(local_app(fakes.behind)) as peer:
        return await peer.post("/v1/orders", body, content_type, **headers)


def refusals(fakes: Fakes, reason: str) -> float | None:
    return fakes.metrics.registry.get_sample_value("faxgw_refused_total", {"door": "orders", "reason": reason})


async def test_an_order_is_taken() -> None:
    """An order is answered with 202, its fax, and where that can be asked for."""
    fakes = make_fakes()
    answer = await post(fakes, order_bytes("a"))
    assert answer.status == 202
    assert answer.json() == {"id": 1, "state": "queued", "repeated": False}
    assert answer.headers["location"] == "/v1/faxes/1"
    assert ("local", "a") in fakes.desk.taken


async def test_a_repeat_gives_the_same_fax() -> None:
    """The same key and order again is no new fax, and is not refused either."""
    fakes = make_fakes()
    await post(fakes, order_bytes("a"))
    answer = await post(fakes, order_bytes("a"))
    assert (answer.status, answer.json()) == (200, {"id": 1, "state": "queued", "repeated": True})


async def test_a_key_with_another_order_is_refused() -> None:
    """The same key with another order is a 409 that names the fax in the way."""
    fakes = make_fakes()
    await post(fakes, order_bytes("a"))
    answer = await post(fakes, order_bytes("a", card_message="other words"))
    assert answer.status == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/v1/problems/key-taken"
    assert answer.json()["id"] == 1
    assert refusals(fakes, "key_taken") == 1


async def test_every_fault_is_named() -> None:
    """A refused order names all its faults by JSON pointer, and nothing is taken."""
    fakes = make_fakes()
    broken = order_json("a", sending_member="no spaces here", card_massage="oops")
    del broken["recipient"]["city"]
    answer = await post(fakes, json.dumps(broken).encode())
    assert answer.status == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/sending_member", "/card_massage", "/recipient/city"}
    assert fakes.desk.submits == []


async def test_what_one_field_cannot_tell_is_a_fault_too() -> None:
    """Well-formed orders that contradict themselves are refused like malformed ones."""
    answer = await post(make_fakes(), order_bytes("a", deadline="2027-05-08T09:29:59Z"))
    assert answer.status == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/deadline"]


@pytest.mark.parametrize(
    ("twice", "key"),
    [
        ((b'"number":', b'"number":"other","number":'), "number"),
        ((b'"city":', b'"city":"Paris","c\\u0069ty":'), "city"),
        ((b'"quantity":', b'"quantity":9,"quantity":'), "quantity"),
    ],
)
async def test_a_key_that_stands_twice_is_refused(twice: tuple[bytes, bytes], key: str) -> None:
    """Which of the two counts, the sender must say; alone and in an upload, where the other lines are taken."""
    fakes = make_fakes()
    order = json.dumps(order_json("a"), separators=(",", ":")).encode()
    doubled = order.replace(*twice, 1)
    assert doubled != order
    answer = await post(fakes, doubled)
    assert answer.status == 422
    assert answer.json()["errors"][0]["detail"] == f'"{key}" stands twice in one object; which of them counts?'
    many = await post(fakes, doubled + b"\n" + order, content_type="application/x-ndjson")
    assert [line["status"] for line in many.lines()] == [422, 202]


async def test_words_that_look_like_a_key_are_words() -> None:
    """Quotes, colons and control characters in a message are nobody's key."""
    odd = json.dumps(order_json("a", card_message='"key":"x","key":"y" {"a":1,"a":2}')).encode()
    assert (await post(make_fakes(), odd)).status == 202
    assert (await post(make_fakes(), odd.replace(b"{", b"\t{", 1))).status == 202


async def test_an_order_has_no_parameters() -> None:
    """Whoever writes one expects something of it."""
    fakes = make_fakes()
    async with peer_of(local_app(fakes.behind)) as peer:
        answer = await peer.post("/v1/orders?priority=express", order_bytes("a"), "application/json")
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, "/priority")
    assert fakes.desk.submits == []


async def test_an_unknown_florist_is_a_fault() -> None:
    """What only the register knows is answered the same way."""
    fakes = make_fakes()
    fakes.desk.unknown_members.add("FR-0001")
    answer = await post(fakes, order_bytes("a"))
    assert answer.status == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/sending_member"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "it ends too early (byte 0)"),
        (b'{"key": "a"', "it ends too early (byte 11)"),
        (b'{"key": @}', "invalid character (byte 8)"),
        (b'{"key": "\xff"}', "it holds a text that is not UTF-8"),
        (b'{"x":' + b"[" * 60_000, "it is nested too deeply"),
    ],
)
async def test_bad_json_is_told_with_its_place(body: bytes, detail: str) -> None:
    """A body that is not JSON is a 400 that says where reading stopped."""
    answer = await post(make_fakes(), body)
    assert (answer.status, answer.json()["detail"]) == (400, detail)


async def test_a_body_over_the_limit_is_refused() -> None:
    """One byte too many is a 413, and the order is not looked at."""
    fakes = make_fakes(Api(order_bytes_max=100))
    assert (await post(fakes, b" " * 101)).status == 413
    assert (await post(fakes, b" " * 100)).status == 400


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded"])
async def test_other_content_types_are_refused(content_type: str) -> None:
    """What is neither JSON nor NDJSON is a 415 that names both."""
    answer = await post(make_fakes(), order_bytes(), content_type)
    assert answer.status == 415
    assert NDJSON in answer.json()["detail"]


async def test_a_content_type_may_have_parameters() -> None:
    """`charset` after the type, and capitals in it, change nothing."""
    assert (await post(make_fakes(), order_bytes(), "Application/JSON; charset=utf-8")).status == 202


@pytest.mark.parametrize(("submitter", "status"), [("shop-1@web", 202), ("two words", 400), ("x" * 65, 400)])
async def test_the_submitter_is_checked(submitter: str, status: int) -> None:
    """Keys belong to a submitter, whose name must be one."""
    fakes = make_fakes()
    assert (await post(fakes, order_bytes("a"), x_submitter=submitter)).status == status
    assert ((submitter, "a") in fakes.desk.taken) == (status == 202)


async def test_a_full_disk_is_told() -> None:
    """Nothing was written: 507, and when to come again."""
    fakes = make_fakes()
    fakes.desk.out_of_order = StoreFullError()
    answer = await post(fakes, order_bytes())
    assert (answer.status, answer.headers["retry-after"]) == (507, "30")
    assert refusals(fakes, "full") == 1


async def test_a_busy_store_is_told() -> None:
    """Too many wait: 503, and when to come again."""
    fakes = make_fakes()
    fakes.desk.out_of_order = StoreBusyError()
    answer = await post(fakes, order_bytes())
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert refusals(fakes, "busy") == 1


async def test_a_full_queue_is_told() -> None:
    """Orders come faster than they go: 503 with the reason, and not before half a minute."""
    fakes = make_fakes()
    fakes.desk.out_of_order = QueueFullError("as many faxes wait as [queue] waiting_max allows")
    answer = await post(fakes, order_bytes())
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["type"].endswith("busy")
    assert "waiting_max" in answer.json()["detail"]
    assert refusals(fakes, "busy") == 1


@pytest.mark.parametrize("failure", [StoreFailedError(), ExceptionGroup("writers", [StoreFailedError()])])
async def test_a_failed_store_is_never_answered_for(failure: Exception) -> None:
    """After a failed commit nobody knows what is durable: the error reaches the daemon, not the client."""
    fakes = make_fakes()
    fakes.desk.out_of_order = failure
    with pytest.RaisesGroup(StoreFailedError, flatten_subgroups=True):
        async with peer_of(local_app(fakes.behind)) as peer:
            await peer.stream.send_all(
                b"POST /v1/orders HTTP/1.1\r\nhost: faxgw\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(order_bytes()), order_bytes())
            )
            assert await peer.read_all() == b""


async def test_a_bug_is_answered_and_the_next_order_goes_through() -> None:
    """A crash in one request is a 500 that says so; the connection and the daemon go on."""
    fakes = make_fakes()
    async with peer_of(local_app(fakes.behind)) as peer:
        fakes.desk.out_of_order = RuntimeError("a bug")
        answer = await peer.post("/v1/orders", order_bytes())
        assert (answer.status, answer.json()["type"]) == (500, "/v1/problems/crashed")
        assert b"a bug" not in answer.body
        fakes.desk.out_of_order = None
        assert (await peer.post("/v1/orders", order_bytes())).status == 202


# --- many at once ------------------------------------------------------------------------------------


async def test_an_upload_gets_one_answer_a_line_and_one_commit() -> None:
    """Good lines are taken together; each line is answered in its place."""
    fakes = make_fakes()
    answer = await post(fakes, b"\n".join(order_bytes(f"k{n}") for n in range(3)), NDJSON)
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON)
    assert answer.lines() == [
        {"line": n, "status": 202, "id": n, "state": "queued", "repeated": False} for n in (1, 2, 3)
    ]
    assert fakes.desk.submits == [3]


async def test_a_bad_line_stops_no_other() -> None:
    """Broken, refused, repeated, contradicting, over-long and empty lines each get their own answer, or none."""
    fakes = make_fakes(Api(order_bytes_max=2_000))
    body = b"\r\n".join(
        [
            order_bytes("a"),
            b"{broken",
            b"",
            order_bytes("b", number=""),
            order_bytes("a"),
            order_bytes("a", card_message="other"),
            order_bytes("c", card_message="x" * 2_000),
            order_bytes("d"),
        ]
    )
    answer = await post(fakes, body + b"\n", NDJSON)
    assert [(line["line"], line["status"]) for line in answer.lines()] == [
        (1, 202), (2, 400), (4, 422), (5, 200), (6, 409), (7, 413), (8, 202),
    ]  # fmt: skip
    assert fakes.desk.submits == [4]
    assert {key for _, key in fakes.desk.taken} == {"a", "d"}


async def test_an_upload_without_a_good_line_commits_nothing() -> None:
    """No order, no commit."""
    fakes = make_fakes()
    assert (await post(fakes, b"\n\n", NDJSON)).body == b""
    assert [line["status"] for line in (await post(fakes, b"1\n2", NDJSON)).lines()] == [422, 422]
    assert fakes.desk.submits == []


async def test_an_upload_over_its_limits_is_refused_whole() -> None:
    """Too many bytes or lines: nothing of it is taken."""
    fakes = make_fakes(Api(upload_lines_max=2, upload_bytes_max=10_000))
    two = order_bytes("a") + b"\n" + order_bytes("b") + b"\n"
    assert (await post(fakes, two + order_bytes("c"), NDJSON)).status == 413
    assert (await post(fakes, b" " * 10_001, NDJSON)).status == 413
    assert fakes.desk.submits == []
    assert (await post(fakes, two, NDJSON)).status == 200


STRANGE = "Hi 🌹 мир\n你好 🌹"


async def test_a_text_that_does_not_print_whole_is_taken_with_a_warning() -> None:
    """The answer names the field, how many characters are boxes, and which; Cyrillic passes, and so do lines."""
    fakes = make_fakes()
    answer = await post(fakes, order_bytes("a", card_message=STRANGE))
    assert answer.status == 202
    [warning] = answer.json()["warnings"]
    assert (warning["pointer"], warning["count"]) == ("/card_message", 4)
    assert "printed as a box" in warning["detail"]
    assert "🌹 (U+1F339), 你 (U+4F60), 好 (U+597D)" in warning["detail"]
    assert (await post(fakes, order_bytes("a", card_message=STRANGE))).json()["warnings"] == [warning]


async def test_each_line_of_an_upload_has_its_own_warnings() -> None:
    """Only the line whose text has boxes says so."""
    lines = [order_bytes("a"), order_bytes("b", instructions="你"), order_bytes("c", card_message="Ełk\n\nЖ")]
    first, second, third = (await post(make_fakes(), b"\n".join(lines), NDJSON)).lines()
    assert [warning["pointer"] for warning in second["warnings"]] == ["/instructions"]
    assert "warnings" not in first | third


async def test_an_order_of_very_many_strange_characters_is_looked_through_to_a_bound() -> None:
    """What is looked up in the fonts is bounded: the warning then tells of the first kinds."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 2_000)))
    [warning] = (await post(make_fakes(), order_bytes("a", card_message=text))).json()["warnings"]
    assert warning["count"] == KINDS_MAX
