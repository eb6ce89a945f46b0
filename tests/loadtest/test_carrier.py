"""The simulated carrier as a process: what it refuses, what survives its death, and how its receipts travel."""

from pathlib import Path

import msgspec
import pytest
import trio

from faxgw.fax import ClientRef
from faxgw.phone import Line
from faxgw.provider.http import Answer, HttpLanes, Timeouts
from faxgw.provider.port import Accepted, NoAnswer, Refused, Sending, SendOutcome
from faxgw.provider.simulated import SimulatedProvider
from faxgw_loadtest.carrier.__main__ import read_options
from tests.carriers import PASSWORD, Carrier, running_carrier
from tests.webhook_inbox import open_inbox

LINE = Line("+33199001234")
TIFF = b"II*\x00 a page"
GOOD = {"Authorization": f"Bearer {PASSWORD}", "Fax-Reference": "s-1-1", "Fax-Number": LINE, "Fax-Pages": "1"}


async def hand_in(carrier: Carrier, body: bytes = TIFF, **headers: str | None) -> int:
    """The status that a request gets; a header given as None is left out."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    wanted = {name: value for name, value in (GOOD | changed).items() if value is not None}
    lanes = HttpLanes(carrier.base_url, lanes=1, timeouts=Timeouts())
    answer = await lanes.request("POST", "/v1/faxes", body=body, headers=wanted)
    await lanes.aclose()
    assert isinstance(answer, Answer), answer
    return answer.status


async def send(provider: SimulatedProvider, reference: str, line: Line = LINE) -> SendOutcome:
    return await provider.send(Sending(ClientRef(reference), line, TIFF, 1))


async def raw(carrier: Carrier, *parts: bytes) -> bytes:
    """Everything the carrier says to these bytes until it closes."""
    host, _, port = carrier.base_url.removeprefix("http://").partition(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        for part in parts:
            await stream.send_all(part)
        answer = b""
        while part := await stream.receive_some():
            answer += part
    return answer


async def test_a_fax_that_is_none_is_refused_with_its_reason() -> None:
    """Account, reference, number, pages and document are each looked at; the good one passes."""
    async with running_carrier() as carrier:
        assert await hand_in(carrier, Authorization="Bearer wrong") == 401
        assert await hand_in(carrier, Authorization=None) == 401
        assert await hand_in(carrier, Fax_Reference=None) == 400
        assert await hand_in(carrier, Fax_Reference="../etc/passwd") == 400
        assert await hand_in(carrier, Fax_Reference="x" * 129) == 400
        assert await hand_in(carrier, Fax_Number="0199001234") == 400
        for pages in ("", "0", "-1", "1.5", "351", "9" * 5_000):
            assert await hand_in(carrier, Fax_Pages=pages) == 400
        assert await hand_in(carrier, b"%PDF-1.7") == 422
        assert await hand_in(carrier, b"") == 422
        assert (await carrier.account())["accepted"] == 0
        assert await hand_in(carrier) == 201


async def test_a_broken_request_is_refused_and_the_next_is_served() -> None:
    """Garbage, endless headers and two requests at once end the connection, never the carrier."""
    head = b"GET /v1/faxes?reference=x HTTP/1.1\r\nHost: x\r\n"
    async with running_carrier() as carrier:
        assert (await raw(carrier, b"\x16\x03\x01 hello\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await raw(carrier, head, b"Long: " + b"x" * 40_000 + b"\r\n\r\n")).startswith(b"HTTP/1.1 431 ")
        await carrier.script(LINE, "slow_after")
        slow = b"".join(f"{name}: {value}\r\n".encode() for name, value in GOOD.items())
        slow = b"POST /v1/faxes HTTP/1.1\r\nContent-Length: %d\r\n%b\r\n%b" % (len(TIFF), slow, TIFF)
        assert (await raw(carrier, slow + head + b"\r\n")).startswith(b"HTTP/1.1 400 ")
        assert await hand_in(carrier, Fax_Reference="s-2-1") == 201


async def test_a_body_has_a_bound() -> None:
    """Twenty megabytes, as carriers have it; the carrier stops reading and says so."""
    async with running_carrier() as carrier:
        assert await hand_in(carrier, TIFF + bytes(21 * 1024 * 1024)) == 413


async def test_a_lever_pulled_wrongly_says_so_and_changes_nothing() -> None:
    """Unknown mishaps, half-open doors and unreadable scripts."""
    async with running_carrier(share={"busy": 0.5}) as carrier:
        levers = HttpLanes(carrier.control_url, lanes=1, timeouts=Timeouts())
        for path, body in (
            ("shares", b'{"bsy": 1}'),
            ("shares", b'{"down": 0.5}'),
            ("shares", b'{"busy": "often"}'),
            ("shares", b"{"),
            ("numbers/%2B33199001234", b'["delivered", "bsy"]'),
            ("numbers/%2B33199001234", b'["down"]'),
            ("webhook", b'{"address": "x"}'),
        ):
            answer = await levers.request("PUT", f"/control/{path}", body=body)
            assert isinstance(answer, Answer)
            assert answer.status == 400, path
        unchanged = await levers.request("GET", "/control/shares")
        assert isinstance(unchanged, Answer)
        assert unchanged.body == b'{"busy":0.5}'
        nowhere = await levers.request("GET", "/control/nowhere")
        assert isinstance(nowhere, Answer)
        assert nowhere.status == 404
        await levers.aclose()


async def test_a_poll_for_too_many_is_refused() -> None:
    """The bound that adapters have to keep."""
    async with running_carrier() as carrier:
        lanes = HttpLanes(carrier.base_url, lanes=1, timeouts=Timeouts())
        body = b'{"ids":[' + b",".join([b'"SC1"'] * 1_001) + b"]}"
        answer = await lanes.request(
            "POST", "/v1/faxes/status", body=body, headers={"Authorization": GOOD["Authorization"]}
        )
        assert isinstance(answer, Answer)
        assert answer.status == 400
        await lanes.aclose()


async def test_one_fax_can_be_asked_for_by_its_id() -> None:
    """As a person with curl would."""
    async with running_carrier() as carrier:
        provider = carrier.provider()
        accepted = await send(provider, "s-1-1")
        assert isinstance(accepted, Accepted)
        lanes = HttpLanes(
            carrier.base_url, lanes=1, timeouts=Timeouts(), headers={"Authorization": GOOD["Authorization"]}
        )
        for fax_id, status in ((accepted.provider_ref, 200), ("SC404", 404)):
            answer = await lanes.request("GET", f"/v1/faxes/{fax_id}")
            assert isinstance(answer, Answer)
            assert answer.status == status
        await lanes.aclose()
        await provider.aclose()


async def test_its_books_survive_its_death(tmp_path: Path) -> None:
    """Killed with a call under way, it comes back with every fax it took, and the call goes on."""
    journal = tmp_path / "carrier.journal"
    async with running_carrier(journal=journal) as carrier:
        provider = carrier.provider()
        await carrier.script(LINE, "busy", "lost_answer", "delivered")
        for reference in ("s-1-1", "s-1-2", "s-2-1"):
            await send(provider, reference)
        await carrier.wait_settled()
        before = await carrier.account()
        await carrier.kill()
        await provider.aclose()
    with journal.open("ab") as file:
        file.write(b'{"type":"taken","id":"SC')
    async with running_carrier(journal=journal) as carrier:
        after = await carrier.account()
        counted = ("accepted", "delivered", "failed", "in_progress", "faxes_delivered", "calls_by_outcome")
        assert {name: after[name] for name in counted} == {name: before[name] for name in counted}
        provider = carrier.provider()
        accepted = await send(provider, "s-3-1")
        assert accepted == Accepted("SC0000000004")
        await provider.aclose()


async def test_a_call_under_way_at_its_death_ends_after_it(tmp_path: Path) -> None:
    """The journal knows the call, so its end comes in the next life."""
    journal = tmp_path / "carrier.journal"
    async with running_carrier(journal=journal, call_seconds=0.3) as carrier:
        provider = carrier.provider()
        await send(provider, "s-1-1")
        assert (await carrier.account())["in_progress"] == 1
        await carrier.kill()
        await provider.aclose()
    async with running_carrier(journal=journal) as carrier:
        await carrier.wait_ended(1)
        assert (await carrier.account())["faxes_delivered"] == 1


async def test_who_leaves_before_a_slow_answer_is_not_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    """The fax is taken, the answer is dropped, and nothing is said of it: those who asked are killed all the time."""
    async with running_carrier(share={"slow_after": 1}, slow_seconds=0.2) as carrier:
        host, _, port = carrier.base_url.removeprefix("http://").partition(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            head = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
            await stream.send_all(f"POST /v1/faxes HTTP/1.1\r\n{head}Content-Length: {len(TIFF)}\r\n\r\n".encode())
            await stream.send_all(TIFF)
            await carrier.wait_ended(1)
        # Its answer is due before this one's.
        assert await hand_in(carrier) == 201
    assert capfd.readouterr().err == ""


async def test_pages_are_kept_by_reference() -> None:
    """A second one under the same name does not hide the first."""
    async with running_carrier() as carrier:
        for body in (TIFF, TIFF + b"again"):
            assert await hand_in(carrier, body) == 201
        kept = {path.name: path.read_bytes() for path in carrier.pages_dir.iterdir()}
    assert kept == {"s-1-1.tif": TIFF, "s-1-1.2.tif": TIFF + b"again"}


async def test_only_documents_of_several_pages_are_kept_where_they_alone_are_wanted() -> None:
    """The second under a reference is numbered all the same."""
    async with running_carrier(keep_from_pages=2) as carrier:
        for pages in ("1", "2", "3"):
            assert await hand_in(carrier, Fax_Pages=pages) == 201
        assert {path.name for path in carrier.pages_dir.iterdir()} == {"s-1-1.2.tif", "s-1-1.3.tif"}


async def test_a_carrier_says_what_it_uses() -> None:
    async with running_carrier() as carrier:
        levers = HttpLanes(carrier.control_url, lanes=1, timeouts=Timeouts())
        now = await levers.request("GET", "/control/now")
        await levers.aclose()
    assert isinstance(now, Answer)
    told = msgspec.json.decode(now.body, type=dict[str, float])
    assert told["cpu_seconds"] > 0
    assert told["memory_mib"] > 1


async def test_every_fax_can_be_listed_with_its_fate() -> None:
    """What proves "none lost, none twice" from outside: reference, outcome, times and the page's SHA-256."""
    async with running_carrier() as carrier:
        await carrier.script(LINE, "lost_answer+busy+missing_receipt")
        provider = carrier.provider()
        await send(provider, "s-1-1")
        await carrier.wait_settled()
        [fax] = await carrier.faxes()
        assert (fax["reference"], fax["number"], fax["pages"]) == ("s-1-1", LINE, 1)
        assert (fax["pages_delivered"], fax["pages_arrived"]) == (0, 0)
        assert (fax["answer"], fax["outcome"], fax["receipt"]) == ("lost_answer", "busy", "missing_receipt")
        assert fax["ended_at"] >= fax["taken_at"]
        assert len(fax["sha256"]) == 64
        await provider.aclose()


