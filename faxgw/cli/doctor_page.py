"""Draws a page of an invented order, to see that fonts, forms and the coder are all there."""

import datetime as dt

from faxgw.errors import BugError
from faxgw.ops.doctor.finding import Finding, fail, ok
from faxgw.order import Order, read_order
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, Party, Sheet

RENDERER = "renderer"
_PRICE = {"amount_minor": 4_500, "currency": "EUR"}
_DAY = dt.datetime(2027, 5, 9, 8, tzinfo=dt.UTC)


def draw_page() -> Finding:
    drawn = render_sheet(_sheet())
    if not isinstance(drawn, Document):
        return fail(
            RENDERER, f"a page cannot be drawn: {drawn.reason}", "install faxgw anew: its forms or fonts are damaged"
        )
    if drawn.unprintable:
        return fail(RENDERER, f"the fonts lack {drawn.unprintable!r}", "install faxgw anew: its fonts are damaged")
    return ok(RENDERER, f"draws a page of {len(drawn.tiff):,} bytes, form {drawn.form_version.partition('+')[0]}")


def _sheet() -> Sheet:
    order = read_order(
        {
            "key": "doctor",
            "number": "DOCTOR-1",
            "delivery": {"date": "2027-05-09"},
            "recipient": {
                "name": "Åse Ørbæk",
                "street": ["Lærerveien 1"],
                "postcode": "0150",
                "city": "Oslo",
                "country": "NO",
                "phone": "+33199000001",
            },
            "lines": [{"code": "A1", "description": "Pivoines, œillets", "quantity": 1, "unit_price": _PRICE}],
            "customer_price": _PRICE,
            "execution_price": _PRICE,
            "sending_member": "FR-29-005",
            "executing_member": "FR-13-017",
        },
        _DAY,
    )
    if not isinstance(order, Order):
        raise BugError(f"the doctor's own order is refused: {order}")
    florist = Party(name="Fleurs d’essai", member_id="FR-13-017", fax="+33199000002")
    return Sheet(order=order, sender=florist, executor=florist, language="fr", sent_at=_DAY, header_name="faxgw")
