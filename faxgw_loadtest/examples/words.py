"""The words that example orders are made of, one TOML file a language, and how they are read."""

import functools
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from faxgw.money import Currency

To = Literal["woman", "anyone", "mourners", "ward", "patient", "firm"]
"""Who gets the flowers; it decides on the name, the place, and what the driver is told."""


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing with a price: a bouquet in its usual size, or what goes with it."""

    code: str
    name: str
    price_minor: int
    sized: bool = True
    """False for what comes in one size only: a potted plant, a dozen roses."""


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large the bouquet is made, and what that does to its price."""

    name: str
    factor_percent: int


class Occasion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why flowers are sent. Every opening goes with every middle and every ending."""

    weight: int
    to: To
    openings: list[str]
    middles: list[str]
    endings: list[str]
    letters: list[str] = []
    """Texts that stand alone, up to some 2,500 characters; only the signature is added."""
    signatures: list[str] = []
    """Instead of the language's own, where those would be wrong."""
    bouquets: list[Article]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that a language has to say about sending flowers."""

    delivery_fee_minor: int
    currency: Currency
    women: list[str]
    men: list[str]
    surnames: list[str]
    streets: list[str]
    street_form: str
    second_lines: list[str]
    ceremonies: list[str]
    chapels: list[str]
    wards: list[str]
    hospitals: list[str]
    homes: list[str]
    firms: list[str]
    hotels: list[str]
    signatures: list[str]
    payment_forms: list[str]
    sizes: list[Size]
    extras: list[Article]
    instructions: dict[To, list[str]]
    occasions: dict[str, Occasion]


@functools.cache
def words_of(language: str) -> Words:
    """The words of `language` (french, norwegian, english or german)."""
    path = Path(__file__).with_name(f"{language}.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Words)
