"""An inbox before a server that misbehaves: every fax is kept once, and only then taken away."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from faxgw.config.inbox import Convention, Done, Security, SidecarFormat
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.inbox.verdict import NOTE
from faxgw.store.inbound.keeping import DocumentKind, PoisonReason
from tests.inbox.faxes import make_fax, make_faxes
from tests.inbox.ftp_fake import FakeFtp, PowerCut
from tests.inbox.shop import Shop, config_of, run_for, running

Logged = list[MutableMapping[str, Any]]


async def test_a_fax_is_kept_byte_for_byte_and_then_deleted_on_the_server(autojump_clock: MockClock) -> None:
    """Content, kind and origin are in the store, intake was woken, and the folder is empty."""
    server = FakeFtp()
    server.put("von Élodie 1.tif", make_fax(1))
    shop = Shop(server)
    await run_for(1, shop)
    [fax] = await shop.kept()
    assert await shop.contents() == [(make_fax(1),)]
    assert (fax.origin.name, fax.origin.size, fax.kind) == ("von Élodie 1.tif", len(make_fax(1)), DocumentKind.TIFF)
    assert (server.names(), shop.woken, shop.count("kept")) == ([], 1, 1)


async def test_a_name_without_room_for_a_claim_is_taken_all_the_same(autojump_clock: MockClock) -> None:
    """No file system has room for it and our mark: taken unclaimed, and twice is known by its content."""
    server, name = FakeFtp(), "n" * 247 + ".tif"
    server.put(name, make_fax(1))
    shop = Shop(server)
    await run_for(1, shop)
    [fax] = await shop.kept()
    assert (fax.origin.name, server.names(), shop.count("vanished")) == (name, [], 0)


async def test_a_file_that_still_grows_is_left_alone(autojump_clock: MockClock) -> None:
    """Ten seconds of rest by our clock are asked for; the upload pauses for eight, and ends after thirty."""
    server, fax = FakeFtp(), make_fax(1)
    shop = Shop(server, config_of(convention=Convention.SETTLED, settle_seconds=10, poll_seconds=1))
    async with running(shop):
        for share in (0.2, 0.5, 0.8):
            server.put("slow.tif", fax[: int(len(fax) * share)])
            await trio.sleep(8)
        server.put("slow.tif", fax)
        await trio.sleep(9.5)
        assert not server.fetched
        await trio.sleep(3)
    assert await shop.contents() == [(fax,)]
    assert len(server.fetched) == 1


async def test_a_sidecar_that_comes_late_is_waited_for(autojump_clock: MockClock) -> None:
    """What it tells is kept with the fax, unknown words too, and both files go."""
    server = FakeFtp()
    server.put("a.tif", make_fax(1))
    shop = Shop(server, config_of(convention=Convention.SIDECAR, sidecar=SidecarFormat.IDX))
    async with running(shop):
        await trio.sleep(60)
        assert shop.count("kept") == 0
        server.put(
            "a.idx", b"RECEIPT.ID=+49/1250-400-1703\r\nSENDER.FAXNO=0033199000017\r\nPAGES=1\r\nRESOLUTION=H\r\n"
        )
        await trio.sleep(20)
    [fax] = await shop.kept()
    assert (fax.receipt_id, fax.sender_number, fax.pages) == ("+49/1250-400-1703", "0033199000017", 1)
    assert fax.sidecar == {"RESOLUTION": "H"}
    assert server.names() == []


async def test_a_sidecar_whose_fax_never_comes_is_told_once_and_stays(
    autojump_clock: MockClock, logged: Logged
) -> None:
    """Without its name, which may be somebody's number; the operator finds it in the folder."""
    server = FakeFtp()
    server.put("33199000017.idx", b"PAGES=1\r\n")
    shop = Shop(server, config_of(sidecar=SidecarFormat.IDX, sidecar_wait_seconds=300))
    await run_for(3_600, shop)
    assert (server.names(), shop.count("lonely")) == (["33199000017.idx"], 1)
    [told] = [each for each in logged if each["event"] == "inbox_sidecars_without_fax"]
    assert (told["inbox"], told["sidecars"]) == ("shop", 1)
    assert "33199000017" not in str(told)


