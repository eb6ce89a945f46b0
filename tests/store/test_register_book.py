"""The book of the register only grows, and refuses what was decided over an old page."""

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.register.port import Append, Appended, NewEntry, Outdated, Telling
from faxgw.store.sql import SqlStore

DAY = dt.date(2027, 5, 29)


def entry(subject: str, at: float = 100.0) -> NewEntry:
    return NewEntry(subject=subject, kind="fields", body=b"{}", who="ines", why="asked", at=at, first_day=DAY)


async def test_entries_are_kept_in_order_with_their_event(store: SqlStore) -> None:
    """As they were said, numbered, and read after any of them."""
    wish = Append([entry("member/A"), entry("member/B")], 0, [Telling("member_changed", {"member": "A"})])
    [written] = await store.register.append([wish])
    assert isinstance(written, Appended)
    assert list(written.entries) == await store.register.entries(0, 10)
    assert [(each.seq, each.subject, each.first_day) for each in written.entries] == [
        (1, "member/A", DAY),
        (2, "member/B", DAY),
    ]
    assert [each.seq for each in await store.register.entries(1, 10)] == [2]
    assert [event.kind for event in await store.events(0, 10)] == ["member_changed"]


async def test_a_wish_over_an_old_page_is_refused_whole(store: SqlStore) -> None:
    """Only where the same subject was written of meanwhile; also within one commit."""
    await store.register.append([Append([entry("member/A")], 0)])
    late = Append([entry("member/B"), entry("member/A")], 0, [Telling("never")])
    other = Append([entry("member/C")], 0)
    answers = await store.register.append([late, other, other])
    assert answers[0] == Outdated("member/A")
    assert isinstance(answers[1], Appended)
    assert answers[2] == Outdated("member/C")
    assert [each.subject for each in await store.register.entries(0, 10)] == ["member/A", "member/C"]
    assert await store.events(0, 10) == []


async def test_a_clock_that_is_set_back_does_not_set_back_the_book(store: SqlStore) -> None:
    """What was recorded later was known later."""
    await store.register.append([Append([entry("member/A", 200.0)], 0)])
    await store.register.append([Append([entry("member/A", 100.0)], 1)])
    assert [each.at for each in await store.register.entries(0, 10)] == [200.0, 200.0]


@pytest.mark.parametrize("statement", ["UPDATE register_entry SET who = 'x'", "DELETE FROM register_entry"])
def test_no_hand_rewrites_the_book(statement: str) -> None:
    """Neither ours by mistake, nor one in an SQL shell."""
    engine = open_in_memory()
    bring_up_to_date(engine)
    insert = "INSERT INTO register_entry (subject, kind, body, who, why, at) VALUES ('a', 'b', '{}', 'c', '', 1.0)"
    with engine.begin() as connection:
        connection.execute(text(insert))
    with pytest.raises(IntegrityError, match="only grows"), engine.begin() as connection:
        connection.execute(text(statement))
