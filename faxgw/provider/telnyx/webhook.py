"""Checks that a webhook comes from Telnyx: signed with the account's Ed25519 key over `timestamp|body`, and not stale.

Telnyx shows the public half in its portal, in base64. Standard Webhooks, which the simulated carrier follows, names its
headers otherwise and signs something else.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from faxgw.provider.port import ReceiptRefusedError

SIGNATURE_HEADER: Final = "telnyx-signature-ed25519"
TIMESTAMP_HEADER: Final = "telnyx-timestamp"


def read_public_key(text: str) -> Ed25519PublicKey:
    """The key as the portal shows it.

    Raises:
        ValueError: it is not 32 bytes in base64.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("a public key of Telnyx is 32 bytes in base64, as its portal shows it") from None


def check(key: Ed25519PublicKey, headers: Mapping[str, str], body: bytes, now: float, tolerance_seconds: float) -> None:
    """Pass if `body` was signed with the key's other half within the tolerance. Header names are lower-case.

    Raises:
        ReceiptRefusedError: the signature does not fit, or it is too old or from the future.
    """
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    if not (timestamp.isascii() and timestamp.isdigit()) or SIGNATURE_HEADER not in headers:
        raise ReceiptRefusedError(f"{TIMESTAMP_HEADER} or {SIGNATURE_HEADER} is missing")
    try:
        signature = base64.b64decode(headers[SIGNATURE_HEADER], validate=True)
        key.verify(signature, timestamp.encode() + b"|" + body)
    except (binascii.Error, ValueError, InvalidSignature):
        raise ReceiptRefusedError("the signature does not fit") from None
    if abs(now - int(timestamp)) > tolerance_seconds:
        raise ReceiptRefusedError("the timestamp is too far from our clock")
