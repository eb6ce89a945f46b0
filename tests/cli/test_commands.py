import json
from pathlib import Path

import pytest
import trio

from faxgw.config.daemon import Api
from faxgw.errors import StoreFullError
from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.backlog import LineAges
from faxgw.store.views import Event
from tests.api.fakes import NOW, make_fakes, order_bytes, order_json
from tests.cli.terminal import run, terminal_at, write_config

Capture = pytest.CaptureFixture[str]


# --- submit ------------------------------------------------------------------------------------------


async def test_one_order_is_submitted(tmp_path: Path, capsys: Capture) -> None:
    """A pretty-printed order is one order; the fax's id is printed, and the repeat is told apart."""
    fakes = make_fakes()
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order_json("a"), indent=2), encoding="utf-8")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        first, second = await terminal.run("submit", str(file)), await terminal.run("submit", str(file))
    assert (first.code, first.out) == (0, "fax 1 accepted (queued)\n")
    assert (second.code, second.out) == (0, "fax 1 repeated (queued)\n")


@pytest.mark.parametrize("form", ["ndjson", "array"])
async def test_many_orders_are_submitted(tmp_path: Path, capsys: Capture, form: str) -> None:
    """Lines and arrays are taken alike; more than fit one chunk go in several commits."""
    fakes = make_fakes()
    orders = [order_json(f"k{number}") for number in range(2_500)]
    file = tmp_path / "orders"
    text = "\n".join(map(json.dumps, orders)) if form == "ndjson" else json.dumps(orders, indent=1)
    file.write_text(text, encoding="utf-8")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("submit", str(file))
    assert (printed.code, printed.out) == (0, "2,500 accepted\n")
    assert fakes.desk.submits == [1_000, 1_000, 500]


async def test_refused_orders_are_named(tmp_path: Path, capsys: Capture) -> None:
    """Every refused line is told with its number in the file and all its faults; the others are taken."""
    file = tmp_path / "orders.ndjson"
    broken = order_json("b", sending_member="two words", card_massage="x")
    taken = order_json("a", card_message="other")
    lines = [order_json("a"), broken, taken]
    file.write_text("\n\n".join(map(json.dumps, lines)) + "\n{broken}\n", encoding="utf-8")
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        printed = await terminal.run("submit", str(file))
    assert (printed.code, printed.out) == (1, "1 accepted, 3 refused\n")
    assert "line 3 refused: 2 fields are refused" in printed.err
    assert "/card_massage: unknown field; did you mean card_message?" in printed.err
    assert "line 5 refused: The key belongs to another order (fax 1)" in printed.err
    assert "line 6 refused: not JSON" in printed.err


async def test_answers_come_as_json_too(tmp_path: Path, capsys: Capture) -> None:
    """--json prints one answer a line, with the file's line numbers."""
    file = tmp_path / "orders.ndjson"
    file.write_bytes(b"\n" + order_bytes("a") + b"\n{}\n")
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        printed = await terminal.run("submit", "--json", str(file))
    answers = [json.loads(line) for line in printed.out.splitlines()]
    assert [(answer["line"], answer["status"]) for answer in answers] == [(2, 202), (3, 422)]
    assert (printed.code, printed.err) == (1, "")


async def test_a_chunk_too_large_for_the_daemon_is_halved(tmp_path: Path, capsys: Capture) -> None:
    """Whatever the daemon's limits, the file goes in, and the numbers stay the file's own."""
    fakes = make_fakes(Api(upload_lines_max=3))
    file = tmp_path / "orders.ndjson"
    file.write_bytes(b"\n".join(order_bytes(f"k{number}") for number in range(10)) + b"\n{}")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("submit", str(file))
    assert printed.out == "10 accepted, 1 refused\n"
    assert "line 11 refused" in printed.err
    assert max(fakes.desk.submits) <= 3


