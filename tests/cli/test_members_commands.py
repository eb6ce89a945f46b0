"""`faxgw members` over a served register: what an operator types, reads, and is refused."""

import dataclasses
import os
import pwd
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import structlog
import trio

from faxgw.api.members.routes import RegisterDesk
from faxgw.api.members.wishes import WISHES
from faxgw.cli.client import LocalClient
from faxgw.config.members import Members
from faxgw.members.history import Span, Timeline
from faxgw.members.traffic import Traffic
from tests.api.fakes import make_fakes
from tests.cli.terminal import Terminal, terminal_at
from tests.members.florists import RULES, TODAY, Office, florist, open_office

Capture = pytest.CaptureFixture[str]
BY_NAME = Members(timezone="Europe/Oslo", account_identity="name")
IBAN = "NO93 8601 1117 947"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The daemon's log is no output of a command."""
    with structlog.testing.capture_logs():
        yield


class TenOrders:
    """Ten orders, one rejected."""

    async def traffic(self, since: float, until: float, member: str | None = None) -> Mapping[str, Traffic]:
        return {"NO-1": Traffic(offered=10, rejected=1, delivered=9, answered=10, answer_seconds=300.0)}


@asynccontextmanager
async def served(office: Office, folder: Path, capsys: Capture) -> AsyncIterator[Terminal]:
    fakes = make_fakes()
    fakes.behind = dataclasses.replace(
        fakes.behind, store=office.store, register=RegisterDesk(office.keeper, TenOrders(), lambda: 7)
    )
    async with terminal_at(fakes, folder, capsys) as terminal:
        yield terminal


