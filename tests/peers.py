"""The real programs that tests measure us against, named where they are missing."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def require_peer(name: str, path: str | None = None) -> str:
    """The peer's path. Without it the test is skipped, the peer named; with CI=true it fails instead.

    `path` says where a peer lies that is not on the search path.
    """
    found = path if path is not None and Path(path).exists() else None
    found = found or shutil.which(name)
    if found is None:
        miss_peer(name)
    return found


def miss_peer(name: str) -> NoReturn:
    """Leave the test: a part of the peer is missing (a header, a library, a feature)."""
    message = f"the peer {name} is not installed"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message)
    pytest.skip(message)
