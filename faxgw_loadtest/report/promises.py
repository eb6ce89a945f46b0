"""The report's part on promises: how many were kept, and for each that was not, whether its line allowed it."""

from faxgw_loadtest.deadlines import Missed, Why
from faxgw_loadtest.report.chart import bar_chart
from faxgw_loadtest.report.parts import time_of_day, wait
from faxgw_loadtest.result import Result

MISSED_SHOWN = 40
_WHY = {
    Why.LINE: ("the line had no room", 5),
    Why.CARRIER: ("no channel was free", 7),
    Why.CALL: ("a failed call before", 4),
    Why.GATEWAY: ("missed by the gateway", 2),
}


def deadline_bars(result: Result) -> str:
    deadlines = result.deadlines
    bars = [("met", float(deadlines.met), 3)]
    bars += [(words, float(deadlines.missed_by(why)), colour) for why, (words, colour) in _WHY.items()]
    return bar_chart("Deadlines, by when the call ended", bars, lambda value: f"{value:,.0f}")


def missed_table(result: Result) -> str:
    """The gateway's own first: those are what somebody must look into."""
    missed = sorted(result.deadlines.missed, key=lambda each: (each.why is not Why.GATEWAY, each.deadline_seconds))
    if not missed:
        return ""
    rows = "".join(_missed_row(each, result.run.compress) for each in missed[:MISSED_SHOWN])
    names = ("missed", "ordered", "deadline", "its line allowed", "left to the gateway", "its call ended", "why")
    head = "".join(f"<th>{name}</th>" for name in names)
    more = len(missed) - MISSED_SHOWN
    told = f"<p class=soft>And {more:,} more, all of them in report.json.</p>" if more > 0 else ""
    return f"<div class=scroll><br><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{told}"


def _missed_row(missed: Missed, compress: float) -> str:
    """What was left to the gateway, beside a quarter of a second a call, is in seconds of the machine."""
    ended = "not delivered" if missed.ended_seconds is None else _moment(missed.ended_seconds)
    left = wait(max(0.0, missed.deadline_seconds - missed.earliest_seconds) / compress)
    days = [_moment(at) for at in (missed.ordered_seconds, missed.deadline_seconds, missed.earliest_seconds)]
    times = (*days, left, ended)
    cells = "".join(f"<td>{cell}</td>" for cell in (*times, _WHY[missed.why][0]))
    return f"<tr><td>order {missed.order:,}, florist {missed.florist}</td>{cells}</tr>"


def _moment(seconds: float) -> str:
    return f"{time_of_day(seconds)}:{int(seconds % 60):02d}"
