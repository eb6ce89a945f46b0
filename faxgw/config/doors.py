"""The doors on TCP: what listens there, under which certificate, and who may come in."""

import enum
import ipaddress
from collections.abc import Iterator
from typing import Annotated

import msgspec

from faxgw.config.bind import read_bind
from faxgw.config.section import Bytes, Section
from faxgw.faults import Fault

TOKEN_NAME = r"^[A-Za-z0-9_.@-]{1,32}$(?!\n)"  # noqa: S105 a pattern
"""What a submitter's name looks like, for a token's name is one."""


class Scope(enum.StrEnum):
    """What a token is good for."""

    ORDERS = "orders"
    """To hand in orders, documents and messages about orders, and to ask what became of them."""
    OPERATE = "operate"
    """Everything that the local socket is good for."""


class Token(Section, frozen=True, kw_only=True):
    """Somebody who may come in, and the file that holds the secret word."""

    name: Annotated[str, msgspec.Meta(pattern=TOKEN_NAME, description="1 to 32 of A-Z a-z 0-9 _ . @ -")]
    """Who acts: the submitter of its orders, and in the trail beside whom a request names."""
    file: Annotated[str, msgspec.Meta(min_length=1)]
    """One token a line, or `sha256:` and its digest in hex; two lines while callers change to a new one."""
    scope: Scope = Scope.ORDERS


class ApiTcp(Section, frozen=True, kw_only=True):
    """The whole local API on TCP, for callers on other machines."""

    bind: str
    certificate_file: str = ""
    """PEM: the server's certificate, and after it those that lead to its authority."""
    key_file: str = ""
    client_ca_file: str = ""
    """PEM: who signs the certificates that callers must show beside their token; without it none is asked for."""
    token: Annotated[list[Token], msgspec.Meta(min_length=1, max_length=64)]


class Http(Section, frozen=True, kw_only=True):
    """The TCP face: receipts in, metrics and health out."""

    bind: str = "127.0.0.1:8470"
    certificate_file: str = ""
    """PEM, as `[api.tcp]` has it; without one, this door speaks plain HTTP, and a proxy in front may do TLS."""
    key_file: str = ""
    receipt_bytes_max: Bytes = 256 * 1024


def door_faults(tcp: ApiTcp | None, http: Http) -> Iterator[Fault]:
    """What types cannot say."""
    yield from _bind_faults("/http", http.bind)
    yield from _certificate_faults("/http", http)
    if tcp is not None:
        yield from _bind_faults("/api/tcp", tcp.bind)
        yield from _certificate_faults("/api/tcp", tcp)
        yield from _tcp_faults(tcp)


def _tcp_faults(tcp: ApiTcp) -> Iterator[Fault]:
    if not tcp.certificate_file and not is_loopback(tcp.bind):
        yield Fault(
            "/api/tcp/bind",
            "tokens and orders would leave this machine in plain words: "
            "give certificate_file and key_file, or bind to 127.0.0.1 behind a proxy that does TLS",
        )
    if tcp.client_ca_file and not tcp.certificate_file:
        yield Fault("/api/tcp/client_ca_file", "callers show certificates over TLS only: give certificate_file, too")
    names = [token.name for token in tcp.token]
    for index, name in enumerate(names):
        if name in names[:index]:
            detail = f"two tokens are called {name}; to change one, put both words in its file, a line each"
            yield Fault(f"/api/tcp/token/{index}/name", detail)
        elif name == "local":
            yield Fault(f"/api/tcp/token/{index}/name", "local is who asks on the socket without a name")


def _bind_faults(at: str, bind: str) -> Iterator[Fault]:
    try:
        read_bind(bind)
    except ValueError as fault:
        yield Fault(f"{at}/bind", str(fault))


def _certificate_faults(at: str, door: ApiTcp | Http) -> Iterator[Fault]:
    if bool(door.certificate_file) != bool(door.key_file):
        missing = "key_file" if door.certificate_file else "certificate_file"
        yield Fault(f"{at}/{missing}", "a certificate and its key come together")


def is_loopback(bind: str) -> bool:
    """Whether nobody from another machine can come in there; False for what cannot be read."""
    try:
        host, _ = read_bind(bind)
    except ValueError:
        return False
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
