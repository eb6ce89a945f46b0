"""The runbook has a section for each alert, and the commands in it are there to be typed."""

import re
from pathlib import Path

import click
import pytest

from faxgw.cli.main import faxgw

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "config" / "prometheus").glob("*.yml")))
ALERTS = re.findall(r"- alert: (\w+)", RULES)
COMMANDS = sorted(
    {tuple(words.split()) for words in re.findall(r"(?:^|`)faxgw ([a-z][a-z -]*[a-z])", RUNBOOK, re.MULTILINE)}
)


def test_each_alert_has_its_section_and_no_section_is_of_an_alert_that_is_gone() -> None:
    """Whoever is woken follows the link of the alert."""
    sections = re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)
    assert sorted(sections) == sorted(ALERTS)
    assert len(ALERTS) > 30
    linked = re.findall(r"runbook_url: \"docs/operations.md#(\w+)\"", RULES)
    assert set(linked) <= {section.lower() for section in sections}


def test_each_section_says_whether_it_wakes_somebody() -> None:
    """As the rule's severity has it."""
    severities = dict(re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", RULES, re.DOTALL))
    told = {name: word.lower() for name, word in re.findall(r"^### (\w+)\n(Page|Ticket)\.", RUNBOOK, re.MULTILINE)}
    assert told == severities


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_of_the_runbook_exists(words: tuple[str, ...]) -> None:
    """With the commands of its group, as far as the runbook names them."""
    group: click.Command = faxgw
    for word in words:
        if not isinstance(group, click.Group):
            break
        found = group.get_command(click.Context(group), word)
        assert found is not None or word in {"PLACE", "BACKUP"}, f"there is no faxgw {' '.join(words)}"
        group = found or group


def test_the_runbook_names_commands() -> None:
    """Else the test above would look at nothing."""
    assert len(COMMANDS) > 25
