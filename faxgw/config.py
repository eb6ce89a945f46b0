"""The config: one TOML file, decoded into frozen structs; every key, its default and its unit stand here.

Unknown keys are refused with the nearest known one. Secrets are never in the file: it names files that
hold them (systemd credentials work: `$CREDENTIALS_DIRECTORY/...` is expanded). Relative paths are taken
from the config file's folder.
"""

import enum
import itertools
import os
import tomllib
import zoneinfo
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from faxgw.call_config import CallConfig
from faxgw.errors import ConfigError
from faxgw.faults import Fault, convert_or_faults
from faxgw.fax import Failure
from faxgw.inbox_config import InboxConfig, inbox_faults
from faxgw.intake_config import IntakeConfig
from faxgw.members_config import Members
from faxgw.order import Country, LocalTime, Priority
from faxgw.relay_config import Relay
from faxgw.routing_config import RoutingConfig
from faxgw.settlement_config import SettlementConfig, settlement_faults

Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Gateway(_Section, frozen=True, kw_only=True):
    """Who we are, and where our files lie."""

    name: str = "faxgw"
    """Printed in the header line of every page, as fax rules ask; at most 32 characters fit."""
    state_dir: str = "var"
    """Holds the store; must be on a disk that keeps what fsync promised."""
    stop_grace_seconds: Seconds = 30.0
    """How long lanes may finish after the first signal to stop. Longer than the longest send time-out."""


class Api(_Section, frozen=True, kw_only=True):
    """The local socket of the order system and the operator."""

    socket: str = "var/faxgw.sock"
    socket_mode: Annotated[str, msgspec.Meta(pattern="^0?[0-7]{3}$")] = "660"
    order_bytes_max: Bytes = 64 * 1024
    upload_bytes_max: Bytes = 64 * 1024 * 1024
    upload_lines_max: Count = 10_000
    """NDJSON lines in one request; they share one commit."""
    event_wait_seconds_max: Seconds = 60.0
    stop_grace_seconds: Seconds = 2.0
    """How long answers under way may finish once the daemon stops."""


class Http(_Section, frozen=True, kw_only=True):
    """The TCP face: receipts in, metrics and health out."""

    bind: str = "127.0.0.1:8470"
    receipt_bytes_max: Bytes = 256 * 1024


class StoreConfig(_Section, frozen=True, kw_only=True):
    """Bounds of the group commit."""

    batch_max: Count = 1_000
    waiting_max: Count = 10_000
    free_bytes_min: Bytes = 256 * 1024 * 1024
    """Below this much free disk the gateway says it is not ready."""


class RenderConfig(_Section, frozen=True, kw_only=True):
    """The processes that draw pages."""

    workers: Count = 1
    batch_max: Count = 16
    timeout_seconds: Seconds = 30.0
    """A batch that takes longer counts as a worker that died."""
    memory_bytes_max: Annotated[int, msgspec.Meta(ge=512 * 1024 * 1024)] = 2 * 1024 * 1024 * 1024
    """Address space of one process; a document that needs more is set aside."""
    document_bytes_max: Bytes = 32 * 1024 * 1024
    document_pages_max: Count = 50
    """Of documents that others hand in: half an hour on the line, at 30 to 40 seconds a page."""
    document_pixels_max: Count = 72_000_000
    """Of one picture; A3 at 600 dpi has 70 million."""
    document_cpu_seconds_max: Seconds = 20.0
    """For a whole document; a quarter more ends the process. Less than `timeout_seconds`."""


