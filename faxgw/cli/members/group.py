"""`faxgw members`: all its commands."""

import click

from faxgw.cli.members.accounts import account
from faxgw.cli.members.changes import add, admit, change, check, label, withdraw
from faxgw.cli.members.files import export, import_
from faxgw.cli.members.quality import complaint, sample, score
from faxgw.cli.members.reading import certified, history, list_, show


@click.group()
def members() -> None:
    """The florists' register: who is a member on which day, and how that changes.

    Everything is dated: a change holds from a day on (--from), or for some days (--until), and is kept with who and
    why. Questions are answered as of any day (--as-of), and as it was known at any time (--known-at).
    """


for _command in (
    *(list_, show, add, check, admit, change, withdraw, history),
    *(import_, export, label, certified, account, sample, complaint, score),
):
    members.add_command(_command)
