"""The unit against systemd's own tools, and its figures against those of the daemon."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from faxgw.config.daemon import Api, Gateway, RenderConfig
from faxgw.config.whole import load_config
from faxgw.daemon import CLOSING_SECONDS_MAX, EXIT_OPERATOR, EXIT_STORE_FAILED
from faxgw.ops.health import COMMIT_STALL_SECONDS_MAX
from tests.peers import require_peer

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "faxgw.service"
PROGRAM = "/opt/faxgw/current/venv/bin/faxgw"
EXPOSURE_MAX = 15
"""In tenths: 1.5. Debian's own postgresql@.service has 9.6."""
GIB = 1024**3


def keys() -> dict[str, list[str]]:
    found = defaultdict(list)
    for key, value in re.findall(r"^([A-Z]\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE):
        found[key].append(value)
    return found


def value_of(key: str) -> str:
    (value,) = keys()[key]
    return value


def run(program: str, *arguments: str) -> str:
    """What it printed; it must have found nothing wrong."""
    ran = subprocess.run([require_peer(program), *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.live
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """A misspelt key is a warning in the log of the machine, and does nothing."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    # verify wants to see the program, which lies elsewhere here.
    assert text.count(PROGRAM) == 1
    unit.write_text(text.replace(PROGRAM, sys.executable), encoding="utf-8")
    assert run("systemd-analyze", "verify", "--man=no", str(unit)) == ""


@pytest.mark.live
def test_the_unit_is_closed() -> None:
    """What it may do on the machine beyond its task, as systemd counts it."""
    run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(UNIT))


@pytest.mark.live
def test_user_and_places_are_made(tmp_path: Path) -> None:
    """In a root of their own; a secret's folder is open to nobody else."""
    (tmp_path / "etc").mkdir()
    run("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "faxgw.sysusers"))
    user = value_of("User")
    assert [line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()] == [user]
    assert [line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()] == [value_of("Group")]
    run("systemd-tmpfiles", f"--root={tmp_path}", "--create", str(SYSTEMD / "faxgw.tmpfiles"))
    _, credentials = value_of("LoadCredential").split(":")
    assert (tmp_path / credentials.lstrip("/")).stat().st_mode & 0o777 == 0o700


def test_what_no_start_mends_is_not_started_again() -> None:
    """A failed disk is: only a fresh start reads what is durable."""
    assert value_of("Restart") == "always"
    assert value_of("StartLimitIntervalSec") == "0"
    prevented = [int(code) for code in value_of("RestartPreventExitStatus").split()]
    assert prevented == [EXIT_OPERATOR]
    assert EXIT_STORE_FAILED not in prevented


def test_a_stop_has_the_time_that_the_config_grants_by_default() -> None:
    """SIGKILL in the middle of a send makes a doubt of it."""
    granted = Api().stop_grace_seconds + Gateway().stop_grace_seconds + CLOSING_SECONDS_MAX
    assert int(value_of("TimeoutStopSec")) >= granted


def test_a_store_that_stalls_is_told_of_well_before_the_watchdog_bites() -> None:
    """A disk that comes back within the minute costs no restart, and no doubts."""
    assert int(value_of("WatchdogSec")) >= 3 * COMMIT_STALL_SECONDS_MAX


def test_a_document_that_is_drawn_finds_room_beside_the_queue() -> None:
    """A million faxes take half a gigabyte (docs/performance.md)."""
    needed = RenderConfig().memory_bytes_max + GIB // 2
    assert int(value_of("MemoryHigh").removesuffix("G")) * GIB >= needed


def test_the_shipped_config_is_the_units() -> None:
    """It has the unit's directories, and loads as it is."""
    command = value_of("ExecStart").split()
    assert command == [PROGRAM, "run", "-c", "/etc/faxgw/faxgw.toml"]
    config = load_config(SYSTEMD / "faxgw.toml")
    assert config.gateway.state_dir == f"/var/lib/{value_of('StateDirectory')}"
    assert config.api.socket == f"/run/{value_of('RuntimeDirectory')}/faxgw.sock"
