"""The screen that commands print on."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def known_screen() -> Iterator[None]:
    """A screen of 80 by 24 in a known time zone, wherever the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.setenv("LINES", "24")
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
