"""Shows a fax as it went out: drawn again from what was handed in, proven by the digest kept with the attempt."""

import dataclasses
from typing import Literal

from faxgw.clock import Clock
from faxgw.dispatch.drawing import Composer
from faxgw.render.port import Renderer
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.views import AttemptView, Contents, FaxView


class PageArchive:
    """See `api.port.Archive`.

    Pages are not stored: the same order, form version and time give the same bytes. A page whose digest differs
    (the form or the register changed since) is still shown, but never passed off as what went out.
    """

    def __init__(self, composer: Composer, renderer: Renderer, clock: Clock) -> None:
        self._composer = composer
        self._renderer = renderer
        self._clock = clock

    async def page(self, view: FaxView, kind: Literal["tif", "png", "pdf"], number: int = 1) -> bytes | str:
        # Only who looks at a page pays for numpy and Pillow: they are a tenth of the daemon's start.
        from faxgw.render.page import document_to_pdf, document_to_png  # noqa: PLC0415

        drawn = await self.as_sent(view)
        match drawn:
            case Unrenderable(reason=reason):
                return reason
            case Document() if kind == "tif":
                return drawn.tiff
            case Document() if kind == "pdf":
                return document_to_pdf(drawn)
            case Document():
                pages = "1 page" if drawn.pages == 1 else f"{drawn.pages} pages"
                return document_to_png(drawn, number) if number <= drawn.pages else f"it has {pages}"

    async def as_sent(self, view: FaxView) -> Document | Unrenderable:
        """The pages of the last attempt to the bit, or why they cannot be had; before the first, as they would go."""
        contents = Contents(view.content, view.order, view.line, view.member, view.marked)
        if not view.attempts:
            return await self._draw_at(contents, self._clock.now())
        last = view.attempts[-1]
        # Somebody may have changed the fax since its last attempt: it is shown as it was then.
        for before in _as_they_may_have_been(contents, last):
            drawn = await self._draw_at(before, last.rendered_at)
            if isinstance(drawn, Document) and drawn.sha256 == last.sha256:
                return drawn
        return Unrenderable("the form or the register has changed since it was sent; the page cannot be reproduced")

    async def _draw_at(self, contents: Contents, at: float) -> Document | Unrenderable:
        drawing = await self._composer.compose(contents, at)
        if isinstance(drawing, Unrenderable):
            return drawing
        return (await self._renderer.render([drawing]))[0]


def _as_they_may_have_been(contents: Contents, last: AttemptView) -> list[Contents]:
    """What the last attempt may have shown, the likeliest first: the digest tells which it was."""
    then = dataclasses.replace(contents, line=last.line or contents.line)
    guesses = [then, dataclasses.replace(then, member=None)]
    if contents.marked:
        guesses += [dataclasses.replace(guess, marked=False) for guess in guesses]
    return [guess for number, guess in enumerate(guesses) if guess not in guesses[:number]]
