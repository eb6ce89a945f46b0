"""Which format a file is in, told by its beginning and not by its name, and the one door to all of them."""

from types import ModuleType

from faxgw.settlement.imports import adyen, camt, ocr_giro, stripe, systempay, vipps_csv, vipps_xml
from faxgw.settlement.imports.cards import has_card_number
from faxgw.settlement.imports.entry import FileRefused, RefusedError, SettlementFile

FORMATS: tuple[ModuleType, ...] = (vipps_xml, camt, vipps_csv, adyen, stripe, ocr_giro, systempay)
HEAD_BYTES = 4_096
ACCOUNT_CHARS_MAX = 48
REF_CHARS_MAX = 96
FILE_BYTES_MAX = 256 * 1024 * 1024


def read_settlement_file(content: bytes) -> SettlementFile | FileRefused:
    """The file, whole and with its sums checked, or why nothing of it can be taken."""
    if len(content) > FILE_BYTES_MAX:
        return FileRefused(f"larger than {FILE_BYTES_MAX // 1024**2} MiB: ask the provider for smaller periods")
    head = content[:HEAD_BYTES]
    for form in FORMATS:
        if form.matches(head):
            try:
                return _checked(form.read(content), content, form)
            except RefusedError as error:
                return error.refused
            except UnicodeDecodeError as error:
                line = content[: error.start].count(b"\n") + 1
                return FileRefused("not UTF-8: the file was damaged or saved in another encoding", line)
    known = ", ".join(form.NAME for form in FORMATS)
    return FileRefused(f"none of the formats that are known: {known}")


def _checked(file: SettlementFile, content: bytes, form: ModuleType) -> SettlementFile | FileRefused:
    if b"\0" in content:
        return FileRefused("a NUL byte: the file was damaged", content[: content.index(b"\0")].count(b"\n") + 1)
    line = None if form is ocr_giro else _line_with_card(content)
    if line is not None:
        return FileRefused("a full card number, which must never be kept: ask the provider for a masked report", line)
    return _too_long(file) or _once(file)


def _too_long(file: SettlementFile) -> FileRefused | None:
    """Names longer than any provider's: cut off, two of them could become one."""
    for batch in file.batches:
        line = batch.entries[0].line if batch.entries else None
        if len(batch.account) > ACCOUNT_CHARS_MAX or len(batch.ref) > REF_CHARS_MAX:
            return FileRefused("the name of an account or of a batch is longer than any we know", line)
        for entry in batch.entries:
            if max(len(entry.txn_id), len(entry.payment_id), len(entry.merchant_ref)) > REF_CHARS_MAX:
                return FileRefused(f"a reference of more than {REF_CHARS_MAX} signs", entry.line)
    return None


def _line_with_card(content: bytes) -> int | None:
    """OCR giro is not searched: its lines are digits throughout, and a KID has the check digit of a card."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        if has_card_number(line.decode("latin-1")):
            return number
    return None


def _once(file: SettlementFile) -> SettlementFile | FileRefused:
    """Two movements of one name in one file would be one of them lost."""
    seen: set[tuple[str, str, str]] = set()
    for batch in file.batches:
        for entry in batch.entries:
            name = (batch.account, entry.kind, entry.txn_id)
            if name in seen:
                return FileRefused(f"the {entry.kind} {entry.txn_id} is there twice", entry.line)
            seen.add(name)
    return file
