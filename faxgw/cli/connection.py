"""What every command that talks to the daemon shares: its options, finding the socket, reading refusals."""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from faxgw.cli.client import Client, LocalClient, RemoteClient, Reply
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


_url_option = click.option("--url", help="The daemon on another machine: https://HOST:PORT. [env: FAXGW_URL]")
_token_option = click.option(
    "--token-file", help="Holds the token to show there; also credential:NAME. [env: FAXGW_TOKEN_FILE]"
)
_ca_option = click.option(
    "--ca",
    "ca_file",
    type=click.Path(path_type=Path),
    help="Who signed its certificate, where this machine does not trust them anyway. [env: FAXGW_CA]",
)


class RefusedError(FaxgwError):
    """The daemon said no; the message is its reason."""


def with_client(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that find the daemon, and a `client` as its first argument."""
    return _connecting(command, TIMEOUT_SECONDS)


def with_patient_client(command: Callable[..., T]) -> Callable[..., T]:
    """The same for what may take the daemon minutes: files of many lines, a month's end, a day's plan."""
    return _connecting(command, LONG_TIMEOUT_SECONDS)


def place_options(command: Callable[..., T]) -> Callable[..., T]:
    """The options that say where the daemon is; `find_daemon` takes them."""
    for option in (config_option, _ca_option, _token_option, _url_option, socket_option):
        command = option(command)
    return command


def _connecting(command: Callable[..., T], timeout_seconds: float) -> Callable[..., T]:
    @place_options
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
        *args: Any,
        socket_path: Path | None,
        url: str | None,
        token_file: str | None,
        ca_file: Path | None,
        config_path: Path | None,
        timeout_seconds: float,
        **kwargs: Any,
    ) -> T:
        client = find_daemon(socket_path, url, token_file, ca_file, config_path, timeout_seconds)
        try:
            return command(client, *args, **kwargs)
        finally:
            client.close()

    return connected


def _read_timeout(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # It is in no range and out of none.
        raise click.BadParameter("write seconds, such as 30")
    return seconds


def find_daemon(
    socket_path: Path | None,
    url: str | None,
    token_file: str | None,
    ca_file: Path | None,
    config_path: Path | None,
    timeout_seconds: float,
) -> Client:
    """By what was said: --socket or --url, then -c; else by the environment, where FAXGW_URL comes first.

    Raises:
        OperatorError: nothing tells, or too much.
    """
    if url is not None and (socket_path or config_path) is not None:
        raise OperatorError("which daemon? --url names one, --socket or -c another")
    if url is None and socket_path is None and config_path is None:
        url = os.environ.get("FAXGW_URL") or None
    if url is None:
        return LocalClient(find_socket(socket_path, config_path), timeout_seconds=timeout_seconds)
    token_file = token_file or os.environ.get("FAXGW_TOKEN_FILE")
    if not token_file:
        raise OperatorError(f"{url} asks for a token: name the file that holds it, by --token-file or FAXGW_TOKEN_FILE")
    if ca_file is None and (named := os.environ.get("FAXGW_CA")):
        ca_file = Path(named)
    return RemoteClient(url, token_file, ca_file, timeout_seconds)


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
