"""What is told of a carrier that is out: its reason, in moments that people read, and not at every probe."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.dispatch.gate import ClosedBy, Gate
from faxgw.fax import Failure
from faxgw.provider.port import Refused

START = 1_800_000_000.0


async def fail_for(gate: Gate, seconds: float, words: str) -> int:
    """Probe as the lanes do, and fail each time; how many probes there were."""
    until, probes = trio.current_time() + seconds, 0
    while trio.current_time() < until:
        while (closure := gate.closure()) is not None:  # noqa: ASYNC110 - only time opens it
            await trio.sleep(closure.opens_in_seconds)
        passage = gate.enter()
        gate.back_off(words)
        passage.leave()
        probes += 1
    return probes


async def test_an_outage_is_logged_once_and_then_rarely(autojump_clock: MockClock) -> None:
    """An hour of failing probes is a handful of lines, each with its reason and times to read."""
    gate = Gate("north", TrioClock(START))
    with capture_logs() as lines:
        probes = await fail_for(gate, 3_500, "it refuses connections")
    assert probes > 200
    assert [line["event"] for line in lines] == ["provider_outage"] * 6
    assert {(line["reason"], line["since"]) for line in lines} == {("it refuses connections", "2027-01-15T08:00:00Z")}
    assert lines[0]["next_probe"] == "2027-01-15T08:00:00Z"


async def test_another_reason_is_news_and_so_is_the_end(autojump_clock: MockClock) -> None:
    """And a second outage begins anew."""
    gate = Gate("north", TrioClock(START))
    with capture_logs() as lines:
        await fail_for(gate, 120, "it refuses connections")
        await fail_for(gate, 120, "no answer in time")
        gate.note_answer()
        while gate.closure() is not None:  # noqa: ASYNC110 - only time opens it
            await trio.sleep(1)
        gate.note_answer()
        gate.back_off("no answer in time")
    told = [(line["event"], line.get("reason")) for line in lines]
    assert told == [
        ("provider_outage", "it refuses connections"),
        ("provider_outage", "no answer in time"),
        ("provider_works_again", None),
        ("provider_outage", "no answer in time"),
    ]
    assert 240 <= lines[2]["outage_seconds"] < 300


async def test_the_last_trouble_stays_when_the_carrier_is_well_again(autojump_clock: MockClock) -> None:
    """Who looks in the morning sees what was in the night."""
    gate = Gate("north", TrioClock(START))
    gate.back_off("its name is not found in the DNS (Name or service not known)")
    closure = gate.closure()
    assert closure is not None
    assert closure.detail.endswith("its name is not found in the DNS (Name or service not known)")
    await trio.sleep(1)
    gate.enter().leave()
    gate.note_answer()
    assert gate.closure() is None
    assert gate.trouble is not None
    assert gate.trouble.words == "its name is not found in the DNS (Name or service not known)"
    assert gate.trouble.at == pytest.approx(START)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refused(Failure.ACCOUNT, "401"), "it refuses our account (401)"),
        (Refused(Failure.CAPACITY, "503", 5.0), "it has no room (503)"),
        (Refused(Failure.BAD_NUMBER, "bad_number"), None),
    ],
)
async def test_a_refusal_of_one_fax_is_no_trouble_of_the_carrier(
    refusal: Refused, words: str | None, autojump_clock: MockClock
) -> None:
    """Only what speaks of the carrier itself is kept."""
    gate = Gate("north", TrioClock(START))
    gate.heed(refusal)
    assert (gate.trouble.words if gate.trouble else None) == words


async def test_a_refused_account_says_what_to_look_at(autojump_clock: MockClock) -> None:
    """The words name the keys of the config."""
    gate = Gate("north", TrioClock(START))
    gate.heed(Refused(Failure.ACCOUNT, "403"))
    closure = gate.closure()
    assert closure is not None
    assert (closure.by, closure.detail) == (
        ClosedBy.ACCOUNT,
        "it refuses our account (403): look at the account, its login and base_url",
    )
