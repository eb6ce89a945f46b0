"""Agrees on keys with those who come in over TLS: so many at once, each within its time.

A peer that connects and says nothing costs no more here than elsewhere: a place in the house, for a second while others
wait outside. Who has begun takes one of the few places for handshakes, whose work keeps the core from all others.
Why a handshake failed is counted, not logged: anybody can make one fail, as often as he likes.
"""

import enum
from collections.abc import Callable

import trio

from faxgw.api.room import Guest, Room, close_slowest
from faxgw.api.tls import Certificate, TlsStream


class Shaken(enum.StrEnum):
    """What came of a handshake."""

    DONE = "done"
    FAILED = "failed"
    """The peer left, or spoke no TLS, or none that we take, or has no certificate that we ask for."""
    LATE = "late"
    """It was not done in time."""
    CROWDED = "crowded"
    """It was slow while others waited."""


class Handshake:
    """One that is under way."""

    def __init__(self, seconds_max: float) -> None:
        self._began_at = trio.current_time()
        self.scope = trio.CancelScope(deadline=self._began_at + seconds_max)
        self.gives_way = False

    @property
    def slow_since(self) -> float | None:
        return None if self.gives_way else self._began_at

    def give_way(self) -> None:
        self.gives_way = True
        self.scope.cancel()


class Handshakes:
    """Those at one door."""

    def __init__(
        self,
        certificate: Certificate,
        *,
        handshakes_max: int,
        seconds_max: float,
        crowded_seconds: float,
        note: Callable[[Shaken], None],
    ) -> None:
        self._certificate = certificate
        self._seconds_max = seconds_max
        self._note = note
        self._begun: dict[Guest, trio.SocketStream] = {}
        self._room = Room(handshakes_max, crowded_seconds, lambda: close_slowest(self._begun.items(), crowded_seconds))
        self.guests: dict[Guest, trio.SocketStream] = {}
        """All who are not done yet, also those who have not begun."""

    async def shake(self, stream: trio.SocketStream) -> TlsStream | None:
        """The stream to speak over, or None where the peer is not to be spoken with."""
        own = Handshake(self._seconds_max)
        self.guests[own] = stream
        tls: TlsStream | None = None
        try:
            with own.scope:
                await trio.lowlevel.wait_readable(stream.socket)
                tls = await self._agree(own, stream)
        finally:
            del self.guests[own]
        self._note(_result(own, tls))
        return tls

    async def _agree(self, own: Handshake, stream: trio.SocketStream) -> TlsStream | None:
        await self._room.enter()
        self._begun[own] = stream
        tls = trio.SSLStream(stream, self._certificate.context, server_side=True)
        try:
            await tls.do_handshake()
        except trio.BrokenResourceError:
            return None
        finally:
            del self._begun[own]
            self._room.leave()
        return TlsStream(tls)


def _result(own: Handshake, tls: TlsStream | None) -> Shaken:
    if tls is not None:
        return Shaken.DONE
    if not own.scope.cancelled_caught:
        return Shaken.FAILED
    return Shaken.CROWDED if own.gives_way else Shaken.LATE
