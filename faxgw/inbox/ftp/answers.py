"""What an error of aioftp, asyncio or TLS means, in the words of the port."""

import socket
import ssl

import aioftp

from faxgw.inbox.port import Lost, NotNow, Refused

_REASON_CHARACTERS_MAX = 60
_CLOSING = "421"


def answer_to(error: Exception) -> Refused | NotNow | Lost:
    """To a command about a file. The server's words are left out: they repeat the name, and that may hold a number."""
    match error:
        case aioftp.StatusCodeError():
            code = str(error.received_codes[-1])
            if code.startswith("5"):
                return Refused(f"the server answered {code}")
            if code.startswith("4") and code != _CLOSING:
                return NotNow(f"the server answered {code}")
            return Lost(f"the server answered {code}")
        case TimeoutError():
            return Lost("no answer in time")
        case _:
            return Lost(f"the connection broke ({type(error).__name__})")


def answer_lost(error: Exception) -> Refused | Lost:
    """To a login. `Refused` is what does not mend by itself; the server's words help whoever must mend it."""
    match error:
        case ssl.SSLCertVerificationError():
            return Refused(f"its certificate cannot be trusted: {error.verify_message}; see `ca_file` and `host`")
        case aioftp.StatusCodeError():
            code = str(error.received_codes[-1])
            words = str(error.info[-1] if error.info else "").strip()[:_REASON_CHARACTERS_MAX]
            return (Refused if code.startswith("5") else Lost)(f"the server answered {code} {words}")
        case TimeoutError():
            return Lost("no answer in time")
        case ConnectionRefusedError():
            return Lost("nobody listens there; see `host` and `port`")
        case socket.gaierror():
            return Lost("nobody knows that host; see `host`")
        case OSError(strerror=str(words)):
            return Lost(words)
        case _:
            return Lost(f"the connection broke ({type(error).__name__})")
