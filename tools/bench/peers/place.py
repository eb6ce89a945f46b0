"""Where the peers lie that `tools/bench/peers/install` fetched, and the error that names one that is missing."""

import os
from pathlib import Path

PEERS = Path(__file__).parents[3] / "var" / "peers"
INSTALL = "tools/bench/peers/install"


class MissingPeerError(Exception):
    """What is measured against is not there; the message names it and says how to get it."""


def require(peer: str, *paths: Path) -> None:
    """Raises MissingPeerError where one of `paths` does not exist."""
    if absent := [path for path in paths if not path.exists()]:
        raise MissingPeerError(f"{peer} is missing: no {absent[0].name} (run {INSTALL})")


def require_root(peer: str) -> None:
    """Programs that change to a user of their own have to be started by root. Raises MissingPeerError."""
    if os.geteuid() != 0:
        raise MissingPeerError(f"{peer} is missing: it can only be started by root")


def package_version(peer: str, package: str) -> str:
    """The version of Debian's package that was unpacked, "" where none was."""
    noted = PEERS / peer / f".{package}"
    return noted.read_text().strip() if noted.exists() else ""
