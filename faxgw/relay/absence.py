"""Florists who are away: SUS and RES. Orders for those days are the network's to forward; messages still arrive."""

import datetime as dt
from collections.abc import Sequence

from faxgw.message import RelayMessage
from faxgw.relay.step import Refused, Ruling, Step
from faxgw.store.relay.port import Absence, Refusal


def suspend(message: RelayMessage, today: dt.date) -> Ruling:
    """SUS: from the florist itself, or from the network for one who called."""
    member = _whose(message)
    if isinstance(member, Refused):
        return member
    return Step(None, absence=Absence(member, message.first_day or today, message.last_day))


def resume(message: RelayMessage, absences: Sequence[Absence]) -> Ruling:
    """RES: all of the florist's absences are over, those ahead included."""
    member = _whose(message)
    if isinstance(member, Refused):
        return member
    if not any(absence.member == member and absence.resumed_at is None for absence in absences):
        return Refused(Refusal.NOT_AWAY, {"member": member})
    return Step(None, resumed=member)


def _whose(message: RelayMessage) -> str | Refused:
    said, meant = message.from_member, message.to_member
    member = said or meant or ""
    if said is not None and meant not in {None, said}:
        return Refused(Refusal.OTHER_MEMBER, {"member": said, "kind": message.kind.value})
    return member
