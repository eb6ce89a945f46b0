"""An operator speaks for florists and for the network, and looks at an order between florists."""

import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from tests.api.fakes import make_fakes
from tests.cli.terminal import Terminal, terminal_at
from tests.journeys.town import open_town, order_for

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def known_screen() -> Iterator[None]:
    """A wide screen in a known time zone, wherever the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "160")
        patch.setenv("TZ", "UTC")
        time.tzset()
        with structlog.testing.capture_logs():
            # The gateway runs in the same process, and what it logs is not the operator's screen.
            yield
    time.tzset()


@asynccontextmanager
async def desk_with_an_order(folder: Path, capsys: Capture) -> AsyncIterator[Terminal]:
    async with open_town() as town, town.running() as gateway:
        await town.submit(order_for(1, "2027-1001"))
        fakes = make_fakes()
        fakes.behind = dataclasses.replace(fakes.behind, store=town.store, relay=gateway.relay, clock=town.clock)
        async with terminal_at(fakes, folder, capsys) as terminal:
            yield terminal


async def test_an_operator_speaks_for_a_florist(tmp_path: Path, capsys: Capture) -> None:
    """Exit 0 and one line with the stage; what may not be said is 1 with the reason."""
    async with desk_with_an_order(tmp_path, capsys) as terminal:
        said = await terminal.run("relay", "send", "ack", "2027-1001", "--from", "FR-1", "--who", "Ada")
        assert (said.code, said.out) == (0, "ACK about order 2027-1001 said; it is accepted\n")
        asked = await terminal.run("relay", "send", "ASKP", "2027-1001", "--from", "FR-1", "--amount", "42 EUR")
        assert asked.code == 0
        refused = await terminal.run("relay", "send", "CON", "2027-1001", "--from", "FR-1")
        assert (refused.code, refused.out) == (1, "")
        assert "Ask with ASK" in refused.err
        wrong = await terminal.run("relay", "send", "ASKP", "2027-1001", "--amount", "42")
        assert (wrong.code, "45.50 EUR" in wrong.err) == (2, True)


async def test_an_order_is_shown_with_what_was_said(tmp_path: Path, capsys: Capture) -> None:
    """Whose it is, its price, each message with what it came to, and its faxes."""
    async with desk_with_an_order(tmp_path, capsys) as terminal:
        await terminal.run("relay", "send", "ASK", "2027-1001", "--from", "FR-1", "--text", "Quel étage ?")
        await terminal.run("relay", "send", "DCON", "2027-1001", "--from", "FR-2")
        shown = await terminal.run("relay", "show", "2027-1001")
        assert shown.code == 0
        for words in ("order 2027-1001  offered", "with", "FR-1", "36.00 EUR", "FR-1 asked FR-0", "Quel étage ?"):
            assert words in shown.out
        assert "refused: Order 2027-1001 is not with FR-2" in " ".join(shown.out.split())
        listed = await terminal.run("relay", "list", "--json")
        assert [each["kind"] for each in listed.json()["messages"]] == ["ASK", "DCON"]
        assert (await terminal.run("relay", "show", "none")).code == 1


async def test_a_request_is_answered_by_its_name(tmp_path: Path, capsys: Capture) -> None:
    """Its `ref` is on the screen; agreed or not takes no amount."""
    async with desk_with_an_order(tmp_path, capsys) as terminal:
        await terminal.run("relay", "send", "ASKP", "2027-1001", "--from", "FR-1", "--amount", "42 EUR")
        [asked] = (await terminal.run("relay", "list", "--json")).json()["messages"]
        assert f"ref {asked['ref']}" in (await terminal.run("relay", "show", "2027-1001")).out
        by_name = ("relay", "send", "ANSP", "2027-1001", "--from", "FR-0", "--in-answer-to")
        assert (await terminal.run(*by_name, "0000", "--agree")).code == 1
        said = await terminal.run(*by_name, asked["ref"], "--disagree")
        assert (said.code, said.out.split(";")[0]) == (0, "ANSP about order 2027-1001 said")
        assert "not agreed" in (await terminal.run("relay", "show", "2027-1001")).out


async def test_absences_are_listed(tmp_path: Path, capsys: Capture) -> None:
    """Who is away, and until when."""
    async with desk_with_an_order(tmp_path, capsys) as terminal:
        said = await terminal.run("relay", "send", "SUS", "--to", "FR-4", "--last-day", "2027-06-03")
        assert (said.code, said.out) == (0, "SUS said\n")
        away = await terminal.run("relay", "list", "--absences")
        assert away.out == "FR-4 is away from 2027-05-29 to 2027-06-03 (message 1)\n"
