"""References as payers write them, brought to a form in which equal ones are equal."""

import re

_KEPT = re.compile(r"[^0-9A-Z]")


def normalised(reference: str) -> str:
    """Capital letters and digits only: `no27-0000017 ` and `NO27/0000017` name the same order."""
    return _KEPT.sub("", reference.upper())


def digits_of(reference: str) -> str:
    """The digits only, without zeros in front: what is left of an order's number in a KID."""
    return re.sub(r"\D", "", reference, flags=re.ASCII).lstrip("0")


def kid_payload(kid: str) -> str | None:
    """A KID without its check digit, where the digit is right by mod 10 or mod 11; None where it is not.

    Which of both an agreement uses is not told in the file, and many KIDs have neither (Nets, "OCR giro - System
    manual"); so a wrong digit never refuses a payment, it only keeps the KID from being read as a number with one.
    """
    if not (kid.isascii() and kid[:-1].isdecimal() and len(kid) >= 2):
        return None
    return kid[:-1] if kid[-1] in {_mod10(kid[:-1]), _mod11(kid[:-1])} else None


def _mod10(payload: str) -> str:
    """Weights 2 and 1 from the right, digits of two-digit products added."""
    products = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(payload))]
    return str(-sum(value // 10 + value % 10 for value in products) % 10)


def _mod11(payload: str) -> str:
    """Weights 2 to 7 from the right, over and over; a remainder of one is written as a dash."""
    total = sum(int(digit) * (place % 6 + 2) for place, digit in enumerate(reversed(payload)))
    check = -total % 11
    return "-" if check == 10 else str(check)
