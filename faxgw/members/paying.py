"""Changes to which account a member is paid: never by one person."""

from faxgw.config.members import Members
from faxgw.faults import Fault
from faxgw.members.accounts import NotOpen, Proposal, SamePerson, check_account, first_day_in_force
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
from faxgw.members.entries import AccountApproved, AccountProposed, AccountRefused, account_subject


def propose(books: Books, asked: Asked, member_id: str, written: str) -> Decision:
    """Propose an account; an open proposal of the same member gives way to it."""
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    spans = [span.member for span in timeline.spans() if span.member is not None]
    number = check_account(written, spans[-1].country)
    if isinstance(number, Fault):
        return Faulty([number])
    current = books.accounts.in_force(member_id, asked.today)
    if current is not None and current.number == number:
        return Forbidden(f"{member_id} is paid to this account already")
    entry = new_entry(asked, account_subject(member_id), AccountProposed(number))
    return Decided([entry], [tell_of(asked, "account_proposed", member=member_id)])


def approve(books: Books, asked: Asked, member_id: str, proposal: int, rules: Members) -> Decision:
    """Another person approves; `came_of_it` is the day from which payouts go there."""
    match books.accounts.judge(member_id, proposal, asked.by, rules.account_identity):
        case NotOpen():
            return _not_open(books, member_id, proposal)
        case SamePerson(proposed_by=proposer):
            login = " and another login on this machine" if rules.account_identity == "login" else ""
            return Forbidden(f"{proposer} proposed it: another person must approve it, under another name{login}")
        case Proposal():
            is_first = not books.accounts.has_any(member_id)
            day = first_day_in_force(asked.today, rules.account_cutoff_day, is_first=is_first)
            entry = new_entry(asked, account_subject(member_id), AccountApproved(proposal), day)
            told = tell_of(asked, "account_approved", member=member_id, day=day.isoformat())
            return Decided([entry], [told], day)


def refuse(books: Books, asked: Asked, member_id: str, proposal: int) -> Decision:
    """Anybody may refuse, also who proposed it: nothing changes by that."""
    open_one = books.accounts.open_proposal(member_id)
    if open_one is None or open_one.seq != proposal:
        return _not_open(books, member_id, proposal)
    entry = new_entry(asked, account_subject(member_id), AccountRefused(proposal))
    return Decided([entry], [tell_of(asked, "account_refused", member=member_id)])


def _not_open(books: Books, member_id: str, proposal: int) -> NotThere | Forbidden:
    open_one = books.accounts.open_proposal(member_id)
    if open_one is None:
        return NotThere(f"no proposal {proposal} of {member_id} waits for anybody")
    return Forbidden(f"proposal {proposal} gave way to {open_one.seq}, which is another account: look at that one")
