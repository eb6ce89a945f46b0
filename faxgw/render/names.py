"""What a form may name in one language: labels, fields, styles. An unknown name is refused with its neighbour."""

import difflib
import string
from collections.abc import Mapping

import msgspec

from faxgw.render.form import FormError
from faxgw.render.typeface import Style

_OF_PAGES = frozenset({"page", "pages"})
"""Fields that every form has: which page of how many."""


class Names(msgspec.Struct, frozen=True):
    """What a form may name in one language; `label`, `field` and `style` answer or refuse."""

    form: str
    labels: Mapping[str, str]
    fields: frozenset[str]

    def label(self, name: str) -> str:
        if name not in self.labels:
            raise self._unknown("label", name, self.labels)
        for field in fields_in(self.labels[name]):
            self.field(field)
        return self.labels[name]

    def field(self, name: str) -> str:
        if name not in self.fields and name not in _OF_PAGES:
            raise self._unknown("field", name, self.fields)
        return name

    def style(self, name: str) -> Style:
        styles = {style.name.lower(): style for style in Style}
        if name not in styles:
            raise self._unknown("style", name, styles)
        return styles[name]

    def _unknown(self, kind: str, name: str, known: Mapping[str, object] | frozenset[str]) -> FormError:
        near = difflib.get_close_matches(name, list(known), n=1)
        return FormError(f"form {self.form}: unknown {kind} {name}" + (f"; did you mean {near[0]}?" if near else ""))


def fields_in(template: str) -> list[str]:
    """The fields that a text has in braces."""
    return [field for _, field, _, _ in string.Formatter().parse(template) if field]
