"""The report as one HTML file that needs no network: the verdict first, then the account, then what it looked like."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources

from faxgw_loadtest.deadlines import Why
from faxgw_loadtest.latency import Latency
from faxgw_loadtest.report.chart import Axis, Series, bar_chart, line_chart, linear, logarithmic
from faxgw_loadtest.report.parts import charts, short, span, time_of_day, wait
from faxgw_loadtest.report.promises import deadline_bars, missed_table
from faxgw_loadtest.report.received import came_in
from faxgw_loadtest.result import Look, Result

Figure = Callable[[Look], Mapping[str, float]]

_COLOURS = {"express": 2, "standard": 1, "bulk": 4}
_PROCESS_COLOURS = {
    "gateway": 1,
    "drawing": 3,
    "reading": 2,
    "carrier": 5,
    "FTP server": 6,
    "planning": 7,
    "other work": 7,
    "this load test": 4,
}
_LINES_SHOWN = 8
_CLOCK_MARKS = 7


def page_of(result: Result) -> str:
    css = resources.files("faxgw_loadtest").joinpath("report", "page.css").read_text()
    parts = [_head(result), _verdict(result), _facts(result), *_sections(result), _how_to_read(result)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(result.run.title)} · faxgw load test</title><style>{css}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(result: Result) -> str:
    run = result.run
    began = dt.datetime.fromtimestamp(run.began_at, dt.UTC)
    played = f"{span(run.took_seconds * run.compress)} of the day in {span(run.took_seconds)}"
    *facts, seed = [
        f"{began:%d %B %Y %H:%M} UTC",
        f"{played}, {run.compress:g} times as fast",
        f"{run.florists:,} florists",
        f"seed {run.seed}",
    ]
    # A line breaks between two facts, and never begins with the dot.
    told = "".join(f"<span>{fact} ·</span> " for fact in facts) + f"<span>{seed}</span>"
    return f'<h1>{escape(run.title)}</h1><p class=soft>{escape(run.summary)}</p><p class="soft run">{told}</p>'


def _verdict(result: Result) -> str:
    account = result.account
    counted = f"{account.orders:,} orders in, {account.delivered:,} delivered by the carrier's own count"
    if result.inbound is not None:
        counted += f"; {result.inbound.put_in:,} faxes came in, {result.inbound.read:,} were read"
    if result.complaints:
        return f'<div class="verdict bad">{escape("; ".join(result.complaints))}<small>{counted}</small></div>'
    return (
        '<div class="verdict">Nothing lost, nothing twice, every deadline met that the lines allowed'
        f"<small>{counted}</small></div>"
    )


def _facts(result: Result) -> str:
    account, deadlines = result.account, result.deadlines
    over = ", ".join(f"{count:,} {name}" for name, count in account.openly_over.items()) or "none failed or expired"
    facts = [
        ("delivered", f"{account.delivered:,}", over, None),
        ("lost", f"{account.lost:,}", "accepted, and no final word that is true", account.lost == 0),
        ("twice", f"{account.twice:,}", "on a florist's machine", account.twice == 0),
        (
            "deadlines met",
            _percent(deadlines.share_met) if deadlines.promised else "-",
            f"of {deadlines.promised:,}; {deadlines.missed_by(Why.GATEWAY):,} missed by the gateway",
            not deadlines.missed_by(Why.GATEWAY),
        ),
        ("accepted, p99", wait(result.accept.p99) if result.accept else "-", "durable and answered", None),
        ("CPU a fax", _cpu_of(result), "gateway and drawing, order to receipt", None),
    ]
    if result.inbound is not None:
        came_in = result.inbound
        told = f"lost {came_in.lost:,}, twice {came_in.twice:,}, unread {came_in.unread:,}"
        facts.append(
            ("came in and read", f"{came_in.read:,}", told, not (came_in.lost or came_in.twice or came_in.unread))
        )
    return f"<dl class=facts>{''.join(_fact(*fact) for fact in facts)}</dl>"


def _percent(share: float) -> str:
    """All or not all, never rounded up to all."""
    return "100 %" if share == 1 else f"{min(99.99, 100 * share):.2f} %"


def _cpu_of(result: Result) -> str:
    return "not known" if result.cpu_ms_a_fax is None else f"{result.cpu_ms_a_fax:.1f} ms"


def _fact(name: str, value: str, told: str, is_good: bool | None) -> str:
    kind = {True: ' class="good"', False: ' class="bad"', None: ""}[is_good]
    return f"<div{kind}><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(told)}</small></dd></div>"


def _sections(result: Result) -> list[str]:
    return [
        "<h2>The course of the day</h2>",
        charts([_rates(result), _queue(result), _age(result), _calls(result)]),
        "<h2>How long it took</h2>",
        charts(
            [
                _accept_over_time(result),
                _receipt_over_time(result),
                _curves("Percentiles: accepted, and to the receipt", result, result.to_receipt),
                _curves("Percentiles: accepted, and to the carrier", result, result.to_sent),
            ]
        ),
        _waits(result),
        "<h2>What became of it</h2>",
        charts([_outcomes(result), deadline_bars(result), _line_use(result), _busiest(result)]),
        missed_table(result),
        *(came_in(result, result.inbound, _clock(result)) if result.inbound else ()),
        "<h2>What it cost</h2>",
        charts([_cpu(result), _memory(result)]),
        _not_known(result),
    ]


def _rates(result: Result) -> str:
    bins = result.bins
    series = [
        Series("orders due", [(each.day_seconds, each.due) for each in bins], 5, is_area=True),
        Series("accepted", [(each.day_seconds, each.accepted) for each in bins], 1),
        Series("delivered", [(each.day_seconds, each.delivered) for each in bins], 3),
    ]
    up = linear(max((max(each.due, each.accepted, each.delivered) for each in bins), default=0), short)
    return line_chart("Orders in and faxes out, a second of the machine", series, _clock(result), up)


def _queue(result: Result) -> str:
    looks = result.looks
    series = [Series("queued", [(each.day_seconds, each.queued) for each in looks], 1, is_area=True)]
    highest = max((each.queued for each in looks), default=0)
    return line_chart("Faxes that wait", series, _clock(result), linear(max(highest, 4), short))


def _age(result: Result) -> str:
    points = [(each.day_seconds, each.oldest_due_seconds) for each in result.looks]
    highest = max((each.oldest_due_seconds for each in result.looks), default=0.0)
    series = [Series("seconds of the machine", points, 2, is_area=True)]
    return line_chart("Age of the oldest fax that is due", series, _clock(result), linear(max(highest, 1.0), wait))


def _calls(result: Result) -> str:
    looks, channels = result.looks, result.run.carrier_channels
    series = [
        Series("calls under way", [(each.day_seconds, each.calls_under_way) for each in looks], 3, is_area=True),
        Series("waiting for a channel", [(each.day_seconds, each.waiting_for_channel) for each in looks], 2),
    ]
    highest = max((max(each.calls_under_way, each.waiting_for_channel) for each in looks), default=0)
    limit = float(channels) if channels and channels <= 3 * highest else None
    told = f"The carrier's lines, of {channels:,} channels" if channels else "The carrier's lines"
    return line_chart(told, series, _clock(result), linear(max(highest, limit or 0, 4), short), limit=limit)


def _accept_over_time(result: Result) -> str:
    return _waits_over_time(
        "Accepting an order, from the moment it was due",
        result,
        [(each.day_seconds, each.accept_p50) for each in result.bins],
        [(each.day_seconds, each.accept_p99) for each in result.bins],
    )


def _receipt_over_time(result: Result) -> str:
    return _waits_over_time(
        "From acceptance to the receipt, by when it was due",
        result,
        [(each.day_seconds, each.receipt_p50) for each in result.bins],
        [(each.day_seconds, each.receipt_p99) for each in result.bins],
    )


def _waits_over_time(
    title: str, result: Result, p50: list[tuple[float, float | None]], p99: list[tuple[float, float | None]]
) -> str:
    known = [wait for _, wait in (*p50, *p99) if wait]
    up = logarithmic(min(known, default=0.001), max(known, default=0.1), wait)
    return line_chart(title, [Series("p99", p99, 2), Series("p50", p50, 1)], _clock(result), up)


def _curves(title: str, result: Result, by_class: Mapping[str, Latency]) -> str:
    """Percentiles on an axis that gives each further nine the same room."""
    shown = {"accept": (result.accept, 5)} | {name: (latency, _COLOURS[name]) for name, latency in by_class.items()}
    series = [
        Series(name, [(100 / (100 - percent), wait) for percent, wait in latency.points if percent < 100], colour)
        for name, (latency, colour) in shown.items()
        if latency is not None
    ]
    waits = [wait for each in series for _, wait in each.points if wait]
    across = Axis(1.0, 10_000.0, [1, 2, 10, 100, 1_000, 10_000], lambda mark: f"{100 - 100 / mark:g} %", is_log=True)
    up = logarithmic(min(waits, default=0.001), max(waits, default=1.0), wait)
    return line_chart(title, series, across, up)


def _waits(result: Result) -> str:
    rows = [("order accepted", result.accept)]
    rows += [(f"accepted to sent, {name}", latency) for name, latency in result.to_sent.items()]
    rows += [(f"accepted to receipt, {name}", latency) for name, latency in result.to_receipt.items()]
    if result.inbound is not None:
        rows += [("came in to kept", result.inbound.to_kept), ("came in to read", result.inbound.to_read)]
    body = "".join(_wait_row(name, latency) for name, latency in rows if latency is not None)
    head = "".join(f"<th>{name}</th>" for name in ("", "count", "mean", "p50", "p90", "p99", "p99.9", "longest"))
    return f"<div class=scroll><br><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _wait_row(name: str, latency: Latency) -> str:
    waits = (latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.longest)
    cells = "".join(f"<td>{wait(each)}</td>" for each in waits)
    return f"<tr><td>{escape(name)}</td><td>{latency.count:,}</td>{cells}</tr>"


def _outcomes(result: Result) -> str:
    calls = sorted(result.account.calls.items(), key=lambda each: -each[1])
    bars = [(name.replace("_", " "), count, 3 if name == "delivered" else 2) for name, count in calls]
    return bar_chart("How calls ended, by the carrier", bars, lambda value: f"{value:,.0f}")


def _line_use(result: Result) -> str:
    bounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 10.0]
    names = ["below 1 %", "1 to 2 %", "2 to 5 %", "5 to 10 %", "10 to 20 %", "20 to 50 %", "above 50 %"]
    counts = [0] * len(bounds)
    for line in result.lines:
        counts[next(place for place, bound in enumerate(bounds) if line.held_share < bound or bound == bounds[-1])] += 1
    bars = [(name, float(count), 1) for name, count in zip(names, counts, strict=True)]
    return bar_chart("Lines by the share of time they were held", bars, lambda value: f"{value:,.0f}")


def _busiest(result: Result) -> str:
    rows = "".join(
        f"<tr><td>florist {line.florist}</td><td>{line.calls:,}</td><td>{100 * line.held_share:.1f} %</td></tr>"
        for line in result.lines[:_LINES_SHOWN]
    )
    head = "<tr><th>busiest lines</th><th>calls</th><th>held</th></tr>"
    return f"<div class=scroll><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>"


def _cpu(result: Result) -> str:
    series, highest = _by_process(result.looks, lambda look: look.cores)
    up = linear(max(highest, 0.1), lambda value: f"{value:g}")
    return line_chart(f"Cores at work, of {result.run.cores}", series, _clock(result), up)


def _memory(result: Result) -> str:
    series, highest = _by_process(result.looks, lambda look: look.memory_mib)
    return line_chart("Resident memory, MiB", series, _clock(result), linear(max(highest, 1.0), short))


def _by_process(looks: Sequence[Look], figure: Figure) -> tuple[list[Series], float]:
    names = [name for name in _PROCESS_COLOURS if any(name in figure(look) for look in looks)]
    series = [
        Series(name, [(look.day_seconds, figure(look).get(name)) for look in looks], _PROCESS_COLOURS[name])
        for name in names
    ]
    return series, max((value for look in looks for value in figure(look).values()), default=0.0)


def _not_known(result: Result) -> str:
    seen = {name for look in result.looks for name in look.cores}
    names = [name for name in ("gateway", "drawing", "carrier") if name not in seen]
    if not names:
        return ""
    return f"<p class=soft>Not known: {', '.join(names)}. They are out of sight, and say nothing of it themselves.</p>"


def _how_to_read(result: Result) -> str:
    run = result.run
    compressed = f"""
