"""Each named step from a carrier's folder to an order's trail is where the daemon once ended, as by a power cut."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from PIL import Image, ImageChops, ImageSequence

from faxgw.cli.client import NotReachableError
from faxgw.crashpoint import EXIT_CRASHED, VARIABLE
from faxgw.order import Order
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.florist import answered, as_tiff, half_answered
from tests.carriers import running_carrier
from tests.crash.test_crash_points import points_in_source
from tests.daemons import Daemon, prepared_daemon
from tests.ftp_servers import FtpServer, vsftpd

BY_PEOPLE = ("intake-review-decided", "intake-review-carried-out")
WHEN_STOPPING = "intake-stopping"
REACHED_SECONDS_MAX = 20.0
FINISH_SECONDS_MAX = 60.0
ANSWERS = 3
"""At each death, and one of them a second time from the scanner."""
SHOPS = 40

INBOX = """
[intake]
ocr = false
batch_max = 2
[[inbox]]
name = "shop"
host = "127.0.0.1"
port = {port}
security = "ftp"
user = "{user}"
password_file = "{password_file}"
folder = "in"
convention = "renamed"
poll_seconds = 0.1
batch_files_max = 2
connections = 1
"""


def deaths_in(part: str) -> list[str]:
    names = [name for name in points_in_source() if name.startswith(f"{part}-")]
    return [f"{name}:{nth}" for name in names for nth in ((1,) if name == WHEN_STOPPING else (1, 2))]


@dataclass
class Florists:
    """Everybody accepts once, some from a machine that sends twice."""

    server: FtpServer
    sheets: Iterator[tuple[int, bytes]]
    surely: list[int] = field(default_factory=list)
    faxed: int = 0
    repeated: int = 0
    doubtful: list[int] = field(default_factory=list)
    """Whose answer a person has to read."""

    def answer(self) -> None:
        for place in range(ANSWERS):
            fax_id, sheet = next(self.sheets)
            answer = answered(sheet, ["accept"])
            self.surely.append(fax_id)
            self._fax(answer)
            if not place:
                self._fax(scanned_again(answer))
                self.repeated += 1

    def doubt(self) -> None:
        fax_id, sheet = next(self.sheets)
        self.doubtful.append(fax_id)
        self._fax(half_answered(sheet, "accept"))

    def _fax(self, content: bytes) -> None:
        self.faxed += 1
        self.server.put(f"fax {self.faxed:04}.tif", content)


def scanned_again(fax: bytes) -> bytes:
    """The same paper, a little lower on the glass: another file, and other bytes."""
    with Image.open(io.BytesIO(fax)) as pages:
        return as_tiff([ImageChops.offset(page.convert("L"), 0, 3) for page in ImageSequence.Iterator(pages)])


@pytest.mark.live
@pytest.mark.alone
@pytest.mark.parametrize(("part", "count"), [("inbox", 10), ("intake", 15)])
async def test_every_answer_counts_once_wherever_the_daemon_dies(part: str, count: int, tmp_path: Path) -> None:
    """For each step, at its first and second time: answers come in, the daemon ends there and starts anew."""
    deaths = deaths_in(part)
    assert len(deaths) == count
    orders_needed = (ANSWERS + 2) * count
    shops = list(members(SHOPS))
    async with (
        vsftpd(tmp_path) as server,
        running_carrier(time_scale=500) as carrier,
        prepared_daemon(
            tmp_path, carrier, b"".join(line_of(shop) for shop in shops), more_config=_inbox_of(server)
        ) as daemon,
    ):
        await daemon.start()
        await daemon.wait_ready()
        handed_in = list(orders(orders_needed, shops))
        await daemon.submit_lines([line_of(order) for order in handed_in])
        await daemon.wait_finished(orders_needed, FINISH_SECONDS_MAX)
        florists = Florists(server, iter(await _sheets(daemon, orders_needed)))
        await daemon.stop()
        for death in deaths:
            await _die_at(death, daemon, florists)
        server.put("price list.txt", b"roses 2.20 EUR\r\n" * 50)
        await daemon.start()
        await daemon.wait_ready()
        await _wait_read(daemon, server)
        await _settle(daemon, florists, handed_in)


async def _sheets(daemon: Daemon, count: int) -> list[tuple[int, bytes]]:
    """What the florists have on paper."""
    pages = [(await daemon.ask("GET", f"/v1/faxes/{fax_id}/page.tif")).body for fax_id in range(1, count + 1)]
    return list(enumerate(pages, start=1))


def _inbox_of(server: FtpServer) -> str:
    return INBOX.format(port=server.port, user=server.user, password_file=server.password_file)


async def _die_at(death: str, daemon: Daemon, florists: Florists) -> None:
    name = death.partition(":")[0]
    florists.answer()
    if name in BY_PEOPLE:
        florists.doubt()
        florists.doubt()
    await daemon.start(environment={VARIABLE: death})
    assert daemon.process is not None
    with trio.fail_after(REACHED_SECONDS_MAX):
        if name == WHEN_STOPPING:
            await daemon.wait_ready()
            daemon.process.terminate()
        if name in BY_PEOPLE:
            await daemon.wait_ready()
            await _decide_reviews(daemon)
        assert await daemon.process.wait() == EXIT_CRASHED, death


async def _decide_reviews(daemon: Daemon) -> None:
    """Anna reads what is doubtful, as it comes, until the daemon is gone."""
    while True:
        try:
            reviews = (await daemon.ask("GET", "/v1/review")).json()["reviews"]
            for review in reviews:
                await _decide(daemon, review)
            if not reviews:
                await trio.sleep(0.05)
        except NotReachableError:
            return


async def _decide(daemon: Daemon, review: dict[str, Any]) -> None:
    reply = {"order_number": review["order_number"], "kinds": ["accept"]}
    wish = {"verdict": "reply", "who": "anna", "why": "a blot, and her name", "reply": reply}
    await daemon.ask("POST", f"/v1/review/{review['id']}/resolve", msgspec.json.encode(wish))


async def _wait_read(daemon: Daemon, server: FtpServer) -> None:
    """Until the folder is empty, nothing is unread, and people decided on everything that they began."""
    with trio.fail_after(FINISH_SECONDS_MAX):
        while True:
            [inbox] = (await daemon.get("/v1/inbox"))["inboxes"]
            if not server.names() and not inbox["faxes"].get("kept", 0):
                return
            await trio.sleep(0.2)


async def _settle(daemon: Daemon, florists: Florists, handed_in: Sequence[Order]) -> None:
    """Every fax became one thing, and every order heard its florist once."""
    [inbox] = (await daemon.get("/v1/inbox"))["inboxes"]
    faxes: dict[str, int] = inbox["faxes"]
    undecided = {review["order_number"] for review in (await daemon.get("/v1/review"))["reviews"]}
    print(f"inbound {faxes}")
    assert sum(faxes.values()) == florists.faxed + 1
    assert (faxes["duplicate"], faxes["quarantined"]) == (florists.repeated, 1)
    assert faxes.get("review", 0) == len(undecided) <= max(len(florists.doubtful) - len(BY_PEOPLE), 0)
    answered_by = {*florists.surely, *florists.doubtful}
    for fax_id, order in enumerate(handed_in, start=1):
        is_answered = fax_id in answered_by and order.number not in undecided
        trail = (await daemon.get(f"/v1/faxes/{fax_id}"))["events"]
        replies = [event["data"]["kinds"] for event in trail if event["kind"] == "reply_received"]
        assert replies == ([["accept"]] if is_answered else []), fax_id
        said = [each["kind"] for each in (await daemon.get(f"/v1/orders/{order.number}"))["messages"]]
        # Some orders went to a bare number: nobody speaks for it between members.
        assert said == (["ACK"] if is_answered and order.executing_member else []), fax_id