async def test_an_idempotent_carrier_takes_a_reference_once() -> None:
    """The same reference gives the same id; without the flag it would be a second call."""
    async with running_carrier(idempotent=True) as carrier:
        provider = carrier.provider()
        assert await send(provider, "s-1-1") == await send(provider, "s-1-1")
        assert (await carrier.account())["accepted"] == 1
        await provider.aclose()


async def test_a_reset_forgets_everything() -> None:
    """Calls under way then end without being counted; ids are not used again."""
    async with running_carrier() as carrier:
        provider = carrier.provider()
        first = await send(provider, "s-1-1")
        await carrier.reset()
        account = await carrier.account()
        assert (account["accepted"], account["delivered"], account["answers"]) == (0, 0, {})
        second = await send(provider, "s-1-1")
        assert first != second
        assert (await carrier.account())["references_accepted_twice"] == []
        await provider.aclose()


async def test_receipts_go_over_kept_connections() -> None:
    """Two hundred receipts, at most as many connections as allowed."""
    async with open_inbox() as inbox, running_carrier(webhook_url=inbox.url, webhook_connections=3) as carrier:
        provider = carrier.provider()
        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(send, provider, f"s-{number}-1")
        told = {(provider.read_receipt(*await inbox.take()))[0].client_ref for _ in range(200)}
        assert len(told) == 200
        assert inbox.connections <= 3
        await provider.aclose()


