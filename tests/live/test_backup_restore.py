"""A backup is made under load, the daemon goes on and is lost, and the backup is restored: no bouquet is made twice."""

import csv
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
import trio

from faxgw.cli.client import NotReachableError
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import Carrier, running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.order_system import OrderSystem
from tests.printed import read_calls

ORDERS = 120
SHOPS = 30
"""Few, so that many orders wait for a line whenever one looks."""
KEPT_BACK = 10
"""Shops whose lines are suspended until the backup is made, so that it has faxes that go out afterwards."""
DELIVERED_BEFORE = 20
"""When the backup is begun."""
DELIVERED_AFTER = 20
"""More, in the lost store alone."""
SECONDS_MAX = 120.0


@pytest.mark.live
async def test_a_store_restored_from_a_backup_of_a_busy_daemon_sends_nothing_twice(tmp_path: Path) -> None:
    """The lost daemon sent many of the faxes that wait in the backup; the carrier counts what arrived in the end."""
    shops = list(members(SHOPS))
    lines = {order.number: line_of(order) for order in orders(ORDERS, shops)}
    register = b"".join(line_of(shop) for shop in shops)
    with trio.fail_after(SECONDS_MAX):
        async with (
            running_carrier(time_scale=100, call_seconds=16.8, webhook_tries=1) as carrier,
            prepared_daemon(tmp_path, carrier, register) as daemon,
        ):
            kept_back = [quote(shop.fax) for shop in shops[:KEPT_BACK]]
            await _live_and_be_lost(daemon, carrier, list(lines.values()), kept_back)
            arrived = await _arrived(carrier)
            (tmp_path / "state").rename(tmp_path / "lost")
            restored = msgspec.json.decode(await _faxgw(daemon, "restore", "--json", str(tmp_path / "backup")))
            held = restored["marked"]["faxes"]
            listed = _listed(tmp_path / "state" / "to-reconcile.csv")
            assert sum(held.values()) == len(listed) > 0
            # Else the restored store could do no harm, and the test would prove nothing.
            assert any(number in arrived for number in listed)

            await daemon.start()
            await _wait_listening(daemon)
            found = await _doctor(daemon)
            assert found["ready"] == "fail"
            assert found["held"] == "warn"
            assert found["integrity"] == found["carrier simulated"] == found["open files"] == "ok"
            assert "daemon" not in found
            in_backup = await _orders_known(daemon)
            counts = await _states(daemon)
            assert counts == {"delivered": len(in_backup) - len(listed), "held": len(listed)}
            for place in ("gateway", *(f"lines/{line}" for line in kept_back)):
                await _post(daemon, f"/v1/{place}/resume")
            # A fax of today goes as ever, so that whatever wanted to go out could.
            lost = [line for number, line in lines.items() if number not in in_backup and number not in arrived]
            await _hand_in(daemon, lost)
            await daemon.wait_finished(counts["delivered"] + len(lost), SECONDS_MAX)
            assert (await _states(daemon))["held"] == len(listed)

            for number, fax_id in listed.items():
                ruling = "delivered" if number in arrived else "send_again"
                await _post(daemon, f"/v1/faxes/{fax_id}/resolve", ruling=ruling)
            final = await daemon.wait_finished(len(in_backup) + len(lost), SECONDS_MAX)
            assert final["delivered"] == len(in_backup) + len(lost)
            assert await _arrived(carrier) == Counter(lines.keys())


async def _live_and_be_lost(daemon: Daemon, carrier: Carrier, lines: list[bytes], kept_back: list[str]) -> None:
    await daemon.start()
    await daemon.wait_ready()
    for line in kept_back:
        await _post(daemon, f"/v1/lines/{line}/suspend")
    await _hand_in(daemon, lines[: ORDERS * 3 // 4])
    await carrier.wait_ended(DELIVERED_BEFORE)
    async with trio.open_nursery() as nursery:
        # Orders go on coming in while it is made.
        nursery.start_soon(_hand_in, daemon, lines[ORDERS * 3 // 4 :])
        await _faxgw(daemon, "backup", str(daemon.folder / "backup"))
    await _faxgw(daemon, "backup", "verify", str(daemon.folder / "backup"), config=False)
    delivered = (await carrier.account())["delivered"]
    for line in kept_back:
        await _post(daemon, f"/v1/lines/{line}/resume")
    await carrier.wait_ended(delivered + DELIVERED_AFTER)
    await daemon.kill()
    while (await carrier.account())["in_progress"]:  # noqa: ASYNC110 - its receipts find nobody, only its calls end
        await trio.sleep(0.1)


async def _wait_listening(daemon: Daemon) -> None:
    """A restored daemon is alive and not ready: it waits for a person."""
    while True:
        try:
            reply = await daemon.ask("GET", "/readyz")
        except NotReachableError:
            await trio.sleep(0.05)
        else:
            reasons = reply.json()["reasons"]
            assert any("all sending is suspended by faxgw restore" in reason for reason in reasons), reasons
            return


async def _faxgw(daemon: Daemon, *arguments: str, config: bool = True) -> bytes:
    """The command, as an operator types it."""
    named = ["-c", str(daemon.folder / "faxgw.toml")] if config else []
    done = await trio.run_process([sys.executable, "-m", "faxgw", *arguments, *named], capture_stdout=True)
    return done.stdout


async def _doctor(daemon: Daemon) -> dict[str, str]:
    """The verdict of each check; `daemon` is one only where it does not answer, or what it says cannot be read."""
    command = [sys.executable, "-m", "faxgw", "doctor", "--json", "-c", str(daemon.folder / "faxgw.toml")]
    done = await trio.run_process(command, capture_stdout=True, check=False)
    return {check["check"]: check["verdict"] for check in msgspec.json.decode(done.stdout)["checks"]}


async def _hand_in(daemon: Daemon, lines: list[bytes]) -> None:
    order_system = OrderSystem(daemon)
    order_system.hand_in(lines)
    order_system.close()
    await order_system.run()


async def _arrived(carrier: Carrier) -> Counter[str]:
    """How often each order came out of a florist's machine."""
    calls = read_calls(await carrier.faxes(), carrier.pages_dir)
    return Counter(number for call in calls for number in call.arrived)


def _listed(path: Path) -> dict[str, int]:
    with path.open(newline="") as file:
        return {row["number"]: int(row["fax_id"]) for row in csv.DictReader(file) if row["what"] == "fax"}


async def _orders_known(daemon: Daemon) -> set[str]:
    return {fax["number"] for fax in (await daemon.get("/v1/faxes?limit=1000"))["faxes"]}


async def _states(daemon: Daemon) -> dict[str, int]:
    states: dict[str, int] = (await daemon.get("/v1/queue?lines=0&finished=true"))["states"]
    return {name: count for name, count in states.items() if count}


async def _post(daemon: Daemon, path: str, **more: str) -> None:
    reply = await daemon.ask("POST", path, msgspec.json.encode({"who": "Ada", "why": "asked the carrier"} | more))
    assert reply.is_good, reply
