"""kill -9 of the whole daemon while florists' answers come in over FTP: each is read and said exactly once."""

import os
import random
from pathlib import Path
from typing import Any

import pytest
import trio

from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.florist import answered
from tests.carriers import running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.ftp_servers import FtpServer, vsftpd

ORDERS = 60
CYCLES = int(os.environ.get("FAXGW_INBOUND_KILL_CYCLES", "12"))
SEED = 20270530
SHOPS = 40
LIFE_SECONDS = (0.6, 3.0)
FINISH_SECONDS_MAX = 90.0

INBOX = """
[intake]
ocr = false
batch_max = 4
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
batch_files_max = 3
connections = 2
"""


@pytest.mark.live
@pytest.mark.alone
async def test_every_answer_counts_once_however_often_the_daemon_is_killed(tmp_path: Path) -> None:
    """Sixty florists answer, some twice, while the daemon dies at random moments; the orders' trails are counted."""
    dice = random.Random(SEED)  # noqa: S311 - a seed that is printed, to play it again
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
        await daemon.submit_lines([line_of(order) for order in orders(ORDERS, shops)])
        await daemon.wait_finished(ORDERS, FINISH_SECONDS_MAX)
        pages = [(await daemon.ask("GET", f"/v1/faxes/{fax_id}/page.tif")).body for fax_id in range(1, ORDERS + 1)]
        answers = [answered(page, ["accept"]) for page in pages]
        await daemon.kill()
        for number in range(CYCLES):
            for place in range(number, ORDERS, CYCLES):
                server.put(f"fax{place:04}.tif", answers[place])
                if place % 10 == 0:
                    server.put(f"again{place:04}.tif", answers[place])
            await daemon.start()
            await trio.sleep(dice.uniform(*LIFE_SECONDS))
            await daemon.kill()
        await daemon.start()
        await daemon.wait_ready()
        inbox = await _wait_read(daemon, server)
        await _settle(daemon, inbox)


def _inbox_of(server: FtpServer) -> str:
    return INBOX.format(port=server.port, user=server.user, password_file=server.password_file)


async def _wait_read(daemon: Daemon, server: FtpServer) -> dict[str, Any]:
    """Until the folder is empty and nothing is unread."""
    with trio.fail_after(FINISH_SECONDS_MAX):
        while True:
            [inbox] = (await daemon.get("/v1/inbox"))["inboxes"]
            faxes: dict[str, int] = inbox["faxes"]
            if not server.names() and not faxes.get("kept", 0) and sum(faxes.values()) >= ORDERS:
                return faxes
            await trio.sleep(0.2)


async def _settle(daemon: Daemon, faxes: dict[str, int]) -> None:
    """Every order was answered once, by one fax, and no fax is anything else."""
    print(f"inbound {faxes} after {CYCLES} kills, seed {SEED}")
    assert faxes == {"applied": ORDERS}
    for fax_id in range(1, ORDERS + 1):
        trail = (await daemon.get(f"/v1/faxes/{fax_id}"))["events"]
        replies = [event["data"]["kinds"] for event in trail if event["kind"] == "reply_received"]
        assert replies == [["accept"]], fax_id
