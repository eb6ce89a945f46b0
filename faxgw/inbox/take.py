"""Takes faxes off a server: claim, fetch, decide, keep, and only then take away. Here nothing may be lost or doubled.

A crash between two steps leaves a file that the next start finds again, our mark on its name; what the store has of it
by then it recognises, and the file is only taken away.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import assert_never

import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.inbox.aside import Aside
from faxgw.inbox.away import TakeAway
from faxgw.inbox.courier import Courier
from faxgw.inbox.names import claimed_name, readable
from faxgw.inbox.port import Changed, Done, Gone, Lost, NotNow, Refused, Transfer, Wanted
from faxgw.inbox.settled import Arrival, Part, Rules
from faxgw.inbox.verdict import BrokenOff, Haul, Keep, Later, SetAside, Vanished, Verdict, decide, haul_of
from faxgw.ops.metrics import Metrics
from faxgw.store.inbound.keeping import Keeping, KeptNow, NewInbound, Origin, Poison, PoisonReason
from faxgw.store.inbound.port import InboundStore

log = structlog.get_logger(__name__)

SIDECAR_BYTES_MAX = 1024 * 1024


class Result(enum.StrEnum):
    """What became of a fax in one go; a label of the metrics."""

    KEPT = "kept"
    KNOWN = "known"
    """It had been kept before."""
    QUARANTINED = "quarantined"
    UNFINISHED = "unfinished"
    """Not whole yet, or its sidecar is not."""
    VANISHED = "vanished"
    """Another gateway claimed it, or somebody took it away."""
    INTERRUPTED = "interrupted"
    """The connection broke, or the server would not hand it over now."""
    LONELY = "lonely"
    """A sidecar whose fax never came: it is left where it lies."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the store has of a fax by now."""

    verdict: Keep | SetAside
    keeping: Keeping


