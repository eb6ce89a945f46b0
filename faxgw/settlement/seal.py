"""The seal of a month: a hash chain over its journals, so that no byte of a closed month can change unseen.

Each link hashes the one before with a journal as canonical JSON, every stored field of it; the first link of a month
starts from the head of the month before, and the last one hashes the month's name and its count, so that neither a
journal dropped at the end nor one moved between months leaves the head as it was.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from faxgw.store.ledger.port import Kept, Period

NO_HEAD = bytes(32)
"""What the first month of a ledger starts from."""

encode_canonically = msgspec.json.Encoder(order="deterministic").encode


class SealChain:
    """The links of one month, journal by journal in the order they were booked."""

    def __init__(self, period: Period, head_before: bytes = NO_HEAD) -> None:
        self._period = period
        self._link = head_before
        self.journals = 0

    def add(self, journals: Iterable[Kept]) -> None:
        for kept in journals:
            self._link = hashlib.sha256(self._link + encode_canonically(kept)).digest()
            self.journals += 1

    def head(self) -> bytes:
        return hashlib.sha256(self._link + f"{self._period} {self.journals}".encode()).digest()
