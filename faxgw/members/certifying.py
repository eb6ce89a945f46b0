"""States a member's certificates for labels, and takes them back."""

import datetime as dt

from faxgw.faults import Fault
from faxgw.members.books import Books
from faxgw.members.decisions import Asked, Decided, Decision, Faulty, NotThere, find_member, new_entry, tell_of
from faxgw.members.entries import CertificateStated, member_subject


def state_certificate(
    books: Books, asked: Asked, member_id: str, said: CertificateStated, first_day: dt.date, last_day: dt.date
) -> Decision:
    """The certificate of that number is valid on these days, or void; the same number belongs to one store."""
    timeline = find_member(books, member_id)
    if isinstance(timeline, NotThere):
        return timeline
    if last_day < first_day:
        return Faulty([Fault("/until", f"{last_day} comes before {first_day}")])
    owner = _owner(books, said)
    if owner not in {None, member_id}:
        # Each unit shows its own: the headquarters' certificate is no other store's.
        return Faulty([Fault("/number", f"this certificate is {owner}'s; a store must show its own")])
    entry = new_entry(asked, member_subject(member_id), said, first_day, last_day)
    told = {"member": member_id, "label": said.scheme, "until": last_day.isoformat(), "void": said.is_void}
    return Decided([entry], [tell_of(asked, "member_certified", **told)])


def _owner(books: Books, said: CertificateStated) -> str | None:
    """Whose the certificate of that number is, unless void."""
    for timeline in books.history:
        for each in books.certificates.of(timeline.member_id):
            if (each.scheme, each.number) == (said.scheme, said.number) and not each.is_void:
                return timeline.member_id
    return None
