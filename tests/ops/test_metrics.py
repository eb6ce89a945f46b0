import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from faxgw.fax import State
from faxgw.ops.metrics import Metrics, QueueFigures

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(faxgw_\w+)` \| (\w+) \| (.*?) \|", re.MULTILINE)


def families_of(metrics: Metrics) -> dict[str, str]:
    """Name and type of every family of ours, counters with their suffix."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    ours = [family for family in families if family.name.startswith("faxgw_")]
    return {family.name + ("_total" if family.type == "counter" else ""): family.type for family in ours}


def test_every_metric_is_documented() -> None:
    """docs/metrics.md has a row for each metric, with its type, and none for metrics that are gone."""
    documented = {name: kind for name, kind, _ in ROW.findall(DOCS.read_text(encoding="utf-8"))}
    assert documented == families_of(Metrics())


def test_documented_labels_are_the_real_ones() -> None:
    """The order of the labels is that of `labels()`."""
    metrics = Metrics()
    for name, _, labels in ROW.findall(DOCS.read_text(encoding="utf-8")):
        attribute = getattr(metrics, name.removeprefix("faxgw_").removesuffix("_total").removesuffix("_seconds"), None)
        if attribute is not None:
            assert list(attribute._labelnames) == re.findall(r"`(\w+)`", labels), name


def test_the_queue_is_read_at_the_scrape() -> None:
    """Every unfinished state is shown, empty ones as 0, and no final one."""
    metrics = Metrics()
    figures = QueueFigures({}, 0.0)
    metrics.read_queue_from(lambda: figures)
    figures = QueueFigures({State.QUEUED: 3, State.UNKNOWN: 1, State.DELIVERED: 99}, 12.5)
    value = metrics.registry.get_sample_value
    assert value("faxgw_queue_faxes", {"state": "queued"}) == 3
    assert value("faxgw_queue_faxes", {"state": "held"}) == 0
    assert value("faxgw_queue_faxes", {"state": "delivered"}) is None
    assert value("faxgw_queue_oldest_due_age_seconds") == 12.5
    assert value("faxgw_unknown_outcome_faxes") == 1


def test_what_seldom_happens_is_there_as_nothing_before_it_happens() -> None:
    """Prometheus sees a counter grow only from a value that it has seen: the first of each would go unnoticed."""
    metrics = Metrics()
    metrics.begin_carriers(["north", "south"])
    value = metrics.registry.get_sample_value
    for name in ("parked", "watchdog_ended", "account_refused", "unknown_codes"):
        assert [value(f"faxgw_{name}_total", {"provider": carrier}) for carrier in ("north", "south")] == [0, 0], name
    assert value("faxgw_refused_total", {"door": "receipts", "reason": "unauthentic"}) == 0
    assert value("faxgw_relay_messages_total", {"kind": "REJ", "result": "broke"}) == 0


def test_two_gateways_count_apart() -> None:
    """Each object has its own registry: nothing is global."""
    one, other = Metrics(), Metrics()
    one.accepted.labels("api").inc()
    assert other.registry.get_sample_value("faxgw_accepted_total", {"source": "api"}) is None


def test_what_is_exposed_is_lean() -> None:
    """No creation times, which would double every counter."""
    metrics = Metrics()
    metrics.accepted.labels("api").inc()
    assert b"_created" not in metrics.exposition()
