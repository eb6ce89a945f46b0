"""What is drawn of a document that somebody handed in, from what the store keeps of it."""

import datetime as dt

import pytest

from faxgw.dispatch.drawing import Composer, Deposited, encode_deposited
from faxgw.members.register import Register
from faxgw.order import Language
from faxgw.phone import Line
from faxgw.render.handed_in.handed import HandedIn, Kind
from faxgw.render.sheet import Unrenderable
from faxgw.store.admission import Content
from faxgw.store.views import Contents
from tests.members.florists import florist

AT = dt.datetime(2027, 5, 29, 5, 12, tzinfo=dt.UTC).timestamp()
OSLO, PARIS, NOBODY = Line("+33199000001"), Line("+33199000002"), Line("+33199000003")
REGISTER = Register(
    [
        florist("NO-1", fax=OSLO),
        florist("NO-2", fax="+33199000009", fax_second=OSLO, language="en"),
        florist("FR-1", fax=PARIS, language="fr", timezone="Europe/Paris"),
    ]
)


class Shelf:
    """A store with one document."""

    async def document(self, name: str) -> bytes | None:
        return b"hello" if name == "letter" else None


def _contents(line: Line, member: str | None = None, name: str = "letter") -> Contents:
    deposited = Deposited(document=name, kind=Kind.TEXT, bytes=5)
    return Contents(Content.DOCUMENT, encode_deposited(deposited), line, member, marked=False)


@pytest.mark.parametrize(
    ("line", "member", "language", "stamp"),
    [
        (OSLO, None, "nb", "07:12 +0200"),
        (PARIS, None, "fr", "07:12 +0200"),
        (PARIS, "NO-2", "en", "07:12 +0200"),
        (NOBODY, None, "en", "05:12 +0000"),
    ],
)
async def test_the_header_is_for_whoever_reads_it(
    line: Line, member: str | None, language: Language, stamp: str
) -> None:
    """The member it was sent on to, else whose machine it is, else nobody that we know: English, and universal time."""
    composer = Composer(Shelf(), REGISTER, "Réseau")  # type: ignore[arg-type]
    drawing = await composer.compose(_contents(line, member), AT)
    assert isinstance(drawing, HandedIn)
    assert (drawing.language, drawing.sent_at.strftime("%H:%M %z")) == (language, stamp)


async def test_a_document_that_is_gone_is_set_aside() -> None:
    """Whoever handed it in can do so again."""
    drawing = await Composer(Shelf(), REGISTER, "Réseau").compose(_contents(OSLO, name="lost"), AT)  # type: ignore[arg-type]
    assert isinstance(drawing, Unrenderable)
    assert "hand it in again" in drawing.reason
