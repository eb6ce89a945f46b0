"""Files from inboxes as rows: each fax is kept once, by whatever it is recognised."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from faxgw.store.inbound.keeping import (
    InboundId,
    Keeping,
    KeptBefore,
    KeptNow,
    NewInbound,
    Origin,
    Poison,
    PoisonReason,
    SameBy,
)
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.schema import (
    DETAIL_CHARS_MAX,
    NAME_CHARS_MAX,
    RECEIPT_CHARS_MAX,
    SENDER_CHARS_MAX,
    inbound,
    inbound_document,
    inbound_state,
)
from faxgw.store.rows import NO_FAX, encode_json, insert_events, parts, take_ids
from faxgw.store.transitions import Happened

MADE_WHOLE = frozenset({PoisonReason.INCOMPLETE, PoisonReason.BAD_SIDECAR})
"""What is wrong with such a file is not in its document: the same document may come again and be well."""


@dataclass(frozen=True, slots=True)
class _Known:
    inbound_id: InboundId
    origin: Origin
    state: InboundState
    reason: str


def keep(connection: Connection, faxes: Sequence[NewInbound]) -> list[Keeping]:
    """Write new faxes; what came before (in the store or earlier in this list) writes an event at most."""
    by_digest = _known_digests(connection, [digest_of(fax) for fax in faxes])
    by_receipt = _known_receipts(connection, faxes)
    next_id = take_ids(connection, "inbound", len(faxes))
    answers: list[Keeping] = []
    new: list[tuple[InboundId, NewInbound]] = []
    events: list[Happened] = []
    for fax in faxes:
        digest, receipt = digest_of(fax), (fax.origin.inbox, receipt_key(fax))
        known = by_digest.get(digest)
        answer = _keeping(fax, known, by_receipt.get(receipt), InboundId(next_id + len(new)))
        answers.append(answer)
        events += _told(fax, answer)
        if isinstance(answer, KeptNow):
            if known is not None:
                _remove(connection, known.inbound_id)
            new.append((answer.inbound_id, fax))
            by_digest[digest] = _Known(answer.inbound_id, fax.origin, InboundState.KEPT, "")
            if receipt_key(fax) is not None:
                by_receipt[receipt] = answer.inbound_id
    _insert(connection, new)
    insert_events(connection, events)
    return answers


def _keeping(fax: NewInbound, known: _Known | None, claimed: InboundId | None, new_id: InboundId) -> Keeping:
    """`known` has the same documents, `claimed` the same receipt."""
    if known is not None and not _is_made_whole(known):
        return KeptBefore(known.inbound_id, SameBy.FILE if known.origin == fax.origin else SameBy.CONTENT)
    if claimed is not None:
        return KeptBefore(claimed, SameBy.RECEIPT)
    return KeptNow(known.inbound_id if known is not None else new_id)


def _is_made_whole(known: _Known) -> bool:
    return known.state is InboundState.QUARANTINED and known.reason in MADE_WHOLE


def _told(fax: NewInbound, answer: Keeping) -> list[Happened]:
    """File names and senders stay out of it: an event is read by many, and they carry people's numbers."""
    data: dict[str, object] = {"inbound": answer.inbound_id, "inbox": fax.origin.inbox}
    match answer:
        case KeptNow():
            return [Happened(NO_FAX, fax.kept_at, "inbound_kept", data)]
        case KeptBefore(how=SameBy.FILE):
            return []
        case KeptBefore(how=how):
            return [Happened(NO_FAX, fax.kept_at, "inbound_again", {**data, "how": how})]


def quarantine(connection: Connection, files: Sequence[Poison]) -> list[Keeping]:
    """Write files that are set aside; one that is known already stays as it is."""
    known = _known_digests(connection, [digest_of(file) for file in files])
    next_id = take_ids(connection, "inbound", len(files))
    answers: list[Keeping] = []
    new: list[tuple[InboundId, Poison]] = []
    for file in files:
        digest = digest_of(file)
        same = known.get(digest)
        if same is not None:
            answers.append(KeptBefore(same.inbound_id, SameBy.FILE if same.origin == file.origin else SameBy.CONTENT))
            continue
        inbound_id = InboundId(next_id + len(new))
        known[digest] = _Known(inbound_id, file.origin, InboundState.QUARANTINED, file.reason)
        new.append((inbound_id, file))
        answers.append(KeptNow(inbound_id))
    _insert(connection, new)
    insert_events(connection, [quarantined(*each) for each in new])
    return answers


def quarantined(inbound_id: InboundId, file: Poison) -> Happened:
    data: dict[str, object] = {"inbound": inbound_id, "inbox": file.origin.inbox, "reason": file.reason}
    return Happened(NO_FAX, file.kept_at, "quarantined", data)


