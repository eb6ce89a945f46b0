"""What a run or a plan comes to, on a terminal."""

from rich.console import Console
from rich.table import Table

from faxgw_loadtest.deadlines import Why
from faxgw_loadtest.inbound.account import Inbound
from faxgw_loadtest.plan import Plan
from faxgw_loadtest.profile import Profile
from faxgw_loadtest.result import Result

WHY = {
    Why.LINE: "by the line",
    Why.CARRIER: "by the carrier's channels",
    Why.CALL: "by a failed call",
    Why.GATEWAY: "by the gateway",
}


def show_result(result: Result, console: Console) -> None:
    account, deadlines = result.account, result.deadlines
    if result.accept is not None:
        console.print(f"accepted  p50 {result.accept.p50 * 1e3:.1f} ms, p99 {result.accept.p99 * 1e3:.1f} ms")
    for name, latency in result.to_receipt.items():
        console.print(f"receipt   {name}: p50 {latency.p50:.2f} s, p99 {latency.p99:.2f} s after acceptance")
    told = ", ".join(f"{deadlines.missed_by(why):,} {words}" for why, words in WHY.items())
    console.print(f"deadlines {deadlines.met:,} of {deadlines.promised:,} met; missed: {told}")
    cpu = "not known" if result.cpu_ms_a_fax is None else f"{result.cpu_ms_a_fax:.1f} ms a fax"
    console.print(f"cpu       {cpu}, gateway and drawing")
    over = "".join(f" {name} {count}" for name, count in account.openly_over.items())
    console.print(
        f"account   accepted {account.accepted} delivered {account.delivered}{over} unfinished {account.unfinished} "
        f"refused {account.refused} lost {account.lost} twice {account.twice}"
    )
    if result.inbound is not None:
        _show_inbound(result.inbound, console)
    for complaint in result.complaints:
        console.print(f"[red]failed[/red]    {complaint}")


def _show_inbound(inbound: Inbound, console: Console) -> None:
    if inbound.to_read is not None:
        console.print(
            f"read      p50 {inbound.to_read.p50:.2f} s, p99 {inbound.to_read.p99:.2f} s after it was put in; "
            f"the oldest unread was {inbound.oldest_unread_seconds_max:.1f} s old"
        )
    console.print(
        f"came in   put in {inbound.put_in} accepted {inbound.accepted} repeated {inbound.repeated} "
        f"review {inbound.review} aside {inbound.aside} unread {inbound.unread} lost {inbound.lost} "
        f"twice {inbound.twice}"
    )


def show_plan(day: Profile, planned: Plan, console: Console) -> None:
    table = Table.grid(padding=(0, 3))
    rows = (
        ("lanes", planned.lanes, "connections to the carrier at once"),
        ("channels", planned.channels, f"calls at once; with {planned.channels_peak:,} nothing ever waits for one"),
        ("cores", planned.cores, f"{planned.cores_used_peak:.2f} at work in the peak minute"),
    )
    for name, count, told in rows:
        table.add_row(name, f"[b]{count:,}[/b]", told)
    console.print(f"{day.summary}\n{day.florists.count:,} florists, {planned.faxes:,} faxes, ", end="")
    console.print(f"{planned.peak_minute_faxes:,} in the peak minute, {planned.promised:,} with a deadline\n")
    console.print(table)
    console.print(f"\nWhat binds: {planned.binds}", markup=False)
    for advice in planned.advice:
        console.print(f"  - {advice}", markup=False)
    narrow = ", ".join(f"{line.florist} ({line.faxes:,} faxes, {line.line_hours:.1f} h)" for line in planned.busiest)
    console.print(f"Narrowest lines: {narrow}")
