"""Sends statements to the stores through the gateway itself: each once, under a key that follows from the month."""

from collections.abc import Sequence
from typing import assert_never

from faxgw.api.port import Desk, DocumentOrder
from faxgw.api.settlement.views import FaxedBody
from faxgw.order import Priority
from faxgw.render.handed_in.handed import Kind
from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.admission import Admission, Admitted, Drained, KeyTaken, Repeated

SUBMITTER = "settlement"


async def fax_statements(
    settlement: SettlementParts, desk: Desk, period: str, members: Sequence[str]
) -> list[FaxedBody]:
    """Statements of a closed month, those of `members` or all; one whose store has no line is told so."""
    statements = await settlement.months.statements(period, members)
    return [await _fax(settlement, desk, statement) for statement in statements]


async def _fax(settlement: SettlementParts, desk: Desk, statement: Statement) -> FaxedBody:
    member = statement.whom.id
    line = settlement.members.line_of(member)
    if line is None:
        return FaxedBody(member=member, id=None, detail="the register has no fax number for it: send it by post")
    content: bytes = await settlement.apart(lambda: write_pdf(statement, settlement.network))
    wish = DocumentOrder(
        key=f"statement/{statement.period}/{member}/{statement.currency}",
        line=line,
        kind=Kind.PDF,
        content=content,
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
