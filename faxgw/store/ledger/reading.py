"""Questions to the ledger; balances can be asked as they run along, or summed anew from the postings."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from faxgw.store.ledger.journal import Account, Journal, Phase, Posting, Standing, parse_account
from faxgw.store.ledger.port import Kept, Line, Period, Seal
from faxgw.store.ledger.schema import journal, ledger_balance, posting, seal
from faxgw.store.rows import parts

resolved = journal.alias("resolved")
corrected = journal.alias("corrected")
KEPT = select(journal, resolved.c.key.label("resolves_key"), corrected.c.key.label("corrects_key")).select_from(
    journal.outerjoin(resolved, journal.c.resolves == resolved.c.seq).outerjoin(
        corrected, journal.c.corrects == corrected.c.seq
    )
)


def read_postings(connection: Connection, seqs: Sequence[int]) -> dict[int, tuple[Posting, ...]]:
    """By journal, in the order written; a journal without any has an empty tuple."""
    found: dict[int, list[Posting]] = {seq: [] for seq in seqs}
    for some in parts(seqs):
        asked = select(posting).where(posting.c.journal_seq.in_(some)).order_by(posting.c.journal_seq, posting.c.number)
        for row in connection.execute(asked):
            found[row.journal_seq].append(Posting(parse_account(row.account), row.amount_minor, row.tax))
    return {seq: tuple(postings) for seq, postings in found.items()}


def read_journals(connection: Connection, period: Period, after: int, limit: int) -> list[Kept]:
    wanted = KEPT.where(journal.c.period == period, journal.c.seq > after).order_by(journal.c.seq).limit(limit)
    return _kept(connection, wanted)


def read_journals_of(connection: Connection, order_number: str) -> list[Kept]:
    return _kept(connection, KEPT.where(journal.c.order_number == order_number).order_by(journal.c.seq))


def read_journals_of_many(connection: Connection, order_numbers: Sequence[str]) -> list[Kept]:
    """Of all these orders, in the order they were booked."""
    found: list[Kept] = []
    for some in parts(order_numbers):
        found += _kept(connection, KEPT.where(journal.c.order_number.in_(some)))
    return sorted(found, key=lambda kept: kept.seq)


def read_pending(connection: Connection, order_numbers: Sequence[str]) -> list[Kept]:
    ends = journal.alias("ends")
    open_ones = ~select(ends.c.seq).where(ends.c.resolves == journal.c.seq).exists()
    found: list[Kept] = []
    for some in parts(order_numbers):
        pending = journal.c.phase == Phase.PENDING
        found += _kept(connection, KEPT.where(journal.c.order_number.in_(some), pending, open_ones))
    return sorted(found, key=lambda kept: kept.seq)


def _kept(connection: Connection, wanted: Select[Any]) -> list[Kept]:
    rows = connection.execute(wanted).all()
    postings = read_postings(connection, [row.seq for row in rows])
    return [_as_kept(row, postings[row.seq]) for row in rows]


def _as_kept(row: Row[Any], postings: tuple[Posting, ...]) -> Kept:
    booked = Journal(
        key=row.key,
        phase=Phase(row.phase),
        effective_on=dt.date.fromisoformat(row.effective_on),
        postings=postings,
        memo=row.memo,
        order_number=row.order_number,
        resolves=row.resolves_key or "",
        corrects=row.corrects_key or "",
    )
    return Kept(seq=row.seq, booked_at=row.booked_at, period=row.period, journal=booked)


def read_standings(connection: Connection) -> dict[Account, Standing]:
    rows = connection.execute(select(ledger_balance).order_by(ledger_balance.c.account))
    return {parse_account(row.account): Standing(row.posted_minor, row.pending_minor) for row in rows}


def read_standings_of(connection: Connection, accounts: Sequence[Account]) -> dict[Account, Standing]:
    found: dict[Account, Standing] = {}
    for some in parts([str(account) for account in accounts]):
        for row in connection.execute(select(ledger_balance).where(ledger_balance.c.account.in_(some))):
            found[parse_account(row.account)] = Standing(row.posted_minor, row.pending_minor)
    return found


def read_standings_at(
    connection: Connection, period: Period, accounts: Sequence[Account] | None = None
) -> dict[Account, Standing]:
    """Pending is what no journal up to the end of the month has resolved."""
    ends = journal.alias("ends")
    still_pending = ~select(ends.c.seq).where(ends.c.resolves == journal.c.seq, ends.c.period <= period).exists()
    posted = _sums(connection, accounts, journal.c.phase != Phase.PENDING, journal.c.period <= period)
    pending = _sums(connection, accounts, journal.c.phase == Phase.PENDING, journal.c.period <= period, still_pending)
    return {
        account: Standing(posted.get(account, 0), pending.get(account, 0)) for account in sorted({*posted, *pending})
    }


def _sums(connection: Connection, accounts: Sequence[Account] | None, *conditions: Any) -> dict[Account, int]:
    asked = (
        select(posting.c.account, func.sum(posting.c.amount_minor))
        .join(journal, journal.c.seq == posting.c.journal_seq)
        .where(*conditions)
        .group_by(posting.c.account)
    )
    return {
        parse_account(account): int(total)
        for among in _among(accounts)
        for account, total in connection.execute(asked.where(*among))
    }


def _among(accounts: Sequence[Account] | None) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The conditions of one question after the other; a single one without any where all accounts are asked for."""
    if accounts is None:
        yield ()
        return
    for some in parts([str(account) for account in accounts]):
        yield (posting.c.account.in_(some),)


def read_lines(connection: Connection, accounts: Sequence[Account], period: Period) -> Mapping[Account, list[Line]]:
    """Sorted as the index of accounts is, which SQLite then takes for a few of them, and the month's for many."""
    lines: dict[Account, list[Line]] = {account: [] for account in accounts}
    for some in parts([str(account) for account in accounts]):
        asked = (
            select(journal, posting.c.account, posting.c.amount_minor, posting.c.tax)
            .join(posting, posting.c.journal_seq == journal.c.seq)
            .where(journal.c.period == period, journal.c.phase != Phase.PENDING, posting.c.account.in_(some))
            .order_by(posting.c.account, posting.c.journal_seq, posting.c.number)
        )
        for row in connection.execute(asked):
            lines[parse_account(row.account)].append(_as_line(row))
    return lines


def read_moved(connection: Connection, period: Period, accounts: Sequence[Account] | None = None) -> set[Account]:
    """Of all accounts, asked of the journals and not of each: most have hundreds of postings in a month."""
    asked = (
        select(posting.c.account)
        .join(journal, journal.c.seq == posting.c.journal_seq)
        .where(journal.c.period == period, journal.c.phase != Phase.PENDING)
        .distinct()
    )
    return {
        parse_account(account)
        for among in _among(accounts)
        for account in connection.execute(asked.where(*among)).scalars()
    }


def _as_line(row: Row[Any]) -> Line:
    return Line(
        seq=row.seq,
        key=row.key,
        effective_on=dt.date.fromisoformat(row.effective_on),
        booked_at=row.booked_at,
        memo=row.memo,
        order_number=row.order_number,
        amount_minor=row.amount_minor,
        tax=row.tax,
        corrects=row.corrects is not None,
    )


def read_periods(connection: Connection) -> list[Period]:
    return list(connection.execute(select(journal.c.period).distinct().order_by(journal.c.period)).scalars())


def read_seals(connection: Connection) -> list[Seal]:
    rows = connection.execute(select(seal).order_by(seal.c.period))
    return [Seal(row.period, row.journals, row.head, row.closed_at, row.who) for row in rows]
