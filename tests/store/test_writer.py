"""The one that writes: what waits shares a commit, what breaks breaks alone, and a failed disk ends it."""

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
import trio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from faxgw.errors import BugError, StoreBusyError, StoreFailedError, StoreFullError
from faxgw.store.database import open_in_memory, open_reader, open_writer
from faxgw.store.writer import Committed, GroupWriter, InlineWriter, Request, commit_together


def keep(connection: Connection, words: Sequence[str]) -> list[str]:
    """Keeps words; the word `bad` breaks."""
    if "bad" in words:
        raise ValueError("bad")
    if words:
        connection.execute(text("INSERT INTO word VALUES (:word)"), [{"word": word} for word in words])
    return [f"kept {word}" for word in words]


def keep_reversed(connection: Connection, words: Sequence[str]) -> list[str]:
    """Another operation: keeps words from back to front."""
    keep(connection, [word[::-1] for word in words])
    return [f"reversed {word}" for word in words]


def kept(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT word FROM word ORDER BY rowid")).scalars())


def with_table(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE word (word TEXT NOT NULL)"))
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = with_table(open_writer(tmp_path / "words.db"))
    yield engine
    engine.dispose()


class Door:
    """An operation that holds the writer's thread until it is let go, so that others pile up behind it."""

    __name__ = "door"

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, _: Connection, items: Sequence[str]) -> list[str]:
        self.reached.set()
        assert self.open.wait(10)
        return list(items)


@asynccontextmanager
async def writing(
    engine: Engine,
    *,
    batch_max: int = 1_000,
    waiting_max: int = 10_000,
    watch: Callable[[Committed], None] = lambda _: None,
) -> AsyncIterator[tuple[GroupWriter, list[int]]]:
    commits: list[int] = []

    def committed(commit: Committed) -> None:
        commits.append(commit.items)
        watch(commit)

    writer = GroupWriter(engine, committed, batch_max=batch_max, waiting_max=waiting_max)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(writer.run)
            yield writer, commits
            nursery.cancel_scope.cancel()


async def pile_up(writer: GroupWriter, nursery: trio.Nursery, door: Door, requests: Sequence[Sequence[str]]) -> None:
    """Make so many requests wait behind a door that is shut."""
    nursery.start_soon(writer.write, door, ["x"])
    await trio.to_thread.run_sync(door.reached.wait)
    for words in requests:
        nursery.start_soon(writer.write, keep, words)
    await trio.testing.wait_all_tasks_blocked()


async def test_writes_that_wait_share_a_commit(engine: Engine) -> None:
    """A hundred tasks write while the disk is busy: one commit for all of them."""
    door = Door()
    async with writing(engine) as (writer, commits):
        async with trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [[str(number)] for number in range(100)])
            assert writer.waiting_items == 100
            door.open.set()
        assert commits == [1, 100]
        assert writer.waiting_items == 0
    assert len(kept(engine)) == 100


def let_threads_run() -> None:
    """By calls of the system, as every use of a socket is one."""
    for _ in range(100):
        Path().stat()


async def test_writes_of_one_turn_of_the_loop_share_a_commit(engine: Engine) -> None:
    """Also where the writer has nothing to do, and tasks let go of the interpreter between their writes."""

    async def write(word: str) -> None:
        let_threads_run()
        await writer.write(keep, [word])

    async with writing(engine) as (writer, commits):
        await writer.write(keep, ["first"])
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(write, str(number))
        assert commits == [1, 20]
    assert len(kept(engine)) == 21


async def test_a_commit_takes_no_more_than_its_bound(engine: Engine) -> None:
    """Whole requests only; one that is longer than the bound goes alone."""
    door = Door()
    async with writing(engine, batch_max=10) as (writer, commits):
        async with trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [["w"] * count for count in (4, 4, 4, 25, 3)])
            door.open.set()
        assert commits[0] == 1
        assert sorted(commits[1:]) != [40]
        assert all(items <= 10 or items == 25 for items in commits)
    assert len(kept(engine)) == 40


