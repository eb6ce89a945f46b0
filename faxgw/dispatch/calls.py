"""The calls that carriers may know of, in memory, so that a receipt finds its attempts without a query."""

from collections.abc import Iterator

import trio

from faxgw.fax import AttemptNumber, FaxId, State
from faxgw.provider.port import Report
from faxgw.store.attempts import Attempt

Key = tuple[FaxId, AttemptNumber]


class OpenCalls:
    """Every open call, by our reference and by the carrier's: its first attempt, with those that share it."""

    def __init__(self) -> None:
        self._by_client_ref: dict[str, Attempt] = {}
        self._by_provider_ref: dict[tuple[str, str], str] = {}
        self._left: dict[str, set[FaxId]] = {}
        self._any = trio.Event()

    def put(self, attempt: Attempt) -> None:
        """Remember an open attempt, or what is new about it."""
        self._by_client_ref[attempt.client_ref] = attempt
        self._any.set()
        if attempt.provider_ref is not None:
            self._by_provider_ref[attempt.provider, attempt.provider_ref] = attempt.client_ref

    def drop(self, attempt: Attempt) -> Attempt | None:
        """Forget the call of this attempt, which is over; returns it as it was known."""
        known = self._by_client_ref.pop(attempt.client_ref, None)
        self._left.pop(attempt.client_ref, None)
        if known is not None and known.provider_ref is not None:
            self._by_provider_ref.pop((known.provider, known.provider_ref), None)
        if known is not None and not self._by_client_ref:
            self._any = trio.Event()
        return known

    async def wait_any(self) -> None:
        """Until there is an open call, so that nobody looks through them while there is none."""
        await self._any.wait()

    def leave(self, attempt: Attempt) -> bool:
        """A person ended one attempt; says whether nothing of its call is open any more."""
        known = self._by_client_ref.get(attempt.client_ref)
        if known is None:
            return True
        left = self._left.setdefault(attempt.client_ref, set())
        left.add(attempt.fax_id)
        return left >= {each.fax_id for each in known.call}

    def get(self, client_ref: str) -> Attempt | None:
        return self._by_client_ref.get(client_ref)

    def match(self, provider: str, report: Report) -> Attempt | None:
        """The open attempt a carrier speaks of; our own reference counts more than the carrier's."""
        client_ref: str | None = report.client_ref
        if client_ref is None and report.provider_ref is not None:
            client_ref = self._by_provider_ref.get((provider, report.provider_ref))
        attempt = self._by_client_ref.get(client_ref) if client_ref is not None else None
        # A carrier may speak of its own attempts only.
        return attempt if attempt is not None and attempt.provider == provider else None

    def late(self, provider: str, now: float, late_seconds: float) -> list[Attempt]:
        """The submitted attempts of a carrier of which nothing was heard for so long.

        One that was heard of later than `now` is among them: the clock was set back, and nobody knows when it was.
        """
        return [
            attempt
            for attempt in self._by_client_ref.values()
            if attempt.provider == provider
            and attempt.state is State.SUBMITTED
            and not now - late_seconds < attempt.changed_at <= now
        ]

    def __len__(self) -> int:
        return len(self._by_client_ref)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(list(self._by_client_ref.values()))

    def in_doubt(self) -> int:
        return sum(attempt.state is State.UNKNOWN for attempt in self._by_client_ref.values())
