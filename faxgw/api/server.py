"""Serves an ASGI application on a socket inside the daemon's nursery, and stops in order.

Why not an ASGI server off the shelf: docs/adr/0004-own-http-server.md.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path

import trio

from faxgw.api.connection import AsgiApp, Connection, HttpDate, Limits
from faxgw.api.handshakes import Handshakes, Shaken
from faxgw.api.room import Room, close_slowest
from faxgw.api.sockets import Bind, UnixBind, describe, listen, remove_socket_file
from faxgw.api.tls import Certificate, TlsStream
from faxgw.clock import Clock


async def serve(
    app: AsgiApp,
    bind: Bind,
    *,
    clock: Clock,
    stopping: trio.Event,
    grace_seconds: float,
    limits: Limits = Limits(),  # noqa: B008 frozen
    certificate: Certificate | None = None,
    note_handshake: Callable[[Shaken], None] = lambda _: None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stopping` is set, then let answers under way finish for `grace_seconds`.

    With a `certificate` it speaks TLS, and tells `note_handshake` what came of each handshake.
    Reports the addresses (`host:port` or the socket's path) once connections are taken.

    Raises:
        OperatorError: the place is taken or cannot be used.
        ExceptionGroup: of `StoreFailedError`, as the application raised it; nothing else comes through.
    """
    listeners = await listen(bind)
    handshakes = _handshakes(certificate, limits, note_handshake) if certificate is not None else None
    door = _Door(app, limits, HttpDate(clock), stopping, handshakes)
    inode = bind.path.stat().st_ino if isinstance(bind, UnixBind) else 0
    try:
        await door.serve(listeners, grace_seconds, task_status)
    finally:
        if isinstance(bind, UnixBind):
            remove_socket_file(Path(bind.path), inode)


def _handshakes(certificate: Certificate, limits: Limits, note: Callable[[Shaken], None]) -> Handshakes:
    return Handshakes(
        certificate,
        handshakes_max=limits.handshakes_max,
        seconds_max=limits.handshake_seconds,
        crowded_seconds=limits.crowded_seconds,
        note=note,
    )


class _Door:
    """Lets in at most `connections_max` peers; when others wait outside, nobody may stay without a whole request."""

    def __init__(
        self, app: AsgiApp, limits: Limits, date: HttpDate, stopping: trio.Event, handshakes: Handshakes | None
    ) -> None:
        self._app = app
        self._limits = limits
        self._date = date
        self._stopping = stopping
        self._handshakes = handshakes
        self._room = Room(limits.connections_max, limits.crowded_seconds, self._make_room)
        self._connections: dict[Connection, trio.SocketStream] = {}

    async def serve(
        self, listeners: list[trio.SocketListener], grace_seconds: float, task_status: trio.TaskStatus[list[str]]
    ) -> None:
        bounded = [_BoundedListener(listener, self) for listener in listeners]
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                accepting.start_soon(
                    partial(trio.serve_listeners, handler_nursery=connections), self._serve_one, bounded
                )
                task_status.started([describe(listener) for listener in listeners])
                await self._stopping.wait()
                accepting.cancel_scope.cancel()
            connections.cancel_scope.deadline = trio.current_time() + grace_seconds
            for connection in tuple(self._connections):
                connection.close_idle()

    async def accept(self, listener: trio.SocketListener) -> trio.SocketStream:
        """The next peer that there is room for; until then peers wait in the kernel's backlog."""
        await self._room.enter(listener)
        stream = None
        try:
            stream = await listener.accept()
            return stream
        finally:
            # Who is in leaves when it was served.
            if stream is None:
                self._room.leave()

    def _make_room(self) -> None:
        kept = next((connection for connection in self._connections if connection.can_make_room), None)
        if kept is not None:
            kept.close_idle()
        else:
            shaking = self._handshakes.guests if self._handshakes is not None else {}
            close_slowest(chain(self._connections.items(), shaking.items()), self._limits.crowded_seconds)

    async def _serve_one(self, stream: trio.SocketStream) -> None:
        try:
            spoken_over = stream if self._handshakes is None else await self._handshakes.shake(stream)
            if spoken_over is not None:
                await self._converse(spoken_over, stream)
        finally:
            self._room.leave()

    async def _converse(self, spoken_over: trio.SocketStream | TlsStream, stream: trio.SocketStream) -> None:
        connection = Connection(
            self._app,
            spoken_over,
            limits=self._limits,
            date=self._date,
            stopping=self._stopping,
            is_crowded=lambda: self._room.is_crowded,
        )
        self._connections[connection] = stream
        try:
            await connection.serve()
        finally:
            del self._connections[connection]


class _BoundedListener(trio.abc.Listener[trio.SocketStream]):
    """Accepts as the door says."""

    def __init__(self, inner: trio.SocketListener, door: _Door) -> None:
        self._inner = inner
        self._door = door

    async def accept(self) -> trio.SocketStream:
        return await self._door.accept(self._inner)

    async def aclose(self) -> None:
        await self._inner.aclose()
