"""Whether the gateway is alive: its store commits what is handed in, however long nothing was."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from faxgw.ops.health import COMMIT_STALL_SECONDS_MAX, GatewayHealth


async def test_a_night_without_writes_makes_no_writer_stall(tmp_path: Path, autojump_clock: MockClock) -> None:
    """The first write after hours waits for its commit, as every write does; that is no reason to restart."""
    handed_in_at: list[float] = []
    health = GatewayHealth(tmp_path, 0, lambda: handed_in_at[0] if handed_in_at else None)
    await trio.sleep(8 * 3_600)
    assert health.reasons_not_alive() == []
    handed_in_at.append(trio.current_time())
    assert health.reasons_not_alive() == []


@pytest.mark.parametrize(("waited_seconds", "is_alive"), [(COMMIT_STALL_SECONDS_MAX, True), (11.0, False)])
async def test_a_commit_that_never_ends_is_told(
    waited_seconds: float, is_alive: bool, tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Also where nothing else waits behind it: one write that hangs is one that hangs."""
    handed_in_at = trio.current_time()
    health = GatewayHealth(tmp_path, 0, lambda: handed_in_at)
    health.note_recovered()
    await trio.sleep(waited_seconds)
    assert (health.reasons_not_alive() == []) is is_alive
    assert (health.reasons_not_ready() == []) is is_alive