@pytest.mark.parametrize("sidecar", [None, b"no equals sign"], ids=["missing", "broken"])
async def test_a_fax_without_a_usable_sidecar_is_kept_with_a_note(
    sidecar: bytes | None, autojump_clock: MockClock
) -> None:
    """After `sidecar_wait_seconds`; a broken sidecar goes to quarantine, where the operator finds it."""
    server = FakeFtp()
    server.put("a.tif", make_fax(1, tags={270: "Fleurs Martin"}))
    if sidecar:
        server.put("a.idx", sidecar)
    shop = Shop(server, config_of(sidecar=SidecarFormat.IDX, sidecar_wait_seconds=300))
    async with running(shop):
        await trio.sleep(290)
        assert shop.count("kept") == 0
        await trio.sleep(300)
    [fax] = await shop.kept()
    assert "sidecar" in fax.sidecar[NOTE]
    assert fax.sender_id == "Fleurs Martin"
    assert server.names() == (["quarantine/1-a.idx"] if sidecar else [])


async def test_pages_that_come_as_files_become_one_fax_in_their_order(autojump_clock: MockClock) -> None:
    """Page 10 comes after page 9, and the fax waits for the page that is late."""
    server, pages = FakeFtp(), make_faxes(10)
    own = config_of(page_pattern=r"^(?P<fax>.+)_(?P<page>\d+)of(?P<pages>\d+)\.tif$")
    shop = Shop(server, own)
    async with running(shop):
        for number in (10, 1, 2, 3, 9, 8, 7, 6, 5):
            server.put(f"f_{number}of10.tif", pages[number - 1])
        await trio.sleep(60)
        assert shop.count("kept") == 0
        server.put("f_4of10.tif", pages[3])
        await trio.sleep(60)
    assert await shop.contents() == [tuple(pages)]
    assert server.names() == []


async def test_a_fax_whose_page_never_comes_is_shown_to_the_operator(autojump_clock: MockClock) -> None:
    """What is there of it is kept, and moved aside on the server."""
    server = FakeFtp()
    server.put("f_2.tif", make_fax(2))
    shop = Shop(server, config_of(page_pattern=r"^(?P<fax>.+)_(?P<page>\d+)\.tif$", sidecar_wait_seconds=120))
    await run_for(200, shop)
    [fax] = await shop.quarantined()
    assert (fax.reason, len(fax.documents)) == (PoisonReason.INCOMPLETE, 1)
    assert server.names() == ["quarantine/1-f_2.tif"]


