"""Lays an order sheet out on pages: what stands where, decided without drawing anything.

First page: number, day and window very big, recipient and florists, products, card, instructions,
amounts. What does not fit goes on, under its heading, on the next page. The reply boxes stand at the same
place at the foot of the last page, so that a returned page can be read by machine.
"""

import msgspec

from faxgw.money import Money
from faxgw.order import ProductLine
from faxgw.render.characters import printable, printable_lines
from faxgw.render.marks import Code, Page, Rule, Text, frame
from faxgw.render.paper import COLUMNS
from faxgw.render.qr import code_rows
from faxgw.render.sheet import Party, Sheet
from faxgw.render.typeface import Style, width_px
from faxgw.render.wording import Wording, wording_of
from faxgw.render.wrapping import wrap

FORM_REVISION = "order-sheet/1"
"""Change it with every change of what the form shows or where: it is kept with each attempt."""

PAGES_MAX = 12
"""A sheet that needs more is set aside: it would hold the florist's line for ten minutes."""

LEFT, RIGHT = 96, COLUMNS - 96
WIDTH = RIGHT - LEFT
BODY_BOTTOM = 2170
FOOT_BASELINE = 2222

CODE_MODULE_PX = 6
_MIDDLE = 1010
"""Where the florists' column starts, right of the recipient's."""

TICK_SIDE = 50
REPLY_TOP = 1900
REPLY_TICKS = {"accept": (LEFT, 1970), "reject": (LEFT, 2054), "delivered": (LEFT, 2138)}
"""Upper left corner of each box, on the last page; the side is `TICK_SIDE`."""


class Overlong(msgspec.Struct, frozen=True):
    """The sheet needs more pages than a fax may have."""

    pages: int


def order_code(number: str, page: int) -> str:
    """What the QR code on page `page` (from 1) of order `number` says."""
    return f"faxgw:{number}:{page}"


def lay_out(sheet: Sheet) -> list[Page] | Overlong:
    """Where everything of the sheet stands, page by page."""
    flow = _Flow(sheet, wording_of(sheet.language))
    _heading(flow)
    _parties(flow)
    _products(flow)
    _card(flow)
    _instructions(flow)
    _amounts(flow)
    _reply(flow)
    if len(flow.pages) > PAGES_MAX:
        return Overlong(len(flow.pages))
    _number_pages(flow)
    return flow.pages


class _Flow:
    """The pages so far, and how far down the last one is filled."""

    def __init__(self, sheet: Sheet, wording: Wording) -> None:
        self.sheet = sheet
        self.order = sheet.order
        self.wording = wording
        self.words = wording.sheet
        self.pages: list[Page] = [[]]
        self.y = 76

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def left_px(self) -> int:
        return BODY_BOTTOM - self.y

    def text(self, x: int, baseline: int, style: Style, text: str) -> None:
        if text:
            self.page.append(Text(x, baseline, style, text))

    def text_to(self, right: int, baseline: int, style: Style, text: str) -> None:
        """Text that ends at `right`."""
        self.text(right - width_px(style, text), baseline, style, text)

    def label(self, text: str, *, again: bool = False) -> None:
        """A section's heading; `again` on the page where the section goes on."""
        self.text(LEFT, self.y + 30, Style.LABEL, f"{text} {self.words.continued}" if again else text)
        self.y += 44

    def rule(self, height: int = 2) -> None:
        self.page.append(Rule(LEFT, self.y, WIDTH, height))

    def turn_page(self) -> None:
        """Go on with a new page, which says whose it is before anything else."""
        note = self.words.continues.format(page=len(self.pages) + 1)
        self.text_to(RIGHT, FOOT_BASELINE, Style.LABEL, note)
        self.pages.append([])
        self.y = 76
        _duplicate_mark(self)
        number = f"{self.words.order} {printable(self.order.number)} {self.words.continued}"
        self.text(LEFT, self.y + 70, Style.AMOUNT, number)
        self.text(LEFT, self.y + 132, Style.BODY_BOLD, self.wording.date(self.order.delivery.date))
        _place_code(self, self.y + 14)
        self.y += 218
        self.rule(4)
        self.y += 26


def _place_code(flow: _Flow, y: int) -> None:
    content = order_code(flow.order.number, len(flow.pages))
    side = len(code_rows(content)) * CODE_MODULE_PX
    flow.page.append(Code(RIGHT - side, y, CODE_MODULE_PX, CODE_MODULE_PX, content))


