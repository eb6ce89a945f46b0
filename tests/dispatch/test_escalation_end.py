"""What a promise comes to where nobody counted the end of its fax."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from faxgw.api.port import Why
from faxgw.dispatch.carriers import Carriers
from faxgw.dispatch.escalation import Escalations
from faxgw.dispatch.promises import Promises
from faxgw.fax import Waiting
from faxgw.members.register import Register
from faxgw.provider.port import Delivered
from faxgw.store.admission import AgainAsked, Kinship
from faxgw.store.unfinished import Promise
from tests.dispatch.desk import NOW, Desk


@pytest.mark.parametrize(("deadline_at", "result"), [(NOW + 60.0, "met"), (NOW - 60.0, "missed")])
async def test_a_delivery_counts_by_its_own_moment(deadline_at: float, result: str, autojump_clock: MockClock) -> None:
    """A copy that somebody made of it an hour later is the last of its events, and makes no deadline missed."""
    desk = Desk()
    fax_id = await desk.make_one()
    [attempt] = desk.calls
    await desk.outcomes.learnt(attempt, Delivered(1, 30.0))
    await desk.store.admit_again([AgainAsked(fax_id, Kinship.COPY, "Ada", "asked for", NOW + 3_600.0)])
    assert (await desk.kinds(fax_id))[-2:] == ["delivered", "copied"]
    promises = Promises(desk.clock, desk.metrics)
    escalations = Escalations(
        desk.store,
        desk.waiting,
        promises,
        desk.outcomes,
        Carriers([desk.carrier]),
        Register([]),
        lambda _: Why(Waiting.OVER, ""),
        desk.clock,
        desk.metrics,
        (),
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(escalations.run)
        promises.put([Promise(fax_id, deadline_at, "")])
        promises.look(fax_id, NOW)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    counted = desk.metrics.registry.get_sample_value("faxgw_deadline_total", {"result": result, "rule": "none"})
    assert counted == 1
