"""A statement as pages to print: the balance first, what it is made of, then every movement with the balance after it.

The same statement gives the same bytes, on any machine and any day (reportlab's `invariant`, fonts from a package).
"""

import io
from collections.abc import Iterator, Sequence

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from faxgw.settlement.month.statement import LineKind, Statement, StatementLine
from faxgw.settlement.statements.fonts import BOLD, REGULAR, register_fonts
from faxgw.settlement.statements.words import Words, day_text, money_text, period_text, rate_text, words_of

INK, SOFT, PALE = Color(0.1, 0.1, 0.12), Color(0.42, 0.42, 0.46), Color(0.94, 0.95, 0.93)

LEFT, RIGHT = 20 * mm, A4[0] - 20 * mm
TOP, BOTTOM = A4[1] - 22 * mm, 20 * mm
ROW = 5.2 * mm
SIZE, SMALL = 9.5, 8
NARROW_SPACE, WIDE_SPACE = "\u202f", "\u00a0"
"""French groups digits by a space that the font does not have."""
DAY_X, ORDER_X, WHAT_X, AMOUNT_X = LEFT, LEFT + 22 * mm, LEFT + 62 * mm, RIGHT - 34 * mm


def write_pdf(statement: Statement, network: str) -> bytes:
    """The whole document; `network` is who sends it."""
    register_fonts()
    pages = _page_count(statement)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1)
    words = words_of(statement.whom.language)
    canvas.setTitle(f"{words.statement} {statement.period} {statement.whom.id}")
    canvas.setAuthor(network)
    _Writer(canvas, statement, network, pages).write()
    canvas.save()
    return target.getvalue()


def _page_count(statement: Statement) -> int:
    """By writing it once to no paper: the pages' numbers need their count."""
    writer = _Writer(None, statement, "", 0)
    writer.write()
    return writer.page


