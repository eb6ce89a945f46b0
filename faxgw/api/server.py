"""Serves an ASGI application on a socket inside the daemon's nursery, and stops in order.

Why not an ASGI server off the shelf: docs/adr/0004-own-http-server.md.
"""

from functools import partial
from pathlib import Path

import trio

from faxgw.api.connection import AsgiApp, Connection, HttpDate, Limits
from faxgw.api.crowd import Slow, who_gives_way
from faxgw.api.sockets import Bind, UnixBind, describe, has_sent, listen, peer_of, remove_socket_file
from faxgw.clock import Clock


async def serve(
    app: AsgiApp,
    bind: Bind,
    *,
    clock: Clock,
    stopping: trio.Event,
    grace_seconds: float,
    limits: Limits = Limits(),  # noqa: B008 frozen
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stopping` is set, then let answers under way finish for `grace_seconds`.

    Reports the addresses (`host:port` or the socket's path) once connections are taken.

    Raises:
        OperatorError: the place is taken or cannot be used.
        ExceptionGroup: of `StoreFailedError`, as the application raised it; nothing else comes through.
    """
    listeners = await listen(bind)
    door = _Door(app, limits, HttpDate(clock), stopping)
    inode = bind.path.stat().st_ino if isinstance(bind, UnixBind) else 0
    try:
        await door.serve(listeners, grace_seconds, task_status)
    finally:
        if isinstance(bind, UnixBind):
            remove_socket_file(Path(bind.path), inode)


class _Door:
    """Lets in at most `connections_max` peers; when others wait outside, nobody may stay without a whole request."""

    def __init__(self, app: AsgiApp, limits: Limits, date: HttpDate, stopping: trio.Event) -> None:
        self._app = app
        self._limits = limits
        self._date = date
        self._stopping = stopping
        self._free = trio.Semaphore(limits.connections_max)
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

    async def wait_for_room(self, outside: trio.SocketListener) -> None:
        """Where the house is full, look for room once somebody stands outside."""
        while True:
            try:
                return self._free.acquire_nowait()
            except trio.WouldBlock:
                await trio.lowlevel.wait_readable(outside.socket)
            if self._free.value == 0:
                self._make_room()
            # Who was quick enough a moment ago may be slow by then.
            with trio.move_on_after(self._limits.crowded_seconds / 2):
                return await self._free.acquire()

    def give_back_room(self) -> None:
        self._free.release()

    def _is_crowded(self) -> bool:
        return self._free.statistics().tasks_waiting > 0

    def _make_room(self) -> None:
        kept = next((connection for connection in self._connections if connection.can_make_room), None)
        if kept is not None:
            kept.close_idle()
        else:
            self._close_slowest()

    def _close_slowest(self) -> None:
        slow = [
            (connection, Slow(peer_of(stream), since))
            for connection, stream in self._connections.items()
            # What lies in the socket already is ours to read: then it is we who are slow.
            if (since := connection.slow_since) is not None and not has_sent(stream)
        ]
        index = who_gives_way([each for _, each in slow], trio.current_time(), self._limits.crowded_seconds)
        if index is not None:
            slow[index][0].give_way()

    async def _serve_one(self, stream: trio.SocketStream) -> None:
        connection = Connection(
            self._app,
            stream,
            limits=self._limits,
            date=self._date,
            stopping=self._stopping,
            is_crowded=self._is_crowded,
        )
        self._connections[connection] = stream
        try:
            await connection.serve()
        finally:
            del self._connections[connection]
            self.give_back_room()


class _BoundedListener(trio.abc.Listener[trio.SocketStream]):
    """Accepts only when there is room; until then peers wait in the kernel's backlog."""

    def __init__(self, inner: trio.SocketListener, door: _Door) -> None:
        self._inner = inner
        self._door = door

    async def accept(self) -> trio.SocketStream:
        await self._door.wait_for_room(self._inner)
        stream = None
        try:
            stream = await self._inner.accept()
            return stream
        finally:
            if stream is None:
                self._door.give_back_room()

    async def aclose(self) -> None:
        await self._inner.aclose()
