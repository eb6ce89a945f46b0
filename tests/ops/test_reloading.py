"""Reading the config anew, where it goes wrong: the daemon goes on as it was, and says so."""

from collections.abc import Callable
from typing import cast

import pytest

from faxgw.api.doors import Doors
from faxgw.config.whole import Config
from faxgw.errors import ConfigError
from faxgw.gateway import Gateway
from faxgw.ops.metrics import Metrics
from faxgw.ops.supervisor import Supervisor
from faxgw.reloading import Reloading
from tests.api.fakes import example_config


class Untouched:
    """Doors and a gateway that nobody may change."""

    def show(self, _credentials: object) -> None:
        raise AssertionError("a config that was refused changed the doors")

    def heed_config(self, _config: Config) -> None:
        raise AssertionError("a config that was refused changed the gateway")


def broken(error: Exception) -> Callable[[], Config]:
    def read() -> Config:
        raise error

    return read


@pytest.mark.parametrize("error", [ConfigError("faxgw.toml cannot be used"), ValueError("embedded null byte")])
async def test_a_config_that_cannot_be_used_changes_nothing(error: Exception) -> None:
    """Whether it is the operator's fault or ours: counted, logged, and the next one is read as ever."""
    metrics, untouched = Metrics(), Untouched()
    doors, gateway = cast("Doors", untouched), cast("Gateway", untouched)
    reloading = Reloading(example_config(), broken(error), doors, gateway, metrics, Supervisor())
    for _ in range(2):
        await reloading.reload()
    assert metrics.registry.get_sample_value("faxgw_config_reloads_total", {"result": "refused"}) == 2
    assert metrics.registry.get_sample_value("faxgw_config_reloads_total", {"result": "applied"}) == 0
