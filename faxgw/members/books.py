"""All that the register's book says, in memory: each entry is read once and put where it is asked for."""

from collections.abc import Iterable
from typing import assert_never

from faxgw.members.accounts import Accounts
from faxgw.members.certificates import Certificates
from faxgw.members.complaints import Complaints
from faxgw.members.entries import (
    AccountApproved,
    AccountProposed,
    AccountRefused,
    Act,
    CertificateStated,
    CheckPassed,
    ComplaintDecided,
    ComplaintRaised,
    FieldsSet,
    RoundPlanned,
    SampleJudged,
    SamplePlaced,
    read_body,
    subject_name,
)
from faxgw.members.history import History
from faxgw.members.samples import Samples
from faxgw.store.register.port import Entry


class Books:
    """The book, sorted."""

    def __init__(self) -> None:
        self.seq = 0
        """Of the newest entry."""
        self.history = History()
        self.accounts = Accounts()
        self.certificates = Certificates()
        self.samples = Samples()
        self.complaints = Complaints()
        self.checks: dict[str, dict[str, Entry]] = {}
        """Who looked at what, by applicant and check."""
        self.trail: dict[str, list[Entry]] = {}
        """All entries of a member, checks, certificates and accounts among them."""
        self.in_file: dict[str, dict[str, object]] = {}
        """The members of the config's file as it was when it was read last."""

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.seq > self.seq:
                self._add(entry)
                self.seq = entry.seq

    def _add(self, entry: Entry) -> None:
        name = subject_name(entry.subject)
        self.history.note(entry)
        match read_body(entry):
            case FieldsSet() as said:
                self.history.add(name, entry, said)
                self._note_file(name, said)
            case CheckPassed(check=check):
                self.checks.setdefault(name, {})[check] = entry
            case CertificateStated() as stated:
                self.certificates.add(entry, stated)
            case AccountProposed() | AccountApproved() | AccountRefused() as said:
                self.accounts.add(entry, said)
            case RoundPlanned() | SamplePlaced() | SampleJudged() as said:
                self.samples.add(entry, said)
                return
            case ComplaintRaised() | ComplaintDecided() as said:
                self.complaints.add(entry, said)
                return
            case never:
                assert_never(never)
        self.trail.setdefault(name, []).append(entry)

    def _note_file(self, member_id: str, said: FieldsSet) -> None:
        match said.act:
            case Act.CONFIGURED:
                self.in_file.setdefault(member_id, {}).update(said.fields)
            case Act.LEFT_FILE:
                self.in_file.pop(member_id, None)
            case _:
                pass
