"""What HylaFAX and spandsp write into the TIFF itself."""

from collections.abc import Sequence

from faxgw.inbox.sidecar.told import Told, seconds_of
from faxgw.inbox.tiff import Directory

_IMAGE_DESCRIPTION, _DATE_TIME, _BAD_FAX_LINES = 270, 306, 326
_KEPT = {271: "Make", 272: "Model", 305: "Software", 316: "HostComputer", 34909: "FaxSubAddress", 34911: "FaxDcs"}


def told_by_tags(directories: Sequence[Directory], timezone: str) -> Told:
    """The sender's own id (TSI) as the sender set it, when the call came, and the lines that the noise destroyed."""
    first = directories[0]
    damaged = [sum(page[_BAD_FAX_LINES].numbers()) for page in directories if _BAD_FAX_LINES in page]
    return Told(
        sender_id=_text(first, _IMAGE_DESCRIPTION),
        received_at=seconds_of(_text(first, _DATE_TIME), timezone),
        bad_lines=sum(damaged) if damaged else None,
        extra={name: text for tag, name in _KEPT.items() if (text := _text(first, tag))},
    )


def _text(directory: Directory, tag: int) -> str:
    return directory[tag].text()[:200] if tag in directory else ""
