"""Speaks to the daemon over its Unix socket: HTTP with the standard library, nothing to install, quick to start."""

import http.client
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from faxgw.errors import FaxgwError

TIMEOUT_SECONDS = 120.0
"""Longer than any ordinary answer takes under the greatest load; commands for people ask for less."""


_SILENCE = (
    ": it is stopped, hangs, or has much to do. Look at its log and its process; --timeout SECONDS waits for longer. "
    "What was asked for may still happen: look before you ask for a change again"
)
_CONNECT_AGAIN_SECONDS = 0.05


class NotReachableError(FaxgwError):
    """No daemon answers on the socket."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the daemon answered, whole."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class LocalClient:
    """One connection to the daemon, opened anew when the daemon closed it. Not for several threads."""

    def __init__(self, socket_path: Path, who: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """`timeout_seconds` without a word from the daemon is the end; a daemon that only hangs still takes calls."""
        self._connection = _UnixConnection(socket_path, timeout_seconds)
        self._headers = {"X-Submitter": who} if who else {}

    def get(self, path: str) -> Reply:
        return self.request("GET", path)

    def poll(self, path: str, wait_seconds: float) -> Reply:
        """Ask what the daemon may answer so much later, because there is nothing to tell before."""
        with self._connection.waiting(wait_seconds):
            return self.request("GET", path)

    def post(self, path: str, body: bytes = b"", content_type: str = "application/json") -> Reply:
        return self.request("POST", path, body, {"Content-Type": content_type} if body else {})

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Ask once, and once more where the daemon closed an idle connection.

        Raises:
            NotReachableError: nobody listens, the daemon went away in the middle, or it says nothing in time.
        """
        for is_last in (False, True):
            was_open = self._connection.sock is not None
            try:
                self._connection.request(method, path, body or None, {**self._headers, **(headers or {})})
                answer = self._connection.getresponse()
                return Reply(answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()})
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if is_last or not was_open or isinstance(error, TimeoutError):
                    raise NotReachableError(self._explain(error)) from error
        raise AssertionError("the second try returns or raises")

    def lines(self, path: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The lines of an answer that goes on, such as a stream of events."""
        try:
            self._connection.request("GET", path, headers={**self._headers, **headers})
            answer = self._connection.getresponse()
            while line := answer.readline():
                yield line.rstrip(b"\n")
        except (OSError, http.client.HTTPException) as error:
            raise NotReachableError(self._explain(error)) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        self._connection.close()

    def _explain(self, error: Exception) -> str:
        path = self._connection.socket_path
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return f"no daemon listens on {path}; start one with `faxgw run -c CONFIG`, or name its --socket"
        if isinstance(error, PermissionError):
            return f"you may not use {path}: ask for membership of the group that owns it"
        if isinstance(error, TimeoutError):
            return f"the daemon on {path} has not answered for {self._connection.patience_seconds:g} s{_SILENCE}"
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
        return f"the daemon on {path} did not answer: {reason}"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, socket_path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost")
        self.socket_path = socket_path
        self.patience_seconds = timeout_seconds

    @contextmanager
    def waiting(self, more_seconds: float) -> Iterator[None]:
        """Have so much more patience for a while."""
        usual_seconds = self.patience_seconds
        self._have_patience(usual_seconds + more_seconds)
        try:
            yield
        finally:
            self._have_patience(usual_seconds)

    def _have_patience(self, seconds: float) -> None:
        self.patience_seconds = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self.patience_seconds)
        try:
            self._call(sock)
        except OSError:
            sock.close()
            raise
        self.sock = sock

    def _call(self, sock: socket.socket) -> None:
        """Connect, as soon as the daemon has room for one who waits: unix(7) has nothing to select on for that."""
        give_up_at = time.monotonic() + self.patience_seconds
        while True:
            try:
                sock.connect(os.fspath(self.socket_path))
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    raise TimeoutError from None
                time.sleep(_CONNECT_AGAIN_SECONDS)
            else:
                return
