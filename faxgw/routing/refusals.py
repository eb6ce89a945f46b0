"""The hard rules: why a florist may not execute an order, whatever it would cost elsewhere."""

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from faxgw.config.routing import RoutingConfig
from faxgw.routing.candidate import Candidate, Kind
from faxgw.routing.hours import meets, open_spans
from faxgw.routing.near import Near
from faxgw.routing.wish import Wish

SATURDAY, SUNDAY = 5, 6


class Refusal(enum.StrEnum):
    """In the order in which they are looked at."""

    HAD_IT = "had_it"
    """It had the order and gave it back, or could not be reached."""
    SENDS_IT = "sends_it"
    NO_MEMBER = "no_member"
    """On the delivery day it is not a member yet, or no more."""
    DOES_NOT_EXECUTE = "does_not_execute"
    AWAY = "away"
    UNREACHABLE = "unreachable"
    """All its fax lines are dead or stopped."""
    NOT_ITS_AREA = "not_its_area"
    TOO_FAR = "too_far"
    CLOSED_THAT_DAY = "closed_that_day"
    CLOSED_IN_WINDOW = "closed_in_window"
    PAST_CUT_OFF = "past_cut_off"
    FULL = "full"
    NOT_ITS_PRODUCT = "not_its_product"
    NOT_ITS_LANGUAGE = "not_its_language"
    NO_LABEL = "no_label"


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules as they hold at one moment."""

    config: RoutingConfig
    own_products: frozenset[str]
    """Codes that only those make who name them as their own."""
    now: float
    """Seconds since 1970: what is ordered for today must be ordered in time."""
    _clocks: dict[str, tuple[dt.date, int]] = field(default_factory=dict, repr=False, compare=False)

    def refusals(self, wish: Wish, shop: Candidate, near: Near, load: int) -> Iterator[Refusal]:
        """Every reason against the florist, the plainest first; none where it may execute the order."""
        if shop.id in wish.had:
            yield Refusal.HAD_IT
        if shop.id == wish.sender:
            yield Refusal.SENDS_IT
        yield from self.place_refusals(shop, near)
        yield from self.shop_refusals(wish, shop, load)

    def refusal(self, wish: Wish, shop: Candidate, near: Near, load: int) -> Refusal | None:
        return next(self.refusals(wish, shop, near, load), None)

    def place_refusals(self, shop: Candidate, near: Near) -> Iterator[Refusal]:
        """What the address alone has against the florist."""
        if near.in_area or shop.kind is Kind.UNIT:
            return
        if shop.areas:
            yield Refusal.NOT_ITS_AREA
        elif near.metres is None or near.metres > self.config.reach_km * 1_000:
            yield Refusal.TOO_FAR

    def shop_refusals(self, wish: Wish, shop: Candidate, load: int) -> Iterator[Refusal]:
        """What has nothing to do with the address, nor with who had the order before."""
        yield from _standing_refusals(shop)
        if shop.kind is Kind.SHOP:
            yield from self._time_refusals(wish, shop)
        if shop.capacity is not None and load >= shop.capacity:
            yield Refusal.FULL
        if not all(self._makes(shop, code) for code in wish.products):
            yield Refusal.NOT_ITS_PRODUCT
        if wish.language is not None and shop.languages and wish.language not in shop.languages:
            yield Refusal.NOT_ITS_LANGUAGE
        if not shop.labels.issuperset(wish.labels):
            yield Refusal.NO_LABEL

    def _time_refusals(self, wish: Wish, shop: Candidate) -> Iterator[Refusal]:
        spans = open_spans(shop.hours, shop.timezone, shop.country, wish.day)
        if not spans:
            yield Refusal.CLOSED_THAT_DAY
        elif not meets(spans, *wish.window):
            yield Refusal.CLOSED_IN_WINDOW
        today, minute = self._local(shop.timezone)
        if wish.day > today:
            return
        if wish.day < today or minute >= self._cut_off_minute(today):
            yield Refusal.PAST_CUT_OFF
        elif spans and not meets(spans, max(minute, wish.window[0]), wish.window[1]):
            # The shop is open in the window, and that part of it is over.
            yield Refusal.PAST_CUT_OFF

    def _local(self, timezone: str) -> tuple[dt.date, int]:
        """Day and minute of now, by the shop's clock."""
        known = self._clocks.get(timezone)
        if known is None:
            local = dt.datetime.fromtimestamp(self.now, ZoneInfo(timezone))
            known = self._clocks[timezone] = (local.date(), local.hour * 60 + local.minute)
        return known

    def _cut_off_minute(self, day: dt.date) -> int:
        config = self.config
        time = {SATURDAY: config.cut_off_saturday, SUNDAY: config.cut_off_sunday}.get(day.weekday(), config.cut_off)
        return time.hour * 60 + time.minute

    def _makes(self, shop: Candidate, code: str) -> bool:
        if code in self.own_products:
            return code in shop.own_products
        return not shop.products or is_among(code, shop.products)


def _standing_refusals(shop: Candidate) -> Iterator[Refusal]:
    if not shop.is_member:
        yield Refusal.NO_MEMBER
    if not shop.executes:
        yield Refusal.DOES_NOT_EXECUTE
    if shop.is_away:
        yield Refusal.AWAY
    if not shop.is_reachable:
        yield Refusal.UNREACHABLE


def is_among(code: str, products: frozenset[str]) -> bool:
    """Whether the code, or the family it belongs to, is named: `FR-MM` stands for `FR-MM-101`."""
    return code in products or any(code[:index] in products for index, sign in enumerate(code) if sign == "-")
