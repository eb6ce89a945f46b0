"""What a relay message is filled with; how it is laid out stands in `forms/relay-message.toml`."""

import functools

import msgspec

from faxgw.order import Language
from faxgw.render.characters import printable, printable_lines
from faxgw.render.form import read_form
from faxgw.render.marks import Page
from faxgw.render.party import party_line, party_name
from faxgw.render.setting import Overlong, Setting
from faxgw.render.sheet import RelaySheet
from faxgw.render.wording import wording_of

NAME = "relay-message"
FORM = read_form(NAME)
FORM_REVISION = f"{FORM.name}/{FORM.revision}"
PAGES_MAX = FORM.pages_max


class RelayFields(msgspec.Struct, frozen=True, kw_only=True):
    """Every field that the form may name, as printed."""

    header_name: str
    stamp: str
    title: str
    number: str
    code: str
    """What the code says of the sheet: the order, and what the boxes answer."""
    date: str
    recipient: str
    sender: str
    executor: str
    text: str


def lay_out(sheet: RelaySheet) -> list[Page] | Overlong:
    """Where everything of the message stands, page by page."""
    return _setting(sheet.language).fill(msgspec.structs.asdict(relay_fields(sheet)))


@functools.cache
def _setting(language: Language) -> Setting:
    return Setting(FORM, wording_of(language).labels[NAME], frozenset(RelayFields.__struct_fields__))


def relay_fields(sheet: RelaySheet) -> RelayFields:
    """The message in the reading florist's language."""
    wording = wording_of(sheet.language)
    labels = wording.labels[NAME]
    return RelayFields(
        header_name=printable(sheet.header_name),
        stamp=wording.stamp(sheet.sent_at),
        title=labels[sheet.kind.name.lower()],
        number=sheet.order_number,
        code=f"{sheet.order_number}:{sheet.asks}" if sheet.asks else sheet.order_number,
        date=wording.date(sheet.delivery_date),
        recipient=printable(sheet.recipient),
        sender=party_line(sheet.sender, labels),
        executor=party_name(sheet.executor),
        text=printable_lines(sheet.text).strip(),
    )
