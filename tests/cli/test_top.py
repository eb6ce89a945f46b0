"""What `faxgw top` says of the last minute, however much happens in one."""

from pathlib import Path

import pytest

from faxgw.fax import FaxId
from faxgw.store.views import Event
from tests.api.fakes import NOW, Fakes, make_fakes
from tests.cli.terminal import terminal_at

Capture = pytest.CaptureFixture[str]


def busy(faxes: int, seconds: float) -> Fakes:
    """So many faxes were accepted, evenly over the last so many seconds."""
    fakes = make_fakes()
    for number in range(faxes):
        at = NOW - seconds + seconds * number / faxes
        fakes.store.log.append(Event(number + 1, FaxId(number + 1), at, "accepted", {}))
    return fakes


async def test_a_quiet_gateway_tells_of_the_last_minute(tmp_path: Path, capsys: Capture) -> None:
    """All that happened was heard, so all of the minute is known."""
    async with terminal_at(busy(20, 120.0), tmp_path, capsys) as terminal:
        once, as_json = await terminal.run("top", "--once"), await terminal.run("top", "--json")
    assert "last minute: 10 accepted" in once.out
    assert (as_json.json()["rates"], as_json.json()["rate_seconds"]) == ({"accepted": 10}, 60.0)


async def test_a_busy_gateway_is_not_told_of_by_a_part_of_its_minute(tmp_path: Path, capsys: Capture) -> None:
    """Of 6,000 in a minute the newest thousand are heard at first, which are ten seconds."""
    async with terminal_at(busy(6_000, 60.0), tmp_path, capsys) as terminal:
        once, as_json = await terminal.run("top", "--once"), await terminal.run("top", "--json")
    assert "last 10 s: 1,000 accepted" in once.out
    assert (as_json.json()["rates"], as_json.json()["rate_seconds"]) == ({"accepted": 1_000}, 10.0)
