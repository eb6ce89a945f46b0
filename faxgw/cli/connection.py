"""What every command that talks to the daemon shares: its options, finding the socket, reading refusals."""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from faxgw.cli.client import LocalClient, Reply
from faxgw.config.whole import load_config
from faxgw.errors import FaxgwError, OperatorError

P = ParamSpec("P")
T = TypeVar("T")

TIMEOUT_SECONDS = 30.0
LONG_TIMEOUT_SECONDS = 600.0
_TIMEOUT_SECONDS_MAX = 86_400.0

CONFIG_PLACES = (Path("config/faxgw.toml"), Path("/etc/faxgw/faxgw.toml"))

config_option = click.option(
    "-c", "--config", "config_path", type=click.Path(path_type=Path), help="The config file of the daemon."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
socket_option = click.option(
    "--socket", "socket_path", type=click.Path(path_type=Path), help="The daemon's socket. [env: FAXGW_SOCKET]"
)


class RefusedError(FaxgwError):
    """The daemon said no; the message is its reason."""


def with_client(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that find the daemon, and a `client` as its first argument."""
    return _connecting(command, TIMEOUT_SECONDS)


def with_patient_client(command: Callable[..., T]) -> Callable[..., T]:
    """The same for what may take the daemon minutes: files of many lines, a month's end, a day's plan."""
    return _connecting(command, LONG_TIMEOUT_SECONDS)


def _connecting(command: Callable[..., T], timeout_seconds: float) -> Callable[..., T]:
    @socket_option
    @config_option
    @click.option(
        "--timeout",
        "timeout_seconds",
        type=click.FloatRange(min=0, min_open=True, max=_TIMEOUT_SECONDS_MAX),
        default=timeout_seconds,
        show_default=True,
        callback=_read_timeout,
        help="Give up after so many seconds without a word from the daemon.",
    )
    @functools.wraps(command)
    def connected(
        *args: Any, socket_path: Path | None, config_path: Path | None, timeout_seconds: float, **kwargs: Any
    ) -> T:
        client = LocalClient(find_socket(socket_path, config_path), timeout_seconds=timeout_seconds)
        try:
            return command(client, *args, **kwargs)
        finally:
            client.close()

    return connected


def _read_timeout(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # It is in no range and out of none.
        raise click.BadParameter("write seconds, such as 30")
    return seconds


def find_socket(socket_path: Path | None, config_path: Path | None) -> Path:
    """Where the daemon listens: as told, or as its config says.

    Raises:
        OperatorError: nothing tells.
    """
    if socket_path is not None:
        return socket_path
    if config_path is None and (named := os.environ.get("FAXGW_SOCKET")):
        return Path(named)
    return Path(load_config(find_config(config_path)).api.socket)


def find_config(config_path: Path | None) -> Path:
    """The config file named, or the first one in its usual places.

    Raises:
        OperatorError: there is none.
    """
    places = CONFIG_PLACES if config_path is None else (config_path,)
    for place in places:
        if config_path is not None or place.exists():
            return place
    looked = " and ".join(map(str, CONFIG_PLACES))
    raise OperatorError(f"which daemon? Give --socket PATH, FAXGW_SOCKET or -c CONFIG ({looked}: not there)")


def body_of(reply: Reply) -> Any:
    """The answer's JSON.

    Raises:
        RefusedError: the daemon said no.
    """
    if not reply.is_good:
        raise RefusedError(reason_of(reply))
    return reply.json()


def reason_of(reply: Reply) -> str:
    """Why the daemon refused, in its own words."""
    if reply.headers.get("content-type", "").startswith("application/problem+json"):
        problem = reply.json()
        detail: str = problem["detail"] or problem["title"]
        faults = [f"\n  {fault['pointer'] or '(whole)'}: {fault['detail']}" for fault in problem.get("errors", ())]
        return detail + "".join(faults)
    return f"the daemon answered with status {reply.status}"
