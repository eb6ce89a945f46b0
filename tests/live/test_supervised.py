"""A whole daemon under a supervisor, as systemd would start it: what it says, and when."""

import re
from pathlib import Path

import pytest
import trio

from faxgw.daemon import EXIT_OK
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import running_carrier
from tests.daemons import prepared_daemon
from tests.notify_socket import listening_at

WATCHDOG_SECONDS = 1.5
WORD_SECONDS_MAX = 30.0
STATUS = re.compile(r"\d+ queued, \d+ sending, \d+ with carriers; oldest due for \d+ s")


@pytest.mark.live
async def test_a_daemon_says_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """Ready only when an order can be handed in, alive again and again, stopping with the time that it may take."""
    shops = list(members(5))
    with listening_at(str(tmp_path / "notify")) as systemd:
        async with (
            running_carrier(time_scale=1_000) as carrier,
            prepared_daemon(tmp_path, carrier, b"".join(line_of(shop) for shop in shops)) as daemon,
        ):
            await daemon.start(
                environment={
                    "NOTIFY_SOCKET": systemd.address,
                    "WATCHDOG_USEC": str(round(WATCHDOG_SECONDS * 1_000_000)),
                }
            )
            with trio.fail_after(WORD_SECONDS_MAX):
                starting = await systemd.next()
                assert starting["STATUS"].startswith("starting")
                assert int(starting["EXTEND_TIMEOUT_USEC"]) > 0
                assert await systemd.wait_for("READY") == {"READY": "1"}
            # Not asked again and again: whoever is started after us finds the door open at its first knock.
            assert (await daemon.submit_lines([line_of(order) for order in orders(5, shops)]))[0]["state"] == "queued"
            await daemon.wait_finished(5, WORD_SECONDS_MAX)
            with trio.fail_after(WORD_SECONDS_MAX):
                beats = [await systemd.wait_for("WATCHDOG") for _ in range(3)]
            assert all(STATUS.fullmatch(beat["STATUS"]) for beat in beats), beats

            # The kernel keeps ten unread (net.unix.max_dgram_qlen) where systemd has not raised it.
            systemd.all_so_far()
            assert await daemon.stop() == EXIT_OK
            with trio.fail_after(WORD_SECONDS_MAX):
                stopping = await systemd.wait_for("STOPPING")
            # The grace of answers, of sends, and what closing takes.
            assert int(stopping["EXTEND_TIMEOUT_USEC"]) == (2 + 30 + 30) * 1_000_000
