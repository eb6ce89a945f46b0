"""Takes a file of members over into the register, shows first what it changes, and writes the register as a file."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
import trio
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from faxgw.api.body import TooLarge, read_body
from faxgw.api.caller import LOCAL, who_asks
from faxgw.api.members.asking import person_of, refusal
from faxgw.api.members.reading import AsOf, KnownAt, known_seq
from faxgw.api.members.views import EvidenceBody, ImportBody, import_body
from faxgw.api.problem import Kind, documented, problem
from faxgw.faults import FAULTS_MAX, Fault
from faxgw.members import importing
from faxgw.members.books import Books
from faxgw.members.decisions import Asked, Decided, Decision
from faxgw.members.file import LineFault, read_numbered
from faxgw.members.keeper import Keeper
from faxgw.members.member import Member
from faxgw.members.spreadsheet import read_csv, write_csv
from faxgw.store.port import Store

FILE_BYTES_MAX = 16 * 1024 * 1024
EVIDENCE_BYTES_MAX = 16 * 1024 * 1024
MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}

FileKind = Annotated[Literal["csv", "ndjson"], QueryParameter(name="format")]
Who = Annotated[str, QueryParameter(max_length=200)]
DryRun = Annotated[bool, QueryParameter(description="Only show what it would change")]
Whole = Annotated[bool, QueryParameter(description="Whom the file does not name leaves the register")]
OnlyGood = Annotated[bool, QueryParameter(description="Take over the good lines although others have faults")]
Day = Annotated[dt.date | None, QueryParameter(name="from", description="From this day on; today where none is named")]


def file_routes(keeper: Keeper, store: Store) -> list[HTTPRouteHandler]:
    @post(
        "/v1/register/import",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=200,
        summary="Take over a file of members, CSV or NDJSON; with dry_run only show what it changes",
        responses={
            200: ResponseSpec(ImportBody, generate_examples=False, description="What changed, or would"),
            **documented(Kind.TOO_LARGE, Kind.INVALID),
        },
    )
    async def take_over(
        request: Request[Any, Any, Any],
        kind: FileKind = "csv",
        first_day: Day = None,
        dry_run: DryRun = False,
        whole: Whole = False,
        only_good: OnlyGood = False,
        who: Who = LOCAL,
        why: Who = "",
    ) -> Response[Any]:
        content = await read_body(request, FILE_BYTES_MAX)
        if isinstance(content, TooLarge):
            return problem(Kind.TOO_LARGE, f"a file of members has at most {content.bytes_max} bytes")
        day = first_day or keeper.today()
        snapshot = _Snapshot(keeper.books, day)
        read = await trio.to_thread.run_sync(_read, content, kind, snapshot.known)

        def decide(books: Books, asked: Asked) -> Decision:
            # Fields that a file leaves out are as the register says, which may have changed since.
            is_fresh = books.seq == snapshot.seq
            members, _ = read if is_fresh else _read(content, kind, _Snapshot(books, day).known)
            return importing.take_over(books, asked, members, day, is_whole=whole)

        by = person_of(request, who_asks(request, who))
        _, faults = read
        if faults and (whole or not (dry_run or only_good)):
            # Of a whole register's file, who has a bad line would count as not named.
            return _refused(faults)
        done = await (keeper.preview if dry_run else keeper.change)(by, why, decide)
        if not isinstance(done, Decided):
            return refusal(done)
        recorded = bool(done.entries) and not dry_run
        return Response(import_body(done.came_of_it, faults, recorded=recorded))

    @get(
        "/v1/register/export",
        sync_to_thread=False,
        summary="The members of a day as CSV or NDJSON",
        responses={200: ResponseSpec(bytes, generate_examples=False, description="The file", media_type="text/csv")},
    )
    def export(kind: FileKind = "csv", as_of: AsOf = None, known_at: KnownAt = None) -> Response[bytes]:
        seq, day = known_seq(keeper, known_at), as_of or keeper.today()
        members = sorted(_as_said(keeper, day, seq), key=lambda member: member.id)
        content = write_csv(members) if kind == "csv" else b"".join(msgspec.json.encode(m) + b"\n" for m in members)
        return Response(content, media_type=MEDIA_TYPES[kind])

    @post(
        "/v1/register/evidence",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=200,
        summary="Keep a document that shows a certificate",
        responses={
            200: ResponseSpec(EvidenceBody, generate_examples=False, description="Its name among the documents"),
            **documented(Kind.TOO_LARGE, Kind.INVALID),
        },
    )
    async def keep_evidence(request: Request[Any, Any, Any]) -> Response[Any]:
        content = await read_body(request, EVIDENCE_BYTES_MAX)
        if isinstance(content, TooLarge):
            return problem(Kind.TOO_LARGE, f"evidence has at most {content.bytes_max} bytes")
        if not content:
            return problem(Kind.INVALID, "nothing was kept", errors=[Fault("", "the document is empty")])
        return Response(EvidenceBody(await store.keep_document(content)))

    return [take_over, export, keep_evidence]


class _Snapshot:
    """The register of a day, and how new it is. Worked out on the loop, for timelines keep what they work out."""

    def __init__(self, books: Books, day: dt.date) -> None:
        self.seq = books.seq
        # One who applied for a later day is known as it will be then.
        first_days = ((each, each.day_from(day)) for each in books.history)
        self.known = {
            each.member_id: member
            for each, first_day in first_days
            if first_day is not None and (member := each.on(first_day)) is not None
        }


def _read(content: bytes, kind: str, known: Mapping[str, Member]) -> tuple[list[Member], list[LineFault]]:
    """What a file says. Thousands of lines take a while, so it is done on a thread."""
    numbered, faults = (read_numbered if kind == "ndjson" else read_csv)(content, known)
    return [member for _, member in numbered], faults


def _as_said(keeper: Keeper, day: dt.date, seq: int | None) -> Iterator[Member]:
    """As it was said, without what certificates add to the labels: an import of it changes nothing."""
    for timeline in keeper.books.history:
        member = (timeline if seq is None else timeline.known(seq)).on(day)
        if member is not None and member.standing.is_in:
            yield member


def _refused(faults: list[LineFault]) -> Response[Any]:
    errors = [Fault(f"line {each.line_number}{each.fault.pointer}", each.fault.detail) for each in faults[:FAULTS_MAX]]
    return problem(Kind.INVALID, f"nothing was taken over: {len(faults)} faults", errors=errors)
