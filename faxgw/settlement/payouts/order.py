"""A payment order as every bank format says it: who pays, on which day, and what to whom."""

import datetime as dt
import enum
import hashlib
import unicodedata
from collections.abc import Sequence

import msgspec

from faxgw.money import Currency

NAME_CHARS_MAX = 70
TEXT_CHARS_MAX = 140
ID_CHARS_MAX = 35

_SEPA_EXTRA = set("/-?:().,'+ ")
_NORDIC = set("æøåäöüéÆØÅÄÖÜÉ")
_LETTERS = {"æ": "ae", "ø": "o", "å": "a", "ß": "ss", "đ": "d", "ł": "l", "œ": "oe", "ð": "d", "þ": "th"}
"""Letters that are no base letter with an accent, so that Unicode does not take them apart."""


class Scheme(enum.StrEnum):
    """By whose rules the money moves, and with them how an account is written."""

    SEPA = "sepa"
    """IBAN, euros."""
    NORWAY = "norway"
    """BBAN of 11 digits, kroner."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One who pays or is paid."""

    name: str
    account: str
    """IBAN, or BBAN under Norway's scheme."""
    bic: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer of a payout."""

    id: str
    """End to end: the other side's bank statement has it."""
    to: Side
    amount_minor: int
    text: str


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to collect."""

    id: str
    signed_on: dt.date
    is_first: bool = False
    """Nothing was collected by it before."""


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """One collection of a direct debit."""

    id: str
    whom: Side
    amount_minor: int
    text: str
    mandate: Mandate


class PayoutOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one file tells the bank to pay."""

    run: str
    """The approved run that it is made of; the file's ids come from it, so that a bank refuses it a second time."""
    scheme: Scheme
    currency: Currency
    by: Side
    on: dt.date
    made_at: dt.datetime
    """Aware: when the run was approved, not when the file was written."""
    payments: Sequence[Payment]


class CollectionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one file tells the bank to collect."""

    run: str
    currency: Currency
    by: Side
    creditor_id: str
    on: dt.date
    made_at: dt.datetime
    collections: Sequence[Collection]


def message_id(run: str, kind: str) -> str:
    """The same for the same run, whenever and wherever the file is made; at most 35 signs."""
    return f"{kind}-{hashlib.sha256(run.encode()).hexdigest()[:24]}"


def sepa_text(text: str, limit: int) -> str:
    """In the characters that every SEPA bank takes (EPC217-08): Latin letters without accents, digits, few signs."""
    spelt = "".join(
        (own.upper() if sign.isupper() else own) if (own := _LETTERS.get(sign.lower())) else sign for sign in text
    )
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return "".join(sign if sign.isalnum() or sign in _SEPA_EXTRA else " " for sign in plain).strip()[:limit].strip()


def nordic_text(text: str, limit: int) -> str:
    """The same with the letters that Norwegian banks take besides."""
    return "".join(sign if sign in _NORDIC else sepa_text(sign, 1) or " " for sign in text).strip()[:limit].strip()
