"""`faxgw render`: draws the page of an order as it would be sent, without a daemon."""

import datetime as dt
from pathlib import Path
from typing import Any

import click
import msgspec

from faxgw.cli.connection import CONFIG_PLACES, RefusedError, config_option, json_option
from faxgw.cli.screen import print_json, say
from faxgw.clock import SystemClock
from faxgw.config.whole import Config, load_config
from faxgw.errors import OperatorError
from faxgw.members.file import load_register
from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order, read_order
from faxgw.render.page import document_to_pdf, document_to_png, render_sheet
from faxgw.render.sheet import Document, Party, Resolution, Sheet, Unrenderable

_path = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=click.File("rb"), metavar="ORDER.json")
@click.option("-o", "--output", type=_path, help="Write the fax here, as TIFF.")
@click.option("--png", type=_path, help="Write the first page here, as PNG.")
@click.option("--pdf", type=_path, help="Write all pages here, as PDF.")
@click.option("--language", type=click.Choice(["de", "en", "fr", "nb"]), help="Instead of the florist's.")
@click.option("--resolution", type=click.Choice([*Resolution]), default=Resolution.FINE, show_default=True)
@click.option("--members", type=_path, help="The florists' register; by default the config's.")
@config_option
@json_option
def render(
    file: Any,
    output: Path | None,
    png: Path | None,
    pdf: Path | None,
    language: Any,
    resolution: str,
    members: Path | None,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Draw the page of the order in ORDER.json ("-": standard input) as it would be sent now.

    Without a register florists are shown by their ids.
    """
    if not (output or png or pdf):
        raise click.UsageError("say where to write: -o page.tif, --png page.png or --pdf page.pdf")
    order = _read(file)
    if language is not None:
        order = msgspec.structs.replace(order, language=language)
    document = _draw(order, members, config_path, Resolution(resolution))
    if output:
        output.write_bytes(document.tiff)
    if png:
        png.write_bytes(document_to_png(document))
    if pdf:
        pdf.write_bytes(document_to_pdf(document))
    _report(document, [str(path) for path in (output, png, pdf) if path is not None], as_json)


def _read(file: Any) -> Order:
    try:
        raw = msgspec.json.decode(file.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperatorError(f"{file.name}: not JSON: {error}") from error
    order = read_order(raw, dt.datetime.now(dt.UTC))
    if isinstance(order, list):
        faults = [f"\n  {fault.pointer or '(whole order)'}: {fault.detail}" for fault in order]
        raise RefusedError(f"{file.name}: the order would be refused:" + "".join(faults))
    return order


def _draw(order: Order, members: Path | None, config_path: Path | None, resolution: Resolution) -> Document:
    config = _config(config_path)
    header_name = config.gateway.name if config else "faxgw"
    file = members or (Path(config.members.file) if config and config.members.file else None)
    sheet = _compose(order, load_register(file) if file else None, header_name)
    drawn = render_sheet(sheet, resolution) if isinstance(sheet, Sheet) else sheet
    if isinstance(drawn, Unrenderable):
        raise RefusedError(f"the order cannot be drawn: {drawn.reason}")
    return drawn


def _config(config_path: Path | None) -> Config | None:
    """The config, if there is one: an order can be drawn without."""
    place = config_path or next((place for place in CONFIG_PLACES if place.exists()), None)
    return load_config(place) if place else None


def _compose(order: Order, register: Register | None, header_name: str) -> Sheet | Unrenderable:
    if register is not None:
        return compose_sheet(order, register, SystemClock().now(), header_name)
    executor = order.executing_member or order.fax_number or ""
    return Sheet(
        order=order,
        sender=Party(name=order.sending_member, member_id=order.sending_member),
        executor=Party(name=executor, member_id=order.executing_member or "", fax=order.fax_number or ""),
        language=order.language or "en",
        sent_at=dt.datetime.fromtimestamp(int(SystemClock().now()), dt.UTC).astimezone(),
        header_name=header_name,
    )


def _report(document: Document, paths: list[str], as_json: bool) -> None:
    if as_json:
        figures = {"pages": document.pages, "bytes": len(document.tiff), "sha256": document.sha256}
        more = {"form_version": document.form_version, "unprintable": document.unprintable, "files": paths}
        print_json(figures | more)
        return
    pages = "1 page" if document.pages == 1 else f"{document.pages} pages"
    say(f"{', '.join(paths)}: {pages}, {len(document.tiff):,} bytes as TIFF, form {document.form_version}")
    if document.unprintable:
        say(f"the font lacks {document.unprintable!r}: printed as a box", err=True)
