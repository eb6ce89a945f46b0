"""Why a connection failed, in words: what the libraries wrap is found again."""

import errno
import socket
import ssl

import pytest

from faxgw.provider.trouble import trouble_words


class LibraryError(Exception):
    """What an HTTP library makes of everything."""


def wrapped(*causes: Exception) -> Exception:
    """As trio and httpx hand causes on: a group, an OSError above it, their own error above that."""
    library, middle = LibraryError("nothing of use"), OSError("all attempts failed")
    library.__cause__, middle.__cause__ = middle, ExceptionGroup("all attempts failed", causes)
    return library


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "it refuses connections"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "it breaks connections off"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "its name is not found in the DNS (Name or service not known)",
        ),
        (OSError(errno.ENETUNREACH, "net"), "no way leads to it (Network is unreachable)"),
        (OSError(errno.EMFILE, "files"), "this machine has no descriptors left for a connection"),
        (ssl.SSLError(1, "unexpected"), "TLS with it fails (unknown)"),
        (ValueError("the carrier's own text"), "LibraryError"),
    ],
)
def test_each_cause_has_its_words(cause: Exception, words: str) -> None:
    """Refused, unknown name, no way, TLS: what an operator does about each is another thing."""
    assert trouble_words(wrapped(cause)) == words


def test_several_addresses_have_each_their_trouble_once() -> None:
    """A name with two addresses of one protocol and one of another tells two things, not three."""
    refused = [ConnectionRefusedError(errno.ECONNREFUSED, "refused") for _ in range(2)]
    found = trouble_words(wrapped(OSError(errno.ENETUNREACH, "net"), *refused))
    assert found == "no way leads to it (Network is unreachable), and it refuses connections"
