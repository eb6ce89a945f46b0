"""What is remembered of a line across all faxes: whether a fax machine answered there, and what failed since.

Pure: the store learns from each call that ended in the commit that ends it, the schedule learns the same in
memory, and a test holds the two together.
"""

import msgspec

from faxgw.fax import Failure
from faxgw.phone import Line

HOUR_SECONDS = 3_600.0
FAILED_CALLS_KEPT_MAX = 64
"""No country allows more calls an hour to a line that does not answer; the newest are kept."""

NOT_A_CALL = frozenset({Failure.CAPACITY, Failure.ACCOUNT, Failure.DOCUMENT, Failure.EXPIRED, Failure.NOT_REACHED})
"""Failures that say nothing of the line: nobody dialled it."""
MACHINE_ANSWERED = frozenset({Failure.PROTOCOL, Failure.PAGE, Failure.IN_DOUBT})
"""A fax machine was heard, though the fax did not get through."""
SUSPICIOUS = (Failure.BAD_NUMBER, Failure.NO_FAX, Failure.NO_ANSWER)
"""Failures that, in a row, mean that no fax machine is there."""


class LineMemory(msgspec.Struct, frozen=True):
    """One line. The three counts are of calls in a row without a fax machine being heard."""

    line: Line
    has_answered: bool = False
    """Some time a fax machine was heard there; such a line is given more patience."""
    bad_number: int = 0
    no_fax: int = 0
    no_answer: int = 0
    failed_at: tuple[float, ...] = ()
    """When calls failed since the last delivery, oldest first, within the last hour of the newest."""

    def in_a_row(self, failure: Failure) -> int:
        match failure:
            case Failure.BAD_NUMBER:
                return self.bad_number
            case Failure.NO_FAX:
                return self.no_fax
            case Failure.NO_ANSWER:
                return self.no_answer
            case _:
                return 0


def delivered_on(memory: LineMemory) -> LineMemory:
    """A delivery forgives everything."""
    return LineMemory(memory.line, has_answered=True)


def forgiven(memory: LineMemory) -> LineMemory:
    """A person says that the line is well: it is dialled again."""
    return LineMemory(memory.line, memory.has_answered)


def failed_on(memory: LineMemory, failure: Failure, dials: int, at: float) -> LineMemory:
    """A call that failed after `dials` dials, those that the carrier made by itself included."""
    if failure in NOT_A_CALL or dials == 0:
        return memory
    recent = [then for then in memory.failed_at if at - then < HOUR_SECONDS]
    failed_at = tuple([*recent, *[at] * dials][-FAILED_CALLS_KEPT_MAX:])
    if failure in MACHINE_ANSWERED:
        return LineMemory(memory.line, has_answered=True, failed_at=failed_at)
    match failure:
        case Failure.BAD_NUMBER:
            return msgspec.structs.replace(memory, failed_at=failed_at, bad_number=memory.bad_number + dials)
        case Failure.NO_FAX:
            return msgspec.structs.replace(memory, failed_at=failed_at, no_fax=memory.no_fax + dials)
        case Failure.NO_ANSWER:
            return msgspec.structs.replace(memory, failed_at=failed_at, no_answer=memory.no_answer + dials)
        case _:
            # Busy, the network, a rejection: somebody or nobody may be there; the counts stay.
            return msgspec.structs.replace(memory, failed_at=failed_at)
