"""The operator's hands: changes, suspensions, documents, finding, and the screen for three in the morning."""

from pathlib import Path

import pytest

from faxgw.cli.story import tell
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.store.backlog import LineAges
from faxgw.store.stops import Scope
from tests.api.fakes import NOW, make_fakes
from tests.cli.terminal import run, terminal_at

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "state", "out", "noted"),
    [
        (("priority", "1", "--to", "express"), State.QUEUED, "fax 1 has its new class (queued)", "priority express"),
        (("reroute", "1", "--member", "FR-2"), State.HELD, "fax 1 is rerouted (held)", "reroute FR-2"),
        (("reroute", "1", "--to", "+33199001234"), State.HELD, "fax 1 is rerouted (held)", "reroute +33199001234"),
        (("resolve", "1", "--delivered"), State.UNKNOWN, "fax 1 is delivered", "resolve delivered"),
        (("resolve", "1", "--not-delivered"), State.UNKNOWN, "fax 1 is failed", "resolve not_delivered"),
        (("resolve", "1", "--not-delivered", "--send-again"), State.UNKNOWN, "fax 1 is queued", "resolve send_again"),
        (("retry", "1", "--priority", "express"), State.FAILED, "fax 1 is retried as fax 2 (queued)", "retry"),
        (("resend", "1", "--key", "k"), State.DELIVERED, "fax 1 is copied as fax 2 (queued)", "copy"),
    ],
)
async def test_a_change_is_asked_for_in_ones_name(
    arguments: tuple[str, ...], state: State, out: str, noted: str, tmp_path: Path, capsys: Capture
) -> None:
    """Exit 0 and one line; the daemon hears who and why."""
    fakes = make_fakes()
    fakes.store.add(state=state)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run(*arguments, "--who", "ines", "--why", "asked")
    assert (printed.code, printed.out) == (0, out + "\n")
    assert fakes.desk.asked == [("ines", "asked", noted)]


async def test_a_cancel_tells_the_truth_by_its_exit_code(tmp_path: Path, capsys: Capture) -> None:
    """0 cancelled, 1 too late, 4 in doubt; of several the worst."""
    fakes = make_fakes()
    for state in (State.QUEUED, State.SUBMITTED, State.UNKNOWN):
        fakes.store.add(state=state)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        assert (await terminal.run("cancel", "1")).code == 0
        assert (await terminal.run("cancel", "2")).code == 1
        assert (await terminal.run("cancel", "3")).code == 4
        assert (await terminal.run("cancel", "2", "3", "--json")).code == 4


async def test_a_retry_asked_twice_says_so(tmp_path: Path, capsys: Capture) -> None:
    """The same fax, exit 0; as JSON both ids."""
    fakes = make_fakes()
    fakes.store.add(state=State.FAILED)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        await terminal.run("retry", "1")
        again = await terminal.run("retry", "1")
        as_json = await terminal.run("retry", "1", "--json")
    assert (again.code, again.out) == (0, "fax 1 is retried already as fax 2 (queued)\n")
    assert (as_json.json()["of"], as_json.json()["id"], as_json.json()["repeated"]) == (1, 2, True)


async def test_places_are_stopped_shown_and_resumed(tmp_path: Path, capsys: Capture) -> None:
    """Who, why and until when are printed; resuming what was not stopped is exit 1."""
    fakes = make_fakes()
    named = ("--who", "ines", "--why", "repair")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        assert (await terminal.run("suspensions")).out == "nothing is suspended\n"
        line = await terminal.run("suspend", "line", "+33 1 99 00 12 34", *named, "--until", "2099-01-01T00:00:00Z")
        await terminal.run("suspend", "provider", "carrier", *named)
        await terminal.run("drain", *named)
        listed = await terminal.run("suspensions")
        carriers = await terminal.run("providers")
        resumed = await terminal.run("resume", "line", "+33199001234")
        again = await terminal.run("resume", "line", "+33199001234", "--json")
        unknown = await terminal.run("suspend", "provider", "nobody")
    assert line.out == (
        "line +33199001234 suspended by ines since 2027-05-08 09:30:00 until 2099-01-01 00:00:00: repair\n"
    )
    assert "taking in (the gateway drains) suspended by ines" in listed.out
    assert "no: provider carrier suspended by ines" in " ".join(carriers.out.split())
    assert (resumed.code, resumed.out) == (0, "line +33199001234 is resumed\n")
    assert (again.code, again.json()["resumed"]) == (1, False)
    assert (unknown.code, unknown.err) == (1, "faxgw: no provider nobody; there is carrier\n")
    assert set(fakes.control.stopped) == {(Scope.PROVIDER, "carrier"), (Scope.INTAKE, "")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("reroute", "1"),
        ("reroute", "1", "--to", "+33199001234", "--member", "FR-2"),
        ("resolve", "1"),
        ("priority", "1"),
        ("suspend", "line"),
        ("suspend", "gateway", "x"),
        ("suspend", "moon"),
        ("send", "no-such-file", "--to", "+33199001234"),
    ],
)
def test_a_wish_that_lacks_something_is_exit_2(arguments: tuple[str, ...], tmp_path: Path, capsys: Capture) -> None:
    """Before the daemon is even asked."""
    printed = run(capsys, *arguments, "--socket", str(tmp_path / "none"))
    assert printed.code == 2
    assert "Error: " in printed.err


