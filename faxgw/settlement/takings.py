"""What a settlement file books: each movement its journal, so that the ledger has what was imported, to the minor unit.

Money that came in stands in suspense until somebody knows what it is for; then it is the customers' (an order is paid)
or a payout's (the provider's money arrived at the bank). So at any time: imported = matched + suspense.
"""

import hashlib

from faxgw.settlement.imports.entry import Batch, Entry, EntryKind, SettlementFile
from faxgw.store.clearing.port import Movement, NewBatch, NewFile, NewMovement, Payout
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting

TEXT_CHARS_MAX = 200
UNALLOCATED = "unallocated"
IN_TRANSIT = "in-transit"
ORDERS = "orders"
DIFFERENCES = "differences"
NEEDS_NO_ORDER = frozenset({EntryKind.FEE, EntryKind.PAYOUT})


def suspense(currency: str) -> Account:
    return Account(AccountKind.SUSPENSE, UNALLOCATED, currency)


def in_transit(currency: str) -> Account:
    """Paid out by a provider, not seen at the bank yet."""
    return Account(AccountKind.BANK, IN_TRANSIT, currency)


def customers(currency: str) -> Account:
    return Account(AccountKind.CUSTOMER, ORDERS, currency)


def new_file(content: bytes, file: SettlementFile, *, name: str, who: str, at: float) -> NewFile:
    """The file as the store takes it, with everything it books."""
    return NewFile(
        sha256=hashlib.sha256(content).hexdigest(),
        provider=file.provider,
        format=file.format,
        name=name,
        who=who,
        at=at,
        batches=tuple(_new_batch(file.provider, batch) for batch in file.batches),
    )


def _new_batch(provider: str, batch: Batch) -> NewBatch:
    return NewBatch(
        account=batch.account,
        ref=batch.ref,
        currency=batch.currency,
        payout_minor=batch.payout_minor,
        value_date=batch.value_date,
        movements=tuple(_new_movement(provider, batch, entry) for entry in batch.entries),
        journal=_payout_journal(provider, batch),
    )


def _payout_journal(provider: str, batch: Batch) -> Journal | None:
    """A payout of nothing moves nothing; where the balance was negative, the provider collects."""
    if not batch.payout_minor:
        return None
    days = [entry.day for entry in batch.entries]
    return Journal(
        key=f"import/{provider}/{batch.account}/payout/{batch.ref}",
        effective_on=batch.value_date or max(days),
        postings=(
            Posting(in_transit(batch.currency), batch.payout_minor),
            Posting(_held_by(provider, batch.account, batch.currency), -batch.payout_minor),
        ),
        memo=f"payout {batch.ref} of {provider}",
    )


def _new_movement(provider: str, batch: Batch, entry: Entry) -> NewMovement:
    return NewMovement(
        line=entry.line,
        kind=entry.kind,
        told_kind=entry.told_kind[:64],
        txn_id=entry.txn_id,
        payment_id=entry.payment_id,
        merchant_ref=entry.merchant_ref,
        gross_minor=entry.gross_minor,
        fee_minor=entry.fee_minor,
        currency=entry.currency,
        day=entry.day,
        text=entry.text[:TEXT_CHARS_MAX],
        journal=_movement_journal(provider, batch, entry),
        is_placed=entry.kind in NEEDS_NO_ORDER or entry.gross_minor == 0,
    )


def _movement_journal(provider: str, batch: Batch, entry: Entry) -> Journal | None:
    postings = tuple(posting for posting in _movement_postings(provider, batch, entry) if posting.amount_minor)
    if not postings or entry.kind is EntryKind.PAYOUT:
        return None
    return Journal(
        key=f"import/{provider}/{batch.account}/{entry.kind}/{entry.txn_id}",
        effective_on=entry.day,
        postings=postings,
        memo=f"{entry.kind} of {provider}",
    )


def _movement_postings(provider: str, batch: Batch, entry: Entry) -> tuple[Posting, ...]:
    held = _held_by(provider, batch.account, entry.currency)
    fees = Account(AccountKind.FEES, provider, entry.currency)
    if entry.kind is EntryKind.FEE:
        return (Posting(held, entry.net_minor), Posting(fees, -entry.net_minor))
    return (
        Posting(held, entry.net_minor),
        Posting(fees, entry.fee_minor),
        Posting(suspense(entry.currency), -entry.gross_minor),
    )


def _held_by(provider: str, account: str, currency: str) -> Account:
    """Where the money is: at our bank, or with an acquirer or wallet."""
    if provider == "bank":
        return Account(AccountKind.BANK, account, currency)
    return Account(AccountKind.PROVIDER, f"{provider}/{account}", currency)


# --- once it is known what a movement is for ------------------------------------------------------------------


def placed_with_order(movement: Movement, order_number: str, due_minor: int | None = None) -> Journal:
    """Out of suspense to the customers' account; an accepted difference to `due_minor` is the network's."""
    for_order = movement.gross_minor if due_minor is None else due_minor
    differences = Account(AccountKind.NETWORK, DIFFERENCES, movement.currency)
    postings = (
        Posting(suspense(movement.currency), movement.gross_minor),
        Posting(customers(movement.currency), -for_order),
        Posting(differences, for_order - movement.gross_minor),
    )
    return Journal(
        key=_place_key(movement),
        effective_on=movement.day,
        postings=tuple(posting for posting in postings if posting.amount_minor),
        memo=f"{movement.kind} of {movement.provider}",
        order_number=order_number,
    )


def placed_as_fee(movement: Movement) -> Journal:
    """Out of suspense to what the bank or the provider keeps."""
    return Journal(
        key=_place_key(movement),
        effective_on=movement.day,
        postings=(
            Posting(suspense(movement.currency), movement.gross_minor),
            Posting(Account(AccountKind.FEES, movement.provider, movement.currency), -movement.gross_minor),
        ),
        memo=f"fee of {movement.provider}",
    )


def placed_with_payout(movement: Movement, payout: Payout) -> Journal:
    """A provider's money arrived: nothing of it is in transit any more."""
    return Journal(
        key=_place_key(movement),
        effective_on=movement.day,
        postings=(
            Posting(suspense(movement.currency), movement.gross_minor),
            Posting(in_transit(movement.currency), -movement.gross_minor),
        ),
        memo=f"payout {payout.ref} of {payout.provider}",
    )


def _place_key(movement: Movement) -> str:
    return f"place/{movement.provider}/{movement.account}/{movement.kind}/{movement.txn_id}"
