"""What an order sheet is filled with; how it is laid out stands in `forms/order-sheet.toml`."""

import functools

import msgspec

from faxgw.order import Language, ProductLine
from faxgw.render.characters import printable, printable_lines
from faxgw.render.form import LEFT, read_form
from faxgw.render.marks import Page
from faxgw.render.party import number_text, party_line, party_name
from faxgw.render.setting import Overlong, Setting
from faxgw.render.sheet import Sheet
from faxgw.render.wording import Wording, wording_of

NAME = "order-sheet"
FORM = read_form(NAME)
FORM_REVISION = f"{FORM.name}/{FORM.revision}"
"""Kept with each attempt, so that an archived page can be told from one of a later form."""

PAGES_MAX = FORM.pages_max

TICK_SIDE = FORM.foot.marks.tick_side
REPLY_TICKS = {tick.name: (LEFT + tick.x, FORM.foot.top + tick.y) for tick in FORM.foot.marks.ticks}
"""Upper left corner of each box to tick, on the last page; the side is `TICK_SIDE`."""


def order_code(number: str, page: int) -> str:
    """What the QR code on page `page` (from 1) of order `number` says."""
    return f"faxgw:{number}:{page}"


class OrderFields(msgspec.Struct, frozen=True, kw_only=True):
    """Every field that the form may name, as printed; an empty one is left out with what belongs to it."""

    header_name: str
    stamp: str
    possible_duplicate: str
    number: str
    date: str
    window: str
    recipient_name: str
    recipient_company: str
    recipient_street: str
    recipient_town: str
    recipient_country: str
    recipient_phone: str
    sender: str
    executor: str
    lines: list[dict[str, str]]
    card: str
    instructions: str
    execution_price: str
    customer_price: str
    payment_reference: str


def lay_out(sheet: Sheet) -> list[Page] | Overlong:
    """Where everything of the sheet stands, page by page."""
    return _setting(sheet.language).fill(msgspec.structs.asdict(order_fields(sheet)))


@functools.cache
def _setting(language: Language) -> Setting:
    return Setting(FORM, wording_of(language).labels[NAME], frozenset(OrderFields.__struct_fields__))


def order_fields(sheet: Sheet) -> OrderFields:
    """The order in the executing florist's language."""
    order, wording = sheet.order, wording_of(sheet.language)
    labels = wording.labels[NAME]
    recipient, window = order.recipient, order.delivery.window
    return OrderFields(
        header_name=printable(sheet.header_name),
        stamp=wording.stamp(sheet.sent_at),
        possible_duplicate="yes" if sheet.possible_duplicate else "",
        number=order.number,
        date=wording.date(order.delivery.date),
        window=wording.window(window) if window is not None else "",
        recipient_name=printable(recipient.name),
        recipient_company=printable(recipient.company or ""),
        recipient_street="\n".join(filter(None, map(printable, recipient.street))),
        recipient_town=printable(f"{recipient.postcode} {recipient.city}"),
        recipient_country=wording.country(recipient.country),
        recipient_phone=number_text(labels["phone"], recipient.phone or ""),
        sender=party_line(sheet.sender, labels),
        executor=party_name(sheet.executor),
        lines=[_row(line, wording) for line in order.lines],
        card=printable_lines(order.card_message).strip(),
        instructions=printable_lines(order.instructions).strip(),
        execution_price=wording.money(order.execution_price),
        customer_price=wording.money(order.customer_price),
        payment_reference=printable(order.payment_reference),
    )


def _row(line: ProductLine, wording: Wording) -> dict[str, str]:
    return {
        "quantity": str(line.quantity),
        "code": printable(line.code or ""),
        "description": printable(line.description),
        "unit_price": wording.money(line.unit_price) if line.quantity > 1 else "",
        "line_total": wording.money(line.unit_price.times(line.quantity)),
    }
