"""What dispatch needs of rendering: many drawings in, as many answers out."""

from collections.abc import Sequence
from typing import Protocol

from faxgw.render.handed_in.handed import HandedIn
from faxgw.render.sheet import Document, RelaySheet, Sheet, Unrenderable

Drawing = Sheet | RelaySheet | HandedIn
"""What can be made a fax: a sheet of our own about an order, or a document that somebody handed in."""


class Renderer(Protocol):
    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        """Draw every one, in order; one that cannot be drawn never keeps another from it.

        Returns when all are done. A document handed in may take a thousand times as long as a sheet, so whoever
        is in a hurry with sheets does not mix the two.
        """
        ...
