"""A daemon whose config, certificate and tokens change while it runs, and which is told by SIGHUP."""

import signal
from pathlib import Path

import pytest
import trio

from faxgw.cli.client import NotReachableError, RemoteClient, Reply
from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.shops import members
from tests.api.tls import WORD, make_certificate
from tests.carriers import running_carrier
from tests.daemons import Daemon, free_port, prepared_daemon

CHANGES_SECONDS_MAX = 30.0
LOOK_AGAIN_SECONDS = 0.02
NEW_WORD = WORD[::-1]
DOOR = """
[api.tcp]
bind = "127.0.0.1:{port}"
certificate_file = "server.pem"
key_file = "credential:server-key"
[[api.tcp.token]]
name = "shop"
file = "token"
"""


async def ask(daemon: Daemon, port: int, token: str, authority: Path) -> Reply:
    """One request over TLS by who has `token` and trusts `authority`."""
    token_file = daemon.folder / "own-token"
    token_file.write_text(token, encoding="utf-8")

    def ask_once() -> Reply:
        client = RemoteClient(f"https://127.0.0.1:{port}", str(token_file), authority)
        try:
            return client.get("/v1/queue?lines=0")
        finally:
            client.close()

    return await trio.to_thread.run_sync(ask_once)


async def reload(daemon: Daemon, result: str) -> None:
    """Tell the daemon, and return once it has read its config with that result."""
    assert daemon.process is not None
    before = await reloads(daemon, result)
    daemon.process.send_signal(signal.SIGHUP)
    with trio.fail_after(CHANGES_SECONDS_MAX):
        while True:
            if await reloads(daemon, result) > before:
                return
            await trio.sleep(LOOK_AGAIN_SECONDS)


async def reloads(daemon: Daemon, result: str) -> float:
    text = (await daemon.ask("GET", "/metrics")).body.decode()
    name = f'faxgw_config_reloads_total{{result="{result}"}} '
    return next(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))


@pytest.mark.live
async def test_certificate_token_and_log_level_change_without_a_restart(tmp_path: Path) -> None:
    """A broken change is refused whole, the daemon goes on; a good one applies at once, and the rest is named."""
    port, credentials = free_port(), tmp_path / "credentials"
    credentials.mkdir()
    old = make_certificate(tmp_path, "server")
    old[1].rename(credentials / "server-key")
    authority = old[0].rename(tmp_path / "old.pem")
    (tmp_path / "server.pem").write_bytes(authority.read_bytes())
    (tmp_path / "token").write_text(WORD, encoding="utf-8")
    shops = b"\n".join(map(line_of, members(1)))
    async with (
        running_carrier() as carrier,
        prepared_daemon(tmp_path, carrier, shops, more_config=DOOR.format(port=port)) as daemon,
    ):
        await daemon.start(environment={"CREDENTIALS_DIRECTORY": str(credentials)})
        await daemon.wait_ready()
        assert (await ask(daemon, port, WORD, authority)).status == 200
        assert (await ask(daemon, port, NEW_WORD, authority)).status == 401

        # The new certificate, but still the old one's key: refused as a whole, the token too.
        new = make_certificate(tmp_path, "new")
        (tmp_path / "server.pem").write_bytes(new[0].read_bytes())
        (tmp_path / "token").write_text(NEW_WORD, encoding="utf-8")
        await reload(daemon, "refused")
        assert (await ask(daemon, port, WORD, authority)).status == 200
        assert "is not the key of certificate_file" in daemon.log

        (credentials / "server-key").write_bytes(new[1].read_bytes())
        config = (tmp_path / "faxgw.toml").read_text(encoding="utf-8")
        config = config.replace('level = "warning"', 'level = "info"').replace("lanes = 16", "lanes = 8")
        (tmp_path / "faxgw.toml").write_text(config, encoding="utf-8")
        assert '"event":"config_reloaded"' not in daemon.log
        await reload(daemon, "applied")
        assert (await ask(daemon, port, NEW_WORD, new[0])).status == 200
        assert (await ask(daemon, port, WORD, new[0])).status == 401
        with pytest.raises(NotReachableError, match="is not trusted"):
            await ask(daemon, port, NEW_WORD, authority)
        assert '"event":"config_reloaded","applied":["logs.level"]' in daemon.log
        assert '"event":"config_takes_effect_at_the_next_start","keys":["provider.simulated.lanes"]' in daemon.log
        assert await daemon.stop() == 0
        assert WORD not in daemon.log
        assert NEW_WORD not in daemon.log
