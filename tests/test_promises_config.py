"""The rules of service and the steps of escalation, as an operator writes them."""

import datetime as dt
from pathlib import Path

import pytest

from faxgw.config.promises import DEFAULT_ESCALATION, ServiceRule, ServiceWhen, Step, TimedStep
from faxgw.config.whole import Config, load_config
from faxgw.errors import ConfigError
from faxgw.order import Priority
from tests.carrier_config import PROVIDER


def read(folder: Path, text: str) -> Config:
    path = folder / "faxgw.toml"
    path.write_text(PROVIDER + text, encoding="utf-8")
    return load_config(path)


def test_a_rule_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Times of day are TOML's own."""
    config = read(
        tmp_path,
        """
        [[service]]
        name = "same-morning"
        when = { ordered_before = 10:00:00, delivery = "same_day", country = ["FR"] }
        priority = "express"
        deadline = 11:00:00
        """,
    )
    when = ServiceWhen(ordered_before=dt.time(10), delivery="same_day", country=["FR"])
    rule = ServiceRule(name="same-morning", when=when, priority=Priority.EXPRESS, deadline=dt.time(11))
    assert config.service == [rule]


def test_there_is_an_escalation_unless_it_is_taken_away(tmp_path: Path) -> None:
    """Without a word in the file every step is taken; an empty list takes none."""
    assert read(tmp_path, "").escalation == list(DEFAULT_ESCALATION)
    assert {timed.step for timed in DEFAULT_ESCALATION} == set(Step)
    plan = "[[escalation]]\nminutes_before = 2.5\nstep = 'alert'\n"
    assert read(tmp_path, plan).escalation == [TimedStep(minutes_before=2.5, step=Step.ALERT)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[[service]]\nname = 'a'\ndeadline = 11:00:00\ndeadline_minutes = 5",
            "service.0.deadline_minutes: a rule has",
        ),
        ("[[service]]\nname = 'a'", "service.0: promises nothing"),
        (
            "[[service]]\nname = 'a'\ndeadline_minutes = 5\n[[service]]\nname = 'a'\ndeadline_minutes = 5",
            "service.1.name: two rules are called a",
        ),
        ("[[service]]\nname = 'a'\ndeadline = '11 h'", "service.0.deadline: must be a local time"),
        (
            "[[service]]\nname = 'a'\nwhen = { before = 10:00:00 }\ndeadline_minutes = 5",
            "service.0.when.before: unknown",
        ),
        ("[[escalation]]\nminutes_before = 0\nstep = 'alert'", "escalation.0.minutes_before"),
        (
            "[[escalation]]\nminutes_before = 5\nstep = 'alert'\n[[escalation]]\nminutes_before = 6\nstep = 'event'",
            "escalation.1.minutes_before: the step before it is taken later, 5 minutes",
        ),
        (
            "[[escalation]]\nminutes_before = 5\nstep = 'alert'\n[[escalation]]\nminutes_before = 4\nstep = 'alert'",
            "escalation.1.step: alert stands twice",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """Every fault is named where it stands."""
    with pytest.raises(ConfigError, match="cannot be used") as refused:
        read(tmp_path, text)
    assert fault in str(refused.value)
