"""What the running daemon says of itself, judged."""

from collections.abc import Mapping, Sequence

from faxgw.ops.doctor.finding import Finding, fail, ok, warn

READY, OLDEST, DOUBTS, HELD, CARRIERS, UNDONE = "ready", "oldest due fax", "in doubt", "held", "carriers", "reconcile"

OLDEST_SECONDS_MAX = 600.0
"""As the alert FaxgwOldestDueFaxIsOld has it."""


def judge_ready(reasons: Sequence[str], notes: Sequence[str]) -> Finding:
    if reasons:
        return fail(READY, "; ".join(reasons), "see each reason in docs/operations.md")
    if notes:
        return warn(READY, "; ".join(notes), "orders go out; look when there is time")
    return ok(READY, "takes orders and sends them")


def judge_oldest(age_seconds: float) -> Finding:
    told = f"has waited for {age_seconds / 60:.0f} min" if age_seconds >= 60 else "less than a minute"
    if age_seconds > OLDEST_SECONDS_MAX:
        return fail(OLDEST, told, "`faxgw queue` shows the line, `faxgw why ID` the reason")
    return ok(OLDEST, told)


def judge_doubts(in_doubt: int, asked: int) -> Finding:
    """`asked` are those that carriers are still being asked about; the others wait for a person."""
    if in_doubt > asked:
        advice = "`faxgw find --state unknown`; ask the florist, then `faxgw resolve ID`"
        return warn(DOUBTS, f"{in_doubt - asked} of {in_doubt} wait for a person", advice)
    return ok(DOUBTS, f"{in_doubt}, of which carriers are asked" if in_doubt else "none")


def judge_held(held: int) -> Finding:
    if held:
        return warn(HELD, f"{held} faxes wait for a person", "`faxgw find --state held`, then `faxgw why ID`")
    return ok(HELD, "none")


def judge_carriers(closed: Mapping[str, str], carriers: int) -> Finding:
    """`closed`: why each carrier that takes nothing does not."""
    told = "; ".join(f"{name}: {why}" for name, why in closed.items())
    if closed and len(closed) == carriers:
        return fail(
            CARRIERS, f"none takes faxes ({told})", "`faxgw providers`; look at their status pages and our accounts"
        )
    if closed:
        return warn(CARRIERS, told, "the others take its faxes; `faxgw providers` says more")
    return ok(CARRIERS, f"all {carriers} take faxes" if carriers > 1 else "takes faxes")
