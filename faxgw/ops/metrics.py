"""The gateway's figures for Prometheus, each described in docs/metrics.md.

One object in the one process that has metrics: workers return what they measured with their result.
No label holds a telephone number, a fax id or anything else that grows without bound.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from faxgw.fax import FINAL, State, Waiting
from faxgw.message import Kind
from faxgw.ops.inbound_figures import InboundCollector, InboundFigures
from faxgw.ops.settlement_figures import SettlementCollector, SettlementFigures
from faxgw.order import Priority

__all__ = ["CONTENT_TYPE", "Metrics", "QueueFigures"]

_COMMIT_SECONDS = (0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_BATCH_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
_RENDER_SECONDS = (0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
_STEP_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
_CALL_FAXES = (1, 2, 3, 4, 5, 10, 20, 50)
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Below zero it came too late.
_SLACK_SECONDS = (-3_600.0, -600.0, -60.0, 0.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0)
_REPLAN_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_INBOX_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0)
_RECEIPT_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 900.0, 3_600.0)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How the queue stands at the moment of a scrape."""

    faxes: Mapping[State, int]
    """By state; states that are missing count as 0, final ones are not shown."""
    oldest_due_age_seconds: float
    """For how long the oldest fax has been due and could have gone; 0 when none is due."""
    waiting: Mapping[Waiting, int] = field(default_factory=dict)
    """Queued faxes by why they wait."""
    lines: Mapping[Waiting, int] = field(default_factory=dict)
    """Lines with faxes that fell due, by why these wait."""
    oldest_due_age_seconds_by_class: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CarrierFigures:
    """How a carrier stands at the moment of a scrape."""

    name: str
    breaker: str
    """`closed`, `half_open` or `open`."""
    limit: int
    in_flight: int
    tokens: float
    """How many faxes its rate lets go at once now; infinite without a rate."""
    account_refused: bool


