"""Why a connection to a carrier failed, in words by which an operator knows where to look.

The libraries between say "ConnectError" to all of it; the reason stands among the causes. Texts of the far end are
never repeated: only a number, or what the machine's own TLS and resolver say.
"""

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Final

_UNREACHABLE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def trouble_words(error: BaseException) -> str:
    """One sentence's end, such as `it refuses connections`; the exception's name where no cause is known."""
    words = dict.fromkeys(words for cause in _causes(error) if (words := _words_of(cause)) is not None)
    # A name may have several addresses, and each its own trouble.
    return ", and ".join(words) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and the members of groups, to the bottom."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    below = error.__cause__ or error.__context__
    if below is not None:
        yield from _causes(below)


def _words_of(cause: BaseException) -> str | None:
    match cause:
        case socket.gaierror():
            return f"its name is not found in the DNS ({cause.strerror})"
        case ssl.SSLCertVerificationError():
            return f"its TLS certificate is not trusted ({getattr(cause, 'verify_message', 'unknown')})"
        case ssl.SSLError():
            # Only OpenSSL's own errors have these two.
            return f"TLS with it fails ({getattr(cause, 'reason', None) or 'unknown'})"
        case ConnectionRefusedError():
            return "it refuses connections"
        case ConnectionResetError() | BrokenPipeError():
            return "it breaks connections off"
        case OSError(errno=int(number)) if number in _UNREACHABLE:
            return f"no way leads to it ({os.strerror(number)})"
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "this machine has no descriptors left for a connection"
        case _:
            return None