async def test_a_write_is_durable_when_it_is_answered(engine: Engine, tmp_path: Path) -> None:
    """Another connection sees it, and the pragmas that make it survive a power cut are set."""
    reader = open_reader(tmp_path / "words.db", 1)
    async with writing(engine) as (writer, _):
        assert await writer.write(keep, ["a"]) == ["kept a"]
        assert kept(reader) == ["a"]
    with engine.connect() as connection:
        settings = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]
    reader.dispose()


async def test_a_reader_cannot_write(tmp_path: Path, engine: Engine) -> None:
    """Exactly one connection ever writes."""
    reader = open_reader(tmp_path / "words.db", 1)
    with pytest.raises(OperationalError, match="readonly"), reader.connect() as connection:
        connection.execute(text("INSERT INTO word VALUES ('a')"))
    reader.dispose()


async def test_what_breaks_breaks_alone(engine: Engine) -> None:
    """Its neighbours in the same commit are written, it alone hears of it, and it is counted."""
    door = Door()
    broken: list[int] = []
    outcomes: dict[str, object] = {}

    async def write(word: str) -> None:
        try:
            outcomes[word] = await writer.write(keep, [word])
        except ValueError as error:
            outcomes[word] = error

    with structlog.testing.capture_logs() as logged:
        watched = writing(engine, watch=lambda commit: broken.append(commit.broken))
        async with watched as (writer, _), trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [])
            for word in ("a", "bad", "c"):
                nursery.start_soon(write, word)
            await trio.testing.wait_all_tasks_blocked()
            door.open.set()
    assert outcomes["a"] == ["kept a"]
    assert outcomes["c"] == ["kept c"]
    assert isinstance(outcomes["bad"], ValueError)
    assert sorted(kept(engine)) == ["a", "c"]
    assert sum(broken) == 1
    assert [(entry["event"], entry["operation"]) for entry in logged] == [("write_broke", "keep")]


async def test_a_write_that_breaks_in_the_middle_leaves_nothing(engine: Engine) -> None:
    """All of a request or nothing."""

    def half(connection: Connection, words: Sequence[str]) -> list[str]:
        keep(connection, words)
        raise ValueError("half way")

    async with writing(engine) as (writer, _):
        with structlog.testing.capture_logs(), pytest.raises(ValueError, match="half way"):
            await writer.write(half, ["a"])
        await writer.write(keep, ["b"])
    assert kept(engine) == ["b"]


async def test_bounded_writes_are_refused_when_too_many_wait(engine: Engine) -> None:
    """What takes orders in is told to come again; what was learnt of attempts is always written."""
    door = Door()
    async with writing(engine, waiting_max=10) as (writer, _):
        async with trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [["w"] * 8])
            with pytest.raises(StoreBusyError):
                await writer.write(keep, ["a"] * 3, bounded=True)
            nursery.start_soon(writer.write, keep, ["b"] * 3)
            await trio.testing.wait_all_tasks_blocked()
            door.open.set()
        await writer.write(keep, ["c"] * 3, bounded=True)
        await writer.write(keep, ["d"] * 11, bounded=True)
    words = kept(engine)
    assert {word: words.count(word) for word in words} == {"w": 8, "b": 3, "c": 3, "d": 11}


async def test_a_full_disk_writes_nothing_and_the_writer_lives_on(engine: Engine) -> None:
    """Once there is room again, the same write goes through."""
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        connection.rollback()
    async with writing(engine) as (writer, _):
        with pytest.raises(StoreFullError):
            await writer.write(keep, ["w" * 4_000] * 10)
        assert kept(engine) == []
        with engine.connect() as connection:
            connection.execute(text("PRAGMA max_page_count = 100000"))
            connection.rollback()
        await writer.write(keep, ["w" * 4_000] * 10)
    assert len(kept(engine)) == 10


