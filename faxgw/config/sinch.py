"""A project at Sinch."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from faxgw.config.provider import ProviderConfig
from faxgw.config.section import FullNumber, Seconds, SecureUrl
from faxgw.faults import Fault

Name = Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,64}$", description="an id as the dashboard shows it")]


class SinchConfig(ProviderConfig, frozen=True, kw_only=True, tag_field="kind", tag="sinch"):
    """Sinch Fax API, version 3."""

    base_url: SecureUrl = "https://fax.api.sinch.com/v3"
    """Of the region, such as https://eu1.fax.api.sinch.com/v3, where faxes must not leave it."""
    project_id: Name
    key_id: Name
    key_secret_file: str
    service_id: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{0,64}$", description="an id or nothing")] = ""
    """Of the fax service, where it is not the project's default one; it should send nobody's faxes but ours."""
    from_number: FullNumber | None = None
    """The number that calls, where it is not the service's own."""
    header_text: Annotated[str, msgspec.Meta(max_length=50)] = ""
    """At the top of each page; without it Sinch writes a dash."""
    webhook_url: str = ""
    """Where Sinch reaches `/v1/receipts/NAME` of this gateway; told with each fax. Empty where it is only asked."""
    webhook_secret_file: str = ""
    """Holds what the password of each fax's webhook is made from, 16 characters or more; Sinch never sees it."""
    absence_proves: bool = False
    """A fax that its list does not show was never taken, and goes again by itself. So its documentation says; nobody
    here has seen it. Set this once you have found a fax of your own, with its label, in the list."""
    settle_seconds: Seconds = 300.0


def sinch_faults(at: str, own: SinchConfig) -> Iterator[Fault]:
    """What types cannot say; `at` is the pointer to the table."""
    if bool(own.webhook_url) != bool(own.webhook_secret_file):
        yield Fault(f"{at}/webhook_url", "belongs together with webhook_secret_file: give both or neither")
    if own.webhook_url and not own.webhook_url.startswith("https://"):
        yield Fault(f"{at}/webhook_url", "must begin with https://: each fax's password goes there")
