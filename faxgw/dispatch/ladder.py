"""What to do next about an attempt in doubt: the ladder of questions that its carrier can answer; pure.

From the surest rung to the least: hand the same fax in again under its key where the carrier keeps keys; ask by our
reference; ask for what went to the number since; wait for a receipt. Nothing found proves something only where the
carrier would have shown it, and not before it had its time to take in what was on the way. In the end a person is
asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from faxgw.fax import ClientRef
from faxgw.provider.port import Capabilities, Listed, LookUpKind, weigh_fate

CLOCKS_DIFFER_SECONDS = 26 * 3_600.0
"""How far ours may be ahead of a carrier's clock when it lists what it took: a day set wrong, and a time zone."""


@dataclass(frozen=True, slots=True)
class HandInAgain:
    """The same fax under the same key: the carrier says that it has it, or takes it now."""


@dataclass(frozen=True, slots=True)
class AskByReference:
    pass


@dataclass(frozen=True, slots=True)
class AskByNumber:
    since: float


@dataclass(frozen=True, slots=True)
class AwaitReceipt:
    """The carrier cannot be asked."""


Rung = HandInAgain | AskByReference | AskByNumber | AwaitReceipt


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What is known of an attempt in doubt; times in seconds since 1970."""

    started_at: float
    deadline_at: float | None
    has_provider_ref: bool
    """The carrier once said that it has it."""
    key_failed: bool
    """Handing it in again was refused, or its pages cannot be drawn again as they were."""
    asked_for_seconds: float = 0.0
    """For how long it has been asked for, by a clock that nobody sets."""


def next_rung(capabilities: Capabilities, doubtful: Doubtful, now: float) -> Rung:
    """Where to put the question now."""
    age_seconds = now - doubtful.started_at
    # With the clock set back nobody knows how old it is, and under a key that is over it would be another fax.
    key_holds = age_seconds >= 0 and max(age_seconds, doubtful.asked_for_seconds) < capabilities.idempotent_seconds
    in_time = doubtful.deadline_at is None or now < doubtful.deadline_at
    if key_holds and in_time and not doubtful.key_failed and not doubtful.has_provider_ref:
        return HandInAgain()
    match capabilities.look_up:
        case LookUpKind.REFERENCE | LookUpKind.COMPLETED:
            return AskByReference()
        case LookUpKind.NUMBER | LookUpKind.LISTED:
            return AskByNumber(doubtful.started_at - CLOCKS_DIFFER_SECONDS)
        case LookUpKind.NONE:
            return AwaitReceipt()


def proves_absence(capabilities: Capabilities, doubtful: Doubtful) -> bool:
    """Whether "not known", said after the settling time, means that the carrier never got the fax."""
    shows_all = capabilities.look_up in _SHOW_ALL and capabilities.absence_proves
    return shows_all and not doubtful.has_provider_ref


_SHOW_ALL = frozenset({LookUpKind.REFERENCE, LookUpKind.NUMBER, LookUpKind.LISTED})
"""Answers to these hold what is under way as well as what is over."""


@dataclass(frozen=True, slots=True)
class Ours:
    listed: Listed


@dataclass(frozen=True, slots=True)
class NotListed:
    pass


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """More than one could be it, more than one of ours could be what is listed, or one has lost its reference."""


def find_ours(listed: Sequence[Listed], known_refs: frozenset[str], rivals: int) -> Ours | NotListed | Ambiguous:
    """Which of the faxes listed for a number is the one in doubt, at a carrier that does not repeat our references.

    Args:
        known_refs: the carrier's names of all our other faxes among them.
        rivals: other attempts over this carrier to this number that are in doubt as well.
    """
    strangers = [one for one in listed if one.provider_ref not in known_refs]
    if not strangers:
        return NotListed()
    return Ours(strangers[0]) if len(strangers) == 1 and not rivals else Ambiguous()


def find_named(
    listed: Sequence[Listed], client_ref: ClientRef, known_refs: frozenset[str]
) -> Ours | NotListed | Ambiguous:
    """Which of the faxes listed for a number bears our reference; one without any may be ours with its name lost."""
    ours = [one for one in listed if one.client_ref == client_ref]
    if ours:
        return Ours(max(ours, key=lambda one: weigh_fate(one.fate)))
    nameless = [one for one in listed if one.client_ref is None and one.provider_ref not in known_refs]
    return Ambiguous() if nameless else NotListed()
