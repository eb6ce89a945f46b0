"""Questions to the ledger; balances can be asked as they run along, or summed anew from the postings."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, func, literal, select, union_all

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
    """The running balances less what came after the month: so a new month costs nothing of the years before it.

    One question, that is one moment. Pending is what no journal up to the end of the month has resolved.
    """
    found: dict[Account, Standing] = {}
    for names in _among(accounts):
        moves = _back_to(period, names)
        sums = (
            select(moves.c.account, func.sum(moves.c.posted_minor), func.sum(moves.c.pending_minor))
            .group_by(moves.c.account)
            .order_by(moves.c.account)
        )
        for account, posted_minor, pending_minor in connection.execute(sums):
            found[parse_account(account)] = Standing(int(posted_minor), int(pending_minor))
    late = _begun_after(connection, period, [account for account, own in found.items() if own == Standing()])
    return {account: found[account] for account in sorted(found) if account not in late}


def _back_to(period: Period, names: Sequence[str] | None) -> Subquery:
    """From now on backwards: the running balances, and everything after the month with its sign turned."""
    ends, nothing, is_after = journal.alias("ends"), literal(0), journal.c.period > period
    is_open = ~select(ends.c.seq).where(ends.c.resolves == journal.c.seq).exists()
    with_journal = posting.join(journal, journal.c.seq == posting.c.journal_seq)
    with_end = with_journal.join(ends, ends.c.resolves == journal.c.seq)
    account, amount_minor = posting.c.account, posting.c.amount_minor
    posted = select(account, -amount_minor, nothing).select_from(with_journal)
    begun = select(account, nothing, -amount_minor).select_from(with_journal)
    ended = select(account, nothing, amount_minor).select_from(with_end)
    balance = ledger_balance.c
    moves = [
        (select(balance.account, balance.posted_minor, balance.pending_minor), balance.account),
        (posted.where(is_after, journal.c.phase != Phase.PENDING), account),
        (begun.where(is_after, journal.c.phase == Phase.PENDING, is_open), account),
        # The appended nothing keeps SQLite from beginning with all journals of the years before.
        (ended.where(ends.c.period > period, journal.c.period + "" <= period), account),
    ]
    asked = [move if names is None else move.where(name.in_(names)) for move, name in moves]
    return union_all(*asked).subquery("moves")


def _begun_after(connection: Connection, period: Period, accounts: Sequence[Account]) -> set[Account]:
    """Those of the accounts, whose balance was nothing, to which nothing had been posted yet."""
    by_then = (journal.c.period <= period) & (journal.c.phase != Phase.PENDING)
    begun = select(posting.c.account).join(journal, journal.c.seq == posting.c.journal_seq).where(by_then)
    known: set[str] = set()
    for some in parts([str(account) for account in accounts]):
        known.update(connection.execute(begun.where(posting.c.account.in_(some)).distinct()).scalars())
    return {account for account in accounts if str(account) not in known}


def read_standings_summed(connection: Connection) -> dict[Account, Standing]:
    """Every balance anew from all postings: what the running ones must be."""
    ends = journal.alias("ends")
    is_open = ~select(ends.c.seq).where(ends.c.resolves == journal.c.seq).exists()
    posted = _sums(connection, journal.c.phase != Phase.PENDING)
    pending = _sums(connection, journal.c.phase == Phase.PENDING, is_open)
    return {
        account: Standing(posted.get(account, 0), pending.get(account, 0)) for account in sorted({*posted, *pending})
    }


def _sums(connection: Connection, *conditions: Any) -> dict[Account, int]:
    asked = (
        select(posting.c.account, func.sum(posting.c.amount_minor))
        .join(journal, journal.c.seq == posting.c.journal_seq)
        .where(*conditions)
        .group_by(posting.c.account)
    )
    return {parse_account(account): int(total) for account, total in connection.execute(asked)}


def _among(accounts: Sequence[Account] | None) -> Iterator[Sequence[str] | None]:
    """The accounts of one question after the other; a single None where all are asked for."""
    if accounts is None:
        yield None
        return
    yield from parts([str(account) for account in accounts])


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
        for names in _among(accounts)
        for account in connection.execute(
            asked if names is None else asked.where(posting.c.account.in_(names))
        ).scalars()
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
    """One step through the index a month: a DISTINCT would read every journal there ever was."""
    found: list[Period] = []
    while period := connection.execute(
        select(func.min(journal.c.period)).where(journal.c.period > (found[-1] if found else ""))
    ).scalar():
        found.append(period)
    return found


def read_seals(connection: Connection) -> list[Seal]:
    rows = connection.execute(select(seal).order_by(seal.c.period))
    return [Seal(row.period, row.journals, row.head, row.closed_at, row.who) for row in rows]
