"""Letters put down by the hundred lie where each by itself would."""

import hypothesis
import numpy as np
from hypothesis import strategies as st

from faxgw.render.glyphs import Glyphs
from faxgw.render.marks import Text
from faxgw.render.paint import blank, rows_of
from faxgw.render.paper import COLUMNS
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import Style, advance_px, ink_of

ROWS, BASELINE = 300, 130

texts = st.builds(
    Text,
    x=st.integers(100, 800),
    baseline=st.just(BASELINE),
    style=st.sampled_from(Style),
    text=st.text(st.sampled_from("ilmWjf ,gÅœ\u0323\N{NO-BREAK SPACE}花"), max_size=8),
)


def _letter_by_letter(placed: list[tuple[Text, int]], resolution: Resolution) -> np.ndarray:
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    for text, rows_down in placed:
        pen = text.x
        for character in text.text:
            ink = ink_of(text.style, character, resolution)
            top, left = text.baseline + rows_down + ink.top, pen + ink.left
            pixels[top : top + ink.pixels.shape[0], left : left + ink.pixels.shape[1]] |= ink.pixels
            pen += advance_px(text.style, character)
    return pixels


FORGETFUL = {resolution: Glyphs(resolution, words_max=2_000) for resolution in Resolution}
"""They hold some twenty letters, so that they begin anew between most examples."""


@hypothesis.given(st.lists(st.tuples(texts, st.integers(0, 100)), max_size=5), st.sampled_from(Resolution))
def test_letters_together_lie_where_each_by_itself_would(
    placed: list[tuple[Text, int]], resolution: Resolution
) -> None:
    """At any column, in any style, over each other, blank or unknown, before and after all letters were forgotten."""
    canvas = blank(ROWS)
    FORGETFUL[resolution].put_down(canvas, placed)
    np.testing.assert_array_equal(np.unpackbits(rows_of(canvas), axis=1), _letter_by_letter(placed, resolution))
