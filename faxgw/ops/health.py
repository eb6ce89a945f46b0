"""Whether the gateway is alive and ready, said in sentences that tell an operator what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import trio

COMMIT_STALL_SECONDS_MAX = 10.0


class GatewayHealth:
    """See `api.port.Health`."""

    def __init__(self, state_dir: Path, free_bytes_min: int, waiting_since: Callable[[], float | None]) -> None:
        """`waiting_since` says since when, by trio's clock, a write waits to be durable; None where none does."""
        self._state_dir = state_dir
        self._free_bytes_min = free_bytes_min
        self._waiting_since = waiting_since
        self._recovered = False
        self._stopping = False
        self.carriers_not_ready: Callable[[], list[str]] = list
        """Tells why no carrier takes faxes; like the next three known once the gateway is there."""
        self.stopped_by_people: Callable[[], list[str]] = list
        self.carriers_out: Callable[[], list[str]] = list
        """Carriers that take nothing while others do."""
        self.inboxes_not_read: Callable[[], list[str]] = list

    def note_recovered(self) -> None:
        self._recovered = True

    def note_stopping(self) -> None:
        self._stopping = True

    def reasons_not_ready(self) -> list[str]:
        reasons = []
        if not self._recovered:
            reasons.append("starting: the queue is being read")
        if self._stopping:
            reasons.append("stopping")
        free_bytes = shutil.disk_usage(self._state_dir).free
        if free_bytes < self._free_bytes_min:
            reasons.append(f"the disk of {self._state_dir} has only {free_bytes // 2**20} MiB free: make room")
        return reasons + self.stopped_by_people() + self.carriers_not_ready() + self.reasons_not_alive()

    def notes(self) -> list[str]:
        """What an operator should know that keeps no order from being sent."""
        return self.carriers_out() + self.inboxes_not_read()

    def reasons_not_alive(self) -> list[str]:
        since = self._waiting_since()
        stalled_seconds = trio.current_time() - since if since is not None else 0.0
        if stalled_seconds > COMMIT_STALL_SECONDS_MAX:
            return [f"the store has not committed for {stalled_seconds:.0f} s while writes wait: look at the disk"]
        return []
