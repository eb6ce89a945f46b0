"""`faxgw backup` and `faxgw restore`: a copy of the store while the daemon runs, and a store from such a copy.

Both work on files and ask no daemon, so that they also work when none starts. They are run as the user of the daemon.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from faxgw.cli.connection import config_option, find_config, json_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.screen import counted, print_json, say
from faxgw.clock import SystemClock
from faxgw.config.whole import load_config
from faxgw.errors import OperatorError

_HELP_OPTIONS = ("-h", "--help")


class _ToGroup(click.Group):
    """`faxgw backup PLACE` is short for `faxgw backup to PLACE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in _HELP_OPTIONS:
            args = ["to", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ToGroup)
def backup() -> None:
    """Copy the store and its documents, while the daemon runs or not.

    \b
      faxgw backup /backup/2027-05-08       makes a new folder there
      faxgw backup verify /backup/2027-05-08
    """


@backup.command("to")
@click.argument("target", type=click.Path(path_type=Path))
@config_option
@json_option
def make(target: Path, config_path: Path | None, as_json: bool) -> None:
    """Make a backup in the new folder TARGET.

    It gets that name once it is whole, is on the disk and was read back. Only its owner can read it: it holds names,
    addresses and telephone numbers. The config and secrets are not in it.
    """
    from faxgw.store.backup.making import Wish, make_backup  # noqa: PLC0415 It brings all of SQLAlchemy.

    config = load_config(find_config(config_path))
    if config.store.url:
        raise OperatorError(
            "the store is in PostgreSQL, which has its own backups: use them, and copy documents_dir (docs/standby.md)"
        )
    wish = Wish(
        state_dir=Path(config.gateway.state_dir),
        target=target.absolute(),
        made_at=SystemClock().now(),
        free_bytes_min=config.store.free_bytes_min,
    )
    with _progress(as_json) as watch:
        made = make_backup(wish, watch)
    if as_json:
        print_json({"path": str(wish.target), "bytes": made.size_bytes, **msgspec.to_builtins(made.manifest)})
        return
    say(f"{wish.target}\n{_contents_text(made.manifest, made.files, made.size_bytes)}")
    if made.manifest.documents_missing:
        missing = counted(made.manifest.documents_missing, "document")
        say(f"{missing} that the store names are not in its folder", err=True)
    if made.manifest.left_out:
        say(f"left out, for it is not the store's: {', '.join(made.manifest.left_out)}", err=True)


@backup.command("verify")
@click.argument("place", type=click.Path(path_type=Path))
@json_option
def verify(place: Path, as_json: bool) -> int:
    """Read all of a backup and say whether it is whole. Exit code 1 where it is not."""
    from faxgw.store.backup.checking import check_backup  # noqa: PLC0415 It brings all of SQLAlchemy.

    checked = check_backup(place)
    if as_json:
        print_json(
            {
                "whole": checked.is_whole,
                "faults": checked.faults,
                "bytes": checked.size_bytes,
                "manifest": msgspec.to_builtins(checked.manifest),
            }
        )
    else:
        if checked.manifest is not None:
            say(_contents_text(checked.manifest, checked.files, checked.size_bytes))
        say("it is whole" if checked.is_whole else "it is NOT whole\n" + "\n".join(f"  {f}" for f in checked.faults))
    return 0 if checked.is_whole else EXIT_REFUSED


@click.command()
@click.argument("place", type=click.Path(path_type=Path))
@config_option
@json_option
def restore(place: Path, config_path: Path | None, as_json: bool) -> None:
    """Make the store from the backup in PLACE. No daemon may run, and the state directory must be empty.

    What happened after the backup is not in it, and faxes that wait in it may have gone out since. So nothing is sent
    and nothing is taken in until a person says so: every fax that is not over is held and would go out marked as a
    possible duplicate, and `to-reconcile.csv` in the state directory lists what to ask carriers and florists about.
    docs/operations.md tells the steps.
    """
    import faxgw.daemon  # noqa: PLC0415 Imports all of the gateway.
    from faxgw.store.backup.folder import make_folder  # noqa: PLC0415 It brings all of SQLAlchemy.
    from faxgw.store.backup.restoring import RestoreWish, restore  # noqa: PLC0415

    config = load_config(find_config(config_path))
    if config.store.url:
        raise OperatorError(
            "the store is in PostgreSQL: restore it by its own means, then run `faxgw mark-restored` (docs/standby.md)"
        )
    state_dir = Path(config.gateway.state_dir)
    make_folder(state_dir)
    with faxgw.daemon.only_one_daemon(state_dir), _progress(as_json) as watch:
        wish = RestoreWish(backup=place.absolute(), state_dir=state_dir, now=SystemClock().now())
        restored = restore(wish, watch)
    _tell_restored(restored, f"{state_dir} is restored", state_dir, as_json)


def _read_moment(_context: click.Context, _parameter: click.Parameter, text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(f"{text!r} is no moment with its offset, such as 2027-05-08T03:00:00Z")
    return moment


@click.command("mark-restored")
@click.argument("made_at", metavar="MOMENT", callback=_read_moment)
@config_option
@json_option
def mark_restored(made_at: dt.datetime, config_path: Path | None, as_json: bool) -> None:
    """Mark a PostgreSQL that was restored from a copy made at MOMENT (2027-05-08T03:00:00Z), before a daemon starts.

    What happened after the copy is not in it, as with `faxgw restore`: every fax that is not over is held, nothing is
    sent or taken in, and a list in the state directory says what to ask carriers and florists about.
    """
    from faxgw.store.backup.dumped import mark_dumped  # noqa: PLC0415 It brings all of SQLAlchemy.

    config = load_config(find_config(config_path))
    if not config.store.url:
        raise OperatorError("the store is a file of this machine: `faxgw restore` makes and marks it in one")
    now = SystemClock().now()
    if made_at.timestamp() > now:
        raise OperatorError(f"{made_at.isoformat()} is yet to come: give the moment at which the copy was made")
    restored = mark_dumped(config.store, Path(config.gateway.state_dir), made_at.timestamp(), now)
    _tell_restored(restored, "the database is marked", Path(config.gateway.state_dir), as_json)


def _tell_restored(restored: Any, done: str, state_dir: Path, as_json: bool) -> None:
    marked = restored.marked
    if as_json:
        told = {"reconcile": str(restored.reconcile), "marked": msgspec.to_builtins(marked)}
        print_json({"state_dir": str(state_dir), **told})
        return
    held = ", ".join(f"{state} {count:,}" for state, count in marked.faxes.items()) or "none"
    say(
        f"{done}. Nothing is sent or taken in until `faxgw resume gateway`.\n"
        f"  faxes held that may have gone out since   {sum(marked.faxes.values()):,} ({held})\n"
        f"  orders that only people hand on now       {marked.orders:,}\n"
        f"  inbound faxes set aside, reviews reopened {marked.inbound:,}, {marked.reviews:,}\n"
        f"Next: {restored.reconcile}; ask carriers and florists about each (docs/operations.md, Restore)."
    )


def _contents_text(manifest: Any, files: int, size_bytes: int) -> str:
    faxes = ", ".join(f"{count:,} {state}" for state, count in sorted(manifest.faxes.items())) or "none"
    return (
        f"  made      {manifest.made_at} by faxgw {manifest.faxgw}, schema {manifest.schema}\n"
        f"  faxes     {faxes}\n"
        f"  size      {counted(files, 'file')}, {size_bytes / 2**20:,.1f} MiB"
    )


@contextmanager
def _progress(is_quiet: bool) -> Iterator[Any]:
    """A bar on standard error, where a person looks."""
    from rich.console import Console  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=is_quiet or not screen.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def watch(progress: Any) -> None:
            task = tasks.get(progress.step)
            if task is None:
                task = tasks[progress.step] = bar.add_task(progress.step)
            bar.update(task, completed=progress.done_bytes, total=progress.all_bytes)

        yield watch
