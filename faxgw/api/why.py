"""Why a fax is not being sent this moment, in one sentence for a person."""

import datetime as dt
from collections.abc import Mapping

from faxgw.api.port import Why
from faxgw.dispatch.gate import ClosedBy, Closure, Gate
from faxgw.dispatch.suspensions import Suspensions
from faxgw.fax import State, Waiting
from faxgw.phone import Line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.admission import NO_LINE, Content
from faxgw.store.lines import SUSPICIOUS
from faxgw.store.stops import Scope, Suspension
from faxgw.store.views import FaxView


class Whys:
    """Asks all who may keep a fax from going."""

    def __init__(self, waiting: WaitingRoom, gates: Mapping[str, Gate], suspensions: Suspensions) -> None:
        self._waiting = waiting
        self._gates = gates
        self._suspensions = suspensions

    def why(self, view: FaxView) -> Why:
        match view.state:
            case State.QUEUED:
                return self._why_queued(view)
            case State.HELD if view.line == NO_LINE:
                detail = f"held ({view.reason}); reroute it to a member or a number, or release it to look again"
                return Why(Waiting.HELD, detail)
            case State.HELD if view.content is Content.DOCUMENT and _was_set_aside(view):
                mend = "if the file is at fault, cancel it and hand in a new one under another key; else release it"
                return Why(Waiting.HELD, f"held ({view.reason}); {mend}")
            case State.HELD if view.marked:
                detail = "ask the carrier or the florist whether it came, and resolve it"
                return Why(Waiting.HELD, f"held ({view.reason}), and it may have come before: {detail}")
            case State.HELD:
                return Why(Waiting.HELD, f"held ({view.reason}); release it to let it go")
            case State.SENDING | State.SUBMITTED:
                provider = view.attempts[-1].provider if view.attempts else "a carrier"
                return Why(Waiting.WITH_CARRIER, f"{provider} has it; its receipt is awaited")
            case State.UNKNOWN:
                return Why(Waiting.IN_DOUBT, _in_doubt_text(view))
            case final:
                return Why(Waiting.OVER, f"it is over: {final}" + (f" ({view.reason})" if view.reason else ""))

    def _why_queued(self, view: FaxView) -> Why:
        stopped = self._suspensions.find(Scope.GATEWAY) or self._suspensions.find(Scope.LINE, view.line)
        if stopped is not None:
            what = "all sending is suspended" if stopped.scope is Scope.GATEWAY else "its line is suspended"
            return Why(Waiting.SUSPENDED, f"{what} {by_whom(stopped)}; resume it to let it go", stopped.until)
        closures = [closure for gate in self._gates.values() if (closure := _shut(gate)) is not None]
        if self._gates and len(closures) == len(self._gates):
            reasons = "; ".join(f"{name}: {gate_text(gate)}" for name, gate in self._gates.items())
            until = min((closure.until for closure in closures if closure.until is not None), default=None)
            return Why(Waiting.PROVIDER_PAUSED, f"no carrier takes faxes just now ({reasons})", until)
        wait = self._waiting.why(view.fax_id, view.line)
        return Why(wait.waiting, self._text_of(wait.waiting, view), wait.until)

    def _text_of(self, waiting: Waiting, view: FaxView) -> str:
        match waiting:
            case Waiting.NOT_DUE:
                return f"waits for its next try after: {view.reason or 'its time'}"
            case Waiting.LINE_BUSY:
                calls_max = self._waiting.calls_max(view.line)
                takes = "one call" if calls_max == 1 else f"{calls_max} calls"
                return f"another fax has the line; a line takes {takes} at a time"
            case Waiting.LINE_RESTING:
                return "a call to the line just failed; all its faxes wait before the next"
            case Waiting.LINE_DEAD:
                return f"the line is taken for dead ({self._failures_of(view.line)}); resume it to dial it again"
            case Waiting.WINDOW_CLOSED:
                return "the line must not be called at this hour: the florist is closed, or its country keeps its night"
            case Waiting.BUDGET_SPENT:
                return "as many calls to the line failed within the hour as its country allows"
            case Waiting.SUSPENDED:
                return "a person suspended it; resume it to let it go"
            case _:
                return "nothing stands in its way; it goes as soon as a lane is free"

    def _failures_of(self, line: Line) -> str:
        memory = self._waiting.memory_of(line)
        counts = ((failure, memory.in_a_row(failure)) for failure in SUSPICIOUS)
        return "in a row " + ", ".join(f"{failure}: {count}" for failure, count in counts if count)


def _was_set_aside(view: FaxView) -> bool:
    """Whether the gateway holds it, not a person."""
    held = [event.kind for event in view.events if event.kind in {"set_aside", "held"}]
    return held[-1:] == ["set_aside"]


def _in_doubt_text(view: FaxView) -> str:
    if view.attempts and view.attempts[-1].ended_at is not None:
        return f"in doubt ({view.reason}), and it waits for a person: ask the florist whether it came, and resolve it"
    return (
        f"in doubt ({view.reason}); the carrier is being asked what it has. "
        "Whoever finds out sooner (the florist knows) can resolve it"
    )


def _shut(gate: Gate) -> Closure | None:
    """Why a carrier is shut; one whose lanes are merely full takes the next fax in a moment."""
    closure = gate.closure()
    return None if closure is None or closure.by in {ClosedBy.LANES, ClosedBy.RATE} else closure


def gate_text(gate: Gate) -> str:
    closure = gate.closure()
    return (
        "open" if closure is None else f"{closure.by.value}, {closure.detail}" if closure.detail else closure.by.value
    )


def by_whom(suspension: Suspension) -> str:
    since = dt.datetime.fromtimestamp(suspension.at, dt.UTC).isoformat(timespec="seconds")
    return f"by {suspension.who} since {since}" + (f" ({suspension.why})" if suspension.why else "")
