"""Whose bearer token is whose (RFC 6750). Only digests are kept, and looking one up takes the same work for all.

What a token is stands in no error, log or metric.
"""

import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faxgw.config.doors import Scope, Token
from faxgw.config.secret import read_secret
from faxgw.errors import ConfigError

LENGTH_MIN = 32
"""128 bits in hex; shorter words could be guessed, for nobody is locked out after wrong ones."""
WORDS_MAX = 8
"""In one file: an old one, a new one, and room for slow callers."""

_DIGEST = "sha256:"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who comes in with a token."""

    name: str
    scope: Scope


class Keyring:
    """Every token that is good now."""

    def __init__(self, known: Sequence[tuple[bytes, Caller]] = ()) -> None:
        """`known` has SHA-256 digests."""
        self._known = tuple(known)

    def find(self, token: bytes) -> Caller | None:
        """Whose it is. All digests are compared, each to its end: time tells nothing of where they differ."""
        digest = hashlib.sha256(token).digest()
        found: Caller | None = None
        for known, caller in self._known:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def load_keyring(tokens: Sequence[Token]) -> Keyring:
    """The tokens of the config, read from their files.

    Raises:
        ConfigError: a file cannot be read, holds no token, or the same as another.
    """
    known: dict[bytes, Caller] = {}
    for token in tokens:
        for digest in _digests_in(token):
            other = known.get(digest)
            if other is not None and other.name != token.name:
                raise ConfigError(f"token {token.name}: {token.file}: the same token as {other.name} has; make another")
            known[digest] = Caller(token.name, token.scope)
    return Keyring(list(known.items()))


def _digests_in(token: Token) -> Iterator[bytes]:
    words = read_secret(token.file).split()
    if len(words) > WORDS_MAX:
        raise ConfigError(f"token {token.name}: {token.file}: more than {WORDS_MAX} tokens; take the old ones out")
    for number, word in enumerate(words, start=1):
        fault = f"token {token.name}: {token.file}: token {number} "
        if word.startswith(_DIGEST):
            yield _digest_in(word.removeprefix(_DIGEST), fault)
        elif len(word) < LENGTH_MIN or not _TOKEN.fullmatch(word):
            signs = "A-Z a-z 0-9 - . _ ~ + /"
            raise ConfigError(f"{fault}needs {LENGTH_MIN} or more of {signs}; `openssl rand -hex 32` makes one")
        else:
            yield hashlib.sha256(word.encode()).digest()


def _digest_in(text: str, fault: str) -> bytes:
    try:
        digest = binascii.unhexlify(text)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        # Without the cause: it might show what was meant to be a token.
        raise ConfigError(f"{fault}is no SHA-256 digest: 64 hex digits stand after sha256:") from None
    return digest