class ProviderConfig(_Section, frozen=True, kw_only=True):
    """One carrier account."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    kind: Literal["simulated"]
    base_url: str
    account: str
    password_file: str
    webhook_secret_file: str
    lanes: Annotated[int, msgspec.Meta(ge=1, le=2_000)] = 32
    """Connections at once, at most; how many it bears is found out below that."""
    lanes_min: Count = 1
    """Never fewer at once, whatever it answers."""
    lanes_initial: Count = 8
    """At once after a start or an outage, until its answers tell more."""
    sends_per_second: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Faxes handed over a second at most; 0 for no limit."""
    sends_burst: Count = 1
    """Faxes that may go at once after a pause, under `sends_per_second`."""
    weight: Count = 1
    """Its share of the faxes, beside the weights of carriers that cost the same."""
    cost: Annotated[int, msgspec.Meta(ge=0)] = 0
    """What a page costs, in any unit that all providers share: a dearer one gets what cheaper ones cannot take."""
    connect_seconds: Seconds = 5.0
    send_seconds: Seconds = 30.0
    """From the first byte to the answer; after that the attempt is in doubt."""
    settle_seconds: Seconds = 60.0
    """How long after our last byte the carrier may still take a fax in; before that, "not known" proves nothing."""
    receipt_late_seconds: Seconds = 120.0
    """After this long without a receipt the carrier is asked."""
    receipt_lost_seconds: Seconds = 3_600.0
    """After this long without a final word the attempt is in doubt. Longer than the carrier's own retries take."""
    park_after_seconds: Seconds = 900.0
    """A doubt that asking could not clear for so long waits for a person, and the line is let go: by then the
    carrier's calls for it must be over."""
    resend_in_doubt_after_seconds: Seconds = 0.0
    """Send a fax that waits for a person again after so long, marked as a possible duplicate; 0 never does."""
    poll_seconds: Seconds = 30.0
    poll_batch_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 500


class Retry(_Section, frozen=True, kw_only=True):
    """When a fax goes again after one class of failure."""

    calls_max: Annotated[int, msgspec.Meta(ge=0)]
    """Attempts of one fax that may end so; 0 never tries again."""
    wait_seconds: Seconds
    growth: Annotated[float, msgspec.Meta(ge=1)] = 1.0
    wait_seconds_max: Seconds = 3_600.0
    other_provider: bool = False
    """The next try goes over another carrier, where one may take it."""


class ServiceWhen(_Section, frozen=True, kw_only=True):
    """Which orders a service rule is for: all that is written must hold, by the clock of the executing florist."""

    ordered_after: LocalTime | None = None
    """From this time of day on, written as 18:00:00."""
    ordered_before: LocalTime | None = None
    """Before this time of day; earlier than `ordered_after` it means the next morning, over midnight."""
    delivery: Literal["same_day", "later"] | None = None
    """The bouquet is due on the day of the order, or on a later one."""
    country: list[Country] | None = None
    """Of the recipient."""
    submitter: list[str] | None = None
    priority: list[Priority] | None = None
    """As the order asks for it."""


class ServiceRule(_Section, frozen=True, kw_only=True):
    """What is promised to some orders: a class to travel in, a deadline, or both.

    A promise that is lost already when the order comes in is not made: the rule is passed over.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    when: ServiceWhen = ServiceWhen()
    priority: Priority | None = None
    """Without it the order's own."""
    deadline: LocalTime | None = None
    """Time of day on the delivery date, by the florist's clock. An earlier deadline of the order's own stays."""
    deadline_minutes: Count | None = None
    """After the order was accepted; instead of `deadline`."""


class Step(enum.StrEnum):
    """What is done for a fax before its deadline is lost."""

    EXPRESS = "express"
    """It travels in the first class."""
    OTHER_PROVIDER = "other_provider"
    """The carriers that failed it are left out while there is another."""
    SECOND_NUMBER = "second_number"
    """It goes to the florist's other line."""
    OTHER_FLORIST = "other_florist"
    """Routing gives the order to another florist, where `[routing]` stands in the config."""
    EVENT = "event"
    """The order system hears `deadline_at_risk`, with the reason and what could be done."""
    ALERT = "alert"
    """The operator hears of it: a metric and an error in the log."""


class TimedStep(_Section, frozen=True, kw_only=True):
    """A step, and when it is taken."""

    minutes_before: Annotated[float, msgspec.Meta(gt=0)]
    """Before the deadline, yet never in the first half of the fax's time."""
    step: Step


