"""The config's `[settlement]`: how a network shares its money and pays its stores. Without it nothing is settled."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from faxgw.config.section import Bytes, Section
from faxgw.faults import Fault
from faxgw.money import MINOR_DIGITS, Currency
from faxgw.order import MemberId

_Minor = Annotated[int, msgspec.Meta(ge=0)]
_Days = Annotated[int, msgspec.Meta(ge=0, le=365)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=70)]


class OwnAccount(Section, frozen=True, kw_only=True):
    """An account of the network, which pays the stores of one currency."""

    currency: Currency
    name: _Name
    """Whose it is, as the bank knows it."""
    account: Annotated[str, msgspec.Meta(min_length=5, max_length=34)]
    """IBAN, or under the scheme `norway` the account number of 11 digits."""
    scheme: Literal["sepa", "norway"]
    bic: Annotated[str, msgspec.Meta(max_length=11)] = ""
    creditor_id: Annotated[str, msgspec.Meta(max_length=35)] = ""
    """Who may collect by SEPA direct debit; without it nothing is collected by file."""


class Mandated(Section, frozen=True, kw_only=True):
    """A store gave leave to collect from its account."""

    member: MemberId
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]
    signed_on: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$(?!\n)", description="a day as 2027-05-30")]


class SettlementConfig(Section, frozen=True, kw_only=True):
    """Split schemes, the calendar of claims, what may stand open at a month's end, and from where stores are paid."""

    tariffs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """TOML files with schemes, rates of value added tax and product families; all of them count together."""
    timezone: Annotated[str, msgspec.Meta(min_length=1)] = "UTC"
    """Whose days and months count: IANA name. As `[relay] timezone`."""
    web_members: tuple[MemberId, ...] = ()
    """Sending members that are shops of the network itself: their customers pay the network."""
    fund: Annotated[str, msgspec.Meta(pattern=r"^[^:]{1,40}$(?!\n)")] = "fund"
    """Whom the levies are collected for."""
    grace_days: _Days = 5
    """After the day of delivery; an accepted order of which nobody complained by then counts as delivered."""
    silence_accepts: bool = False
    """Whether a store that has the page and never said a word is held to have accepted the order."""
    exceptions_allowed: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Open exceptions with which a month may be closed all the same."""
    pay_from_minor: _Minor = 100
    """A smaller balance in a store's favour is carried to the next month."""
    collect_from_minor: _Minor = 100
    identity: Literal["login", "name"] = "login"
    """What makes two people of those who propose and approve a run; as `[members] account_identity`."""
    payment_days: _Days = 3
    """How far apart an order and a payment may be that only the amount brings together."""
    payout_days: _Days = 5
    """How far apart a provider's payout and its arrival at the bank may be."""
    kid_check: Literal["mod10", "mod11"] = "mod10"
    """How the check digit of the network's KIDs is made, as agreed with Nets."""
    file_bytes_max: Bytes = 64 * 1024 * 1024
    follow_seconds: Annotated[float, msgspec.Meta(ge=0.01)] = 1.0
    """How long changes of orders gather before they are booked."""
    batch_max: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    printing_processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    """How many print the statements that are faxed; they live as long as a month is printed."""
    account: list[OwnAccount] = msgspec.field(default_factory=list)
    """One for each currency that stores are paid in."""
    mandate: list[Mandated] = msgspec.field(default_factory=list)
    books: str = ""
    """A TOML file with the company and its chart of accounts; without it nothing is exported to accountants."""


def settlement_faults(settlement: SettlementConfig | None, *, relay_timezone: str, follows: bool) -> Iterator[Fault]:
    """What the sections say against each other, and what no other place would notice."""
    if settlement is None:
        return
    if settlement.timezone != relay_timezone:
        detail = f"one network has one calendar: [relay] timezone is {relay_timezone}"
        yield Fault("/settlement/timezone", detail)
    if not follows:
        yield Fault(
            "/relay/follow", "must be true with [settlement]: what customers owe is known from an order's start"
        )
    for index, own in enumerate(settlement.account):
        yield from _account_faults(f"/settlement/account/{index}", own)
    yield from _twice("/settlement/account", "currency", [own.currency for own in settlement.account])
    yield from _twice("/settlement/mandate", "member", [each.member for each in settlement.mandate])


def _account_faults(pointer: str, own: OwnAccount) -> Iterator[Fault]:
    if own.currency not in MINOR_DIGITS:
        yield Fault(f"{pointer}/currency", f"{own.currency} is not a currency we know")
    yield from _number_faults(f"{pointer}/account", own)
    wanted = "EUR" if own.scheme == "sepa" else "NOK"
    if own.currency != wanted:
        yield Fault(f"{pointer}/scheme", f"the scheme {own.scheme} moves {wanted}, not {own.currency}")


def _number_faults(pointer: str, own: OwnAccount) -> Iterator[Fault]:
    """By the number's own digits: a bank would find the slip only in the first file of payouts."""
    from stdnum import iban  # noqa: PLC0415 Only who pays stores waits for all countries' rules.
    from stdnum.no import kontonr  # noqa: PLC0415

    match own.scheme:
        case "norway" if not (own.account.isascii() and own.account.isdecimal() and len(own.account) == 11):
            yield Fault(pointer, "under the scheme norway an account has 11 digits")
        case "norway" if not kontonr.is_valid(own.account):
            yield Fault(pointer, "not a Norwegian account number: its last digit does not check the others")
        case "sepa" if not iban.is_valid(own.account):
            yield Fault(pointer, "not an IBAN: its check digits or its length are wrong")
        case "sepa" if (plain := iban.compact(own.account)) != own.account:
            yield Fault(pointer, f"write the IBAN without spaces: {plain}")
        case _:
            pass


def _twice(pointer: str, key: str, values: Sequence[str]) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Fault(f"{pointer}/{index}/{key}", f"{value} stands twice")
