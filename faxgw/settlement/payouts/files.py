"""Makes of an approved run the file for the bank: the same bytes whenever it is asked for."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from stdnum.no import kontonr

from faxgw.config.settlement import Mandated, OwnAccount
from faxgw.settlement.month.run import Content, Item
from faxgw.settlement.payouts.order import (
    ID_CHARS_MAX,
    Collection,
    CollectionOrder,
    Mandate,
    Payment,
    PayoutOrder,
    Scheme,
    Side,
    message_id,
    sepa_text,
)
from faxgw.settlement.payouts.pain import Version, write_collections, write_payouts
from faxgw.store.months.port import Run

BBAN_DIGITS = 11


@dataclass(frozen=True, slots=True)
class BankFile:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NoFile:
    """Why there is none; each reason says what to do."""

    reasons: tuple[str, ...]


def bank_file(
    run: Run,
    content: Content,
    owns: Iterable[OwnAccount],
    mandates: Iterable[Mandated],
    earlier: Iterable[Content],
    zone: ZoneInfo,
    version: Version | None = None,
) -> BankFile | NoFile:
    """The file of an approved run; `earlier` are collections that were approved before it."""
    own = next((each for each in owns if each.currency == content.currency), None)
    if run.approved_at is None:
        return NoFile((f"{run.name} waits for a second person: faxgw settle payout approve",))
    if own is None:
        return NoFile((f"no account of the network pays {content.currency}: see [[settlement.account]]",))
    made_at = dt.datetime.fromtimestamp(run.approved_at, zone)
    if content.direction == "payout":
        return _payout_file(run, content, own, made_at, version or Version.PAYOUT_03)
    collected = {item.member for each in earlier for item in each.items}
    by_member = {each.member: each for each in mandates}
    return _collection_file(run, content, own, by_member, collected, made_at, version or Version.COLLECTION_02)


def _payout_file(
    run: Run, content: Content, own: OwnAccount, made_at: dt.datetime, version: Version
) -> BankFile | NoFile:
    if version not in {Version.PAYOUT_03, Version.PAYOUT_09}:
        return NoFile((f"{version} collects; a payout is {Version.PAYOUT_03} or {Version.PAYOUT_09}",))
    scheme = Scheme(own.scheme)
    accounts = {item.member: account_under(scheme, item.account) for item in content.items}
    wrong = [member for member, account in accounts.items() if account is None]
    if wrong:
        return NoFile(tuple(f"{member}: its account cannot be paid under {scheme}" for member in wrong))
    order = PayoutOrder(
        run=run.name,
        scheme=scheme,
        currency=content.currency,
        by=_side(own),
        on=content.on,
        made_at=made_at,
        payments=[
            Payment(
                id=end_to_end_id(content, item),
                to=Side(name=item.name, account=accounts[item.member] or ""),
                amount_minor=item.amount_minor,
                text=f"{own.name} {content.period}",
            )
            for item in content.items
        ],
    )
    return BankFile(_file_name(content), write_payouts(order, version))


def _collection_file(
    run: Run,
    content: Content,
    own: OwnAccount,
    mandates: Mapping[str, Mandated],
    collected: set[str],
    made_at: dt.datetime,
    version: Version,
) -> BankFile | NoFile:
    reasons = list(_why_not_collected(content, own, mandates, version))
    if reasons:
        return NoFile(tuple(reasons))
    order = CollectionOrder(
        run=run.name,
        currency=content.currency,
        by=_side(own),
        creditor_id=own.creditor_id,
        on=content.on,
        made_at=made_at,
        collections=[
            Collection(
                id=end_to_end_id(content, item),
                whom=Side(name=item.name, account=account_under(Scheme.SEPA, item.account) or ""),
                amount_minor=item.amount_minor,
                text=f"{own.name} {content.period}",
                mandate=Mandate(
                    id=mandates[item.member].id,
                    signed_on=dt.date.fromisoformat(mandates[item.member].signed_on),
                    is_first=item.member not in collected,
                ),
            )
            for item in content.items
        ],
    )
    return BankFile(_file_name(content), write_collections(order, version))


def _why_not_collected(
    content: Content, own: OwnAccount, mandates: Mapping[str, Mandated], version: Version
) -> Iterable[str]:
    if version not in {Version.COLLECTION_02, Version.COLLECTION_08}:
        yield f"{version} pays; a collection is {Version.COLLECTION_02} or {Version.COLLECTION_08}"
    if own.scheme != "sepa" or not own.creditor_id:
        yield f"{content.currency} is not collected by file: SEPA and a creditor_id are needed; send the statements"
        return
    for item in content.items:
        if item.member not in mandates:
            yield f"{item.member} gave no mandate: see [[settlement.mandate]]"
        elif account_under(Scheme.SEPA, item.account) is None:
            yield f"{item.member}: its account is no IBAN"


def account_under(scheme: Scheme, account: str) -> str | None:
    """The account as the scheme writes it; None where it cannot be paid by it."""
    is_bban = len(account) == BBAN_DIGITS and account.isdecimal()
    match scheme:
        case Scheme.NORWAY:
            return account if is_bban else account[4:] if account.startswith("NO") else None
        case Scheme.SEPA:
            return str(kontonr.to_iban(account)).replace(" ", "") if is_bban else account


def end_to_end_id(content: Content, item: Item) -> str:
    """The period and the store, as far as banks' characters have them; else a digest of both."""
    name = f"{content.period}-{item.member}"
    return name if sepa_text(name, ID_CHARS_MAX) == name else message_id(f"{content.name}/{item.member}", "E2E")


def collections_before(run: Run, runs: Sequence[Run]) -> list[Run]:
    """Approved collections of earlier months."""
    return [each for each in runs if "/collection/" in each.name and each.approved_at and each.period < run.period]


def _side(own: OwnAccount) -> Side:
    return Side(name=own.name, account=own.account, bic=own.bic)


def _file_name(content: Content) -> str:
    return f"{content.period}-{content.direction}-{content.currency}.xml"