class QueueConfig(_Section, frozen=True, kw_only=True):
    """In which order waiting faxes go."""

    climb_seconds: Annotated[float, msgspec.Meta(gt=0)] = 1_800.0
    """A fax that has been due for so long travels in the class above its own, and so on up to express."""
    patience_seconds: Annotated[float, msgspec.Meta(gt=0)] = 3_600.0
    """A fax without a near deadline takes its place among those with one as if it had to go within this time."""


class LineConfig(_Section, frozen=True, kw_only=True):
    """When a line is taken for dead: after so many calls in a row, over all faxes; 0 is never."""

    bad_number_max: Annotated[int, msgspec.Meta(ge=0)] = 2
    no_fax_max: Annotated[int, msgspec.Meta(ge=0)] = 3
    no_answer_max: Annotated[int, msgspec.Meta(ge=0)] = 10
    known_factor: Annotated[int, msgspec.Meta(ge=1)] = 4
    """So many times the patience for a line where a fax machine has answered before (HylaFAX's `CalledBefore`)."""


class CallingRules(_Section, frozen=True, kw_only=True):
    """What a country asks of those who dial there by machine; the longest prefix that fits counts."""

    prefix: Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{0,7}$(?!\n)")] = "+"
    """How its numbers start, such as +33; + alone stands for everywhere else."""
    failed_calls_an_hour_max: Annotated[int, msgspec.Meta(ge=1, le=64)] = 15
    """Calls to one line in any hour without a delivery in between; 15 is the American limit (47 CFR 68.318)."""
    quiet_from: LocalTime | None = None
    """From this time of day no line is called, written as 21:00:00."""
    quiet_until: LocalTime | None = None
    timezone: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """Whose clock: IANA name. For numbers of no member; a member's own time zone counts for its line."""


EVERYWHERE = CallingRules()


def calling_rules_of(rules: Sequence[CallingRules], line: str) -> CallingRules:
    fitting = (each for each in rules if line.startswith(each.prefix))
    return max(fitting, key=lambda each: len(each.prefix), default=EVERYWHERE)


class Dispatch(_Section, frozen=True, kw_only=True):
    """Bounds over all classes of failure and all carriers."""

    calls_max: Count = 20
    """Calls for one fax, the carriers' own retries among them; after that it has failed."""
    tries_max: Annotated[int, msgspec.Meta(ge=1, le=30_000)] = 2_000
    """Attempts for one fax, those that were no calls among them."""


class Logs(_Section, frozen=True, kw_only=True):
    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


DEFAULT_RETRIES: dict[Failure, Retry] = {
    # Waits as fax servers have used them for decades: HylaFAX 180/300/60 s, at most 12 dials.
    Failure.BUSY: Retry(calls_max=12, wait_seconds=120, growth=1.5, wait_seconds_max=900),
    Failure.NO_ANSWER: Retry(calls_max=5, wait_seconds=300),
    Failure.NETWORK: Retry(calls_max=12, wait_seconds=60, growth=1.5, wait_seconds_max=600, other_provider=True),
    Failure.CAPACITY: Retry(calls_max=1_000, wait_seconds=5, growth=1.5, wait_seconds_max=300, other_provider=True),
    Failure.NO_FAX: Retry(calls_max=2, wait_seconds=300),
    Failure.BAD_NUMBER: Retry(calls_max=0, wait_seconds=0),
    Failure.REJECTED: Retry(calls_max=0, wait_seconds=0),
    Failure.PROTOCOL: Retry(calls_max=5, wait_seconds=60, other_provider=True),
    Failure.PAGE: Retry(calls_max=3, wait_seconds=60, other_provider=True),
    # Each time another fax of the call is delivered or charged with the failure, so that this has an end.
    Failure.NOT_REACHED: Retry(calls_max=1_000, wait_seconds=0),
    # Often it did arrive; a second bouquet is worse than a call by a person, for whom it waits.
    Failure.IN_DOUBT: Retry(calls_max=0, wait_seconds=0),
    Failure.DOCUMENT: Retry(calls_max=0, wait_seconds=0),
    Failure.ACCOUNT: Retry(calls_max=1_000, wait_seconds=60, growth=1.5, wait_seconds_max=900, other_provider=True),
    Failure.EXPIRED: Retry(calls_max=0, wait_seconds=0),
    Failure.UNKNOWN_CODE: Retry(calls_max=5, wait_seconds=300, other_provider=True),
}


