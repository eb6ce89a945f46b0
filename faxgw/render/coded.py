"""Coded bands, and the memory of those used last."""

import collections

import msgspec

from faxgw.render.bands import Band


class Coded(msgspec.Struct, frozen=True, gc=False):
    """A band's bits, where they stand in the strip that libtiff made of its slot."""

    strip: bytes
    first: int
    end: int
    """The bit after the last."""


class BandCache:
    """The bands used last, at one resolution; bounded by the memory they take.

    A band is kept when it comes up for the second time: most never do (a name, a number, a card), and would push out
    those that come on every page.
    """

    def __init__(self, bytes_max: int = 32 << 20) -> None:
        self._coded: collections.OrderedDict[Band, Coded] = collections.OrderedDict()
        self._bytes_max = bytes_max
        self._seen_once: set[int] = set()
        """Hashes: a clash keeps a band one time too early, no more."""
        self.bytes_held = 0

    def get(self, band: Band) -> Coded | None:
        coded = self._coded.get(band)
        if coded is not None:
            self._coded.move_to_end(band)
        return coded

    def put(self, band: Band, coded: Coded) -> None:
        if hash(band) not in self._seen_once:
            self._see(hash(band))
            return
        self._coded[band] = coded
        self.bytes_held += _bytes_of(coded)
        while self.bytes_held > self._bytes_max:
            self.bytes_held -= _bytes_of(self._coded.popitem(last=False)[1])

    def _see(self, band_hash: int) -> None:
        if len(self._seen_once) >= SEEN_ONCE_MAX:
            self._seen_once.clear()
        self._seen_once.add(band_hash)


SEEN_ONCE_MAX = 1 << 17
"""Some ten thousand pages' bands; 12 MB at most."""

_BAND_BYTES = 1 << 10
"""About what a band takes beside its strip: a few marks with their texts."""


def _bytes_of(coded: Coded) -> int:
    return len(coded.strip) + _BAND_BYTES
