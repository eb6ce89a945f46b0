"""How the price of an order is split between those who had a part in it, by dated and versioned schemes.

A scheme is data: what comes off the price first (delivery, fixed amounts, a distance band, the execution price), how
the rest is shared by percent, and which levies move from one to another at the end. No share is computed twice and
none is left over: the shares of a split sum to the price, always.
"""

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, assert_never

import msgspec

from faxgw.faults import Fault
from faxgw.money import AmountMinor, Currency
from faxgw.settlement.shares import share_out
from faxgw.settlement.vat import ANY_FAMILY, BASIS_POINTS


class Party(enum.StrEnum):
    """Who can have a share in an order."""

    SENDING = "sending"
    EXECUTING = "executing"
    NETWORK = "network"
    """The relay's head office."""
    FUND = "fund"
    """Whom the network collects a levy for."""


class Channel(enum.StrEnum):
    """Which way an order came to the network."""

    WEB = "web"
    STORE = "store"
    PHONE = "phone"
    INTERNATIONAL = "international"


# --- what comes off the price first, in the order written ------------------------------------------------


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="delivery"):
    """What the customer paid for the delivery goes to one party whole."""

    to: Party


class Fixed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="fixed"):
    """A fixed amount of each order."""

    to: Party
    amount_minor: AmountMinor


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount for orders up to a distance."""

    km_max: Annotated[int, msgspec.Meta(ge=0)]
    amount_minor: AmountMinor


class Distance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="distance"):
    """An amount by how far the recipient lives from the executing store; beyond the last band it is the last one's."""

    to: Party
    bands: Annotated[tuple[Band, ...], msgspec.Meta(min_length=1)]


class Privex(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="privex"):
    """The order's own execution price goes to the executing store."""

    to: Party = Party.EXECUTING


# --- what is done with the rest --------------------------------------------------------------------------


class Percent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="percent"):
    """A part of the rest; those of one family add up to the whole."""

    to: Party
    basis_points: Annotated[int, msgspec.Meta(ge=0, le=BASIS_POINTS)]
    family: str = ANY_FAMILY
    """Of which products; empty for all families that have no percents of their own."""


class Levy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="levy"):
    """An amount that one party bears and another gets, whatever the price."""

    borne_by: Party
    amount_minor: AmountMinor
    to: Party = Party.FUND


Component = Delivery | Fixed | Distance | Privex | Percent | Levy


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of the rules for some channels, from a day on until its next version begins."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    version: Annotated[int, msgspec.Meta(ge=1)]
    currency: Currency
    valid_from: dt.date
    channels: Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1)]
    components: Annotated[tuple[Component, ...], msgspec.Meta(min_length=1)]
    negative_allowed: bool = False
    """Whether a party may have to pay in, as with a levy on a share of nothing."""

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """What splitting needs to know of an order; all amounts in the minor unit of one currency."""

    customer_minor: int
    execution_minor: int
    goods_minor: Mapping[str, int]
    """The total of the order's lines by product family; what the customer paid beyond them is the delivery."""
    distance_km: int | None = None

    @property
    def delivery_minor(self) -> int:
        return max(0, self.customer_minor - sum(self.goods_minor.values()))


class Share(msgspec.Struct, frozen=True):
    """What one component of the scheme gives to a party, or takes from it."""

    party: Party
    component: str
    amount_minor: int


class Split(msgspec.Struct, frozen=True):
    """The whole price, shared out."""

    scheme_id: str
    shares: tuple[Share, ...]

    def of(self, party: Party) -> int:
        return sum(share.amount_minor for share in self.shares if share.party is party)


class SplitRefused(msgspec.Struct, frozen=True):
    """The scheme does not fit the order; a person decides."""

    scheme_id: str
    reason: str


def split(scheme: Scheme, order: Priced) -> Split | SplitRefused:
    """The price by the scheme's components; the shares sum to `order.customer_minor`."""
    shares: list[Share] = []
    rest_minor = order.customer_minor
    for component in scheme.components:
        match component:
            case Percent() | Levy():
                continue
            case Delivery() | Fixed() | Distance() | Privex():
                amount_minor = _off_the_top(component, order)
            case _:
                assert_never(component)
        if amount_minor is None:
            return SplitRefused(scheme.id, "the distance to the recipient is not known")
        shares.append(Share(component.to, _name_of(component), amount_minor))
        rest_minor -= amount_minor
    shares += _rest(scheme, order, rest_minor)
    shares += _levies(scheme)
    split_up = Split(scheme.id, tuple(share for share in shares if share.amount_minor))
    short = [party for party in Party if split_up.of(party) < 0]
    if short and not scheme.negative_allowed:
        return SplitRefused(scheme.id, f"the share of {', '.join(short)} would be negative")
    return split_up