def digest_of(file: NewInbound | Poison) -> bytes:
    """What makes it the same fax again: its documents in their order, or its listing where there are none."""
    if file.documents:
        return hashlib.sha256(" ".join(file.documents).encode()).digest()
    origin = file.origin
    return hashlib.sha256(encode_json([origin.inbox, origin.name, origin.size, origin.modified_at])).digest()


def receipt_key(fax: NewInbound) -> str | None:
    """What tells one carrier's faxes apart; a very long one by its checksum, for cut off it could be another's."""
    if len(fax.receipt_id) <= RECEIPT_CHARS_MAX:
        return fax.receipt_id or None
    return hashlib.sha256(fax.receipt_id.encode()).hexdigest()


def _known_digests(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, _Known]:
    columns = inbound.c
    known: dict[bytes, _Known] = {}
    for some in parts(digests):
        rows = connection.execute(
            select(inbound, inbound_state.c.state, inbound_state.c.reason)
            .join(inbound_state, inbound_state.c.inbound_id == columns.id)
            .where(columns.digest.in_(some))
        )
        for row in rows:
            origin = Origin(row.inbox, row.name, row.size, row.modified_at)
            known[row.digest] = _Known(InboundId(row.id), origin, InboundState(row.state), row.reason)
    return known


def _known_receipts(connection: Connection, faxes: Sequence[NewInbound]) -> dict[tuple[str, str | None], InboundId]:
    columns = inbound_state.c
    ids = [key for fax in faxes if (key := receipt_key(fax)) is not None]
    known: dict[tuple[str, str | None], InboundId] = {}
    for some in parts(ids):
        rows = connection.execute(
            select(columns.inbox, columns.receipt_key, columns.inbound_id).where(
                columns.inbox.in_({fax.origin.inbox for fax in faxes}),
                columns.receipt_key.in_(some),
            )
        )
        known |= {(inbox, key): InboundId(inbound_id) for inbox, key, inbound_id in rows}
    return known


def _remove(connection: Connection, inbound_id: InboundId) -> None:
    """Make room under the same id; only for what was never read and has no sheets."""
    for table, column in (
        (inbound_document, inbound_document.c.inbound_id),
        (inbound_state, inbound_state.c.inbound_id),
        (inbound, inbound.c.id),
    ):
        connection.execute(delete(table).where(column == inbound_id))


def _insert(connection: Connection, new: Sequence[tuple[InboundId, NewInbound | Poison]]) -> None:
    if not new:
        return
    connection.execute(insert(inbound), [_row(*each) for each in new])
    connection.execute(insert(inbound_state), [_state_row(*each) for each in new])
    documents = [
        {"inbound_id": inbound_id, "place": place, "name": name}
        for inbound_id, file in new
        for place, name in enumerate(file.documents)
    ]
    if documents:
        connection.execute(insert(inbound_document), documents)


def _row(inbound_id: InboundId, file: NewInbound | Poison) -> dict[str, object]:
    origin = file.origin
    row: dict[str, object] = {
        "id": inbound_id,
        "inbox": origin.inbox,
        "name": origin.name[:NAME_CHARS_MAX],
        "size": origin.size,
        "modified_at": origin.modified_at,
        "digest": digest_of(file),
        "kind": file.kind,
        "receipt_id": file.receipt_id[:RECEIPT_CHARS_MAX],
        "kept_at": file.kept_at,
    }
    match file:
        case NewInbound():
            return row | {
                "sender_number": file.sender_number[:SENDER_CHARS_MAX],
                "sender_id": file.sender_id[:SENDER_CHARS_MAX],
                "received_at": file.received_at,
                "pages_told": file.pages_told,
                "bad_lines": file.bad_lines,
                "sidecar": encode_json(file.sidecar),
            }
        case Poison():
            nothing = dict.fromkeys(("received_at", "pages_told", "bad_lines"))
            return row | nothing | {"sender_number": "", "sender_id": "", "sidecar": b"{}"}


def _state_row(inbound_id: InboundId, file: NewInbound | Poison) -> dict[str, object]:
    row: dict[str, object] = {
        "inbound_id": inbound_id,
        "inbox": file.origin.inbox,
        "kept_at": file.kept_at,
        "pages": None,
        "forgotten": 0,
    }
    match file:
        case NewInbound():
            state: dict[str, object] = {"state": InboundState.KEPT, "reason": "", "detail": "", "concluded_at": None}
            return row | state | {"receipt_key": receipt_key(file)}
        case Poison():
            state = {"state": InboundState.QUARANTINED, "reason": file.reason, "concluded_at": file.kept_at}
            return row | state | {"detail": file.detail[:DETAIL_CHARS_MAX], "receipt_key": None}