class Metrics:
    """Every metric, in a registry of its own. Labels stand in the order in which `labels()` takes them."""

    def __init__(self) -> None:
        # A creation time beside each counter doubles the answer, and Prometheus does not read it in this format.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # It bears no types.
        self.registry = CollectorRegistry()
        self._queue = _QueueCollector()
        self.registry.register(self._queue)
        self._carriers = _CarrierCollector()
        self.registry.register(self._carriers)
        prometheus_client.ProcessCollector(registry=self.registry)

        self.accepted = self._counter("accepted", "Orders taken in and durable", "source")
        self.refused = self._counter("refused", "Requests and orders refused", "door", "reason")
        self.finished = self._counter("finished", "Faxes that reached a final state", "outcome")
        self.set_aside = self._counter("set_aside", "Faxes held because they cannot be sent as they are")
        self.deadline = self._counter("deadline", "Faxes with a deadline that are over", "result", "rule")
        self.deadline_slack = self._histogram(
            "deadline_slack_seconds", "From the delivery to the deadline; below zero it came too late", _SLACK_SECONDS
        )
        self.escalations = self._counter("escalations", "Steps taken before a deadline was lost", "step")
        self.attempts = self._counter("attempts", "Attempts that ended", "provider", "result")
        self.attempt_duration = self._histogram(
            "attempt_duration_seconds", "From the intent to the carrier's answer", _CALL_SECONDS, "provider"
        )
        self.call_faxes = self._histogram("call_faxes", "Faxes that went in one call", _CALL_FAXES)
        self.failovers = self._counter("failovers", "Faxes that went over another carrier than before", "from", "to")
        self.unknown_codes = self._counter("unknown_codes", "Failures whose code no adapter knows yet", "provider")
        self.parked = self._counter("parked", "Doubts that wait for a person", "provider")
        self.watchdog_ended = self._counter("watchdog_ended", "Sends that hung and were left behind", "provider")
        self.account_refused = self._counter(
            "account_refused", "Times a carrier began to refuse our account", "provider"
        )
        self.lines_dead = self._counter(
            "lines_dead", "Lines taken for dead: too many calls in a row found no fax machine"
        )
        self.receipts = self._counter("receipts", "What carriers said of attempts", "via", "result")
        self.receipt_lag = self._histogram(
            "receipt_lag_seconds", "From a carrier's taking a fax over to its final word here", _RECEIPT_SECONDS, "via"
        )
        self.routed = self._counter("routed", "Orders that routing gave to a florist", "how")
        self.not_routed = self._counter("not_routed", "Orders for which routing found nobody", "reason")
        self.rerouted = self._counter("rerouted", "Orders that went to another florist by themselves", "reason")
        self.damaged_orders = self._counter(
            "damaged_orders", "Times routing came upon an order whose row in the store cannot be read"
        )
        self.replan_seconds = self._histogram(
            "replan_seconds", "Planning a day's orders anew, and moving them", _REPLAN_SECONDS
        )
        self.render_pages = self._counter("render_pages", "Pages drawn")
        self.render_duration = self._histogram(
            "render_duration_seconds", "Time in a render process for one batch of documents", _RENDER_SECONDS
        )
        self.store_commit_duration = self._histogram(
            "store_commit_duration_seconds", "From BEGIN to the end of the commit's fsync", _COMMIT_SECONDS
        )
        self.store_commit_batch_size = self._histogram(
            "store_commit_batch_size", "Changes that shared one commit", _BATCH_SIZES
        )
        self.store_writes_broken = self._counter(
            "store_writes_broken", "Writes that were not made: the disk was full, or the operation broke"
        )
        self.store_wal_bytes = Gauge("faxgw_store_wal_bytes", "Size of the write-ahead log", registry=self.registry)
        self.store_writes_waiting = Gauge(
            "faxgw_store_writes_waiting", "Changes handed in and not yet taken up by the writer", registry=self.registry
        )
        self.store_free_bytes = Gauge(
            "faxgw_store_free_bytes", "Free room on the disk of the store", registry=self.registry
        )
        self.store_free_bytes_min = Gauge(
            "faxgw_store_free_bytes_min", "Below this much free room the gateway is not ready", registry=self.registry
        )
        self.members = Gauge("faxgw_members", "Members in the register today", ["standing"], registry=self.registry)
        self.account_proposals = Gauge(
            "faxgw_account_proposals", "Account numbers that wait for a second person", registry=self.registry
        )
        self.register_entries = self._counter("register_entries", "What was recorded of members", "kind")
        self.faxes_moved = self._counter("faxes_moved", "Faxes whose florist got another fax number", "result")
        self.loop_lag = self._histogram("loop_lag_seconds", "How late a task of the event loop was woken", _LAG_SECONDS)
        self._add_doors()
        self._add_relay()
        self._add_inbound()
        self._add_settlement()
        for reason in ("unauthentic", "unreadable"):
            self.refused.labels("receipts", reason)
        Info("faxgw_build", "The version that runs", registry=self.registry).info({"version": version("faxgw")})

    def inbox_step(self, step: str) -> AbstractContextManager[object]:
        """Time a step of taking a batch."""
        return self.inbox_step_duration.labels(step).time()

    def begin_carriers(self, names: Collection[str]) -> None:
        """Show what seldom happens to a carrier as 0: a counter that is not there yet cannot be seen to grow."""
        for counter in (self.parked, self.watchdog_ended, self.account_refused, self.unknown_codes):
            for name in names:
                counter.labels(name)

    def _add_doors(self) -> None:
        """Who comes in over TLS, what is shown there, and the config that changes meanwhile."""
        self.tls_handshakes = self._counter("tls_handshakes", "What came of handshakes with callers", "door", "result")
        self.tls_certificate_ends = self._gauge(
            "tls_certificate_expiry_timestamp_seconds", "When the certificate that a door shows ends", "door"
        )
        self.config_reloads = self._counter("config_reloads", "Times the config was read anew", "result")
        for result in ("applied", "refused"):
            self.config_reloads.labels(result)
        self.config_keys_waiting = self._gauge(
            "config_keys_waiting", "Keys of the config whose new value takes effect at the next start"
        )

    def _add_relay(self) -> None:
        """What florists say to each other."""
        self.relay_messages = self._counter("relay_messages", "What was said about orders", "kind", "result")
        for kind in Kind:
            self.relay_messages.labels(kind.value, "broke")
        self.relay_reminders = self._counter("relay_reminders", "Times a florist was asked for a word")
        self.relay_silent = self._counter("relay_silent", "Times a florist gave no word in spite of all reminders")
        self.relay_unplaced = self._counter("relay_unplaced", "Times no other florist was found for an order")
        self.relay_unanswered = self._gauge("relay_unanswered", "Orders that arrived and whose florist says nothing")
        self.relay_unanswered_oldest = self._gauge(
            "relay_unanswered_oldest_seconds", "For how long the oldest of these has waited for a word"
        )

    def _add_settlement(self) -> None:
        self.settlement_claims = self._counter("settlement_claims", "Steps of orders' claims in the ledger", "result")
        self.settlement_imports = self._counter("settlement_imports", "Settlement files that were handed in", "result")
        self._settlement = SettlementCollector()
        self.registry.register(self._settlement)

    def _add_inbound(self) -> None:
        """What comes in: from the servers' folders to what became of each sheet."""
        self._inbound = InboundCollector()
        self.registry.register(self._inbound)
        self.inbox_files = self._counter("inbox_files", "What became of files that were looked at", "inbox", "result")
        self.inbox_step_duration = self._histogram(
            "inbox_step_duration_seconds", "Time for one step of taking a batch of faxes", _INBOX_SECONDS, "step"
        )
        self.inbox_waiting = self._gauge("inbox_waiting_files", "Faxes in the folder that are not whole yet", "inbox")
        self.inbox_oldest_age = self._gauge(
            "inbox_oldest_file_age_seconds", "For how long the oldest fax has been seen in the folder", "inbox"
        )
        self.inbox_reachable = self._gauge("inbox_is_reachable", "1 while the last look succeeded", "inbox")
        self.intake_sheets = self._counter(
            "intake_sheets", "Sheets of faxes that came in, by what they became", "result"
        )
        self.intake_set_aside = self._counter("intake_set_aside", "Kept faxes that could not be read", "reason")
        self.intake_cpu = self._counter("intake_cpu_seconds", "Computing time of the reading processes", "work")
        self.intake_step_duration = self._histogram(
            "intake_step_duration_seconds", "One step of taking in a batch of faxes", _STEP_SECONDS, "step"
        )

    def read_queue_from(self, read: Callable[[], QueueFigures]) -> None:
        """Ask `read` for the queue's figures at each scrape; it must be cheap and not wait."""
        self._queue.read = read

    def queue_figures(self) -> QueueFigures:
        """The queue as it was looked at last; costs nothing."""
        return self._queue.read()

    def read_carriers_from(self, read: Callable[[], Sequence[CarrierFigures]]) -> None:
        """Ask `read` for the carriers' figures at each scrape; it must be cheap and not wait."""
        self._carriers.read = read

    def read_inbound_from(self, read: Callable[[], InboundFigures]) -> None:
        """Ask `read` for how inbound faxes stand at each scrape; it must be cheap and not wait."""
        self._inbound.read = read

    def read_settlement_from(self, read: Callable[[], SettlementFigures], now: Callable[[], float]) -> None:
        """Ask `read` for how settlement stands at each scrape; it must be cheap and not wait."""
        self._settlement.read, self._settlement.now = read, now

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return prometheus_client.generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"faxgw_{name}_total", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"faxgw_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"faxgw_{name}", what, labels, buckets=buckets, registry=self.registry)


