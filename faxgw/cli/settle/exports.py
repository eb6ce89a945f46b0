"""`faxgw settle export`: closed months for accounting programs and tax offices."""

import urllib.parse
from pathlib import Path

import click

from faxgw.cli.client import Client
from faxgw.cli.connection import RefusedError, reason_of, with_patient_client
from faxgw.cli.screen import hand_out, say
from faxgw.cli.settle.asking import period_argument, read_period


@click.command()
@click.argument("kind", type=click.Choice(["vouchers", "fec", "saft"]))
@period_argument
@click.option("--until", default=None, metavar="MONTH", callback=lambda c, p, v: read_period(c, p, v) if v else None)
@click.option("--currency", default="", help="Of a SAF-T file, which has one.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=None)
@with_patient_client
def export(client: Client, kind: str, period: str, until: str | None, currency: str, output: Path | None) -> None:
    """Closed months, from MONTH to --until, as vouchers (CSV), FEC (France) or SAF-T Financial 1.30 (Norway)."""
    asked = urllib.parse.urlencode({"first": period, "last": until or period, "currency": currency})
    reply = client.get(f"/v1/settlement/exports/{kind}?{asked}")
    if not reply.is_good:
        raise RefusedError(reason_of(reply))
    if output is None:
        hand_out(reply.body)
    else:
        output.write_bytes(reply.body)
        say(f"{output}: {len(reply.body)} bytes")
