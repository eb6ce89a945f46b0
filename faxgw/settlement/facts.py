"""What the month's end asks of the members' register and of orders, answered from both."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

from faxgw.members.keeper import Keeper
from faxgw.members.member import Kind, Member
from faxgw.members.register import Register
from faxgw.phone import Line, parse_line
from faxgw.settlement.claiming import Calendar
from faxgw.settlement.follow import Follower
from faxgw.settlement.month.statement import Whom
from faxgw.store.claims.port import ClaimStore

REGISTERS_KEPT = 4
"""A month's statements all ask of one day."""


class MemberFacts:
    """See `month.desk.Register`."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        # A new entry makes a new key, so that nothing is answered from an old register.
        self._register_of = lru_cache(maxsize=REGISTERS_KEPT)(self._made)

    def whom(self, member_id: str, on: dt.date, known_at: float | None) -> Whom:
        """Its postal address and business number; one whom no register of that day has is told by its id alone."""
        seq = self._keeper.books.seq if known_at is None else self._keeper.books.history.known_seq(known_at)
        register = self._register_of(on, seq)
        member = register.find(member_id) or register.find_former(member_id)
        if member is None:
            return Whom(id=member_id, name=member_id, address=(), language="en")
        return Whom(
            id=member.id,
            name=member.name,
            address=(member.street, f"{member.postcode} {member.city}"),
            language=member.language,
            tax_id=member.organisation_number or "",
        )

    def payee(self, member_id: str, on: dt.date) -> tuple[str, str] | None:
        account = self._keeper.books.accounts.in_force(member_id, on)
        if account is None:
            return None
        name = self.whom(member_id, on, None).name
        return name, account.number

    def without_account(self, on: dt.date) -> Sequence[str]:
        """Whoever has none in force that day, former members among them."""
        ids = sorted(timeline.member_id for timeline in self._keeper.books.history)
        return [each for each in ids if self._keeper.books.accounts.in_force(each, on) is None]

    def line_of(self, member_id: str) -> Line | None:
        """Where its statement is faxed to, also once it has left."""
        member = self._keeper.live.find(member_id)
        if member is not None:
            return self._keeper.live.line_of(member)
        former = self._keeper.live.find_former(member_id)
        return parse_line(former.fax, former.country) if former is not None else None

    def foreign_units(self) -> frozenset[str]:
        """Members that are networks of other countries, today."""
        return frozenset(member.id for member in self._keeper.live if _is_unit(member))

    def _made(self, on: dt.date, seq: int) -> Register:
        return self._keeper.register_of(on, seq)


def _is_unit(member: Member) -> bool:
    return member.kind is Kind.UNIT


class OrderFacts:
    """See `month.desk.Orders`."""

    def __init__(self, claims: ClaimStore, follower: Follower, calendar: Calendar) -> None:
        self._claims = claims
        self._follower = follower
        self._calendar = calendar

    async def catch_up(self) -> None:
        await self._follower.catch_up(thoroughly=True)

    async def unanswered(self, first: dt.date, last: dt.date) -> Sequence[str]:
        return await self._claims.unanswered(first, last, silence_accepts=self._calendar.grace.silence_accepts)

    async def promised(self, first: dt.date, last: dt.date) -> Sequence[str]:
        """Those whose grace is over were posted; what is accepted and not posted is within it."""
        over = self._calendar.grace_over(self._follower.today())
        return await self._claims.accepted(max(first, over + dt.timedelta(days=1)), last)

    async def refused(self, until: dt.date) -> Sequence[str]:
        return [each.stem for each in await self._claims.refused() if each.day <= until]
