"""What can go wrong at a carrier, by name and share: the words that the simulated carriers are told their faults in.

A play is drawn from the seed, the reference and the number of times that reference was handed in, never
from a running random number. So the same seed gives the same fax the same fate whatever the timing,
and a test that failed can be played again.
"""

import enum
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar


class Answer(enum.StrEnum):
    """What becomes of the request that hands a fax over."""

    PROMPT = "prompt"
    LOST = "lost_answer"
    """Accepted; then the connection closes without an answer."""
    BROKEN = "broken_body"
    """Accepted; the answer is cut off in the middle of its JSON."""
    SLOW_AFTER = "slow_after"
    """Accepted at once, answered late."""
    SLOW_BEFORE = "slow_before"
    """Accepted late, even when the asker has gone by then: a look-up in between finds nothing."""
    ERROR_ACCEPTED = "server_error_accepted"
    """Accepted, and answered with 500 all the same."""
    CLOSED = "closed_before"
    """Read, not accepted, and the connection closes without an answer."""
    ERROR = "server_error"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    DOWN = "down"
    """Nobody listens: the connection is refused before a byte of the fax has left."""

    @property
    def accepts(self) -> bool:
        return self in _ACCEPTING


_ACCEPTING = frozenset(
    {Answer.PROMPT, Answer.LOST, Answer.BROKEN, Answer.SLOW_AFTER, Answer.SLOW_BEFORE, Answer.ERROR_ACCEPTED}
)


class Call(enum.StrEnum):
    """How the call to the florist's line ends."""

    DELIVERED = "delivered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    BAD_NUMBER = "bad_number"
    NO_FAX = "no_fax"
    REJECTED = "rejected"
    NETWORK = "network"
    PROTOCOL = "protocol"
    PAGE = "page"
    IN_DOUBT = "in_doubt"
    """The page is on the florist's machine and its confirmation is lost: reported as failed."""
    STUCK = "stuck"
    """The call never ends, as seen from outside."""


class Receipt(enum.StrEnum):
    """What becomes of the message that tells how the call ended."""

    ON_TIME = "on_time"
    LATE = "late_receipt"
    DOUBLED = "doubled_receipt"
    MISSING = "missing_receipt"
    OUT_OF_ORDER = "out_of_order"
    """A stale "in progress" follows the final receipt."""
    EARLY = "early_receipt"
    """The receipt is there before the answer to the request that handed the fax over."""


class Ask(enum.StrEnum):
    """What becomes of a request that only asks (a look-up, a poll)."""

    ANSWERED = "answered"
    LOST = "ask_lost"
    UNAVAILABLE = "ask_unavailable"


@dataclass(frozen=True, slots=True)
class Play:
    """Everything that is going to happen to one fax handed in."""

    answer: Answer = Answer.PROMPT
    call: Call = Call.DELIVERED
    receipt: Receipt = Receipt.ON_TIME
    pages: int | None = None
    """How many were confirmed before the call broke off; without a word somewhere in the document."""


