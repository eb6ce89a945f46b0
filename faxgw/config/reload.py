"""What of a changed config takes effect while the daemon runs, and what waits for its next start: pure.

Live are the log's level and format, `[retry]`, `[[service]]`, `[[escalation]]`, of each provider its weight, cost and
rate, and the files of certificates and tokens. The rest says what is opened at the start: places, processes, carriers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from faxgw.config.carriers import CarrierConfig
from faxgw.config.doors import ApiTcp, Http
from faxgw.config.section import Section
from faxgw.config.whole import Config

DoorT = TypeVar("DoorT", ApiTcp, Http)
_replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Reload:
    """What follows from a config that was read anew."""

    config: Config
    """By which the daemon runs from now on."""
    applied: list[str]
    """The keys that have another value by now, such as `provider.retarus.weight`."""
    waits: list[str]
    """Those that take effect at the next start."""


def plan_reload(running: Config, new: Config) -> Reload:
    config = _replace(
        running,
        api=_replace(running.api, tcp=_tcp(running.api.tcp, new.api.tcp)),
        http=_door(running.http, new.http),
        provider=[_provider(own, new.provider) for own in running.provider],
        retry=new.retry,
        service=new.service,
        escalation=new.escalation,
        logs=new.logs,
    )
    return Reload(config, applied=differences(running, config), waits=differences(config, new))


def differences(one: object, other: object, at: str = "") -> list[str]:
    """The keys whose values differ, dotted; what has a name is called by it."""
    match one, other:
        case (Section(), Section()) if type(one) is type(other):
            names = [field.name for field in msgspec.structs.fields(one)]
            return _within(at, {name: (getattr(one, name), getattr(other, name)) for name in names})
        case (dict(), dict()):
            keys = [*one, *(key for key in other if key not in one)]
            return _within(at, {str(key): (one.get(key), other.get(key)) for key in keys})
        case (list(), list()) if (names := _names(one)) and names == _names(other):
            return _within(at, dict(zip(names, zip(one, other, strict=True), strict=True)))
        case _:
            return [] if one == other else [at]


def _within(at: str, pairs: dict[str, tuple[object, object]]) -> list[str]:
    prefix = f"{at}." if at else ""
    return [key for name, (one, other) in pairs.items() for key in differences(one, other, f"{prefix}{name}")]


def _names(items: Sequence[object]) -> list[str]:
    """What they are called; empty where one is not called anything."""
    names = [getattr(item, "name", None) for item in items]
    return [name for name in names if isinstance(name, str)] if None not in names else []


def _provider(own: CarrierConfig, new: Sequence[CarrierConfig]) -> CarrierConfig:
    same = next((each for each in new if each.name == own.name and type(each) is type(own)), own)
    return _replace(
        own,
        weight=same.weight,
        cost=same.cost,
        sends_per_second=same.sends_per_second,
        sends_burst=same.sends_burst,
    )


def _tcp(own: ApiTcp | None, new: ApiTcp | None) -> ApiTcp | None:
    if own is None or new is None:
        return own
    door = _replace(_door(own, new), token=new.token)
    return _replace(door, client_ca_file=new.client_ca_file) if own.certificate_file and new.certificate_file else door


def _door(own: DoorT, new: DoorT) -> DoorT:
    """A door that spoke without TLS at the start goes on so, and the other way round."""
    if not (own.certificate_file and new.certificate_file):
        return own
    return _replace(own, certificate_file=new.certificate_file, key_file=new.key_file)
