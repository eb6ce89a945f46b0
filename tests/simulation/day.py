"""Plays one planned day: the real gateway over a store in memory, among carriers, an order system and people.

The same seed plays the same day to the last event: all dice come from the seed, trio's scheduler among them,
the clock is `MockClock`, the store has no thread, and its name is made from the seed instead of at random.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
from trio.testing import MockClock

from faxgw.api.desk import OrderDesk
from faxgw.clock import TrioClock
from faxgw.config.calls import CallConfig
from faxgw.config.relay import Relay
from faxgw.errors import FaxgwError
from faxgw.fax import FINAL, FaxId
from faxgw.gateway import Gateway
from faxgw.members.register import Register
from faxgw.order import Order
from faxgw.provider.port import Sending, SendOutcome
from faxgw.provider.scripted import ScriptedProvider
from faxgw.receipt.webhook import ReceiptsTaken
from faxgw.store.admission import Admitted, Repeated
from faxgw.store.changes import Changed, Recorded
from faxgw.store.sql import open_memory_store
from tests.journeys.town import START, Town, carrier_config, florist, line_of
from tests.simulation.broken import Broken, listening_for_bugs
from tests.simulation.oracle import KEPT, Judged, judge
from tests.simulation.plan import DAY_SECONDS, FAIR, FLORISTS, Plan, Wish, draw_plan
from tests.simulation.promises import Promises

REPEAT_SECONDS = 2.0
"""An order system hands in again what was not answered, this much later."""
WHY_SECONDS = 3_600.0
AFTERMATH_SECONDS_MAX = DAY_SECONDS / 2
DAYS_MAX = 10
FAXES_A_CALL = (5, 1, 2)
"""How many faxes may share a call on a day, by its seed."""

T = TypeVar("T")


class GatewayDiedError(Exception):
    """The one who was asked died before it answered."""


class WatchedCarrier(ScriptedProvider):
    """Holds every send against what was promised before it."""

    promises: Promises

    async def send(self, sending: Sending) -> SendOutcome:
        self.promises.note_send(sending, self._clock.now())
        return await super().send(sending)


class SimulatedDay:
    """One gateway's day, through several lives."""

    def __init__(self, plan: Plan, town: Town, promises: Promises) -> None:
        self.plan = plan
        self.town = town
        self.promises = promises
        self.fax_by_key: dict[str, FaxId] = {}
        self.deaths = 0
        self._over: set[FaxId] = set()
        self._gateway: Gateway | None = None
        self._born = trio.Event()
        self._asking: set[trio.CancelScope] = set()

    async def play(self) -> None:
        with trio.fail_after(DAYS_MAX * DAY_SECONDS):
            async with trio.open_nursery() as day:
                day.start_soon(self._make_weather)
                all_asked = trio.Event()
                day.start_soon(self._go_through_lives, all_asked)
                await self._do_business()
                all_asked.set()

    async def _do_business(self) -> None:
        async with trio.open_nursery() as outside:
            outside.start_soon(self._ask_why)
            for arrival in self.plan.arrivals:
                outside.start_soon(self._hand_in, arrival.at, arrival.orders)
            for wish in self.plan.wishes:
                outside.start_soon(self._wish, wish)

    async def _make_weather(self) -> None:
        for weather in self.plan.weather:
            await trio.sleep_until(weather.at)
            self.town.carriers[weather.carrier].set_shares(weather.shares)
        await trio.sleep_until(DAY_SECONDS)
        for carrier in self.town.carriers.values():
            carrier.set_shares(FAIR)

    async def _go_through_lives(self, all_asked: trio.Event) -> None:
        for death in self.plan.deaths:
            async with self._living() as life:
                await trio.sleep_until(death.at)
                if death.steps is not None:
                    await self._die(death.steps, life)
            await trio.sleep(death.away_seconds)
        async with self._living():
            await trio.sleep_until(DAY_SECONDS)
            await all_asked.wait()
            await self._see_it_end()

    async def _see_it_end(self) -> None:
        """The storms are over: whatever can end, ends."""
        with trio.move_on_after(AFTERMATH_SECONDS_MAX):
            await self.town.wait(lambda counts: not any(n for state, n in counts.items() if state not in KEPT))
        await self._note_why(self._gateway)

    async def _ask_why(self) -> None:
        """Somebody asks of every fax, every hour, why it has not gone yet."""
        while trio.current_time() < DAY_SECONDS:
            await trio.sleep(WHY_SECONDS)
            await self._note_why(self._gateway)

    async def _note_why(self, gateway: Gateway | None) -> None:
        for fax_id in [known for known in self.fax_by_key.values() if known not in self._over]:
            view = await self.town.view(fax_id)
            if view.state in FINAL:
                self._over.add(fax_id)
            if gateway is not None and gateway is self._gateway:
                self.promises.note_why(view, gateway.desk.why(view))

    async def _die(self, steps: int, life: trio.CancelScope) -> None:
        """Cut everything off after so many steps, in the middle of whatever is going on then."""
        knife = CutAfter(steps, lambda: self._cut_off(life))
        trio.lowlevel.add_instrument(knife)
        try:
            await trio.sleep_forever()
        finally:
            trio.lowlevel.remove_instrument(knife)

    def _cut_off(self, life: trio.CancelScope) -> None:
        self.deaths += 1
        self._gateway, self._born = None, trio.Event()
        for scope in [life, *self._asking]:
            scope.cancel()

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[trio.CancelScope]:
        with trio.CancelScope() as life:
            async with self.town.running() as gateway:
                for name, carrier in self.town.carriers.items():
                    carrier.deliver = self._door_for(name)
                self._gateway = gateway
                self._born.set()
                yield life
                # The doors close first, as the daemon's do.
                self._gateway, self._born = None, trio.Event()

    async def _ask(self, question: Callable[[Gateway], Awaitable[T]]) -> T:
        """Ask whoever lives now.

        Raises:
            GatewayDiedError: before it answered; it may have acted.
        """
        while self._gateway is None:
            await self._born.wait()
        with trio.CancelScope() as scope:
            self._asking.add(scope)
            try:
                return await question(self._gateway)
            finally:
                self._asking.discard(scope)
        raise GatewayDiedError

    async def _hand_in(self, at: float, orders: tuple[Order, ...]) -> None:
        await trio.sleep_until(at)
        while True:
            try:
                answers = await self._ask(lambda gateway: gateway.desk.submit("shop", orders))
                break
            except GatewayDiedError:
                await trio.sleep(REPEAT_SECONDS)
        for order, answer in zip(orders, answers, strict=True):
            assert isinstance(answer, Admitted | Repeated), answer
            self.fax_by_key[order.key] = answer.fax_id
            self.promises.note_accepted(answer.fax_id, order)

    async def _wish(self, wish: Wish) -> None:
        await trio.sleep_until(wish.at)
        fax_id = self.fax_by_key.get(wish.key)
        if fax_id is None:
            return
        releases = self.promises.releases(fax_id)

        async def ask(gateway: Gateway) -> Recorded:
            if wish.verb == "release":
                self.promises.note_release(fax_id)
            return await _act(gateway.desk, wish, fax_id)

        try:
            recorded = await self._ask(ask)
        except GatewayDiedError:
            return
        if isinstance(recorded, Changed):
            self.promises.note_granted(fax_id, wish.verb, releases)

    def _door_for(self, name: str) -> Callable[[Mapping[str, str], bytes], Awaitable[bool]]:
        async def deliver(headers: Mapping[str, str], body: bytes) -> bool:
            if self._gateway is None:
                await trio.lowlevel.checkpoint()
                return False
            try:
                answer = await self._ask(lambda gateway: gateway.receipts.take(name, headers, body))
            except (GatewayDiedError, FaxgwError):
                return False
            return isinstance(answer, ReceiptsTaken)

        return deliver


