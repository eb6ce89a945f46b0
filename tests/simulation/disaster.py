"""The bad morning: one carrier down for ten minutes, one answering 429, one losing one answer in a hundred.

`python -m tests.simulation.disaster --faxes 20000` prints the account. The gateway is the real one; calls, carriers
and waiting take no time, since the clock jumps.
"""

import argparse
import sys
import time
from collections import Counter

import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.fax import FINAL, State, Waiting
from faxgw.members.register import Register
from faxgw.provider.scripted import ScriptedProvider
from faxgw.store.sql import open_memory_store
from tests.journeys.account import check_carriers, line_overlap_max
from tests.journeys.town import START, Town, carrier_config, florist, order_for
from tests.simulation.broken import Broken, listening_for_bugs

CARRIERS = ("alder", "birch", "cedar")
LANES = 64
ARRIVE_SECONDS = 900.0
"""All orders come in within this time."""
DOWN_FROM_SECONDS, DOWN_SECONDS = 120.0, 600.0
ASK_SECONDS = 60.0
ASKED_MAX = 200
"""Of how many waiting faxes `why` is asked each minute."""
BATCHES = 100
END_SECONDS_MAX = 86_400.0


def play_disaster(faxes: int, seed: int = 0) -> str:
    """Play it; returns the account.

    Raises:
        AssertionError: a fax was lost, went twice, did not end, or could not say why it waits.
    """
    with listening_for_bugs() as broken:
        trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
        trio._core._run._r.seed(seed)
        return trio.run(_play, faxes, seed, broken, clock=MockClock(autojump_threshold=0))


async def _play(faxes: int, seed: int, broken: Broken) -> str:
    clock = TrioClock(START.timestamp() - trio.current_time())
    florists = max(faxes // 10, 10)
    register = Register(florist(number) for number in range(florists))
    carriers = {name: ScriptedProvider(name, clock=clock, seed=seed) for name in CARRIERS}
    configs = [carrier_config(name, lanes=LANES) for name in CARRIERS]
    store = open_memory_store(store_id=f"{seed:08x}")
    town = Town(clock, carriers, configs, register, store, seed=seed)
    whys: Counter[str] = Counter()
    async with trio.open_nursery() as outside:
        for carrier in carriers.values():
            outside.start_soon(carrier.run)
        carriers["birch"].set_shares({"too_many": 0.5})
        carriers["cedar"].set_shares({"lost_answer": 0.01})
        outside.start_soon(_go_down, carriers["alder"])
        async with town.running():
            outside.start_soon(_ask_why, town, whys)
            for start in range(0, faxes, faxes // BATCHES):
                batch = range(start, min(start + faxes // BATCHES, faxes))
                await town.submit(*(order_for(number % florists, f"order-{number}") for number in batch))
                await trio.sleep(ARRIVE_SECONDS * len(batch) / faxes)
            with trio.fail_after(END_SECONDS_MAX):
                while any((await store.unfinished_counts()).values()):  # noqa: ASYNC110 - cheaper than every event
                    await trio.sleep(1)
        outside.cancel_scope.cancel()
    counts = await store.counts()
    assert not broken.barriers, broken.barriers
    assert sum(counts.values()) == faxes == sum(counts.get(state, 0) for state in FINAL)
    assert counts[State.DELIVERED] == faxes
    await check_carriers(town)
    doubts = len(await town.events("in_doubt"))
    assert doubts or faxes < 1_000
    asked = ", ".join(f"{waiting} {count}" for waiting, count in whys.most_common())
    return (
        f"faxes {faxes} delivered {counts[State.DELIVERED]} lost 0 twice 0 line overlap max {line_overlap_max(town)}, "
        f"in doubt {doubts}, in {trio.current_time() / 60:.0f} simulated minutes; why: {asked}"
    )


async def _go_down(carrier: ScriptedProvider) -> None:
    await trio.sleep(DOWN_FROM_SECONDS)
    carrier.set_shares({"down": 1.0})
    await trio.sleep(DOWN_SECONDS)
    carrier.set_shares({})


async def _ask_why(town: Town, whys: Counter[str]) -> None:
    """Each minute some of those that wait are asked why; each has an answer that is true."""
    while True:
        await trio.sleep(ASK_SECONDS)
        step = max(len(town.faxes) // ASKED_MAX, 1)
        for fax_id in town.faxes[::step]:
            view = await town.view(fax_id)
            if town.gateway is None:
                return
            why = town.gateway.desk.why(view)
            assert why.detail
            assert (why.waiting is Waiting.OVER) == (view.state in FINAL)
            if view.state not in FINAL:
                whys[why.waiting.value] += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.disaster", description=__doc__)
    parser.add_argument("--faxes", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.perf_counter()
    print(f"{play_disaster(options.faxes, options.seed)}; {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
