"""Makes an order of what stands in fields: each read surely and sensible, or a case for a person with the best guess.

Pure. Two prices and the executing member are not always on paper: whoever applies a draft completes it by the network's
own rules, or refers it to a person.
"""

import datetime as dt
import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from faxgw.config.intake import DecisionRules
from faxgw.intake.code import NewOrderCode
from faxgw.intake.decision import NeedsReview, NewOrderRead, OrderDraft, ReviewReason
from faxgw.intake.faxread import FaxRead, FieldRead, PageRead, Tick, TickState
from faxgw.intake.labels import fields_in_text
from faxgw.intake.values import read_country, read_date, read_money, read_postcode, read_quantity
from faxgw.order import Priority
from faxgw.phone import parse_line

_NEEDED = ("delivery_date", "recipient_name", "street", "postcode", "city", "product", "customer_price")
_READABLE = 2
"""With fewer fields than that a text is no order at all."""

MORNING = (dt.time(8).isoformat(), dt.time(12).isoformat())
AFTERNOON = (dt.time(13).isoformat(), dt.time(18).isoformat())


class NumberRead(NamedTuple):
    """An order number found in text."""

    text: str
    confidence: float


def order_number_in_text(read: FaxRead, rules: DecisionRules) -> NumberRead | None:
    """The only order number that the network's patterns find and its check digits bear out."""
    found: dict[str, float] = {}
    for line in (line for page in read.pages for line in page.lines):
        for pattern in rules.number_patterns:
            for number in re.findall(pattern, line.text):
                if _checks(number, rules.number_check):
                    found[number] = max(found.get(number, 0.0), line.confidence)
    if len(found) != 1:
        return None
    return NumberRead(*next(iter(found.items())))


def _checks(number: str, method: str) -> bool:
    """Whether the number's digits bear out its check digits."""
    if not method:
        return True
    return bool(importlib.import_module(_CHECKS[method]).is_valid(re.sub(r"\D", "", number)))


_CHECKS = {
    "luhn": "stdnum.luhn",
    "iso7064_mod_11_10": "stdnum.iso7064.mod_11_10",
    "iso7064_mod_97_10": "stdnum.iso7064.mod_97_10",
}


def decide_new_order(page: PageRead, rules: DecisionRules, code: NewOrderCode | None) -> NewOrderRead | NeedsReview:
    """One page is one order: our order form (`code` says whose), or typed text with labels."""
    fields = {field.name: field for field in (page.fields or fields_in_text(page.lines)) if field.text}
    draft, nonsense = _draft(fields, rules)
    confidences = {name: field.confidence for name, field in fields.items()}
    ticked = _ticked(page.ticks)
    draft = msgspec.structs.replace(
        draft,
        sending_member=code.member if code else "",
        serial=code.serial if code else "",
        priority=(Priority.EXPRESS if "express" in ticked else Priority.STANDARD).value,
        window=_window(ticked),
    )

    def review(reason: ReviewReason, detail: str) -> NeedsReview:
        return NeedsReview(reason=reason, detail=detail, pages=(page.number,), draft=draft, confidences=confidences)

    if code is None and len(fields) < _READABLE:
        return review(ReviewReason.NOTHING_RECOGNISED, "neither a code of ours, nor an order's fields")
    if not all(field.printed for field in fields.values()):
        return review(ReviewReason.HANDWRITTEN, "fields are written by hand")
    unsure = [tick.name for tick in page.ticks if tick.state is TickState.UNSURE]
    if unsure or {"morning", "afternoon"} <= ticked:
        return review(
            ReviewReason.UNSURE_TICK, "boxes are not clearly ticked or clearly empty, or contradict each other"
        )
    missing = [name for name in _NEEDED if name not in fields]
    if missing or (code is not None and not page.fields):
        return review(ReviewReason.FIELDS_MISSING, f"not found or not read: {', '.join(missing) or 'all fields'}")
    low = [name for name, sure in confidences.items() if sure < rules.confidence_min]
    if low or nonsense:
        return review(ReviewReason.LOW_CONFIDENCE, f"not surely read: {', '.join(dict.fromkeys([*nonsense, *low]))}")
    return NewOrderRead(draft=draft, confidences=confidences, pages=(page.number,))


def _ticked(ticks: list[Tick]) -> set[str]:
    return {tick.name for tick in ticks if tick.state is TickState.MARKED}


def _window(ticked: set[str]) -> tuple[str, str] | None:
    if {"morning", "afternoon"} <= ticked:
        return None
    return MORNING if "morning" in ticked else AFTERNOON if "afternoon" in ticked else None


def _draft(fields: Mapping[str, FieldRead], rules: DecisionRules) -> tuple[OrderDraft, list[str]]:
    """The order as far as it makes sense, and the fields that make none."""
    said: dict[str, Any] = {}
    nonsense: list[str] = []
    for name, field in fields.items():
        value = _PARSERS[name](field.text, rules) if name in _PARSERS else {name: _one_line(field.text)}
        if value is None:
            nonsense.append(name)
        else:
            said |= value
    if {"customer_price", "execution_price"} <= fields.keys() and _prices_differ(fields, rules):
        nonsense.append("execution_price")
    said.setdefault("country", rules.country)
    return OrderDraft(**said), nonsense


def _prices_differ(fields: Mapping[str, FieldRead], rules: DecisionRules) -> bool:
    """In currency; or the florist would be paid more than the customer pays."""
    customer = read_money(fields["customer_price"].text, rules.currency)
    execution = read_money(fields["execution_price"].text, rules.currency)
    return bool(customer and execution and (customer[1] != execution[1] or execution[0] > customer[0]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


Said = dict[str, Any] | None
"""What a field says of the draft; None for nonsense."""


def _date(text: str, _: DecisionRules) -> Said:
    day = read_date(text)
    return None if day is None else {"delivery_date": day.isoformat()}


def _postcode(text: str, _: DecisionRules) -> Said:
    postcode = read_postcode(text)
    return None if postcode is None else {"postcode": postcode}


def _country(text: str, rules: DecisionRules) -> Said:
    code = read_country(text, rules.country)
    return None if code is None else {"country": code}


def _phone(text: str, rules: DecisionRules) -> Said:
    return None if parse_line(text, rules.country) is None else {"phone": _one_line(text)}


def _quantity(text: str, _: DecisionRules) -> Said:
    quantity = read_quantity(text)
    return None if quantity is None else {"quantity": quantity}


def _money(name: str) -> Callable[[str, DecisionRules], Said]:
    def parse(text: str, rules: DecisionRules) -> Said:
        money = read_money(text, rules.currency)
        return None if money is None else {f"{name}_minor": money[0], "currency": money[1]}

    return parse


_PARSERS: dict[str, Callable[[str, DecisionRules], Said]] = {
    "delivery_date": _date,
    "street": lambda text, _: {"street": tuple(line.strip() for line in text.splitlines())},
    "postcode": _postcode,
    "country": _country,
    "phone": _phone,
    "quantity": _quantity,
    "customer_price": _money("customer_price"),
    "execution_price": _money("execution_price"),
    "card": lambda text, _: {"card_message": text},
    "instructions": lambda text, _: {"instructions": _one_line(text)},
    "reference": lambda text, _: {"number": _one_line(text)},
}