async def test_what_is_no_fax_stops_nobody(autojump_clock: MockClock, logged: Logged) -> None:
    """Each poison is in quarantine with its reason, here and on the server; all faxes between them are kept."""
    server, fax = FakeFtp(), make_fax(1)
    poison = {
        "text.tif": (fax.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), PoisonReason.MANGLED),
        "cut.tif": (fax[: len(fax) // 2], PoisonReason.DAMAGED),
        "empty.tif": (b"", PoisonReason.EMPTY),
        "note.txt": (b"please call back", PoisonReason.NOT_A_FAX),
        "huge.tif": (bytes(2_000_000), PoisonReason.TOO_LARGE),
    }
    for number, (name, (content, _)) in enumerate(poison.items()):
        server.put(name, content)
        server.put(f"good {number}.tif", make_fax(10 + number))
    shop = Shop(server, config_of(file_bytes_max=1_000_000, poll_seconds=1, tries_max=3))
    await run_for(60, shop)
    reasons = {view.origin.name: view.reason for view in await shop.quarantined()}
    assert reasons == {name: reason for name, (_, reason) in poison.items()}
    assert shop.count("kept") == len(poison)
    assert all(name.startswith("quarantine/") for name in server.names())
    assert len([entry for entry in logged if entry["event"] == "inbox_file_quarantined"]) == len(poison)


async def test_a_transfer_that_breaks_off_goes_on_where_it_ended(autojump_clock: MockClock) -> None:
    """Two broken connections cost no byte twice, and the content is whole."""
    server, fax = FakeFtp(cuts=[1_000, 500]), make_fax(1)
    server.put("a.tif", fax)
    shop = Shop(server)
    await run_for(1, shop)
    assert await shop.contents() == [(fax,)]
    assert [wanted.offset for wanted in server.fetched] == [0, 1_000, 1_500]


async def test_two_gateways_on_one_inbox_share_it_without_taking_a_fax_twice(autojump_clock: MockClock) -> None:
    """Each of 300 faxes is in exactly one of the two stores."""
    server, faxes = FakeFtp(), make_faxes(300)
    for number, fax in enumerate(faxes):
        server.put(f"{number}.tif", fax)
    one, other = Shop(server, owner="gw1"), Shop(server, owner="gw2")
    await run_for(30, one, other)
    kept = [content for shop in (one, other) for (content,) in await shop.contents()]
    assert sorted(filter(None, kept)) == sorted(faxes)
    assert min(one.count("kept"), other.count("kept")) > 0
    assert server.names() == []


async def test_a_claim_that_nobody_follows_up_is_taken_over(autojump_clock: MockClock) -> None:
    """The other gateway ended; its mark is honoured for `claim_seconds` and no longer."""
    server = FakeFtp()
    server.put("a.tif.faxgw-gw2", make_fax(1))
    shop = Shop(server, config_of(claim_seconds=900))
    async with running(shop):
        await trio.sleep(880)
        assert shop.count("kept") == 0
        await trio.sleep(60)
    assert await shop.contents() == [(make_fax(1),)]
    assert server.names() == []


async def test_a_name_that_is_used_again_waits_until_the_first_fax_is_done(autojump_clock: MockClock) -> None:
    """A crash left the first one claimed; renaming the second one over it would lose it."""
    server = FakeFtp()
    server.put("fax.tif.faxgw-gw1", make_fax(1))
    server.put("fax.tif", make_fax(2))
    shop = Shop(server)
    await run_for(30, shop)
    assert await shop.contents() == [(make_fax(1),), (make_fax(2),)]


async def test_where_files_cannot_be_renamed_it_goes_on_without_claims(
    autojump_clock: MockClock, logged: Logged
) -> None:
    """That is said once, with what to do about it."""
    server = FakeFtp(refuses_renaming=True)
    for number in range(5):
        server.put(f"{number}.tif", make_fax(number))
    shop = Shop(server)
    await run_for(30, shop)
    assert shop.count("kept") == 5
    assert server.names() == []
    assert len([entry for entry in logged if entry["event"] == "inbox_claims_refused"]) == 1


async def test_a_server_that_lets_nothing_be_deleted_is_complained_of_once(
    autojump_clock: MockClock, logged: Logged
) -> None:
    """The faxes are kept once, and not fetched again at each look."""
    server = FakeFtp(refuses_deleting=True)
    server.put("a.tif", make_fax(1))
    server.put("b.tif", make_fax(2))
    shop = Shop(server, config_of(poll_seconds=1, unreachable_seconds_max=100))
    await run_for(90, shop)
    assert (shop.count("kept"), len(server.fetched)) == (2, 2)
    assert len([entry for entry in logged if entry["event"] == "inbox_cannot_take_away"]) == 1
    server.refuses_deleting = False
    await run_for(30, shop)
    assert (shop.count("kept"), shop.count("known"), server.names()) == (2, 2, [])


async def test_kept_faxes_can_be_moved_instead_of_deleted(autojump_clock: MockClock) -> None:
    """The folder is made, and a name that was used twice destroys nothing there."""
    server = FakeFtp()
    shop = Shop(server, config_of(done=Done.MOVE))
    async with running(shop):
        server.put("fax.tif", make_fax(1))
        await trio.sleep(30)
        server.put("fax.tif", make_fax(2))
        await trio.sleep(30)
    assert server.names() == ["done/1-fax.tif", "done/2-fax.tif"]


async def test_an_outage_is_said_once_and_waited_out(autojump_clock: MockClock, logged: Logged) -> None:
    """Tries become rarer up to `unreachable_seconds_max`; readiness names the inbox meanwhile."""
    server = FakeFtp(is_down=True)
    shop = Shop(server, config_of(poll_seconds=10, unreachable_seconds_max=300))
    async with running(shop) as [inbox]:
        await trio.sleep(3_600)
        assert "nobody answers" in inbox.why_not_read()
        server.is_down = False
        server.put("a.tif", make_fax(1))
        await trio.sleep(301)
        assert inbox.why_not_read() == ""
    assert shop.count("kept") == 1
    assert [entry["event"] for entry in logged] == ["inbox_unreachable", "inbox_reachable_again"]
    assert logged[1]["failures"] < 20


async def test_a_refused_login_is_told_to_the_operator(autojump_clock: MockClock) -> None:
    """In the server's words, which say what is wrong."""
    shop = Shop(FakeFtp(refuses_login=True))
    async with running(shop) as [inbox]:
        await trio.sleep(1)
        assert inbox.why_not_read() == "inbox shop cannot be read: the server answered 530 Login incorrect."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read the secret: No such file or directory"),
        (b"", "the secret is empty"),
        (b"\xff", "cannot read the secret: it is not UTF-8 text"),
    ],
)
async def test_a_missing_password_is_told_at_the_start(
    content: bytes | None, words: str, tmp_path: Path, autojump_clock: MockClock, logged: Logged
) -> None:
    """In the log, the metric and readiness, with the file's name, before any server is spoken to."""
    file = tmp_path / "inbox-password"
    if content is not None:
        file.write_bytes(content)
    async with open_asyncio_thread() as thread:
        own = config_of(password_file=str(file), host="203.0.113.1", security=Security.PLAIN)
        shop = Shop(AioFtpTransport(own, thread), own)
        async with running(shop) as [inbox]:
            await trio.testing.wait_all_tasks_blocked()
            assert inbox.why_not_read() == f"inbox shop cannot be read: password_file {file}: {words}"
    assert shop.metrics.inbox_reachable.labels("shop")._value.get() == 0
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("inbox_unreachable", "error")]


