"""Several faxes share a call: one document, nothing coded again, every page still known as whose it is."""

import datetime as dt
import hashlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxgw.render.handed_in.handed import Kind
from faxgw.render.join import join_documents, page_spans
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, Resolution
from faxgw.render.tiff import read_made_at, read_pages
from tests.documents import samples
from tests.render import sheets


def _sheet(number: int) -> Document:
    document = render_sheet(sheets.sheet(sheets.order(number=f"2027-{number}", lines=1 + number % 25)))
    assert isinstance(document, Document)
    return document


STOCK = [_sheet(number) for number in (1, 2, 24)] + [
    samples.drawn(Kind.TEXT, samples.text(70)),
    samples.drawn(Kind.TEXT, "日".encode()),
    samples.drawn(Kind.PDF, samples.pdf(3)),
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(STOCK), min_size=1, max_size=6))
def test_joined_pages_are_the_pages_joined(documents: list[Document]) -> None:
    """Strips are taken as they are, in order; pixels, digest and spans agree; the same again gives the same bytes."""
    joined = join_documents(documents)
    strips = [page.strip for document in documents for page in read_pages(document.tiff)]
    assert [page.strip for page in read_pages(joined.tiff)] == strips
    assert joined.pages == len(strips)
    assert joined.sha256 == hashlib.sha256(joined.tiff).hexdigest()
    assert join_documents([msgspec.structs.replace(document) for document in documents]) == joined
    pages = samples.pixels(joined)
    for document, span in zip(documents, page_spans(documents), strict=True):
        assert len(span) == document.pages
        for page, alone in zip(span, samples.pixels(document), strict=True):
            np.testing.assert_array_equal(pages[page - 1], alone)
    assert [page for span in page_spans(documents) for page in span] == list(range(1, joined.pages + 1))


def test_a_document_alone_stays_as_it_is() -> None:
    """Nothing changes for a fax that shares its call with none."""
    assert join_documents([STOCK[0]]) is STOCK[0]


def test_a_joined_document_says_what_it_is_made_of() -> None:
    """Form versions are named once each, unprintable characters too, and the date is the first one's."""
    joined = join_documents([STOCK[0], STOCK[1], STOCK[4], STOCK[4]])
    assert joined.form_version == f"joined/1&{STOCK[0].form_version}&{STOCK[4].form_version}"
    assert joined.unprintable == "日"
    assert read_made_at(joined.tiff) == dt.datetime(2027, 5, 29, 7, 12)  # noqa: DTZ001 - TIFF has no zone


def test_only_like_documents_share_a_call() -> None:
    """Different resolutions are not put into one call, and nothing is made of nothing."""
    coarse = samples.drawn(Kind.TEXT, b"hello", resolution=Resolution.STANDARD)
    with pytest.raises(ValueError, match="one resolution"):
        join_documents([STOCK[0], coarse])
    with pytest.raises(ValueError, match="one document at least"):
        join_documents([])
