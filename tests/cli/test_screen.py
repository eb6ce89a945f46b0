"""What others wrote, on the operator's screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from faxgw.cli.screen import console, harmless, say

EVIL = "e\x1b[31mRED\x1b]0;owned\x07\u202efit.tif\x9b2J"


def test_a_file_name_in_a_table_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever may put a file into an inbox's folder could else rename the operator's window, or forge lines."""
    table = Table("file", "state")
    table.add_row(EVIL, "x")
    table.add_row("[/x] :rose: \x1b[2J", Text("\x1b[2J", "red"))
    console().print(table)
    shown = capsys.readouterr().out
    assert "�[31mRED�]0;owned��fit.tif�2J" in shown
    assert "[/x] :rose: �[2J" in shown
    assert not any(each in shown for each in "\x1b\x07\u202e\x9b")


def test_a_plain_line_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Click takes escape sequences away only where no terminal listens; the mark stands there either way."""
    say(f"FR-1  {EVIL}")
    assert capsys.readouterr().out == "FR-1  e�[31mRED�]0;owned��fit.tif�2J\n"


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"], include_characters="\n\t")))
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    """Letters, marks, emoji and line ends of every script stay."""
    assert harmless(text) == text
