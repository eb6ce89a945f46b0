"""Receipts as rows: kept before anybody acts on them, settled once nothing more is to be done."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from faxgw.provider.port import Report
from faxgw.store.receipts import KeptReceipt
from faxgw.store.rows import take_ids
from faxgw.store.schema import receipt

encode_report = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(Report).decode

SETTLE_RECEIPT = update(receipt).where(receipt.c.id == bindparam("row")).values(settled=1)


class KeepReceipts:
    """Keeps what a carrier's webhooks said, before anybody acts on it; a repeated event id writes nothing."""

    __name__ = "keep_receipts"

    def __init__(self) -> None:
        # One operation for all carriers, so that their receipts share an executemany.
        self._insert = insert(receipt)

    def __call__(
        self, connection: Connection, receipts: Sequence[tuple[str, Report, float]]
    ) -> list[KeptReceipt | None]:
        seen = self._known(connection, receipts)
        next_id = take_ids(connection, "receipt", len(receipts))
        answers: list[KeptReceipt | None] = []
        rows: list[dict[str, object]] = []
        for provider, report, at in receipts:
            name = (provider, report.event_id)
            if report.event_id is not None and name in seen:
                answers.append(None)
                continue
            seen.add(name)
            kept = KeptReceipt(next_id + len(rows), provider, report)
            rows.append(
                {
                    "id": kept.id,
                    "provider": provider,
                    "event_id": report.event_id,
                    "received_at": at,
                    "report": encode_report(report),
                    "settled": 0,
                }
            )
            answers.append(kept)
        if rows:
            connection.execute(self._insert, rows)
        return answers

    @staticmethod
    def _known(connection: Connection, receipts: Sequence[tuple[str, Report, float]]) -> set[tuple[str, str | None]]:
        ids = [report.event_id for _, report, _ in receipts if report.event_id is not None]
        rows = connection.execute(select(receipt.c.provider, receipt.c.event_id).where(receipt.c.event_id.in_(ids)))
        return {(provider, event_id) for provider, event_id in rows}


def settle_receipts(connection: Connection, receipt_ids: Sequence[int]) -> list[None]:
    if receipt_ids:
        connection.execute(SETTLE_RECEIPT, [{"row": receipt_id} for receipt_id in receipt_ids])
    return [None] * len(receipt_ids)
