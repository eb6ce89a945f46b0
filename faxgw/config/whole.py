"""The config: one TOML file, decoded into frozen structs; every key, its default and its unit stand here.

Unknown keys are refused with the nearest known one. Secrets are never in the file: it names files that
hold them, or systemd credentials (`credential:NAME`, see `secret.py`). In paths `$NAME` is expanded;
relative ones are taken from the config file's folder.
"""

import itertools
import os
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from faxgw.config.calls import CallConfig
from faxgw.config.carriers import CarrierConfig, carrier_faults, file_keys
from faxgw.config.daemon import SOCKET_PATH_BYTES_MAX, Api, Gateway, Logs, RenderConfig
from faxgw.config.doors import ApiTcp, Http, door_faults
from faxgw.config.inbox import InboxConfig, inbox_faults
from faxgw.config.intake import IntakeConfig
from faxgw.config.members import Members
from faxgw.config.promises import DEFAULT_ESCALATION, ServiceRule, TimedStep
from faxgw.config.relay import Relay
from faxgw.config.routing import RoutingConfig
from faxgw.config.secret import is_credential
from faxgw.config.section import Section
from faxgw.config.sending import DEFAULT_RETRIES, CallingRules, Dispatch, LineConfig, QueueConfig, Retry
from faxgw.config.settlement import SettlementConfig, settlement_faults
from faxgw.config.store import StoreConfig, store_faults
from faxgw.errors import ConfigError
from faxgw.faults import Fault, convert_or_faults
from faxgw.fax import Failure

DoorT = TypeVar("DoorT", ApiTcp, Http)

NUMBER_MAX = 10**15
"""No time, size or count of a gateway is greater; 64 bits hold it everywhere."""


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    gateway: Gateway = Gateway()
    api: Api = Api()
    http: Http = Http()
    store: StoreConfig = StoreConfig()
    render: RenderConfig = RenderConfig()
    provider: Annotated[list[CarrierConfig], msgspec.Meta(min_length=1)]
    retry: dict[Failure, Retry] = msgspec.field(default_factory=dict)
    """Overrides of `DEFAULT_RETRIES`, by class."""
    dispatch: Dispatch = Dispatch()
    service: list[ServiceRule] = msgspec.field(default_factory=list)
    """In order; the first that fits an order is taken."""
    escalation: list[TimedStep] = msgspec.field(default_factory=lambda: list(DEFAULT_ESCALATION))
    """In the order in which the steps are taken; an empty list takes none."""
    queue: QueueConfig = QueueConfig()
    call: CallConfig = CallConfig()
    line: LineConfig = LineConfig()
    calling: list[CallingRules] = msgspec.field(default_factory=list)
    """One table for each country that asks for something of its own."""
    members: Members = Members()
    routing: RoutingConfig | None = None
    """Without it every order names who executes it."""
    relay: Relay = Relay()
    settlement: SettlementConfig | None = None
    """Without it no money is moved."""
    inbox: list[InboxConfig] = msgspec.field(default_factory=list)
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
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; -c names the config file itself") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    config = convert_or_faults(raw, Config)
    if isinstance(config, list):
        raise ConfigError(_all_faults(path, config))
    whole = _with_absolute_paths(config, path.resolve().parent)
    if faults := [*_number_faults(raw, ""), *_door_faults(whole), *_cross_faults(config)]:
        raise ConfigError(_all_faults(path, faults))
    return whole


def _number_faults(raw: object, pointer: str) -> Iterator[Fault]:
    """Numbers that have the right type and mean nothing: TOML has `inf`, and a count may be of any length."""
    match raw:
        case dict():
            for name, value in raw.items():
                yield from _number_faults(value, f"{pointer}/{name}")
        case list():
            for index, value in enumerate(raw):
                yield from _number_faults(value, f"{pointer}/{index}")
        case int() | float() if not abs(raw) <= NUMBER_MAX:  # `nan` is not greater either.
            yield Fault(pointer, f"must be a number of at most {NUMBER_MAX:,}")


def _door_faults(config: Config) -> Iterator[Fault]:
    """`config` has absolute paths."""
    yield from door_faults(config.api.tcp, config.http)
    length = len(os.fsencode(config.api.socket))
    if length > SOCKET_PATH_BYTES_MAX:
        detail = f"has {length} bytes as {config.api.socket}, and a socket's path at most {SOCKET_PATH_BYTES_MAX}"
        yield Fault("/api/socket", detail)


def _cross_faults(config: Config) -> list[Fault]:
    faults = list(carrier_faults(config.provider))
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
        *store_faults(config.store),
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
        if not path or is_credential(path):
            return path
        return os.path.normpath(folder / os.path.expandvars(path))

    replace = msgspec.structs.replace
    members, settlement = config.members, config.settlement
    return replace(
        config,
        gateway=replace(config.gateway, state_dir=absolute(config.gateway.state_dir)),
        api=replace(config.api, socket=absolute(config.api.socket), tcp=_tcp_with(absolute, config.api.tcp)),
        http=_door_with(absolute, config.http),
        store=replace(
            config.store,
            password_file=absolute(config.store.password_file),
            documents_dir=absolute(config.store.documents_dir),
        ),
        members=replace(members, file=absolute(members.file)) if members.file else members,
        settlement=replace(
            settlement,
            tariffs=tuple(map(absolute, settlement.tariffs)),
            books=absolute(settlement.books),
        )
        if settlement
        else None,
        provider=[
            replace(provider, **{key: absolute(getattr(provider, key)) for key in file_keys(provider)})
            for provider in config.provider
        ],
        inbox=[
            replace(
                inbox,
                password_file=absolute(inbox.password_file),
                ca_file=absolute(inbox.ca_file),
            )
            for inbox in config.inbox
        ],
    )


def _tcp_with(absolute: Callable[[str], str], tcp: ApiTcp | None) -> ApiTcp | None:
    if tcp is None:
        return None
    replace = msgspec.structs.replace
    tokens = [replace(token, file=absolute(token.file)) for token in tcp.token]
    return replace(_door_with(absolute, tcp), client_ca_file=absolute(tcp.client_ca_file), token=tokens)


def _door_with(absolute: Callable[[str], str], door: DoorT) -> DoorT:
    certificate, key = absolute(door.certificate_file), absolute(door.key_file)
    return msgspec.structs.replace(door, certificate_file=certificate, key_file=key)