def _off_the_top(component: Delivery | Fixed | Distance | Privex, order: Priced) -> int | None:
    match component:
        case Delivery():
            return order.delivery_minor
        case Fixed(amount_minor=amount_minor):
            return amount_minor
        case Privex():
            return order.execution_minor
        case Distance(bands=bands):
            if order.distance_km is None:
                return None
            near = [band for band in bands if order.distance_km <= band.km_max]
            return (near[0] if near else bands[-1]).amount_minor
        case _:
            assert_never(component)


def _rest(scheme: Scheme, order: Priced, rest_minor: int) -> Iterator[Share]:
    """What is left, first by family as the goods are to each other, then by each family's percents."""
    percents = percents_by_family(scheme)
    families = sorted(order.goods_minor) or [ANY_FAMILY]
    weights = [order.goods_minor.get(family, 0) for family in families]
    portions = share_out(rest_minor, weights if sum(weights) > 0 else [1] * len(families))
    for family, portion_minor in zip(families, portions, strict=True):
        own = percents.get(family) or percents[ANY_FAMILY]
        parts = share_out(portion_minor, [percent.basis_points for percent in own])
        for percent, part_minor in zip(own, parts, strict=True):
            yield Share(percent.to, f"percent {family}".rstrip(), part_minor)


def _levies(scheme: Scheme) -> Iterator[Share]:
    for component in scheme.components:
        if isinstance(component, Levy):
            yield Share(component.borne_by, "levy", -component.amount_minor)
            yield Share(component.to, "levy", component.amount_minor)


def _name_of(component: Component) -> str:
    return str(component.__struct_config__.tag)


def percents_by_family(scheme: Scheme) -> dict[str, list[Percent]]:
    """In the order written, which decides between equal remainders."""
    percents: dict[str, list[Percent]] = {}
    for component in scheme.components:
        if isinstance(component, Percent):
            percents.setdefault(component.family, []).append(component)
    return percents


# --- which scheme counts ---------------------------------------------------------------------------------


class SchemeBook:
    """All schemes; the one that was valid when an order was taken counts for ever."""

    def __init__(self, schemes: Iterable[Scheme]) -> None:
        self._schemes = sorted(schemes, key=lambda scheme: scheme.valid_from, reverse=True)

    def find(self, channel: Channel, currency: str, on: dt.date) -> Scheme | None:
        for scheme in self._schemes:
            if channel in scheme.channels and scheme.currency == currency and scheme.valid_from <= on:
                return scheme
        return None


def faults_of_schemes(schemes: Sequence[Scheme]) -> Iterator[Fault]:
    """Why a set of schemes could leave an order without a split, or with two."""
    for index, scheme in enumerate(schemes):
        pointer = f"/{index}"
        percents = percents_by_family(scheme)
        if ANY_FAMILY not in percents:
            yield Fault(f"{pointer}/components", "the rest needs percents that hold for every family")
        for family, own in percents.items():
            whole = sum(percent.basis_points for percent in own)
            if whole != BASIS_POINTS:
                of = f" of {family}" if family else ""
                yield Fault(
                    f"{pointer}/components", f"the percents{of} add up to {whole} basis points, not {BASIS_POINTS}"
                )
        for component in scheme.components:
            if isinstance(component, Distance):
                kms = [band.km_max for band in component.bands]
                if kms != sorted(set(kms)):
                    yield Fault(f"{pointer}/components", "the bands of a distance go from near to far, each once")
    yield from _clashes(schemes)


def _clashes(schemes: Sequence[Scheme]) -> Iterator[Fault]:
    begun = Counter(
        (channel, scheme.currency, scheme.valid_from) for scheme in schemes for channel in set(scheme.channels)
    )
    for (channel, currency, valid_from), count in sorted(begun.items()):
        if count > 1:
            yield Fault("", f"{count} schemes begin on {valid_from} for {channel} orders in {currency}; one may")
    ids = Counter(scheme.id for scheme in schemes)
    for id_, count in sorted(ids.items()):
        if count > 1:
            yield Fault("", f"{count} schemes are called {id_}; give each a version of its own")