DEFAULT_ESCALATION = (
    TimedStep(minutes_before=30, step=Step.EXPRESS),
    TimedStep(minutes_before=20, step=Step.OTHER_PROVIDER),
    TimedStep(minutes_before=15, step=Step.SECOND_NUMBER),
    TimedStep(minutes_before=12, step=Step.OTHER_FLORIST),
    TimedStep(minutes_before=10, step=Step.EVENT),
    TimedStep(minutes_before=5, step=Step.ALERT),
)


class Config(_Section, frozen=True, kw_only=True):
    """The whole file."""

    gateway: Gateway = Gateway()
    api: Api = Api()
    http: Http = Http()
    store: StoreConfig = StoreConfig()
    render: RenderConfig = RenderConfig()
    provider: Annotated[list[ProviderConfig], msgspec.Meta(min_length=1)]
    retry: dict[Failure, Retry] = {}
    """Overrides of `DEFAULT_RETRIES`, by class."""
    dispatch: Dispatch = Dispatch()
    service: list[ServiceRule] = []
    """In order; the first that fits an order is taken."""
    escalation: list[TimedStep] = msgspec.field(default_factory=lambda: list(DEFAULT_ESCALATION))
    """In the order in which the steps are taken; an empty list takes none."""
    queue: QueueConfig = QueueConfig()
    call: CallConfig = CallConfig()
    line: LineConfig = LineConfig()
    calling: list[CallingRules] = []
    """One table for each country that asks for something of its own."""
    members: Members = Members()
    routing: RoutingConfig | None = None
    """Without it every order names who executes it."""
    relay: Relay = Relay()
    settlement: SettlementConfig | None = None
    """Without it no money is moved."""
    inbox: list[InboxConfig] = []
    """Where faxes come in; without one nothing is fetched and nothing is read."""
    intake: IntakeConfig = IntakeConfig()
    logs: Logs = Logs()

    def retry_for(self, failure: Failure) -> Retry:
        return self.retry.get(failure) or DEFAULT_RETRIES[failure]


