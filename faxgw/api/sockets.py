"""The sockets the gateway listens on: taking a Unix socket's place without taking it from a living daemon."""

import errno
import os
import pwd
import select
import socket
import stat
import struct
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import trio

from faxgw.config.bind import read_bind
from faxgw.config.daemon import SOCKET_PATH_BYTES_MAX
from faxgw.errors import OperatorError

_BACKLOG = 512
_UCRED = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class UnixBind:
    """A socket file; `mode` says who may connect."""

    path: Path
    mode: int = 0o660


@dataclass(frozen=True, slots=True)
class TcpBind:
    """`host:port`, with brackets around an IPv6 host; port 0 takes a free one."""

    address: str


Bind = UnixBind | TcpBind


async def listen(bind: Bind) -> list[trio.SocketListener]:
    """Open the listening sockets.

    Raises:
        OperatorError: the place is taken, cannot be used, or is not a place.
    """
    match bind:
        case UnixBind():
            return [await _listen_unix(bind)]
        case TcpBind():
            return await _listen_tcp(bind.address)


def describe(listener: trio.SocketListener) -> str:
    """Where it listens, as `host:port` or a path."""
    name = listener.socket.getsockname()
    if isinstance(name, tuple):
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{name[1]}"
    return str(name)


def peer_login(stream: object) -> str | None:
    """Whose process is at the other end of a Unix socket, as the kernel says (unix(7), SO_PEERCRED); else None."""
    if not isinstance(stream, trio.SocketStream) or stream.socket.family != socket.AF_UNIX:
        return None
    credentials = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    _, uid, _ = _UCRED.unpack(credentials)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def peer_of(stream: trio.SocketStream) -> Hashable:
    """What tells one client from another: its process on a Unix socket, its host on TCP."""
    try:
        if stream.socket.family == socket.AF_UNIX:
            credentials = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
            return int(_UCRED.unpack(credentials)[0])
        return str(stream.socket.getpeername()[0])
    except OSError:
        return None  # It has just gone.


def has_sent(stream: trio.SocketStream) -> bool:
    """Whether something of it lies here unread."""
    if (number := stream.socket.fileno()) < 0:
        return False
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def remove_socket_file(path: Path, inode: int) -> None:
    """Remove the file that we made, and not one that a later daemon put in its place."""
    try:
        if path.stat().st_ino == inode:
            path.unlink()
    except FileNotFoundError:
        pass


async def _listen_unix(bind: UnixBind) -> trio.SocketListener:
    if len(os.fsencode(bind.path)) > SOCKET_PATH_BYTES_MAX:
        raise OperatorError(
            f"{bind.path}: a socket's path has at most {SOCKET_PATH_BYTES_MAX} bytes; set a shorter one"
        )
    await _clear_the_place(bind.path)
    sock = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        await sock.bind(os.fsencode(bind.path))
        bind.path.chmod(bind.mode)
        # Nobody can connect before this line, hence never under a wrong mode.
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise OperatorError(f"{bind.path}: cannot listen here: {os.strerror(error.errno or 0)}") from error
    return trio.SocketListener(sock)


async def _clear_the_place(path: Path) -> None:
    """Remove a socket file that a killed daemon left behind."""
    try:
        if not stat.S_ISSOCK((await trio.Path(path).lstat()).st_mode):
            raise OperatorError(f"{path}: something that is not a socket lies here; remove it or set another path")
        if await _somebody_listens(path):
            raise OperatorError(f"{path}: a daemon listens here already; stop it first, or set another socket")
        await trio.Path(path).unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OperatorError(f"{path}: cannot take this place: {error.strerror}") from error


async def _somebody_listens(path: Path) -> bool:
    with trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            # A full backlog keeps us waiting, and is a living daemon too.
            with trio.move_on_after(1.0):
                await probe.connect(os.fsencode(path))
        except ConnectionRefusedError:
            return False
    return True


async def _listen_tcp(address: str) -> list[trio.SocketListener]:
    try:
        host, port = read_bind(address)
    except ValueError as fault:
        raise OperatorError(f"{address}: {fault}") from None
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OperatorError(f"{address}: another program listens here already") from error
        raise OperatorError(f"{address}: cannot listen here: {error}") from error
