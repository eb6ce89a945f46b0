"""`faxgw settle`: all its commands."""

import click

from faxgw.cli.settle.exports import export
from faxgw.cli.settle.money import decide, exceptions, import_, match, own, refused
from faxgw.cli.settle.months import accounts, close, months, ready, statement, verify
from faxgw.cli.settle.payouts import payout


@click.group()
def settle() -> None:
    """Who earned what, which payment is for which order, and the end of the month.

    \b
    The month's end, step by step:
      faxgw settle import FILE...        what providers and banks reported
      faxgw settle match                 which order each payment is for
      faxgw settle exceptions, decide    what nobody could match
      faxgw settle ready 2027-05         what stands in the way
      faxgw settle close 2027-05         the month is sealed
      faxgw settle statement 2027-05     as files, or by fax
      faxgw settle payout propose, approve, file
      faxgw settle export                for accountants and tax offices
    """


for _command in (
    *(import_, match, exceptions, own, decide, refused),
    *(months, accounts, ready, close, statement, payout, export, verify),
):
    settle.add_command(_command)
