"""The alerts against Prometheus' own tool, and the metrics they stand on against the gateway's."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members
from tests.carriers import running_carrier
from tests.daemons import running_daemon
from tests.ops.promtool import promtool, series_in, series_that_are_there

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "config" / "prometheus").glob("faxgw-*.yml"))
TESTS = sorted((Path(__file__).parent / "prometheus").glob("faxgw-*-test.yml"))
RUNBOOK = "docs/operations.md"


def texts(files: Sequence[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def expressions() -> str:
    """The rules without their comments and texts, where metrics are only spoken of."""
    spoken = re.compile(r"\s*(#|summary:|description:|runbook_url:|- record:|- alert:|- name:)")
    return "\n".join(line for line in texts(RULES).splitlines() if not spoken.match(line))


def test_no_alert_stands_on_a_metric_that_is_not_there() -> None:
    """An alert over a misspelt name never fires, and nobody notices."""
    used = series_in(expressions())
    assert used
    assert used - series_that_are_there().keys() == set()


@pytest.mark.live
def test_the_rules_are_sound() -> None:
    """Syntax, as Prometheus reads it."""
    assert "SUCCESS" in promtool("check", "rules", *map(str, RULES))


@pytest.mark.live
def test_each_alert_fires_when_it_should_and_not_before() -> None:
    """promtool plays series of samples against the rules."""
    assert "SUCCESS" in promtool("test", "rules", *map(str, TESTS))


def test_each_alert_is_tested() -> None:
    """A new alert comes with its series: some upon which it fires, and some upon which it does not."""
    alerts = re.findall(r"alert: (\w+)", texts(RULES))
    fires = re.findall(r"alertname: (\w+)\n\s*exp_alerts:\n", texts(TESTS))
    assert len(alerts) == len(set(alerts))
    assert set(alerts) == set(fires) == set(re.findall(r"alertname: (\w+)", texts(TESTS)))


def test_each_alert_leads_to_its_section_of_the_runbook() -> None:
    """Whoever is woken at four has one link to follow, and it ends where this alert is spoken of."""
    alerts = re.findall(r"alert: (\w+)", texts(RULES))
    links = re.findall(r'runbook_url: "(.*)"', texts(RULES))
    assert links == [f"{RUNBOOK}#{alert.lower()}" for alert in alerts]
    sections = re.findall(r"^### (Faxgw\w+)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted(alerts)


@pytest.mark.live
async def test_what_a_daemon_shows_pleases_prometheus(tmp_path: Path) -> None:
    """Names, types and help texts of a daemon that has done some work."""
    shops = list(members(5))
    async with (
        running_carrier(time_scale=1_000) as carrier,
        running_daemon(tmp_path, carrier, b"".join(line_of(shop) for shop in shops)) as daemon,
    ):
        await daemon.submit_lines([line_of(order) for order in orders(5, shops)])
        await daemon.wait_finished(5, 30)
        exposition = (await daemon.ask("GET", "/metrics")).body
    assert b'faxgw_finished_total{outcome="delivered"} 5.0' in exposition
    assert promtool("check", "metrics", told=exposition) == ""