class Taker:
    """Takes the faxes of one inbox."""

    def __init__(
        self, rules: Rules, store: InboundStore, aside: Aside, clock: Clock, metrics: Metrics, away: TakeAway
    ) -> None:
        self._own = rules.own
        self._owner = rules.owner
        self._store = store
        self._aside = aside
        self._clock = clock
        self._metrics = metrics
        self._away = away
        self._claims = rules.own.claim

    async def take(self, arrivals: Sequence[Arrival], courier: Courier) -> int:
        """Returns how many faxes were kept that had not been kept before.

        Raises:
            StoreFullError, StoreBusyError: nothing of these was kept; they are still on the server.
        """
        with self._metrics.inbox_step("claim"):
            claimed = await self._claim(arrivals, courier)
        reach("inbox-claimed")
        with self._metrics.inbox_step("fetch"):
            hauls = await self._fetch(claimed, courier)
        reach("inbox-fetched")
        verdicts = [self._decide(haul) if isinstance(haul, Haul) else haul for haul in hauls]
        with self._metrics.inbox_step("keep"):
            kept = await self._keep(verdicts)
        reach("inbox-kept")
        with self._metrics.inbox_step("take_away"):
            await self._away.take([(each.verdict, each.keeping) for each in kept], courier)
        reach("inbox-taken-away")
        return sum(isinstance(each.verdict, Keep) and isinstance(each.keeping, KeptNow) for each in kept)

    async def _claim(self, arrivals: Sequence[Arrival], courier: Courier) -> list[Arrival]:
        """Those that are ours now. A fax of several files belongs to whoever has the first."""
        heads = await self._claim_parts([arrival.parts[:1] for arrival in arrivals], courier)
        tails = await self._claim_parts(
            [arrival.parts[1:] if head else () for arrival, head in zip(arrivals, heads, strict=True)], courier
        )
        ours = []
        for arrival, head, tail in zip(arrivals, heads, tails, strict=True):
            if head is not None and tail is not None:
                ours.append(replace(arrival, parts=(*head, *tail)))
        return ours

    async def _claim_parts(self, groups: Sequence[Sequence[Part]], courier: Courier) -> list[tuple[Part, ...] | None]:
        """Each group with our mark on its files' names; None where one of them is not to be had."""
        marked = {part.listed.name: claimed_name(part.name, self._owner) for group in groups for part in group}
        moves = [(name, claimed) for name, claimed in marked.items() if name != claimed and self._claims]
        answers = dict(zip((name for name, _ in moves), await courier.rename(moves), strict=True))
        return [self._claimed_group(group, marked, answers) for group in groups]

    def _claimed_group(
        self, group: Sequence[Part], marked: dict[str, str], answers: dict[str, Changed]
    ) -> tuple[Part, ...] | None:
        parts = []
        for part in group:
            match answers.get(part.listed.name):
                case None:
                    parts.append(part)
                case Done():
                    listed = replace(part.listed, name=marked[part.listed.name])
                    parts.append(replace(part, listed=listed, owner=self._owner))
                case Refused(reason=reason):
                    self._go_on_without_claims(reason)
                    parts.append(part)
                case Gone():
                    self._count(Result.VANISHED)
                    return None
                case NotNow() | Lost():
                    self._count(Result.INTERRUPTED)
                    return None
        return tuple(parts)

    def _go_on_without_claims(self, reason: str) -> None:
        if self._claims:
            self._claims = False
            log.warning(
                "inbox_claims_refused",
                inbox=self._own.name,
                reason=reason,
                mend="allow renaming, or set `claim = false` and let no second gateway look into this folder",
            )

    async def _fetch(
        self, arrivals: Sequence[Arrival], courier: Courier
    ) -> list[Haul | SetAside | Later | Vanished | BrokenOff]:
        wanted = [each for arrival in arrivals for each in self._wanted_of(arrival)]
        transfers = iter(await courier.fetch(wanted))
        return [self._haul_of(arrival, transfers) for arrival in arrivals]

    def _wanted_of(self, arrival: Arrival) -> Iterator[Wanted]:
        for part in arrival.parts:
            yield Wanted(part.listed.name, self._own.file_bytes_max)
        if arrival.sidecar:
            yield Wanted(arrival.sidecar.name, SIDECAR_BYTES_MAX)

    def _haul_of(
        self, arrival: Arrival, transfers: Iterator[Transfer]
    ) -> Haul | SetAside | Later | Vanished | BrokenOff:
        parts = list(islice(transfers, len(arrival.parts)))
        return haul_of(
            arrival,
            parts,
            next(transfers) if arrival.sidecar else None,
            is_last_try=self._aside.tries(arrival) + 1 >= self._own.tries_max,
            is_waited_out=trio.current_time() - arrival.first_at >= self._own.sidecar_wait_seconds,
        )

    def _decide(self, haul: Haul) -> Verdict:
        try:
            return decide(haul, self._own)
        except Exception:
            # The crash barrier of one fax: the others of its batch must go on.
            log.exception("inbox_file_broke_us", inbox=self._own.name)
            detail = "it could not be looked at; the log says where, and whoever mends faxgw needs the file"
            return SetAside(haul.arrival, PoisonReason.BROKE, detail, haul.contents)

    async def _keep(self, verdicts: Sequence[Verdict | Vanished | BrokenOff]) -> list[_Kept]:
        """Documents first: a row never names one that is not there."""
        settled = list(self._settled(verdicts))
        if not settled:
            return []
        contents = [content for verdict in settled for content in verdict.contents]
        names = iter(await self._store.keep_documents(contents))
        reach("inbox-documents-kept")
        documents = [tuple(islice(names, len(verdict.contents))) for verdict in settled]
        rows = list(zip(settled, documents, strict=True))
        faxes = [(verdict, named) for verdict, named in rows if isinstance(verdict, Keep)]
        poison = [(verdict, named) for verdict, named in rows if isinstance(verdict, SetAside)]
        kept = await self._store.keep([self._fax_of(fax, named) for fax, named in faxes]) if faxes else []
        aside = await self._store.quarantine([self._poison_of(each, named) for each, named in poison]) if poison else []
        answers = [_Kept(fax, keeping) for (fax, _), keeping in zip(faxes, kept, strict=True)]
        answers += [_Kept(each, keeping) for (each, _), keeping in zip(poison, aside, strict=True)]
        for answer in answers:
            self._note_kept(answer)
        return answers

    def _settled(self, verdicts: Iterable[Verdict | Vanished | BrokenOff]) -> Iterator[Keep | SetAside]:
        """Those that the store must hear of; the others are counted, and come again."""
        for verdict in verdicts:
            match verdict:
                case Keep() | SetAside():
                    yield verdict
                case Later(was_interrupted=was_interrupted):
                    self._aside.put_off(verdict.arrival, trio.current_time())
                    self._count(Result.INTERRUPTED if was_interrupted else Result.UNFINISHED)
                case Vanished():
                    self._count(Result.VANISHED)
                case BrokenOff():
                    self._count(Result.INTERRUPTED)
                case _:
                    assert_never(verdict)

    def _note_kept(self, kept: _Kept) -> None:
        match kept.verdict:
            case Keep():
                self._count(Result.KEPT if isinstance(kept.keeping, KeptNow) else Result.KNOWN)
            case SetAside(arrival=arrival, reason=reason, is_moved=is_moved):
                self._count(Result.QUARANTINED if isinstance(kept.keeping, KeptNow) else Result.KNOWN)
                if not is_moved:
                    self._aside.put_off(arrival, trio.current_time())
                if isinstance(kept.keeping, KeptNow):
                    log.warning(
                        "inbox_file_quarantined", inbox=self._own.name, inbound=kept.keeping.inbound_id, reason=reason
                    )

    def _fax_of(self, fax: Keep, documents: tuple[str, ...]) -> NewInbound:
        told = fax.told
        return NewInbound(
            origin=self._origin_of(fax.arrival),
            documents=documents,
            kind=fax.kind,
            kept_at=self._clock.now(),
            receipt_id=told.receipt_id,
            sender_number=told.sender_number,
            sender_id=told.sender_id,
            received_at=told.received_at,
            pages_told=told.pages,
            bad_lines=told.bad_lines,
            sidecar=told.extra,
        )

    def _poison_of(self, poison: SetAside, documents: tuple[str, ...]) -> Poison:
        return Poison(
            origin=self._origin_of(poison.arrival),
            reason=poison.reason,
            detail=poison.detail,
            kept_at=self._clock.now(),
            documents=documents,
        )

    def _origin_of(self, arrival: Arrival) -> Origin:
        first = arrival.parts[0]
        return Origin(self._own.name, readable(first.name), first.listed.size, first.listed.modified_at)

    def _count(self, result: Result) -> None:
        self._metrics.inbox_files.labels(self._own.name, result).inc()
