"""Different order sheets: the example orders of a network of florists, as dispatch would have them drawn."""

from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.render.sheet import Sheet
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members

FLORISTS = 5_000
SENT_AT = 1_811_581_200.0
"""Saturday, 29 May 2027, seven in the morning in Paris."""


def order_sheets(count: int) -> list[Sheet]:
    """The first `count` example orders. Three go out in each second, so that the header line changes too."""
    shops = list(members(FLORISTS))
    register = Register(shops)
    composed = [
        compose_sheet(order, register, SENT_AT + index / 3, "Réseau Florissimo")
        for index, order in enumerate(orders(count, shops))
    ]
    return [sheet for sheet in composed if isinstance(sheet, Sheet)]
