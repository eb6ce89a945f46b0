"""The `faxgw-loadtest` command: does the gateway hold on the Saturday before Mother's Day, and what does it need?

Exit codes: 0 done; 1 something was lost, twice, refused or unfinished, or a deadline missed that the lines allowed;
2 wrong usage, profile or environment; 130 interrupted.
"""

import importlib.util
import signal
import sys

import click

from faxgw.errors import OperatorError

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_NEEDED = ("hdrh", "httptools", "uvloop")


def main() -> None:
    if missing := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        click.echo(f"faxgw-loadtest: {', '.join(missing)} missing; pip install 'faxgw[loadtest]'", err=True)
        sys.exit(EXIT_USAGE)
    from faxgw_loadtest.commands import loadtest  # noqa: PLC0415 - stands on what may be missing.

    # So that the daemon and the carrier of a run are ended, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        sys.exit(loadtest.main(standalone_mode=False) or 0)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except OperatorError as error:
        click.echo(f"faxgw-loadtest: {error}", err=True)
        sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
