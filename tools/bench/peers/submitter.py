"""Hands jobs to HylaFAX's hfaxd in its own protocol, as sendfax does: a document over a connection, then the job."""

import re
import socket
from types import TracebackType
from typing import Self

from tools.bench.peers.processes import PeerError

# What sendfax sets for a ready A4 page at fine resolution that nobody is to be told about.
_PARAMETERS = (
    ("FROMUSER", '"bench"'),
    ("NOTIFYADDR", '"bench@bench.invalid"'),
    ("NOTIFY", '"NONE"'),
    ("LASTTIME", "000300"),
    ("MAXDIALS", "3"),
    ("MAXTRIES", "3"),
    ("SCHEDPRI", "127"),
    ("VRES", "196"),
    ("PAGEWIDTH", "209"),
    ("PAGELENGTH", "296"),
    ("PAGECHOP", '"none"'),
)


class Submitter:
    """One connection. Raises PeerError for an answer that refuses; TimeoutError where none comes in time."""

    def __init__(self, port: int, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self._socket = socket.create_connection(("127.0.0.1", port), seconds_max)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        self._answer()
        for command in ("USER bench", "TYPE I", "MODE S", "STRU F", "FORM TIFF"):
            self._ask(command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def submit(self, page: bytes, number: str) -> None:
        """One fax of one TIFF; when this returns it is in the queue."""
        document = self._store(page)
        self._ask("JNEW")
        for name, value in (*_PARAMETERS, ("DIALSTRING", f'"{number}"'), ("EXTERNAL", f'"{number}"')):
            self._ask(f"JPARM {name} {value}")
        self._ask(f"JPARM DOCUMENT {document}")
        self._ask("JSUBM")

    def _store(self, page: bytes) -> str:
        with socket.create_connection(data_address(self._ask("PASV")), self._seconds_max) as data:
            opened = self._ask("STOT")
            data.sendall(page)
        self._answer()
        return file_name(opened)

    def _ask(self, command: str) -> str:
        self._socket.sendall(command.encode() + b"\r\n")
        return self._answer()

    def _answer(self) -> str:
        """The last line of an answer: earlier ones have a dash behind their code."""
        while True:
            # It writes an answer in two pieces. The second waits for our acknowledgement of the first, which Linux puts
            # off by 40 ms for want of anything to send with it, unless told not to before each read (tcp(7)).
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            line = self._lines.readline().decode(errors="replace").rstrip()
            if not line or line[0] in "45":
                raise PeerError(f"hfaxd said: {line or 'nothing'}")
            if line[:3].isdigit() and line[3:4] == " ":
                return line


def data_address(answer: str) -> tuple[str, int]:
    """Where PASV's answer says that the data go."""
    found = re.search(r"\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)", answer)
    if found is None:
        raise PeerError(f"hfaxd said: {answer}")
    *host, high, low = found.groups()
    return ".".join(host), int(high) * 256 + int(low)


def file_name(answer: str) -> str:
    """The name that STOT gave to the document."""
    found = re.search(r"FILE: (\S+)", answer)
    if found is None:
        raise PeerError(f"hfaxd said: {answer}")
    return found[1]
