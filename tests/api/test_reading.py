import datetime as dt

import trio
from hypothesis import given
from hypothesis import strategies as st

from faxgw.api.reading import NotJson, count_lines, decode_order, read_upload
from faxgw.faults import Fault
from faxgw.order import Order
from tests.api.fakes import NOW, order_bytes

now = dt.datetime.fromtimestamp(NOW, dt.UTC)
lines_of_anything = st.lists(st.one_of(st.binary(max_size=40), st.just(order_bytes())), max_size=20)


async def read_all(body: bytes) -> list[tuple[int, object]]:
    return [read async for read in read_upload(body, 2_000, now)]


@given(st.one_of(st.binary(), st.text().map(str.encode), st.recursive(st.none(), st.lists).map(repr).map(str.encode)))
def test_any_bytes_are_an_order_or_told_why_not(body: bytes) -> None:
    """Nothing that comes in is raised about."""
    assert isinstance(decode_order(body, now), Order | NotJson | list)


@given(lines_of_anything)
def test_every_line_that_is_not_empty_is_read_once(lines: list[bytes]) -> None:
    """Numbers are those of an editor, whatever stands in the lines."""
    body = b"\n".join(lines)
    expected = [number for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    assert [number for number, _ in trio.run(read_all, body)] == expected
    assert count_lines(body) >= max(expected, default=0)


def test_a_misspelt_field_is_found_with_its_place() -> None:
    """The slow way names the field, as the fast way found that there is one."""
    faults = decode_order(order_bytes(card_massage="x"), now)
    assert isinstance(faults, list)
    assert faults == [Fault("/card_massage", faults[0].detail)]
    assert "card_message" in faults[0].detail


async def test_others_run_while_a_long_upload_is_read() -> None:
    """The loop is given away many times: whoever has an answer to send is not kept waiting."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        await read_all(b"\n".join([order_bytes()] * 1_600))
        nursery.cancel_scope.cancel()
    assert turns >= 1_600 / 32
