"""The table of what is promised: every figure is a line, whatever was measured."""

import math

import pytest

from tests.bench.results import (
    hylafax_measured,
    hylafax_missing,
    postfix_measured,
    whole_way_measured,
)
from tools.bench.figures import FIGURES, table_rows
from tools.bench.part import Measured
from tools.bench.parts import PARTS
from tools.bench.row import Row

PROMISED = [
    "whole way", "page", "durable accept", "store loop", "pick", "in flight", "inbound", "line time", "month close",
]  # fmt: skip


def by_peer(rows: list[Row], peer: str) -> list[Row]:
    return [row for row in rows if peer in row.against]


def test_every_promised_figure_is_a_line_even_when_nothing_was_measured() -> None:
    """No figure is dropped: without its part the line says how to get it."""
    rows = table_rows({})
    assert list(dict.fromkeys(row.part for row in rows)) == PROMISED
    assert len(rows) == len(FIGURES)
    assert {row.verdict for row in rows} == {"not measured"}
    assert all("python -m tools.bench" in row.against for row in rows)


def test_a_figure_is_compared_in_one_unit() -> None:
    """20,000 faxes a minute beside 500 messages a second are two thirds of it."""
    measured = {"whole_way": whole_way_measured(20_000), "postfix": postfix_measured(500)}
    rate, cpu = by_peer(table_rows(measured), "Postfix")[:2]
    assert rate.ratio == pytest.approx(2 / 3)
    assert "500.00 messages/s" in rate.against
    assert rate.verdict == "reached"
    assert cpu.ratio == pytest.approx(2.0)
    assert cpu.verdict == ""


@pytest.mark.parametrize(("jobs_a_minute", "verdict"), [(2_500, "reached"), (2_501, "not reached")])
def test_eight_times_hylafax_is_the_bound(jobs_a_minute: float, verdict: str) -> None:
    """At the bound a figure is reached, and a hair behind it is not."""
    measured = {"whole_way": whole_way_measured(20_000), "hylafax": hylafax_measured(jobs_a_minute)}
    [line] = [row for row in by_peer(table_rows(measured), "HylaFAX") if row.at_least == 8.0]
    assert line.verdict == verdict


def test_a_missing_peer_is_named_beside_our_figure() -> None:
    """Ours is there, the peer's name and what it lacks as well, and nothing counts as reached."""
    measured = {"whole_way": whole_way_measured(20_000), "hylafax": hylafax_missing()}
    [line] = [row for row in by_peer(table_rows(measured), "HylaFAX") if row.unit == "faxes/min"]
    assert line.value == 20_000
    assert "HylaFAX is missing: no faxq" in line.against
    assert math.isnan(line.ratio or 0)
    assert line.verdict == "not measured"


def test_a_part_that_failed_is_said_in_its_lines() -> None:
    """The reason of the part stands where its figure would."""
    measured = {"schedule": Measured(part="schedule", trouble="took longer than 300 s and was ended")}
    [pick] = [row for row in table_rows(measured) if row.part == "pick"]
    assert pick.against == "took longer than 300 s and was ended"


def test_a_row_with_a_comparison_of_its_own_keeps_it() -> None:
    """Only its name is the figure's."""
    own = Row(part="schedule", what="pick, p99", value=0.02, unit="ms", against="43.6 ms in SQL", at_most=1.0)
    [pick] = [row for row in table_rows({"schedule": Measured(part="schedule", rows=[own])}) if row.part == "pick"]
    assert (pick.value, pick.against, pick.verdict) == (0.02, "43.6 ms in SQL", "reached")


def test_every_figure_is_of_a_part_that_runs() -> None:
    """A figure whose module is no part would never be measured."""
    modules = {part.module for part in PARTS}
    sought = [figure.ours.module for figure in FIGURES] + [figure.theirs.module for figure in FIGURES if figure.theirs]
    assert set(sought) <= modules
