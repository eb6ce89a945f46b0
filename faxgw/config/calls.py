"""The config of calls that several faxes share."""

from faxgw.config.section import Count, Seconds, Section


class CallConfig(Section, frozen=True, kw_only=True):
    """How many of the faxes that wait for one line go in one call.

    Only faxes that wait anyway share a call, and only over carriers that tell how many pages were confirmed.
    """

    faxes_max: Count = 1
    """1 gives each fax a call of its own. Five take 42 % less of a line's time; a doubt is then one of all five."""
    pages_max: Count = 10
    """Pages of a call that is shared; a fax of more goes alone."""
    setup_seconds: Seconds = 15.0
    """From dialling to the first page, as a guess: no fax is taken along whose deadline its last page would miss."""
    page_seconds: Seconds = 30.0
    """A page on the line, as a careful guess: an order sheet takes about 13 s at 14,400 bit/s, 25 s at 7,200."""

    def seconds_of(self, pages: int) -> float:
        """How long a call of so many pages may take."""
        return self.setup_seconds + pages * self.page_seconds


ONE_FAX = CallConfig(faxes_max=1)
"""Each fax has a call of its own."""
