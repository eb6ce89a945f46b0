"""What stands on the pages of a call, by the codes printed on them."""

import datetime as dt
from pathlib import Path

import msgspec

from faxgw.members.register import Register
from faxgw.members.sheets import compose_sheet
from faxgw.order import Order, Priority
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, Sheet
from faxgw.render.tiff import CodedPage, read_pages, write_tiff
from faxgw_loadtest.arrivals import Arrival
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.florist import typed
from faxgw_loadtest.orders import Writer
from faxgw_loadtest.printed import Misprinted, PrintedCall, documents_of, read_many, read_orders

MADE_AT = dt.datetime(2027, 5, 29, 12, tzinfo=dt.UTC)
FLORISTS = list(members(4))
WRITER = Writer("lt-0a1b2c", FLORISTS, MADE_AT.date())
ONE, LONG = WRITER.number(0), WRITER.number(1)


def pages_of(index: int, pages: int) -> list[CodedPage]:
    body = WRITER.write(index, Arrival(0.0, 1, Priority.STANDARD, pages), None)
    sheet = compose_sheet(msgspec.json.decode(body, type=Order), Register(FLORISTS), MADE_AT.timestamp(), "Load test")
    assert isinstance(sheet, Sheet)
    drawn = render_sheet(sheet)
    assert isinstance(drawn, Document)
    return read_pages(drawn.tiff)


def call_of(*parts: list[CodedPage]) -> bytes:
    """A document of several sheets, as a shared call has it."""
    return write_tiff([page for part in parts for page in part], MADE_AT)


def test_the_orders_of_a_shared_call_are_read_page_by_page() -> None:
    """In their order on the line; where the call broke off says which arrived."""
    orders = read_orders(call_of(pages_of(1, 2), pages_of(0, 1)))
    assert orders == (LONG, LONG, ONE)
    call = PrintedCall("s-1-1", orders, pages_delivered=1, pages_arrived=2)
    assert (call.delivered, call.arrived) == ([], [LONG])


def test_pages_that_cannot_be_told_apart_are_named() -> None:
    """A page that is missing, a page twice, a page of nobody, and no fax at all."""
    first, second = pages_of(1, 2)
    found = [
        read_orders(call_of([second])),
        read_orders(call_of([first, first])),
        read_orders(typed(["a letter without a code"])),
        read_orders(b"II*\0 and then nothing"),
    ]
    assert all(isinstance(each, Misprinted) for each in found), found


def test_many_documents_are_read_in_the_order_of_the_carriers_list(tmp_path: Path) -> None:
    """The second under a reference has a number of its own; one that is not there is named as such."""
    references = ["s-2-1", "s-1-1", "s-2-1", "s-9-1"]
    files = list(documents_of(references, tmp_path))
    assert [file.name for file in files] == ["s-2-1.tif", "s-1-1.tif", "s-2-1.2.tif", "s-9-1.tif"]
    files[0].write_bytes(call_of(pages_of(1, 2)))
    files[1].write_bytes(call_of(pages_of(0, 1)))
    files[2].write_bytes(call_of(pages_of(0, 1), pages_of(1, 2)))
    told: list[int] = []
    assert read_many(files, told.append) == [
        (LONG, LONG),
        (ONE,),
        (ONE, LONG, LONG),
        Misprinted("it was not kept"),
    ]
    assert told[-1] == 4
