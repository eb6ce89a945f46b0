"""A line of the table says what was measured and whether it is enough, and never more."""

import math

import pytest

from tools.bench.row import Row, markdown, table


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row(part="p", what="w", value=5, unit="s", at_most=5), "reached"),
        (Row(part="p", what="w", value=5.1, unit="s", at_most=5), "not reached"),
        (Row(part="p", what="w", value=1, unit="s", ratio=0.4, at_least=0.5), "not reached"),
        (Row(part="p", what="w", value=1, unit="s"), ""),
        (Row(part="p", what="w", value=math.nan, unit="s", at_most=5), "not measured"),
        (Row(part="p", what="w", value=9, unit="s", ratio=math.nan, at_least=0.5), "not measured"),
    ],
)
def test_the_bound_is_of_the_ratio_or_of_the_value_alone(row: Row, verdict: str) -> None:
    """What is not a number reaches nothing."""
    assert row.verdict == verdict


def test_what_was_not_measured_has_no_number() -> None:
    """Neither in the text nor in the page does a "nan" stand."""
    rows = [Row(part="whole way", what="rate", value=math.nan, unit="", against="Postfix is missing", ratio=math.nan)]
    for told in (table(rows), markdown(rows)):
        assert "Postfix is missing" in told
        assert "not measured" in told
        assert "nan" not in told
