"""Callers over TCP: who comes in by which token, how far it is good, and in whose name things are done."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from litestar import Request
from trio.testing import MockClock

from faxgw.api.app import local_app
from faxgw.api.caller import CALLER, who_asks
from faxgw.api.guard import Guard, may
from faxgw.api.members.asking import person_of
from faxgw.api.tokens import Caller, Keyring, load_keyring
from faxgw.config.doors import Scope, Token
from faxgw.errors import ConfigError
from faxgw.fax import State
from faxgw.members.people import Person, are_two_people
from tests.api.fakes import Fakes, make_fakes, order_bytes
from tests.api.peer import peer_of
from tests.api.tls import WORD

OTHER_WORD = WORD[::-1]
SHOP, OFFICE = f"Bearer {WORD}", f"Bearer {OTHER_WORD}"


def guarded(fakes: Fakes) -> Guard:
    """The whole API behind two tokens: a shop's for orders, and the office's for everything."""
    known = [(WORD, Caller("shop", Scope.ORDERS)), (OTHER_WORD, Caller("office", Scope.OPERATE))]
    keyring = Keyring([(hashlib.sha256(word.encode()).digest(), caller) for word, caller in known])
    return Guard(local_app(fakes.behind), keyring, lambda reason: fakes.metrics.refused.labels("tcp", reason).inc())


def refusals(fakes: Fakes, reason: str) -> float | None:
    return fakes.metrics.registry.get_sample_value("faxgw_refused_total", {"door": "tcp", "reason": reason})


def load(folder: Path, *texts: str) -> Keyring:
    """A keyring of tokens called caller-0, caller-1, ..., each with its file."""
    tokens: list[Token] = []
    for number, text in enumerate(texts):
        (folder / f"token-{number}").write_text(text, encoding="utf-8")
        tokens.append(Token(name=f"caller-{number}", file=str(folder / f"token-{number}")))
    return load_keyring(tokens)


# --- who comes in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, 'Bearer realm="faxgw"'),
        ({"authorization": "Basic c2hvcDpzaG9w"}, 'Bearer realm="faxgw"'),
        ({"authorization": "Bearer"}, 'Bearer realm="faxgw"'),
        ({"authorization": f"Bearer {WORD}x"}, 'Bearer realm="faxgw", error="invalid_token"'),
        ({"authorization": f"Bearer {WORD[:-1]}"}, 'Bearer realm="faxgw", error="invalid_token"'),
    ],
)
async def test_without_a_good_token_nothing_is_answered(headers: dict[str, str], challenge: str) -> None:
    """401 with what to send, counted; nothing of the order is taken, and the token stands in no answer."""
    fakes = make_fakes()
    async with peer_of(guarded(fakes)) as peer:
        answer = await peer.post("/v1/orders", order_bytes("a"), **headers)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, challenge)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/v1/problems/unauthorized"
    assert WORD[:-1].encode() not in answer.body
    assert fakes.desk.taken == {}
    assert refusals(fakes, "unauthorized") == 1


async def test_two_tokens_in_one_request_are_none() -> None:
    """Proxies and applications would not agree on which of them counts."""
    fakes = make_fakes()
    async with peer_of(guarded(fakes)) as peer:
        lines = f"GET /v1/queue HTTP/1.1\r\nhost: x\r\nauthorization: {SHOP}\r\nauthorization: {OFFICE}\r\n\r\n"
        await peer.stream.send_all(lines.encode())
        assert (await peer.read_answer()).status == 401


async def test_a_token_is_the_submitter() -> None:
    """Its keys are its own; a request that names another submitter is refused."""
    fakes = make_fakes()
    async with peer_of(guarded(fakes)) as peer:
        taken = await peer.post("/v1/orders", order_bytes("a"), authorization=SHOP)
        same = await peer.post("/v1/orders", order_bytes("b"), authorization=SHOP, x_submitter="shop")
        other = await peer.post("/v1/orders", order_bytes("c"), authorization=SHOP, x_submitter="webshop")
    assert [answer.status for answer in (taken, same, other)] == [202, 202, 403]
    assert set(fakes.desk.taken) == {("shop", "a"), ("shop", "b")}


async def test_the_token_stands_in_the_trail() -> None:
    """Behind the name in the request, which anybody could write; alone where there is none."""
    fakes = make_fakes()
    fakes.store.add(state=State.QUEUED)
    async with peer_of(guarded(fakes)) as peer:
        await peer.post("/v1/faxes/1/hold", json.dumps({"who": "Ida", "why": "asks"}).encode(), authorization=OFFICE)
        await peer.post("/v1/faxes/1/release", b"", authorization=OFFICE)
    assert [who for who, *_ in fakes.desk.asked] == ["Ida (office)", "office"]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/"])
async def test_who_follows_events_hears_no_more_once_the_token_is_gone(autojump_clock: MockClock, path: str) -> None:
    """The stream ends in order; another's goes on."""
    fakes = make_fakes()
    guard = guarded(fakes)
    async with peer_of(guard) as shop, peer_of(guard) as office:
        for peer, token in ((shop, SHOP), (office, OFFICE)):
            head = f"GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: {token}\r\n\r\n"
            await peer.stream.send_all(head.encode())
            await peer.read_until(b"retry: 2000")
        office_digest = hashlib.sha256(OTHER_WORD.encode()).digest()
        guard.change_keyring(Keyring([(office_digest, Caller("office", Scope.OPERATE))]))
        assert (await shop.read_all()).endswith(b"0\r\n\r\n")
        fakes.store.happen("accepted")
        assert b"event: accepted" in await office.read_until(b"accepted")