QUEUED_REASONS = (
    Waiting.NEXT,
    Waiting.NOT_DUE,
    Waiting.LINE_BUSY,
    Waiting.LINE_RESTING,
    Waiting.LINE_DEAD,
    Waiting.WINDOW_CLOSED,
    Waiting.BUDGET_SPENT,
    Waiting.SUSPENDED,
)
"""What the schedule tells of queued faxes; the other reasons are states."""


class _QueueCollector(Collector):
    """Shows the queue as it is at the scrape, where a gauge would show it as it was at the last change."""

    def __init__(self) -> None:
        self.read: Callable[[], QueueFigures] = lambda: QueueFigures({}, 0.0)

    def collect(self) -> Iterator[Metric]:
        figures = self.read()
        by_state = GaugeMetricFamily("faxgw_queue_faxes", "Unfinished faxes by state", labels=["state"])
        for state in State:
            if state not in FINAL:
                by_state.add_metric([state], figures.faxes.get(state, 0))
        yield by_state
        yield GaugeMetricFamily(
            "faxgw_queue_oldest_due_age_seconds",
            "For how long the oldest fax that could go has been due",
            value=figures.oldest_due_age_seconds,
        )
        yield from _waits(figures)
        yield GaugeMetricFamily(
            "faxgw_unknown_outcome_faxes",
            "Faxes that a carrier may or may not have",
            value=figures.faxes.get(State.UNKNOWN, 0),
        )


def _waits(figures: QueueFigures) -> Iterator[Metric]:
    faxes = GaugeMetricFamily("faxgw_queue_waiting_faxes", "Queued faxes by why they wait", labels=["reason"])
    lines = GaugeMetricFamily("faxgw_queue_waiting_lines", "Lines with due faxes by why they wait", labels=["reason"])
    for reason in QUEUED_REASONS:
        faxes.add_metric([reason], figures.waiting.get(reason, 0))
        lines.add_metric([reason], figures.lines.get(reason, 0))
    ages = GaugeMetricFamily(
        "faxgw_queue_oldest_due_age_by_class_seconds",
        "For how long the oldest fax that could go has been due, by the class it travels in",
        labels=["class"],
    )
    for priority in Priority:
        ages.add_metric([priority], figures.oldest_due_age_seconds_by_class.get(priority, 0.0))
    yield from (faxes, lines, ages)


_BREAKER_VALUES = {"closed": 0, "half_open": 1, "open": 2}


class _CarrierCollector(Collector):
    """Shows the carriers as they stand at the scrape."""

    def __init__(self) -> None:
        self.read: Callable[[], Sequence[CarrierFigures]] = list

    def collect(self) -> Iterator[Metric]:
        breaker = _by_provider("breaker_state", "0 closed, 1 half open, 2 open")
        limit = _by_provider("concurrency_limit", "Faxes at once that the carrier bears, as far as is known")
        in_flight = _by_provider("in_flight_faxes", "Sends under way")
        tokens = _by_provider("rate_tokens", "Faxes that the configured rate lets go at once")
        refused = _by_provider("account_is_refused", "1 while the carrier refuses our account: a person must act")
        for one in self.read():
            breaker.add_metric([one.name], _BREAKER_VALUES[one.breaker])
            limit.add_metric([one.name], one.limit)
            in_flight.add_metric([one.name], one.in_flight)
            tokens.add_metric([one.name], one.tokens)
            refused.add_metric([one.name], one.account_refused)
        yield from (breaker, limit, in_flight, tokens, refused)


def _by_provider(name: str, what: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"faxgw_provider_{name}", what, labels=["provider"])
