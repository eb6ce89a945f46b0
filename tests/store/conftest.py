"""The store of the contract suite: in memory and on the disk, the same promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from faxgw.store.sql import SqlStore
from tests.store.faxes import opened


@pytest.fixture(params=["memory", "disk"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    with trio.fail_after(20):
        async with opened(request.param, tmp_path) as store:
            yield store
