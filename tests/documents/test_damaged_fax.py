"""A fax page that somebody hands in goes on the line only when its codes are whole."""

import io
import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from faxgw.render import libtiff
from faxgw.render.handed_in.group4 import _run_lengths, are_whole
from faxgw.render.handed_in.handed import Kind
from faxgw.render.tiff import CodedPage, read_pages, write_tiff
from tests.documents import samples
from tests.peers import require_peer

COLUMNS = 1728


def _rows(seed: int, rows: int) -> np.ndarray:
    """Rows that resemble each other, as rows of letters do: edges move by a few pixels, come and go."""
    dice = np.random.default_rng(seed)
    ink = np.zeros((rows, COLUMNS), np.bool_)
    for row in range(rows):
        ink[row] = np.roll(ink[row - 1], dice.integers(-4, 5)) if row else False
        for start in dice.integers(0, COLUMNS, dice.integers(0, 6)):
            ink[row, start : start + dice.integers(1, 400)] ^= True
    return ink


def _coded(ink: np.ndarray) -> bytes:
    return libtiff.encode(np.packbits(ink, axis=1), len(ink))[0]


def _in_runs(ink: np.ndarray) -> bytes:
    """The same rows by another writer, who knows the horizontal mode only: good codes, and longer."""
    codes = [{run: code for code, run in _run_lengths(black=black).items()} for black in (False, True)]
    bits = ""
    for row in ink:
        edges = [0, *(np.flatnonzero(np.diff(row.astype(np.int8), prepend=0))), COLUMNS]
        runs = [*itertools.starmap(lambda start, end: int(end - start), itertools.pairwise(edges))]
        for number, run in enumerate([*runs, *[0] * (len(runs) % 2)]):
            bits += "001" * (number % 2 == 0)
            bits += "".join(codes[number % 2][part] for part in _parts(run))
    return int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")


def _parts(run: int) -> Iterator[int]:
    if run >= 64:
        yield run // 64 * 64
    yield run % 64


@hypothesis.given(seed=st.integers(0, 10_000), rows=st.integers(1, 40))
@hypothesis.settings(max_examples=60, deadline=None)
def test_good_codes_are_whole_whoever_wrote_them(seed: int, rows: int) -> None:
    """Of libtiff and of a writer with one mode only, with an end behind the last row or without."""
    ink = _rows(seed, rows)
    for codes in (_coded(ink), _in_runs(ink), _in_runs(ink) + bytes(4)):
        assert are_whole(codes, COLUMNS, rows)
        assert not are_whole(codes, COLUMNS, rows + 1), "one row is missing"
        assert not are_whole(codes, COLUMNS, rows - 1), "one row is left over"


@hypothesis.given(seed=st.integers(0, 10_000), data=st.data())
@hypothesis.settings(max_examples=60, deadline=None)
def test_whatever_the_bytes_are_there_is_an_answer(seed: int, data: st.DataObject) -> None:
    """Bytes of any sort are whole or not, and never an error."""
    codes = bytearray(_coded(_rows(seed, 20)))
    for place in data.draw(st.lists(st.integers(0, len(codes) - 1), max_size=5)):
        codes[place] = data.draw(st.integers(0, 255))
    assert are_whole(bytes(codes), COLUMNS, 20) in {True, False}


TOP = 300


def _page(seed: int = 1, columns: int = COLUMNS) -> np.ndarray:
    """A fax page with white at its head for our header line."""
    ink = np.zeros((2287, columns), np.bool_)
    ink[TOP : TOP + 60] = _rows(seed, 60)[:, :columns]
    return ink


def _fax(*pages: bytes) -> bytes:
    return write_tiff([CodedPage(codes, 2287, 196) for codes in pages], samples.SENT_AT)


def _damaged(codes: bytes) -> bytes:
    """Four bytes of 0 are no code, wherever they stand."""
    middle = len(codes) // 2
    return codes[:middle] + bytes(4) + codes[middle + 4 :]


def _bits(codes: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in codes)


def test_the_codes_that_came_in_go_out() -> None:
    """Below the header line a page that is coded the way T.6 says keeps its codes, to the bit."""
    codes = _coded(_page())
    (page,) = read_pages(samples.drawn(Kind.TIFF, _fax(codes)).tiff)
    white_rows, below = _bits(codes)[:TOP], _bits(codes)[TOP:].rstrip("0")
    assert set(white_rows) == {"1"}
    assert _bits(page.strip).rstrip("0").endswith(below)


def test_a_page_of_another_writer_keeps_its_pixels() -> None:
    """Good codes that libtiff would not have written are read, and go out as short as they can be."""
    ink = _page()
    document = samples.drawn(Kind.TIFF, _fax(_in_runs(ink)))
    np.testing.assert_array_equal(samples.pixels(document)[0][TOP:], ink[TOP:])
    assert document == samples.drawn(Kind.TIFF, _fax(_coded(ink)))


@pytest.mark.parametrize("coded", [_coded, _in_runs])
def test_a_fax_with_a_damaged_row_is_refused(coded: Callable[[np.ndarray], bytes]) -> None:
    """libtiff reads it and says nothing; we say which page it is."""
    codes = coded(_page())
    with Image.open(io.BytesIO(_fax(_damaged(codes)))) as file:
        file.load()
    assert samples.refusal(Kind.TIFF, _fax(codes, _damaged(codes))) == "page 2 of the TIFF is damaged: send it again"


def _saved(ink: np.ndarray, **tags: int) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[int(tag[1:])] = value
    return samples.saved(Image.fromarray(~ink), format="TIFF", compression="group4", tiffinfo=directory)


@pytest.mark.parametrize("columns", [COLUMNS, 1723])
@pytest.mark.parametrize("tags", [{}, {"t266": 2}, {"t278": 100}])
def test_every_way_to_keep_codes_in_a_file_is_looked_through(columns: int, tags: dict[str, int]) -> None:
    """Low or high bit first, one strip or many, rows that end within a byte: whole ones go, damaged ones do not."""
    content = _saved(_page(columns=columns), **tags)
    samples.drawn(Kind.TIFF, content)
    with Image.open(io.BytesIO(content)) as file:
        strips = sorted(zip(file.tag_v2[279], file.tag_v2[273], strict=True))  # type: ignore[attr-defined]
    bytes_, offset = strips[-1]
    middle = offset + bytes_ // 2
    damaged = content[:middle] + bytes(4) + content[middle + 4 :]
    assert samples.refusal(Kind.TIFF, damaged) == "page 1 of the TIFF is damaged: send it again"


@pytest.mark.live
def test_tiles_are_looked_through(tmp_path: Path) -> None:
    """A page in tiles, which nobody faxes and some archives write."""
    tiffcp, whole, tiled = require_peer("tiffcp"), tmp_path / "whole.tif", tmp_path / "tiled.tif"
    whole.write_bytes(_fax(_coded(_page())))
    subprocess.run([tiffcp, "-t", "-w", "512", "-l", "512", "-c", "g4", whole, tiled], check=True, capture_output=True)
    content = tiled.read_bytes()
    samples.drawn(Kind.TIFF, content)
    with Image.open(tiled) as file:
        bytes_, offset = max(zip(file.tag_v2[325], file.tag_v2[324], strict=True))  # type: ignore[attr-defined]
    middle = offset + bytes_ // 2
    damaged = content[:middle] + bytes(4) + content[middle + 4 :]
    assert samples.refusal(Kind.TIFF, damaged) == "page 1 of the TIFF is damaged: send it again"