<p>Orders, calls, waits between calls and deadlines are {run.compress:g} times as fast as on the day; drawing, commits
and the network are not. So the gateway had to work so much harder than it will have to, and every wait here is in
seconds of the machine; the clock under the charts is the day's.</p>"""
    pages = " and, where a call had several pages, by the codes printed on them" if run.faxes_a_call > 1 else ""
    return f"""<h2>How to read it</h2>{compressed if run.compress != 1 else ""}
<p>Orders come in at moments that were fixed beforehand: a slow gateway does not slow them, and waiting for it counts.
The load test itself was at most {wait(result.generator_late_seconds)} late with an order. What was delivered, lost
or twice is counted by the carrier{pages}. A deadline counts as missed by the gateway unless a gateway that loses no
moment would have missed it on that line, too, or with the carrier's channels, or a call to that line failed before
it.</p>
<p class=soft>faxgw {escape(run.faxgw)}, Python {escape(run.python)}, {escape(run.machine)}, {run.cores} cores;
load average before the run {run.load_before:.1f}. Everything ran on this machine, the carrier and the load test
included. The queue's figures are renewed every five seconds.</p>"""


def _clock(result: Result) -> Axis:
    first = result.run.begin_seconds
    last = max(
        [first + 60.0, *(each.day_seconds for each in result.bins), *(look.day_seconds for look in result.looks)]
    )
    steps = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
    step = next((step for step in steps if (last - first) / step <= _CLOCK_MARKS), steps[-1])
    begin = int(first // step + (first % step > 0)) * step
    return Axis(first, last, list(range(begin, int(last) + 1, step)), time_of_day)