def _duplicate_mark(flow: _Flow) -> None:
    if not flow.sheet.possible_duplicate:
        return
    mark = flow.words.possible_duplicate.format(number=flow.order.number)
    flow.page.extend(frame(LEFT, flow.y + 8, WIDTH, 84, 6))
    flow.text(LEFT + (WIDTH - width_px(Style.ADDRESS_BOLD, mark)) // 2, flow.y + 66, Style.ADDRESS_BOLD, mark)
    flow.y += 104


def _heading(flow: _Flow) -> None:
    words, order = flow.words, flow.order
    _duplicate_mark(flow)
    flow.text(LEFT, flow.y + 36, Style.LABEL, f"{words.title}   {words.order}")
    _place_code(flow, flow.y + 14)
    number_style = _largest_fit((Style.NUMBER, Style.DATE, Style.WINDOW), order.number, WIDTH - 230)
    flow.text(LEFT - 4, flow.y + 144, number_style, order.number)
    flow.y += 198
    flow.rule(4)
    flow.text(LEFT, flow.y + 44, Style.LABEL, words.deliver_on)
    flow.text(LEFT - 3, flow.y + 132, Style.DATE, flow.wording.date(order.delivery.date))
    flow.y += 158
    if order.delivery.window is not None:
        flow.text(LEFT - 2, flow.y + 56, Style.WINDOW, flow.wording.window(order.delivery.window))
        flow.y += 82
    flow.rule(4)
    flow.y += 16


def _largest_fit(styles: tuple[Style, ...], text: str, wide_px: int) -> Style:
    return next((style for style in styles if width_px(style, text) <= wide_px), styles[-1])


def _parties(flow: _Flow) -> None:
    """The recipient on the left, the two florists smaller on the right; the lower one ends the section."""
    top = flow.y
    recipient_bottom = _recipient(flow, top, _MIDDLE - LEFT - 40)
    sender_bottom = _party(flow, top, flow.words.sender, flow.sheet.sender)
    florists_bottom = _party(flow, sender_bottom + 12, flow.words.executor, flow.sheet.executor)
    flow.y = max(recipient_bottom, florists_bottom) + 10
    flow.rule(4)
    flow.y += 16


def _recipient(flow: _Flow, top: int, wide_px: int) -> int:
    recipient, words = flow.order.recipient, flow.words
    flow.text(LEFT, top + 30, Style.LABEL, words.recipient)
    lines = [(Style.ADDRESS_BOLD, recipient.name), (Style.ADDRESS, recipient.company or "")]
    lines += [(Style.ADDRESS, street) for street in recipient.street]
    lines.append((Style.ADDRESS_BOLD, f"{recipient.postcode} {recipient.city}"))
    lines.append((Style.ADDRESS, flow.wording.country(recipient.country)))
    if recipient.phone is not None:
        lines.append((Style.ADDRESS_BOLD, f"{words.phone} {recipient.phone}"))
    return _column(flow, LEFT, top + 42, wide_px, lines)


def _party(flow: _Flow, top: int, label: str, party: Party) -> int:
    words = flow.words
    flow.text(_MIDDLE, top + 30, Style.LABEL, label)
    town = f"{party.postcode} {party.city}".strip()
    lines = [(Style.BODY_BOLD, party.name), (Style.BODY, ", ".join(filter(None, (party.street, town))))]
    member_id = printable(party.member_id)
    if width_px(Style.LABEL, label) + 24 + width_px(Style.FINE_PRINT, member_id) <= RIGHT - _MIDDLE:
        flow.text_to(RIGHT, top + 30, Style.FINE_PRINT, member_id)
    else:
        lines.insert(1, (Style.FINE_PRINT, member_id))
    if party.phone:
        lines.append((Style.BODY, f"{words.phone} {party.phone}"))
    if party.fax:
        lines.append((Style.BODY, f"{words.fax} {party.fax}"))
    return _column(flow, _MIDDLE, top + 38, RIGHT - _MIDDLE, lines)


def _column(flow: _Flow, x: int, top: int, wide_px: int, paragraphs: list[tuple[Style, str]]) -> int:
    """Set paragraphs under each other, wrapped; returns where the last one ends."""
    y = top
    for style, paragraph in paragraphs:
        if not paragraph:
            continue
        for line in wrap(style, printable(paragraph), wide_px):
            y += _leading(style)
            flow.text(x, y - _leading(style) // 4, style, line)
    return y


def _leading(style: Style) -> int:
    """From baseline to baseline: a quarter more than the letters' size, in whole pairs of rows."""
    return style.size_px * 5 // 8 * 2


_QUANTITY_RIGHT = LEFT + 62
_CODE_LEFT = LEFT + 88
_DESCRIPTION_LEFT = LEFT + 300
_GAP = 28


class _Table(msgspec.Struct, frozen=True):
    """Where the table's right-hand columns end and how wide the description is, for one order's amounts."""

    unit_right: int
    description_wide: int


def _table(flow: _Flow) -> _Table:
    money, lines = flow.wording.money, flow.order.lines
    totals = [width_px(Style.BODY_BOLD, money(line.unit_price.times(line.quantity))) for line in lines]
    units = [width_px(Style.BODY, money(line.unit_price)) for line in lines]
    total_wide = max(*totals, width_px(Style.LABEL, flow.words.line_total), 180)
    unit_wide = max(*units, width_px(Style.LABEL, flow.words.unit_price), 180)
    unit_right = RIGHT - total_wide - _GAP
    return _Table(unit_right, unit_right - unit_wide - _GAP - _DESCRIPTION_LEFT)


def _products(flow: _Flow) -> None:
    table = _table(flow)
    _products_head(flow, table, again=False)
    for line in flow.order.lines:
        descriptions = wrap(Style.BODY, printable(line.description), table.description_wide)
        codes = wrap(Style.BODY, printable(line.code or ""), _DESCRIPTION_LEFT - _CODE_LEFT - 16)
        height = max(len(descriptions), len(codes)) * _leading(Style.BODY) + 12
        if height > flow.left_px():
            flow.turn_page()
            _products_head(flow, table, again=True)
        _product(flow, table, line, descriptions, codes)
        flow.y += height
        flow.rule()
    flow.y += 16


def _products_head(flow: _Flow, table: _Table, *, again: bool) -> None:
    words = flow.words
    if again:
        flow.label(words.products, again=True)
    baseline = flow.y + 28
    flow.text(LEFT, baseline, Style.LABEL, words.quantity)
    flow.text(_CODE_LEFT, baseline, Style.LABEL, words.code)
    flow.text(_DESCRIPTION_LEFT, baseline, Style.LABEL, words.description)
    flow.text_to(table.unit_right, baseline, Style.LABEL, words.unit_price)
    flow.text_to(RIGHT, baseline, Style.LABEL, words.line_total)
    flow.y += 38
    flow.rule()


def _product(flow: _Flow, table: _Table, line: ProductLine, descriptions: list[str], codes: list[str]) -> None:
    leading = _leading(Style.BODY)
    baseline = flow.y + leading - 2
    flow.text_to(_QUANTITY_RIGHT, baseline, Style.BODY_BOLD, str(line.quantity))
    for index, code in enumerate(codes):
        flow.text(_CODE_LEFT, baseline + index * leading, Style.BODY, code)
    for index, description in enumerate(descriptions):
        flow.text(_DESCRIPTION_LEFT, baseline + index * leading, Style.BODY, description)
    flow.text_to(table.unit_right, baseline, Style.BODY, flow.wording.money(line.unit_price))
    flow.text_to(RIGHT, baseline, Style.BODY_BOLD, flow.wording.money(line.unit_price.times(line.quantity)))


_CARD_PADDING = 26
_CARD_LARGE_MAX = 800
"""A longer message is set in the smaller style: a page less on the line, and 12 points are still read with ease."""


def _card(flow: _Flow) -> None:
    """The words for the card in a frame, which closes at the foot of a page and opens again on the next."""
    message = printable_lines(flow.order.card_message).strip() or flow.words.no_card
    style = Style.CARD if len(message) <= _CARD_LARGE_MAX else Style.BODY
    lines = wrap(style, message, WIDTH - 2 * _CARD_PADDING - 8)
    around_px = 44 + 2 * _CARD_PADDING + 12
    again = False
    while lines:
        room = (flow.left_px() - around_px) // _leading(style)
        if room < min(3, len(lines)):
            flow.turn_page()
            continue
        flow.label(flow.words.card, again=again)
        _card_frame(flow, style, lines[:room])
        lines, again = lines[room:], True


def _card_frame(flow: _Flow, style: Style, lines: list[str]) -> None:
    leading = _leading(style)
    height = len(lines) * leading + 2 * _CARD_PADDING
    flow.page.extend(frame(LEFT, flow.y, WIDTH, height, 4))
    for index, line in enumerate(lines, start=1):
        flow.text(LEFT + _CARD_PADDING, flow.y + _CARD_PADDING + index * leading - 12, style, line)
    flow.y += height + 12


def _instructions(flow: _Flow) -> None:
    lines = wrap(Style.BODY, printable_lines(flow.order.instructions).strip(), WIDTH)
    if lines == [""]:
        return
    leading, again = _leading(Style.BODY), False
    while lines:
        room = (flow.left_px() - 60) // leading
        if room < min(3, len(lines)):
            flow.turn_page()
            continue
        flow.label(flow.words.instructions, again=again)
        for index, line in enumerate(lines[:room], start=1):
            flow.text(LEFT, flow.y + index * leading - 10, Style.BODY, line)
        flow.y += len(lines[:room]) * leading + 16
        lines, again = lines[room:], True


_AMOUNTS_HEIGHT = 128
_REFERENCE_LEFT = LEFT + 900


def _amounts(flow: _Flow) -> None:
    words, order = flow.words, flow.order
    references = wrap(Style.BODY, printable(order.payment_reference), RIGHT - _REFERENCE_LEFT)
    height = max(_AMOUNTS_HEIGHT, 64 + len(references) * _leading(Style.BODY))
    if height > flow.left_px():
        flow.turn_page()
    flow.rule(4)
    _amount(flow, LEFT, words.execution_price, order.execution_price, Style.AMOUNT)
    _amount(flow, LEFT + 560, words.customer_price, order.customer_price, Style.BODY)
    if order.payment_reference:
        flow.text(_REFERENCE_LEFT, flow.y + 38, Style.LABEL, words.payment_reference)
        for index, reference in enumerate(references):
            flow.text(_REFERENCE_LEFT, flow.y + 84 + index * _leading(Style.BODY), Style.BODY, reference)
    flow.y += height


def _amount(flow: _Flow, x: int, label: str, money: Money, style: Style) -> None:
    flow.text(x, flow.y + 38, Style.LABEL, label)
    flow.text(x, flow.y + (100 if style is Style.AMOUNT else 84), style, flow.wording.money(money))


def _reply(flow: _Flow) -> None:
    if flow.y > REPLY_TOP:
        flow.turn_page()
    words = flow.words
    flow.y = REPLY_TOP
    flow.rule(4)
    flow.text(LEFT, REPLY_TOP + 46, Style.LABEL, words.reply)
    labels = {"accept": words.accept, "reject": words.reject, "delivered": words.delivered}
    for name, (x, y) in REPLY_TICKS.items():
        flow.page.extend(frame(x, y, TICK_SIDE, TICK_SIDE, 4))
        flow.text(x + TICK_SIDE + 24, y + 42, Style.ADDRESS_BOLD, labels[name])
        if name != "accept":
            start = x + TICK_SIDE + 24 + width_px(Style.ADDRESS_BOLD, labels[name]) + 24
            flow.page.append(Rule(start, y + 46, RIGHT - start, 2))


def _number_pages(flow: _Flow) -> None:
    """The line at the very top that fax rules ask for: who sends, when, and which page of how many."""
    stamp = flow.wording.stamp(flow.sheet.sent_at)
    pages = len(flow.pages)
    name = wrap(Style.FINE_PRINT, printable(flow.sheet.header_name), 700)[0]
    for number, page in enumerate(flow.pages, start=1):
        mark = flow.words.page.format(page=number, pages=pages)
        page.append(Text(LEFT, 44, Style.FINE_PRINT, name))
        page.append(Text((COLUMNS - width_px(Style.FINE_PRINT, stamp)) // 2 + 60, 44, Style.FINE_PRINT, stamp))
        page.append(Text(RIGHT - width_px(Style.FINE_PRINT, mark), 44, Style.FINE_PRINT, mark))
        page.append(Rule(LEFT, 58, WIDTH, 2))
