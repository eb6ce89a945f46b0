"""Which characters of an order no font of ours has: they print as boxes, and whoever wrote them should hear of it."""

from dataclasses import dataclass

from faxgw.order import Order, texts_of, whole_text
from faxgw.render.characters import is_everyday_lines, printable_lines

KINDS_MAX = 32
"""Different characters looked at in one order. Each costs 0.1 ms when it comes first, and after so many strange ones
the writer knows."""


@dataclass(frozen=True, slots=True)
class Boxed:
    """One text of an order that is not printed whole."""

    pointer: str
    """Of the field (RFC 6901)."""
    count: int
    """Characters that print as boxes; at least so many in an order of very many kinds."""
    kinds: str
    """Each of them once, in the order of the text."""


def boxed_texts(order: Order) -> list[Boxed]:
    """The texts with characters that print as boxes; none for everyday text, at the cost of looking through it."""
    if is_everyday_lines(whole_text(order)):
        return []
    lines = [(pointer, printable_lines(text)) for pointer, text in texts_of(order)]
    lacking = _lacking("".join(text for _, text in lines))
    return [
        Boxed(pointer, len(boxes), "".join(dict.fromkeys(boxes)))
        for pointer, text in lines
        if (boxes := [character for character in text if character in lacking])
    ]


def _lacking(text: str) -> set[str]:
    strange = [each for each in dict.fromkeys(text) if not is_everyday_lines(each)][:KINDS_MAX]
    if not strange:
        return set()
    # Fonts, numpy and Pillow are loaded by the first strange text only.
    from faxgw.render.typeface import has_glyph  # noqa: PLC0415

    return {each for each in strange if not has_glyph(each)}
