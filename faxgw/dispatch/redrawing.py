"""Draws the document of a call in doubt once more, so that the carrier can be handed the very same bytes."""

from faxgw.dispatch.archive import PageArchive
from faxgw.fax import State
from faxgw.render.join import join_documents
from faxgw.render.sheet import Document, Unrenderable
from faxgw.store.attempts import Attempt
from faxgw.store.port import Store


class Redrawing:
    """See `doubt.DrawAgain`."""

    def __init__(self, store: Store, archive: PageArchive) -> None:
        self._store = store
        self._archive = archive

    async def draw(self, attempt: Attempt) -> Document | None:
        """The document of the attempt's call to the bit; None where it cannot be had, or a person ended part of it."""
        documents: list[Document] = []
        call_sha256: str | None = None
        for each in attempt.call:
            view = await self._store.fax(each.fax_id)
            if view is None or view.state is not State.UNKNOWN or view.attempts[-1].number != each.number:
                return None
            drawn = await self._archive.as_sent(view)
            if isinstance(drawn, Unrenderable):
                return None
            documents.append(drawn)
            call_sha256 = view.attempts[-1].call_sha256
        joined = join_documents(documents)
        return joined if call_sha256 in {None, joined.sha256} else None
