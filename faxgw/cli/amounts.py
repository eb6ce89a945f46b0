"""Amounts of money as people write and read them: `45.50 EUR`."""

import re
from typing import Any

import click

_WRITTEN = re.compile(r"(?P<whole>\d{1,10})(?:[.,](?P<minor>\d{1,3}))? ?(?P<currency>[A-Z]{3})")


class AmountType(click.ParamType[dict[str, Any]]):
    """`45.50 EUR`, `45,50 EUR` or `45 EUR`, as the API takes it; no amount passes through a float.

    Decimals are all there or none: a single one may be a slip.
    """

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        from faxgw.money import MINOR_DIGITS  # noqa: PLC0415 Help must not wait for it.

        found = _WRITTEN.fullmatch(str(value).strip())
        digits = MINOR_DIGITS.get(found["currency"]) if found else None
        if found is None or digits is None or (found["minor"] and len(found["minor"]) != digits):
            self.fail(f"{value!r} is no amount; write it as '45.50 EUR'", param, ctx)
        minor = (found["minor"] or "").ljust(digits, "0")
        return {"amount_minor": int(found["whole"] + minor), "currency": found["currency"]}


def amount_text(amount_minor: int, currency: str) -> str:
    from faxgw.money import plain_amount  # noqa: PLC0415 Help must not wait for it.

    return f"{plain_amount(amount_minor, currency)} {currency}"
