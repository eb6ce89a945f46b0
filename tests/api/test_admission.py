import datetime as dt

from faxgw.api.admission import new_order_fax
from faxgw.api.placing import Placed
from faxgw.dispatch.service import Service
from faxgw.order import Order, read_order
from faxgw.phone import Line
from faxgw.store.admission import NewFax
from tests.api.fakes import order_json


def admitted(**changes: object) -> NewFax:
    order = read_order(order_json("a", **changes), dt.datetime(2027, 5, 8, tzinfo=dt.UTC))
    assert isinstance(order, Order)
    return new_order_fax("shop", order, Placed(order, Line("+33199004321")), 100.0, Service(1, None, ""))


def test_a_fax_knows_which_of_its_texts_have_boxes() -> None:
    """By field and count, for its trail; an everyday order has none."""
    assert admitted(card_message="Hi 🌹", instructions="你好").boxes == {"/card_message": 1, "/instructions": 2}
    assert not admitted().boxes
