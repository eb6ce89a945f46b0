"""Keeps every florist's score at hand: made anew each hour from the register's books and from real traffic."""

import datetime as dt

import structlog
import trio

from faxgw.errors import StoreFailedError
from faxgw.members.keeper import Keeper
from faxgw.members.score import quality_of, score_of
from faxgw.members.traffic import Traffic, TrafficSource
from faxgw.routing.candidates import NEUTRAL_SCORE

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 3_600.0
"""A score moves by single orders and complaints: an hour more or less changes no choice that matters."""
COUNTED_DAYS = 365
MEMBERS_BETWEEN_CHECKPOINTS = 50


class KeptScores:
    """See `candidates.Scores`."""

    def __init__(self, keeper: Keeper, traffic: TrafficSource) -> None:
        self._keeper = keeper
        self._traffic = traffic
        self._scores: dict[str, int] = {}

    def score(self, member_id: str) -> int:
        return self._scores.get(member_id, NEUTRAL_SCORE)

    async def run(self) -> None:
        """Refresh, for ever."""
        while True:
            try:
                await self.refresh()
            except StoreFailedError:
                raise
            except Exception:
                # The crash barrier of scores: routing goes on with those of an hour ago.
                log.exception("scores_not_refreshed")
            await trio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Score every member over the last year."""
        now, since_day = self._keeper.now(), self._keeper.today() - dt.timedelta(COUNTED_DAYS)
        since = now - COUNTED_DAYS * 86_400.0
        traffic = await self._traffic.traffic(since, now)
        scores: dict[str, int] = {}
        for number, member in enumerate(list(self._keeper.live), start=1):
            known = traffic.get(member.id, Traffic())
            scores[member.id] = round(
                100 * score_of(quality_of(self._keeper.books, member.id, known, since, since_day)).value
            )
            if number % MEMBERS_BETWEEN_CHECKPOINTS == 0:
                await trio.lowlevel.checkpoint()
        self._scores = scores
