"""Whether carriers and inboxes can be reached, and how long certificates are good. Nobody is told anything."""

import datetime as dt
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from faxgw.ops.doctor.finding import Finding, fail, ok, warn

CONNECT_SECONDS = 5.0
EXPIRY_DAYS_MIN = 21
_PORTS = {"http": 80, "https": 443}


def look_at_url(check: str, url: str, now: dt.datetime) -> Finding:
    """Connect, for https with its certificate checked, and hang up: no request is made."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
    context = ssl.create_default_context() if parts.scheme == "https" else None
    return look_at_host(check, host, port, context, now)


def look_at_host(check: str, host: str, port: int, context: ssl.SSLContext | None, now: dt.datetime) -> Finding:
    place = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as connection:
            if context is None:
                return ok(check, f"{place} takes connections")
            with context.wrap_socket(connection, server_hostname=host) as secured:
                return judge_expiry(check, place, _expiry(secured.getpeercert()), now)
    except ssl.SSLCertVerificationError as error:
        return fail(
            check, f"{place}: its certificate is refused: {error.verify_message}", "look at it before you trust it"
        )
    except OSError as error:
        reason = error.strerror or str(error) or "no answer in time"
        return fail(check, f"{place} cannot be reached: {reason}", "look at the network and at its status page")


def look_at_certificate(check: str, certificate: Path, key: Path, now: dt.datetime) -> Finding:
    """A handshake in memory with the door's own files: it shows whether the key fits, and how long it is good."""
    try:
        server, client = _contexts(certificate, key)
        return judge_expiry(check, str(certificate), _expiry(_shake_hands(server, client)), now)
    except ssl.SSLCertVerificationError as error:
        return fail(check, f"{certificate}: {error.verify_message}", "renew it, then `systemctl reload faxgw`")
    except (OSError, ssl.SSLError) as error:
        return fail(check, f"{certificate} and {key} cannot be used: {error}", "put a certificate and its key there")


def judge_expiry(check: str, place: str, expires_at: dt.datetime | None, now: dt.datetime) -> Finding:
    if expires_at is None:
        return ok(check, f"{place} takes connections")
    days = (expires_at - now) / dt.timedelta(days=1)
    told = f"{place}, certificate good until {expires_at:%Y-%m-%d}"
    if days < 0:
        return fail(check, f"{told}: it is over", "renew it, then `systemctl reload faxgw`")
    if days < EXPIRY_DAYS_MIN:
        return warn(check, f"{told}: {days:.0f} days", "have it renewed")
    return ok(check, told)


def _contexts(certificate: Path, key: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    # The certificate vouches for itself: whoever signed it is the callers' business.
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return server, client


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> Mapping[str, object] | None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_side=False, server_hostname="door"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for side in (*sides, *sides):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return sides[0].getpeercert()


def _expiry(certificate: Mapping[str, object] | None) -> dt.datetime | None:
    told = (certificate or {}).get("notAfter")
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(told), dt.UTC) if isinstance(told, str) else None
