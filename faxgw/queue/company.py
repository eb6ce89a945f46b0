"""Which faxes may share a call, as far as the schedule knows: pure rules over two faxes that wait for one line."""

from faxgw.config.calls import CallConfig
from faxgw.store.unfinished import Queued


def may_share(fax: Queued) -> bool:
    """Whether it may share a call at all.

    One at whose pages a call broke off would take others down with it; one of which the florist has some pages is
    sent from the next page on, which no other fax's pages can stand before.
    """
    return not fax.alone and not fax.pages_done


def goes_with(fax: Queued, lead: Queued, place: int, sharing: CallConfig, now: float) -> bool:
    """Whether it may go in the lead's call as the fax in that `place`, the lead being the first.

    Pages are not drawn yet, so each fax counts as one; with its pages known it is looked at again before the call.
    """
    ends_at = now + sharing.seconds_of(place)
    in_time = fax.deadline_at is None or ends_at <= fax.deadline_at
    return may_share(fax) and fax.avoid == lead.avoid and in_time
