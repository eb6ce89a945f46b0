"""What whoever hands an order in should know of it, though it is taken: texts that will not be printed whole."""

from faxgw.api.views import Warned
from faxgw.order import Order
from faxgw.render.boxes import Boxed, boxed_texts

_SHOWN_MAX = 8


def warnings_of(order: Order) -> tuple[Warned, ...]:
    return tuple(Warned(boxed.pointer, boxed.count, _detail(boxed)) for boxed in boxed_texts(order))


def _detail(boxed: Boxed) -> str:
    shown = ", ".join(f"{each} (U+{ord(each):04X})" for each in boxed.kinds[:_SHOWN_MAX])
    more = ", ..." if len(boxed.kinds) > _SHOWN_MAX else ""
    count = "1 character is" if boxed.count == 1 else f"{boxed.count} characters are"
    each = "" if boxed.count == 1 else " each"
    return f"{count} in no font here and printed as a box{each}: {shown}{more}; write it with other letters"
