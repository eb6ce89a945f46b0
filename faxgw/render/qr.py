"""The order's QR code, made by adding up: a QR symbol is linear in its bits.

With version, level and mask fixed, data bits are laid out at fixed places, Reed-Solomon check bits are
linear in them, and the mask is a constant. So the symbol for a text is the symbol for a text of zeros,
XORed with one pattern for each character at its place. segno makes those patterns, once each; a new
order number then costs a handful of XORs instead of 1.9 ms. Any of the eight masks is readable; choosing
the prettiest is what costs time.
"""

import functools
import operator

import segno

MASK = 3
_ZERO = "0"


@functools.lru_cache(256)
def code_rows(content: str) -> tuple[bytes, ...]:
    """The symbol's rows, one byte a module, dark is 1. `content` is ASCII.

    Level M, which restores 15 % of what a fax line damages; the version follows from the length.
    """
    length = len(content)
    symbol = _symbol(_ZERO * length)
    for place, character in enumerate(content):
        if character != _ZERO:
            symbol ^= _pattern(length, place, character)
    side = _side(length)
    flat = f"{symbol:0{side * side}b}".encode().translate(_DIGITS_TO_MODULES)
    return tuple(flat[start : start + side] for start in range(0, side * side, side))


_DIGITS_TO_MODULES = bytes.maketrans(b"01", b"\0\1")


@functools.lru_cache(8192)
def _pattern(length: int, place: int, character: str) -> int:
    """What one character at one place changes against a text of zeros."""
    changed = ord(character) ^ ord(_ZERO)
    bits = [_bit_pattern(length, place, bit) for bit in range(changed.bit_length()) if changed >> bit & 1]
    return functools.reduce(operator.xor, bits)


@functools.lru_cache(8192)
def _bit_pattern(length: int, place: int, bit: int) -> int:
    """What one bit changes: a place needs seven of them for all of ASCII, and a new number none."""
    changed = _ZERO * place + chr(ord(_ZERO) ^ 1 << bit) + _ZERO * (length - place - 1)
    return _symbol(changed) ^ _symbol(_ZERO * length)


@functools.lru_cache(64)
def _symbol(content: str) -> int:
    return int("".join("1" if module else "0" for row in made(content).matrix for module in row), 2)


@functools.lru_cache(64)
def _side(length: int) -> int:
    return len(made(_ZERO * length).matrix)


def made(content: str) -> segno.QRCode:
    """The same symbol as segno makes it in one go; byte mode throughout, or the places would move."""
    return segno.make(content, error="m", mode="byte", mask=MASK, micro=False, boost_error=False)
