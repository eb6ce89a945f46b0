"""A day to be played, as data: when orders come in, for whom, what is promised, and what telephone lines bear.

Profiles are TOML; those that come along lie in `profiles/`, and a path takes one of your own.
"""

import datetime as dt
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from faxgw.errors import OperatorError
from faxgw.order import Priority

HOUR_SECONDS = 3_600.0
DAY_SECONDS = 86_400.0
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Time(_Section, frozen=True, kw_only=True):
    """When orders come in."""

    faxes: Count
    """Over all days."""
    days: tuple[Annotated[float, msgspec.Meta(ge=0)], ...] = (1.0,)
    """How much of them each day gets, in any unit."""
    rate: list[tuple[Annotated[float, msgspec.Meta(ge=0, le=24)], Annotated[float, msgspec.Meta(ge=0)]]]
    """The course of a day: hours and how much comes in then, in any unit, with straight lines between."""


class Florists(_Section, frozen=True, kw_only=True):
    """Whom the orders are for."""

    count: Annotated[int, msgspec.Meta(ge=2, le=14_000)]
    skew: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.9
    """Sigma of the lognormal that florists' shares are drawn from: 0 gives all the same, at 0.9 a tenth gets 36 %."""


class Orders(_Section, frozen=True, kw_only=True):
    """What they are, and how they are handed in."""

    express: Share = 0.1
    bulk: Share = 0.1
    pages: tuple[Share, ...] = (0.95, 0.05)
    """Shares of orders with one page, with two, with three."""
    ndjson: Share = 0.0
    """Of the orders that come in files of many; the others come one by one."""
    ndjson_lines: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 40


class Promise(_Section, frozen=True, kw_only=True):
    """A deadline for some orders, by the day's own clock; the first promise that fits is taken."""

    deadline: dt.time
    ordered_before: dt.time
    ordered_after: dt.time = dt.time(0)
    share: Share = 1.0
    priority: Priority | None = None


class Lines(_Section, frozen=True, kw_only=True):
    """What a call takes, and how often a florist's line is taken by himself."""

    first_page_seconds: Positive = 22.6
    """Measured with spandsp at 14,400 bit/s, docs/performance.md; dialling and ringing come on top of it."""
    page_seconds: Positive = 10.7
    ring_seconds: Annotated[float, msgspec.Meta(ge=0)] = 6.0
    own_call_share: Share = 0.01
    own_call_seconds: Positive = 120.0

    def call_seconds(self, pages: int) -> float:
        return self.ring_seconds + self.first_page_seconds + (pages - 1) * self.page_seconds


class CarrierSize(_Section, frozen=True, kw_only=True):
    """What our account with the carrier bears, and what goes wrong there (`faxgw/provider/mishaps.py`)."""

    channels: Annotated[int, msgspec.Meta(ge=0)] = 0
    waiting_max: Annotated[int, msgspec.Meta(ge=0)] = 0
    answer_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.02
    """Before each fax that is handed in is answered; not compressed, for networks are not."""
    shares: dict[str, Share] = {}


class CallSharing(_Section, frozen=True, kw_only=True):
    """How the gateway is set up for lines that run short."""

    faxes_max: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    """Its `[call] faxes_max`: so many faxes that wait for one line go in one call."""


class InboundSize(_Section, frozen=True, kw_only=True):
    """What florists fax back while orders go out: sheets of orders that they got, with a box ticked."""

    faxes: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Over all days, and no more than there are orders; a slice of the day gets its part of them."""
    after_minutes: tuple[Positive, Positive] = (5.0, 90.0)
    """From the order to the answer, evenly between the two. A sheet that did not arrive by then is answered later."""
    again: Share = 0.01
    """Of them: sheets that were faxed before, by a machine that dialled once more."""
    unclear: Share = 0.02
    """A pen was put down in a box and lifted again: a case for a person."""
    letter: Share = 0.01
    """A typed letter without a code of ours, which goes to a person where no text is read."""


class Profile(_Section, frozen=True, kw_only=True):
    """One profile file."""

    summary: str
    time: Time
    florists: Florists
    orders: Orders = Orders()
    promise: list[Promise] = []
    lines: Lines = Lines()
    carrier: CarrierSize = CarrierSize()
    call: CallSharing = CallSharing()
    inbound: InboundSize = InboundSize()


def profile_names() -> list[str]:
    files = resources.files("faxgw_loadtest").joinpath("profiles").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """A profile that came along, by its name, or one of your own, by its path.

    Raises:
        OperatorError: there is none, or it says what no profile may say.
    """
    try:
        if "/" in name or name.endswith(".toml"):
            content = Path(name).read_bytes()
        else:
            content = resources.files("faxgw_loadtest").joinpath("profiles", f"{name}.toml").read_bytes()
    except OSError as error:
        known = ", ".join(profile_names())
        raise OperatorError(f"no profile {name}: there are {known}, or give the path of your own") from error
    try:
        profile = msgspec.toml.decode(content, type=Profile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"profile {name}: {error}") from error
    for fault in _faults(profile):
        raise OperatorError(f"profile {name}: {fault}")
    return profile


def _faults(profile: Profile) -> list[str]:
    hours = [hour for hour, _ in profile.time.rate]
    faults = []
    if len(hours) < 2 or hours != sorted(hours) or not any(rate for _, rate in profile.time.rate):
        faults.append("time.rate needs two hours or more, in their order, and something that comes in")
    if not sum(profile.time.days):
        faults.append("time.days gives every day nothing")
    if not sum(profile.orders.pages) or len(profile.orders.pages) > 3:
        faults.append("orders.pages names shares of one, two and three pages")
    if profile.orders.express + profile.orders.bulk > 1:
        faults.append("orders.express and orders.bulk are shares of one whole")
    if profile.inbound.again + profile.inbound.unclear + profile.inbound.letter > 1:
        faults.append("inbound.again, unclear and letter are shares of one whole")
    if profile.inbound.after_minutes[0] > profile.inbound.after_minutes[1]:
        faults.append("inbound.after_minutes names the shorter time first")
    return faults
