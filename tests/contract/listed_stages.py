"""The stages of carriers that list what went to a number with our references: Telnyx and Sinch."""

from collections.abc import AsyncIterator
from typing import Any, Final, cast

import msgspec

from faxgw.clock import Clock, SystemClock
from faxgw.config.sinch import SinchConfig
from faxgw.config.telnyx import TelnyxConfig
from faxgw.provider.basic import authorization
from faxgw.provider.mishaps import Call
from faxgw.provider.port import Delivered, Fate
from faxgw.provider.sinch.adapter import SinchProvider
from faxgw.provider.sinch.words import FAILURES as SINCH_FAILURES
from faxgw.provider.telnyx.adapter import TelnyxProvider
from faxgw.provider.telnyx.words import FAILURES as TELNYX_FAILURES
from tests.contract.stages import PATIENCE_SECONDS, Failures, Forge, Stage
from tests.provider.fakes import sinch, telnyx
from tests.provider.fakes.carrier import running_fake
from tests.provider.fakes.sinch import SinchWire
from tests.provider.fakes.telnyx import TelnyxWire
from tests.webhook_inbox import WebhookInbox

WEBHOOK_SECRET: Final = "what passwords are made from"  # noqa: S105 - made up.
TELNYX_SLOW_SECONDS: Final = 1.0
TELNYX_PATIENCE_SECONDS: Final = 0.5
"""A fax has two requests at Telnyx, and only the second is slow: the first must not be given up on a busy machine."""

TELNYX_CALLS: Final[Failures] = {
    call.value: (TELNYX_FAILURES[reason], reason)
    for call, reason in telnyx.REASONS.items()
    # A page that broke and one that was not confirmed have one word.
    if call is not Call.PAGE
}
SINCH_CALLS: Final[Failures] = {
    call.value: (SINCH_FAILURES[kind][code], f"{kind} {code}") for call, (kind, code) in sinch.ERRORS.items()
}

TELNYX_FORGERIES: Final[dict[str, Forge]] = {
    "body": lambda headers, body: (headers, body + b" "),
    "signature": lambda headers, body: (headers | {"telnyx-signature-ed25519": "AAAA"}, body),
    "alphabet": lambda headers, body: (headers | {"telnyx-signature-ed25519": "\u20ac"}, body),
    "time": lambda headers, body: (headers | {"telnyx-timestamp": "1"}, body),
    "sender": lambda _, body: ({}, body),
}
SINCH_FORGERIES: Final[dict[str, Forge]] = {
    "password": lambda headers, body: (headers | {"authorization": authorization("s-1-1", "another")}, body),
    "scheme": lambda headers, body: (headers | {"authorization": "Bearer s-1-1"}, body),
    "alphabet": lambda headers, body: (headers | {"authorization": "Basic \u20ac"}, body),
    "fax": lambda headers, body: (headers, body.replace(b'"s-1-1"', b'"s-2-1"')),
    "sender": lambda _, body: ({}, body),
}
"""Another fax's receipt with the password of this one is refused as well."""


async def open_telnyx() -> AsyncIterator[Stage]:
    inbox = WebhookInbox("memory")
    async with running_fake(TelnyxWire, inbox.put, TELNYX_SLOW_SECONDS) as fake:
        url, public_key = fake.url("api") + "/v2", cast("TelnyxWire", fake.wire).public_key
        provider = telnyx_provider(url, webhook_public_key=public_key)
        impatient = telnyx_provider(url, webhook_public_key=public_key, send_seconds=TELNYX_PATIENCE_SECONDS)
        yield Stage(
            provider,
            impatient,
            fake,
            inbox,
            TELNYX_CALLS,
            TELNYX_FORGERIES,
            lambda number: f"0ccc7b54-4df3-4bca-a65a-{number:012d}",
            documents_503=False,
            polled_at_once=50,
            asked=_without_count,
        )
        await provider.aclose()
        await impatient.aclose()


async def open_sinch() -> AsyncIterator[Stage]:
    inbox = WebhookInbox("memory")
    async with running_fake(SinchWire, inbox.put) as fake:
        url = fake.url("api") + "/v3"
        provider, impatient = sinch_provider(url), sinch_provider(url, send_seconds=PATIENCE_SECONDS)
        yield Stage(
            provider,
            impatient,
            fake,
            inbox,
            SINCH_CALLS,
            SINCH_FORGERIES,
            lambda number: f"01HDFHACK1YN7CCDYRA{number:07d}",
            times_calls=False,
            tells_progress=False,
            documents_503=False,
            polled_at_once=50,
        )
        await provider.aclose()
        await impatient.aclose()


def _without_count(fate: Fate) -> Fate:
    return Delivered(0, None) if isinstance(fate, Delivered) else fate


def telnyx_provider(url: str, clock: Clock | None = None, **changes: Any) -> TelnyxProvider:
    """An adapter with the fake's account."""
    own = TelnyxConfig(
        name="telnyx",
        base_url=url,
        api_key_file="",
        connection_id=telnyx.CONNECTION_ID,
        from_number=telnyx.FROM_NUMBER,
    )
    own = msgspec.structs.replace(own, **changes)
    return TelnyxProvider(own, api_key=telnyx.API_KEY, clock=clock or SystemClock())


def sinch_provider(url: str, webhook_secret: str | None = WEBHOOK_SECRET, **changes: Any) -> SinchProvider:
    """An adapter with the fake's account."""
    own = SinchConfig(
        name="sinch",
        base_url=url,
        project_id=sinch.PROJECT_ID,
        key_id=sinch.KEY_ID,
        key_secret_file="",
        webhook_url="https://faxgw.example.com/v1/receipts/sinch",
    )
    own = msgspec.structs.replace(own, **changes)
    return SinchProvider(own, key_secret=sinch.KEY_SECRET, webhook_secret=webhook_secret, clock=SystemClock())
