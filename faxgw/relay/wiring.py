"""The relay's parts put together over what the gateway hands in."""

import datetime as dt
from zoneinfo import ZoneInfo

import trio

from faxgw.clock import Clock
from faxgw.config.relay import Relay as RelayConfig
from faxgw.dispatch.promises import Promises
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.queue.waiting import WaitingRoom
from faxgw.relay.caretaker import Caretaker
from faxgw.relay.desk import Relay
from faxgw.relay.following import Follower
from faxgw.relay.ground import Calendar
from faxgw.relay.judge import Judge
from faxgw.relay.outgoing import Outgoing
from faxgw.relay.patience import Patience
from faxgw.relay.port import Rerouter
from faxgw.store.port import Store


class RelayMembers:
    """What the relay asks of the register; see `ground.Members`."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def is_member(self, member_id: str) -> bool:
        """One who left may still speak: of orders of before."""
        return self._register.find(member_id) is not None or self._register.find_former(member_id) is not None

    def executes(self, member_id: str, day: dt.date) -> bool:
        """Also today, or no fax could reach it."""
        member = self._register.as_of(day).find(member_id)
        return member is not None and member.executes and self._register.find(member_id) is not None


class RelayParts:
    """Everything of the relay; `run` works until it is cancelled."""

    def __init__(
        self,
        config: RelayConfig,
        store: Store,
        register: Register,
        rerouter: Rerouter,
        waiting: WaitingRoom,
        promises: Promises,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        calendar = Calendar(zone=ZoneInfo(config.timezone), answer_seconds=config.answer_minutes * 60)
        patience = Patience(
            calendar=calendar, reminders_max=config.reminders, search_seconds=config.search_minutes * 60
        )
        judge = Judge(RelayMembers(register), calendar, Outgoing(register, config.without_paper), patience)
        self.desk = Relay(store, judge, waiting, promises, metrics)
        self._follower = Follower(store, self.desk, judge, config)
        self._caretaker = Caretaker(store, self.desk, judge, patience, rerouter, clock, metrics)

    async def run(self) -> None:
        await self.desk.learn_absences()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follower.run)
            nursery.start_soon(self._caretaker.run)