async def test_receipts_wait_for_a_daemon_that_is_not_there() -> None:
    """Refused connections and 503s are tried again; in the end each receipt arrives once."""
    async with running_carrier(webhook_backoff_seconds=0.01, webhook_tries=50) as carrier:
        provider = carrier.provider()
        async with open_inbox() as gone:
            pass
        await carrier.aim(gone.url)
        for number in range(5):
            await send(provider, f"s-{number}-1")
        async with open_inbox() as inbox:
            inbox.refusals = 4
            await carrier.aim(inbox.url)
            told = [provider.read_receipt(*await inbox.take())[0].client_ref for _ in range(5)]
            await carrier.wait_settled()
            assert set(told) == {f"s-{number}-1" for number in range(5)}
            assert inbox.waiting() == 0
            webhooks = (await carrier.account())["webhooks"]
            assert webhooks["connect_failed"] >= 1
            assert (webhooks["answered_2xx"], webhooks["answered_5xx"]) == (5, 4)
            await carrier.aim(None)
        await provider.aclose()


async def test_a_receipt_is_given_up_after_its_tries() -> None:
    """No carrier repeats for ever; polling has to find the rest."""
    async with (
        open_inbox() as inbox,
        running_carrier(webhook_url=inbox.url, webhook_tries=3, webhook_backoff_seconds=0.01) as carrier,
    ):
        inbox.refusals = 1_000
        provider = carrier.provider()
        await send(provider, "s-1-1")
        await carrier.wait_settled()
        webhooks = (await carrier.account())["webhooks"]
        assert (webhooks["posted"], webhooks["given_up"]) == (3, 1)
        await provider.aclose()


