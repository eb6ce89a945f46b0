"""What carriers with a REST interface have in common: an answer decoded or none, one question a fax, lists in pages."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar, assert_never

import msgspec

from faxgw.provider.http import Answer, Exchange, NotAnswered, NotSent
from faxgw.provider.port import NoAnswer, Report

PAGES_MAX: Final = 20
"""Of a list of what went to one number since the day before; more than that is a filter that does not filter."""
CODE_LENGTH_MAX: Final = 64
"""Of a carrier's own word, as it is kept for the trail."""
ODD_WORD: Final = "odd-word"
_WORD: Final = re.compile(r"(?!.*\d{7})[A-Za-z0-9_.-]{1,64}")

Words = TypeVar("Words")
Item = TypeVar("Item")


def decode_answer(exchange: Exchange, decode: Callable[[bytes], Words]) -> Words | NoAnswer:
    """What a question was answered with, or that it was not."""
    match exchange:
        case Answer(status=200):
            try:
                return decode(exchange.body)
            except msgspec.DecodeError:
                return NoAnswer("answered, but not with what can be read")
        case Answer():
            return NoAnswer(f"answered with {exchange.status}")
        case NotSent() | NotAnswered():
            return NoAnswer(exchange.reason)
        case _:
            assert_never(exchange)


def is_not_found(exchange: Exchange) -> bool:
    return isinstance(exchange, Answer) and exchange.status == 404


async def ask_each(
    provider_refs: Sequence[str], ask: Callable[[str], Awaitable[Report | NoAnswer | None]]
) -> list[Report] | NoAnswer:
    """The reports of all of them, one question each; None leaves one out.

    A question without an answer ends the round. What was learnt before it counts, else the same first few would be
    asked for at every round and those behind them never.
    """
    reports: list[Report] = []
    for provider_ref in provider_refs:
        told = await ask(provider_ref)
        if isinstance(told, NoAnswer):
            return reports or told
        if told is not None:
            reports.append(told)
    return reports


async def read_pages(ask: Callable[[int], Awaitable[tuple[Sequence[Item], bool] | NoAnswer]]) -> list[Item] | NoAnswer:
    """All items of a list; `ask` is given the number of a page, from 1 on, and tells whether it was the last.

    A list that is not whole is no answer: what is missing might be on the next page.
    """
    items: list[Item] = []
    for number in range(1, PAGES_MAX + 1):
        page = await ask(number)
        if isinstance(page, NoAnswer):
            return page
        some, is_last = page
        items += some
        if is_last:
            return items
    return NoAnswer(f"its list has more than {PAGES_MAX} pages")


def kept_word(told: str) -> str:
    """A carrier's own word as the trail keeps it; a sentence, which might name a number or a person, is not kept."""
    return told if _WORD.fullmatch(told) else ODD_WORD


def iso_time(at: float) -> str:
    """Seconds since 1970 as a time of day in UTC, to the second: 2027-05-08T06:00:00Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(told: datetime | None) -> float:
    """A carrier's time of day as seconds since 1970; without a zone it is UTC, as carriers' documentation says."""
    if told is None:
        return 0.0
    return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp()