async def test_a_file_is_read_beside_the_loop_and_the_register_is_not(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeline keeps what it worked out: two threads at it would leave one from before the last change."""
    threads: set[int] = set()
    spans = Timeline.spans

    def spans_by(timeline: Timeline) -> list[Span]:
        threads.add(threading.get_ident())
        return spans(timeline)

    office = await open_office()
    await office.import_(florist())
    monkeypatch.setattr(Timeline, "spans", spans_by)
    (tmp_path / "members.csv").write_text("id,name\nNO-1,Rosa\n")
    async with served(office, tmp_path, capsys) as terminal:
        assert (await terminal.run("members", "import", str(tmp_path / "members.csv"))).code == 0
    changed = office.on("NO-1", TODAY)
    assert changed is not None
    assert changed.name == "Rosa"
    assert threads == {threading.get_ident()}


async def test_from_application_to_the_last_day(tmp_path: Path, capsys: Capture) -> None:
    """Each step says what it did; the history tells all of them, with who and why."""
    office = await open_office()
    fields = [f"{name}={value}" for name, value in msgspec.to_builtins(florist()).items() if name != "id"]
    async with served(office, tmp_path, capsys) as terminal:
        assert (await terminal.run("members", "add", "NO-1", *fields)).out.startswith("NO-1 applies")
        refused = await terminal.run("members", "admit", "NO-1", "--from", "2027-02-10")
        assert (refused.code, "floral_designer" in refused.err) == (1, True)
        await terminal.run("members", "check", "NO-1", "floral_designer", "--who", "odd")
        admitted = await terminal.run("members", "admit", "NO-1", "--from", "2027-02-10", "--probation-days", "30")
        assert admitted.out == "NO-1 is a member from 2027-02-10 on\n"
        changed = await terminal.run(
            "members", "change", "NO-1", "capacity_per_day=80", "--on", "2027-02-14", "--why", "Valentine"
        )
        assert changed.out == "capacity_per_day: nothing -> 80, on 2027-02-14\n"
        await terminal.run("members", "withdraw", "NO-1", "--last-day", "2027-06-30", "--why", "sold")
        history = (await terminal.run("members", "history", "NO-1")).out
        shown = (await terminal.run("members", "show", "NO-1", "--as-of", "2027-02-14")).out
        listed = await terminal.run("members", "list", "blomster", "--as-of", "2027-02-14", "--json")
        gone = await terminal.run("members", "list", "--as-of", "2027-07-01")
    assert [word in history for word in ("applied", "by odd", ": Valentine", "withdrew", "from 2027-07-01")] == [
        True
    ] * 5
    assert "(probation on 2027-02-14, last day 2027-06-30)" in shown
    assert listed.json()["total"] == 1
    assert (gone.code, gone.out) == (1, "")


async def test_an_account_needs_another_login_and_another_name(tmp_path: Path, capsys: Capture) -> None:
    """This test has one login, so nobody it names is a second person; its refusal says what would do."""
    office = await open_office(florist())
    async with served(office, tmp_path, capsys) as terminal:
        proposed = await terminal.run("members", "account", "propose", "NO-1", IBAN, "--who", "astrid")
        assert proposed.out.startswith("proposal 2 waits")
        listed = await terminal.run("members", "account", "list")
        refused = await terminal.run("members", "account", "approve", "NO-1", "2", "--who", "bjorn")
    assert "NO9386011117947" in listed.out
    assert (refused.code, "another login" in refused.err) == (1, True)
    assert office.keeper.books.accounts.all_of("NO-1") == []
    [proposal] = office.keeper.books.accounts.open_proposals()
    assert proposal.by.login == pwd.getpwuid(os.getuid()).pw_name


async def test_two_names_where_the_caller_knows_its_people(tmp_path: Path, capsys: Capture) -> None:
    """The number is shown whole to who approves, and by its end alone afterwards; nobody is no person."""
    office = await open_office(florist(), rules=BY_NAME)
    async with served(office, tmp_path, capsys) as terminal:
        nobody = await terminal.run("members", "account", "propose", "NO-1", IBAN, "--who", "local")
        await terminal.run("members", "account", "propose", "NO-1", IBAN, "--who", "Astrid")
        for same in ("Astrid", "ASTRID ", " as trid"):
            assert (await terminal.run("members", "account", "approve", "NO-1", "2", "--who", same)).code == 1
        approved = await terminal.run("members", "account", "approve", "NO-1", "2", "--who", "Bjørn")
        shown = await terminal.run("members", "show", "NO-1")
        history = await terminal.run("members", "history", "NO-1", "--json")
    assert (nobody.code, "/who" in nobody.err) == (1, True)
    assert "from 2027-02-01 on" in approved.out
    assert "***********7947 from 2027-02-01, by Astrid and Bjørn" in shown.out
    assert "NO9386011117947" not in shown.out + history.out


async def test_a_file_is_shown_before_it_is_taken_over(tmp_path: Path, capsys: Capture) -> None:
    """Field by field; a bad line is named, and stops all but the good ones where these are asked for."""
    office = await open_office(florist(), florist("NO-2"))
    out, bad = tmp_path / "members.csv", tmp_path / "bad.csv"
    async with served(office, tmp_path, capsys) as terminal:
        await terminal.run("members", "export", "-o", str(out))
        same = await terminal.run("members", "import", str(out), "--whole")
        bad.write_text("id,city,fax\nNO-1,Moss,+33 1 99 00 00 00\nNO-2,Moss,0000\n")
        dry = await terminal.run("members", "import", str(bad), "--dry-run")
        refused = await terminal.run("members", "import", str(bad))
        city_before = office.keeper.live.find("NO-1")
        good = await terminal.run("members", "import", str(bad), "--only-good")
        whole = await terminal.run("members", "import", str(bad), "--only-good", "--whole")
        exported = await terminal.run("members", "export", "--format", "ndjson")
    assert same.out == "0 added, 0 changed, 0 withdrawn; nothing was recorded\n"
    assert "~ NO-1  city: Oslo -> Moss, from 2027-02-01\n" in dry.out
    assert dry.out.endswith("nothing was recorded\n")
    assert "! line 3 /fax: not a possible telephone number" in dry.err
    assert (dry.code, refused.code, good.code, whole.code) == (1, 1, 1, 1)
    assert "line 3/fax" in refused.err
    assert city_before is not None
    assert city_before.city == "Oslo"
    assert [msgspec.json.decode(line)["city"] for line in exported.out.splitlines()] == ["Moss", "Oslo"]


async def test_who_is_certified_is_one_command(tmp_path: Path, capsys: Capture) -> None:
    """With the certificate and its evidence; the day after its last it shows nobody."""
    office = await open_office(florist(areas=[{"first": "0150", "last": "0199"}]))
    paper = tmp_path / "certificate.pdf"
    paper.write_bytes(b"%PDF-1.7 a certificate")
    days = ("--from", "2027-01-10", "--until", "2030-01-09")
    async with served(office, tmp_path, capsys) as terminal:
        await terminal.run(
            *("members", "label", "NO-1", "miljofyrtarn", "--number", "M-17", *days, "--evidence", str(paper))
        )
        asked = ("members", "certified", "miljofyrtarn", "--country", "NO", "--postcode", "0170")
        there = await terminal.run(*asked, "--as-of", "2030-01-09", "--json")
        after = await terminal.run(*asked, "--as-of", "2030-01-10")
    [certificate] = there.json()["certified"]
    assert (certificate["member"], certificate["number"]) == ("NO-1", "M-17")
    assert await office.store.document(certificate["evidence"]) == b"%PDF-1.7 a certificate"
    assert (after.code, after.err) == (1, "nobody is certified miljofyrtarn there on 2030-01-10\n")


async def test_samples_complaints_and_the_score(tmp_path: Path, capsys: Capture) -> None:
    """From the lot to the sheet; the score says what it is made of."""
    office = await open_office(florist(), rules=RULES)
    async with served(office, tmp_path, capsys) as terminal:
        days = ("--from", "2027-02-01", "--until", "2027-02-14")
        planned = await terminal.run("members", "sample", "plan", "--size", "1", *days)
        before = (await terminal.run("members", "score", "NO-1", "--json")).json()
        await terminal.run("members", "sample", "place", "1", "NO-1", "WEB-9")
        sheet = ("goods=5", "floristry=4", "delivery=5", "service=4")
        judged = await terminal.run("members", "sample", "judge", "1", "NO-1", *sheet)
        better = (await terminal.run("members", "score", "NO-1", "--json")).json()
        raised = ("WEB-9", "--delivered-on", "2027-01-31", "--category", "late")
        await terminal.run("members", "complaint", "raise", "NO-1", *raised)
        decided = await terminal.run("members", "complaint", "decide", "1", "--upheld", "--compensation", "120.50 NOK")
        listed = await terminal.run("members", "complaint", "list", "--json")
        score = await terminal.run("members", "score", "NO-1")
        wrong = await terminal.run("members", "complaint", "decide", "1", "--upheld", "--compensation", "1.005 NOK")
    assert planned.out.startswith("round 1 is drawn")
    assert judged.out == "NO-1 is judged in round 1: 4.5 of 5\n"
    assert better["score"] > before["score"]
    assert decided.out == "complaint 1 is upheld\n"
    assert listed.json()["complaints"][0]["compensation"] == {"amount_minor": 12_050, "currency": "NOK"}
    assert "1 upheld in 9 deliveries" in score.out
    assert wrong.code == 2


async def test_the_api_describes_itself(tmp_path: Path, capsys: Capture) -> None:
    """Each change has its body in the OpenAPI document; an unknown member is a problem that says so."""
    office = await open_office(florist())
    async with served(office, tmp_path, capsys) as terminal:
        missing = await terminal.run("members", "show", "NO-9")
        known = await terminal.run("members", "show", "NO-1", "--known-at", "2020-01-01T00:00:00+00:00")
        client = LocalClient(tmp_path / "s")
        document = (await trio.to_thread.run_sync(client.get, "/v1/openapi.json")).json()
        client.close()
    assert (missing.code, missing.err) == (1, f"faxgw: no member NO-9 in the register of {TODAY}\n")
    assert known.code == 1
    for path, wish in WISHES.items():
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body["$ref"].endswith(f"/{wish.__name__}"), path
