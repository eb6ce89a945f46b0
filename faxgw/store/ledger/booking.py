"""Books entries: each whole or not at all, decided on what stands in the ledger inside the same transaction."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from faxgw.store.ledger.journal import Account, Journal, Phase, Posting, Standing, balances, faults_of
from faxgw.store.ledger.port import Booked, BookedBefore, Booking, Entry, NotBooked, Period, Seal, next_period
from faxgw.store.ledger.reading import read_postings, read_standings_of
from faxgw.store.ledger.schema import journal, ledger_balance, posting, seal
from faxgw.store.rows import parts

encode_canonically = msgspec.json.Encoder(order="deterministic").encode

UPDATE_BALANCE = (
    update(ledger_balance)
    .where(ledger_balance.c.account == bindparam("row"))
    .values(posted_minor=bindparam("new_posted"), pending_minor=bindparam("new_pending"))
)


def digest_of(new: Journal) -> bytes:
    """Of all that the caller said; what the store adds (number, time, period) is not in it."""
    return hashlib.sha256(encode_canonically(new)).digest()


def book(connection: Connection, entries: Sequence[Entry]) -> list[Booking]:
    page = _Page(connection, entries)
    answers = [page.add(entry) for entry in entries]
    page.write()
    return answers


@dataclass(frozen=True, slots=True)
class _Known:
    """A journal that stands, or that this transaction is about to write."""

    seq: int
    digest: bytes
    phase: Phase


@dataclass(frozen=True, slots=True)
class _New:
    known: _Known
    journal: Journal
    booked_at: float
    period: Period
    resolves_seq: int | None
    corrects_seq: int | None


class _Page:
    """What is known of the journals that the entries name, and what is added to it."""

    def __init__(self, connection: Connection, entries: Sequence[Entry]) -> None:
        self._connection = connection
        news = [each for entry in entries for each in entry.journals]
        named = {key for new in news for key in (new.key, new.resolves, new.corrects) if key}
        self._known = dict(_read_known(connection, named))
        resolved = [self._known[new.resolves].seq for new in news if new.resolves in self._known]
        self._ended = _read_ended(connection, resolved)
        self._pending: dict[int, tuple[Posting, ...]] = read_postings(connection, resolved)
        self._first_open = _first_open(connection)
        self._seq = int(connection.execute(select(func.max(journal.c.seq))).scalar() or 0)
        self._added: list[_New] = []

    def add(self, entry: Entry) -> Booking:
        digests = [digest_of(new) for new in entry.journals]
        before = [self._known.get(new.key) for new in entry.journals]
        if all(before) and [known.digest for known in before if known] == digests:
            return BookedBefore(tuple(known.seq for known in before if known))
        added: list[_New] = []
        for new, digest in zip(entry.journals, digests, strict=True):
            staged = self._stage(new, digest, entry.at, self._seq + len(added) + 1)
            if isinstance(staged, str) or any(each.journal.key == new.key for each in added):
                return NotBooked(staged if isinstance(staged, str) else f"{new.key} is there twice")
            added.append(staged)
        for each in added:
            self._take(each)
        return Booked(tuple(each.known.seq for each in added), added[-1].period)

    def _stage(self, new: Journal, digest: bytes, at: float, seq: int) -> _New | str:
        """The row to write, or why there is none."""
        if new.key in self._known:
            return f"{new.key} is another journal already"
        ended = self._known.get(new.resolves)
        corrected = self._known.get(new.corrects)
        if new.corrects and corrected is None:
            return f"{new.key} corrects {new.corrects}, which is not in the ledger"
        if new.resolves:
            if ended is None or ended.phase is not Phase.PENDING:
                return f"{new.key} resolves {new.resolves}, which is no pending journal"
            if ended.seq in self._ended:
                return f"{new.key} resolves {new.resolves}, which was posted or voided before"
        faults = list(faults_of(new, self._pending[ended.seq] if ended else None))
        if faults:
            return f"{new.key}: {'; '.join(faults)}"
        return _New(
            known=_Known(seq, digest, new.phase),
            journal=new,
            booked_at=at,
            period=max(new.effective_on.isoformat()[:7], self._first_open),
            resolves_seq=ended.seq if ended else None,
            corrects_seq=corrected.seq if corrected else None,
        )

    def _take(self, new: _New) -> None:
        self._added.append(new)
        self._seq = new.known.seq
        self._known[new.journal.key] = new.known
        if new.journal.phase is Phase.PENDING:
            self._pending[new.known.seq] = new.journal.postings
        if new.resolves_seq is not None:
            self._ended.add(new.resolves_seq)

    def write(self) -> None:
        if not self._added:
            return
        self._connection.execute(insert(journal), [_journal_row(new) for new in self._added])
        postings = [row for new in self._added for row in _posting_rows(new)]
        if postings:
            self._connection.execute(insert(posting), postings)
        _move_balances(self._connection, self._movements())

    def _movements(self) -> dict[Account, Standing]:
        """What the new journals change of the balances; a resolved one takes all that was pending away."""
        posted: dict[Account, int] = {}
        pending: dict[Account, int] = {}
        for new in self._added:
            own = balances(new.journal.postings)
            _add(pending if new.journal.phase is Phase.PENDING else posted, own, 1)
            if new.resolves_seq is not None:
                _add(pending, balances(self._pending[new.resolves_seq]), -1)
        return {
            account: Standing(posted.get(account, 0), pending.get(account, 0))
            for account in sorted({*posted, *pending})
        }


def _add(sums: dict[Account, int], amounts: Mapping[Account, int], sign: int) -> None:
    for account, amount_minor in amounts.items():
        sums[account] = sums.get(account, 0) + sign * amount_minor


def _journal_row(new: _New) -> dict[str, object]:
    return {
        "seq": new.known.seq,
        "key": new.journal.key,
        "digest": new.known.digest,
        "phase": new.journal.phase,
        "effective_on": new.journal.effective_on.isoformat(),
        "booked_at": new.booked_at,
        "period": new.period,
        "memo": new.journal.memo,
        "order_number": new.journal.order_number,
        "resolves": new.resolves_seq,
        "corrects": new.corrects_seq,
    }


def _posting_rows(new: _New) -> Iterator[dict[str, object]]:
    for number, each in enumerate(new.journal.postings):
        yield {
            "journal_seq": new.known.seq,
            "number": number,
            "account": str(each.account),
            "amount_minor": each.amount_minor,
            "tax": each.tax,
        }


def _move_balances(connection: Connection, movements: Mapping[Account, Standing]) -> None:
    known = read_standings_of(connection, list(movements))
    old, new = list[dict[str, object]](), list[dict[str, object]]()
    for account, by in movements.items():
        before = known.get(account, Standing())
        posted_minor, pending_minor = before.posted_minor + by.posted_minor, before.pending_minor + by.pending_minor
        if account in known:
            old.append({"row": str(account), "new_posted": posted_minor, "new_pending": pending_minor})
        else:
            new.append({"account": str(account), "posted_minor": posted_minor, "pending_minor": pending_minor})
    if old:
        connection.execute(UPDATE_BALANCE, old)
    if new:
        connection.execute(insert(ledger_balance), new)


def _read_known(connection: Connection, keys: Iterable[str]) -> Iterator[tuple[str, _Known]]:
    for some in parts(sorted(keys)):
        asked = select(journal.c.key, journal.c.seq, journal.c.digest, journal.c.phase).where(journal.c.key.in_(some))
        for key, seq, digest, phase in connection.execute(asked):
            yield key, _Known(seq, digest, Phase(phase))


def _read_ended(connection: Connection, seqs: Sequence[int]) -> set[int]:
    """Which of the pending journals were resolved."""
    ended: set[int] = set()
    for some in parts(seqs):
        ended.update(connection.execute(select(journal.c.resolves).where(journal.c.resolves.in_(some))).scalars())
    return ended


# --- months ----------------------------------------------------------------------------------------------


def close(connection: Connection, seals: Sequence[Seal]) -> list[Seal | None]:
    return [wish if _may_close(connection, wish) and _sealed(connection, wish) else None for wish in seals]


def _may_close(connection: Connection, wish: Seal) -> bool:
    """Whether the month is the first open one, and holds just the journals that the seal was made over."""
    last = connection.execute(select(func.max(seal.c.period))).scalar()
    if last is not None and wish.period != next_period(last):
        return False
    earlier = select(func.count()).where(journal.c.period < wish.period)
    if last is None and connection.execute(earlier).scalar_one():
        return False
    own = select(func.count()).where(journal.c.period == wish.period)
    return bool(connection.execute(own).scalar_one() == wish.journals)


def _sealed(connection: Connection, wish: Seal) -> bool:
    row = {"period": wish.period, "journals": wish.journals, "head": wish.head}
    connection.execute(insert(seal), [row | {"closed_at": wish.closed_at, "who": wish.who}])
    return True


def _first_open(connection: Connection) -> Period:
    """The month after the last sealed one; before any is sealed, every month is open."""
    last = connection.execute(select(func.max(seal.c.period))).scalar()
    return "" if last is None else next_period(last)