class BrokenDisk:
    """An operation in which the disk fails, as SQLite says it."""

    __name__ = "broken_disk"

    def __init__(self, code: int) -> None:
        self._code = code

    def __call__(self, _connection: Connection, _items: Sequence[str]) -> list[str]:
        cause = sqlite3.OperationalError("disk I/O error")
        cause.sqlite_errorcode = self._code
        raise OperationalError("COMMIT", None, cause)


async def run_writer(
    writer: GroupWriter, heard: list[str], task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with pytest.raises(StoreFailedError):
        await writer.run(task_status)
    heard.append("run")


IOERR_FSYNC = 10 | (4 << 8)


@pytest.mark.parametrize("code", [10, IOERR_FSYNC, 11, 14, 26])
async def test_a_failed_disk_ends_the_writer_and_tells_all_who_wait(engine: Engine, code: int) -> None:
    """Nobody knows what is durable: everyone hears so, later writes too, and `run` ends."""
    door = Door()
    heard: list[str] = []

    async def write(writer: GroupWriter, operation: object, word: str) -> None:
        with pytest.raises(StoreFailedError):
            await writer.write(operation, [word])  # type: ignore[arg-type]
        heard.append(word)

    writer = GroupWriter(engine, lambda _: None, batch_max=2, waiting_max=100)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(run_writer, writer, heard)
            nursery.start_soon(writer.write, door, ["x"])
            await trio.to_thread.run_sync(door.reached.wait)
            nursery.start_soon(write, writer, BrokenDisk(code), "disk")
            await trio.testing.wait_all_tasks_blocked()
            for word in ("a", "b", "c", "d"):
                nursery.start_soon(write, writer, keep, word)
            await trio.testing.wait_all_tasks_blocked()
            door.open.set()
    assert sorted(heard) == ["a", "b", "c", "d", "disk", "run"]
    with pytest.raises(StoreFailedError):
        await writer.write(keep, ["late"])


async def test_another_programs_lock_is_waited_out(tmp_path: Path, engine: Engine) -> None:
    """An operator's SQL shell in a transaction delays the writes and loses none."""
    with engine.connect() as connection:
        connection.execute(text("PRAGMA busy_timeout = 20"))
        connection.rollback()
    shell = sqlite3.connect(tmp_path / "words.db", isolation_level=None, check_same_thread=False)
    shell.execute("BEGIN IMMEDIATE")
    with structlog.testing.capture_logs() as logged:
        async with writing(engine) as (writer, _), trio.open_nursery() as nursery:
            nursery.start_soon(writer.write, keep, ["a"])
            while not logged:
                await trio.lowlevel.checkpoint()
            shell.execute("ROLLBACK")
    shell.close()
    assert kept(engine) == ["a"]
    assert {entry["event"] for entry in logged} == {"store_locked_by_another_program"}


async def test_closing_writes_what_waits(engine: Engine) -> None:
    """A stop loses nothing that was handed in; what comes after is refused."""
    door = Door()
    writer = GroupWriter(engine, lambda _: None, batch_max=10, waiting_max=100)
    with trio.fail_after(20):
        async with trio.open_nursery() as tasks, trio.open_nursery() as nursery:
            await nursery.start(writer.run)
            await pile_up(writer, tasks, door, [["a"], ["b"], ["c"]])
            nursery.cancel_scope.cancel()
            door.open.set()
    assert sorted(kept(engine)) == ["a", "b", "c"]
    with pytest.raises(StoreFailedError, match="closed"):
        await writer.write(keep, ["d"])


async def test_a_caller_that_went_away_breaks_nothing(engine: Engine) -> None:
    """Its write may or may not have happened; the others' answers stay their own."""
    door = Door()
    async with writing(engine) as (writer, _):
        async with trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [])
            with trio.move_on_after(0):
                await writer.write(keep, ["gone"])
            nursery.start_soon(writer.write, keep, ["a"])
            await trio.testing.wait_all_tasks_blocked()
            door.open.set()
        assert await writer.write(keep, ["b"]) == ["kept b"]
    assert set(kept(engine)) >= {"a", "b"}


