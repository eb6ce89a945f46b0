"""Makes the register of a day from all that was said: who is in, who has left, which labels count."""

import datetime as dt
from collections.abc import Collection
from functools import lru_cache

import msgspec

from faxgw.members.certificates import Certificates
from faxgw.members.history import History
from faxgw.members.member import Member, Standing
from faxgw.members.register import Register

DAYS_KEPT = 32
"""Registers of other days that are kept at hand: orders come for the next weeks, and for Mother's Day."""


def register_of(
    history: History,
    certificates: Certificates,
    certified: Collection[str],
    day: dt.date,
    known_seq: int | None = None,
) -> Register:
    """The register of that day, as it was known when `known_seq` was the newest entry; else as it is known now.

    Other days are made when asked for, and kept until the next change makes a register anew.
    """

    def make(of_day: dt.date) -> Register:
        members, former, last_days = [], [], {}
        for timeline in history:
            known = timeline if known_seq is None else timeline.known(known_seq)
            member = known.on(of_day)
            if member is None:
                continue
            if member.standing is Standing.WITHDRAWN:
                former.append(member)
            elif member.standing.is_in:
                members.append(_with_labels(member, certificates, certified, of_day, known_seq))
                last_day = known.last_day_after(of_day)
                if last_day is not None:
                    last_days[member.id] = last_day
        return Register(members, former=former, last_days=last_days, on_day=on_day)

    on_day = lru_cache(maxsize=DAYS_KEPT)(make)
    return on_day(day)


def _with_labels(
    member: Member, certificates: Certificates, certified: Collection[str], day: dt.date, known_seq: int | None
) -> Member:
    labels = tuple(certificates.labels_on(member, day, certified, known_seq))
    return member if labels == member.labels else msgspec.structs.replace(member, labels=labels)
