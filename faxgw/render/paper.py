"""The sheet of paper in pixels: how wide, how many rows, and how rows grow with the resolution.

Every position in a layout is written once, in columns and fine rows; `Paper.row` turns a fine row into
a row of the wanted resolution.
"""

import msgspec

from faxgw.render.sheet import Resolution

COLUMNS = 1728
"""Pixels across (ITU-T T.4 table 1): 215 mm."""

COLUMNS_PER_INCH = 204

FINE_ROWS = 2287
"""Rows of an A4 page at 196 to the inch.

2292 would be 297.03 mm, and HylaFAX's tiffcheck then answers RESIZE; at 391 it does so from 4572 on.
"""


class Paper(msgspec.Struct, frozen=True):
    """One A4 page at one vertical resolution."""

    rows: int
    lines_per_inch: int
    times: int
    """A fine row is `times / per` rows."""
    per: int

    def row(self, fine_row: int) -> int:
        return fine_row * self.times // self.per


PAPERS = {
    Resolution.STANDARD: Paper(rows=1143, lines_per_inch=98, times=1, per=2),
    Resolution.FINE: Paper(rows=FINE_ROWS, lines_per_inch=196, times=1, per=1),
    Resolution.SUPERFINE: Paper(rows=4571, lines_per_inch=391, times=2, per=1),
}
