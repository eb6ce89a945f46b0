"""docs/benchmarks.md says what a run measured, on what, and what was missing."""

import msgspec
import pytest

from tests.bench.results import (
    hylafax_missing,
    postfix_measured,
    results_of,
    whole_way_measured,
)
from tools.bench.page import page_of
from tools.bench.part import Measured


def test_the_page_has_the_machine_the_table_and_every_row() -> None:
    """Each figure is a line of the first table, and each part that was measured has a table of its own."""
    results = results_of(whole_way_measured(), postfix_measured(), hylafax_missing())
    page = page_of(results)
    assert "fdatasync of 4 KiB | p50 0.18 ms, p99 0.50 ms" in page
    assert "| commit | 0123456789ab |" in page
    assert "Postfix 3.7.11" in page
    for row in results.figures:
        assert f"| {row.part} | {row.what} |" in page
    assert page.count("\n### ") == 2
    assert page.endswith("\n")


def test_a_missing_peer_and_a_failure_are_named() -> None:
    """What is missing is said apart, too; only a failure makes the run fail."""
    missing = results_of(whole_way_measured(), hylafax_missing())
    assert "* hylafax: HylaFAX is missing: no faxq" in page_of(missing)
    assert missing.is_whole
    failed = results_of(Measured(part="store", trouble="took longer than 300 s and was ended"))
    assert "* store: took longer" in page_of(failed)
    assert not failed.is_whole


@pytest.mark.parametrize("quick", [False, True])
def test_a_quick_run_says_that_it_is_none(quick: bool) -> None:
    """Nobody takes a look for a measurement."""
    assert ("no measurement" in page_of(results_of(quick=quick))) == quick


def test_the_page_has_no_row_with_a_column_too_many() -> None:
    """In each table all lines have as many columns as its head."""
    columns = None
    for line in page_of(results_of(whole_way_measured(), postfix_measured())).splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        columns = columns or line.count("|")
        assert line.count("|") == columns, line


def test_the_json_says_null_where_nothing_was_measured() -> None:
    """No NaN, which no other reader of JSON takes."""
    told = msgspec.json.decode(msgspec.json.encode(results_of(whole_way_measured())))
    assert {each["value"] for each in told["figures"] if each["part"] == "pick"} == {None}
    assert told["parts"][0]["rows"][0]["value"] == 20_000
