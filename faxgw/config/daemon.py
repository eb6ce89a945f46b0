"""The daemon itself: its doors, its store, its drawing processes, its log."""

from typing import Annotated, Literal

import msgspec

from faxgw.config.doors import ApiTcp
from faxgw.config.section import Bytes, Count, Seconds, Section

_Days = Annotated[int, msgspec.Meta(ge=1, le=100_000)]

SOCKET_PATH_BYTES_MAX = 107
"""`sun_path` holds 108 bytes with its closing zero (unix(7))."""


class Gateway(Section, frozen=True, kw_only=True):
    """Who we are, and where our files lie."""

    name: str = "faxgw"
    """Printed in the header line of every page, as fax rules ask; at most 32 characters fit."""
    state_dir: str = "var"
    """Holds the store; must be on a disk that keeps what fsync promised."""
    stop_grace_seconds: Seconds = 30.0
    """How long lanes may finish after the first signal to stop. Longer than the longest send time-out."""


class Api(Section, frozen=True, kw_only=True):
    """The local socket of the order system and the operator."""

    tcp: ApiTcp | None = None
    """The same on TCP, for callers on other machines; without it they have the socket alone."""
    socket: str = "var/faxgw.sock"
    socket_mode: Annotated[str, msgspec.Meta(pattern="^0?[0-7]{3}$")] = "660"
    order_bytes_max: Bytes = 64 * 1024
    upload_bytes_max: Bytes = 64 * 1024 * 1024
    upload_lines_max: Count = 10_000
    """NDJSON lines in one request; they share one commit."""
    delivery_days_max: _Days = 3_660
    """An order for a day that is further ahead is refused: its year is a slip."""
    delivery_days_past_max: _Days = 366
    """So is one for a day that is longer ago."""
    deadline_days_max: _Days = 400
    """So is a deadline that is further away."""
    event_wait_seconds_max: Seconds = 60.0
    event_followers_max: Count = 128
    """Who may wait for events, or follow their stream, at once: each holds one of the face's 512 connections."""
    stop_grace_seconds: Seconds = 2.0
    """How long answers under way may finish once the daemon stops."""


class RenderConfig(Section, frozen=True, kw_only=True):
    """The processes that draw pages."""

    workers: Count = 1
    batch_max: Count = 16
    timeout_seconds: Seconds = 30.0
    """A batch that takes longer counts as a worker that died."""
    memory_bytes_max: Annotated[int, msgspec.Meta(ge=512 * 1024 * 1024)] = 2 * 1024 * 1024 * 1024
    """Address space of one process; a document that needs more is set aside."""
    document_bytes_max: Bytes = 32 * 1024 * 1024
    document_pages_max: Count = 50
    """Of documents that others hand in: half an hour on the line, at 30 to 40 seconds a page."""
    document_pixels_max: Count = 72_000_000
    """Of one picture; A3 at 600 dpi has 70 million."""
    document_cpu_seconds_max: Seconds = 20.0
    """For a whole document; a quarter more ends the process. Less than `timeout_seconds`."""


class Logs(Section, frozen=True, kw_only=True):
    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"
