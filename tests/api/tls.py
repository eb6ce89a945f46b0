"""Certificates for tests, and clients that speak TLS with a served application."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from faxgw.config.doors import ApiTcp, Http, Token
from tests.peers import require_peer

WORD = "0123456789abcdef0123456789abcdef"
"""A token as `openssl rand -hex 16` makes one."""


def make_certificate(folder: Path, name: str = "server") -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and localhost that signs itself, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = [require_peer("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def http_door(certificate: Path, key: Path) -> Http:
    return Http(bind="127.0.0.1:0", certificate_file=str(certificate), key_file=str(key))


def tcp_door(certificate: Path, key: Path, **more: str) -> ApiTcp:
    return ApiTcp(
        bind="127.0.0.1:0",
        certificate_file=str(certificate),
        key_file=str(key),
        token=[Token(name="shop", file="token")],
        **more,
    )


@asynccontextmanager
async def connected(
    address: str, authority: Path, own: tuple[Path, Path] | None = None
) -> AsyncIterator[trio.SSLStream[trio.SocketStream]]:
    """A client after its handshake, which trusts `authority` alone and shows its `own` certificate."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context(cafile=authority)
    if own is not None:
        context.load_cert_chain(*own)
    stream = trio.SSLStream(await trio.open_tcp_stream(host, int(port)), context, server_hostname=host)
    try:
        await stream.do_handshake()
        yield stream
    finally:
        await trio.aclose_forcefully(stream)