def test_two_tokens_are_two_logins() -> None:
    """For rules about two people: what a request says of itself would let one caller be both."""

    def person(token: str, name: str) -> Person:
        scope: Any = {"type": "http", "extensions": {CALLER: Caller(token, Scope.OPERATE)}}
        return person_of(Request(scope), who_asks(Request(scope), name))

    ida, jo, other = person("a", "Ida"), person("a", "Jo"), person("b", "Jo")
    assert [each.login for each in (ida, jo, other)] == ["token a", "token a", "token b"]
    assert not are_two_people(ida, jo, "login")
    assert are_two_people(ida, other, "login")


# --- how far a token is good -------------------------------------------------------------------------


async def test_a_token_for_orders_changes_nothing_else() -> None:
    """It hands in and asks; a hold is refused with the scope that it takes, and counted."""
    fakes = make_fakes()
    fakes.store.add(state=State.QUEUED)
    async with peer_of(guarded(fakes)) as peer:
        asked = await peer.get("/v1/faxes/1", authorization=SHOP)
        refused = await peer.post("/v1/faxes/1/hold", b"{}", authorization=SHOP)
        allowed = await peer.post("/v1/faxes/1/hold", b"{}", authorization=OFFICE)
    assert [answer.status for answer in (asked, refused, allowed)] == [200, 403, 200]
    assert 'error="insufficient_scope", scope="operate"' in refused.headers["www-authenticate"]
    assert refused.json()["type"] == "/v1/problems/forbidden"
    assert refusals(fakes, "forbidden") == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/faxes/1/cancel"),
        ("POST", "/v1/gateway/suspend"),
        ("POST", "/v1/orders/"),
        ("POST", "/v1/orders/../gateway/suspend"),
        ("POST", "//v1/gateway/suspend"),
        ("GET", "/v1/members"),
        ("GET", "/v1/settlement/2027-05"),
        ("GET", "/v1/inbound/1/page.png"),
        ("GET", "/v1/ordersandmore"),
        ("DELETE", "/v1/orders"),
    ],
)
def test_what_is_not_named_takes_operate(method: str, path: str) -> None:
    """Also what will be added one day."""
    assert not may(Caller("shop", Scope.ORDERS), method, path)
    assert may(Caller("office", Scope.OPERATE), method, path)


# --- the files they stand in -------------------------------------------------------------------------


def test_a_file_has_tokens_or_their_digests(tmp_path: Path) -> None:
    """Two at once while callers change from the old to the new one."""
    digest = hashlib.sha256(OTHER_WORD.encode()).hexdigest()
    keyring = load(tmp_path, f"{WORD}\n", f"{'n' * 40}\nsha256:{digest}\n")
    assert keyring.find(WORD.encode()) == Caller("caller-0", Scope.ORDERS)
    assert keyring.find(b"n" * 40) == keyring.find(OTHER_WORD.encode()) == Caller("caller-1", Scope.ORDERS)
    assert keyring.find(digest.encode()) is None
    assert keyring.find(b"") is None


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (["short"], "token 1 needs 32 or more"),
        (["zwei worte\nzusammen"], "token 1 needs 32 or more"),
        ([WORD + "ü"], "token 1 needs 32 or more"),
        (["sha256:0123"], "is no SHA-256 digest"),
        (["sha256:" + "x" * 64], "is no SHA-256 digest"),
        ([WORD, WORD], "the same token as caller-0 has"),
        (["\n".join(WORD + str(number) for number in range(9))], "more than 8 tokens"),
        ([""], "the secret is empty"),
    ],
)
def test_a_file_without_good_tokens_is_told(tmp_path: Path, texts: list[str], fault: str) -> None:
    """Whose it is and what would be right, without a sign of what stands in it."""
    with pytest.raises(ConfigError, match=fault) as refused:
        load(tmp_path, *texts)
    assert all(word not in str(refused.value) for text in texts for word in text.split() if len(word) > 2)
