"""Takes files away on the server once the store has them: deleted, moved to `done`, or moved to quarantine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
import trio

from faxgw.config.inbox import Done as DoneWith
from faxgw.config.inbox import InboxConfig
from faxgw.inbox.aside import Aside
from faxgw.inbox.courier import Courier
from faxgw.inbox.port import Changed, Done, Gone, Listed, Lost, NotNow, Refused
from faxgw.inbox.settled import Arrival
from faxgw.inbox.verdict import Keep, SetAside
from faxgw.store.inbound.keeping import Keeping

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Removal:
    """A file, and where it goes; nowhere is deleted."""

    file: Listed
    goal: str = ""


class TakeAway:
    """For one inbox. What it cannot take away is left alone for a time, and said once."""

    def __init__(self, own: InboxConfig, aside: Aside) -> None:
        self._own = own
        self._aside = aside
        self._has_complained = False
        self._folders_made: set[str] = set()

    async def take(self, kept: Sequence[tuple[Keep | SetAside, Keeping]], courier: Courier) -> None:
        """Every file of these faxes. One whose answer is lost comes again, and the store recognises it."""
        removals = [removal for verdict, keeping in kept for removal in self._removals(verdict, keeping)]
        deleted = [removal for removal in removals if not removal.goal]
        self._note(deleted, await courier.delete([removal.file.name for removal in deleted]))
        moved = [removal for removal in removals if removal.goal]
        self._note(moved, await self._move(moved, courier))

    def _removals(self, verdict: Keep | SetAside, keeping: Keeping) -> Iterator[_Removal]:
        match verdict:
            case Keep(arrival=arrival, has_bad_sidecar=has_bad_sidecar):
                folder = self._own.done_folder if self._own.done is DoneWith.MOVE else ""
                yield from _files(arrival, folder, keeping)
                if arrival.sidecar:
                    folder = self._own.quarantine_folder if has_bad_sidecar else folder
                    yield _removal(arrival.sidecar, arrival.sidecar.name, folder, keeping)
            case SetAside(arrival=arrival, is_moved=True):
                yield from _files(arrival, self._own.quarantine_folder, keeping)
                if arrival.sidecar:
                    yield _removal(arrival.sidecar, arrival.sidecar.name, self._own.quarantine_folder, keeping)
            case SetAside():
                return

    async def _move(self, removals: Sequence[_Removal], courier: Courier) -> list[Changed]:
        for folder in {removal.goal.partition("/")[0] for removal in removals} - self._folders_made:
            # The answer says little: most servers refuse what is there already. Moving shows whether it is.
            await courier.make_folder(folder)
            self._folders_made.add(folder)
        return await courier.rename([(removal.file.name, removal.goal) for removal in removals])

    def _note(self, removals: Sequence[_Removal], answers: Sequence[Changed]) -> None:
        for removal, answer in zip(removals, answers, strict=True):
            match answer:
                case Refused(reason=reason) | NotNow(reason=reason):
                    self._aside.leave(removal.file, trio.current_time())
                    self._complain(removal, reason)
                case Done() | Gone() | Lost():
                    continue

    def _complain(self, removal: _Removal, reason: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            right = f"move files to {removal.goal.partition('/')[0]}/" if removal.goal else "delete files"
            log.error(
                "inbox_cannot_take_away",
                inbox=self._own.name,
                reason=reason,
                mend=f"allow the user to {right}; until then they stay, and are fetched again from time to time",
            )


def _files(arrival: Arrival, folder: str, keeping: Keeping) -> Iterator[_Removal]:
    for part in arrival.parts:
        yield _removal(part.listed, part.name, folder, keeping)


def _removal(file: Listed, name: str, folder: str, keeping: Keeping) -> _Removal:
    # A number before it: senders use names again, and a move would destroy the older file.
    return _Removal(file, f"{folder}/{keeping.inbound_id}-{name}" if folder else "")
