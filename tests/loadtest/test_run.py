"""The whole command: a daemon and a carrier of its own, a slice of the Saturday, the account and the report."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.profile import Florists, load_profile
from faxgw_loadtest.result import Result
from faxgw_loadtest.stage import open_stage

SECONDS_MAX = 120
COMMAND = (sys.executable, "-m", "faxgw_loadtest.cli")
MEMBERS = str(Path(__file__).parents[2] / "config" / "examples" / "members.ndjson")
OWN = ("run", "plain-day", "--gateway", MEMBERS, "--carrier-control", "http://127.0.0.1:1", "--members", MEMBERS)
"""A gateway that only has to be there."""


def faxgw_loadtest(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # A run has bounds of its own; this one is for when they fail.
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )


@pytest.mark.live
def test_a_slice_of_the_saturday_is_played_counted_and_reported(tmp_path: Path) -> None:
    """Eighty orders of half an hour, and answers to some of them: none lost, none twice, and a report of one file."""
    slice_of_day = ("--hours", "9-9.5", "--limit", "80", "--florists", "12")
    pace = ("--compress", "500", "--seconds-after", "60")
    options = (*slice_of_day, *pace, "--faxes-a-call", "5", "--inbound", "7600")
    played = faxgw_loadtest("run", "mothers-day-saturday", *options, "--report", str(tmp_path))
    assert played.returncode == 0, played.stdout + played.stderr
    assert "accepted 80 delivered 80 unfinished 0 refused 0 lost 0 twice 0" in played.stdout
    result = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Result)
    assert result.account.delivered == sum(latency.count for latency in result.to_receipt.values()) == 80
    assert result.account.line_overlap_max == 1
    assert sum(line.calls for line in result.lines) == sum(result.account.calls.values())
    _check_inbound(result)
    assert {"gateway", "drawing", "reading", "carrier", "FTP server"} <= result.looks[-1].cores.keys()
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 16
    assert "src=" not in page
    assert "http" not in page


@pytest.mark.live
def test_a_gateway_that_runs_already_is_played_twice_and_watched(tmp_path: Path) -> None:
    """Its process is found by its socket; orders and answers of the first run are not mistaken for the second's."""
    day = load_profile("mothers-day-saturday")
    day = msgspec.structs.replace(day, florists=Florists(count=12))
    with open_stage(tmp_path, day, list(members(12)), compress=1_000, seed=1) as site:
        assert site.inbox is not None
        there = ["--gateway", str(site.gateway), "--carrier-control", site.carrier]
        there += ["--members", str(tmp_path / "members.ndjson")]
        there += ["--inbox", site.inbox.name, "--inbox-folder", str(site.inbox.folder)]
        options = ("--hours", "9-9.5", "--limit", "40", "--florists", "12", "--compress", "1000", "--inbound", "7600")
        for number in ("1", "2"):
            report = tmp_path / number
            played = faxgw_loadtest("run", "mothers-day-saturday", *options, *there, "--report", str(report))
            assert played.returncode == 0, played.stdout + played.stderr
            result = msgspec.json.decode((report / "report.json").read_bytes(), type=Result)
            assert (result.account.delivered, result.account.lost, result.account.twice) == (40, 0, 0)
            assert result.inbound is not None
            assert result.inbound.put_in == result.inbound.listed == result.inbound.counted == 8
            assert result.cpu_ms_a_fax
            assert {"gateway", "drawing", "reading", "carrier"} <= result.looks[-1].cores.keys()


def _check_inbound(result: Result) -> None:
    """A fifth of the orders is answered; every answer stands in the gateway's list once, as what it is."""
    inbound = result.inbound
    assert inbound is not None
    assert inbound.planned == inbound.put_in == inbound.read == inbound.listed == inbound.counted == 16
    assert inbound.accepted + inbound.repeated + inbound.review == 16
    assert (inbound.lost, inbound.twice, inbound.unread, inbound.misread, inbound.aside) == (0, 0, 0, 0, 0)
    assert inbound.to_read is not None
    assert inbound.to_read.count == 16


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
