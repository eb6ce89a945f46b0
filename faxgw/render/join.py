"""Several faxes for one line as one document, so that they share a call: nothing is drawn or coded again."""

import hashlib
import itertools
from collections.abc import Sequence

from faxgw.render.sheet import Document
from faxgw.render.tiff import read_made_at, read_pages, write_tiff

JOINED_REVISION = "joined/1"


def join_documents(documents: Sequence[Document]) -> Document:
    """The pages of all, in order, each with the strip and the header line it has; a single one stays as it is.

    The tags number the pages through, the date is the first document's.

    Raises:
        ValueError: there are none, or their resolutions differ: a machine would have to retrain between pages.
    """
    if len(documents) == 1:
        return documents[0]
    parts = [read_pages(document.tiff) for document in documents]
    pages = [page for part in parts for page in part]
    if len({page.lines_per_inch for page in pages}) != 1:
        raise ValueError("documents that share a call need one resolution, and one document at least")
    tiff = write_tiff(pages, read_made_at(documents[0].tiff))
    return Document(
        tiff=tiff,
        pages=len(pages),
        sha256=hashlib.sha256(tiff).hexdigest(),
        form_version=_version(documents),
        unprintable="".join(dict.fromkeys("".join(document.unprintable for document in documents))),
    )


def page_spans(documents: Sequence[Document]) -> list[range]:
    """Which pages of the joined document (from 1) belong to each; a receipt's page count is held against these."""
    ends = itertools.accumulate(document.pages for document in documents)
    return [range(end - document.pages + 1, end + 1) for document, end in zip(documents, ends, strict=True)]


def _version(documents: Sequence[Document]) -> str:
    return "&".join((JOINED_REVISION, *dict.fromkeys(document.form_version for document in documents)))
