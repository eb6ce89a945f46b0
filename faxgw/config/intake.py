"""The config of taking in: what reading a fax may cost, from when a mark or a text is trusted, and how it is paced."""

from typing import Annotated

import msgspec

from faxgw.config.section import Count, SecondsAboveZero, Section

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ReadingLimits(Section, frozen=True, kw_only=True):
    """What one fax may cost its reading process. Declared sizes are held against it before anything is decoded."""

    bytes_max: Annotated[int, msgspec.Meta(ge=1024)] = 32 * 1024 * 1024
    pages_max: Count = 100
    pixels_max: Annotated[int, msgspec.Meta(ge=1_000_000)] = 40_000_000
    """Of one page: A3 at 408 x 391 to the inch has 30 million."""
    cpu_seconds_max: SecondsAboveZero = 20.0
    """For all pages together, without text."""
    text_cpu_seconds_max: SecondsAboveZero = 60.0
    """The same with text, which takes seconds a page."""
    text_pages_max: Annotated[int, msgspec.Meta(ge=0)] = 3
    """Text is read on so many pages; an order stands on the first."""
    memory_bytes_max: Annotated[int, msgspec.Meta(ge=256 * 1024 * 1024)] = 1024 * 1024 * 1024
    """Of a process that reads codes and boxes."""
    text_memory_bytes_max: Annotated[int, msgspec.Meta(ge=1024 * 1024 * 1024)] = 3 * 1024 * 1024 * 1024
    """Of a process that reads text."""
    clear_below: Share = 0.025
    """A box with less of its inside black is clear. Specks of a bad line come to 0.01."""
    marked_from: Share = 0.07
    """A box with as much of its inside black, by strokes that go through half of it, is marked. The thinnest pen's
    cross comes to 0.12; between the two a person looks."""


class DecisionRules(Section, frozen=True, kw_only=True):
    """From when what was read is acted on without a person."""

    confidence_min: Share = 0.93
    """Of every field of a new order."""
    number_confidence_min: Share = 0.97
    """Of an order number that was read as text, where the code was not readable."""
    number_patterns: tuple[str, ...] = (r"\b[A-Z]{2}\d{2}-\d{7}\b",)
    """Regular expressions of the network's order numbers, for sheets without a readable code."""
    number_check: str = ""
    """How those numbers check themselves: `luhn`, `iso7064_mod_11_10`, `iso7064_mod_97_10` over their digits, or ""."""
    sender_must_match: bool = True
    """A reply from another number than the executing florist's goes to a person; one that nobody told is let pass."""
    country: str = ""
    """ISO 3166 code, for numbers and postcodes that do not say theirs."""
    currency: str = "EUR"
    """Of prices without a sign."""
    execution_share: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    """What the executing florist gets of the customer's price where a fax names one price only, in hundredths of a
    percent: 7,000 is 70 %. Without it such an order goes to a person."""


class IntakeConfig(Section, frozen=True, kw_only=True):
    """How faxes that came in are read. It runs where an inbox is configured."""

    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """Processes that look for codes and boxes, about 20 ms a page; they have a low priority beside those that draw."""
    batch_max: Annotated[int, msgspec.Meta(ge=1, le=256)] = 32
    """Faxes that one process is given at once."""
    ocr: bool = True
    """Read text where a fax has no readable code. Needs the extra `faxgw[ocr]`; else such faxes go to a person."""
    text_workers: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    """Processes that read text, some seconds a page."""
    text_waiting_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
    """Faxes that wait for their text; with more of them nothing else is read either."""
    unread_max: Count = 10_000
    """Kept faxes that wait to be read; with more of them none is fetched: on their server they are safe."""
    share_while_sending: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    """The part of the time in which faxes are read while others wait to be sent."""
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 90
    """The files of faxes that are over are deleted after so long, what was read of them stays; 0 keeps them."""
    reading: ReadingLimits = ReadingLimits()
    decision: DecisionRules = DecisionRules()
