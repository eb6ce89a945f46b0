"""Cut an amount into parts that add up to it again, to the last minor unit."""

from collections.abc import Sequence

from faxgw.errors import BugError


def share_out(total_minor: int, weights: Sequence[int]) -> list[int]:
    """`total_minor` in parts as `weights` are to each other, by largest remainder; equal remainders go by order.

    The parts always sum to the total. A negative total is cut as its opposite, so that a refund takes back from
    each exactly what the sale gave. `BugError` where the weights are negative or all zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise BugError(f"cannot share by the weights {list(weights)}")
    size = abs(total_minor)
    parts = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(size * weights[index] % whole))
    for index in by_remainder[: size - sum(parts)]:
        parts[index] += 1
    return parts if total_minor >= 0 else [-part for part in parts]
