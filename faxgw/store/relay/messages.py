"""Relay messages as rows: each is written once with its answer, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, tuple_

from faxgw.message import RelayMessage
from faxgw.store.relay.port import MessageView, Refusal, RelayRefused, RelayTaken, Stage
from faxgw.store.relay.schema import relay_message

KEYS_MAX = 300
"""Keys in one SQL statement; each has three values."""

encode = msgspec.json.Encoder(order="deterministic").encode
decode_message = msgspec.json.Decoder(RelayMessage).decode


class _KeptAnswer(msgspec.Struct, omit_defaults=True):
    stage: Stage | None = None
    note: str = ""
    sentence: str = ""


_decode_answer = msgspec.json.Decoder(_KeptAnswer).decode

Key = tuple[str, str, str]
"""Channel, reference and key: what tells messages apart."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    seq: int
    digest: bytes
    message: RelayMessage
    answer: RelayTaken | RelayRefused


def key_of(message: RelayMessage) -> Key:
    return message.source.channel.value, message.source.reference, message.key


def digest_of(message: RelayMessage) -> bytes:
    """Of all that was said; when it was said tells no message from another."""
    return sha256(encode(msgspec.structs.replace(message, at=0.0))).digest()


def known_messages(
    connection: Connection, messages: Sequence[RelayMessage]
) -> dict[Key, tuple[bytes, RelayTaken | RelayRefused]]:
    """Those that came before, with what was answered."""
    keys = list({key_of(message) for message in messages})
    columns = relay_message.c
    known: dict[Key, tuple[bytes, RelayTaken | RelayRefused]] = {}
    for start in range(0, len(keys), KEYS_MAX):
        asked = select(relay_message).where(
            tuple_(columns.channel, columns.reference, columns.key).in_(keys[start : start + KEYS_MAX])
        )
        for row in connection.execute(asked):
            known[row.channel, row.reference, row.key] = (row.digest, _answer(row))
    return known


def write_messages(connection: Connection, rows: Sequence[MessageRow]) -> None:
    if rows:
        connection.execute(insert(relay_message), [_columns(row) for row in rows])


def _columns(row: MessageRow) -> dict[str, object]:
    message = row.message
    match row.answer:
        case RelayTaken(stage=stage, note=note):
            refusal, answer = None, _KeptAnswer(stage=stage, note=note)
        case RelayRefused(refusal=refusal, sentence=sentence):
            answer = _KeptAnswer(sentence=sentence)
    channel, reference, key = key_of(message)
    return {
        "seq": row.seq,
        "channel": channel,
        "reference": reference,
        "key": key,
        "digest": row.digest,
        "order_number": message.order_number,
        "at": message.at,
        "message": encode(message),
        "refusal": refusal,
        "answer": encode(answer),
    }


def _answer(row: Row[*tuple[Any, ...]]) -> RelayTaken | RelayRefused:
    kept = _decode_answer(row.answer)
    if row.refusal is not None:
        return RelayRefused(Refusal(row.refusal), kept.sentence, row.seq)
    return RelayTaken(row.seq, kept.stage, kept.note)


def view_of(row: Row[*tuple[Any, ...]]) -> MessageView:
    return MessageView(row.seq, decode_message(row.message), _answer(row))
