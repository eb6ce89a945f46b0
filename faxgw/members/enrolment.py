"""How a florist comes into the network and leaves it: application, checks, start date, probation, last day."""

import datetime as dt
from collections.abc import Collection

from faxgw.faults import Fault
from faxgw.members.books import Books
from faxgw.members.decisions import (
    Asked,
    Decided,
    Decision,
    Faulty,
    Forbidden,
    NotThere,
    find_member,
    new_entry,
    tell_of,
)
from faxgw.members.difference import fields_of
from faxgw.members.entries import Act, CheckPassed, FieldsSet, member_subject
from faxgw.members.history import A_DAY
from faxgw.members.member import Member, Standing


def apply(books: Books, asked: Asked, member: Member, day: dt.date) -> Decision:
    """Somebody wants to become a member; whoever has left may come again."""
    timeline = books.history.find(member.id)
    before = timeline.on(day) if timeline is not None else None
    if before is not None and before.standing is not Standing.WITHDRAWN:
        return Forbidden(f"{member.id} is in the register already ({before.standing}); change it instead")
    fields = fields_of(member) | {"standing": Standing.APPLICANT.value}
    gone = fields_of(before) if before is not None else {}
    # A comer-back brings all anew: nothing of before shines through.
    said = FieldsSet(Act.APPLIED, {**dict.fromkeys(gone), **fields})
    entry = new_entry(asked, member_subject(member.id), said, day)
    return Decided([entry], [tell_of(asked, "member_applied", member=member.id, day=day.isoformat())])


def pass_check(books: Books, asked: Asked, member_id: str, check: str, checks: Collection[str]) -> Decision:
    """Somebody has looked at one of the things that must be right."""
    if check not in checks:
        return Faulty([Fault("/check", f"must be one of {', '.join(checks)}, as [members] checks names them")])
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    if check in books.checks.get(member_id, {}):
        return Decided([])
    entry = new_entry(asked, member_subject(member_id), CheckPassed(check))
    return Decided([entry], [tell_of(asked, "member_checked", member=member_id, check=check)])


def admit(
    books: Books, asked: Asked, member_id: str, first_day: dt.date, probation_days: int, checks: Collection[str]
) -> Decision:
    """An applicant becomes a member from a day on: on probation first, then in full."""
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    member = timeline.on(first_day)
    if member is None or member.standing is not Standing.APPLICANT:
        now = "nobody" if member is None else member.standing
        return Forbidden(f"{member_id} is {now} on {first_day}: only an applicant can be admitted")
    missing = [check for check in checks if check not in books.checks.get(member_id, {})]
    if missing:
        return Forbidden(f"{member_id} cannot be admitted before it is checked: {', '.join(missing)}")
    subject, in_full_from = member_subject(member_id), first_day + probation_days * A_DAY
    stands = [(Standing.PROBATION, first_day)] if probation_days else []
    entries = [
        new_entry(asked, subject, FieldsSet(Act.ADMITTED, {"standing": standing.value}), day)
        for standing, day in [*stands, (Standing.FULL, in_full_from)]
    ]
    told = {"member": member_id, "day": first_day.isoformat(), "in_full_from": in_full_from.isoformat()}
    return Decided(entries, [tell_of(asked, "member_admitted", **told)])


def withdraw(books: Books, asked: Asked, member_id: str, last_day: dt.date) -> Decision:
    """A member leaves after its last day; its data, accounts and statements stay."""
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    if last_day < asked.today - A_DAY:
        return Faulty([Fault("/last_day", f"orders went to it until today, {asked.today}; yesterday at the earliest")])
    member = timeline.on(last_day) or timeline.on(asked.today)
    if member is None or member.standing is Standing.WITHDRAWN:
        return Forbidden(f"{member_id} is no member on {last_day}")
    said = FieldsSet(Act.WITHDREW, {"standing": Standing.WITHDRAWN.value})
    entry = new_entry(asked, member_subject(member_id), said, last_day + A_DAY)
    return Decided([entry], [tell_of(asked, "member_withdrawn", member=member_id, last_day=last_day.isoformat())])