async def test_a_document_is_sent_once(tmp_path: Path, capsys: Capture) -> None:
    """The same file to the same number is the same fax, unless a key says otherwise."""
    fakes = make_fakes()
    file = tmp_path / "letter.txt"
    file.write_text("Bonjour", encoding="utf-8")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        first = await terminal.run("send", str(file), "--to", "+33199001234", "--priority", "bulk", "--photo")
        second = await terminal.run("send", str(file), "--to", "+33199001234", "--priority", "bulk", "--photo")
        third = await terminal.run("send", str(file), "--to", "+33199001234", "--key", "another", "--json")
        refused = await terminal.run("send", str(file), "--to", "7")
    assert (first.out, second.out) == ("fax 1 accepted (queued)\n", "fax 1 repeated (queued)\n")
    assert third.json()["id"] == 2
    assert (refused.code, "/to: not a possible telephone number" in refused.err) == (1, True)


async def test_faxes_are_found_by_number(tmp_path: Path, capsys: Capture) -> None:
    """A table within 80 columns; exit 1 for none."""
    fakes = make_fakes()
    fakes.store.add(number="A-17", reason="x" * 200)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        found = await terminal.run("find", "A-17")
        as_json = await terminal.run("find", "--state", "queued", "--json")
        none = await terminal.run("find", "B-1")
    assert "1 A-17" in " ".join(found.out.split())
    assert max(map(len, found.out.splitlines())) <= 80
    assert as_json.json()["faxes"][0]["number"] == "A-17"
    assert (none.code, none.err) == (1, "nothing was found\n")


async def test_the_queue_by_age(tmp_path: Path, capsys: Capture) -> None:
    """As qshape shows it: all lines first, then the oldest, within 80 columns."""
    fakes = make_fakes()
    fakes.store.add()
    ages = (1, 2, 0, 0, 0, 0, 0, 0, 0, 12_345)
    fakes.store.ages = [LineAges(Line("+33199004321"), 12_348, NOW - 7_500, {State.QUEUED: 12_348}, ages)]
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("queue", "--ages")
    lines = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert "line all 5 10 20 40 80 160 320 640 1280 1280+" in lines
    assert "+33199004321 12348 1 2 12345" in lines
    assert max(map(len, printed.out.splitlines())) <= 80


async def test_top_fits_the_smallest_screen(tmp_path: Path, capsys: Capture) -> None:
    """Everything at its worst: 24 lines of 80 columns, with what is wrong before the rest."""
    fakes = make_fakes()
    for state in (State.QUEUED, State.HELD, State.UNKNOWN):
        fakes.store.add(state=state)
    fakes.store.ages = [LineAges(Line(f"+3319900432{n}"), 9, NOW - 7_500, {State.QUEUED: 9}, ()) for n in range(9)]
    for _ in range(30):
        fakes.store.happen("in_doubt", attempt=1, reason="no answer in 30 s " * 9)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        await terminal.run("drain", "--why", "the disk is being replaced, do not touch anything before nine o'clock")
        printed = await terminal.run("top", "--once")
        as_json = await terminal.run("top", "--json")
    lines = printed.out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "taking in (the gateway drains) suspended" in lines[2]
    assert any("in doubt: faxgw find --state unknown" in line for line in lines)
    assert as_json.json()["rates"] == {"in_doubt": 30}


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("accepted", {"key": "a"}, "accepted"),
        ("accepted", {"key": "a", "retry_of": 3, "who": "Ada", "why": "moved"}, "retry of fax 3 by Ada: moved"),
        ("delivered", {"attempt": 1, "pages": 2, "call_seconds": 45.0}, "delivered: 2 pages in a call of 45 s"),
        ("delivered", {"attempt": 1, "pages": 2, "call_seconds": None}, "delivered: 2 pages"),
        ("delivered", {"attempt": 1, "who": "Ada", "why": ""}, "delivered in attempt 1, as found out by Ada"),
        ("retry", {"attempt": 1, "failure": "busy", "code": "17"}, "attempt 1: busy (17)"),
        ("rerouted", {"from": "+1", "to": "+2", "member": "FR-2", "who": "Ada"}, "to +2, member FR-2 by Ada"),
        ("priority", {"from": 1, "to": 0, "who": "Ada"}, "class standard -> express by Ada"),
        (
            "suspended",
            {"scope": "gateway", "name": "", "who": "Ada", "why": "storm"},
            "gateway suspended by Ada: storm",
        ),
        ("contradicted", {"attempt": 1, "failure": "busy", "code": ""}, "busy; too late, a person must look"),
        ("news", {"whatever": 1}, "news whatever 1"),
        ("failed", {"unheard": 1}, "failed unheard 1"),
    ],
)
def test_events_are_told_in_words(kind: str, data: dict[str, object], words: str) -> None:
    """Who and why last; what is not known here is told with all its details."""
    assert words in tell({"kind": kind, "data": data})
