"""Which florists are away on which day, in memory for who chooses between florists; the store has the truth."""

import datetime as dt
from collections.abc import Iterable

from faxgw.store.relay.port import Absence


class AwayFlorists:
    """See `routing.candidates.Away`."""

    def __init__(self) -> None:
        self._absences: dict[str, list[Absence]] = {}

    def put(self, absences: Iterable[Absence]) -> bool:
        """All absences that are not over; says whether they are others than before."""
        told: dict[str, list[Absence]] = {}
        for absence in absences:
            told.setdefault(absence.member, []).append(absence)
        is_news, self._absences = told != self._absences, told
        return is_news

    def is_away(self, member_id: str, day: dt.date) -> bool:
        return any(absence.covers(day) for absence in self._absences.get(member_id, ()))
