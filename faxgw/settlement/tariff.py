"""Reads tariffs, files of TOML: split schemes, rates of value added tax, and which products are of which family.

A file is refused whole with its fault named; so is a set of files that could leave an order without a scheme, or with
two, or a product with two families or rates.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from faxgw.config.settlement import SettlementConfig
from faxgw.errors import ConfigError
from faxgw.settlement.sale import Distances, NoDistances, Terms
from faxgw.settlement.scheme import Scheme, SchemeBook, faults_of_schemes
from faxgw.settlement.vat import VatRate, VatTable, faults_of_rates


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file, or several put together."""

    scheme: list[Scheme] = []
    vat: list[VatRate] = []
    families: dict[str, str] = {}
    """Family by the beginning of a product's code; the longest that fits counts."""


def load_tariffs(paths: Sequence[str]) -> Tariff:
    """All files as one.

    Raises:
        ConfigError: a file cannot be read, or they do not go together; the message lists the faults.
    """
    tariffs = [_load(Path(path)) for path in paths]
    whole = Tariff(
        scheme=[scheme for tariff in tariffs for scheme in tariff.scheme],
        vat=[rate for tariff in tariffs for rate in tariff.vat],
        families={code: family for tariff in tariffs for code, family in tariff.families.items()},
    )
    faults = [f"  scheme{fault.pointer.replace('/', '.')}: {fault.detail}" for fault in faults_of_schemes(whole.scheme)]
    faults += [f"  vat: {fault.detail}" for fault in faults_of_rates(whole.vat)]
    faults += [f"  families: {fault}" for fault in _clashing_families(tariffs)]
    if not whole.scheme:
        faults = ["  scheme: there is none, and no order could be settled"]
    if faults:
        raise ConfigError("\n".join([f"{', '.join(paths)} cannot be used:", *faults]))
    return whole


def _clashing_families(tariffs: Iterable[Tariff]) -> Iterator[str]:
    known: dict[str, str] = {}
    for code, family in (item for tariff in tariffs for item in tariff.families.items()):
        before = known.setdefault(code, family)
        if before != family:
            yield f"{code} is of {before} and of {family}"


def _load(path: Path) -> Tariff:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Tariff)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the tariff: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error


def check_web_members(config: SettlementConfig, is_member: Callable[[str], bool]) -> None:
    """The network's own shops are members, or were: a slip in an id would have a store owe what customers paid.

    Raises:
        ConfigError: the register has never heard of one of them.
    """
    strangers = [
        f"settlement.web_members.{index}: {each} is no member of the register: write the id that it has there"
        for index, each in enumerate(config.web_members)
        if not is_member(each)
    ]
    if strangers:
        raise ConfigError("\n".join(strangers))


def terms_of(
    config: SettlementConfig,
    tariff: Tariff,
    foreign_units: frozenset[str] = frozenset(),
    distances: Distances | None = None,
) -> Terms:
    """How the network shares its money; `foreign_units` are as the register has them."""
    return Terms(
        schemes=SchemeBook(tariff.scheme),
        families=tariff.families,
        web_members=frozenset(config.web_members),
        foreign_units=foreign_units,
        fund=config.fund,
        distances=distances or NoDistances(),
        vat=VatTable(tariff.vat),
    )