Word = TypeVar("Word", bound=enum.StrEnum)
_WELL = frozenset({Answer.PROMPT.value, Call.DELIVERED.value, Receipt.ON_TIME.value, Ask.ANSWERED.value})
_SHARE_NAMES = {word.value for group in (Answer, Call, Receipt, Ask) for word in group} - _WELL
_DRAWS = struct.Struct("<III")
_ONE = 2.0**32


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each mishap happens: name -> share from 0 to 1. What is left over goes well.

    Shares exclude each other within a group (answer, call, receipt, ask), so each group sums to 1 at most.

    Raises:
        ValueError: an unknown name, a share outside 0..1, or a group that sums to more than 1.
    """

    by_name: Mapping[str, float] = field(default_factory=dict)
    _answers: list[tuple[float, Answer]] = field(init=False, repr=False)
    _calls: list[tuple[float, Call]] = field(init=False, repr=False)
    _receipts: list[tuple[float, Receipt]] = field(init=False, repr=False)
    _asks: list[tuple[float, Ask]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, share in self.by_name.items():
            if name not in _SHARE_NAMES:
                raise ValueError(f"unknown mishap {name!r}; known are {', '.join(sorted(_SHARE_NAMES))}")
            if not 0 <= share <= 1:
                raise ValueError(f"the share of {name} must lie between 0 and 1")
        object.__setattr__(self, "_answers", _thresholds(Answer, self.by_name))
        object.__setattr__(self, "_calls", _thresholds(Call, self.by_name))
        object.__setattr__(self, "_receipts", _thresholds(Receipt, self.by_name))
        object.__setattr__(self, "_asks", _thresholds(Ask, self.by_name))

    def draw(self, seed: int, reference: str, nth: int) -> Play:
        """The play of `reference` when it is handed in for the `nth` time."""
        if not self.by_name:
            return _ALL_WELL
        digest = blake2b(f"{seed}|{reference}|{nth}".encode(), digest_size=_DRAWS.size).digest()
        answer, call, receipt = _DRAWS.unpack(digest)
        return Play(
            _pick(self._answers, answer / _ONE, Answer.PROMPT),
            _pick(self._calls, call / _ONE, Call.DELIVERED),
            _pick(self._receipts, receipt / _ONE, Receipt.ON_TIME),
        )

    def draw_ask(self, seed: int, nth: int) -> Ask:
        """What becomes of the `nth` question of all."""
        if not self._asks:
            return Ask.ANSWERED
        digest = blake2b(f"{seed}|ask|{nth}".encode(), digest_size=4).digest()
        return _pick(self._asks, int.from_bytes(digest, "little") / _ONE, Ask.ANSWERED)


def parse_shares(text: str) -> dict[str, float]:
    """Read `busy=0.02,lost_answer=0.01`.

    Raises:
        ValueError: a part that is not NAME=NUMBER.
    """
    shares = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, share = part.partition("=")
        if not equals:
            raise ValueError(f"write {part!r} as NAME=SHARE")
        shares[name.strip()] = float(share)
    return shares


def parse_play(text: str) -> Play:
    """Read what a script says of one fax, such as `delivered`, `page:2` or `lost_answer+busy+doubled_receipt`.

    The number after `page` or `protocol` is of the pages that were confirmed before the call broke off.

    Raises:
        ValueError: a word that names no mishap, or two words of one group.
    """
    told, pages = _confirmed(text)
    words = [word.strip() for word in told.split("+")]
    answer, call, receipt = _named(Answer, words), _named(Call, words), _named(Receipt, words)
    if sum(word is not None for word in (answer, call, receipt)) != len(words):
        raise ValueError(f"{text!r} names an unknown mishap, or two that exclude each other")
    return Play(answer or Answer.PROMPT, call or Call.DELIVERED, receipt or Receipt.ON_TIME, pages)


_PAGES = re.compile(r"\b(page|protocol):([0-9]+)\b")


def _confirmed(text: str) -> tuple[str, int | None]:
    """The play without the number of pages, and that number."""
    found = _PAGES.search(text)
    return (_PAGES.sub(r"\1", text, count=1), int(found[2])) if found else (text, None)


def _named(group: type[Word], words: Sequence[str]) -> Word | None:
    return next((word for word in group if word.value in words), None)


def _thresholds(group: type[Word], shares: Mapping[str, float]) -> list[tuple[float, Word]]:
    thresholds, total = [], 0.0
    for word in group:
        if share := shares.get(word.value, 0):
            total += share
            thresholds.append((total, word))
    if total > 1 + 1e-9:
        raise ValueError(f"the shares of {', '.join(word.value for _, word in thresholds)} add up to more than 1")
    return thresholds


def _pick(thresholds: Sequence[tuple[float, Word]], draw: float, well: Word) -> Word:
    for threshold, word in thresholds:
        if draw < threshold:
            return word
    return well


_ALL_WELL = Play()
