"""Agrees on keys with those who come in over TLS: so many at once, each within its time.

A peer that connects and says nothing costs a place here for a second while others wait, else for some seconds.
Why a handshake failed is counted, not logged: anybody can make one fail, as often as he likes.
"""

import enum
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import trio

from faxgw.api.crowd import Slow, who_gives_way
from faxgw.api.room import Room
from faxgw.api.sockets import has_sent, peer_of
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


@dataclass(eq=False, slots=True)
class _UnderWay:
    peer: Hashable
    stream: trio.SocketStream
    since: float
    scope: trio.CancelScope
    gives_way: bool = field(default=False)


class Handshakes:
    """Those under way at one door."""

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
        self._crowded_seconds = crowded_seconds
        self._note = note
        self._under_way: list[_UnderWay] = []
        self.room = Room(handshakes_max, crowded_seconds, self._close_slowest)

    async def shake(self, stream: trio.SocketStream) -> TlsStream | None:
        """The stream to speak over, or None where the peer is not to be spoken with. Leaves the room."""
        now = trio.current_time()
        own = _UnderWay(peer_of(stream), stream, now, trio.CancelScope(deadline=now + self._seconds_max))
        self._under_way.append(own)
        tls = trio.SSLStream(stream, self._certificate.context, server_side=True)
        shaken = Shaken.FAILED
        try:
            with own.scope:
                await tls.do_handshake()
                shaken = Shaken.DONE
            if own.scope.cancelled_caught:
                shaken = Shaken.CROWDED if own.gives_way else Shaken.LATE
        except trio.BrokenResourceError:
            pass
        finally:
            self._under_way.remove(own)
            self.room.leave()
        self._note(shaken)
        return TlsStream(tls) if shaken is Shaken.DONE else None

    def _close_slowest(self) -> None:
        # What lies in the socket already is ours to read: then it is we who are slow.
        slow = [own for own in self._under_way if not own.gives_way and not has_sent(own.stream)]
        told = [Slow(own.peer, own.since) for own in slow]
        index = who_gives_way(told, trio.current_time(), self._crowded_seconds)
        if index is not None:
            slow[index].gives_way = True
            slow[index].scope.cancel()
