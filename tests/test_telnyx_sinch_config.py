"""What a config may say of Telnyx and Sinch, and what it may not."""

from pathlib import Path

import pytest

from faxgw.clock import SystemClock
from faxgw.config.sinch import SinchConfig
from faxgw.config.telnyx import TelnyxConfig
from faxgw.config.whole import Config, load_config
from faxgw.daemon import open_providers
from faxgw.errors import ConfigError
from faxgw.provider.port import LookUpKind
from faxgw.provider.sinch.adapter import SinchProvider
from faxgw.provider.telnyx.adapter import TelnyxProvider

TELNYX = """
[[provider]]
name = "telnyx"
kind = "telnyx"
api_key_file = "telnyx.key"
connection_id = "1293384261075731499"
from_number = "+33199000099"
webhook_public_key = "e5Ic8YOu8NCFRd5SiqGhSWHTZ8OGWWbLTv4EGhzdUMk="
webhook_url = "https://faxgw.example.com/v1/receipts/telnyx"
"""
SINCH = """
[[provider]]
name = "sinch"
kind = "sinch"
project_id = "03e2a9a3-0000-0000-0000-000000000000"
key_id = "7e22dd01-0000-0000-0000-000000000000"
key_secret_file = "sinch.key"
webhook_url = "https://faxgw.example.com/v1/receipts/sinch"
webhook_secret_file = "credential:sinch-webhook"
"""


def load(folder: Path, text: str) -> Config:
    path = folder / "faxgw.toml"
    path.write_text(text)
    return load_config(path)


def test_both_stand_in_one_config_each_with_its_own_keys(tmp_path: Path) -> None:
    """Files lie beside the config, credentials with systemd; a list is believed by nobody yet, and given time."""
    [telnyx, sinch] = load(tmp_path, TELNYX + SINCH).provider
    assert isinstance(telnyx, TelnyxConfig)
    assert isinstance(sinch, SinchConfig)
    assert telnyx.api_key_file == str(tmp_path / "telnyx.key")
    assert sinch.webhook_secret_file == "credential:sinch-webhook"  # noqa: S105 - a name, not the secret.
    assert (telnyx.absence_proves, telnyx.settle_seconds) == (False, 300.0)
    assert (sinch.absence_proves, sinch.settle_seconds) == (False, 300.0)


async def test_the_daemon_builds_both(tmp_path: Path) -> None:
    """With a key from a file each; without webhooks no further file is asked for."""
    (tmp_path / "telnyx.key").write_text("KEY-invented")
    (tmp_path / "sinch.key").write_text("invented")
    config = load(tmp_path, TELNYX + SINCH.replace("webhook_", "# webhook_"))
    async with open_providers(config, SystemClock()) as providers:
        kinds = [type(provider) for provider, _ in providers]
        assert kinds == [TelnyxProvider, SinchProvider]
        assert {provider.capabilities.look_up for provider, _ in providers} == {LookUpKind.LISTED}


@pytest.mark.parametrize(
    ("text", "change", "names"),
    [
        (TELNYX, ('"1293384261075731499"', '"not/an id"'), "connection_id"),
        (TELNYX, ('"+33199000099"', '"0199000099"'), "from_number"),
        (TELNYX, ("e5Ic8YOu", "short"), "webhook_public_key"),
        (TELNYX, ("webhook_public_key", "absence_proves = true\n#"), "webhook_public_key: without it"),
        (TELNYX, ("https://faxgw", "http://faxgw"), "webhook_url: must begin with https://"),
        (TELNYX, ('"telnyx"\napi', '"telnyx"\nkey_id = "7"\napi'), "key_id"),
        (TELNYX, ("api_key_file", 'base_url = "http://api.telnyx.com/v2"\napi_key_file'), "base_url"),
        (SINCH, ("webhook_secret_file", "# "), "webhook_url: belongs together"),
        (SINCH, ("webhook_url", "# "), "webhook_url: belongs together"),
        (SINCH, ("https://faxgw", "http://faxgw"), "webhook_url: must begin with https://"),
        (SINCH, ("03e2a9a3-", "../"), "project_id"),
        (SINCH, ("key_id", 'header_text = "%s"\nkey_id' % ("x" * 51)), "header_text"),
        (SINCH, ("key_id", 'connection_id = "1"\nkey_id'), "connection_id"),
    ],
)
def test_what_could_not_work_is_refused_with_the_key_that_is_wrong(
    text: str, change: tuple[str, str], names: str, tmp_path: Path
) -> None:
    """At the start and by check-config, not at the first fax."""
    assert change[0] in text
    with pytest.raises(ConfigError, match=names):
        load(tmp_path, text.replace(*change, 1))
