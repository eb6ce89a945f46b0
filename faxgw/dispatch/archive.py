"""Shows a fax as it went out: drawn again from the order, and proven by the digest kept with the attempt."""

from typing import Literal

import msgspec

from faxgw.clock import Clock
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order
from faxgw.render.page import document_to_pdf, document_to_png
from faxgw.render.port import Renderer
from faxgw.render.sheet import Document, Sheet, Unrenderable
from faxgw.store.port import FaxView

decode_order = msgspec.json.Decoder(Order).decode


class PageArchive:
    """See `api.port.Archive`.

    Pages are not stored: the same order, form version and time give the same bytes. A page whose digest differs
    (the form or the register changed since) is still shown, but never passed off as what went out.
    """

    def __init__(self, register: Register, renderer: Renderer, clock: Clock, header_name: str) -> None:
        self._register = register
        self._renderer = renderer
        self._clock = clock
        self._header_name = header_name

    async def page(self, view: FaxView, kind: Literal["tif", "png", "pdf"], number: int = 1) -> bytes | str:
        drawn = await self._draw(view)
        match drawn:
            case Unrenderable(reason=reason):
                return reason
            case Document() if kind == "tif":
                return drawn.tiff
            case Document() if kind == "pdf":
                return document_to_pdf(drawn)
            case Document():
                return document_to_png(drawn, number) if number <= drawn.pages else f"it has {drawn.pages} pages"

    async def _draw(self, view: FaxView) -> Document | Unrenderable:
        last = view.attempts[-1] if view.attempts else None
        at = last.rendered_at if last else self._clock.now()
        sheet = compose_sheet(decode_order(view.order), self._register, at, self._header_name)
        if not isinstance(sheet, Sheet):
            return sheet
        drawn = (await self._renderer.render([sheet]))[0]
        if last and isinstance(drawn, Document) and drawn.sha256 != last.sha256:
            return Unrenderable("the form or the register has changed since it was sent; the page cannot be reproduced")
        return drawn
