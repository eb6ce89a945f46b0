"""Logs: one JSON object a line on standard error, or coloured lines for a person; levels as configured.

Above debug level nothing personal comes through: fields that name people, places and words are hidden,
and telephone numbers in any text lose their last four digits. Tracebacks show no values of variables.
Other libraries are heard from warning on, because some log whole addresses of requests.
"""

import datetime as dt
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, BinaryIO, Literal

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from faxgw.phone import mask_line

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_HIDDEN = frozenset(
    {"address", "body", "card_message", "company", "customer", "instructions", "key", "order", "password"}
    | {"payment_reference", "postcode", "recipient", "secret", "sender", "street", "token"}
)
_NUMBERS = frozenset({"destination", "fax", "fax_number", "line", "number", "phone", "to"})
_E164 = re.compile(r"\+(?:[ .-]?[0-9]){8,15}")


def configure_logs(
    form: Literal["json", "console"],
    level: Literal["debug", "info", "warning", "error"],
    out: BinaryIO | None = None,
) -> None:
    """Set up structlog and the standard library's logging for the whole process."""
    out = out or sys.stderr.buffer
    threshold = LEVELS[level]
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if threshold > logging.DEBUG:
        processors.append(mask_personal)
    structlog.configure(
        processors=[*processors, _render_json if form == "json" else _Console(colors=out.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(out),
        # Else loggers in use would keep their level when it changes; what is sent well logs nothing.
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(threshold if threshold == logging.DEBUG else max(threshold, logging.WARNING))


def moment_text(at: float) -> str:
    """A moment (seconds since 1970) as the log's own timestamps have it."""
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def mask_personal(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Hide what concerns a person; see the module's docstring."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: object) -> object:
    if name in _HIDDEN:
        return "(hidden)"
    match value:
        case str() if name in _NUMBERS:
            return mask_line(value)
        case str():
            return _E164.sub(lambda found: mask_line(found.group()), value)
        case Mapping():
            return {key: _masked(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_masked(name, inner) for inner in value]
        case _:
            return value


def _render_json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> bytes:
    head = {name: event.pop(name) for name in ("timestamp", "level", "event")}
    return msgspec.json.encode({**head, **event}, enc_hook=repr)


class _Console:
    def __init__(self, *, colors: bool) -> None:
        self._renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)

    def __call__(self, logger: Any, method: str, event: EventDict) -> bytes:
        return self._renderer(logger, method, event).encode(errors="backslashreplace")


class _Forward(logging.Handler):
    """Hands what other libraries log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
