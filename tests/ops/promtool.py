"""Prometheus' own tool, and what a scrape of the gateway brings."""

import re
import subprocess

from faxgw.ops.metrics import Metrics
from tests.peers import require_peer

_SUMS = ("_count", "_sum", "_bucket")


def promtool(*arguments: str, told: bytes = b"") -> str:
    """What it printed; it must have found nothing wrong."""
    ran = subprocess.run([require_peer("promtool"), *arguments], input=told, capture_output=True, check=False)
    printed = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == 0, printed
    return printed


def series_that_are_there() -> dict[str, str]:
    """The name of every series, and the metric that it belongs to."""
    metrics = re.findall(r"^# TYPE (\w+) (\w+)", Metrics().exposition().decode(), re.MULTILINE)
    return {name + suffix: name for name, kind in metrics for suffix in (_SUMS if kind == "histogram" else ("",))}


def series_in(expression: str) -> set[str]:
    """Ours, and those of the process, that an expression asks for."""
    return set(re.findall(r"(?<![:\w])(?:faxgw|process)_\w+", expression))
