"""What a blank order form is filled with; how it is laid out stands in `forms/order-request.toml`."""

import functools

import msgspec

from faxgw.order import Language
from faxgw.render.characters import printable
from faxgw.render.form import read_form
from faxgw.render.marks import Page
from faxgw.render.party import party_line
from faxgw.render.setting import Overlong, Setting
from faxgw.render.sheet import RequestSheet
from faxgw.render.wording import wording_of

NAME = "order-request"
FORM = read_form(NAME)
FORM_REVISION = f"{FORM.name}/{FORM.revision}"
PAGES_MAX = FORM.pages_max

_PARTY_LABELS = "order-sheet"


class RequestFields(msgspec.Struct, frozen=True, kw_only=True):
    """Every field that the form may name, as printed."""

    header_name: str
    stamp: str
    member: str
    member_id: str
    serial: str


def lay_out(sheet: RequestSheet) -> list[Page] | Overlong:
    """Where everything of the form stands."""
    return _setting(sheet.language).fill(msgspec.structs.asdict(request_fields(sheet)))


@functools.cache
def _setting(language: Language) -> Setting:
    return Setting(FORM, wording_of(language).labels[NAME], frozenset(RequestFields.__struct_fields__))


def request_fields(sheet: RequestSheet) -> RequestFields:
    """Whose copy it is."""
    wording = wording_of(sheet.language)
    return RequestFields(
        header_name=printable(sheet.header_name),
        stamp=wording.stamp(sheet.sent_at),
        member=party_line(sheet.member, wording.labels[_PARTY_LABELS]),
        member_id=sheet.member.member_id,
        serial=sheet.serial,
    )
