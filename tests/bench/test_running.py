"""A part of the bench is ended when its time is over, with what it started, and a failure is a line of the table."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import tools.bench
from tools.bench.part import Measured, measure
from tools.bench.parts import PARTS, select
from tools.bench.peers.place import MissingPeerError, require
from tools.bench.peers.processes import children_of, cpu_seconds, running, wait_until
from tools.bench.row import Row
from tools.bench.running import run_command

STARTS_A_CHILD = """
import pathlib, subprocess, sys
child = subprocess.Popen(["sleep", "600"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
child.wait()
"""


def test_a_part_that_hangs_is_ended(tmp_path: Path) -> None:
    """The table says so; that is a failure and no missing peer."""
    hangs = [sys.executable, "-c", "import time; time.sleep(600)"]
    measured = run_command(hangs, tmp_path / "out", "hanging", 0.5)
    assert measured == Measured(part="hanging", trouble="took longer than 0.5 s and was ended")


def test_what_a_process_started_is_ended_with_it(tmp_path: Path) -> None:
    """Also a child that it did not end itself."""
    noted = tmp_path / "pid"
    with running([sys.executable, "-c", STARTS_A_CHILD, str(noted)], tmp_path / "log", {}):
        wait_until(lambda: noted.exists() and noted.read_text().isdigit(), 60, "its child runs", tmp_path / "log")
    stat = Path("/proc", noted.read_text(), "stat")
    wait_until(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z", 60, "it is gone")


def test_a_part_that_dies_without_a_word_is_a_failure(tmp_path: Path) -> None:
    """Its exit code is all that there is to say."""
    measured = run_command([sys.executable, "-c", "raise SystemExit(7)"], tmp_path / "out", "dying", 30)
    assert measured.trouble == "ended with exit code 7 and nothing written"


def test_what_a_part_wrote_is_read(tmp_path: Path) -> None:
    """Rows come over a file, so that a part may print what it likes."""
    out = tmp_path / "out"
    told = Measured(part="p", rows=[Row(part="p", what="w", value=1.5, unit="s")])
    code = f"import pathlib; print('noise'); pathlib.Path({str(out)!r}).write_bytes({msgspec.json.encode(told)!r})"
    assert run_command([sys.executable, "-c", code], out, "p", 60) == told


def failing(error: Exception) -> Callable[[], list[Row]]:
    def rows() -> list[Row]:
        raise error

    return rows


def test_a_missing_peer_is_no_failure() -> None:
    """It is named, and the run counts as whole."""
    error = MissingPeerError("Postfix is missing: no master")
    assert measure("postfix", failing(error)) == Measured(part="postfix", trouble=str(error), is_missing=True)


def test_a_failure_ends_one_part_only(capsys: pytest.CaptureFixture[str]) -> None:
    """The table says why, the terminal where."""
    measured = measure("store", failing(RuntimeError("no order was taken")))
    assert measured == Measured(part="store", trouble="no order was taken")
    assert "Traceback" in capsys.readouterr().err


def test_what_is_missing_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    """The first file that is not there, and the script that fetches it."""
    (tmp_path / "there").touch()
    require("Postfix", tmp_path / "there")
    with pytest.raises(MissingPeerError, match=r"Postfix is missing: no master \(run tools/bench/peers/install\)"):
        require("Postfix", tmp_path / "there", tmp_path / "master")


def test_every_module_that_gives_rows_is_a_part_and_no_other_is() -> None:
    """A bench that nobody runs measures nothing."""
    folder = Path(tools.bench.__path__[0])
    files = {path.stem: path for path in folder.glob("*.py")} | {
        path.parent.name: path for path in folder.glob("*/__init__.py")
    }
    gives_rows = {name for name, path in files.items() if "\ndef rows(" in path.read_text(encoding="utf-8")}
    assert gives_rows == {part.module for part in PARTS}
    assert all(0 < part.quick_seconds_max <= part.seconds_max for part in PARTS)


def test_parts_run_in_their_order_and_an_unknown_one_is_named() -> None:
    """However they were asked for."""
    assert [part.module for part in select(["postfix", "whole_way"])] == ["whole_way", "postfix"]
    assert select([]) == list(PARTS)
    with pytest.raises(KeyError, match="sendmail"):
        select(["postfix", "sendmail"])


def test_cpu_of_a_process_and_its_children_is_counted(tmp_path: Path) -> None:
    """What an ended child used counts, too."""
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print(flush=True); sys.stdin.read()"
    )
    code = code.replace("sys.stdin.read()", "__import__('time').sleep(600)")
    log = tmp_path / "log"
    with running([sys.executable, "-c", code], log, {}) as process:
        wait_until(lambda: log.stat().st_size > 0, 60, "its child has ended", log)
        assert cpu_seconds(process.pid) >= 0.2
        assert children_of(process.pid) == []
    assert process.returncode is not None
