"""The inbound tables: what came in and never changes, where it stands, its documents, its sheets, and its reviews."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from faxgw.store.schema import metadata

NAME_CHARS_MAX = 255
RECEIPT_CHARS_MAX = 128
SENDER_CHARS_MAX = 40
DETAIL_CHARS_MAX = 200
KINDS_CHARS_MAX = 64

inbound = Table(
    "inbound",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("inbox", String(32), nullable=False),
    Column("name", String(NAME_CHARS_MAX), nullable=False),
    Column("size", Integer, nullable=False),
    Column("modified_at", Float),
    # SHA-256 over the names of its documents; over the file's listing where nothing of it could be fetched.
    Column("digest", LargeBinary(32), nullable=False),
    Column("kind", String(8)),
    Column("receipt_id", String(RECEIPT_CHARS_MAX), nullable=False),
    Column("sender_number", String(SENDER_CHARS_MAX), nullable=False),
    Column("sender_id", String(SENDER_CHARS_MAX), nullable=False),
    Column("received_at", Float),
    Column("pages_told", Integer),
    Column("bad_lines", Integer),
    Column("sidecar", LargeBinary, nullable=False),
    Column("kept_at", Float, nullable=False),
    UniqueConstraint("digest", name="inbound_digest"),
)

WAITING = "state IN ('kept', 'review', 'quarantined')"

inbound_state = Table(
    "inbound_state",
    metadata,
    Column("inbound_id", Integer, ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    # Again, with the time: what waits is counted every few seconds, and must not read wide rows for it.
    Column("inbox", String(32), nullable=False),
    Column("kept_at", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(DETAIL_CHARS_MAX), nullable=False),
    Column("concluded_at", Float),
    Column("pages", SmallInteger),
    # The carrier's id, for as long as another file under it is the same fax: let go when this one cannot be read.
    Column("receipt_key", String(RECEIPT_CHARS_MAX)),
    Column("forgotten", SmallInteger, nullable=False),
    UniqueConstraint("inbox", "receipt_key", name="inbound_receipt"),
    Index("inbound_waiting", "state", "inbound_id", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    Index(
        "inbound_remembered",
        "concluded_at",
        sqlite_where=text("forgotten = 0"),
        postgresql_where=text("forgotten = 0"),
    ),
)

inbound_document = Table(
    "inbound_document",
    metadata,
    Column("inbound_id", Integer, ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", String(64), nullable=False),
    Index("inbound_document_name", "name"),
    sqlite_with_rowid=False,
)

inbound_sheet = Table(
    "inbound_sheet",
    metadata,
    Column("inbound_id", Integer, ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("page", SmallInteger, nullable=False),
    Column("became", String(16), nullable=False),
    Column("order_number", String(20), nullable=False),
    Column("kinds", String(KINDS_CHARS_MAX), nullable=False),
    Column("fax_id", Integer),
    # The member whose answer it is; two florists may answer one after the other, and both say no.
    Column("speaker", String(32), nullable=False),
    # The same fax under another checksum is known by what it says of which order.
    Index("inbound_sheet_order", "order_number"),
    sqlite_with_rowid=False,
)

review = Table(
    "review",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("inbound_id", Integer, ForeignKey("inbound.id"), nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("page", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(DETAIL_CHARS_MAX), nullable=False),
    Column("guess", LargeBinary, nullable=False),
    Column("order_number", String(20), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("verdict", String(16)),
    Column("decision", LargeBinary),
    Column("who", String(200), nullable=False),
    Column("why", String(200), nullable=False),
    Column("decided_at", Float),
    Column("fax_id", Integer),
    Index("review_inbound", "inbound_id"),
    Index("review_waiting", "id", sqlite_where=text("state <> 'done'"), postgresql_where=text("state <> 'done'")),
)
