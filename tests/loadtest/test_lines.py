"""What telephone lines allow, and what the planner says that a day needs."""

import itertools
from collections import defaultdict
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from faxgw.order import Priority
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.lines import is_met, play_lines
from faxgw_loadtest.plan import Costs, Means, plan_day
from faxgw_loadtest.profile import Lines

LINES = Lines(first_page_seconds=20, page_seconds=10, ring_seconds=5)
CALL = LINES.call_seconds(1)


def fax(at: float, florist: int = 0, deadline: float | None = None, pages: int = 1) -> Arrival:
    return Arrival(at, florist, Priority.STANDARD, pages, deadline)


def test_a_line_takes_the_nearest_deadline_first() -> None:
    """While the first call lasts two come in; the later one has to be there sooner and goes before the other."""
    faxes = [fax(0), fax(1), fax(2, deadline=60)]
    played = play_lines(faxes, LINES)
    assert played.finished == [CALL, 3 * CALL, 2 * CALL]
    assert is_met(faxes[2], played.finished[2])
    assert played.line_seconds == {0: 3 * CALL}


def test_faxes_that_wait_share_a_call() -> None:
    """One dialling for three pages: 5 + 20 + 2 * 10 seconds after the call under way."""
    played = play_lines([fax(0), fax(1), fax(2), fax(3)], LINES, faxes_a_call=5)
    assert played.finished == [CALL, *[CALL + 45] * 3]
    assert played.calls == 2


times = st.floats(0, 1_000, allow_nan=False)
days = st.lists(st.tuples(times, st.integers(0, 3), st.none() | times, st.integers(1, 3)), min_size=1, max_size=40)


@given(days, st.integers(0, 3), st.integers(1, 4))
def test_no_line_and_no_carrier_ever_bears_more_than_it_can(
    day: list[tuple[float, int, float | None, int]], channels: int, together: int
) -> None:
    """Calls of a line follow each other, at most `channels` go at once, and every fax is there after it came in."""
    faxes = sorted((fax(*each) for each in day), key=lambda each: each.at_seconds)
    played = play_lines(faxes, LINES, channels=channels, faxes_a_call=together)
    assert all(end >= each.at_seconds + CALL for each, end in zip(faxes, played.finished, strict=True))
    assert not channels or played.channels_used_max <= channels
    ends: dict[int, set[float]] = defaultdict(set)
    for each, end in zip(faxes, played.finished, strict=True):
        ends[each.florist].add(end)
    for line in ends.values():
        ordered = sorted(line)
        assert all(later - end >= CALL - 1e-6 for end, later in itertools.pairwise(ordered))
    assert played.calls == sum(map(len, ends.values()))


def spread(count: int, florists: int, seconds: float, deadline: float | None = None) -> Iterator[Arrival]:
    return (fax(number * seconds / count, number % florists, deadline) for number in range(count))


def test_a_single_florist_binds_whatever_is_bought() -> None:
    """Two hundred faxes in an hour are 83 minutes of one line; sharing calls would meet all, and the plan says both."""
    faxes = list(spread(200, 1, 3_600, deadline=3_700))
    planned = plan_day(faxes, LINES, Costs(), Means(channels=50))
    assert planned.channels == 1
    assert planned.missed_by_lines > 40
    assert planned.busiest[0].florist == 0
    assert planned.binds.startswith("florists' lines")
    assert "0 deadlines missed" in planned.advice[0]


def test_where_no_deadline_is_missed_the_advice_speaks_of_waiting_alone() -> None:
    """Nothing was missed before, so that fewer missed deadlines would be no gain."""
    planned = plan_day(list(spread(400, 1, 3_600)), LINES, Costs(), Means(channels=50))
    assert planned.missed_by_lines == 0
    assert "deadlines" not in planned.advice[0]
    assert " minutes instead of 1" in planned.advice[0]


def test_too_few_channels_are_told_with_what_would_be_enough() -> None:
    faxes = list(spread(600, 300, 600, deadline=700))
    planned = plan_day(faxes, LINES, Costs(), Means(channels=5))
    assert planned.missed_by_lines == 0
    assert planned.binds.startswith("the carrier: with 5 channels")
    enough = play_lines(faxes, LINES, channels=planned.channels)
    assert all(is_met(each, end) for each, end in zip(faxes, enough.finished, strict=True))
    fewer = plan_day(faxes, LINES, Costs(), Means(channels=planned.channels))
    assert fewer.binds.startswith("nothing")


def test_cores_and_lanes_follow_from_what_was_measured() -> None:
    """A hundred faxes a second at 10 ms are one core at work, so two are needed; a slow carrier needs more lanes."""
    faxes = list(spread(6_000, 3_000, 60))
    quick = plan_day(faxes, LINES, Costs(cpu_ms=10, answer_seconds=0.1), Means(cores=1))
    slow = plan_day(faxes, LINES, Costs(cpu_ms=10, answer_seconds=1.0), Means())
    assert (quick.cores, quick.cores_used_peak) == (2, 1.0)
    assert quick.binds.startswith("the cores")
    assert slow.lanes > 5 * quick.lanes