def load_config(path: Path) -> Config:
    """Read and check the file, with its paths made absolute.

    Raises:
        ConfigError: it cannot be read or used; the message lists every fault.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; copy config/faxgw.toml and pass it with -c") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    config = convert_or_faults(raw, Config)
    if isinstance(config, list):
        raise ConfigError(_all_faults(path, config))
    faults = _cross_faults(config)
    if faults:
        raise ConfigError(_all_faults(path, faults))
    return _with_absolute_paths(config, path.resolve().parent)


def read_secret(path: str) -> str:
    """The first line of a file that holds a secret.

    Raises:
        ConfigError: it is missing, unreadable or empty.
    """
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the secret: {error.strerror}") from error
    if not secret:
        raise ConfigError(f"{path}: the secret is empty")
    return secret


def _cross_faults(config: Config) -> list[Fault]:
    names = [provider.name for provider in config.provider]
    faults = [
        Fault(f"/provider/{index}/name", f"two providers are called {name}")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    faults += [
        Fault(f"/provider/{index}/base_url", "must begin with http:// or https://")
        for index, provider in enumerate(config.provider)
        if not provider.base_url.startswith(("http://", "https://"))
    ]
    longest_send = max(provider.send_seconds for provider in config.provider)
    if config.render.document_cpu_seconds_max >= config.render.timeout_seconds:
        detail = "must be less than timeout_seconds, which ends the process without saying why"
        faults.append(Fault("/render/document_cpu_seconds_max", detail))
    if config.gateway.stop_grace_seconds < longest_send:
        # A send cut off by the stop is in doubt after the restart; KumoMTA warns of the same.
        detail = f"must be at least the longest send_seconds ({longest_send:g}), else every stop leaves faxes in doubt"
        faults.append(Fault("/gateway/stop_grace_seconds", detail))
    if not _is_timezone(config.members.timezone):
        faults.append(Fault("/members/timezone", "not a time zone known here; write its IANA name"))
    if not _is_timezone(config.relay.timezone):
        faults.append(Fault("/relay/timezone", "not a time zone known here; write its IANA name"))
    return [
        *faults,
        *_service_faults(config.service),
        *_escalation_faults(config.escalation),
        *_calling_faults(config.calling),
        *inbox_faults(config.inbox),
        *settlement_faults(config.settlement, relay_timezone=config.relay.timezone, follows=config.relay.follow),
    ]


def _service_faults(rules: list[ServiceRule]) -> Iterator[Fault]:
    names = [rule.name for rule in rules]
    for index, rule in enumerate(rules):
        if rule.name in names[:index]:
            yield Fault(f"/service/{index}/name", f"two rules are called {rule.name}")
        if rule.name == "none":
            yield Fault(f"/service/{index}/name", "deadlines that no rule made are counted under `none`")
        if rule.deadline is not None and rule.deadline_minutes is not None:
            yield Fault(f"/service/{index}/deadline_minutes", "a rule has one deadline: this or `deadline`")
        if rule.deadline is None and rule.deadline_minutes is None and rule.priority is None:
            yield Fault(f"/service/{index}", "promises nothing: give a priority, a deadline or both")


def _escalation_faults(plan: list[TimedStep]) -> Iterator[Fault]:
    for index, (above, timed) in enumerate(itertools.pairwise(plan), start=1):
        if timed.minutes_before > above.minutes_before:
            detail = f"the step before it is taken later, {above.minutes_before:g} minutes before the deadline"
            yield Fault(f"/escalation/{index}/minutes_before", detail)
    steps = [timed.step for timed in plan]
    for index, step in enumerate(steps):
        if step in steps[:index]:
            yield Fault(f"/escalation/{index}/step", f"{step} stands twice; each step is taken once")


def _calling_faults(rules: list[CallingRules]) -> Iterator[Fault]:
    prefixes = [each.prefix for each in rules]
    for index, each in enumerate(rules):
        if each.prefix in prefixes[:index]:
            yield Fault(f"/calling/{index}/prefix", f"two tables are for {each.prefix}")
        if (each.quiet_from is None) != (each.quiet_until is None) or (
            each.quiet_from is not None and each.quiet_from == each.quiet_until
        ):
            yield Fault(f"/calling/{index}/quiet_from", "a quiet time has quiet_from and quiet_until, and they differ")
        elif each.quiet_from is not None and each.timezone is None:
            yield Fault(
                f"/calling/{index}/timezone", "a quiet time needs the clock it is told by, such as Europe/Paris"
            )
        if each.timezone is not None and not _is_timezone(each.timezone):
            yield Fault(f"/calling/{index}/timezone", "not a time zone known here; write its IANA name")


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _all_faults(path: Path, faults: list[Fault]) -> str:
    lines = [f"  {fault.pointer.strip('/').replace('/', '.') or '(top)'}: {fault.detail}" for fault in faults]
    return "\n".join([f"{path} cannot be used:", *lines])


def _with_absolute_paths(config: Config, folder: Path) -> Config:
    def absolute(path: str) -> str:
        return os.path.normpath(folder / os.path.expandvars(path))

    replace = msgspec.structs.replace
    members, settlement = config.members, config.settlement
    return replace(
        config,
        gateway=replace(config.gateway, state_dir=absolute(config.gateway.state_dir)),
        api=replace(config.api, socket=absolute(config.api.socket)),
        members=replace(members, file=absolute(members.file)) if members.file else members,
        settlement=replace(
            settlement,
            tariffs=tuple(map(absolute, settlement.tariffs)),
            books=absolute(settlement.books) if settlement.books else "",
        )
        if settlement
        else None,
        provider=[
            replace(
                provider,
                password_file=absolute(provider.password_file),
                webhook_secret_file=absolute(provider.webhook_secret_file),
            )
            for provider in config.provider
        ],
        inbox=[
            replace(
                inbox,
                password_file=absolute(inbox.password_file),
                ca_file=absolute(inbox.ca_file) if inbox.ca_file else "",
            )
            for inbox in config.inbox
        ],
    )
