"""Decides on sample orders and complaints."""

import datetime as dt
from collections.abc import Mapping

from faxgw.faults import Fault
from faxgw.members.books import Books
from faxgw.members.complaints import is_in_time
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
from faxgw.members.entries import (
    ComplaintDecided,
    ComplaintRaised,
    RoundPlanned,
    SampleJudged,
    SamplePlaced,
    complaint_subject,
    round_subject,
)
from faxgw.members.register import Register
from faxgw.members.samples import Sample, draw_round, points_faults
from faxgw.money import MINOR_DIGITS, Money

A_YEAR_SECONDS = 365 * 86_400.0


def plan_round(
    books: Books, asked: Asked, register: Register, size: int, first_day: dt.date, last_day: dt.date, seed: int
) -> Decision:
    """Draw whom a round of samples goes to; `came_of_it` is its number."""
    if last_day < first_day:
        return Faulty([Fault("/until", f"{last_day} comes before {first_day}")])
    tested = books.samples.tested_since(asked.at - A_YEAR_SECONDS)
    drawn = draw_round(register.as_of(first_day), size, seed, tested)
    if not drawn:
        return Forbidden("there is no member to test")
    number = books.samples.next_number()
    body = RoundPlanned(tuple(drawn), seed)
    entry = new_entry(asked, round_subject(number), body, first_day, last_day)
    # No word of whom: events are read by order systems, and stores must not come to know.
    return Decided([entry], [tell_of(asked, "samples_planned", round=number, size=len(drawn))], number)


def place_sample(books: Books, asked: Asked, number: int, member_id: str, order_number: str) -> Decision:
    """Note which order is the sample; the order itself came in like any other."""
    sample = _sample(books, number, member_id)
    if isinstance(sample, NotThere):
        return sample
    if sample.order_number == order_number:
        return Decided([])
    if sample.order_number:
        return Forbidden(f"the sample of {member_id} in round {number} is order {sample.order_number} already")
    if books.samples.is_sample(order_number):
        return Faulty([Fault("/order_number", "this order is another sample")])
    return Decided([new_entry(asked, round_subject(number), SamplePlaced(member_id, order_number))])


def judge_sample(books: Books, asked: Asked, number: int, member_id: str, points: Mapping[str, int]) -> Decision:
    """Fill in the sheet; filled in again, the later one counts."""
    sample = _sample(books, number, member_id)
    if isinstance(sample, NotThere):
        return sample
    if faults := points_faults(points):
        return Faulty(faults)
    if not sample.order_number:
        return Forbidden(f"no order was placed yet as the sample of {member_id} in round {number}")
    return Decided([new_entry(asked, round_subject(number), SampleJudged(member_id, dict(points)))])


def raise_complaint(books: Books, asked: Asked, raised: ComplaintRaised, days: int) -> Decision:
    """Keep a complaint; `came_of_it` is its number. One that comes too late is kept, and counts for nothing."""
    timeline = find_member(books, raised.member)
    if isinstance(timeline, NotThere):
        return timeline
    if raised.received_on < raised.delivered_on:
        return Faulty([Fault("/received_on", f"{raised.received_on} comes before the delivery")])
    number = books.complaints.next_number()
    in_time = is_in_time(raised.delivered_on, raised.received_on, days)
    said = ComplaintRaised(
        member=raised.member,
        order_number=raised.order_number,
        delivered_on=raised.delivered_on,
        received_on=raised.received_on,
        category=raised.category,
        in_time=in_time,
    )
    told = {"complaint": number, "member": raised.member, "number": raised.order_number, "in_time": in_time}
    entry = new_entry(asked, complaint_subject(number), said)
    return Decided([entry], [tell_of(asked, "complaint", **told)], number)


def decide_complaint(
    books: Books, asked: Asked, number: int, *, is_upheld: bool, compensation: Money | None
) -> Decision:
    """Uphold it or not; what the customer gets back is noted with it. Decided again, the later word counts."""
    complaint = books.complaints.find(number)
    if complaint is None:
        return NotThere(f"there is no complaint {number}")
    if compensation is not None and not is_upheld:
        return Faulty([Fault("/compensation", "only a complaint that is upheld is made good")])
    if compensation is not None and compensation.currency not in MINOR_DIGITS:
        known = ", ".join(sorted(MINOR_DIGITS))
        return Faulty([Fault("/compensation/currency", f"{compensation.currency} is not a currency we know: {known}")])
    if (complaint.is_upheld, complaint.compensation) == (is_upheld, compensation):
        return Decided([])
    entry = new_entry(asked, complaint_subject(number), ComplaintDecided(is_upheld, compensation))
    told = {"complaint": number, "member": complaint.member, "upheld": is_upheld}
    return Decided([entry], [tell_of(asked, "complaint_ended", **told)])


def _sample(books: Books, number: int, member_id: str) -> Sample | NotThere:
    found = books.samples.round(number)
    if found is None:
        return NotThere(f"there is no round {number}")
    return found.samples.get(member_id) or NotThere(f"{member_id} is not in round {number}")
