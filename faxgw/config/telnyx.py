"""A fax application at Telnyx."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from faxgw.config.provider import ProviderConfig
from faxgw.config.section import Count, FullNumber, Seconds, SecondsAboveZero, SecureUrl
from faxgw.faults import Fault


class TelnyxConfig(ProviderConfig, frozen=True, kw_only=True, tag_field="kind", tag="telnyx"):
    """Telnyx Programmable Fax, version 2."""

    base_url: SecureUrl = "https://api.telnyx.com/v2"
    api_key_file: str
    connection_id: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,64}$", description="the application's id")]
    """Of the fax application; it should send nobody's faxes but ours."""
    from_number: FullNumber
    """The number that calls: one of the account, given to the application."""
    quality: Literal["normal", "high", "very_high", "ultra_light", "ultra_dark"] = "high"
    media_keep_seconds: SecondsAboveZero = 7_200.0
    """How long Telnyx keeps the pages that went up for a fax; longer than it takes to fetch them from there."""
    webhook_public_key: Annotated[
        str, msgspec.Meta(pattern="^([0-9A-Za-z+/]{43}=)?$", description="32 bytes in base64, 44 characters")
    ] = ""
    """As the portal shows it, in base64; no secret. Empty where Telnyx is only asked."""
    webhook_tolerance_seconds: Count = 300
    """How far a webhook's time may lie from our clock."""
    webhook_url: str = ""
    """Where Telnyx reaches `/v1/receipts/NAME` of this gateway, if not the application's own address."""
    absence_proves: bool = False
    """A fax that its list does not show was never taken, and goes again by itself. So its documentation says; nobody
    here has seen it. Set this once you have found a fax of your own in the list."""
    retry_signaling_errors: bool = False
    """Ring again after `fax_signaling_error`. It covers failed trainings and also pages that were sent and not
    confirmed, so without this such a fax waits for a person."""
    settle_seconds: Seconds = 300.0


def telnyx_faults(at: str, own: TelnyxConfig) -> Iterator[Fault]:
    """What types cannot say; `at` is the pointer to the table."""
    if own.webhook_url and not own.webhook_public_key:
        yield Fault(f"{at}/webhook_public_key", "without it no webhook is believed: give it, or no webhook_url")
    if own.webhook_url and not own.webhook_url.startswith("https://"):
        yield Fault(f"{at}/webhook_url", "must begin with https://: what became of faxes goes there")
