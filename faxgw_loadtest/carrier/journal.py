"""What a simulated carrier took, one line a fact, so that its count survives its own death.

A line is handed to the kernel before the answer leaves: that survives a killed process, which is what the
crash tests do to it. It is not synced, so it does not survive a power cut. Receipts that were still on
their way are not in it: after a crash they are missing, as with real carriers.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from faxgw.provider.mishaps import Call, parse_play
from faxgw.provider.switchboard import Switchboard, Taken

_encode = msgspec.json.Encoder().encode


class TakenLine(msgspec.Struct, frozen=True, tag="taken"):
    id: str
    reference: str
    number: str
    pages: int
    sha256: str
    play: str
    taken_at: float
    call_seconds: float


class EndedLine(msgspec.Struct, frozen=True, tag="ended"):
    id: str
    ended_at: float
    call: str
    """How it ended: a line may have been busy when it was dialled, whatever was to happen."""


class ResetLine(msgspec.Struct, frozen=True, tag="reset"):
    """Everything before was forgotten on request."""


Line = TakenLine | EndedLine | ResetLine
_decode = msgspec.json.Decoder(Line).decode


@dataclass(frozen=True, slots=True)
class Journal:
    """Appends to one open file."""

    descriptor: int

    def taken(self, fax: Taken) -> None:
        play = f"{fax.play.answer.value}+{fax.play.call.value}+{fax.play.receipt.value}"
        line = TakenLine(fax.id, fax.reference, fax.number, fax.pages, fax.sha256, play, fax.taken_at, fax.call_seconds)
        self._append(line)

    def ended(self, fax: Taken, now: float) -> None:
        self._append(EndedLine(fax.id, now, fax.play.call.value))

    def reset(self) -> None:
        self._append(ResetLine())

    def _append(self, line: Line) -> None:
        os.write(self.descriptor, _encode(line) + b"\n")


def open_journal(path: Path, board: Switchboard) -> Journal:
    """Read the journal into the books, and open it for appending. A last line cut off by a crash is dropped.

    Calls that were under way are left so; the caller lets them end.
    """
    whole = 0
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            _replay(_decode(line), board)
        os.truncate(path, whole)
    return Journal(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))


def _replay(line: Line, board: Switchboard) -> None:
    match line:
        case TakenLine():
            play = parse_play(line.play)
            board.enter(
                Taken(
                    line.id,
                    line.reference,
                    line.number,
                    line.pages,
                    line.sha256,
                    play,
                    line.taken_at,
                    line.call_seconds,
                )
            )
        case EndedLine():
            fax = board.by_id[line.id]
            fax.play = replace(fax.play, call=Call(line.call))
            board.end(fax, line.ended_at)
        case ResetLine():
            board.reset()
