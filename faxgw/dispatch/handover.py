"""Hands one sending to its carrier: within the carrier's seconds there is an outcome, whatever the adapter does.

Logs an adapter that raises; the fax is in doubt then, as after an answer that never came.
"""

import structlog
import trio

from faxgw.fax import FaxId
from faxgw.provider.port import Provider, Sending, SendOutcome, Unclear

log = structlog.get_logger(__name__)


async def hand_over(sending: Sending, fax_id: FaxId, provider: Provider, send_seconds: float) -> SendOutcome:
    with trio.move_on_after(send_seconds):
        try:
            return await provider.send(sending)
        except Exception:
            # The crash barrier around an adapter: what it may have sent before it broke, nobody knows.
            log.exception("adapter_raised", provider=provider.name, fax_id=fax_id)
            return Unclear("the adapter broke")
    return Unclear(f"no answer in {send_seconds:g} s")
