"""Hands closed months to bookkeepers and tax offices: vouchers, FEC and SAF-T over the ledger, by the books' chart."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

import msgspec

from faxgw.errors import ConfigError
from faxgw.settlement.exports.chart import Chart, Company, Voucher, faults_of, vouchers_of
from faxgw.settlement.exports.fec import file_name, write_fec
from faxgw.settlement.exports.saft import Span, write_saft
from faxgw.settlement.exports.vouchers import write_vouchers
from faxgw.settlement.month.desk import period_before
from faxgw.store.ledger.port import Kept, LedgerStore, Period, Seal

JOURNALS_AT_ONCE = 5_000

ExportKind = Literal["vouchers", "fec", "saft"]


class Books(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose books they are, and their chart of accounts."""

    company: Company
    chart: Chart


@dataclass(frozen=True, slots=True)
class Exported:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NotExported:
    """Why, and what to do."""

    reason: str


def load_books(path: str) -> Books:
    """The books' TOML file.

    Raises:
        ConfigError: it cannot be read, or an account is missing in it.
    """
    try:
        books = msgspec.toml.decode(Path(path).read_bytes(), type=Books)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the books: {error.strerror}") from error
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error
    faults = [f"  chart{fault.pointer.replace('/', '.')}: {fault.detail}" for fault in faults_of(books.chart)]
    if faults:
        raise ConfigError("\n".join([f"{path} cannot be used:", *faults]))
    return books


class ExportDesk:
    def __init__(self, ledger: LedgerStore, books: Books, zone: ZoneInfo) -> None:
        self._ledger = ledger
        self._books = books
        self._zone = zone

    async def export(self, kind: ExportKind, first: Period, last: Period, currency: str) -> Exported | NotExported:
        """Sealed months of one year, both ends among them; the same bytes each time.

        Vouchers are numbered from 1 over the year, so that a month alone goes on where the one before ended.
        """
        seals = {seal.period: seal for seal in await self._ledger.seals()}
        refused = _why_not(first, last, seals)
        if refused is not None:
            return NotExported(refused)
        vouchers = [
            voucher
            for voucher in vouchers_of(await self._journals_of_year(last, seals), self._books.chart)
            if first <= voucher.kept.period
        ]
        return await self._written(kind, vouchers, first, seals[last], currency, seals)

    async def _journals_of_year(self, last: Period, seals: Mapping[Period, Seal]) -> list[Kept]:
        found: list[Kept] = []
        for period in sorted(period for period in seals if period[:4] == last[:4] and period <= last):
            after = 0
            while journals := await self._ledger.journals(period, after, JOURNALS_AT_ONCE):
                found += journals
                after = journals[-1].seq
        return found

    async def _written(
        self,
        kind: ExportKind,
        vouchers: Sequence[Voucher],
        first: Period,
        seal: Seal,
        currency: str,
        seals: Mapping[Period, Seal],
    ) -> Exported | NotExported:
        books, span_name = self._books, f"{first}-{seal.period}" if first != seal.period else first
        match kind:
            case "vouchers":
                return Exported(f"vouchers-{span_name}.csv", "text/csv; charset=utf-8", write_vouchers(vouchers))
            case "fec":
                validated = {period: self._day(each) for period, each in seals.items()}
                name = file_name(books.company, dt.date(int(seal.period[:4]), 12, 31))
                return Exported(name, "text/tab-separated-values; charset=utf-8", write_fec(vouchers, validated))
            case "saft":
                if not currency:
                    return NotExported("a SAF-T file has one currency: name it")
                span = Span(
                    first=first,
                    last=seal.period,
                    made_on=self._day(seal),
                    opening=await self._ledger.standings_at(period_before(first)),
                    closing=await self._ledger.standings_at(seal.period),
                )
                content = write_saft(vouchers, span, books.chart, books.company, currency)
                return Exported(f"saft-{span_name}-{currency}.xml", "application/xml", content)
            case never:
                assert_never(never)

    def _day(self, seal: Seal) -> dt.date:
        return dt.datetime.fromtimestamp(seal.closed_at, self._zone).date()


def _why_not(first: Period, last: Period, seals: Mapping[Period, Seal]) -> str | None:
    if first > last or first[:4] != last[:4]:
        return "months of one year, the first one first"
    if last not in seals or first not in seals:
        return f"{first if first not in seals else last} is not closed: only closed months go into the books"
    return None
