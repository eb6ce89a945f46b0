"""KIDs: the numbers by which Norwegian payers name what they pay, with a check digit."""

from typing import Literal

KidCheck = Literal["mod10", "mod11"]
"""How the network's KIDs are checked, by its agreement with Nets."""


def kid_payload(kid: str, check: KidCheck) -> str | None:
    """A KID without its check digit, where the digit is right; None where it is not.

    Only by the network's own algorithm: a mistyped digit that fails one of them passes the other once in ten times.
    A wrong digit never refuses a payment, it only keeps the KID from being read as an order's number.
    """
    if not (kid.isascii() and kid[:-1].isdecimal() and len(kid) >= 2):
        return None
    right = _mod10(kid[:-1]) if check == "mod10" else _mod11(kid[:-1])
    return kid[:-1] if kid[-1] == right else None


def make_kid(payload: str, check: KidCheck) -> str:
    """The digits with their check digit."""
    return payload + (_mod10(payload) if check == "mod10" else _mod11(payload))


def _mod10(payload: str) -> str:
    """Weights 2 and 1 from the right, digits of two-digit products added."""
    products = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(payload))]
    return str(-sum(value // 10 + value % 10 for value in products) % 10)


def _mod11(payload: str) -> str:
    """Weights 2 to 7 from the right, over and over; a remainder of one is written as a dash."""
    total = sum(int(digit) * (place % 6 + 2) for place, digit in enumerate(reversed(payload)))
    check = -total % 11
    return "-" if check == 10 else str(check)
