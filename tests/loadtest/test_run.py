"""The whole command: a daemon and a carrier of its own, a slice of the Saturday, the account and the report."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.profile import load_profile
from faxgw_loadtest.result import Result
from faxgw_loadtest.stage import open_stage

SECONDS_MAX = 600
COMMAND = (sys.executable, "-m", "faxgw_loadtest.cli")
MEMBERS = str(Path(__file__).parents[2] / "config" / "examples" / "members.ndjson")
OWN = ("run", "plain-day", "--gateway", MEMBERS, "--carrier-control", "http://127.0.0.1:1", "--members", MEMBERS)
"""A gateway that only has to be there."""

DAY = """
summary = "twelve minutes"
[time]
faxes = 80
rate = [[9, 1], [9.2, 1]]
[florists]
count = 12
[orders]
pages = [0.9, 0.1]
ndjson = 0.5
ndjson_lines = 10
[lines]
own_call_share = 0.0
[carrier]
shares = { missing_receipt = 0.02, doubled_receipt = 0.05, lost_answer = 0.02 }
[inbound]
faxes = 16
after_minutes = [1, 5]
again = 0.125
unclear = 0.125
letter = 0.0625
"""


def faxgw_loadtest(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # A run has bounds of its own; this one is for when they fail.
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Eighty orders of twelve minutes, a fifth of them answered. Nothing is promised: that depends on the machine."""
    file = tmp_path / "twelve minutes.toml"
    file.write_text(DAY)
    return file


@pytest.mark.live
def test_a_day_is_played_counted_and_reported(tmp_path: Path, day: Path) -> None:
    """None lost, none twice, one way or the other, with shared calls, and a report of one file."""
    options = ("--compress", "60", "--faxes-a-call", "5", "--report", str(tmp_path))
    played = faxgw_loadtest("run", str(day), *options)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "accepted 80 delivered 80 unfinished 0 refused 0 lost 0 twice 0" in played.stdout
    assert "put in 16 accepted 11 repeated 2 review 3 aside 0 unread 0 lost 0 twice 0" in played.stdout
    result = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Result)
    assert result.account.delivered == sum(latency.count for latency in result.to_receipt.values()) == 80
    assert (result.account.line_overlap_max, result.account.overlap, result.account.misprinted) == (1, 0, 0)
    assert sum(line.calls for line in result.lines) == sum(result.account.calls.values()) < 80
    assert result.inbound is not None
    assert result.inbound.listed == result.inbound.counted == 16
    assert {"gateway", "drawing", "reading", "carrier", "FTP server"} <= processes_in(result)
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 16
    assert "src=" not in page
    assert "http" not in page


@pytest.mark.live
def test_a_gateway_that_runs_already_is_played_twice_and_watched(tmp_path: Path, day: Path) -> None:
    """Its process is found by its socket; orders and answers of the first run are not mistaken for the second's."""
    with open_stage(tmp_path, load_profile(str(day)), list(members(12)), compress=240, seed=1) as site:
        assert site.inbox is not None
        there = ["--gateway", str(site.gateway), "--carrier-control", site.carrier]
        there += ["--members", str(tmp_path / "members.ndjson")]
        there += ["--inbox", site.inbox.name, "--inbox-folder", str(site.inbox.folder)]
        for number in ("1", "2"):
            report = tmp_path / number
            played = faxgw_loadtest("run", str(day), "--compress", "240", *there, "--report", str(report))
            assert played.returncode == 0, played.stdout + played.stderr
            result = msgspec.json.decode((report / "report.json").read_bytes(), type=Result)
            assert (result.account.delivered, result.account.lost, result.account.twice) == (80, 0, 0)
            assert result.inbound is not None
            assert result.inbound.put_in == result.inbound.listed == result.inbound.counted == 16
            assert result.cpu_ms_a_fax
            assert {"gateway", "drawing", "carrier"} <= processes_in(result)


def processes_in(result: Result) -> set[str]:
    return {name for look in result.looks for name in look.cores}


def test_the_planner_says_what_binds() -> None:
    planned = faxgw_loadtest("plan", "small-network", "--florists", "4")
    assert planned.returncode == 0, planned.stderr
    assert "What binds: florists' lines" in planned.stdout
    assert "[call] faxes_max = 5" in planned.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "nosuchday"), "no profile nosuchday"),
        (("run", "plain-day", "--hours", "12-9"), "write it as 8-11"),
        (("run", "plain-day", "--hours", "2-3"), "no order comes in"),
        (("run", "plain-day", "--gateway", "/tmp"), "--carrier-control"),  # noqa: S108 - only has to be there.
        (("run", "plain-day", "--faxes-a-call", "0"), "1<=x<=20"),
        ((*OWN, "--inbox", "florists"), "--inbox-folder"),
    ],
)
def test_what_cannot_be_run_is_said_at_once(arguments: tuple[str, ...], told: str) -> None:
    """With the exit code of wrong usage, before anything is started."""
    refused = faxgw_loadtest(*arguments)
    assert refused.returncode == 2
    assert told in refused.stderr
