"""How a network keeps its register: the config's `[members]`."""

from typing import Annotated, Literal

import msgspec

from faxgw.config.section import Section

_Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,39}$")]


class Members(Section, frozen=True, kw_only=True):
    """The florists' register, and the rules by which it changes."""

    file: str | None = None
    """A file of members that is kept elsewhere: at each start what changed in it since the last one is recorded."""
    timezone: Annotated[str, msgspec.Meta(min_length=1)] = "UTC"
    """Whose midnight ends a day of the register: IANA name."""
    checks: tuple[_Name, ...] = ("floral_designer",)
    """What must have been looked at before an applicant is let in."""
    probation_days: Annotated[int, msgspec.Meta(ge=0, le=3_660)] = 365
    certified_labels: tuple[_Name, ...] = ("miljofyrtarn",)
    """Labels that count only with a certificate, within its dates; others count where the register names them."""
    account_cutoff_day: Annotated[int, msgspec.Meta(ge=1, le=28)] = 5
    """A changed account number that is approved before this day of the month counts for this month's payouts, any
    other from the next month on."""
    account_identity: Literal["login", "name"] = "login"
    """What makes two people of those who propose and approve an account number: their logins on this machine, as the
    kernel tells them, and their names; or their names alone, where a system calls that has checked who they are."""
    complaint_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 5
    """After the delivery; a complaint that comes later is kept and counts for nothing."""
