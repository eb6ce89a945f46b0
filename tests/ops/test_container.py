"""The container's recipe, as far as it can be tried without one: what goes in, and how its health is asked."""

import json
import re
import sys
from pathlib import Path

import pytest
import trio

from faxgw_loadtest.examples.make import line_of
from faxgw_loadtest.examples.shops import members
from tests.carriers import running_carrier
from tests.daemons import running_daemon

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+) \\\n((?:\s+--hash=\S+(?: \\)?\n)+)", re.MULTILINE)


def pins(lock: str) -> dict[str, tuple[str, str]]:
    return {name: (version, hashes) for name, version, hashes in PIN.findall((ROOT / lock).read_text(encoding="utf-8"))}


def health_command() -> list[str]:
    """As `docker` would run it, with the interpreter of the tests."""
    found = re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", RECIPE, re.MULTILINE)
    assert found is not None
    program, *arguments = json.loads(found.group(1))
    assert program == "python"
    return [sys.executable, *arguments]


def test_what_runs_is_what_was_tested() -> None:
    """The lock of the container is a part of the one that tests run on, to the last hash."""
    run, tested = pins("requirements-run.lock"), pins("requirements.lock")
    assert {"trio", "pillow", "sqlalchemy", "setuptools"} <= run.keys()
    assert not {"pytest", "mypy", "ortools", "onnxruntime"} & run.keys()
    assert {name: pin for name, pin in run.items() if tested.get(name) != pin} == {}


def test_everything_that_is_copied_is_let_in() -> None:
    """And nothing else: a config with an operator's secrets beside the sources must not become a layer."""
    copied = [source for line in re.findall(r"^COPY (?!--)(.*) \S+$", RECIPE, re.MULTILINE) for source in line.split()]
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(copied) == sorted(let_in)
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.live
async def test_health_is_asked_of_the_daemon_itself(tmp_path: Path) -> None:
    """Over the local socket, whatever doors the config opens; nobody there is ill health, too."""

    async def ask(socket: Path) -> int:
        asked = await trio.run_process(
            health_command(), env={"FAXGW_SOCKET": str(socket)}, check=False, capture_stderr=True
        )
        return asked.returncode

    async with (
        running_carrier(time_scale=1_000) as carrier,
        running_daemon(tmp_path, carrier, b"".join(line_of(shop) for shop in members(2))) as daemon,
    ):
        assert await ask(daemon.socket_path) == 0
        await daemon.stop()
        assert await ask(daemon.socket_path) == 1
