"""What one check found, and what to do about it."""

import enum
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works today; somebody should look."""
    FAIL = "fail"
    """Faxes are not sent, or could be lost."""
    SKIP = "skip"
    """It could not be looked at, or is not configured; the detail says which."""


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    verdict: Verdict
    detail: str
    advice: str = ""
    """What to do, where something is to be done."""


def ok(check: str, detail: str) -> Finding:
    return Finding(check, Verdict.OK, detail)


def warn(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Verdict.WARN, detail, advice)


def fail(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Verdict.FAIL, detail, advice)


def skip(check: str, detail: str) -> Finding:
    return Finding(check, Verdict.SKIP, detail)


def worst_of(findings: list[Finding]) -> Verdict:
    """`fail` before `warn` before `ok`; what was skipped does not count."""
    verdicts = {finding.verdict for finding in findings}
    return next((each for each in (Verdict.FAIL, Verdict.WARN) if each in verdicts), Verdict.OK)
