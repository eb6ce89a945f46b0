"""A part of the bench in a process of its own, ended with all that it started when its time is over."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from tools.bench.part import Measured
from tools.bench.parts import Part
from tools.bench.peers.processes import end

ROOT = Path(__file__).parents[2]


def run(part: Part, *, quick: bool) -> Measured:
    """Never longer than the part may take, and a few seconds to end it; never raises for what a part does."""
    seconds_max = part.quick_seconds_max if quick else part.seconds_max
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "rows.json")
        command = [sys.executable, "-m", "tools.bench.part", part.module, "--out", str(out)]
        measured = run_command(command + ["--quick"] * quick, out, part.module, seconds_max)
    return msgspec.structs.replace(measured, took_seconds=round(time.monotonic() - began, 1))


def run_command(command: list[str], out: Path, name: str, seconds_max: float) -> Measured:
    """Its standard output is for people, and goes where the errors go."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), cwd=ROOT, start_new_session=True
    )
    try:
        process.wait(seconds_max)
    except subprocess.TimeoutExpired:
        return Measured(part=name, trouble=f"took longer than {seconds_max:g} s and was ended")
    finally:
        # As Ctrl-C would: what it has open ends what it started.
        end(process, signal.SIGINT)
    if not out.exists():
        return Measured(part=name, trouble=f"ended with exit code {process.returncode} and nothing written")
    return msgspec.json.decode(out.read_bytes(), type=Measured)
