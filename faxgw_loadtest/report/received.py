"""The report's part on what came in while orders went out."""

from html import escape

from faxgw_loadtest.inbound.account import Inbound
from faxgw_loadtest.report.chart import Axis, Series, bar_chart, line_chart, linear
from faxgw_loadtest.report.parts import charts, short, wait
from faxgw_loadtest.result import Result


def came_in(result: Result, inbound: Inbound, clock: Axis) -> list[str]:
    return [
        "<h2>What came in meanwhile</h2>",
        charts([_unread(result, clock), _unread_age(result, clock), _became(inbound), _account(inbound)]),
    ]


def _unread(result: Result, clock: Axis) -> str:
    points = [(each.day_seconds, float(each.inbound_waiting)) for each in result.looks]
    highest = max((count for _, count in points), default=0.0)
    series = [Series("in the folder, or kept", points, 6, is_area=True)]
    return line_chart("Faxes that came in and are not read", series, clock, linear(max(highest, 4), short))


def _unread_age(result: Result, clock: Axis) -> str:
    points = [(each.day_seconds, each.inbound_oldest_seconds) for each in result.looks]
    highest = max((age for _, age in points), default=0.0)
    series = [Series("seconds of the machine", points, 2, is_area=True)]
    return line_chart("Age of the oldest of them", series, clock, linear(max(highest, 1.0), wait))


def _became(inbound: Inbound) -> str:
    bars = [
        ("accepted", float(inbound.accepted), 3),
        ("repeated", float(inbound.repeated), 1),
        ("for a person", float(inbound.review), 5),
        ("set aside", float(inbound.aside), 2),
        ("unread", float(inbound.unread), 2),
    ]
    return bar_chart("What they became, by the gateway's list", bars, lambda value: f"{value:,.0f}")


def _account(inbound: Inbound) -> str:
    facts = (
        ("answers planned", f"{inbound.planned:,}"),
        ("waited for their order to arrive", f"{inbound.held_back:,}"),
        ("put into the folder", f"{inbound.put_in:,}"),
        ("in the gateway's list", f"{inbound.listed:,}"),
        ("by the gateway's own count", f"{inbound.counted:,}"),
        ("became something else than they are", f"{inbound.misread:,}"),
        ("the load test was late with one, at most", wait(inbound.late_seconds)),
    )
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{value}</td></tr>" for name, value in facts)
    return f"<div class=scroll><table><thead><tr><th>faxes that came in</th><th></th></tr></thead>{rows}</table></div>"
