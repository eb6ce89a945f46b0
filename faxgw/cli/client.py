"""Speaks to the daemon over its Unix socket, or over TCP with a token: HTTP with the standard library, soon started."""

import http.client
import os
import socket
import ssl
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from faxgw.config.doors import is_loopback
from faxgw.config.secret import read_secret
from faxgw.errors import ConfigError, FaxgwError

TIMEOUT_SECONDS = 120.0
"""Longer than any ordinary answer takes under the greatest load; commands for people ask for less."""


_SILENCE = (
    ": it is stopped, hangs, or has much to do. Look at its log and its process; --timeout SECONDS waits for longer. "
    "What was asked for may still happen: look before you ask for a change again"
)
_CONNECT_AGAIN_SECONDS = 0.05


class NotReachableError(FaxgwError):
    """No daemon answers where one was looked for."""


class UnreadableError(FaxgwError):
    """Something answers, and not as a daemon does."""


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
        """
        Raises:
            UnreadableError: it is no JSON, as when the daemon ended in the middle.
        """
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise UnreadableError(
                f"the answer cannot be read (status {self.status}): look at the daemon's log, and whether it is a faxgw"
            ) from error


class _Connection(http.client.HTTPConnection):
    """A connection whose patience can be changed while it is open, and which says what went wrong with it."""

    place: str
    """Where the daemon is looked for, as the operator wrote it."""
    patience_seconds: float

    @contextmanager
    def waiting(self, more_seconds: float) -> Iterator[None]:
        """Have so much more patience for a while."""
        usual_seconds = self.patience_seconds
        self._have_patience(usual_seconds + more_seconds)
        try:
            yield
        finally:
            self._have_patience(usual_seconds)

    def explain(self, error: Exception) -> str:
        """What went wrong, and what to do."""
        if isinstance(error, TimeoutError):
            return f"the daemon on {self.place} has not answered for {self.patience_seconds:g} s{_SILENCE}"
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
        return f"the daemon on {self.place} did not answer: {reason}"

    def _have_patience(self, seconds: float) -> None:
        self.patience_seconds = self.timeout = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)


class Client:
    """One connection to the daemon, opened anew when the daemon closed it. Not for several threads."""

    def __init__(self, connection: _Connection, headers: Mapping[str, str]) -> None:
        """`headers` go with every request."""
        self._connection = connection
        self._headers = headers

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
                    raise NotReachableError(self._connection.explain(error)) from error
        raise AssertionError("the second try returns or raises")

    def lines(self, path: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The lines of an answer that goes on, such as a stream of events."""
        try:
            self._connection.request("GET", path, headers={**self._headers, **headers})
            answer = self._connection.getresponse()
            while line := answer.readline():
                yield line.rstrip(b"\n")
        except (OSError, http.client.HTTPException) as error:
            raise NotReachableError(self._connection.explain(error)) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        self._connection.close()


class LocalClient(Client):
    """Over the daemon's Unix socket; its mode says who may."""

    def __init__(self, socket_path: Path, who: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """`timeout_seconds` without a word from the daemon is the end; a daemon that only hangs still takes calls."""
        super().__init__(_UnixConnection(socket_path, timeout_seconds), {"X-Submitter": who} if who else {})


class RemoteClient(Client):
    """Over TCP with a token (`[api.tcp]` in the daemon's config)."""

    def __init__(
        self, url: str, token_file: str, ca_file: Path | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """`ca_file` holds who signed the daemon's certificate; None: whom this machine trusts.

        Raises:
            ConfigError: the address, or one of the files, cannot be used.
        """
        # Of several the first: a file may hold an old and a new one.
        token = read_secret(token_file).split()[0]
        if not token.isascii() or token.startswith("sha256:"):
            raise ConfigError(f"{token_file}: a token is needed, and this is none (a digest cannot be turned back)")
        super().__init__(_connection_to(url, ca_file, timeout_seconds), {"Authorization": f"Bearer {token}"})


def _connection_to(url: str, ca_file: Path | None, timeout_seconds: float) -> _Connection:
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"{url}: {error}; write https://HOST:PORT") from None
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise ConfigError("the address is written https://HOST:PORT, with nothing behind it")
    if parts.scheme == "https":
        return _TlsConnection(url, host, port, _trust(ca_file), timeout_seconds)
    if not is_loopback(f"[{host}]:1" if ":" in host else f"{host}:1"):
        raise ConfigError(f"{url}: the token would go there in plain words; write https://")
    return _PlainConnection(url, host, port, timeout_seconds)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise ConfigError(f"{ca_file}: holds no PEM certificate") from None
    except OSError as error:
        raise ConfigError(f"{ca_file}: {error.strerror}") from error


class _UnixConnection(_Connection):
    def __init__(self, socket_path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost")
        self.place = str(socket_path)
        self.patience_seconds = timeout_seconds

    def explain(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return f"no daemon listens on {self.place}; start one with `faxgw run -c CONFIG`, or name its --socket"
        if isinstance(error, PermissionError):
            return f"you may not use {self.place}: ask for membership of the group that owns it"
        return super().explain(error)

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
                sock.connect(self.place)
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    raise TimeoutError from None
                time.sleep(_CONNECT_AGAIN_SECONDS)
            else:
                return


class _PlainConnection(_Connection):
    """On this machine, as a proxy in front of the daemon does it."""

    def __init__(self, url: str, host: str, port: int | None, timeout_seconds: float) -> None:
        super().__init__(host, port, timeout=timeout_seconds)
        self.place = url
        self.patience_seconds = timeout_seconds

    def explain(self, error: Exception) -> str:
        return _explain_tcp(self.place, error) or super().explain(error)


class _TlsConnection(http.client.HTTPSConnection, _Connection):
    def __init__(self, url: str, host: str, port: int | None, trust: ssl.SSLContext, timeout_seconds: float) -> None:
        super().__init__(host, port, context=trust, timeout=timeout_seconds)
        self.place = url
        self.patience_seconds = timeout_seconds

    def explain(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = error.verify_message
            return f"the certificate of {self.place} is not trusted ({reason}); --ca FILE names who signed it"
        if isinstance(error, ssl.SSLError):
            return f"no TLS with {self.place} ({error.reason}): is that the port of [api.tcp], with a certificate?"
        return _explain_tcp(self.place, error) or super().explain(error)


def _explain_tcp(place: str, error: Exception) -> str:
    """Empty where it is nothing of TCP's own."""
    if isinstance(error, ConnectionRefusedError):
        return f"no daemon listens on {place}; its [api.tcp] bind says where it does"
    if isinstance(error, socket.gaierror):
        return f"{place}: this host is not known ({error.strerror})"
    return ""
