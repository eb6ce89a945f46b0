"""The config of inboxes: where inbound faxes lie, and how their server shows that one is whole."""

import enum
import re
import zoneinfo
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from faxgw.config.section import Bytes, Count, Seconds, SecondsAboveZero, Section
from faxgw.faults import Fault

FILE_IGNORED = re.compile(
    r"^\.|\.(tmp|part|partial|filepart|crdownload|lock)$|\.pureftpd-upload\.|^~|^Thumbs\.db$|^desktop\.ini$",
    re.IGNORECASE,
)
"""Uploads under way as FTP servers and senders name them (ProFTPD `.in.*`, Pure-FTPd `.pureftpd-upload.*`, WinSCP
`.filepart`), and what file managers leave behind."""


class Security(enum.StrEnum):
    """How the connection is protected."""

    PLAIN = "ftp"
    """Not at all: passwords and faxes can be read on the way."""
    EXPLICIT = "ftps"
    """`AUTH TLS` before the password (RFC 4217)."""
    IMPLICIT = "ftps-implicit"
    """TLS from the first byte, mostly on port 990."""


class Convention(enum.StrEnum):
    """What shows that a file is whole."""

    SETTLED = "settled"
    """It did not change between two looks and for `settle_seconds`."""
    SIDECAR = "sidecar"
    """Its sidecar is there: the sender writes it last. A file without one is taken once it has settled and waited."""
    RENAMED = "renamed"
    """Its name: the server or the sender gives it only when the last byte is there."""


class SidecarFormat(enum.StrEnum):
    """In what words a file beside the fax tells of it."""

    NONE = "none"
    """There is none; the TIFF's own tags and the file name tell what they can."""
    IDX = "idx"
    """`KEY=VALUE` lines, as Retarus writes them."""
    XML = "xml"
    AROUND = "xml-around"
    """XML that carries the fax itself as base64; there is no other file."""
    JSON = "json"
    CSV = "csv"
    """A line of names and a line of values."""


class Done(enum.StrEnum):
    """What becomes of a fax on the server once it is kept here."""

    DELETE = "delete"
    MOVE = "move"
    """To `done_folder`."""


class InboxConfig(Section, frozen=True, kw_only=True):
    """One folder on one FTP server that a carrier drops faxes into."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    host: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    """0 is the usual one: 21, or 990 for `ftps-implicit`."""
    security: Security = Security.EXPLICIT
    ca_file: str = ""
    """PEM file of who signed the server's certificate; empty for the authorities that this machine trusts."""
    user: str
    password_file: str
    folder: str = ""
    """Empty for the one that the server shows after the login."""
    connections: Annotated[int, msgspec.Meta(ge=1, le=32)] = 2
    """At once; servers allow few for one user."""
    poll_seconds: SecondsAboveZero = 10.0
    """Between two looks, where the last one found nothing to fetch."""
    timeout_seconds: SecondsAboveZero = 30.0
    """For a connection, an answer, or the next piece of a file."""
    transfer_seconds: SecondsAboveZero = 300.0
    """For one file."""
    convention: Convention = Convention.SETTLED
    settle_seconds: Seconds = 10.0
    """For so long a file must have been seen unchanged. By our clock: that of the server may be wrong."""
    sidecar: SidecarFormat = SidecarFormat.NONE
    sidecar_suffix: str = ""
    """Empty for the format's own, such as `.idx`. It stands instead of the fax's own suffix or after it."""
    sidecar_wait_seconds: SecondsAboveZero = 300.0
    """A fax whose sidecar is missing or broken for so long is taken without it."""
    sidecar_fields: dict[str, str] = msgspec.field(default_factory=dict)
    """Names in the sidecar of `receipt_id`, `sender_number`, `sender_id`, `received_at`, `pages` and `bad_lines`, where
    the usual ones do not fit; such as `sender_number = "ANI"`."""
    sidecar_timezone: Annotated[str, msgspec.Meta(min_length=1)] = "UTC"
    """Whose clock its times follow, where they do not say: IANA name."""
    name_pattern: str = ""
    """Regular expression over the file's name, suffix included, with groups such as `(?P<sender_number>[0-9]+)`."""
    page_pattern: str = ""
    """Where each page is a file: regular expression with the groups `fax` and `page`, and `pages` where the name tells
    how many there are."""
    ignore_pattern: str = ""
    """Files beside the usual ones that are left alone."""
    claim: bool = True
    """Rename a file before it is fetched, so that two gateways never take the same one."""
    claim_seconds: SecondsAboveZero = 900.0
    """A claim of another gateway that stands for so long is taken over."""
    done: Done = Done.DELETE
    done_folder: Annotated[str, msgspec.Meta(min_length=1)] = "done"
    quarantine_folder: Annotated[str, msgspec.Meta(min_length=1)] = "quarantine"
    """Where files go that are no fax; they are kept here, too."""
    files_per_minute: Count = 6_000
    """Files fetched at most, so that taking in never starves sending."""
    batch_files_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 25
    """Fetched over one connection before they are kept in one commit."""
    file_bytes_max: Bytes = 32 * 1024 * 1024
    tries_max: Count = 5
    """Looks at a file that is not a whole fax before it goes to quarantine; each waits twice as long as the last."""
    unreachable_seconds_max: SecondsAboveZero = 300.0
    """Between two tries while the server cannot be reached; the first comes after `poll_seconds`."""

    @property
    def port_used(self) -> int:
        return self.port or (990 if self.security is Security.IMPLICIT else 21)

    @property
    def suffix_of_sidecars(self) -> str:
        """Empty where no file stands beside a fax."""
        if self.sidecar in {SidecarFormat.NONE, SidecarFormat.AROUND}:
            return ""
        return self.sidecar_suffix or f".{self.sidecar.value}"


TOLD_FIELDS = ("receipt_id", "sender_number", "sender_id", "received_at", "pages", "bad_lines")
"""What a sidecar, a name or tags can tell, in our words."""


def inbox_faults(inboxes: Sequence[InboxConfig]) -> Iterator[Fault]:
    """What types cannot say."""
    names = [own.name for own in inboxes]
    for index, own in enumerate(inboxes):
        at = f"/inbox/{index}"
        if own.name in names[:index]:
            yield Fault(f"{at}/name", f"two inboxes are named {own.name}")
        if own.convention is Convention.SIDECAR and not own.suffix_of_sidecars:
            yield Fault(f"{at}/sidecar", "the convention waits for a sidecar: say in which format it is")
        for field in own.sidecar_fields:
            if field not in TOLD_FIELDS:
                yield Fault(f"{at}/sidecar_fields/{field}", f"can be one of {', '.join(TOLD_FIELDS)}")
        if own.sidecar_timezone not in zoneinfo.available_timezones():
            yield Fault(f"{at}/sidecar_timezone", "not a time zone known here; write its IANA name")
        if own.done_folder == own.quarantine_folder:
            yield Fault(f"{at}/quarantine_folder", "must be another folder than done_folder")
        yield from _pattern_faults(at, own)


def _pattern_faults(at: str, own: InboxConfig) -> Iterator[Fault]:
    for key in ("name_pattern", "page_pattern", "ignore_pattern"):
        try:
            pattern = re.compile(getattr(own, key))
        except re.error as error:
            yield Fault(f"{at}/{key}", f"no regular expression: {error}")
            continue
        if key == "page_pattern" and own.page_pattern and not {"fax", "page"} <= set(pattern.groupindex):
            yield Fault(f"{at}/{key}", "needs the groups (?P<fax>...) and (?P<page>[0-9]+)")