class _Writer:
    """Goes down the page, and on to the next one; `y` is where the next row stands. Without paper it only counts."""

    def __init__(self, canvas: Canvas | None, statement: Statement, network: str, pages: int) -> None:
        self._canvas = canvas
        self._statement = statement
        self._network = network
        self._pages = pages
        self._words: Words = words_of(statement.whom.language)
        self.page = 0
        self._y = 0.0
        self._color: Color | None = None
        self._font: tuple[str, float] | None = None

    def write(self) -> None:
        self._begin_page()
        self._address()
        self._balance()
        self._summary()
        self._taxes()
        self._movements()
        self._end_page()

    # --- pages -------------------------------------------------------------------------------------------

    def _begin_page(self) -> None:
        self.page += 1
        statement, words = self._statement, self._words
        self._y = TOP
        self._left(LEFT, self._network, BOLD, 11)
        title = f"{words.statement} {period_text(statement.period, statement.whom.language)}"
        self._right(RIGHT, title, BOLD, 11)
        self._y -= 3 * mm
        self._rule(INK, 0.8)
        self._y -= 8 * mm

    def _end_page(self) -> None:
        self._y = BOTTOM - 8 * mm
        number = f"{self._words.number} {self._statement.number}  ·  " if self._statement.number else ""
        self._left(LEFT, f"{number}{self._statement.whom.id}", REGULAR, SMALL, SOFT)
        self._right(RIGHT, f"{self._words.page} {self.page}/{self._pages}", REGULAR, SMALL, SOFT)
        if self._canvas is not None:
            self._canvas.showPage()
        self._color = self._font = None

    def _need(self, rows: float) -> bool:
        """Turn the page where the rows do not fit; says whether it was turned."""
        if self._y - rows * ROW >= BOTTOM:
            return False
        self._end_page()
        self._begin_page()
        return True

    # --- parts -------------------------------------------------------------------------------------------

    def _address(self) -> None:
        whom, words = self._statement.whom, self._words
        top = self._y
        for font, line in ((BOLD, whom.name), *((REGULAR, line) for line in whom.address)):
            self._left(LEFT, line, font, 10)
            self._y -= ROW
        bottom, self._y = self._y, top
        facts = [(words.member, whom.id), (words.tax_id, whom.tax_id), (words.number, self._statement.number)]
        for label, value in facts:
            if value:
                self._right(RIGHT - 40 * mm, label, REGULAR, SMALL, SOFT)
                self._right(RIGHT, value, REGULAR, SIZE)
                self._y -= ROW
        self._y = min(bottom, self._y) - 6 * mm

    def _balance(self) -> None:
        """What everybody looks for first."""
        closing = self._statement.closing_minor
        words = self._words
        label = words.closing_owed if closing > 0 else words.closing_owing if closing < 0 else words.closing_even
        self._field(14 * mm, 6 * mm)
        self._y -= 1 * mm
        self._left(LEFT + 4 * mm, label, BOLD, 12)
        self._right(RIGHT - 4 * mm, self._money(abs(closing)), BOLD, 16)
        self._y -= 14 * mm

    def _summary(self) -> None:
        """How the balance came about: a line each kind, with how many there were."""
        words, statement = self._words, self._statement
        self._head(((LEFT, words.what, False), (AMOUNT_X, words.orders, True), (RIGHT, words.amount, True)))
        self._summary_row(words.opening, None, statement.opening_minor)
        for kind in LineKind:
            count = statement.count(kind)
            if count:
                self._summary_row(words.kinds[kind], count, statement.total(kind))
        self._rule(SOFT, 0.4)
        self._y -= ROW
        self._summary_row(words.balance, None, statement.closing_minor, bold=True)
        self._y -= 4 * mm

    def _summary_row(self, label: str, count: int | None, amount_minor: int, *, bold: bool = False) -> None:
        font = BOLD if bold else REGULAR
        self._left(LEFT, label, font, SIZE)
        if count is not None:
            self._right(AMOUNT_X, str(count), font, SIZE)
        self._right(RIGHT, self._money(amount_minor), font, SIZE)
        self._y -= ROW

    def _taxes(self) -> None:
        words, taxes = self._words, self._statement.earned_taxes
        if not taxes:
            return
        self._need(len(taxes) + 5)
        columns = (LEFT + 74 * mm, LEFT + 106 * mm, RIGHT - 32 * mm, RIGHT)
        labels = (words.rate, words.net, words.tax, words.gross)
        self._head(((LEFT, words.taxes, False), *((x, label, True) for x, label in zip(columns, labels, strict=True))))
        for vat in taxes:
            rate = rate_text(vat.basis_points, self._statement.whom.language)
            amounts = (vat.net_minor, vat.tax_minor, vat.gross_minor)
            values = (rate, *(self._money(amount_minor) for amount_minor in amounts))
            for x, value in zip(columns, values, strict=True):
                self._right(x, value, REGULAR, SIZE)
            self._y -= ROW
        self._left(LEFT, words.basis, REGULAR, SMALL, SOFT)
        self._y -= ROW + 4 * mm

    def _movements(self) -> None:
        if not self._statement.lines:
            return
        self._need(4)
        self._movements_head()
        for line, balance_minor in _running(self._statement.opening_minor, self._statement.lines):
            if self._need(1):
                self._movements_head()
            self._left(DAY_X, day_text(line.day, self._statement.whom.language), REGULAR, SIZE)
            self._left(ORDER_X, line.order_number, REGULAR, SIZE)
            self._left(WHAT_X, self._words.kinds[line.kind], REGULAR, SIZE)
            self._right(AMOUNT_X, self._money(line.amount_minor), REGULAR, SIZE)
            self._right(RIGHT, self._money(balance_minor), REGULAR, SIZE, SOFT)
            self._y -= ROW

    def _movements_head(self) -> None:
        words = self._words
        names = ((DAY_X, words.day), (ORDER_X, words.order), (WHAT_X, words.what))
        figures = ((AMOUNT_X, words.amount), (RIGHT, words.balance))
        self._head((*((x, name, False) for x, name in names), *((x, name, True) for x, name in figures)))

    # --- marks -------------------------------------------------------------------------------------------

    def _head(self, labels: Sequence[tuple[float, str, bool]]) -> None:
        for x, label, is_right in labels:
            (self._right if is_right else self._left)(x, label, BOLD, SMALL, SOFT)
        self._y -= 1.6 * mm
        self._rule(SOFT, 0.4)
        self._y -= ROW

    def _rule(self, color: Color, width: float) -> None:
        if self._canvas is not None:
            self._canvas.setStrokeColor(color)
            self._canvas.setLineWidth(width)
            self._canvas.line(LEFT, self._y, RIGHT, self._y)

    def _field(self, height: float, below: float) -> None:
        if self._canvas is not None:
            self._canvas.setFillColor(PALE)
            self._canvas.rect(LEFT, self._y - below, RIGHT - LEFT, height, stroke=0, fill=1)
            self._color = PALE

    def _left(self, x: float, text: str, font: str, size: float, color: Color = INK) -> None:
        if self._canvas is not None:
            self._take_pen(self._canvas, font, size, color)
            self._canvas.drawString(x, self._y, text)

    def _right(self, x: float, text: str, font: str, size: float, color: Color = INK) -> None:
        if self._canvas is not None:
            self._take_pen(self._canvas, font, size, color)
            self._canvas.drawRightString(x, self._y, text)

    def _take_pen(self, canvas: Canvas, font: str, size: float, color: Color) -> None:
        """Only where it is another one: most of a page is written in one."""
        if color is not self._color:
            canvas.setFillColor(color)
            self._color = color
        if (font, size) != self._font:
            canvas.setFont(font, size)
            self._font = (font, size)

    def _money(self, amount_minor: int) -> str:
        if self._canvas is None:
            return ""
        text = money_text(amount_minor, self._statement.currency, self._statement.whom.language)
        return text.replace(NARROW_SPACE, WIDE_SPACE)


def _running(opening_minor: int, lines: Sequence[StatementLine]) -> Iterator[tuple[StatementLine, int]]:
    balance_minor = opening_minor
    for line in lines:
        balance_minor += line.amount_minor
        yield line, balance_minor
