"""The dashboard against the metrics that it shows, and against Prometheus' own reading of its expressions."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.ops.promtool import promtool, series_in, series_that_are_there

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "config" / "grafana" / "faxgw.json").read_text(encoding="utf-8"))
SHOWN: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS: list[dict[str, str]] = [target for panel in SHOWN for target in panel["targets"]]
ROW = re.compile(r"^\| `(faxgw_\w+)` \| \w+ \| (.*?) \|", re.MULTILINE)
LABELS = {
    name: set(re.findall(r"`(\w+)`", labels))
    for name, labels in ROW.findall((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"))
}
"""As documented, which another test holds to the real ones."""
EVERYWHERE = {"job", "instance", "le"}
PUT_IN_BY_GRAFANA = {"$__rate_interval": "5m", "$job": "faxgw", "$instance": ".*"}


@pytest.mark.parametrize("expression", [target["expr"] for target in TARGETS])
def test_every_figure_is_one_of_ours(expression: str) -> None:
    """A panel over a misspelt name or label is empty, which looks like a quiet day."""
    series, there = series_in(expression), series_that_are_there()
    assert series
    assert series - there.keys() == set()
    labels = EVERYWHERE.union(*(LABELS.get(there[name], set()) for name in series))
    grouped = {name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")}
    assert grouped | set(re.findall(r"(\w+)=~?\"", expression)) <= labels


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target["legendFormat"])
def test_every_series_is_told_from_its_neighbours(target: dict[str, str]) -> None:
    """A legend names the labels that an expression keeps, all but the bucket's; only the chosen gateways are shown."""
    named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
    kept = {name.strip() for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for name in group.split(",")}
    assert named == kept - {"le"}
    assert target["expr"].count('{job="$job", instance=~"$instance"') == len(
        re.findall(r"(?:faxgw|process)_\w+", target["expr"])
    )


@pytest.mark.live
def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    """Wrapped into recording rules, for promtool checks no bare expressions."""
    starts = [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]
    rules = [
        {"record": f"panel:{number}", "expr": _filled(expression)}
        for number, expression in enumerate([target["expr"] for target in TARGETS] + starts)
    ]
    file = tmp_path / "rules.yml"
    # JSON is YAML, too.
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(file))


def _filled(expression: str) -> str:
    for name, value in PUT_IN_BY_GRAFANA.items():
        expression = expression.replace(name, value)
    return expression


def test_panels_lie_beside_each_other() -> None:
    """Grafana pushes one that overlaps another down to where nobody looks for it."""
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_every_panel_says_what_it_means() -> None:
    """With a unit, a data source that is chosen where it is imported, and an id of its own."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert len(SHOWN) > 30
    for panel in SHOWN:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
