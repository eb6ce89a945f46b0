"""The tables of the relay: one narrow row an order, its messages, which are only ever added, offers and absences."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table, UniqueConstraint, text

from faxgw.store.schema import metadata

# The columns repeat what is asked for by SQL; the whole order between the florists is `body`.
relay_order = Table(
    "relay_order",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("executing", String(32)),
    Column("delivery_date", String(10), nullable=False),
    Column("next_at", Float),
    Column("waiting_since", Float),
    # Grows with each change of any order, so that who follows them asks only for what is new.
    Column("turn", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("relay_order_turn", "turn"),
    Index("relay_order_delivery", "delivery_date", "number"),
    Index(
        "relay_order_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(
        "relay_order_unanswered",
        "waiting_since",
        sqlite_where=text("waiting_since IS NOT NULL"),
        postgresql_where=text("waiting_since IS NOT NULL"),
    ),
    Index(
        "relay_order_offered",
        "executing",
        "number",
        sqlite_where=text("stage = 'offered'"),
        postgresql_where=text("stage = 'offered'"),
    ),
    sqlite_with_rowid=False,
)

relay_message = Table(
    "relay_message",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("channel", String(16), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("order_number", String(20)),
    Column("at", Float, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("refusal", String(32)),
    Column("answer", LargeBinary, nullable=False),
    UniqueConstraint("channel", "reference", "key", name="relay_message_key"),
    Index("relay_message_order", "order_number", "seq"),
)

relay_absence = Table(
    "relay_absence",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("member", String(32), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10)),
    Column("resumed_at", Float),
    Index(
        "relay_absence_open",
        "member",
        sqlite_where=text("resumed_at IS NULL"),
        postgresql_where=text("resumed_at IS NULL"),
    ),
)

# One narrow row for each store that an order was offered to: how stores answer is asked for over a whole year, from the
# index alone.
relay_offer = Table(
    "relay_offer",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("member", String(32), nullable=False),
    Column("offered_at", Float, nullable=False),
    Column("arrived_at", Float),
    Column("answered_at", Float),
    Column("result", String(16), nullable=False),
    Index("relay_offer_window", "offered_at", "member", "result", "arrived_at", "answered_at"),
    sqlite_with_rowid=False,
)

# How far the events of faxes were followed.
relay_cursor = Table(
    "relay_cursor",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("seq", Integer, nullable=False),
)
