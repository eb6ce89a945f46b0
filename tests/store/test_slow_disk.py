"""What a disk that hangs keeps waiting, and whom it does not."""

import os
from pathlib import Path

import trio
import trio.testing

from tests.store.faxes import opened


def make_pipe(place: Path) -> Path:
    """In the place of a file: who reads it waits until somebody writes."""
    place.unlink()
    os.mkfifo(place)
    return place


async def test_who_stops_does_not_wait_for_a_document_that_hangs(tmp_path: Path) -> None:
    """A pipe in its place stands for the disk: its reader is let go at once, and the rest of the store goes on."""
    async with opened("disk", tmp_path) as store:
        name = await store.keep_document(b"%PDF-1.7")
        place = make_pipe(tmp_path / "documents" / name[:2] / name)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.document, name)
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel()
        assert nursery.cancel_scope.cancelled_caught
        assert await store.keep_document(b"another") == await store.keep_document(b"another")
        # The thread that was left behind ends with the disk's answer.
        place.write_bytes(b"%PDF-1.7")
