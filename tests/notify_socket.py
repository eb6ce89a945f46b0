"""The supervisor's end of sd_notify(3): a datagram socket that keeps what it is told."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

_WORDS_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class NotifySocket:
    address: str
    """As NOTIFY_SOCKET names it; a leading @ stands for an abstract name."""
    socket: socket.socket

    async def next(self) -> dict[str, str]:
        """The next datagram's words, by their names."""
        await trio.lowlevel.wait_readable(self.socket)
        lines = self.socket.recv(_WORDS_BYTES_MAX).decode().split("\n")
        words = dict(line.split("=", 1) for line in lines)
        assert len(words) == len(lines), lines
        return words

    async def wait_for(self, name: str) -> dict[str, str]:
        """The next datagram that has this word; those before it are forgotten."""
        while name not in (words := await self.next()):
            pass
        return words

    def all_so_far(self) -> list[str]:
        """Whatever lies here unread, without waiting."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(_WORDS_BYTES_MAX).decode())
            except BlockingIOError:
                return found


@contextmanager
def listening_at(address: str) -> Iterator[NotifySocket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        yield NotifySocket(address, sock)
