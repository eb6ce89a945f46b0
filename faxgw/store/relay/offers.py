"""Offers as rows, and what they come to: the database counts, so that a year of orders is a few thousand rows here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, insert, select, update

from faxgw.store.relay.port import Offer, OfferResult, OfferSums
from faxgw.store.relay.schema import relay_offer
from faxgw.store.rows import parts

Place = tuple[str, int]
"""The order's number, and how many stores had it before."""

_COLUMNS = ("member", "offered_at", "arrived_at", "answered_at", "result")
_UPDATE = (
    update(relay_offer)
    .where(relay_offer.c.number == bindparam("row"), relay_offer.c.nth == bindparam("row_nth"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
)


def learned(known: Offer | None, told: Offer) -> Offer:
    """What is known of an offer after one more word: the first arrival and the first answer count."""
    if known is None:
        return told
    return replace(
        told,
        offered_at=known.offered_at,
        arrived_at=told.arrived_at if known.arrived_at is None else known.arrived_at,
        answered_at=told.answered_at if known.answered_at is None else known.answered_at,
        result=known.result if told.result is OfferResult.OPEN else told.result,
    )


def read_offers(connection: Connection, numbers: Collection[str]) -> dict[Place, Offer]:
    offers: dict[Place, Offer] = {}
    for some in parts(sorted(numbers)):
        for row in connection.execute(select(relay_offer).where(relay_offer.c.number.in_(some))):
            offers[row.number, row.nth] = _offer(row)
    return offers


def write_offers(connection: Connection, offers: Mapping[Place, Offer], known: Collection[Place]) -> None:
    """Write the rows; those in `known` are there already."""
    rows = [(place, {name: getattr(offer, name) for name in _COLUMNS}) for place, offer in offers.items()]
    new = [{"number": place[0], "nth": place[1], **row} for place, row in rows if place not in known]
    changed = [
        {"row": place[0], "row_nth": place[1], **{f"new_{name}": value for name, value in row.items()}}
        for place, row in rows
        if place in known
    ]
    if new:
        connection.execute(insert(relay_offer), new)
    if changed:
        connection.execute(_UPDATE, changed)


def read_sums(connection: Connection, since: float, until: float, member: str | None = None) -> list[OfferSums]:
    """Each store that was offered anything from `since` until before `until`."""
    columns = relay_offer.c
    counted: list[ColumnElement[bool]] = [
        columns.offered_at >= since,
        columns.offered_at < until,
        columns.result != OfferResult.VOID,
    ]
    if member is not None:
        counted.append(columns.member == member)
    medians = {row.member: row.seconds for row in connection.execute(_medians(counted))}
    asked = select(
        columns.member,
        func.count().label("offered"),
        _times(OfferResult.REJECTED).label("rejected"),
        _times(OfferResult.SILENT).label("silent"),
        _times(OfferResult.DELIVERED).label("delivered"),
        func.count(columns.answered_at).label("answered"),
    )
    rows = connection.execute(asked.where(*counted).group_by(columns.member).order_by(columns.member)).mappings()
    return [OfferSums(**row, answer_seconds=medians.get(row["member"])) for row in rows]


def _times(result: OfferResult) -> ColumnElement[int]:
    return func.count(case((relay_offer.c.result == result, 1)))


def _medians(counted: Sequence[ColumnElement[bool]]) -> Select[tuple[str, float]]:
    """Of each store's waits the middle one, or the mean of the two in the middle."""
    columns = relay_offer.c
    waited = columns.answered_at - func.coalesce(columns.arrived_at, columns.offered_at)
    # A florist may answer before the carrier tells that the fax arrived.
    seconds = case((waited > 0.0, waited), else_=0.0).label("seconds")
    waits = select(
        columns.member,
        seconds,
        func.row_number().over(partition_by=columns.member, order_by=seconds).label("place"),
        func.count().over(partition_by=columns.member).label("waits"),
    ).where(columns.answered_at.is_not(None), *counted)
    each = waits.subquery().c
    in_the_middle = and_(each.place * 2 >= each.waits, each.place * 2 <= each.waits + 2)
    return select(each.member, func.avg(each.seconds).label("seconds")).where(in_the_middle).group_by(each.member)


def _offer(row: Row[*tuple[Any, ...]]) -> Offer:
    return Offer(
        row.number, row.nth, row.member, row.offered_at, OfferResult(row.result), row.arrived_at, row.answered_at
    )
