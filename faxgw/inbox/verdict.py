"""What is to become of a fax that was fetched; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from faxgw.config.inbox import InboxConfig, SidecarFormat
from faxgw.inbox.content import Unfinished, Unfit, Whole, judge
from faxgw.inbox.names import readable
from faxgw.inbox.port import Cut, Fetched, Gone, Lost, NotNow, Refused, TooLarge, Transfer
from faxgw.inbox.settled import Arrival
from faxgw.inbox.sidecar.name import told_by_name
from faxgw.inbox.sidecar.read import read_sidecar
from faxgw.inbox.sidecar.tags import told_by_tags
from faxgw.inbox.sidecar.told import BadSidecar, Told
from faxgw.inbox.sidecar.xml import picture_in
from faxgw.store.inbound.keeping import DocumentKind, PoisonReason

NOTE = "faxgw.note"
"""Under this name it stands beside the carrier's words what the operator should know of a fax that was kept."""


@dataclass(frozen=True, slots=True)
class Haul:
    """A fax as it came over the line."""

    arrival: Arrival
    contents: tuple[bytes, ...]
    """Of each part."""
    sidecar: bytes | None = None
    is_last_try: bool = False
    """What is not whole now goes to quarantine."""
    is_waited_out: bool = False
    """It is there for so long that a sidecar which cannot be read is waited for no more."""


@dataclass(frozen=True, slots=True)
class Keep:
    """A fax."""

    arrival: Arrival
    contents: tuple[bytes, ...]
    kind: DocumentKind
    told: Told
    has_bad_sidecar: bool = False


@dataclass(frozen=True, slots=True)
class SetAside:
    """None, or one that never became whole, or cannot be had."""

    arrival: Arrival
    reason: PoisonReason
    detail: str
    contents: tuple[bytes, ...] = ()
    """What there is of it."""
    is_moved: bool = True
    """Out of the folder. What the server does not hand over stays, and is tried again at times."""


@dataclass(frozen=True, slots=True)
class Later:
    """Perhaps it becomes whole, or can be had."""

    arrival: Arrival
    was_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Vanished:
    """Somebody else took it."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """The connection broke: that says nothing about the fax."""

    arrival: Arrival


Verdict: TypeAlias = Keep | SetAside | Later


def haul_of(
    arrival: Arrival, transfers: Sequence[Transfer], sidecar: Transfer | None, *, is_last_try: bool, is_waited_out: bool
) -> Haul | SetAside | Later | Vanished | BrokenOff:
    """What the transfers brought: a fax to look at, or why there is none."""
    for transfer in (*transfers, *([sidecar] if isinstance(sidecar, Cut | Lost | NotNow) else ())):
        match transfer:
            case Fetched():
                continue
            case TooLarge():
                detail = "it is larger than `file_bytes_max`; whoever sent it must say what it is"
                return SetAside(arrival, PoisonReason.TOO_LARGE, detail)
            case Gone():
                return Vanished(arrival)
            case Lost():
                return BrokenOff(arrival)
            case Cut(reason=reason) | Refused(reason=reason) | NotNow(reason=reason):
                if not is_last_try:
                    return Later(arrival, was_interrupted=True)
                detail = f"the server does not hand it over: {reason}; look at its rights and at the server"
                return SetAside(arrival, PoisonReason.UNFETCHABLE, detail, is_moved=False)
            case _:
                assert_never(transfer)
    contents = tuple(transfer.content for transfer in transfers if isinstance(transfer, Fetched))
    beside = sidecar.content if isinstance(sidecar, Fetched) else b"" if isinstance(sidecar, TooLarge) else None
    return Haul(arrival, contents, beside, is_last_try, is_waited_out)


def decide(haul: Haul, own: InboxConfig) -> Verdict:
    if haul.arrival.lacks_pages:
        return SetAside(haul.arrival, PoisonReason.INCOMPLETE, haul.arrival.lacks, haul.contents)
    contents, told = _unwrapped(haul, own)
    judged = [judge(content) for content in contents]
    for verdict in judged:
        match verdict:
            case Unfit(reason=reason, detail=detail):
                return SetAside(haul.arrival, reason, detail, contents)
            case Unfinished(reason=reason, detail=detail) if haul.is_last_try:
                # An empty document would be the same as every other one.
                return SetAside(haul.arrival, reason, detail, tuple(content for content in contents if content))
            case Unfinished():
                return Later(haul.arrival)
            case Whole():
                continue
            case _:
                assert_never(verdict)
    if isinstance(told, BadSidecar) and not haul.is_waited_out:
        return Later(haul.arrival)
    whole = [verdict for verdict in judged if isinstance(verdict, Whole)]
    if len({each.kind for each in whole}) != 1:
        detail = "one of its pages is a TIFF and another a PDF; look at `page_pattern`"
        return SetAside(haul.arrival, PoisonReason.DAMAGED, detail, contents)
    return Keep(haul.arrival, contents, whole[0].kind, _all_told(haul, told, whole, own), isinstance(told, BadSidecar))


def _unwrapped(haul: Haul, own: InboxConfig) -> tuple[tuple[bytes, ...], Told | BadSidecar]:
    """The documents, and what stands beside or around them."""
    fields, timezone = own.sidecar_fields, own.sidecar_timezone
    if own.sidecar is SidecarFormat.AROUND:
        around = haul.contents[0]
        picture = picture_in(around)
        told = read_sidecar(around, SidecarFormat.XML, fields, timezone)
        return (picture if picture is not None else around,), told
    if haul.sidecar is None:
        return haul.contents, Told()
    return haul.contents, read_sidecar(haul.sidecar, own.sidecar, fields, timezone)


def _all_told(haul: Haul, told: Told | BadSidecar, whole: list[Whole], own: InboxConfig) -> Told:
    """The sidecar's word counts before that of the name, and that before the machine's that received the fax."""
    pattern = re.compile(own.name_pattern) if own.name_pattern else None
    by_name = told_by_name(readable(haul.arrival.name), pattern, own.sidecar_timezone)
    directories = [directory for each in whole if each.tiff for directory in each.tiff.directories]
    by_tags = told_by_tags(directories, own.sidecar_timezone) if directories else Told()
    beside = Told(extra=_note(f"its sidecar was not used: {told.reason}")) if isinstance(told, BadSidecar) else told
    lacking = Told(extra=_note(haul.arrival.lacks)) if haul.arrival.lacks else Told()
    return beside.completed_by(by_name).completed_by(by_tags).completed_by(lacking)


def _note(text: str) -> Mapping[str, str]:
    return {NOTE: text}