class CutAfter(trio.abc.Instrument):
    """Calls `cut` once so many steps of tasks were taken."""

    def __init__(self, steps: int, cut: Callable[[], None]) -> None:
        self._steps = steps
        self._cut = cut

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self._steps -= 1
        if self._steps == 0:
            self._cut()


async def _act(desk: OrderDesk, wish: Wish, fax_id: FaxId) -> Recorded:
    match wish.verb:
        case "hold":
            return await desk.hold(fax_id, "Ada", "the customer called")
        case "release":
            return await desk.release(fax_id, "Ada", "")
        case "cancel":
            return await desk.cancel(fax_id, "Ada", "the customer called")


def play_day(seed: int) -> Judged:
    """Play the day of `seed` and judge it.

    Raises:
        AssertionError: a promise was broken; the message says which.
    """
    with listening_for_bugs() as broken:
        # Without this trio would shuffle what is ready to run with dice of its own.
        trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
        trio._core._run._r.seed(seed)
        return trio.run(_play, draw_plan(seed), broken, clock=MockClock(autojump_threshold=0))


async def _play(plan: Plan, broken: Broken) -> Judged:
    clock = TrioClock(START.timestamp() - trio.current_time())
    store = open_memory_store(store_id=f"{plan.seed:08x}")
    promises = Promises(store.store_id)
    register = Register(florist(number) for number in range(FLORISTS))
    town = Town(
        clock, _carriers(plan, clock, promises), [carrier_config(name) for name in plan.carriers], register, store,
        seed=plan.seed, settings={
            "call": CallConfig(faxes_max=FAXES_A_CALL[plan.seed % len(FAXES_A_CALL)]),
            # No florist but the one named makes these orders, so that looking for another only costs time.
            "relay": Relay(search_minutes=1_440),
        },
    )  # fmt: skip
    town.renderer.broken |= plan.broken
    day = SimulatedDay(plan, town, promises)
    async with trio.open_nursery() as outside:
        for carrier in town.carriers.values():
            outside.start_soon(carrier.run)
        await day.play()
        outside.cancel_scope.cancel()
    return await judge(plan, town, promises, day.fax_by_key, broken, day.deaths)


def _carriers(plan: Plan, clock: TrioClock, promises: Promises) -> dict[str, ScriptedProvider]:
    carriers: dict[str, ScriptedProvider] = {}
    for name in plan.carriers:
        carriers[name] = carrier = WatchedCarrier(name, clock=clock, seed=plan.seed)
        carrier.promises = promises
        for number, plays in plan.bad_lines.items():
            carrier.script(line_of(number), plays)
    return carriers
