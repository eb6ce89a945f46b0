"""`faxgw run`, `demo` and `check-config`: what starts a daemon, or tells whether one could start."""

from functools import partial
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from faxgw.cli.connection import config_option, find_config, json_option
from faxgw.cli.screen import print_json, say
from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.config.whole import Config, load_config
from faxgw.errors import ConfigError


@click.command()
@config_option
def run(config_path: Path | None) -> int:
    """Run the daemon in the foreground until SIGTERM or SIGINT; a second signal stops it at once."""
    path = find_config(config_path).resolve()
    config = load_config(path)
    import faxgw.daemon  # noqa: PLC0415 Imports all of the gateway.

    return faxgw.daemon.run(config, partial(load_config, path))


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where it works; what is in there is removed first.",
)
@json_option
def demo(folder: Path, as_json: bool) -> int:
    """Send a hundred example orders through a daemon and a simulated carrier, and show the account."""
    from faxgw.cli.demo import demo as show_the_way  # noqa: PLC0415
    from faxgw.cli.screen import console  # noqa: PLC0415

    screen = console()
    screen.quiet = as_json
    account = show_the_way(folder.resolve(), screen)
    if as_json:
        print_json(msgspec.to_builtins(account))
    else:
        screen.print(str(account), style="bold green" if account.is_right else "bold red")
        screen.print(f"pages     {folder / 'pages'} as the carrier got them\npicture   {folder / 'page.png'}")
        screen.print(f"accounts  {folder / 'statements'}: a statement for each store")
    return 0 if account.is_right else 1


@click.command("check-config")
@config_option
@click.option(
    "--running",
    "running_path",
    type=click.Path(path_type=Path),
    help="The config that the daemon runs by: say instead what SIGHUP would change, and what waits for the next start.",
)
@json_option
def check_config(config_path: Path | None, running_path: Path | None, as_json: bool) -> None:
    """Show the config as it takes effect, or every fault of it. Of secrets it says where they come from."""
    path = find_config(config_path)
    config = load_config(path)
    _check_surroundings(path, config)
    if running_path is not None:
        _show_reload(load_config(running_path), config, as_json=as_json)
    else:
        _show_config(path, _with_all_retries(config), as_json=as_json)


def _show_config(path: Path, config: Config, *, as_json: bool) -> None:
    from faxgw.cli.surroundings import origins  # noqa: PLC0415 Nobody else looks.

    if as_json:
        print_json(msgspec.to_builtins(config))
    else:
        secrets = ["", "# secrets", *(f"#   {origin}" for origin in origins(config))]
        lines = [f"# {path} as it takes effect", *_toml_lines("", msgspec.to_builtins(config)), *secrets]
        say("\n".join(lines))


def _show_reload(running: Config, new: Config, *, as_json: bool) -> None:
    from faxgw.config.reload import plan_reload  # noqa: PLC0415 Nobody else asks.

    change = plan_reload(running, new)
    if as_json:
        print_json({"applied": change.applied, "waits": change.waits})
    else:
        say(f"at SIGHUP          {', '.join(change.applied) or 'nothing'}")
        say(f"at the next start  {', '.join(change.waits) or 'nothing'}")


def _with_all_retries(config: Config) -> Config:
    return msgspec.structs.replace(config, retry={failure: config.retry_for(failure) for failure in DEFAULT_RETRIES})


def _check_surroundings(path: Path, config: Config) -> None:
    """
    Raises:
        ConfigError: what the config names cannot be used; the message lists every fault.
    """
    from faxgw.cli.surroundings import faults_around  # noqa: PLC0415 Nobody else looks.

    if faults := faults_around(config):
        raise ConfigError("\n".join([f"{path} cannot be used:", *(f"  {fault}" for fault in faults)]))


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in cast("list[object]", value))


def _toml_lines(table: str, values: dict[str, Any]) -> list[str]:
    """TOML of nested tables, values before tables as it asks; what is not set is left out."""
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    lists = {name: value for name, value in values.items() if _is_list_of_tables(value)}
    plain = {name: value for name, value in values.items() if name not in tables | lists and value is not None}
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in plain.items()]
    for name, value in tables.items():
        inner = f"{table}{name}"
        body = _toml_lines(f"{inner}.", value)
        has_own = any(not isinstance(item, dict) for item in value.values())
        lines += ["", f"[{inner}]", *body] if has_own else body
    for name, items in lists.items():
        for item in items:
            lines += ["", f"[[{table}{name}]]", *_toml_lines(f"{table}{name}.", item)]
    return lines
