"""Nets OCR giro: payments with a KID, as lines of 80 characters (Nets, "OCR giro - System manual").

One batch a serial number of an assignment, for that is one line on the bank statement. The type of a transaction
decides its sign: reversals (18, 20) are *added* to the control totals and taken off the account. A type that the
manual does not list (Vipps writes 50) is kept as an unknown kind.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, RefusedError, SettlementFile, require_total

NAME = "ocr-giro"
LENGTH = 80
PAYMENTS = frozenset({"10", "11", "12", "13", "14", "15", "16", "17", "19", "21"})
REVERSALS = frozenset({"18", "20"})


def matches(head: bytes) -> bool:
    return head.startswith(b"NY0000")


@dataclass(frozen=True, slots=True)
class Line:
    """One record; places are counted from 1, both ends included, as the manual counts them."""

    number: int
    text: str

    def part(self, first: int, last: int) -> str:
        return self.text[first - 1 : last]

    def digits(self, first: int, last: int) -> int:
        text = self.part(first, last)
        if not text.isdecimal() or not text.isascii():
            raise RefusedError(f"places {first} to {last} are {text!r} and no number", self.number)
        return int(text)

    def day(self, first: int) -> dt.date:
        text = self.part(first, first + 5)
        try:
            return dt.datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007 - a bank day, as the file has it
        except ValueError:
            raise RefusedError(f"places {first} to {first + 5} are {text!r} and no day", self.number) from None

    @property
    def record(self) -> str:
        return self.part(7, 8)


@dataclass(slots=True)
class _Assignment:
    """What is between the records 20 and 88."""

    begun: Line
    lines: int = 1
    by_serial: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])
    control_minor: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.by_serial.values()))


def read(content: bytes) -> SettlementFile:
    lines = list(_lines(content))
    start, end = lines[0], lines[-1]
    if start.record != "10" or end.record != "89":
        raise RefusedError("the transmission has no start (10) or no end (89): it is cut off", end.number)
    assignments = list(_assignments(lines[1:-1]))
    require_total("the number of lines", len(lines), end.digits(17, 24), end.number)
    count = sum(each.count for each in assignments)
    require_total("the number of transactions", count, end.digits(9, 16), end.number)
    total_minor = sum(each.control_minor for each in assignments)
    require_total("the sum of all amounts", total_minor, end.digits(25, 41), end.number)
    batches = tuple(batch for each in assignments for batch in _batches(each, transmission=start.part(17, 23)))
    return SettlementFile(provider="nets", format=NAME, batches=batches)


def _lines(content: bytes) -> Iterator[Line]:
    texts = content.decode("cp1252", errors="replace").splitlines()
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        if len(text.rstrip()) > LENGTH or not text.startswith("NY"):
            raise RefusedError("a line of OCR giro has 80 characters and begins with NY", number)
        yield Line(number, text.ljust(LENGTH))


def _assignments(lines: list[Line]) -> Iterator[_Assignment]:
    current: _Assignment | None = None
    for line in lines:
        if line.record == "20":
            if current is not None:
                raise RefusedError("an assignment begins inside another", line.number)
            current = _Assignment(line)
            continue
        if current is None:
            raise RefusedError(f"a record {line.record} outside every assignment", line.number)
        current.lines += 1
        match line.record:
            case "30":
                _take_payment(current, line)
            case "31" | "32":
                _complete(current, line)
            case "88":
                _check(current, line)
                yield current
                current = None
            case other:
                raise RefusedError(f"a record {other}, which OCR giro does not have", line.number)
    if current is not None:
        raise RefusedError("the assignment has no end (88)", current.begun.number)


def _take_payment(assignment: _Assignment, line: Line) -> None:
    told_kind = line.part(5, 6)
    amount_minor = line.digits(33, 49)
    assignment.control_minor += amount_minor
    is_negative = line.part(32, 32) == "-" or told_kind in REVERSALS
    kind = EntryKind.SALE if told_kind in PAYMENTS else EntryKind.REFUND if told_kind in REVERSALS else EntryKind.OTHER
    entries = assignment.by_serial.setdefault(line.part(27, 31), [])
    entries.append(
        Entry(
            line=line.number,
            kind=kind,
            told_kind=told_kind,
            txn_id="/".join((assignment.begun.part(18, 24), line.part(27, 31), line.part(9, 15), line.part(16, 21))),
            merchant_ref=line.part(50, 74).strip(),
            gross_minor=-amount_minor if is_negative else amount_minor,
            currency="NOK",
            day=line.day(16),
        )
    )


def _complete(assignment: _Assignment, line: Line) -> None:
    """Records 31 and 32 belong to the payment before them; nothing of them is needed to settle it."""
    if not assignment.by_serial:
        raise RefusedError(f"a record {line.record} before any payment", line.number)


def _check(assignment: _Assignment, line: Line) -> None:
    require_total("the number of transactions", assignment.count, line.digits(9, 16), line.number)
    require_total("the number of lines", assignment.lines, line.digits(17, 24), line.number)
    require_total("the sum of amounts", assignment.control_minor, line.digits(25, 41), line.number)


def _batches(assignment: _Assignment, transmission: str) -> Iterator[Batch]:
    for serial, entries in assignment.by_serial.items():
        yield Batch(
            ref=f"{transmission}/{assignment.begun.part(18, 24)}/{serial}",
            account=assignment.begun.part(25, 35).strip(),
            currency="NOK",
            entries=tuple(entries),
            payout_minor=sum(entry.net_minor for entry in entries),
            value_date=max(entry.day for entry in entries),
        )
