"""Hears of bugs that a crash barrier caught: the gateway goes on, and the day has failed all the same."""

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from structlog.typing import WrappedLogger


@dataclass
class Broken:
    barriers: list[str] = field(default_factory=list)

    def hear(self, _: WrappedLogger, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if entry.pop("exc_info", None):
            self.barriers.append(str(entry["event"]))
        raise structlog.DropEvent


@contextmanager
def listening_for_bugs() -> Iterator[Broken]:
    """Keep the log from being printed, and the bugs in it."""
    broken = Broken()
    before = structlog.get_config()
    structlog.configure(processors=[broken.hear], wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield broken
    finally:
        structlog.configure(**before)
