"""Fills a new process's memories before its first page is wanted: letters, labels of all languages, QR patterns."""

import datetime as dt
import typing

from faxgw.money import Money
from faxgw.order import Delivery, Language, Order, ProductLine, Recipient, Window
from faxgw.render.page import render_sheets
from faxgw.render.sheet import Party, Sheet

_LETTERS = "".join(map(chr, range(0x21, 0x7F)))
_DATE = dt.date(2027, 5, 29)


def warm_up() -> None:
    """Takes a quarter of a second of CPU; the first page then costs what some ten of the next ones do."""
    sheets = [_specimen(language, str(digit) * 12) for language in typing.get_args(Language) for digit in range(2)]
    render_sheets(sheets)


def _specimen(language: Language, number: str) -> Sheet:
    """A page with every everyday letter on it. Two of a language: a band is remembered when it comes up again."""
    party = Party(name=_LETTERS[:60], city=_LETTERS[60:], member_id="0", phone="+0", fax="+0")
    price = Money(0, "EUR")
    order = Order(
        key=number,
        number=number,
        delivery=Delivery(_DATE, Window(dt.time(9), dt.time(12))),
        recipient=Recipient(name=_LETTERS, street=[_LETTERS], postcode="0", city="0", country="FR", phone="+0"),
        lines=[ProductLine(description=_LETTERS, quantity=1, unit_price=price)],
        customer_price=price,
        execution_price=price,
        sending_member="0",
        card_message=_LETTERS,
        instructions=_LETTERS,
        payment_reference="0",
    )
    sent_at = dt.datetime.combine(_DATE, dt.time(9), dt.UTC)
    return Sheet(order=order, sender=party, executor=party, language=language, sent_at=sent_at, header_name="0")