async def test_a_full_daemon_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Nothing was taken; the exit code says so."""
    fakes = make_fakes()
    fakes.desk.out_of_order = StoreFullError()
    file = tmp_path / "order.json"
    file.write_bytes(order_bytes())
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("submit", str(file))
    assert printed.code == 1
    assert "operator must make room" in printed.err


@pytest.mark.parametrize("content", ["", "\n \n", '{\n"key":\n'])
def test_a_file_without_orders_is_told(tmp_path: Path, capsys: Capture, content: str) -> None:
    """An empty or broken file never reaches the daemon: exit 2, and the file is named."""
    file = tmp_path / "order.json"
    file.write_text(content, encoding="utf-8")
    printed = run(capsys, "submit", str(file), "--socket", str(tmp_path / "none"))
    assert printed.code == 2
    assert str(file) in printed.err


# --- asking ------------------------------------------------------------------------------------------


async def test_a_fax_is_shown(tmp_path: Path, capsys: Capture) -> None:
    """State, reason, line, attempts with the carrier's words, and the trail; no line is over 80 wide."""
    fakes = make_fakes()
    fakes.store.add()
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("show", "1")
        as_json = await terminal.run("show", "1", "--json")
    words = " ".join(printed.out.split())
    assert "fax 1 queued (busy)" in words
    assert "why another fax has +33199004321 (not before 2027-05-08 09:31:00" in words
    assert "1 carrier 2027-05-08 09:29:30 20 s busy 17 c-77" in words
    assert "2027-05-08 09:29:50 goes_again code 17" in words
    assert max(map(len, printed.out.splitlines())) <= 80
    assert as_json.json()["key"] == "web-1"


async def test_a_trail_that_is_not_shown_whole_says_so(tmp_path: Path, capsys: Capture) -> None:
    """How many events are left out, before the first that is shown, and where they can be read."""
    fakes = make_fakes()
    fakes.store.add(earlier_events=1_234)
    fakes.store.add(earlier_events=1)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        many, one = await terminal.run("show", "1"), await terminal.run("show", "2")
    trail = " ".join(many.out.split()).partition("trail ")[2]
    assert trail.startswith("1,234 earlier events left out: GET /v1/faxes/1/events tells them")
    assert "accepted" in trail
    assert "1 earlier event left out" in one.out


async def test_boxes_are_told_when_an_order_is_handed_in_and_when_it_is_shown(tmp_path: Path, capsys: Capture) -> None:
    """Each warning is a line on standard error; the trail and the events name field and count."""
    fakes = make_fakes()
    file = tmp_path / "orders"
    lines = [order_bytes("a"), order_bytes("b", card_message="你好")]
    file.write_bytes(b"\n".join(lines))
    event = Event(1, FaxId(1), NOW, "accepted", {"key": "b", "boxes": {"/card_message": 2}})
    fakes.store.add(events=(event,))
    fakes.store.happen("accepted", boxes={"/card_message": 2})
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        submitted = await terminal.run("submit", str(file))
        shown = await terminal.run("show", "1")
        told = await terminal.run("events")
    assert (submitted.code, submitted.out) == (0, "2 accepted\n")
    assert submitted.err.startswith("fax 2: /card_message: 2 characters are in no font here and printed as a box each")
    assert "accepted; printed as boxes: 2 characters of card_message" in " ".join(shown.out.split())
    assert "boxes /card_message 2" in told.out


async def test_why_is_one_sentence(tmp_path: Path, capsys: Capture) -> None:
    """The reason, and until when."""
    fakes = make_fakes()
    fakes.store.add()
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("why", "1")
        as_json = await terminal.run("why", "1", "--json")
    assert printed.out.startswith("fax 1: another fax has +33199004321 (not before")
    assert as_json.json()["waiting"] == "line_busy"


async def test_a_fax_that_is_not_there_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Exit 1 and the daemon's own words."""
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        printed = await terminal.run("show", "7")
    assert (printed.code, printed.err) == (1, "faxgw: there is no fax 7\n")


async def test_the_queue_is_shown(tmp_path: Path, capsys: Capture) -> None:
    """Counts by state, then the lines with the age of their oldest fax; what is over when asked for."""
    fakes = make_fakes()
    fakes.store.add()
    fakes.store.add(state=State.DELIVERED)
    fakes.store.ages = [LineAges(Line("+33199004321"), 3, NOW - 7_500, {State.QUEUED: 2, State.HELD: 1})]
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("queue")
        finished = await terminal.run("queue", "--finished")
        as_json = await terminal.run("queue", "--json")
    assert printed.out.startswith("1 unfinished, 1 queued\n")
    assert finished.out.startswith("1 unfinished, 1 queued, 1 delivered\n")
    assert "+33199004321 2 h 05 min 3 2 1" in " ".join(printed.out.split())
    assert as_json.json()["lines"][0]["waiting"] == 3


