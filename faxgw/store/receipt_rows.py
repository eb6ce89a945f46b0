"""Receipts as rows: kept before anybody acts on them, settled once nothing more is to be done."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, select

from faxgw.provider.port import Report
from faxgw.store.receipts import KeptReceipt
from faxgw.store.rows import parts, take_ids
from faxgw.store.schema import receipt
from faxgw.store.statements import inserting, updating

encode_report = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(Report).decode

# By carrier, as the index is: without it all receipts of the year would be read for each commit.
EVENT_IDS = select(receipt.c.event_id).where(
    receipt.c.provider == bindparam("carrier"), receipt.c.event_id.in_(bindparam("ids", expanding=True))
)
INSERT_RECEIPTS = inserting(receipt, "id", "provider", "event_id", "received_at", "report", "settled")
SETTLE_RECEIPTS = updating(receipt, "settled", by=("id",))


def keep_receipts(connection: Connection, receipts: Sequence[tuple[str, Report, float]]) -> list[KeptReceipt | None]:
    """Keep what carriers' webhooks said, before anybody acts on it; a repeated event id writes nothing."""
    seen = _known(connection, receipts)
    next_id = take_ids(connection, "receipt", len(receipts))
    answers: list[KeptReceipt | None] = []
    rows: list[tuple[object, ...]] = []
    for provider, report, at in receipts:
        name = (provider, report.event_id)
        if report.event_id is not None and name in seen:
            answers.append(None)
            continue
        seen.add(name)
        kept = KeptReceipt(next_id + len(rows), provider, report)
        rows.append((kept.id, provider, report.event_id, at, encode_report(report), 0))
        answers.append(kept)
    INSERT_RECEIPTS.run(connection, rows)
    return answers


def _known(connection: Connection, receipts: Sequence[tuple[str, Report, float]]) -> set[tuple[str, str | None]]:
    known: set[tuple[str, str | None]] = set()
    for provider in {provider for provider, _, _ in receipts}:
        ids = [report.event_id for name, report, _ in receipts if name == provider and report.event_id is not None]
        for some in parts(ids):
            told_before = connection.execute(EVENT_IDS, {"carrier": provider, "ids": some})
            known.update((provider, event_id) for event_id in told_before.scalars())
    return known


def settle_receipts(connection: Connection, receipt_ids: Sequence[int]) -> list[None]:
    SETTLE_RECEIPTS.run(connection, [(1, receipt_id) for receipt_id in receipt_ids])
    return [None] * len(receipt_ids)
