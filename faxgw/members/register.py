"""The register as it is on one day: who is a member, and which line a member's fax machine answers.

It is made from the dated history (`snapshots.py`), and asked at every order and every call: everything is looked up.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from faxgw.errors import BugError
from faxgw.members.member import Member
from faxgw.phone import Line, parse_line


class _Facts(NamedTuple):
    members: dict[str, Member]
    lines: dict[str, tuple[Line, ...]]
    calls_max: dict[Line, int]
    by_line: dict[Line, Member]
    former: dict[str, Member]
    last_days: Mapping[str, dt.date]


class Register:
    """All members by id. It never changes; a change makes a new register."""

    def __init__(
        self,
        members: Iterable[Member],
        *,
        former: Iterable[Member] = (),
        last_days: Mapping[str, dt.date] | None = None,
        on_day: "Callable[[dt.date], Register] | None" = None,
    ) -> None:
        """`members` have different ids and possible fax numbers, as `checks.faults_of` sees to.

        `former` left; `last_days` are of those who will; `on_day` gives the register of another day.
        """
        self._facts = _Facts({}, {}, {}, {}, {member.id: member for member in former}, last_days or {})
        self._on_day = on_day
        for member in members:
            self._add(member)

    def _add(self, member: Member) -> None:
        facts = self._facts
        lines = member_lines(member)
        if lines is None or member.id in facts.members:
            raise BugError(f"member {member.id} came to the register unchecked")
        facts.members[member.id] = member
        facts.lines[member.id] = tuple(lines)
        for line, calls_max in lines.items():
            facts.calls_max[line] = max(self.calls_max(line), calls_max)
            facts.by_line.setdefault(line, member)

    def find(self, member_id: str) -> Member | None:
        return self._facts.members.get(member_id)

    def find_former(self, member_id: str) -> Member | None:
        """One who left: whose orders of before still go out, and who still gets the last statement."""
        return self._facts.former.get(member_id)

    def absence_of(self, member_id: str) -> str:
        """Why `find` finds nobody, for whoever named the member."""
        if member_id in self._facts.former:
            return f"{member_id} has left the network; it gets no new orders"
        return f"no member {member_id} in the register"

    def last_day_of(self, member_id: str) -> dt.date | None:
        """The day after which the member is one no more, where that is known."""
        return self._facts.last_days.get(member_id)

    def line_of(self, member: Member) -> Line:
        """The line of the member's fax machine, parsed once when the register was made."""
        return self._facts.lines[member.id][0]

    def lines_of(self, member: Member) -> tuple[Line, ...]:
        """The same, and the lines of other machines in the order in which they are tried."""
        return self._facts.lines[member.id]

    def calls_max(self, line: Line) -> int:
        """How many calls the line takes at once; a number of no member takes one."""
        return self._facts.calls_max.get(line, 1)

    def member_at(self, line: Line) -> Member | None:
        """Whose machine answers the line; of two who share one, the first in the register."""
        return self._facts.by_line.get(line)

    def as_of(self, day: dt.date) -> "Register":
        """The register of another day; one without a history is the same on all."""
        return self if self._on_day is None else self._on_day(day)

    def __len__(self) -> int:
        return len(self._facts.members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._facts.members.values())


class LiveRegister(Register):
    """The register as it stands now. A change puts a whole new one in its place, between two steps of a task."""

    def __init__(self, now: Register) -> None:
        super().__init__(())
        self.swap(now)

    @property
    def now(self) -> Register:
        """The register that stands in its place now, and never changes."""
        return self._now

    def swap(self, now: Register) -> None:
        self._now = now
        self._facts, self._on_day = now._facts, now._on_day  # noqa: SLF001 - its own class.


def member_lines(member: Member) -> dict[Line, int] | None:
    """The member's lines with the calls each takes at once, the first one first; None where a number has none."""
    second = {} if member.fax_second is None else {member.fax_second: 1}
    others = {machine.number: machine.calls_max for machine in member.fax_machines}
    lines: dict[Line, int] = {}
    for number, calls_max in {member.fax: member.fax_calls_max, **second, **others}.items():
        line = parse_line(number, member.country)
        if line is None:
            return None
        lines[line] = max(calls_max, lines.get(line, 1))
    return lines
