"""Takes settlement files in: each whole or not at all, and no movement twice, in whichever file it comes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, tuple_, update

from faxgw.store.clearing.port import Imported, ImportedBefore, Importing, ImportRefused, NewBatch, NewFile, NewMovement
from faxgw.store.clearing.schema import settlement_batch, settlement_entry, settlement_file
from faxgw.store.ledger.booking import book
from faxgw.store.ledger.port import Entry, NotBooked
from faxgw.store.rows import parts

BANK = "bank"
PART = "::"
"""As `settlement.imports.camt` names the parts of one booking."""
Name = tuple[str, str]
"""A movement's kind and its id at the provider, within one account."""


def import_files(connection: Connection, files: Sequence[NewFile]) -> list[Importing]:
    return [_import(connection, file) for file in files]


def _import(connection: Connection, file: NewFile) -> Importing:
    before = connection.execute(select(settlement_file.c.imported_at).where(settlement_file.c.sha256 == file.sha256))
    known_at = before.scalar()
    if known_at is not None:
        return ImportedBefore(float(known_at))
    savepoint = connection.begin_nested()
    connection.execute(insert(settlement_file), [_file_row(file)])
    taken = known = 0
    for batch in file.batches:
        fresh = _fresh(connection, file, batch)
        if isinstance(fresh, ImportRefused):
            savepoint.rollback()
            return fresh
        refused = _write(connection, file, batch, fresh)
        if refused is not None:
            savepoint.rollback()
            return refused
        taken += len(fresh)
        known += len(batch.movements) - len(fresh)
    savepoint.commit()
    return Imported(taken, known)


def _fresh(connection: Connection, file: NewFile, batch: NewBatch) -> list[NewMovement] | ImportRefused:
    """The movements that no file had before; one that says otherwise than before refuses the whole file."""
    known = dict(_known(connection, file.provider, batch))
    fresh: list[NewMovement] = []
    whole = _told_otherwise(connection, file.provider, batch)
    for each in batch.movements:
        amounts = known.get((each.kind, each.txn_id))
        if amounts is None and _whole_of(each) in whole:
            continue
        if amounts is None:
            fresh.append(each)
        elif amounts != (each.gross_minor, each.fee_minor):
            return ImportRefused(
                f"the {each.kind} {each.txn_id} was imported before with other amounts: ask the provider which holds",
                each.line,
            )
    return fresh


def _told_otherwise(connection: Connection, provider: str, batch: NewBatch) -> set[str]:
    """Bookings of a bank that were imported as one sum and come in parts, or the other way round.

    A notification (camt.054) has the single payments of a booking that the statement (camt.053) has as one line.
    """
    table = settlement_entry
    names = sorted({_whole_of(each) for each in batch.movements} - {""})
    found: set[str] = set()
    for some in parts([*names, *(f"{name}{PART}0" for name in names)]):
        own = (table.c.provider == provider) & (table.c.account == batch.account) & (table.c.kind == BANK)
        found.update(connection.execute(select(table.c.txn_id).where(own, table.c.txn_id.in_(some))).scalars())
    return {name.removesuffix(f"{PART}0") for name in found}


def _whole_of(each: NewMovement) -> str:
    """The booking that a line at the bank is, or is a part of; nothing for other movements."""
    return each.txn_id.partition(PART)[0] if each.kind == BANK else ""


def _known(connection: Connection, provider: str, batch: NewBatch) -> Iterator[tuple[Name, tuple[int, int]]]:
    table = settlement_entry
    for some in parts([(each.kind, each.txn_id) for each in batch.movements]):
        rows = connection.execute(
            select(table.c.kind, table.c.txn_id, table.c.gross_minor, table.c.fee_minor).where(
                table.c.provider == provider,
                table.c.account == batch.account,
                tuple_(table.c.kind, table.c.txn_id).in_(some),
            )
        )
        for kind, txn_id, gross_minor, fee_minor in rows:
            yield (kind, txn_id), (gross_minor, fee_minor)


def _write(
    connection: Connection, file: NewFile, batch: NewBatch, fresh: Sequence[NewMovement]
) -> ImportRefused | None:
    stands = _stand(connection, file, batch)
    if isinstance(stands, ImportRefused):
        return stands
    if fresh:
        connection.execute(insert(settlement_entry), [_entry_row(file, batch, stands.id, each) for each in fresh])
    payout = batch.journal if stands.is_payout_news else None
    journals = [journal for journal in (payout, *(each.journal for each in fresh)) if journal is not None]
    for booked in book(connection, [Entry((journal,), file.at) for journal in journals]):
        if isinstance(booked, NotBooked):
            return ImportRefused(booked.reason)
    return None


@dataclass(frozen=True, slots=True)
class _Stands:
    """The batch's row, and whether nothing told of its payout before."""

    id: int
    is_payout_news: bool


def _stand(connection: Connection, file: NewFile, batch: NewBatch) -> _Stands | ImportRefused:
    """A batch may be told again, with more rows, in another format, or with its payout at last; never with another."""
    table = settlement_batch
    named = (table.c.provider == file.provider) & (table.c.account == batch.account) & (table.c.ref == batch.ref)
    row = connection.execute(select(table).where(named, table.c.currency == batch.currency)).one_or_none()
    if row is None:
        return _Stands(_new_batch(connection, file, batch), is_payout_news=True)
    if batch.payout_minor is None or row.payout_minor == batch.payout_minor:
        return _Stands(int(row.id), is_payout_news=False)
    if row.payout_minor is not None:
        return ImportRefused(f"the batch {batch.ref} was imported before with another payout")
    told = {"payout_minor": batch.payout_minor, "value_date": _day_text(batch)}
    connection.execute(update(table).where(table.c.id == row.id).values(**told))
    return _Stands(int(row.id), is_payout_news=True)


def _new_batch(connection: Connection, file: NewFile, batch: NewBatch) -> int:
    table = settlement_batch
    batch_id = int(connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
    row = {
        "id": batch_id,
        "sha256": file.sha256,
        "provider": file.provider,
        "account": batch.account,
        "ref": batch.ref,
        "currency": batch.currency,
        "payout_minor": batch.payout_minor,
        "value_date": _day_text(batch),
    }
    connection.execute(insert(table), [row])
    return batch_id


def _day_text(batch: NewBatch) -> str | None:
    return batch.value_date.isoformat() if batch.value_date else None


def _file_row(file: NewFile) -> dict[str, object]:
    return {
        "sha256": file.sha256,
        "provider": file.provider,
        "format": file.format,
        "name": file.name,
        "who": file.who,
        "imported_at": file.at,
    }


def _entry_row(file: NewFile, batch: NewBatch, batch_id: int, each: NewMovement) -> dict[str, object]:
    return {
        "batch_id": batch_id,
        "provider": file.provider,
        "account": batch.account,
        "line": each.line,
        "kind": each.kind,
        "told_kind": each.told_kind,
        "txn_id": each.txn_id,
        "payment_id": each.payment_id,
        "merchant_ref": each.merchant_ref,
        "gross_minor": each.gross_minor,
        "fee_minor": each.fee_minor,
        "currency": each.currency,
        "day": each.day.isoformat(),
        "text": each.text,
        "placed_at": file.at if each.is_placed else None,
    }
