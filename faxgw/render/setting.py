"""A form made ready for one language, once; from then on it is filled, order after order."""

from collections.abc import Mapping

import msgspec

from faxgw.render.blocks import setter_of
from faxgw.render.fixed import FixedSetter
from faxgw.render.flow import Fields, Flow
from faxgw.render.form import Form
from faxgw.render.marks import Page
from faxgw.render.names import Names


class Overlong(msgspec.Struct, frozen=True):
    """The document needs more pages than a fax may have."""

    pages: int


class Setting:
    """One form in one language."""

    def __init__(self, form: Form, labels: Mapping[str, str], fields: frozenset[str]) -> None:
        """Raises FormError for a name that the form uses and nobody knows."""
        names = Names(form.name, labels, fields)
        self._form = form
        self._header = FixedSetter(form.header, names)
        self._every_page = [setter_of(block, form, names) for block in form.every_page]
        self._opening = [setter_of(block, form, names) for block in form.opening]
        self._continuation = [setter_of(block, form, names) for block in form.continuation]
        self._turn = FixedSetter(form.turn, names)
        self._foot = FixedSetter(form.foot.marks, names)

    def fill(self, fields: Fields) -> list[Page] | Overlong:
        """The pages of one document, where everything stands."""
        form = self._form
        flow = Flow(fields, form.top, form.bottom, self._begin_page)
        for setter in (*self._every_page, *self._opening):
            setter.set(flow)
        if flow.y > form.foot.top:
            flow.turn_page()
        self._foot.set_at(flow, form.foot.top)
        if len(flow.pages) > form.pages_max:
            return Overlong(len(flow.pages))
        for number in range(1, len(flow.pages) + 1):
            self._header.set_at(flow, 0, number)
        return flow.pages

    def _begin_page(self, flow: Flow) -> None:
        self._turn.set_at(flow, 0, note=len(flow.pages) + 1)
        flow.new_page()
        for setter in (*self._every_page, *self._continuation):
            setter.set(flow)