async def test_another_reason_for_an_outage_is_news(autojump_clock: MockClock, logged: Logged) -> None:
    """Else the log would name a password that has long been right."""
    server = FakeFtp(refuses_login=True)
    shop = Shop(server, config_of(unreachable_seconds_max=60))
    async with running(shop):
        await trio.sleep(600)
        server.refuses_login, server.is_down = False, True
        await trio.sleep(600)
    assert [entry["event"] for entry in logged] == ["inbox_unreachable"] * 2


async def test_a_file_that_is_not_handed_over_is_shown_and_tried_again(autojump_clock: MockClock) -> None:
    """It stays where it is: once its rights are right, it is kept."""
    server = FakeFtp(unreadable={"a.tif.faxgw-gw1"}, busy={"b.tif.faxgw-gw1"})
    server.put("a.tif", make_fax(1))
    server.put("b.tif", make_fax(2))
    shop = Shop(server, config_of(poll_seconds=1, tries_max=3, unreachable_seconds_max=60))
    async with running(shop):
        await trio.sleep(30)
        assert {view.reason for view in await shop.quarantined()} == {PoisonReason.UNFETCHABLE}
        server.unreadable.clear()
        server.busy.clear()
        await trio.sleep(120)
    assert sorted(await shop.contents()) == sorted([(make_fax(1),), (make_fax(2),)])


async def test_a_vanished_file_is_nobody_s_fault(autojump_clock: MockClock, logged: Logged) -> None:
    """It was listed, and gone when it was to be claimed."""
    server = FakeFtp(seconds_a_step=1)
    server.put("a.tif", make_fax(1))
    server.put("b.tif", make_fax(2))
    shop = Shop(server)
    async with running(shop):
        await trio.sleep(2.5)
        del server.files["b.tif"]
        await trio.sleep(60)
    assert (shop.count("kept"), shop.count("vanished")) == (1, 1)
    assert logged == []


async def test_taking_in_goes_no_faster_than_it_may(autojump_clock: MockClock) -> None:
    """600 a minute are ten a second, however many connections there are."""
    server = FakeFtp()
    for number in range(400):
        server.put(f"{number}.tif", make_fax(number, rows=2))
    shop = Shop(server, config_of(files_per_minute=600, batch_files_max=5, connections=4))
    await run_for(20, shop)
    assert 190 <= shop.count("kept") <= 225


async def test_nothing_is_fetched_while_intake_has_no_room(autojump_clock: MockClock) -> None:
    """The files stay where they are, and come when it has."""
    server = FakeFtp()
    for number in range(10):
        server.put(f"{number}.tif", make_fax(number))
    shop = Shop(server, room=0)
    async with running(shop):
        await trio.sleep(30)
        assert not server.fetched
        shop.room = 4
        await trio.sleep(30)
    assert shop.count("kept") == 10


async def test_no_more_connections_are_open_than_allowed(autojump_clock: MockClock) -> None:
    """Three for a thousand files, one while there is nothing to do."""
    server = FakeFtp()
    for number in range(1_000):
        server.put(f"{number}.tif", make_fax(number, rows=2))
    shop = Shop(server, config_of(connections=3))
    async with running(shop):
        await trio.sleep(60)
        assert (server.open_most, server.open_now, shop.count("kept")) == (3, 1, 1_000)
    assert server.open_now == 0


@pytest.mark.parametrize("steps", range(1, 29))
async def test_a_power_cut_at_any_step_loses_nothing_and_keeps_nothing_twice(
    steps: int, autojump_clock: MockClock
) -> None:
    """The process ends at the n-th thing that it asks of the server, starts anew, and takes what is left."""
    server, faxes = FakeFtp(steps_to_power_cut=steps, cuts=[700]), make_faxes(6)
    for number, fax in enumerate(faxes):
        server.put(f"{number}.tif", fax)
    shop = Shop(server, config_of(batch_files_max=2))
    with pytest.RaisesGroup(PowerCut, flatten_subgroups=True):
        await run_for(60, shop)
    server.steps_to_power_cut = None
    await run_for(60, shop)
    assert sorted(await shop.contents()) == sorted((fax,) for fax in faxes)
    assert server.names() == []
