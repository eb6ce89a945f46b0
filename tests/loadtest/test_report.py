"""The report: what it says of a run, what it says of nothing, and that it never says more than is known."""

import io
from collections.abc import Mapping

import msgspec
import pytest
from rich.console import Console

from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.inbound.account import InboundBooks
from faxgw_loadtest.inbound.due import Answer, Kind
from faxgw_loadtest.inbound.inbox import Told
from faxgw_loadtest.inbound.post import Posting
from faxgw_loadtest.processes import Used
from faxgw_loadtest.report.page import page_of
from faxgw_loadtest.report.terminal import show_result
from faxgw_loadtest.result import Result, result_of
from faxgw_loadtest.run import Outcome
from faxgw_loadtest.watch import Moment
from tests.loadtest.test_account import DAY, books, call

PACE = Pace(begin_at=1_000.0, begin_seconds=36_000.0, compress=60.0)
SEEN = {"gateway": 0.0, "drawing": 0.0, "this load test": 0.0}


def moment(at: float, cpu_seconds: float, seen: Mapping[str, float] = SEEN) -> Moment:
    return Moment(
        at=at,
        processes={name: Used(cpu_seconds + begun, 100.0) for name, begun in seen.items()},
        handed_in=1,
        accepted=1,
        submitted=1,
        over=1,
        answers_put_in=0,
        queued=2,
        oldest_due_seconds=0.5,
        in_doubt=0,
        inbound_waiting=0,
        calls_under_way=1,
        waiting_for_channel=0,
    )


def result(
    *, seen: Mapping[str, float] = SEEN, inbound: InboundBooks | None = None, deadline: float = 36_120.0
) -> Result:
    """Two orders with two minutes each, played sixty times as fast: one in time, one a second of the machine late."""
    told = books(call(1, ended_at=1_001.0), call(2, ended_at=1_003.0), outcomes=("delivered",) * 2)
    arrivals = [msgspec.structs.replace(each, at_seconds=36_000.0, deadline_seconds=deadline) for each in told.arrivals]
    handing = Handing([1_000.0] * 2, [1_000.1, 1_000.2], [1, 2])
    stories = {fax_id: Story(1_000.1, 1_000.3, 1_000.0 + 2 * fax_id, "delivered") for fax_id in (1, 2)}
    told = type(told)(arrivals, handing, stories, told.calls, told.carrier)
    moments = [moment(1_000.0, 1.0, seen), moment(1_002.0, 1.5, seen), moment(1_004.0, 1.8, seen)]
    outcome = Outcome(told, inbound, PACE, moments, 4.0)
    return result_of(outcome, DAY, title="a <day>", seed=1, load_before=0.5)


def test_a_missed_deadline_is_told_with_what_its_line_allowed() -> None:
    """The line needed 25 s of the day after a quarter of a second, so that 1.33 s of the machine's were left."""
    late = result()
    assert late.complaints == ["1 deadline missed that the lines allowed"]
    page = page_of(late)
    assert "order 2, florist 1" in page
    row = page[page.index("order 2, florist 1") :].split("</tr>")[0]
    assert [cell.split("<")[0] for cell in row.split("<td>")[1:]] == [
        "10:00:00",
        "10:02:00",
        "10:00:40",
        "1.33 s",
        "10:03:00",
        "missed by the gateway",
    ]
    assert 'class="verdict bad"' in page
    assert "50.00 %" in page


def test_a_deadline_that_no_gateway_could_meet_is_the_lines() -> None:
    """The verdict is good all the same; the table still names both orders."""
    narrow = result(deadline=36_010.0)
    assert narrow.complaints == []
    page = page_of(narrow)
    assert page.count("the line had no room</td>") == 2
    assert "every deadline met that the lines allowed" in page


def test_what_nobody_says_of_a_process_is_not_known() -> None:
    """Never nought: neither on the page nor on the terminal."""
    known, unknown = result(), result(seen={"gateway": 0.0, "this load test": 0.0})
    assert known.cpu_ms_a_fax == pytest.approx(1_000 * 2 * 0.8 / 2)
    assert unknown.cpu_ms_a_fax is None
    assert "Not known: drawing, carrier." in page_of(unknown)
    assert "not known, gateway and drawing" in shown(unknown)
    assert "800.0 ms a fax" in shown(known)


def test_the_account_of_what_came_in_is_part_of_the_verdict() -> None:
    """A fax that was put in and that nobody has ever seen makes the run a bad one."""
    lost = InboundBooks(
        [Answer(36_000.0, 0, Kind.ACCEPT)], ["1.tif"], Posting([1_001.0]), Told([], {}, frozenset()), [1, 2], {}
    )
    bad = result(inbound=lost)
    assert "1 lost of the faxes that came in" in bad.complaints
    assert [look.inbound_waiting for look in bad.looks] == [1, 1]
    assert [look.inbound_oldest_seconds for look in bad.looks] == [1.0, 3.0]
    page = page_of(bad)
    assert "What came in meanwhile" in page
    assert "What came in meanwhile" not in page_of(result())
    assert "put in 1 accepted 0 repeated 0 review 0 aside 0 unread 0 lost 1 twice 0" in shown(bad)


def test_the_page_escapes_what_it_is_told_and_the_json_holds_all_of_it() -> None:
    told = result()
    assert "<h1>a &lt;day&gt;</h1>" in page_of(told)
    assert msgspec.json.decode(msgspec.json.encode(told), type=Result) == told


def shown(told: Result) -> str:
    paper = io.StringIO()
    show_result(told, Console(file=paper, width=200, highlight=False))
    return paper.getvalue()


def test_the_head_line_breaks_between_facts_only() -> None:
    """Each fact is one piece, and the dot stays with the one before it."""
    head = page_of(result()).partition('<p class="soft run">')[2].partition("</p>")[0]
    facts = head.removesuffix("</span>").removeprefix("<span>").split(" ·</span> <span>")
    assert facts[2:] == ["2 florists", "seed 1"]
    assert facts[0].endswith(" UTC")
