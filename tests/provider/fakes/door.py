"""A listening port of a fake carrier that can be closed, opened again, and left without an answer."""

import socket
from collections.abc import Awaitable, Callable

import trio

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class Door:
    """One address. Closed, it refuses connections and cuts off those that stand; its port stays its own."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        # Bound, never listening: the kernel refuses connections to it, which is what "down" looks like.
        self._keeper = _bound_socket(0)
        self._port: int = self._keeper.getsockname()[1]
        self._closing: trio.CancelScope | None = None
        self._closed = trio.Event()
        self.is_silent = False
        """Connections are taken and never answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_open(self) -> bool:
        return self._closing is not None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Open, and stay so until closed."""
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(_bound_socket(self._port, listen=True)))
        self._closed = trio.Event()
        try:
            with trio.CancelScope() as self._closing:
                task_status.started()
                await trio.serve_listeners(self._let_in, [listener])
        finally:
            self._closing = None
            self._closed.set()

    async def close(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            await self._closed.wait()

    def give_up(self) -> None:
        """Let the port go for good."""
        self._keeper.close()

    async def _let_in(self, stream: trio.SocketStream) -> None:
        try:
            if self.is_silent:
                await trio.sleep_forever()
            await self._serve(stream)
        except trio.BrokenResourceError:
            pass


def _bound_socket(port: int, *, listen: bool = False) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    if listen:
        bound.listen(128)
    return bound
