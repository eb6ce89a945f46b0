"""Faxes with their pages, ready to go through any carrier."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from faxgw.render.join import join_documents
from faxgw.render.sheet import Document
from faxgw.store.unfinished import Queued


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fax, and those that share its call."""

    fax: Queued
    document: Document
    rendered_at: float
    company: tuple["Prepared", ...] = ()

    @property
    def call(self) -> tuple["Prepared", ...]:
        return (self, *self.company)

    def with_company(self, company: Sequence["Prepared"]) -> "Prepared":
        """The same fax with these others, and no other."""
        fax = msgspec.structs.replace(self.fax, company=tuple(each.fax for each in company))
        return dataclasses.replace(self, fax=fax, company=tuple(company))

    def joined(self) -> Document:
        """What the carrier is given: the pages of all, none of them drawn or coded again.

        Raises:
            ValueError: pages that cannot stand in one document.
        """
        return join_documents([each.document for each in self.call])
