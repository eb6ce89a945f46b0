"""How settlement stands, for those who watch it."""

import datetime as dt
from collections import Counter

from faxgw.ops.settlement_figures import SettlementFigures
from faxgw.settlement.month.desk import days_of
from faxgw.store.ledger.journal import AccountKind
from faxgw.store.port import Store


async def figures_of(store: Store, today: dt.date) -> SettlementFigures:
    """Asked of the store; a few short reads."""
    suspense: Counter[str] = Counter()
    for account, standing in (await store.ledger.standings()).items():
        if account.kind is AccountKind.SUSPENSE:
            suspense[account.currency] -= standing.posted_minor
    exceptions = await store.clearing.exceptions()
    unmatched: Counter[str] = Counter()
    for each in exceptions:
        unmatched[each.movement.currency] += abs(each.movement.gross_minor)
    sealed = {seal.period for seal in await store.ledger.seals()}
    this_month = today.isoformat()[:7]
    months = [each for each in await store.ledger.periods() if each not in sealed and each < this_month]
    return SettlementFigures(
        suspense=suspense,
        exceptions=Counter(each.reason for each in exceptions),
        unmatched=unmatched,
        oldest_exception_at=min((each.opened_at for each in exceptions), default=None),
        claims_refused=len(await store.claims.refused()),
        months_open=len(months),
        days_to_close=(today - days_of(months[0])[1]).days if months else 0,
    )
