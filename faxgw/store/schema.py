"""The tables: one wide row a fax that never changes, one narrow row that does, attempts, events, receipts, suspensions.

The narrow row is apart from the wide one so that a state change rewrites tens of bytes, not the order.
`fax_state.state` is indexed only for what is not delivered; a year of deliveries costs the index nothing.
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(64), nullable=False),
)

# Ids come from here and not from max(id): they are part of the references carriers know, so that an id
# must never come back, not even after old rows were deleted.
sequence = Table(
    "sequence",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", Integer, nullable=False),
)

fax = Table(
    "fax",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("submitter", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("number", String(20), nullable=False),
    Column("accepted_at", Float, nullable=False),
    # What the fax shows: an order as JSON, or where the document lies that somebody handed in.
    Column("content", String(16), nullable=False),
    Column("order", LargeBinary, nullable=False),
    # The fax that this one is a retry or a copy of.
    Column("origin_id", Integer, ForeignKey("fax.id")),
    # Of an order: who executes it as it came in (`fax_state.member` from then on), and on which day, counted as
    # `date.toordinal` does. How much each florist has to do on a day is asked at each start.
    Column("executor", String(32)),
    Column("delivery_day", Integer),
    UniqueConstraint("submitter", "key", name="fax_key"),
    # An operator is told an order's number, never our id.
    Index("fax_number", "number"),
    Index("fax_delivery_day", "delivery_day"),
)

# The index's condition stands in every question that is to use it: SQLite takes a partial index only for these very
# words. They are one comparison, which each state change pays; for a list of states SQLite builds a table each time.
NOT_DELIVERED = "state <> 'delivered'"
UNFINISHED = f"{NOT_DELIVERED} AND state IN ('queued', 'held', 'sending', 'submitted', 'unknown')"

fax_state = Table(
    "fax_state",
    metadata,
    Column("fax_id", Integer, ForeignKey("fax.id"), primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("line", String(20), nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("deadline_at", Float),
    Column("attempts", SmallInteger, nullable=False),
    Column("calls", SmallInteger, nullable=False),
    Column("reason", String(200), nullable=False),
    # Counts what people changed; pages drawn before the newest change are never sent.
    Column("revision", SmallInteger, nullable=False),
    # Its pages say that they may have come before.
    Column("marked", SmallInteger, nullable=False),
    # Who executes instead of the member that the order names.
    Column("member", String(32)),
    # Whose the fax is, again: submitters take turns, and a start must not read a million wide rows for it.
    Column("submitter", String(64), nullable=False),
    # The rule that promised the deadline.
    Column("service", String(32), nullable=False),
    # Steps taken before the deadline is lost, one bit each: see `transitions.STEP_BITS`.
    Column("escalated", SmallInteger, nullable=False),
    # What is unfinished or was given up is few among all that was delivered, and what everybody looks for.
    Index("fax_state_undelivered", "state", sqlite_where=text(NOT_DELIVERED), postgresql_where=text(NOT_DELIVERED)),
)

attempt = Table(
    "attempt",
    metadata,
    Column("fax_id", Integer, ForeignKey("fax.id"), primary_key=True, autoincrement=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("provider", String(32), nullable=False),
    Column("line", String(20), nullable=False),
    # Which of the line's calls this is: 0 for a line that takes one at a time, as nearly all do. Of the faxes that
    # share a call one has the call's slot.
    Column("slot", SmallInteger),
    Column("provider_ref", String(128)),
    Column("sha256", String(64), nullable=False),
    Column("form_version", Text, nullable=False),
    Column("pages", SmallInteger, nullable=False),
    Column("rendered_at", Float, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("outcome", String(16)),
    Column("code", String(200)),
    # Only where faxes share a call: the attempt whose reference names it (none in that attempt itself), where this
    # fax's pages begin in the call's document, and the digest of that document.
    Column("lead_id", Integer),
    Column("lead_number", SmallInteger),
    Column("first_page", SmallInteger),
    Column("call_sha256", String(64)),
    # The line's lock is the open attempt itself, so that no crash and no bug can leave a counter behind.
    Index(
        "attempt_open_call",
        "line",
        "slot",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("attempt_provider_ref", "provider", "provider_ref"),
    Index(
        "attempt_lead",
        "lead_id",
        "lead_number",
        sqlite_where=text("lead_id IS NOT NULL"),
        postgresql_where=text("lead_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# What is remembered of a line over all its faxes: see `lines.LineMemory`.
line = Table(
    "line",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("has_answered", SmallInteger, nullable=False),
    Column("bad_number", SmallInteger, nullable=False),
    Column("no_fax", SmallInteger, nullable=False),
    Column("no_answer", SmallInteger, nullable=False),
    Column("failed_at", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("fax_id", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("event_fax", "fax_id", "seq"),
    sqlite_autoincrement=True,
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("provider", String(32), nullable=False),
    Column("event_id", String(128)),
    Column("received_at", Float, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("settled", SmallInteger, nullable=False),
    UniqueConstraint("provider", "event_id", name="receipt_event"),
    Index("receipt_unsettled", "id", sqlite_where=text("settled = 0"), postgresql_where=text("settled = 0")),
)

# What people stopped: a line, a provider, all sending, or taking in. A row is there for as long as it holds.
suspension = Table(
    "suspension",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("who", String(200), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at", Float, nullable=False),
    Column("until", Float),
    sqlite_with_rowid=False,
)
