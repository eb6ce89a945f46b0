"""Money as whole minor units (cents, oere) with its currency; a float never holds an amount."""

from typing import Annotated

import msgspec

Currency = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="three capital letters such as EUR (ISO 4217)")
]

# ISO 4217: how many digits the minor unit has. Only the currencies that flower networks settle in
# are listed; an unknown one is refused at the door rather than printed with the wrong point.
MINOR_DIGITS = {
    "CHF": 2,
    "CZK": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "HUF": 2,
    "ISK": 0,
    "JPY": 0,
    "NOK": 2,
    "PLN": 2,
    "SEK": 2,
    "USD": 2,
}

AMOUNT_MINOR_MAX = 10_000_000_00
AmountMinor = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=AMOUNT_MINOR_MAX,
        description=f"a whole number of minor units from 0 to {AMOUNT_MINOR_MAX}, such as 4550 for 45.50 EUR",
    ),
]


class Money(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An amount that somebody pays: `Money(4550, "EUR")` is 45.50 euros."""

    amount_minor: AmountMinor
    currency: Currency

    def times(self, quantity: int) -> "Money":
        return Money(self.amount_minor * quantity, self.currency)


def split_minor(money: Money) -> tuple[str, str]:
    """The digits before and after the decimal point; the second is empty where the currency has none."""
    digits = MINOR_DIGITS[money.currency]
    text = str(money.amount_minor).rjust(digits + 1, "0")
    return (text, "") if digits == 0 else (text[:-digits], text[-digits:])


def plain_amount(amount_minor: int, currency: str) -> str:
    """Digits with a point before the minor unit and a sign where it is below zero, for files that programs read."""
    digits = MINOR_DIGITS[currency]
    text = str(abs(amount_minor)).rjust(digits + 1, "0")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"