async def test_an_early_receipt_that_nobody_takes_does_not_hold_the_answer_back() -> None:
    """The answer follows the first try."""
    async with open_inbox() as inbox, running_carrier(webhook_url=inbox.url, webhook_backoff_seconds=60) as carrier:
        inbox.refusals = 1
        await carrier.script(LINE, "early_receipt")
        provider = carrier.provider()
        with trio.fail_after(10):
            assert isinstance(await send(provider, "s-1-1"), Accepted)
        assert (inbox.refusals, inbox.waiting()) == (0, 0)
        await provider.aclose()


async def test_waiting_receipts_can_share_a_webhook() -> None:
    """With a batch, those that wait while a connection is busy go together."""
    options = {"webhook_batch": 50, "webhook_connections": 1, "webhook_backoff_seconds": 0.01}
    async with open_inbox() as inbox, running_carrier(webhook_url=inbox.url, **options) as carrier:
        provider = carrier.provider()
        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(send, provider, f"s-{number}-1")
        await carrier.wait_settled()
        reports = [report for _ in range(inbox.waiting()) for report in provider.read_receipt(*await inbox.take())]
        assert len({report.event_id for report in reports}) == len(reports) == 100
        assert (await carrier.account())["webhooks"]["posted"] < 100
        await provider.aclose()


async def test_an_account_file_decides_who_is_let_in(tmp_path: Path) -> None:
    """Login and password as Basic; the default account is then a stranger."""
    (tmp_path / "account").write_text("anna:s3cret\n")
    async with running_carrier(account_file=tmp_path / "account") as carrier:
        provider = carrier.provider()
        assert isinstance(await send(provider, "s-1-1"), Refused)
        assert isinstance(await provider.poll(["SC1"]), NoAnswer)
        assert await hand_in(carrier, Authorization="Basic YW5uYTpzM2NyZXQ=") == 201
        await provider.aclose()


async def test_many_broken_clients_leave_it_standing() -> None:
    """Connections that come, say little and go."""
    async with running_carrier() as carrier:
        host, _, port = carrier.base_url.removeprefix("http://").partition(":")
        for rubbish in (b"", b"POST", b"POST /v1/faxes HTTP/1.1\r\nContent-Length: 99999\r\n\r\nII", b"\x00" * 5_000):
            for _ in range(20):
                stream = await trio.open_tcp_stream(host, int(port))
                await stream.send_all(rubbish)
                await stream.aclose()
        assert await hand_in(carrier) == 201


@pytest.mark.parametrize("flag", ["--share", "--seed", "--webhook-secret-file", "--journal", "--time-scale"])
def test_every_flag_takes_a_value(flag: str) -> None:
    """A flag without its value is a usage error, not a default."""
    with pytest.raises(SystemExit):
        read_options([flag])
