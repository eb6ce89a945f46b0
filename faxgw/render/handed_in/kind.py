"""Tells what a document is from its first bytes, and holds that against what its sender calls it.

Looks at bytes only and decodes no pixel, so it is safe at the door, in the daemon's own process.
"""

from faxgw.render.handed_in.handed import Kind, Limits
from faxgw.render.sheet import Unrenderable

MEDIA_TYPES = {
    "text/plain": Kind.TEXT,
    "image/tiff": Kind.TIFF,
    "image/tiff-fx": Kind.TIFF,  # RFC 3950: fax pages in a TIFF.
    "image/png": Kind.PNG,
    "image/jpeg": Kind.JPEG,
    "application/pdf": Kind.PDF,
}
UNDECLARED = frozenset({"", "application/octet-stream"})

ACCEPTED = "plain text, TIFF, PNG, JPEG and PDF are taken"

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"II+\0", Kind.TIFF),  # BigTIFF
    (b"MM\0+", Kind.TIFF),
)
_TEXT_NOT_TAKEN = (
    (b"{\\rtf", "a rich text document (RTF)"),
    (b"%!ps", "PostScript"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
)
_BINARY_NOT_TAKEN = (
    (b"PK\x03\x04", "a ZIP archive or an office document (docx, xlsx, odt)"),
    (b"\xd0\xcf\x11\xe0", "an office document of the old kind (doc, xls)"),
    (b"GIF8", "a GIF"),
    (b"BM", "a Windows bitmap"),
    (b"RIFF", "a WebP picture or a sound"),
    (b"\x1f\x8b", "a gzip archive"),
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A text may hold these; any other control character tells a file of some other kind.
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r")
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in _TEXT_CONTROLS)


def recognise(content: bytes, media_type: str, limits: Limits | None = None) -> Kind | Unrenderable:
    """The document's kind, or why it is not taken. `media_type` is as declared, "" where nobody said."""
    bytes_max = (limits or Limits()).bytes_max
    if not content:
        return Unrenderable("the document is empty")
    if len(content) > bytes_max:
        return Unrenderable(f"the document has {len(content)} bytes; at most {bytes_max} are taken: split it")
    declared = media_type.partition(";")[0].strip().lower()
    if declared not in UNDECLARED and declared not in MEDIA_TYPES:
        return Unrenderable(f"documents of the type {declared[:80]!r} are not taken; {ACCEPTED}")
    found = _look(content)
    if isinstance(found, Kind) and declared in MEDIA_TYPES and MEDIA_TYPES[declared] is not found:
        return Unrenderable(f"the document is declared as {declared} but its content is {found}: declare what it is")
    return found


def _look(content: bytes) -> Kind | Unrenderable:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    begins = content[:1024].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if begins.startswith(b"%PDF-"):
        return Kind.PDF
    is_text = _is_text(content)
    for beginning, name in _TEXT_NOT_TAKEN if is_text else _BINARY_NOT_TAKEN:
        if begins.lower().startswith(beginning.lower()):
            return Unrenderable(f"the document is {name}; {ACCEPTED}: save it as PDF")
    if is_text:
        return Kind.TEXT
    return Unrenderable(f"it cannot be told what the document is; {ACCEPTED} (text in UTF-8)")


def _is_text(content: bytes) -> bool:
    if len(content.translate(None, _CONTROLS)) != len(content):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
