"""Signs webhooks and checks them, in the manner of Standard Webhooks (HMAC-SHA256 over `id.timestamp.body`).

See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
"""How far a timestamp may lie from our clock: what the specification's own libraries allow."""
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public, what follows it is the secret.
_SECRET_BYTES_MIN = 24
"""The specification wants 24 to 64 bytes of key."""


class ForgedError(Exception):
    """The webhook was not signed as agreed; the message says what is wrong, never what was sent."""


def read_secret(text: str) -> bytes:
    """The key in `whsec_<base64>`.

    Raises:
        ValueError: it is written otherwise, or too short to keep anybody out.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is written whsec_ and base64") from None
    if len(key) < _SECRET_BYTES_MIN:
        raise ValueError(f"a webhook secret needs at least {_SECRET_BYTES_MIN} bytes")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the `webhook-signature` header."""
    # Not `hmac.digest`: it lets go of the interpreter for two microseconds of work, and waits for it afterwards.
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def check(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Pass if `body` was signed with `key` within the tolerance. Header names are lower-case.

    The header may carry several signatures, so that the sender can change its key without a gap.

    Raises:
        ForgedError: no signature fits, or the message is too old or from the future.
    """
    message_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature")
    if not message_id or not signatures or not (timestamp.isascii() and timestamp.isdigit()):
        raise ForgedError("webhook-id, webhook-timestamp or webhook-signature is missing")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise ForgedError("the timestamp is too far from our clock")
    right = sign(key, message_id, int(timestamp), body).encode()
    offered = [signature.encode() for signature in signatures.split(" ")]
    if not any([hmac.compare_digest(right, signature) for signature in offered]):  # noqa: C419 - all, in equal time.
        raise ForgedError("no signature fits")
