"""What others wrote, on the operator's screen."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from faxgw.cli import screen
from faxgw.cli.screen import console, counted, hand_out, harmless, json_text, print_json, say

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


def test_json_is_escaped_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A script reads what was written; a terminal that it is shown on is not steered."""
    value = {"name": EVIL, "list": ["a\nb", "é"]}
    print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == json.loads(json_text(value, indent=2)) == value
    assert out.count("\n") == 1
    assert not any(each in out for each in "\x1b\x07\u202e\x9b")


def test_a_file_is_handed_out_byte_for_byte(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a pipe; at a terminal a person looks at it, and then it is marked as every text."""
    content = EVIL.encode() + b"\xff\r\n"
    hand_out(content)
    assert capsysbinary.readouterr().out == content
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    hand_out(content)
    assert b"\x1b" not in capsysbinary.readouterr().out


def test_every_line_goes_by_what_marks_it() -> None:
    """No command echoes a text as it came: names of files, members and reasons of carriers are others' words."""
    folder = Path(screen.__file__).parent
    echo = re.compile(r"\bclick\.s?echo\(|^\s*print\(", re.MULTILINE)
    echoing = {path.name for path in folder.rglob("*.py") if echo.search(path.read_text(encoding="utf-8"))}
    # Events have colours of their own; what is in them is marked before.
    assert echoing == {"screen.py", "events.py"}


@pytest.mark.parametrize(("count", "words"), [(0, "0 faults"), (1, "1 fault"), (1_234, "1,234 faults")])
def test_one_is_not_many(count: int, words: str) -> None:
    """A person reads it."""
    assert counted(count, "fault") == words


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"], include_characters="\n\t")))
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    """Letters, marks, emoji and line ends of every script stay."""
    assert harmless(text) == text
