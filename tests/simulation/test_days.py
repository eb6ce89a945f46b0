"""A hundred days of storms, each played from its seed: nothing lost, nothing twice, one call a line at a time."""

import os

import pytest

from tests.simulation.oracle import Judged
from tests.simulation.run import Failed, account_of, play_days

pytestmark = pytest.mark.alone

SEEDS = int(os.environ.get("FAXGW_SIM_SEEDS", "100"))
ONLY = os.environ.get("FAXGW_SIM_SEED")


def test_no_day_loses_a_fax_or_sends_one_twice() -> None:
    """Whatever carriers, lines, people and crashes do on these days, every promise to the outside is kept."""
    days = play_days([int(ONLY)] if ONLY else range(SEEDS))
    print(account_of(days))
    failed = [day for day in days if isinstance(day, Failed)]
    assert not failed, "\n".join(f"FAXGW_SIM_SEED={day.seed} plays this again:\n{day.trace}" for day in failed)
    judged = [day for day in days if isinstance(day, Judged)]
    assert all(day.line_overlap_max <= 1 for day in judged)
    if len(judged) >= 50:
        # A storm that puts no attempt in doubt and kills nobody would prove nothing.
        assert sum(day.in_doubt for day in judged) > len(judged)
        assert sum(day.deaths for day in judged) > len(judged)
        assert sum(day.shared for day in judged) > len(judged)


def test_a_seed_plays_the_same_day_again() -> None:
    """Played twice, in processes of their own, a day is the same to the last event of its trail."""
    first, again = play_days([7, 11]), play_days([7, 11])
    assert first == again
    assert not any(isinstance(day, Failed) for day in first)
