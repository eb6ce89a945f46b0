"""Postfix on the same machine: 30 KB messages taken in by SMTP, queued with its fsync, delivered to a sink.

The nearest neighbour of a fax gateway's work without its drawing: durable accept, a queue, delivery over a network,
a log line a step. Run: `python -m tools.bench postfix`.
"""

import statistics
import tempfile
from pathlib import Path

from tools.bench.peers.mail import SESSIONS, open_postfix
from tools.bench.row import Row

MESSAGE_BYTES = 30_000
MESSAGES, MESSAGES_QUICK = 4_000, 500
ROUNDS, ROUNDS_QUICK = 3, 1
WARMING = 200
ROUND_SECONDS_MAX = 120.0

RATE = f"{MESSAGE_BYTES // 1_000} KB messages accepted and delivered, {SESSIONS} sessions"
CPU = "CPU of it, all of Postfix's processes"


def rows(*, quick: bool = False) -> list[Row]:
    """Raises MissingPeerError."""
    messages, rounds = (MESSAGES_QUICK, ROUNDS_QUICK) if quick else (MESSAGES, ROUNDS)
    parent = Path("var")
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder, open_postfix(Path(folder).resolve()) as site:
        site.send(WARMING, MESSAGE_BYTES, ROUND_SECONDS_MAX)
        costs = [site.send(messages, MESSAGE_BYTES, ROUND_SECONDS_MAX) for _ in range(rounds)]
    rate = statistics.median(messages / seconds for seconds, _ in costs)
    cpu_ms = statistics.median(1e3 * cpu / messages for _, cpu in costs)
    return [
        Row(part="postfix", what=RATE, value=rate, unit="messages/s"),
        Row(part="postfix", what=CPU, value=cpu_ms, unit="ms/message"),
    ]
