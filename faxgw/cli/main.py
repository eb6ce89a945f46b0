"""The `faxgw` command. Each command's module is imported only when it runs, so that help is quick.

Exit codes: 0 done; 1 refused (an order, a change, a fax that is not there); 2 wrong usage, config or input;
3 no daemon answers; 4 in doubt; 130 interrupted. `run` has the daemon's own, see `faxgw.daemon`.
"""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from faxgw.cli.exits import EXIT_INTERRUPTED, EXIT_NOT_REACHABLE, EXIT_REFUSED, EXIT_USAGE
from faxgw.errors import FaxgwError, OperatorError

_COMMANDS = {
    "run": ("faxgw.cli.daemon", "run", "Run the daemon in the foreground."),
    "demo": ("faxgw.cli.daemon", "demo", "Send a hundred example orders the whole way on this machine."),
    "check-config": ("faxgw.cli.daemon", "check_config", "Show the config as it takes effect, or every fault of it."),
    "submit": ("faxgw.cli.submit", "submit", "Hand orders in."),
    "send": ("faxgw.cli.send", "send", "Fax a document to a number."),
    "show": ("faxgw.cli.show", "show", "Show a fax with its whole story."),
    "why": ("faxgw.cli.show", "why", "Say why a fax is not being sent this moment."),
    "find": ("faxgw.cli.find", "find", "Find faxes by order number, key or state."),
    "top": ("faxgw.cli.top", "top", "Watch the gateway on one screen."),
    "queue": ("faxgw.cli.queue", "queue", "Show what waits, and on which lines it waits longest."),
    "events": ("faxgw.cli.events", "events", "Tell what happens to faxes."),
    "hold": ("faxgw.cli.control", "hold", "Keep faxes from being sent."),
    "release": ("faxgw.cli.control", "release", "Let held faxes go."),
    "cancel": ("faxgw.cli.control", "cancel", "Take faxes out of the queue for good."),
    "priority": ("faxgw.cli.control", "priority", "Change the class that waiting faxes travel in."),
    "reroute": ("faxgw.cli.control", "reroute", "Send waiting faxes to another number or member."),
    "resolve": ("faxgw.cli.control", "resolve", "Say what became of a fax in doubt."),
    "retry": ("faxgw.cli.control", "retry", "Send faxes that are over and did not arrive, as new faxes."),
    "resend": ("faxgw.cli.control", "resend", "Send copies of delivered faxes, marked as such."),
    "suspend": ("faxgw.cli.stopping", "suspend", "Stop a line, a provider or all sending."),
    "resume": ("faxgw.cli.stopping", "resume", "Let a line, a provider or the gateway go on."),
    "drain": ("faxgw.cli.stopping", "drain", "Take nothing in; what is there goes out."),
    "suspensions": ("faxgw.cli.stopping", "suspensions", "Show what is stopped, by whom and why."),
    "providers": ("faxgw.cli.stopping", "providers", "Show how each carrier stands."),
    "members": ("faxgw.cli.members.group", "members", "The florists' register: look, change, import, export."),
    "relay": ("faxgw.cli.relay", "relay", "Say something about an order between florists, and see what was said."),
    "settle": ("faxgw.cli.settle.group", "settle", "Match payments, close months, pay the stores."),
    "inbox": ("faxgw.cli.inbox", "inbox", "Show the inboxes, what came in, and what is in quarantine."),
    "review": ("faxgw.cli.review", "review", "Decide on faxes that could not be understood."),
    "route": ("faxgw.cli.route", "route", "Say who executes an order and why, or plan a day anew."),
    "routing": ("faxgw.cli.route", "routing", "Take in where postcodes lie."),
    "doctor": ("faxgw.cli.doctor", "doctor", "Look at this machine, the config and the daemon; say what to do."),
    "backup": ("faxgw.cli.backup", "backup", "Copy the store while the daemon runs, and check such a copy."),
    "mark-restored": (
        "faxgw.cli.backup",
        "mark_restored",
        "Mark a PostgreSQL that was restored; what is in doubt waits for a person.",
    ),
    "restore": ("faxgw.cli.backup", "restore", "Make the store from a backup; what is in doubt waits for a person."),
    "render": ("faxgw.cli.render", "render", "Draw the page of an order, without a daemon."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            raise click.UsageError(error.message + (f" Did you mean {near[0]}?" if near else ""), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="faxgw")
def faxgw() -> None:
    """A fax gateway for flower-relay networks.

    Commands find the daemon by --socket, by --url with --token-file on another machine, by $FAXGW_URL or
    $FAXGW_SOCKET, or by the config (-c, or config/faxgw.toml, or /etc/faxgw/faxgw.toml). --json makes the output
    fit for scripts.

    \b
    Exit codes:
      0  done
      1  refused, or no such fax
      2  wrong usage, config or input
      3  no daemon answers, or none in time (--timeout)
      4  not cancelled: nobody knows whether a carrier has it
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit code."""
    sys.exit(_exit_code_of(arguments))


def _exit_code_of(arguments: Sequence[str] | None) -> int:
    try:
        done: Any = faxgw.main(arguments, prog_name="faxgw", standalone_mode=False)
        sys.stdout.flush()
        return done if isinstance(done, int) else 0
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except click.Abort:
        return EXIT_INTERRUPTED
    except OperatorError as error:
        _complain(error)
        return EXIT_USAGE
    except FaxgwError as error:
        _complain(error)
        return _exit_code_for(error)
    except BrokenPipeError:
        # `faxgw events | head`: nobody reads on. The interpreter would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        # A file that somebody named: `-o` in a folder that is not there, say.
        _complain(f"{error.filename}: {error.strerror}")
        return EXIT_USAGE


def _complain(error: FaxgwError | str) -> None:
    from faxgw.cli.screen import say  # noqa: PLC0415 Help must not wait for it.

    say(f"faxgw: {error}", err=True)


def _exit_code_for(error: FaxgwError) -> int:
    from faxgw.cli.client import NotReachableError  # noqa: PLC0415 Help must not wait for it.

    return EXIT_NOT_REACHABLE if isinstance(error, NotReachableError) else EXIT_REFUSED
