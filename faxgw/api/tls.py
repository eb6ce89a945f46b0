"""TLS on a door: the certificate that is shown, and the stream over it.

A certificate may be changed while the door stands open: whoever comes in from then on is shown the new one.
"""

import ssl
from contextlib import suppress
from dataclasses import dataclass

import trio

from faxgw.config.doors import ApiTcp, Http
from faxgw.config.secret import place_of
from faxgw.errors import ConfigError

_GOODBYE_SECONDS = 0.5
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME, which Python has no name for."""


@dataclass(slots=True)
class Certificate:
    """The one that is shown."""

    context: ssl.SSLContext
    ends_at: float | None
    """When its time is over, in seconds since 1970; None where that cannot be told."""


def certificate_of(door: ApiTcp | Http) -> Certificate | None:
    """What the config names, read anew; None where the door speaks without TLS.

    Raises:
        ConfigError: a file cannot be used, or the key is another certificate's.
    """
    if not door.certificate_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A peer could have us do the dear half of a handshake over and over on one connection.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _load_certificate(context, door)
    ends_at = _end_of(context, door.certificate_file)
    if isinstance(door, ApiTcp) and door.client_ca_file:
        _load_client_authority(context, door.client_ca_file)
    return Certificate(context, ends_at)


def _load_certificate(context: ssl.SSLContext, door: ApiTcp | Http) -> None:
    certificate, key = door.certificate_file, door.key_file
    _check_readable("certificate_file", certificate)
    _check_readable("key_file", key)
    try:
        # Without an answer of ours OpenSSL would ask the terminal for the passphrase of an encrypted key.
        context.load_cert_chain(place_of(certificate), place_of(key), password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"key_file {key}: is not the key of certificate_file {certificate}") from None
        raise ConfigError(
            f"certificate_file {certificate}, key_file {key}: need a PEM certificate and its PEM key without a "
            f"passphrase ({error.reason or 'not readable'})"
        ) from None


def _load_client_authority(context: ssl.SSLContext, file: str) -> None:
    _check_readable("client_ca_file", file)
    try:
        context.load_verify_locations(place_of(file))
    except ssl.SSLError:
        raise ConfigError(f"client_ca_file {file}: holds no PEM certificate") from None
    context.verify_mode = ssl.CERT_REQUIRED


def _end_of(server: ssl.SSLContext, file: str) -> float | None:
    """When the certificate ends. Python shows one only to the other side of a handshake: here is one with ourselves."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    # The file itself is trusted, whoever signed it and whether or not its time is over.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server)
    try:
        client.load_verify_locations(place_of(file))
        for side in (theirs, ours, theirs):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
        shown = theirs.getpeercert()
    except (ssl.SSLError, ValueError):
        return None
    return ssl.cert_time_to_seconds(str(shown["notAfter"])) if shown else None


def _check_readable(key: str, file: str) -> None:
    try:
        place_of(file).read_bytes()
    except OSError as error:
        raise ConfigError(f"{key} {file}: {error.strerror}") from error


class TlsStream(trio.abc.HalfCloseableStream):
    """A stream after its handshake."""

    def __init__(self, tls: trio.SSLStream[trio.SocketStream]) -> None:
        self._tls = tls

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._tls.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._tls.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._tls.receive_some(max_bytes)

    async def send_eof(self) -> None:
        """Nothing: OpenSSL reads no more once it has said goodbye, and a whole answer says where it ends."""
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """Say goodbye first, so that the peer knows an answer without a length to be whole (RFC 8446, 6.1).

        Also where the connection is closed in haste, for as long as it takes to hand over a few bytes.
        """
        with trio.CancelScope(deadline=trio.current_time() + _GOODBYE_SECONDS, shield=True):
            await self._tls.aclose()
