"""The simulated carrier's lines: channels run out, lines are busy, and the books say how each call really ended."""

import trio

from faxgw.provider.mishaps import Play
from faxgw.provider.switchboard import Taken
from faxgw_loadtest.carrier.exchange import Exchange, OwnCalls
from tests.carriers import running_carrier
from tests.loadtest.test_carrier import LINE, hand_in

OTHER = "+33199001236"


def taken(name: str, number: str = LINE) -> Taken:
    return Taken(name, f"s-{name}-1", number, 1, "", Play(), 0.0, 1.0)


def test_channels_go_first_come_first_served() -> None:
    """With one channel the second fax waits, gets it when the first hangs up, and nobody is forgotten."""
    exchange = Exchange(channels=1)
    first, second, third = taken("1"), taken("2"), taken("3")
    assert exchange.enter(first, 0)
    assert not exchange.enter(second, 0)
    assert not exchange.enter(third, 0)
    assert exchange.waiting == 2
    assert exchange.leave(first, 5, held_line=False) is second
    assert exchange.leave(second, 9, held_line=False) is third
    assert exchange.leave(third, 11, held_line=False) is None
    assert exchange.dialled_at == {"1": 0, "2": 5, "3": 9}
    assert (exchange.under_way, exchange.waiting, exchange.channels_used_max) == (0, 0, 1)


def test_a_line_takes_one_call_at_a_time() -> None:
    """The second call finds it busy and does not free it; after the first hung up it is free."""
    exchange = Exchange(calls_a_line=1)
    first, second = taken("1"), taken("2")
    for fax in (first, second):
        exchange.enter(fax, 0)
    assert not exchange.is_busy(first, 0)
    assert exchange.is_busy(second, 0)
    exchange.leave(second, 1, held_line=False)
    assert exchange.is_busy(taken("3"), 1)
    exchange.leave(first, 2, held_line=True)
    assert not exchange.is_busy(taken("4"), 2)
    assert exchange.busy_met == 2


def test_a_full_waiting_room_turns_away_only_while_no_channel_is_free() -> None:
    """As a carrier's 429 says: later, not never."""
    exchange = Exchange(channels=1, waiting_max=1)
    fax = taken("1")
    was_full = [exchange.is_full]
    for step in (
        lambda: exchange.enter(fax, 0),
        lambda: exchange.enter(taken("2"), 0),
        lambda: exchange.leave(fax, 1, held_line=False),
    ):
        step()
        was_full.append(exchange.is_full)
    assert was_full == [False, False, True, False]


def test_florists_use_their_lines_as_often_as_told_and_the_same_each_time() -> None:
    """A tenth of all stretches of time, a whole stretch at once, and drawn from the seed alone."""
    own = OwnCalls(share=0.1, seconds=60, seed=7)
    stretches = [own.hold(LINE, 60.0 * number) for number in range(5_000)]
    assert 400 < sum(stretches) < 600
    assert stretches == [OwnCalls(0.1, 60, 7).hold(LINE, 60.0 * number + 59) for number in range(5_000)]
    assert stretches != [OwnCalls(0.1, 60, 8).hold(LINE, 60.0 * number) for number in range(5_000)]
    assert not any(OwnCalls().hold(LINE, 60.0 * number) for number in range(100))


async def test_a_busy_line_is_told_and_stays_so_in_the_books_after_a_crash(tmp_path: object) -> None:
    """Two faxes to one line at once: one is delivered, one busy; who reads the journal again counts the same."""
    journal = f"{tmp_path}/journal"
    async with running_carrier(calls_a_line=1, call_seconds=0.2, journal=journal) as carrier:
        async with trio.open_nursery() as nursery:
            for reference in ("s-1-1", "s-2-1"):
                nursery.start_soon(lambda name: hand_in(carrier, Fax_Reference=name), reference)
        await carrier.wait_ended(2)
        before = await carrier.account()
        await carrier.kill()
    assert before["calls_by_outcome"] == {"busy": 1, "delivered": 1}
    async with running_carrier(calls_a_line=1, journal=journal) as carrier:
        assert (await carrier.account())["calls_by_outcome"] == before["calls_by_outcome"]


async def test_a_carrier_without_a_free_channel_lets_faxes_wait_and_then_turns_them_away() -> None:
    """One channel, one place to wait: the third fax hears 429, and the two that were taken are delivered in turn."""
    async with running_carrier(channels=1, waiting_max=1, call_seconds=0.5) as carrier:
        assert await hand_in(carrier, Fax_Reference="s-1-1") == 201
        assert await hand_in(carrier, Fax_Reference="s-2-1", Fax_Number=OTHER) == 201
        assert await hand_in(carrier, Fax_Reference="s-3-1") == 429
        await carrier.wait_ended(2)
        account = await carrier.account()
    assert (account["faxes_delivered"], account["channels_used_max"]) == (2, 1)
    assert account["answers"] == {"prompt": 2, "full": 1}
