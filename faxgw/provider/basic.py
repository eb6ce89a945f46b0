"""HTTP Basic in both directions: how we sign in with a carrier, and how one that signs nothing shows who it is.

A carrier without signatures is given a user and a password of ours, with which it signs in when it tells what became
of a fax. That proves who speaks and not what was said: an `https` address is what keeps the body whole on the way.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from faxgw.provider.port import ReceiptRefusedError

PASSWORD_LENGTH_MIN: Final = 16
"""Characters of a webhook's password: anybody may try the door that it opens."""


def authorization(user: str, password: str) -> str:
    """The value of the `Authorization` header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Doorman:
    """Lets in webhooks that carry the one user and password that we gave a carrier.

    Args:
        user, password: as the carrier was given them. Without a password nobody is let in: the carrier is only asked.

    Raises:
        ValueError: the password is too short to keep anybody out.
    """

    def __init__(self, user: str, password: str | None) -> None:
        self._expected = None if password is None else f"{user}:{_long_enough(password)}".encode()

    def check(self, headers: Mapping[str, str]) -> None:
        """
        Raises:
            ReceiptRefusedError: there are no credentials, or they are not those that we gave out.
        """
        if self._expected is None:
            raise ReceiptRefusedError("this provider was given no webhook password: it is asked, it does not call")
        if not hmac.compare_digest(_credentials(headers), self._expected):
            raise ReceiptRefusedError("user or password are not those that the carrier was given")


class Porter:
    """Lets in webhooks whose user is our reference, with a password that only that reference has.

    For a carrier that takes credentials with each fax. The user then tells which fax a webhook is about even where
    its body does not, and a password that got out opens the door for that one fax alone.

    Raises:
        ValueError: the secret is too short to keep anybody out.
    """

    def __init__(self, secret: str) -> None:
        self._key = _long_enough(secret).encode()

    def password_of(self, reference: str) -> str:
        """What the carrier is given together with `reference`."""
        digest = hmac.new(self._key, reference.encode(), sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def check(self, headers: Mapping[str, str]) -> str:
        """The reference that the webhook is about.

        Raises:
            ReceiptRefusedError: there are no credentials, or the password is not that of the user.
        """
        user, _, password = _credentials(headers).decode("utf-8", "replace").partition(":")
        if not hmac.compare_digest(password.encode(), self.password_of(user).encode()):
            raise ReceiptRefusedError("the password is not that which the carrier was given with this fax")
        return user


def _credentials(headers: Mapping[str, str]) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise ReceiptRefusedError("no user and password (HTTP Basic)")
    try:
        return base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ReceiptRefusedError("user and password are not written as HTTP Basic asks") from None


def _long_enough(password: str) -> str:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise ValueError(f"a webhook password needs at least {PASSWORD_LENGTH_MIN} characters")
    return password
