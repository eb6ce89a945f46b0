"""Shares, draws and plays: the words in which a simulated carrier is told its faults."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.provider.mishaps import Answer, Ask, Call, Play, Receipt, Shares, parse_play, parse_shares


def test_no_shares_means_all_goes_well() -> None:
    """The default carrier is flawless."""
    assert Shares().draw(7, "s-1-1", 1) == Play(Answer.PROMPT, Call.DELIVERED, Receipt.ON_TIME)
    assert Shares().draw_ask(7, 1) is Ask.ANSWERED


def test_draws_come_out_in_the_shares_asked_for() -> None:
    """Ten thousand references: each mishap within a fifth of its share."""
    wanted = {"busy": 0.1, "no_answer": 0.05, "lost_answer": 0.02, "too_many": 0.1, "late_receipt": 0.3}
    shares = Shares(wanted)
    plays = [shares.draw(1, f"s-{number}-1", 1) for number in range(10_000)]
    seen = Counter(word.value for play in plays for word in (play.answer, play.call, play.receipt))
    for name, share in wanted.items():
        assert 0.8 * share < seen[name] / len(plays) < 1.2 * share


def test_asks_come_out_in_the_shares_asked_for() -> None:
    """Questions have shares of their own."""
    shares = Shares({"ask_lost": 0.5})
    seen = Counter(shares.draw_ask(1, nth) for nth in range(2_000))
    assert 800 < seen[Ask.LOST] < 1_200
    assert seen[Ask.UNAVAILABLE] == 0


@given(seed=st.integers(), reference=st.text(), nth=st.integers(min_value=1))
def test_the_same_seed_gives_the_same_fate_whatever_came_before(seed: int, reference: str, nth: int) -> None:
    """A draw depends on nothing but its own words, so a day can be played again."""
    wanted = {"busy": 0.3, "lost_answer": 0.3, "doubled_receipt": 0.3}
    first, second = Shares(wanted), Shares(wanted)
    second.draw(seed, "another", 1)
    assert first.draw(seed, reference, nth) == second.draw(seed, reference, nth)


def test_a_reference_handed_in_again_is_drawn_again() -> None:
    """A refusal must not stick to a reference for ever."""
    shares = Shares({"unavailable": 0.5})
    answers = {shares.draw(1, "s-1-1", nth).answer for nth in range(1, 30)}
    assert answers == {Answer.PROMPT, Answer.UNAVAILABLE}


@pytest.mark.parametrize(
    "shares",
    [
        {"bsy": 0.1},
        {"busy": 1.1},
        {"busy": -0.1},
        {"busy": 0.6, "no_fax": 0.6},
        {"delivered": 0.5},
        {"busy": float("nan")},
    ],
)
def test_shares_that_cannot_be_are_refused(shares: dict[str, float]) -> None:
    """Unknown names, shares outside 0 to 1, and groups beyond 1."""
    with pytest.raises(ValueError, match=r"mishap|share"):
        Shares(shares)


def test_groups_do_not_share_their_shares() -> None:
    """Every answer may be lost while every line is busy."""
    play = Shares({"lost_answer": 1, "busy": 1, "missing_receipt": 1}).draw(1, "s-1-1", 1)
    assert play == Play(Answer.LOST, Call.BUSY, Receipt.MISSING)


def test_shares_are_written_as_on_the_command_line() -> None:
    """NAME=SHARE, with commas and blanks between."""
    assert parse_shares("busy=0.02, lost_answer=0.01,") == {"busy": 0.02, "lost_answer": 0.01}
    assert parse_shares("") == {}
    with pytest.raises(ValueError, match="NAME=SHARE"):
        parse_shares("busy")


def test_a_play_joins_one_word_of_each_group() -> None:
    """In any order; what is not said goes well."""
    assert parse_play("delivered") == Play()
    assert parse_play("doubled_receipt+busy+lost_answer") == Play(Answer.LOST, Call.BUSY, Receipt.DOUBLED)


@pytest.mark.parametrize("text", ["", "bsy", "busy+no_fax", "busy+busy", "lost_answer,busy"])
def test_a_play_that_says_two_things_is_refused(text: str) -> None:
    """Unknown words, and two of one group."""
    with pytest.raises(ValueError, match="mishap"):
        parse_play(text)


@given(st.sampled_from(Answer), st.sampled_from(Call), st.sampled_from(Receipt))
def test_every_play_can_be_written_and_read(answer: Answer, call: Call, receipt: Receipt) -> None:
    """The journal writes plays in the words that scripts are written in."""
    assert parse_play(f"{answer}+{call}+{receipt}") == Play(answer, call, receipt)
