"""How faxes that came in stand at the moment of a scrape."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

WAITING_STATES = ("kept", "review", "quarantined")


@dataclass(frozen=True, slots=True)
class InboundFigures:
    faxes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Those that wait, by state: to be read (`kept`), for a person (`review`), for the operator (`quarantined`)."""
    oldest_unread_age_seconds: float = 0.0
    reviews_open: int = 0
    """Sheets; one fax may have several."""
    oldest_review_age_seconds: float = 0.0


class InboundCollector(Collector):
    """Shows ages as they are at the scrape, where a gauge would show them as they were at the last change."""

    def __init__(self) -> None:
        self.read: Callable[[], InboundFigures] = InboundFigures

    def collect(self) -> Iterator[Metric]:
        figures = self.read()
        faxes = GaugeMetricFamily("faxgw_inbound_waiting_faxes", "Faxes that came in and wait", labels=["state"])
        for state in WAITING_STATES:
            faxes.add_metric([state], figures.faxes.get(state, 0))
        yield faxes
        for name, what, value in (
            (
                "inbound_oldest_unread_age_seconds",
                "For how long the oldest unread fax has been kept",
                figures.oldest_unread_age_seconds,
            ),
            ("review_open", "Sheets that wait for a person", figures.reviews_open),
            ("review_oldest_age_seconds", "For how long the oldest has waited", figures.oldest_review_age_seconds),
        ):
            yield GaugeMetricFamily(f"faxgw_{name}", what, value=value)
