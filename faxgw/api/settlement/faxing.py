"""Sends statements to the stores through the gateway itself: each once, under a key that follows from the month.

One that cannot be printed, or whose store has no line, is told so; the others go.
"""

from collections.abc import Sequence
from typing import assert_never

from faxgw.api.port import Desk, DocumentOrder
from faxgw.api.settlement.views import FaxedBody
from faxgw.order import Priority
from faxgw.render.handed_in.handed import Kind
from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.frames import NotPrinted
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.admission import Admission, Admitted, Drained, KeyTaken, Repeated

SUBMITTER = "settlement"
PRINTED_AT_ONCE = 128
"""Before they are sent: 12 MB of PDFs."""


async def fax_statements(
    settlement: SettlementParts, desk: Desk, period: str, members: Sequence[str]
) -> list[FaxedBody]:
    """Statements of a closed month, those of `members` or all, in the order of members."""
    statements = await settlement.months.statements(period, members)
    faxed: list[FaxedBody] = []
    async with settlement.open_printer() as printer:
        for start in range(0, len(statements), PRINTED_AT_ONCE):
            some = statements[start : start + PRINTED_AT_ONCE]
            printed = await printer.print_all(some, settlement.network)
            faxed += [await _fax(settlement, desk, *each) for each in zip(some, printed, strict=True)]
    return faxed


async def _fax(settlement: SettlementParts, desk: Desk, statement: Statement, pdf: bytes | NotPrinted) -> FaxedBody:
    member = statement.whom.id
    line = settlement.members.line_of(member)
    if line is None:
        return FaxedBody(member=member, id=None, detail="the register has no fax number for it: send it by post")
    if isinstance(pdf, NotPrinted):
        return FaxedBody(member=member, id=None, detail=f"no page: {pdf.reason}")
    wish = DocumentOrder(
        key=f"statement/{statement.period}/{member}/{statement.currency}",
        line=line,
        kind=Kind.PDF,
        content=pdf,
        number=statement.number,
        priority=Priority.BULK,
    )
    return _body(member, await desk.send_document(SUBMITTER, wish))


def _body(member: str, admission: Admission) -> FaxedBody:
    match admission:
        case Admitted(fax_id=fax_id):
            return FaxedBody(member=member, id=fax_id, detail="it is in the queue")
        case Repeated(fax_id=fax_id):
            return FaxedBody(member=member, id=fax_id, detail="it was sent before")
        case KeyTaken(fax_id=fax_id):
            return FaxedBody(member=member, id=fax_id, detail="another statement of this month was sent before")
        case Drained():
            return FaxedBody(member=member, id=None, detail="the gateway drains: ask again later")
        case _:
            assert_never(admission)
