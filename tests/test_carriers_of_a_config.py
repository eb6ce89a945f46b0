"""Every kind of carrier can be written into a config, and the daemon builds it."""

import re
from pathlib import Path
from typing import get_args

import pytest

from faxgw.clock import SystemClock
from faxgw.config.carriers import CarrierConfig
from faxgw.config.whole import load_config
from faxgw.daemon import open_providers
from faxgw.errors import ConfigError

RETARUS = """
[[provider]]
name = "retarus"
kind = "retarus"
customer = "99999TE"
account = "flowers@example.com"
password_file = "password"
webhook_url = "https://faxgw.example.com/v1/receipts/retarus"
webhook_secret_file = "long"
"""
INTERFAX = """
[[provider]]
name = "interfax"
kind = "interfax"
account = "flowers"
password_file = "password"
webhook_password_file = "long"
"""


def write(folder: Path, *tables: str) -> Path:
    (folder / "password").write_text("p", encoding="utf-8")
    (folder / "long").write_text("sixteen characters and more", encoding="utf-8")
    path = folder / "faxgw.toml"
    path.write_text("".join(tables), encoding="utf-8")
    return path


async def test_each_kind_is_built_as_it_is_written(tmp_path: Path) -> None:
    """With its name, and what it can do."""
    config = load_config(write(tmp_path, RETARUS, INTERFAX))
    async with open_providers(config, SystemClock()) as providers:
        built = {provider.name: provider.capabilities for provider, _ in providers}
    assert [own.kind for own in config.provider] == list(built) == ["retarus", "interfax"]
    assert (built["retarus"].own_retries, built["interfax"].own_retries) == (10, 0)
    assert built["retarus"].polls_per_minute_max is None
    assert built["interfax"].polls_per_minute_max == 5


async def test_without_webhooks_no_file_is_asked_for(tmp_path: Path) -> None:
    """The carrier is then only asked."""
    asked_only = RETARUS.replace("webhook_", "# webhook_"), INTERFAX.replace("webhook_", "# webhook_")
    config = load_config(write(tmp_path, *asked_only))
    async with open_providers(config, SystemClock()) as providers:
        assert len(providers) == 2


@pytest.mark.parametrize("table", [RETARUS, INTERFAX])
async def test_a_webhook_secret_that_keeps_nobody_out_stops_the_start(tmp_path: Path, table: str) -> None:
    """It says whose it is, and nothing of what it is."""
    config = load_config(write(tmp_path, table))
    (tmp_path / "long").write_text("guessed", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^provider (retarus|interfax): .* at least 16 characters") as refused:
        async with open_providers(config, SystemClock()):
            pass
    assert "guessed" not in str(refused.value)


def test_the_examples_of_the_page_on_carriers_are_configs(tmp_path: Path) -> None:
    """Each table in it can be copied, and every kind has one."""
    page = Path(__file__).parents[1] / "docs/carriers.md"
    tables = re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    config = load_config(write(tmp_path, *tables))
    written = {own.kind for own in config.provider} | {"simulated"}
    assert written == {str(each.__struct_config__.tag) for each in get_args(CarrierConfig)}
