"""Closes months and keeps runs of payouts, each in one commit with what it books."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from faxgw.errors import BugError
from faxgw.store.clearing.importing import import_files
from faxgw.store.clearing.port import Imported
from faxgw.store.ledger import booking
from faxgw.store.ledger.port import Entry, NotBooked, Period, Seal
from faxgw.store.ledger.schema import seal
from faxgw.store.months.port import Approval, Closing, Numbered, Run, RunRefused
from faxgw.store.months.schema import payout_run, statement_number


def close(connection: Connection, closings: Sequence[Closing]) -> list[Seal | None]:
    return [_close(connection, closing) for closing in closings]


def _close(connection: Connection, closing: Closing) -> Seal | None:
    (sealed,) = booking.close(connection, [closing.seal])
    if sealed is None:
        return None
    table = statement_number
    last = connection.execute(select(func.max(table.c.number)).where(table.c.series == closing.series)).scalar() or 0
    rows = [
        {
            "series": closing.series,
            "number": number,
            "period": closing.seal.period,
            "member": member,
            "currency": currency,
        }
        for number, (member, currency) in enumerate(closing.statements, start=int(last) + 1)
    ]
    if rows:
        connection.execute(insert(table), rows)
    return sealed


def read_numbers(connection: Connection, period: Period) -> list[Numbered]:
    table = statement_number
    rows = connection.execute(select(table).where(table.c.period == period).order_by(table.c.number))
    return [Numbered(row.series, row.number, row.period, row.member, row.currency) for row in rows]


def propose(connection: Connection, runs: Sequence[Run]) -> list[Run | RunRefused]:
    return [_propose(connection, run) for run in runs]


def _propose(connection: Connection, run: Run) -> Run | RunRefused:
    known = read_run(connection, run.name)
    if known is not None and known.approved_at is not None:
        return RunRefused(f"{run.name} was approved by {known.approved_by}: it is paid once")
    if late := _carried_on(connection, run):
        return late
    row = {
        "period": run.period,
        "content": run.content,
        "total_minor": run.total_minor,
        "proposed_by": run.proposed_by,
        "proposed_login": run.proposed_login,
        "proposed_at": run.proposed_at,
    }
    if known is None:
        connection.execute(insert(payout_run), [row | {"name": run.name}])
    else:
        connection.execute(update(payout_run).where(payout_run.c.name == run.name).values(**row))
    return run


def approve(connection: Connection, approvals: Sequence[Approval]) -> list[Run | RunRefused]:
    return [_approve(connection, approval) for approval in approvals]


def _approve(connection: Connection, approval: Approval) -> Run | RunRefused:
    run = read_run(connection, approval.name)
    if run is None:
        return RunRefused(f"there is no run {approval.name}: propose one")
    if run.approved_at is not None:
        return RunRefused(f"{run.name} was approved by {run.approved_by} already")
    if run.content != approval.content:
        return RunRefused(f"{run.name} was proposed anew meanwhile: look at it again")
    if not approval.are_two(run):
        return RunRefused(f"{run.proposed_by} proposed it: another person must approve it")
    if late := _carried_on(connection, run):
        return late
    approved = {"approved_by": approval.by, "approved_login": approval.login, "approved_at": approval.at}
    connection.execute(update(payout_run).where(payout_run.c.name == run.name).values(**approved))
    for booked in booking.book(connection, [Entry((journal,), approval.at) for journal in approval.journals]):
        if isinstance(booked, NotBooked):
            raise BugError(f"a run was approved, and the ledger does not take it: {booked.reason}")
    (expected,) = import_files(connection, [approval.expected])
    if not isinstance(expected, Imported):
        raise BugError(f"{run.name} was approved, and the bank's line of it is expected already")
    return _run(connection.execute(select(payout_run).where(payout_run.c.name == run.name)).one())


def _carried_on(connection: Connection, run: Run) -> RunRefused | None:
    """A month's balances open the next one, and its run pays them: the run of an earlier month would pay them again."""
    last = connection.execute(select(func.max(seal.c.period))).scalar()
    if last == run.period:
        return None
    return RunRefused(f"the balances of {run.period} are in those of {last} by now: propose a run of {last}")


def read_run(connection: Connection, name: str) -> Run | None:
    row = connection.execute(select(payout_run).where(payout_run.c.name == name)).one_or_none()
    return None if row is None else _run(row)


def read_runs(connection: Connection) -> list[Run]:
    return [
        _run(row) for row in connection.execute(select(payout_run).order_by(payout_run.c.period, payout_run.c.name))
    ]


def _run(row: Row[Any]) -> Run:
    return Run(
        name=row.name,
        period=row.period,
        content=row.content,
        total_minor=row.total_minor,
        proposed_by=row.proposed_by,
        proposed_login=row.proposed_login,
        proposed_at=row.proposed_at,
        approved_by=row.approved_by,
        approved_login=row.approved_login,
        approved_at=row.approved_at,
    )
