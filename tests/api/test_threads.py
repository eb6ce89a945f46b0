"""Requests are answered on the event loop: a hop to a thread and back costs more than what is done there."""

import pytest
import trio

from faxgw.api.app import local_app, outside_app
from tests.api.fakes import make_fakes
from tests.api.peer import peer_of

REQUESTS_OF_EVERY_FAX = [
    ("POST", "/v1/orders"),
    ("POST", "/v1/receipts/north"),
    ("GET", "/v1/events?after=0"),
    ("GET", "/v1/faxes/1"),
    ("GET", "/readyz"),
]


@pytest.mark.parametrize(("method", "address"), REQUESTS_OF_EVERY_FAX)
async def test_no_request_of_a_faxs_way_waits_for_a_thread(
    method: str, address: str, autojump_clock: trio.testing.MockClock
) -> None:
    """While all threads are taken each is answered; the routes' guards, hooks and handlers run on the loop."""
    fakes = make_fakes()
    fakes.store.add()
    face = outside_app if "receipts" in address else local_app
    threads = trio.to_thread.current_default_thread_limiter()
    threads.total_tokens = 1
    async with peer_of(face(fakes.behind)) as peer, threads:
        with trio.fail_after(60):
            answer = await (peer.post(address, b"{}") if method == "POST" else peer.get(address))
    assert answer.status != 500
