"""A login with Retarus."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from faxgw.config.provider import ProviderConfig
from faxgw.config.section import Count, Seconds, SecondsAboveZero, SecureUrl
from faxgw.faults import Fault


class RetarusConfig(ProviderConfig, frozen=True, kw_only=True, tag_field="kind", tag="retarus"):
    """Retarus Fax-for-Applications, REST version 1. As it stands for the German region."""

    customer: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z]{1,32}$", description="a number such as 99999TE")]
    """The customer number."""
    account: Annotated[str, msgspec.Meta(min_length=1)]
    """The login id; what one has sent no other sees."""
    password_file: str
    submit_url: SecureUrl = "https://faxws-ha.de.retarus.com/rest/v1"
    """Faxes are handed over here: the highly available address of the region."""
    report_urls: Annotated[tuple[SecureUrl, ...], msgspec.Meta(min_length=1)] = (
        "https://faxws.de1.retarus.com/rest/v1",
        "https://faxws.de2.retarus.com/rest/v1",
    )
    """Every data centre of the region, for each knows its own faxes only; all of them are asked, `submit_url` never."""
    webhook_url: str = ""
    """Where Retarus reaches `/v1/receipts/NAME` of this gateway; told with each fax. Empty where it is only asked."""
    webhook_secret_file: str = ""
    """Holds what the password of each fax's webhook is made from, 16 characters or more; Retarus never sees it."""
    dials_for_minutes: Count = 60
    """How long it may go on dialling for one fax; without a word of ours it would do so for a month."""
    ask_seconds: SecondsAboveZero = 8.0
    """How long one data centre may take to answer; what the others said by then counts."""
    settle_seconds: Seconds = 300.0
    receipt_lost_seconds: Seconds = 4_500.0
    park_after_seconds: Seconds = 4_500.0
    poll_batch_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1_000


def retarus_faults(at: str, own: RetarusConfig) -> Iterator[Fault]:
    """What types cannot say; `at` is the pointer to the table."""
    dials_seconds = own.dials_for_minutes * 60.0
    for key in ("receipt_lost_seconds", "park_after_seconds"):
        if getattr(own, key) <= dials_seconds:
            # Else a fax would be given up, or its line let go, while Retarus still dials for it.
            yield Fault(f"{at}/{key}", f"must be more than dials_for_minutes ({dials_seconds:g} s)")
    if bool(own.webhook_url) != bool(own.webhook_secret_file):
        yield Fault(f"{at}/webhook_url", "belongs together with webhook_secret_file: give both or neither")
    if own.webhook_url and not own.webhook_url.startswith("https://"):
        yield Fault(f"{at}/webhook_url", "must begin with https://: each fax's password goes there")
