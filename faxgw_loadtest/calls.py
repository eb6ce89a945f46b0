"""What each call carried, by the carrier's books and the pages that it kept. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from faxgw_loadtest.printed import Misprinted, whole


class CarrierFax(msgspec.Struct, frozen=True, gc=False):
    """One attempt, as the carrier has it in its books; it may carry several faxes."""

    reference: str
    number: str
    outcome: str
    pages: int
    pages_delivered: int
    pages_arrived: int
    taken_at: float
    dialled_at: float | None
    ended_at: float | None

    @property
    def fax_id(self) -> int:
        """The fax that leads. References are written `store-fax-attempt`."""
        return int(self.reference.rsplit("-", 2)[1])


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt and the faxes on it, by their ids."""

    record: CarrierFax
    carried: tuple[int, ...]
    delivered: tuple[int, ...]
    """Every page was confirmed."""
    arrived: tuple[int, ...]
    """Every page lies at the florist's, confirmed or not."""
    misprinted: str = ""
    """Why nobody can say what it carried; nothing stands in it then."""


Printed = Mapping[int, tuple[str, ...] | Misprinted]
"""By place in the carrier's list: the order of each page, where pages were read."""


def calls_of(records: Sequence[CarrierFax], printed: Printed, fax_ids: Mapping[str, int]) -> list[Call]:
    """`fax_ids` by order number, of our orders only. A call whose pages were not read has the fax of its reference."""
    return [_call_of(record, printed.get(place), fax_ids) for place, record in enumerate(records)]


def _call_of(record: CarrierFax, printed: tuple[str, ...] | Misprinted | None, fax_ids: Mapping[str, int]) -> Call:
    match printed:
        case Misprinted(why=why):
            return Call(record, (), (), (), why)
        case None:
            named = (record.fax_id,)
            is_delivered, is_there = (pages == record.pages for pages in (record.pages_delivered, record.pages_arrived))
            return Call(record, named, named if is_delivered else (), named if is_there else ())
        case numbers:
            return Call(
                record,
                _ours(list(dict.fromkeys(numbers)), fax_ids),
                _ours(whole(numbers, record.pages_delivered), fax_ids),
                _ours(whole(numbers, record.pages_arrived), fax_ids),
            )


def _ours(numbers: Sequence[str], fax_ids: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(fax_ids[number] for number in numbers if number in fax_ids)
