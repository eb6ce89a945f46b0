"""What people stop: a line, a carrier, all sending or taking in."""

import enum
from dataclasses import dataclass


class Scope(enum.StrEnum):
    """What can be suspended."""

    LINE = "line"
    PROVIDER = "provider"
    GATEWAY = "gateway"
    """All sending."""
    INTAKE = "intake"
    """Taking anything in: the gateway drains."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Nothing new begins there until somebody resumes it, or until `until`; calls under way are followed."""

    scope: Scope
    name: str
    """The line or the provider; empty for the gateway and its intake."""
    who: str
    why: str
    at: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Resumption:
    scope: Scope
    name: str
    who: str
    why: str
    at: float
    revives: bool = False
    """A line is also dialled again after it was taken for dead: a person says so, no timer."""