async def test_a_queue_that_is_cut_says_so(tmp_path: Path, capsys: Capture) -> None:
    """Whoever sees twenty lines must know of the twenty-first."""
    fakes = make_fakes()
    fakes.store.add()
    fakes.store.ages = [LineAges(Line(f"+331990000{n:02}"), 1, NOW - 60, {State.QUEUED: 1}) for n in range(4)]
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        cut, nearly = await terminal.run("queue", "--lines", "1"), await terminal.run("queue", "--lines", "3", "--ages")
        whole = await terminal.run("queue")
    assert cut.out.endswith("and 3 more lines; --lines shows more\n")
    assert nearly.out.endswith("and 1 more line; --lines shows more\n")
    assert "more line" not in whole.out


async def test_who_is_at_risk_comes_first(tmp_path: Path, capsys: Capture) -> None:
    """With the deadline and the order's number; the fax itself says who promised it."""
    fakes = make_fakes()
    fakes.store.add(deadline_at=NOW + 600, service="same-morning")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        queue, shown = await terminal.run("queue"), await terminal.run("show", "1")
    assert "at risk" in queue.out
    assert "fax 1 " in queue.out
    assert "promised by same-morning" in " ".join(shown.out.split())


async def test_an_empty_queue_says_so(tmp_path: Path, capsys: Capture) -> None:
    """No table without rows."""
    async with terminal_at(make_fakes(), tmp_path, capsys) as terminal:
        assert (await terminal.run("queue")).out == "nothing waits\n"


async def test_events_are_told(tmp_path: Path, capsys: Capture) -> None:
    """One line an event, from a cursor, as many as asked for."""
    fakes = make_fakes()
    for kind in ("accepted", "submitted", "delivered"):
        fakes.store.happen(kind, provider="carrier")
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        told = (await terminal.run("events", "--after", "1")).out.splitlines()
        first = await terminal.run("events", "--limit", "1", "--json")
    assert [line.split()[:1] + line.split()[5:] for line in told] == [
        ["2", "submitted", "provider", "carrier"],
        ["3", "delivered", "provider", "carrier"],
    ]
    assert first.json()["kind"] == "accepted"


async def test_following_starts_with_the_next_event(tmp_path: Path, capsys: Capture) -> None:
    """What happened before is not told again."""
    fakes = make_fakes()
    fakes.store.happen("accepted")

    async def happen_when_followed() -> None:
        while fakes.store.waiting == 0:
            await trio.lowlevel.checkpoint()
        fakes.store.happen("delivered")

    async with terminal_at(fakes, tmp_path, capsys) as terminal, trio.open_nursery() as nursery:
        nursery.start_soon(happen_when_followed)
        printed = await terminal.run("events", "--follow", "--limit", "1")
    assert "delivered" in printed.out
    assert "accepted" not in printed.out


# --- deciding ----------------------------------------------------------------------------------------


async def test_faxes_are_held_in_ones_name(tmp_path: Path, capsys: Capture) -> None:
    """Several at once; one that cannot be held is told, and the exit code counts it."""
    fakes = make_fakes()
    fakes.store.add()
    fakes.store.add(state=State.SUBMITTED)
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        printed = await terminal.run("hold", "1", "2", "--who", "ines", "--why", "wrong bouquet")
    assert (printed.code, printed.out) == (1, "fax 1 is held\n")
    assert "too late: a carrier has fax 2" in printed.err
    assert fakes.desk.asked[0] == ("ines", "wrong bouquet", "hold")


async def test_cancel_and_release_answer_in_json(tmp_path: Path, capsys: Capture) -> None:
    """One object a fax, refusals included."""
    fakes = make_fakes()
    fakes.store.add()
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        refused = await terminal.run("release", "1", "--json")
        done = await terminal.run("cancel", "1", "--json")
    assert (refused.code, refused.json()["status"], refused.json()["state"]) == (1, 409, "queued")
    assert (done.code, done.json()["state"]) == (0, "cancelled")


# --- finding the daemon ------------------------------------------------------------------------------


def test_no_daemon_is_exit_3(tmp_path: Path, capsys: Capture) -> None:
    """The message names the socket and what to do."""
    printed = run(capsys, "queue", "--socket", str(tmp_path / "s"))
    assert printed.code == 3
    assert f"no daemon listens on {tmp_path / 's'}" in printed.err


def test_without_any_hint_the_places_looked_at_are_named(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2: how to say which daemon is meant."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAXGW_SOCKET", raising=False)
    printed = run(capsys, "queue")
    assert printed.code == 2
    assert "--socket" in printed.err
    assert "config/faxgw.toml" in printed.err


