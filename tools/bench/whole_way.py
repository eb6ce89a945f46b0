"""The whole way, from the order that comes in to the receipt that is recorded, over the load test's carrier.

First as Postfix and HylaFAX are measured: everything is handed in as fast as it is taken, and the clock runs until the
last receipt is in the store. Then for five minutes at nine tenths of that: what is promised must also be kept.
Real daemon, real drawing, every fsync; the carrier and the load test share the machine. Its CPU is counted of our
processes only, as Postfix's is of its own. Run: `python -m tools.bench whole_way`.
"""

import math
import re
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import msgspec

from tools.bench.peers.processes import PeerError, end
from tools.bench.row import Row

FAXES, FAXES_QUICK = 10_000, 5_000
"""A load test looks at its processes once a second: in so many faxes the part of a second at the end counts little."""
OFFERED_A_SECOND = 1_000
"""More than it can take, so that it never waits for orders."""
SUSTAINED_SECONDS = 300
SUSTAINED_SHARE = 0.9
DAY_SECONDS = 600
"""Of the profile `flat`, which compressing makes shorter."""
SECONDS_AFTER = 240

RATE = "order in to receipt recorded, handed in as fast as taken"
CPU = "CPU of it, gateway and drawing"
SUSTAINED = f"the same for {SUSTAINED_SECONDS // 60} minutes at {SUSTAINED_SHARE:.0%} of it"
_CASE_A_MINUTE = 5_000
"""What the case study's carrier says that it can send."""
_CASE = f"{_CASE_A_MINUTE:,}/min, the case study's capacity"


class Account(msgspec.Struct):
    accepted: int
    delivered: int
    refused: int
    unfinished: int
    lost: int
    twice: int


class Waits(msgspec.Struct):
    p50: float
    p99: float


class Run(msgspec.Struct):
    took_seconds: float


class Look(msgspec.Struct):
    memory_mib: dict[str, float]


class Report(msgspec.Struct):
    """What we read of a load test's report.json."""

    run: Run
    account: Account
    accept: Waits
    to_receipt: dict[str, Waits]
    cpu_ms_a_fax: float | None
    looks: list[Look]

    @property
    def rate(self) -> float:
        """Faxes a second."""
        return self.account.delivered / self.run.took_seconds

    @property
    def cpu_ms(self) -> float:
        """A fax; not a number where the processes could not be looked at."""
        return math.nan if self.cpu_ms_a_fax is None else self.cpu_ms_a_fax


def rows(*, quick: bool = False) -> list[Row]:
    faxes = FAXES_QUICK if quick else FAXES
    burst = _play(faxes, faxes / OFFERED_A_SECOND)
    cpu_of, found = burst, [_rate_row(RATE, burst)]
    if not quick:
        sustained = _play(round(burst.rate * SUSTAINED_SHARE * SUSTAINED_SECONDS), SUSTAINED_SECONDS)
        cpu_of = sustained
        found += [_rate_row(SUSTAINED, sustained, at_least=4.0), *_sustained_rows(sustained)]
    return [*found, Row(part="whole way", what=CPU, value=cpu_of.cpu_ms, unit="ms/fax")]


def _rate_row(what: str, report: Report, at_least: float | None = None) -> Row:
    a_minute = 60 * report.rate
    return Row(
        part="whole way",
        what=what,
        value=a_minute,
        unit="faxes/min",
        against=_CASE,
        ratio=a_minute / _CASE_A_MINUTE,
        at_least=at_least,
    )


def _sustained_rows(report: Report) -> list[Row]:
    receipt = report.to_receipt["standard"]
    half = len(report.looks) // 2
    early, late = (max(sum(look.memory_mib[name] for name in ("gateway", "drawing")) for look in part)
                   for part in (report.looks[:half], report.looks[half:]))  # fmt: skip
    return [
        Row(part="whole way", what="accepted meanwhile, p99", value=1e3 * report.accept.p99, unit="ms"),
        Row(part="whole way", what="receipt meanwhile, standard class, p50", value=receipt.p50, unit="s"),
        Row(part="whole way", what="receipt meanwhile, standard class, p99", value=receipt.p99, unit="s"),
        Row(part="whole way", what="memory, second half", value=late, unit="MiB",
            against=f"{early:,.0f} MiB in the first half", ratio=late / early),
    ]  # fmt: skip


def _play(faxes: int, seconds: float) -> Report:
    """So many faxes in so many seconds, by a load test of its own.

    Raises:
        PeerError: it did not end, or it lost, doubled or left something.
    """
    seconds_max = seconds + SECONDS_AFTER + 120
    with tempfile.TemporaryDirectory(dir=_parent()) as name:
        folder = Path(name)
        profile = folder / "flat.toml"
        profile.write_text(_flat_profile(faxes))
        command = [sys.executable, "-m", "faxgw_loadtest.cli", "run", str(profile)]
        command += ["--compress", str(DAY_SECONDS / seconds), "--seconds-after", str(SECONDS_AFTER)]
        command += ["--report", str(folder), "--keep", str(folder / "stage")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - ours
            try:
                process.wait(seconds_max)
            except subprocess.TimeoutExpired as late:
                raise PeerError(f"the load test did not end within {seconds_max:.0f} s") from late
            finally:
                end(process)
        report = folder / "report.json"
        if not report.exists():
            raise PeerError(f"the load test: {(folder / 'log').read_text(errors='replace')[-500:]}")
        return check(msgspec.json.decode(report.read_bytes(), type=Report), faxes)


def check(report: Report, faxes: int) -> Report:
    """Raises PeerError where not every fax was delivered once; a rate of lost faxes is none."""
    account = report.account
    if account.delivered != faxes or account.lost or account.twice:
        raise PeerError(f"of {faxes:,} faxes: {account}")
    return report


def _flat_profile(faxes: int) -> str:
    flat = files("faxgw_loadtest").joinpath("profiles/flat.toml").read_text(encoding="utf-8")
    return re.sub(r"(?m)^faxes = .*$", f"faxes = {faxes}", flat, count=1)


def _parent() -> Path:
    """On the file system that the peers are measured on."""
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    return parent
