"""Every door of the gateway: the local socket, the TCP face, and the API over TCP where the config has it.

What the doors show and whom they let in may be changed while they are open, as a whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio

from faxgw.api.app import Behind, local_app, outside_app
from faxgw.api.connection import AsgiApp
from faxgw.api.guard import Guard
from faxgw.api.handshakes import Shaken
from faxgw.api.server import serve
from faxgw.api.sockets import Bind, TcpBind, UnixBind
from faxgw.api.tls import Certificate, certificate_of
from faxgw.api.tokens import Keyring, load_keyring
from faxgw.config.whole import Config
from faxgw.errors import ConfigError
from faxgw.ops.metrics import Metrics

ReadT = TypeVar("ReadT")
ReadsT = TypeVar("ReadsT")

TCP, HTTP = "tcp", "http"
"""What the two doors on TCP are called in the metrics."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the files hold that the config names: read at the start, and at each reload."""

    http: Certificate | None
    tcp: Certificate | None
    keyring: Keyring


def load_credentials(config: Config) -> Credentials:
    """
    Raises:
        ConfigError: a file cannot be used; the message names its key.
    """
    tcp = config.api.tcp
    return Credentials(
        http=_named("http", certificate_of, config.http),
        tcp=_named("api.tcp", certificate_of, tcp) if tcp is not None else None,
        keyring=_named("api.tcp", load_keyring, tcp.token) if tcp is not None else Keyring(),
    )


class Doors:
    """All of them: made shut, then opened together."""

    def __init__(self, behind: Behind, credentials: Credentials) -> None:
        self._behind = behind
        self._shown = credentials
        local = local_app(behind)
        self._guard = Guard(local, credentials.keyring, lambda reason: behind.metrics.refused.labels(TCP, reason).inc())
        config = behind.config
        self._doors: list[tuple[AsgiApp, Bind, str, Certificate | None]] = [
            (local, UnixBind(Path(config.api.socket), int(config.api.socket_mode, 8)), "", None),
            (outside_app(behind), TcpBind(config.http.bind), HTTP, credentials.http),
        ]
        if config.api.tcp is not None:
            self._doors.append((self._guard, TcpBind(config.api.tcp.bind), TCP, credentials.tcp))
        self._tell_ends()

    async def open(self, nursery: trio.Nursery, stopping: trio.Event) -> list[str]:
        """Take connections until `stopping` is set; returns the addresses.

        Raises:
            OperatorError: a place is taken or cannot be used.
        """
        behind = self._behind
        grace_seconds = behind.config.api.stop_grace_seconds
        addresses: list[str] = []
        for app, bind, name, certificate in self._doors:
            door = partial(
                serve,
                app,
                bind,
                clock=behind.clock,
                stopping=stopping,
                grace_seconds=grace_seconds,
                certificate=certificate,
                note_handshake=partial(_count, behind.metrics, name),
            )
            addresses += await nursery.start(door)
        return addresses

    def show(self, credentials: Credentials) -> None:
        """From now on these; who is in stays in until the next request, which needs a token that is good then."""
        self._guard.change_keyring(credentials.keyring)
        for own, new in ((self._shown.http, credentials.http), (self._shown.tcp, credentials.tcp)):
            if own is not None and new is not None:
                own.context, own.ends_at = new.context, new.ends_at
        self._tell_ends()

    def _tell_ends(self) -> None:
        for door, certificate in ((HTTP, self._shown.http), (TCP, self._shown.tcp)):
            if certificate is not None and certificate.ends_at is not None:
                self._behind.metrics.tls_certificate_ends.labels(door).set(certificate.ends_at)


def _count(metrics: Metrics, door: str, shaken: Shaken) -> None:
    metrics.tls_handshakes.labels(door, shaken).inc()


def _named(key: str, read: Callable[[ReadT], ReadsT], what: ReadT) -> ReadsT:
    try:
        return read(what)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from error
