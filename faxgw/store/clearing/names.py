"""What an order may be called by one who pays it, brought to a form in which equal names are equal."""

import re

_KEPT = re.compile(r"[^0-9A-Z]")


def normalised(reference: str) -> str:
    """Capital letters and digits only: `no27-0000017 ` and `NO27/0000017` name the same order."""
    return _KEPT.sub("", reference.upper())


def digits_of(reference: str) -> str:
    """The digits only, without zeros in front: what is left of an order's number in a KID."""
    return re.sub(r"\D", "", reference, flags=re.ASCII).lstrip("0")


def names_of(number: str, *references: str) -> set[str]:
    """All names of an order, by its number and by what the shop called its payment; `#` marks those of digits only."""
    own = {normalised(name) for name in (number, *references)}
    return (own | {f"#{digits_of(name)}" for name in (number, *references)}) - {"", "#"}
