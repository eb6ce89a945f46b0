"""How fast one inbox may take files in: evenly, whatever the connections could carry, so that sending goes on."""

import trio


class Pace:
    """Each call waits for what the calls before it took, over all connections."""

    def __init__(self, per_minute: int) -> None:
        self._seconds_each = 60.0 / per_minute
        self._free_at = 0.0

    async def wait(self, count: int) -> None:
        """Until so many more may be taken. What was not used of the time before is not made up for."""
        now = trio.current_time()
        starts_at = max(now, self._free_at)
        self._free_at = starts_at + count * self._seconds_each
        await trio.sleep_until(starts_at)
