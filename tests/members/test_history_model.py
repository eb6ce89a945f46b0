"""As of any day, and as known at any time, the register gives the same answer before and after later changes."""

import datetime as dt
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faxgw.members.books import Books
from faxgw.members.certificates import Certificates
from faxgw.members.certifying import state_certificate
from faxgw.members.changing import change
from faxgw.members.decisions import Asked, Decided, Decision
from faxgw.members.difference import fields_between, fields_of
from faxgw.members.enrolment import withdraw
from faxgw.members.entries import CertificateStated
from faxgw.members.importing import take_over
from faxgw.members.member import Member
from faxgw.members.snapshots import register_of
from faxgw.store.database import open_in_memory
from faxgw.store.register.operations import append
from faxgw.store.register.port import Append, Appended, Entry
from faxgw.store.register.reading import read_entries
from faxgw.store.schema import metadata
from tests.members.florists import ASTRID, florist

FIRST = dt.date(2027, 1, 1)
DAYS = st.integers(0, 8).map(lambda number: FIRST + dt.timedelta(number))
ALL_DAYS = [FIRST + dt.timedelta(number) for number in range(-1, 14)]
LOOKED_AT = ALL_DAYS[::2] + ALL_DAYS[1:4:2]
MEMBERS = st.sampled_from(["NO-1", "NO-2"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "city": st.sampled_from(["Oslo", "Bergen", "Moss"]),
        "capacity_per_day": st.sampled_from([None, 10, 80]),
        "labels": st.sampled_from([[], ["roses"], ["roses", "miljofyrtarn"]]),
    },
)
CERTIFIED = ("miljofyrtarn",)

Answers = dict[tuple[str, dt.date], Member | None]


class RegisterOverTime(RuleBasedStateMachine):
    """The books against a model that knows of each day and field who spoke last."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = open_in_memory()
        metadata.create_all(self.engine)
        self.connection = self.engine.connect()
        self.books = Books()
        self.model: dict[tuple[str, dt.date], dict[str, Any]] = {}
        self.certificates: dict[tuple[str, str], tuple[dt.date, dt.date]] = {}
        self.remembered: list[tuple[int, Answers]] = []
        self.today = FIRST

    # --- what people say -----------------------------------------------------------------------------

    @rule(member=MEMBERS, city=st.sampled_from(["Oslo", "Moss"]), day=DAYS)
    def import_one(self, member: str, city: str, day: dt.date) -> None:
        wanted = florist(member, city=city)
        if self._write(take_over(self.books, self._asked(), [wanted], day, is_whole=False)):
            now = self._said_on(member, day)
            # Of a member that is there, a file says only what is otherwise on its day.
            said = fields_of(wanted) | {"standing": "full"} if now is None else fields_between(now, fields_of(wanted))
            for each in ALL_DAYS:
                if each >= day:
                    self._say(member, each, said)

    @rule(member=MEMBERS, fields=FIELDS, day=DAYS, days=st.sampled_from([0, 2, None]))
    def change_some(self, member: str, fields: dict[str, Any], day: dt.date, days: int | None) -> None:
        last_day = dt.date.max if days is None else day + dt.timedelta(days)
        if self._write(change(self.books, self._asked(), member, fields, day, last_day)):
            for each in ALL_DAYS:
                if day <= each <= last_day:
                    self._say(member, each, fields)

    @rule(member=MEMBERS, last_day=DAYS)
    def withdraw_one(self, member: str, last_day: dt.date) -> None:
        if self._write(withdraw(self.books, self._asked(), member, last_day)):
            for each in ALL_DAYS:
                if each > last_day:
                    self._say(member, each, {"standing": "withdrawn"})

    @rule(member=MEMBERS, day=DAYS, days=st.integers(0, 4))
    def certify(self, member: str, day: dt.date, days: int) -> None:
        last_day = day + dt.timedelta(days)
        said = CertificateStated("miljofyrtarn", f"M-{member}")
        if self._write(state_certificate(self.books, self._asked(), member, said, day, last_day)):
            self.certificates[member, said.number] = day, last_day

    @precondition(lambda self: len(self.remembered) < 3)
    @rule()
    def remember(self) -> None:
        self.remembered.append((self.books.seq, self._answers(None)))

    # --- what must hold --------------------------------------------------------------------------------

    @invariant()
    def what_was_known_stays_known(self) -> None:
        for seq, answers in self.remembered:
            assert self._answers(seq) == answers

    @invariant()
    def every_day_is_as_was_said_last(self) -> None:
        for day in LOOKED_AT:
            register = register_of(self.books.history, self.books.certificates, CERTIFIED, day)
            for member in ("NO-1", "NO-2"):
                assert register.find(member) == self._expected(member, day)

    @invariant()
    def the_books_read_anew_say_the_same(self) -> None:
        again = Books()
        again.add(_entries(self.connection))
        assert again.seq == self.books.seq
        assert _registers(again) == _registers(self.books)

    # --- the model ---------------------------------------------------------------------------------------

    def _say(self, member: str, day: dt.date, fields: dict[str, Any]) -> None:
        self.model.setdefault((member, day), {}).update(fields)

    def _said_on(self, member: str, day: dt.date) -> dict[str, Any] | None:
        said = {name: value for name, value in self.model.get((member, day), {}).items() if value is not None}
        return fields_of(msgspec.convert({"id": member, **said}, Member)) if "name" in said else None

    def _expected(self, member: str, day: dt.date) -> Member | None:
        said = {name: value for name, value in self.model.get((member, day), {}).items() if value is not None}
        if "name" not in said or said.get("standing") == "withdrawn":
            return None
        plain = [label for label in said.get("labels", []) if label not in CERTIFIED]
        first_day, last_day = self.certificates.get((member, f"M-{member}"), (dt.date.max, dt.date.min))
        labels = [*plain, "miljofyrtarn"] if first_day <= day <= last_day else plain
        return msgspec.convert({"id": member, **said, "labels": labels}, Member)

    def _answers(self, seq: int | None) -> Answers:
        answers: Answers = {}
        for day in LOOKED_AT:
            register = register_of(self.books.history, self.books.certificates, CERTIFIED, day, seq)
            answers |= {(member, day): register.find(member) for member in ("NO-1", "NO-2")}
        return answers

    def _write(self, decision: Decision) -> bool:
        if not isinstance(decision, Decided) or not decision.entries:
            return False
        with self.connection.begin():
            [written] = append(self.connection, [Append(decision.entries, self.books.seq)])
        assert isinstance(written, Appended)
        self.books.add(written.entries)
        return True

    def _asked(self) -> Asked:
        return Asked(ASTRID, "", 1_000.0 + self.books.seq, self.today)

    def teardown(self) -> None:
        self.connection.close()
        self.engine.dispose()


def _entries(connection: Any) -> list[Entry]:
    with connection.begin():
        return read_entries(connection, 0, 10_000)


def _registers(books: Books) -> list[list[Member]]:
    certificates: Certificates = books.certificates
    return [list(register_of(books.history, certificates, CERTIFIED, day)) for day in LOOKED_AT]


RegisterOverTime.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
test_register_over_time = RegisterOverTime.TestCase
