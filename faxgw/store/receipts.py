"""Receipts that are kept before anybody acts on them."""

from dataclasses import dataclass

from faxgw.provider.port import Report


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A webhook's word, durable before it was answered."""

    id: int
    provider: str
    report: Report
