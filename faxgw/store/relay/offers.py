"""Offers as rows, and what they come to: the database counts, so that a year of orders is a few thousand rows here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from faxgw.store.relay.port import Offer, OfferResult, OfferSums
from faxgw.store.relay.schema import relay_offer
from faxgw.store.statements import among, inserting, keyed, updating

Place = tuple[str, int]
"""The order's number, and how many stores had it before."""

COLUMNS = ("member", "offered_at", "arrived_at", "answered_at", "result")
OFFERS = select(*(relay_offer.c[name] for name in ("number", "nth", *COLUMNS))).where(among(relay_offer.c.number))
INSERT_OFFERS = inserting(relay_offer, "number", "nth", *COLUMNS)
UPDATE_OFFERS = updating(relay_offer, *COLUMNS, by=("number", "nth"))


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
    rows = connection.execute(OFFERS, keyed(numbers)).all() if numbers else ()
    return {(number, nth): _offer(number, nth, *values) for number, nth, *values in rows}


def write_offers(connection: Connection, offers: Mapping[Place, Offer], known: Collection[Place]) -> None:
    """Write the rows; those in `known` are there already."""
    rows = [(place, _values(offer)) for place, offer in offers.items()]
    INSERT_OFFERS.run(connection, [(*place, *values) for place, values in rows if place not in known])
    UPDATE_OFFERS.run(connection, [(*values, *place) for place, values in rows if place in known])


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


def _offer(
    number: str,
    nth: int,
    member: str,
    offered_at: float,
    arrived_at: float | None,
    answered_at: float | None,
    result: str,
) -> Offer:
    return Offer(number, nth, member, offered_at, OfferResult(result), arrived_at, answered_at)


def _values(offer: Offer) -> tuple[object, ...]:
    """As `COLUMNS` names them."""
    return (offer.member, offer.offered_at, offer.arrived_at, offer.answered_at, offer.result.value)
