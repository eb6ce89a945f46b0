"""A carrier that takes PDF only gets the same pages, drawn and coded once, in another file."""

import math

from trio.testing import MockClock

from faxgw.fax import State
from faxgw.provider.port import Capabilities, Format, LookUpKind
from faxgw.provider.scripted import ScriptedProvider
from faxgw.render.pdf import PDF_REVISION, pdf_of
from tests.journeys.account import settle_account
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

PDF_ONLY = frozenset({Format.PDF})


def pdf_carrier(town: Town, name: str = "scripted", **capabilities: object) -> ScriptedProvider:
    able = Capabilities(formats=PDF_ONLY, **capabilities)  # type: ignore[arg-type]
    return ScriptedProvider(name, clock=town.clock, capabilities=able, idempotent=able.idempotent_seconds > 0)


async def test_a_carrier_of_pdf_gets_a_pdf_that_can_be_had_again(autojump_clock: MockClock) -> None:
    """The archive's TIFF is proven by the attempt's digest, and gives the PDF that went out, to the bit."""
    async with open_town() as town:
        async with town.with_carrier(pdf_carrier(town)), town.running() as gateway:
            [fax_id] = await town.submit(order_for(1, "one"))
            view = await town.wait_state(fax_id, State.DELIVERED)
            [attempt] = view.attempts
            assert attempt.form_version == f"plain+{PDF_REVISION}"
            tiff = await gateway.archive.page(view, "tif")
            assert isinstance(tiff, bytes)
            assert town.carrier.documents[attempt.client_ref] == pdf_of(tiff) == await gateway.archive.page(view, "pdf")
        await settle_account(town, delivered=1)


async def test_a_pdf_in_doubt_is_handed_in_again_as_the_same_pdf(autojump_clock: MockClock) -> None:
    """Where the carrier knows a repeat by its key, the repeat is a PDF too."""
    async with open_town() as town:
        carrier = pdf_carrier(town, look_up=LookUpKind.NONE, idempotent_seconds=math.inf)
        async with town.with_carrier(carrier), town.running():
            town.carrier.script(line_of(1), ["closed_before"])
            [fax_id] = await town.submit(order_for(1, "one"))
            view = await town.wait_state(fax_id, State.DELIVERED)
            [attempt] = view.attempts
            assert carrier.documents[attempt.client_ref].startswith(b"%PDF-")
        await settle_account(town, delivered=1)


async def test_each_carrier_gets_what_it_takes(autojump_clock: MockClock) -> None:
    """A fax that fails with one carrier goes over to another of the other format: one digest, two files."""
    configs = [carrier_config("tiff", cost=1.0), carrier_config("pdf", cost=2.0)]
    async with open_town(*configs) as town:
        async with town.with_carrier(pdf_carrier(town, "pdf")), town.running():
            town.carriers["tiff"].script(line_of(1), ["network"])
            [fax_id] = await town.submit(order_for(1, "one"))
            view = await town.wait_state(fax_id, State.DELIVERED)
            first, second = view.attempts
            assert (first.provider, second.provider) == ("tiff", "pdf")
            assert first.sha256 == second.sha256
            assert [attempt.form_version for attempt in view.attempts] == ["plain", f"plain+{PDF_REVISION}"]
            assert town.carriers["tiff"].documents[first.client_ref].startswith(b"II*\0")
            assert town.carriers["pdf"].documents[second.client_ref].startswith(b"%PDF-")
        await settle_account(town, delivered=1)
