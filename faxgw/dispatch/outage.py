"""What went wrong with a carrier last, and an outage as the log tells it: once on every change, then rarely."""

from dataclasses import dataclass

import structlog

from faxgw.ops.logs import moment_text

log = structlog.get_logger(__name__)

SAY_AGAIN_SECONDS = 600.0
"""While an outage goes on as it is; a probe fails every 15 seconds."""
SAY_CHANGE_SECONDS = 60.0
"""At least between two lines, though its reason may change from probe to probe."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong with the carrier itself, not with one fax."""

    words: str
    """For a person; of the far end's own words only the code of a refusal."""
    at: float


class Outage:
    """Tells one carrier's outages from their first failure to the first answer."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._since: float | None = None
        self._told: Trouble | None = None

    def go_on(self, trouble: Trouble, probe_at: float) -> None:
        """It is out, or still is: an attempt just failed, the next may be made at `probe_at`."""
        if self._since is None:
            self._since = trouble.at
        if self._is_news(trouble):
            self._told = trouble
            moments = {"since": moment_text(self._since), "next_probe": moment_text(probe_at)}
            log.warning("provider_outage", provider=self._provider, reason=trouble.words, **moments)

    def end(self, now: float) -> None:
        """It answers again, be it after an outage or after it refused our account."""
        lasted = {} if self._since is None else {"outage_seconds": round(now - self._since, 1)}
        log.info("provider_works_again", provider=self._provider, **lasted)
        self._since = self._told = None

    def _is_news(self, trouble: Trouble) -> bool:
        if self._told is None:
            return True
        quiet_seconds = SAY_AGAIN_SECONDS if trouble.words == self._told.words else SAY_CHANGE_SECONDS
        return trouble.at - self._told.at >= quiet_seconds