def test_the_environment_and_the_config_name_the_socket(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAXGW_SOCKET serves where nothing is said; -c is stronger."""
    monkeypatch.setenv("FAXGW_SOCKET", str(tmp_path / "from-env"))
    assert "from-env" in run(capsys, "queue").err
    config = write_config(tmp_path)
    assert "from-config" in run(capsys, "queue", "-c", str(config)).err


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("show", "none"), ("show",), ("hold",), ("queue", "--lines", "-1"), ("events", "--x")]
)
def test_wrong_usage_is_exit_2(capsys: Capture, arguments: tuple[str, ...]) -> None:
    """click says what is wrong."""
    printed = run(capsys, *arguments)
    assert printed.code == 2
    assert "Error: " in printed.err


def test_a_misspelt_command_is_guessed(capsys: Capture) -> None:
    """The nearest command is named."""
    assert "Did you mean show?" in run(capsys, "shwo", "1").err


def test_every_command_explains_itself(capsys: Capture) -> None:
    """The list of commands is whole, and each has its help with --json, those below others too."""
    assert len(_commands_in(run(capsys, "--help").out)) >= 12
    _explain(capsys)


def _explain(capsys: Capture, *words: str) -> None:
    printed = run(capsys, *words, "--help")
    assert printed.code == 0, words
    below = _commands_in(printed.out)
    # `run`, `export` and `file` print no answer that could be JSON.
    assert below or "--json" in printed.out or words[-1] in {"run", "export", "file"}, words
    for name in below:
        _explain(capsys, *words, name)


def _commands_in(printed: str) -> list[str]:
    lines = printed.partition("Commands:\n")[2].splitlines()
    # What does not fit behind a name goes on below it, further to the right.
    return [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]


# --- without a daemon --------------------------------------------------------------------------------


def test_an_order_is_drawn_without_a_daemon(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is written in each form asked for; without a register ids stand for florists."""
    monkeypatch.chdir(tmp_path)
    Path("order.json").write_bytes(order_bytes())
    arguments = ("render", "order.json", "-o", "p.tif", "--png", "p.png", "--pdf", "p.pdf", "--language", "nb")
    printed = run(capsys, *arguments)
    assert printed.code == 0, printed.err
    starts = {name: Path(name).read_bytes()[:4] for name in ("p.tif", "p.png", "p.pdf")}
    assert starts == {"p.tif": b"II*\0", "p.png": b"\x89PNG", "p.pdf": b"%PDF"}
    assert printed.out.startswith("p.tif, p.png, p.pdf: 1 page, ")
    assert run(capsys, *arguments, "--json").json()["pages"] == 1


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence and by exit 2, not by a traceback."""
    monkeypatch.chdir(tmp_path)
    Path("order.json").write_bytes(order_bytes())
    printed = run(capsys, "render", "order.json", "-o", "nowhere/p.tif")
    assert (printed.code, printed.err) == (2, "faxgw: nowhere/p.tif: No such file or directory\n")


def test_an_order_that_would_be_refused_is_not_drawn(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same faults as at the door, exit 1; what is not JSON is exit 2."""
    monkeypatch.chdir(tmp_path)
    Path("order.json").write_bytes(order_bytes(card_massage="x"))
    printed = run(capsys, "render", "order.json", "-o", "p.tif")
    assert printed.code == 1
    assert "/card_massage" in printed.err
    Path("order.json").write_bytes(b"{")
    assert run(capsys, "render", "order.json", "-o", "p.tif").code == 2
    assert run(capsys, "render", "order.json").code == 2
    assert not Path("p.tif").exists()


def test_a_moment_to_resume_is_checked_before_anybody_is_asked(tmp_path: Path, capsys: Capture) -> None:
    """Words are no moment, nor is one without its offset."""
    for until in ("tomorrow", "2027-05-09T10:00:00"):
        socket = str(tmp_path / "s")
        refused = run(capsys, "suspend", "gateway", "--until", until, "--socket", socket)
        assert refused.code == 2
        assert "write a moment with its offset" in refused.err


async def test_a_list_that_is_cut_says_so(tmp_path: Path, capsys: Capture) -> None:
    """As many as asked for were found: there may be more."""
    fakes = make_fakes()
    fakes.store.add()
    async with terminal_at(fakes, tmp_path, capsys) as terminal:
        cut, whole = await terminal.run("find", "--limit", "1"), await terminal.run("find")
    assert "there may be more" in cut.err
    assert whole.err == ""
