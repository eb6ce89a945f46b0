"""What dispatch needs of rendering: many sheets in, as many answers out."""

from collections.abc import Sequence
from typing import Protocol

from faxgw.render.sheet import Document, Sheet, Unrenderable


class Renderer(Protocol):
    async def render(self, sheets: Sequence[Sheet]) -> list[Document | Unrenderable]:
        """Draw every sheet, in order; a sheet that cannot be drawn never keeps another from it."""
        ...
