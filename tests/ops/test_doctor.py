"""Each check of the doctor tells what is well from what is not, and says what to do."""

import datetime as dt
import socket
from pathlib import Path

import pytest

from faxgw.cli.doctor_page import draw_page
from faxgw.ops.doctor import disk, files, gateway, machine, network, store
from faxgw.ops.doctor.finding import Finding, Verdict, ok, skip, warn, worst_of
from tests.api.tls import make_certificate

NOW = dt.datetime(2027, 5, 9, 3, tzinfo=dt.UTC)
OK, WARN, FAIL, SKIP = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.SKIP
GIB = 2**30
DAY = 86_400.0

CASES: list[tuple[Finding, Verdict, str]] = [
    (files.judge_secrets({Path("/s"): 0o600, Path("/t"): 0o640}), OK, "2 read"),
    (files.judge_secrets({Path("/s"): 0o644}), FAIL, "/s"),
    (files.judge_secrets({Path("/s"): 0o620}), FAIL, "/s"),
    (files.judge_secrets({}), SKIP, "none"),
    (files.judge_state_dir(Path("/v"), 0o750), OK, "750"),
    (files.judge_state_dir(Path("/v"), 0o755), WARN, "addresses"),
    (files.judge_socket(Path("/v.sock"), 0o660, 0o660), OK, "660"),
    (files.judge_socket(Path("/v.sock"), 0o666, 0o666), WARN, "every user"),
    (files.judge_socket(Path("/v.sock"), 0o600, 0o660), WARN, "not 660"),
    (disk.judge_file_system("ext4", Path("/")), OK, "ext4"),
    (disk.judge_file_system("tmpfs", Path("/run")), FAIL, "memory"),
    (disk.judge_file_system("nfs4", Path("/mnt")), FAIL, "another machine"),
    (disk.judge_file_system("overlay", Path("/")), WARN, "container"),
    (disk.judge_free_space(9 * GIB, GIB), OK, "9.0 GiB"),
    (disk.judge_free_space(3 * GIB, GIB), WARN, "3.0 GiB"),
    (disk.judge_free_space(GIB // 2, GIB), FAIL, "0.5 GiB"),
    (disk.judge_syncs([0.001] * 40), OK, "p50 1.00 ms"),
    (disk.judge_syncs([0.001] * 39 + [0.5]), WARN, "p99 500.00 ms"),
    (disk.judge_syncs([0.000_002] * 40), WARN, "too quick"),
    (disk.judge_growth(10 * GIB, 10 * DAY, 400 * GIB), OK, "400 days"),
    (disk.judge_growth(10 * GIB, 10 * DAY, 20 * GIB), WARN, "20 days"),
    (disk.judge_growth(GIB, 3_600.0, GIB), SKIP, "day old"),
    (machine.judge_clock(machine.ClockState(is_synchronised=True, off_seconds_max=0.01)), OK, "10 ms"),
    (machine.judge_clock(machine.ClockState(is_synchronised=True, off_seconds_max=4.0)), WARN, "4.0 s"),
    (machine.judge_clock(machine.ClockState(is_synchronised=False, off_seconds_max=16.0)), WARN, "nothing keeps"),
    (machine.judge_clock(None), SKIP, "does not tell"),
    (machine.judge_files(65_536, 200, 2, "the daemon"), OK, "65,536"),
    (machine.judge_files(1_024, 200, 2, "the daemon"), FAIL, "1,024"),
    (machine.judge_sqlite((3, 51, 3)), OK, "3.51.3"),
    (machine.judge_sqlite((3, 40, 1)), OK, "no SQL shell"),
    (machine.judge_sqlite((3, 31, 0)), FAIL, "too old"),
    (machine.judge_zones(["Europe/Paris", "UTC"]), OK, "Europe/Paris"),
    (machine.judge_zones(["Europe/Atlantis"]), FAIL, "Europe/Atlantis"),
    (store.judge_schema("0007", "0007"), OK, "0007"),
    (store.judge_schema("0006", "0007"), WARN, "0006"),
    (store.judge_schema("0009", "0007"), FAIL, "0009"),
    (store.judge_journal("wal"), OK, "log"),
    (store.judge_journal("delete"), WARN, "delete"),
    (store.judge_log(2**20), OK, "1.0 MiB"),
    (store.judge_log(2**30), WARN, "1,024.0 MiB"),
    (store.judge_backup(3_600.0), OK, "1.0 hours"),
    (store.judge_backup(3 * DAY), WARN, "72.0 hours"),
    (store.judge_backup(None), WARN, "none"),
    (store.judge_integrity([], "quick check"), OK, "nothing"),
    (store.judge_integrity(["row 3 missing from index"], "quick check"), FAIL, "row 3"),
    (gateway.judge_ready([], []), OK, "sends"),
    (gateway.judge_ready([], ["north is out"]), WARN, "north"),
    (gateway.judge_ready(["stopping"], []), FAIL, "stopping"),
    (gateway.judge_oldest(20.0), OK, "less than a minute"),
    (gateway.judge_oldest(700.0), FAIL, "12 min"),
    (gateway.judge_doubts(0, 0), OK, "none"),
    (gateway.judge_doubts(3, 3), OK, "asked"),
    (gateway.judge_doubts(3, 1), WARN, "2 of 3"),
    (gateway.judge_held(0), OK, "none"),
    (gateway.judge_held(4), WARN, "4 faxes"),
    (gateway.judge_carriers({}, 2), OK, "all 2"),
    (gateway.judge_carriers({"north": "outage"}, 2), WARN, "north: outage"),
    (gateway.judge_carriers({"north": "outage"}, 1), FAIL, "none takes"),
    (network.judge_expiry("c", "h:1", NOW + dt.timedelta(days=90), NOW), OK, "2027-08-07"),
    (network.judge_expiry("c", "h:1", NOW + dt.timedelta(days=9), NOW), WARN, "9 days"),
    (network.judge_expiry("c", "h:1", NOW - dt.timedelta(days=1), NOW), FAIL, "is over"),
]


@pytest.mark.parametrize(("finding", "verdict", "told"), CASES, ids=lambda case: str(case)[:40])
def test_figures_are_judged(finding: Finding, verdict: Verdict, told: str) -> None:
    """By the table; whatever is not well says what to do."""
    assert finding.verdict is verdict
    assert told in finding.detail
    assert bool(finding.advice) == (verdict in {WARN, FAIL})


def test_the_worst_finding_is_the_verdict_and_what_was_skipped_counts_for_nothing() -> None:
    """A script looks at one word."""
    assert worst_of([]) is OK
    assert worst_of([ok("a", ""), skip("b", "")]) is OK
    assert worst_of([ok("a", ""), warn("b", "", "do"), Finding("c", FAIL, "", "do")]) is FAIL


def test_the_file_system_is_that_of_the_deepest_mount(tmp_path: Path) -> None:
    """A folder that is not there yet lies where its parent lies; of two mounts on one place the later one is seen."""
    mounts = (
        f"/dev/a / ext4 rw 0 0\n/dev/b {tmp_path} xfs rw 0 0\ntmpfs {tmp_path} tmpfs rw 0 0\n/dev/c /nowhere nfs rw 0 0"
    )
    assert disk.look_at_file_system(tmp_path / "not" / "yet", mounts).verdict is FAIL
    assert disk.look_at_file_system(Path("/"), mounts).detail == "ext4 on /"


def test_syncs_are_measured_and_nothing_is_left(tmp_path: Path) -> None:
    """On a real disk each takes some time."""
    seconds = disk.measure_syncs(tmp_path)
    assert len(seconds) == disk.SYNCS
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_door_without_anybody_behind_it_is_told_from_one_that_answers() -> None:
    """It connects and hangs up; who listens gets no byte."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert network.look_at_url("c", f"http://127.0.0.1:{port}", NOW).verdict is OK
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(1) == b""
    refused = network.look_at_url("c", f"http://127.0.0.1:{port}", NOW)
    assert (refused.verdict, "Connection refused" in refused.detail) == (FAIL, True)


def test_a_certificate_is_tried_with_its_key(tmp_path: Path) -> None:
    """It is good until its day, and useless with another's key."""
    for name in ("one", "two"):
        make_certificate(tmp_path, name)
    now = dt.datetime.now(dt.UTC)
    good = network.look_at_certificate("c", tmp_path / "one.pem", tmp_path / "one.key", now)
    assert (good.verdict, "certificate good until" in good.detail) == (WARN, True)
    assert network.look_at_certificate("c", tmp_path / "one.pem", tmp_path / "two.key", now).verdict is FAIL
    assert network.look_at_certificate("c", tmp_path / "none.pem", tmp_path / "one.key", now).verdict is FAIL


def test_a_page_is_drawn() -> None:
    """With the fonts and the form that orders are drawn with."""
    assert draw_page().verdict is OK


def test_the_kernel_tells_of_its_clock() -> None:
    """Whether synchronised or not, it is wrong by no more than it says."""
    clock = machine.read_clock()
    assert clock is not None
    assert 0 <= clock.off_seconds_max < 3_600
