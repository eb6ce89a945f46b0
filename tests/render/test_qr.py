"""The QR code made by adding up is the one that is made in one go."""

import hypothesis
import hypothesis.strategies as st

from faxgw.render.qr import code_rows, made


@hypothesis.given(st.from_regex(r"faxgw:[A-Za-z0-9/_.-]{1,20}:[1-9][0-9]?", fullmatch=True))
@hypothesis.settings(deadline=None)
def test_patterns_add_up_to_the_symbol(content: str) -> None:
    """For every text an order can have on its sheet, the modules are segno's own."""
    assert code_rows(content) == tuple(bytes(row) for row in made(content).matrix)
