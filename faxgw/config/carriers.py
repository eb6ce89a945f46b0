"""The carriers that an account may be with: `kind` tells which, and each has keys of its own."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from faxgw.config.interfax import InterfaxConfig
from faxgw.config.provider import ProviderConfig
from faxgw.config.retarus import RetarusConfig, retarus_faults
from faxgw.config.sinch import SinchConfig, sinch_faults
from faxgw.config.telnyx import TelnyxConfig, telnyx_faults
from faxgw.faults import Fault

Url = Annotated[str, msgspec.Meta(pattern="^https?://", description="an address that begins with http:// or https://")]


class SimulatedConfig(ProviderConfig, frozen=True, kw_only=True, tag_field="kind", tag="simulated"):
    """The simulated carrier: `python -m faxgw_loadtest.carrier`."""

    base_url: Url
    account: str
    password_file: str
    webhook_secret_file: str


CarrierConfig = SimulatedConfig | RetarusConfig | InterfaxConfig | SinchConfig | TelnyxConfig
"""Any of them: a table `[[provider]]` is decoded into the one that its `kind` names."""


def file_keys(own: ProviderConfig) -> list[str]:
    """The keys that name files, by what they are called; all of them hold secrets or keys. Those left empty are not."""
    keys = [field.name for field in msgspec.structs.fields(own) if field.name.endswith("_file")]
    return [key for key in keys if getattr(own, key)]


def carrier_faults(providers: Sequence[ProviderConfig]) -> Iterator[Fault]:
    """What types cannot say."""
    names = [own.name for own in providers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault(f"/provider/{index}/name", f"two providers are called {name}")
    for index, own in enumerate(providers):
        match own:
            case RetarusConfig():
                yield from retarus_faults(f"/provider/{index}", own)
            case SinchConfig():
                yield from sinch_faults(f"/provider/{index}", own)
            case TelnyxConfig():
                yield from telnyx_faults(f"/provider/{index}", own)
            case _:
                pass
