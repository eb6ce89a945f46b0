"""What was fetched: a whole fax, the beginning of one, or something that will never be one; pure.

Text mode takes a picture for text: it drops the carriage return of each line break, or puts one in (RFC 959, 3.1.1.1).
"""

import re
import struct
from dataclasses import dataclass
from typing import TypeAlias

from faxgw.inbox.tiff import CutOff, NotTiff, Tiff, read_tiff
from faxgw.store.inbound.keeping import DocumentKind, PoisonReason

MAGIC = (b"II*\0", b"MM\0*")
"""A TIFF's first bytes."""
_PDF_HEAD_BYTES, _PDF_TAIL_BYTES = 1_024, 2_048
"""A PDF may have that much before its header and after its last word, say its readers (ISO 32000-1, annex H)."""
_FILL_ORDER = re.compile(rb"\r\n\x01\x03\x00|\x01\r\n\x00\x03")
"""FillOrder is tag 266, 0x010A: with a line feed that text mode turns into two bytes. Every fax TIFF has it."""
_SHRUNK_SHARE = 1 / 8_192
"""Of a file's bytes, lost as carriage returns; of random ones it would be 1 in 65,536."""

_SLIP_MAX = 16
_RETURNS_EXPECTED_BYTES = 4_096
"""So many bytes of a picture without one are unlikely: 1 in ten million, of random ones."""

_BINARY_MODE = "the sender must upload in binary mode (TYPE I), and send it again"
_EXPANDED = f"it was uploaded in text mode, which put a byte before each line feed: {_BINARY_MODE}"
_SHRUNK = f"it was uploaded in text mode, it seems, which drops bytes: {_BINARY_MODE}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A fax as far as its structure tells."""

    kind: DocumentKind
    tiff: Tiff | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The beginning of a fax: the rest may still come. The reason is for the case that it does not."""

    reason: PoisonReason
    detail: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """No fax, and time will not make it one. The detail is a sentence for the operator."""

    reason: PoisonReason
    detail: str


Judged: TypeAlias = Whole | Unfinished | Unfit


def judge(content: bytes) -> Judged:
    if not content:
        return Unfinished(PoisonReason.EMPTY, "it is empty: the upload failed, and the sender must send it again")
    if b"%PDF-" in content[:_PDF_HEAD_BYTES]:
        return _judge_pdf(content)
    match read_tiff(content):
        case Tiff() as tiff:
            return Whole(DocumentKind.TIFF, tiff)
        case CutOff() if _is_expanded(content):
            return Unfit(PoisonReason.MANGLED, _EXPANDED)
        case CutOff(missing_bytes=missing):
            return _judge_beginning(content, missing)
        case NotTiff(reason=reason) if content.startswith(MAGIC):
            return _judge_damaged(content, reason)
        case NotTiff():
            detail = "it is neither a TIFF nor a PDF: ask the sender what it is, or set `ignore_pattern`"
            return Unfit(PoisonReason.NOT_A_FAX, detail)


def _judge_pdf(content: bytes) -> Judged:
    if b"%%EOF" in content[-_PDF_TAIL_BYTES:]:
        return Whole(DocumentKind.PDF)
    return Unfinished(PoisonReason.DAMAGED, "the PDF has no end: the upload was cut off; the sender must send it again")


def _judge_beginning(content: bytes, missing_bytes: int) -> Unfinished:
    # Even so no verdict yet: an upload under way lacks few bytes, too, just before its end.
    if _has_lost_returns(content) or (b"\r\n" not in content and _lacks_few(content, missing_bytes)):
        return Unfinished(PoisonReason.MANGLED, _SHRUNK)
    detail = f"the TIFF is cut off, at least {missing_bytes} bytes are missing: the sender must send it again"
    return Unfinished(PoisonReason.DAMAGED, detail)


def _judge_damaged(content: bytes, reason: str) -> Unfit:
    if _is_expanded(content):
        return Unfit(PoisonReason.MANGLED, _EXPANDED)
    if _has_lost_returns(content):
        return Unfit(PoisonReason.MANGLED, _SHRUNK)
    return Unfit(PoisonReason.DAMAGED, f"the TIFF is damaged: {reason}; the sender must send it again")


def _lacks_few(content: bytes, missing_bytes: int) -> bool:
    return missing_bytes <= 1 + len(content) * _SHRUNK_SHARE and b"\n" in content


def _has_lost_returns(content: bytes) -> bool:
    """Those before line feeds, as most servers take them out, or all, as Pure-FTPd does."""
    if b"\r" not in content and len(content) >= _RETURNS_EXPECTED_BYTES:
        return True
    return b"\r\n" not in content and _has_slipped(content)


def _is_expanded(content: bytes) -> bool:
    return bool(_FILL_ORDER.search(content)) and not re.search(rb"(?<!\r)\n", content)


def _has_slipped(content: bytes) -> bool:
    """Whether the directory stands some bytes before the place that the header names."""
    code = "<I" if content[:2] == b"II" else ">I"
    if len(content) < 8:
        return False
    named = int(struct.unpack_from(code, content, 4)[0])
    nearer = (struct.pack(code, named - slip) for slip in range(1, _SLIP_MAX + 1) if named - slip >= 8)
    return any(isinstance(read_tiff(content[:4] + place + content[8:]), Tiff) for place in nearer)
