"""How settlement stands at the moment of a scrape; amounts are whole minor units."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFigures:
    suspense: Mapping[str, int] = field(default_factory=dict[str, int])
    """Money that came and whose place nobody knows yet, by currency; above zero: it is ours to place."""
    exceptions: Mapping[str, int] = field(default_factory=dict[str, int])
    """Open ones, by reason."""
    unmatched: Mapping[str, int] = field(default_factory=dict[str, int])
    """What they come to, by currency, each counted as above zero."""
    oldest_exception_at: float | None = None
    claims_refused: int = 0
    months_open: int = 0
    """Months that are over, have journals, and are not closed."""
    days_to_close: int = 0
    """Since the end of the oldest of them."""


class SettlementCollector(Collector):
    """Shows ages as they are at the scrape."""

    def __init__(self) -> None:
        self.read: Callable[[], SettlementFigures] = SettlementFigures
        self.now: Callable[[], float] = lambda: 0.0

    def collect(self) -> Iterator[Metric]:
        figures = self.read()
        yield _by("suspense_minor", "Money whose place nobody knows yet", "currency", figures.suspense)
        yield _by("unmatched_minor", "What open exceptions come to", "currency", figures.unmatched)
        yield _by("exceptions", "Movements of money that wait for a person", "reason", figures.exceptions)
        oldest = figures.oldest_exception_at
        age_seconds = max(0.0, self.now() - oldest) if oldest is not None else 0.0
        for name, what, value in (
            ("oldest_exception_age_seconds", "For how long the oldest of these has waited", age_seconds),
            ("claims_waiting", "Claims of orders that could not be booked", figures.claims_refused),
            ("months_open", "Months that are over and not closed", figures.months_open),
            ("oldest_open_month_seconds", "Since the end of the oldest of these", figures.days_to_close * 86_400),
        ):
            yield GaugeMetricFamily(f"faxgw_settlement_{name}", what, value=value)


def _by(name: str, what: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"faxgw_settlement_{name}", what, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