async def test_the_inline_writer_keeps_the_same_promises() -> None:
    """A write that breaks leaves nothing, and the next goes through."""
    engine = with_table(open_in_memory())
    commits: list[Committed] = []
    writer = InlineWriter(engine, commits.append)
    with structlog.testing.capture_logs(), pytest.raises(ValueError, match="bad"):
        await writer.write(keep, ["a", "bad"])
    assert await writer.write(keep, ["b"]) == ["kept b"]
    assert kept(engine) == ["b"]
    assert writer.waiting_items == 0


OPERATIONS = {"keep": keep, "reversed": keep_reversed}
WORDS = st.lists(st.sampled_from(["a", "bc", "def", "gh", "bad"]), max_size=4)
REQUESTS = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), WORDS), min_size=1, max_size=12)
FOLDED = with_table(open_in_memory())


@given(REQUESTS)
def test_answers_are_never_lost_or_swapped(asked: list[tuple[str, list[str]]]) -> None:
    """However requests are merged, each has the answers to its own items in order, or its own error."""
    requests = [Request(OPERATIONS[name], words) for name, words in asked]
    with FOLDED.begin() as connection:
        connection.execute(text("DELETE FROM word"))
    with FOLDED.connect() as connection, structlog.testing.capture_logs():
        commit_together(connection, requests)
    written = []
    for request, (name, words) in zip(requests, asked, strict=True):
        turned = [word[::-1] for word in words] if name == "reversed" else words
        if "bad" in turned:
            assert isinstance(request.error, ValueError)
            assert request.answers == []
        else:
            assert request.error is None
            prefix = "kept" if name == "keep" else "reversed"
            assert request.answers == [f"{prefix} {word}" for word in words]
            written += turned
    assert sorted(kept(FOLDED)) == sorted(written)


def test_a_disk_that_fails_in_the_middle_of_single_commits_is_not_hidden() -> None:
    """One request breaks, so each is tried alone; the disk fails at the next: that is what is raised."""
    requests = [Request(keep, ["bad"]), Request(BrokenDisk(IOERR_FSYNC), ["x"]), Request(keep, ["a"])]
    with FOLDED.connect() as connection, structlog.testing.capture_logs(), pytest.raises(StoreFailedError):
        commit_together(connection, requests)


def test_no_order_stands_in_an_errors_text() -> None:
    """What goes to the log when a write breaks has no customer in it."""
    with FOLDED.connect() as connection, pytest.raises(OperationalError) as raised:
        connection.execute(text("INSERT INTO no_such_table VALUES (:word)"), [{"word": "Zoé, 2 quai des Iris"}])
    assert "Iris" not in str(raised.value)


async def test_an_unexpected_end_of_the_thread_is_a_bug(engine: Engine) -> None:
    """Not a silent stop: who waits hears of it, and `run` raises."""
    writer = GroupWriter(engine, lambda _: None, batch_max=10, waiting_max=100)
    writer._waiting.append(None)  # type: ignore[arg-type]
    with pytest.raises(ExceptionGroup) as ended:
        async with trio.open_nursery() as nursery:
            await nursery.start(writer.run)
    assert ended.group_contains(BugError)


async def test_it_tells_since_when_a_write_hangs_in_its_commit(engine: Engine) -> None:
    """The one that the thread has taken up counts, not only those that wait behind it."""
    door = Door()
    async with writing(engine) as (writer, _):
        handed_in_at = trio.current_time()
        async with trio.open_nursery() as nursery:
            await pile_up(writer, nursery, door, [["a"]])
            since = writer.waiting_since
            door.open.set()
        assert since is not None
        assert handed_in_at <= since < trio.current_time()
        assert writer.waiting_since is None
