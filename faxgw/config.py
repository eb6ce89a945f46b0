"""The config: one TOML file, decoded into frozen structs; every key, its default and its unit stand here.

Unknown keys are refused with the nearest known one. Secrets are never in the file: it names files that
hold them (systemd credentials work: `$CREDENTIALS_DIRECTORY/...` is expanded). Relative paths are taken
from the config file's folder.
"""

import enum
import itertools
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from faxgw.errors import ConfigError
from faxgw.faults import Fault, convert_or_faults
from faxgw.fax import Failure
from faxgw.order import Country, LocalTime, Priority

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
    """Connections at once."""
    connect_seconds: Seconds = 5.0
    send_seconds: Seconds = 30.0
    """From the first byte to the answer; after that the attempt is in doubt."""
    settle_seconds: Seconds = 60.0
    """How long after our last byte the carrier may still take a fax in; before that, "not known" proves nothing."""
    receipt_late_seconds: Seconds = 120.0
    """After this long without a receipt the carrier is asked."""
    poll_seconds: Seconds = 30.0
    poll_batch_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 500


class Retry(_Section, frozen=True, kw_only=True):
    """When a fax goes again after one class of failure."""

    calls_max: Annotated[int, msgspec.Meta(ge=0)]
    """Attempts in all that may end so; 0 never tries again. Attempts that were not calls do not count."""
    wait_seconds: Seconds
    growth: Annotated[float, msgspec.Meta(ge=1)] = 1.0
    wait_seconds_max: Seconds = 3_600.0


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
    EVENT = "event"
    """The order system hears `deadline_at_risk`, with the reason and what could be done."""
    ALERT = "alert"
    """The operator hears of it: a metric and an error in the log."""


class Rung(_Section, frozen=True, kw_only=True):
    """One step of the ladder, and when it is taken."""

    minutes_before: Annotated[float, msgspec.Meta(gt=0)]
    """Before the deadline, yet never in the first half of the fax's time."""
    step: Step


class Members(_Section, frozen=True, kw_only=True):
    """The florists' register."""

    file: str | None = None


class Logs(_Section, frozen=True, kw_only=True):
    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


DEFAULT_RETRIES: dict[Failure, Retry] = {
    # Waits as fax servers have used them for decades: HylaFAX 180/300/60 s, at most 12 dials.
    Failure.BUSY: Retry(calls_max=12, wait_seconds=120, growth=1.5, wait_seconds_max=900),
    Failure.NO_ANSWER: Retry(calls_max=5, wait_seconds=300),
    Failure.NETWORK: Retry(calls_max=12, wait_seconds=60, growth=1.5, wait_seconds_max=600),
    Failure.CAPACITY: Retry(calls_max=1_000, wait_seconds=5, growth=1.0, wait_seconds_max=300),
    Failure.NO_FAX: Retry(calls_max=2, wait_seconds=300),
    Failure.BAD_NUMBER: Retry(calls_max=0, wait_seconds=0),
    Failure.REJECTED: Retry(calls_max=0, wait_seconds=0),
    Failure.PROTOCOL: Retry(calls_max=5, wait_seconds=60),
    Failure.PAGE: Retry(calls_max=3, wait_seconds=60),
    # Often it did arrive; a second bouquet is worse than a call by a person.
    Failure.IN_DOUBT: Retry(calls_max=0, wait_seconds=0),
    Failure.DOCUMENT: Retry(calls_max=0, wait_seconds=0),
    Failure.ACCOUNT: Retry(calls_max=1_000, wait_seconds=60),
    Failure.EXPIRED: Retry(calls_max=0, wait_seconds=0),
    Failure.UNKNOWN_CODE: Retry(calls_max=5, wait_seconds=300),
}


DEFAULT_ESCALATION = (
    Rung(minutes_before=30, step=Step.EXPRESS),
    Rung(minutes_before=20, step=Step.OTHER_PROVIDER),
    Rung(minutes_before=15, step=Step.SECOND_NUMBER),
    Rung(minutes_before=10, step=Step.EVENT),
    Rung(minutes_before=5, step=Step.ALERT),
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
    service: list[ServiceRule] = []
    """In order; the first that fits an order is taken."""
    escalation: list[Rung] = msgspec.field(default_factory=lambda: list(DEFAULT_ESCALATION))
    """In the order in which the steps are taken; an empty list takes none."""
    members: Members = Members()
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
    longest_send = max(provider.send_seconds for provider in config.provider)
    if config.render.document_cpu_seconds_max >= config.render.timeout_seconds:
        detail = "must be less than timeout_seconds, which ends the process without saying why"
        faults.append(Fault("/render/document_cpu_seconds_max", detail))
    if config.gateway.stop_grace_seconds < longest_send:
        # A send cut off by the stop is in doubt after the restart; KumoMTA warns of the same.
        detail = f"must be at least the longest send_seconds ({longest_send:g}), else every stop leaves faxes in doubt"
        faults.append(Fault("/gateway/stop_grace_seconds", detail))
    return [*faults, *_service_faults(config.service), *_escalation_faults(config.escalation)]


def _service_faults(rules: list[ServiceRule]) -> Iterator[Fault]:
    names = [rule.name for rule in rules]
    for index, rule in enumerate(rules):
        if rule.name in names[:index]:
            yield Fault(f"/service/{index}/name", f"two rules are called {rule.name}")
        if rule.deadline is not None and rule.deadline_minutes is not None:
            yield Fault(f"/service/{index}/deadline_minutes", "a rule has one deadline: this or `deadline`")
        if rule.deadline is None and rule.deadline_minutes is None and rule.priority is None:
            yield Fault(f"/service/{index}", "promises nothing: give a priority, a deadline or both")


def _escalation_faults(ladder: list[Rung]) -> Iterator[Fault]:
    for index, (above, rung) in enumerate(itertools.pairwise(ladder), start=1):
        if rung.minutes_before > above.minutes_before:
            detail = f"the step before it is taken later, {above.minutes_before:g} minutes before the deadline"
            yield Fault(f"/escalation/{index}/minutes_before", detail)
    steps = [rung.step for rung in ladder]
    for index, step in enumerate(steps):
        if step in steps[:index]:
            yield Fault(f"/escalation/{index}/step", f"{step} stands twice; each step is taken once")


def _all_faults(path: Path, faults: list[Fault]) -> str:
    lines = [f"  {fault.pointer.strip('/').replace('/', '.') or '(top)'}: {fault.detail}" for fault in faults]
    return "\n".join([f"{path} cannot be used:", *lines])


def _with_absolute_paths(config: Config, folder: Path) -> Config:
    def absolute(path: str) -> str:
        return os.path.normpath(folder / os.path.expandvars(path))

    replace = msgspec.structs.replace
    members = config.members
    return replace(
        config,
        gateway=replace(config.gateway, state_dir=absolute(config.gateway.state_dir)),
        api=replace(config.api, socket=absolute(config.api.socket)),
        members=replace(members, file=absolute(members.file)) if members.file else members,
        provider=[
            replace(
                provider,
                password_file=absolute(provider.password_file),
                webhook_secret_file=absolute(provider.webhook_secret_file),
            )
            for provider in config.provider
        ],
    )
