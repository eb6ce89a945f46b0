"""An account with InterFAX."""

from typing import Annotated

import msgspec

from faxgw.config.provider import ProviderConfig
from faxgw.config.section import Seconds, SecureUrl


class InterfaxConfig(ProviderConfig, frozen=True, kw_only=True, tag_field="kind", tag="interfax"):
    """InterFAX (Upland) REST."""

    base_url: SecureUrl = "https://rest.interfax.net"
    account: Annotated[str, msgspec.Meta(pattern="^[^:]+$", description="a user's name")]
    password_file: str
    webhook_user: Annotated[str, msgspec.Meta(pattern="^[^:]{1,64}$", description="a name without a colon")] = "faxgw"
    webhook_password_file: str = ""
    """Holds the password, 16 characters or more, that the callback's address carries beside `webhook_user`:
    https://faxgw:PASSWORD@HOST/v1/receipts/NAME. Empty where it is only asked."""
    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    """Calls that InterFAX makes for one fax. Of more than one nobody here decides when it rings at the florist's."""
    absence_proves: bool = False
    """A fax that its search does not find was never taken, and goes again by itself. So its documentation says; nobody
    here has seen it. Set this once you have found a fax of your own by its reference."""
    receipt_late_seconds: Seconds = 45.0
    settle_seconds: Seconds = 300.0
    poll_seconds: Seconds = 15.0
