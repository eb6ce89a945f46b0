"""`faxgw doctor`: every check of a machine, its config and its daemon, running or not."""

import datetime as dt
import resource
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from faxgw.cli.client import LocalClient, NotReachableError
from faxgw.cli.connection import config_option, find_config, json_option
from faxgw.cli.exits import EXIT_REFUSED
from faxgw.cli.screen import console, print_json
from faxgw.cli.surroundings import faults_around, secrets_of
from faxgw.clock import SystemClock
from faxgw.config.inbox import InboxConfig, Security
from faxgw.config.secret import place_of, read_secret
from faxgw.config.store import StoreConfig
from faxgw.config.whole import Config, load_config
from faxgw.errors import ConfigError
from faxgw.ops.doctor import disk, files, gateway, machine, network, store
from faxgw.ops.doctor.finding import Finding, Verdict, fail, ok, skip, worst_of

ASK_SECONDS = 10.0
OPEN_YET = frozenset({"", "lanes", "rate"})
"""What a carrier is closed by that takes the next fax in a moment."""
STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.SKIP: "dim"}


@click.command()
@config_option
@click.option("--deep", is_flag=True, help="Compare every index of the store with its rows; reads for minutes.")
@click.option("--offline", is_flag=True, help="Connect to no carrier and no inbox.")
@json_option
def doctor(config_path: Path | None, deep: bool, offline: bool, as_json: bool) -> int:
    """Look at this machine, the config and the daemon, and say what somebody has to do.

    Run it as the user of the daemon. Nothing is changed and nothing is sent. Exit code 0 where nothing failed, 1 where
    something did.
    """
    findings: list[Finding] = []
    show = _Screen(as_json)
    for finding in _findings(config_path, deep, offline):
        findings.append(finding)
        show.put(finding)
    show.end(findings)
    return EXIT_REFUSED if worst_of(findings) is Verdict.FAIL else 0


def _findings(config_path: Path | None, deep: bool, offline: bool) -> Iterator[Finding]:
    """In the order in which somebody would mend them."""
    path = find_config(config_path)
    try:
        config = load_config(path)
    except ConfigError as error:
        yield fail("config", str(error), "mend it; `faxgw check-config` looks again")
        return
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("config", partial(_look_at_surroundings, path, config)),
        ("machine", partial(_look_at_machine, config)),
        ("disk", partial(_look_at_disk, config)),
        ("store", partial(_look_at_store, config, deep)),
        ("certificates", partial(_look_at_certificates, config)),
        *([] if offline else [("network", partial(_look_around, config))]),
        ("renderer", _draw_page),
        ("daemon", partial(_look_at_daemon, config)),
    ]
    for name, look in looks:
        yield from _look_apart(name, look)


def _look_apart(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - the crash barrier of a look: the others are wanted all the more then
        advice = "tell whoever develops faxgw; the other checks hold"
        yield fail(name, f"this check broke: {type(error).__name__}: {error}", advice)


def _look_at_surroundings(path: Path, config: Config) -> Iterator[Finding]:
    if faults := faults_around(config):
        yield fail("config", "; ".join(faults), "mend it; `faxgw check-config` looks again")
    else:
        yield ok("config", f"{path} can be used")


def _look_at_machine(config: Config) -> Iterator[Finding]:
    if not config.store.url:
        yield machine.judge_sqlite()
    yield machine.judge_clock(machine.read_clock())
    yield machine.judge_zones(
        [config.members.timezone, config.relay.timezone, *(each.timezone for each in config.calling if each.timezone)]
    )
    yield files.look_at_secrets(list(_secret_places(config)))
    yield files.look_at_state_dir(Path(config.gateway.state_dir))


def _secret_places(config: Config) -> Iterator[Path]:
    for _, _, file in secrets_of(config):
        try:
            place = place_of(file)
        except ConfigError:
            continue  # A credential that only the service gets.
        if place.is_file():
            yield place


def _look_at_disk(config: Config) -> Iterator[Finding]:
    state_dir = Path(config.gateway.state_dir)
    yield disk.look_at_file_system(state_dir, Path("/proc/self/mounts").read_text(encoding="utf-8"))
    there = next(each for each in (state_dir, *state_dir.parents) if each.is_dir())
    yield disk.judge_free_space(shutil.disk_usage(there).free, config.store.free_bytes_min)
    try:
        yield disk.judge_syncs(disk.measure_syncs(state_dir))
    except OSError as error:
        yield fail(disk.SYNC, f"{there}: {error.strerror}", "run it as the daemon's user; make the folder writable")


def _look_at_store(config: Config, deep: bool) -> Iterator[Finding]:
    if config.store.url:
        yield from _look_at_postgres(config.store)
        return
    from faxgw.store.database import SCHEMA_VERSION, STORE_FILE  # noqa: PLC0415 It brings all of SQLAlchemy.
    from faxgw.store.examining import examine  # noqa: PLC0415

    database = Path(config.gateway.state_dir) / STORE_FILE
    if not database.exists():
        yield skip("store", f"{database} is not there yet; the daemon makes it")
        return
    found = examine(database, deep=deep)
    if isinstance(found, str):
        yield fail("store", f"{database} cannot be read: {found}", "run it as the daemon's user; else restore a backup")
        return
    yield store.judge_schema(found.schema, SCHEMA_VERSION)
    yield store.judge_journal(found.journal)
    yield store.judge_log(found.wal_bytes)
    yield store.judge_backup(_backup_age_seconds(database.parent))
    yield store.judge_integrity(found.faults, "integrity check" if deep else "quick check")
    age_seconds = SystemClock().now() - found.first_at if found.first_at is not None else 0.0
    yield disk.judge_growth(found.size_bytes, age_seconds, shutil.disk_usage(database.parent).free)


def _backup_age_seconds(state_dir: Path) -> float | None:
    from faxgw.store.backup.folder import LAST_BACKUP  # noqa: PLC0415 It brings all of SQLAlchemy.

    note = state_dir / LAST_BACKUP
    return max(SystemClock().now() - note.stat().st_mtime, 0.0) if note.exists() else None


def _look_at_postgres(config: StoreConfig) -> Iterator[Finding]:
    from faxgw.store import postgres  # noqa: PLC0415 It brings all of SQLAlchemy.
    from faxgw.store.database import SCHEMA_VERSION  # noqa: PLC0415

    found = postgres.examine(config.url, read_secret(config.password_file) if config.password_file else None)
    if isinstance(found, str):
        yield fail("store", f"{config.url} cannot be used: {found}", "docs/standby.md says what it must be")
        return
    held = "held by a daemon" if found.is_held else "held by no daemon"
    yield ok("store", f"PostgreSQL {found.server}, {held}")
    if found.schema is not None:
        yield store.judge_schema(found.schema, SCHEMA_VERSION)


def _look_at_certificates(config: Config) -> Iterator[Finding]:
    doors = [("api.tcp", config.api.tcp), ("http", config.http)]
    for name, door in doors:
        if door is not None and door.certificate_file:
            certificate, key = Path(door.certificate_file), Path(door.key_file)
            yield network.look_at_certificate(f"certificate {name}", certificate, key, _now())


def _look_around(config: Config) -> Iterator[Finding]:
    for carrier in config.provider:
        for url in _urls_of(carrier):
            yield network.look_at_url(f"carrier {carrier.name}", url, _now())
    for inbox in config.inbox:
        yield from _look_at_inbox(inbox)


def _urls_of(carrier: object) -> list[str]:
    """Where it takes faxes in and answers: by the names that all carriers' sections share."""
    single = [getattr(carrier, name, "") for name in ("base_url", "submit_url")]
    return [url for url in (*single, *getattr(carrier, "report_urls", ())) if url]


def _look_at_inbox(inbox: InboxConfig) -> Iterator[Finding]:
    """Connect and hang up; a login would count against those that the server allows the daemon."""
    from faxgw.inbox.ftp.tls import tls_of  # noqa: PLC0415 Only who has an inbox waits for it.

    context = tls_of(inbox) if inbox.security is Security.IMPLICIT else None
    yield network.look_at_host(f"inbox {inbox.name}", inbox.host, inbox.port_used, context, _now())


def _draw_page() -> Iterator[Finding]:
    from faxgw.cli.doctor_page import draw_page  # noqa: PLC0415 It brings the fonts.

    yield draw_page()


def _look_at_daemon(config: Config) -> Iterator[Finding]:
    socket_path = Path(config.api.socket)
    yield files.look_at_socket(socket_path, int(config.api.socket_mode, 8))
    client = LocalClient(socket_path, timeout_seconds=ASK_SECONDS)
    try:
        yield from _judge_daemon(config, partial(_ask, client))
    except NotReachableError as error:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield _judge_files(config, limit, "this shell")
        yield skip("daemon", str(error))
    finally:
        client.close()


def _judge_daemon(config: Config, ask: Callable[[str], bytes]) -> Iterator[Finding]:
    health = msgspec.json.decode(ask("/readyz"))
    yield gateway.judge_ready(health.get("reasons", ()), health.get("notes", ()))
    queue = msgspec.json.decode(ask("/v1/queue?lines=0"))
    carriers = msgspec.json.decode(ask("/v1/providers"))["providers"]
    shut = {each["name"]: each["detail"] or each["closed_by"] for each in carriers if each["closed_by"] not in OPEN_YET}
    yield gateway.judge_carriers(shut, len(carriers))
    yield gateway.judge_oldest(queue["oldest_due_age_seconds"])
    yield gateway.judge_doubts(queue["states"].get("unknown", 0), sum(each["in_doubt"] for each in carriers))
    yield gateway.judge_held(queue["states"].get("held", 0))
    yield _judge_files(config, _figure(ask("/metrics").decode(), "process_max_fds"), "the daemon")


def _judge_files(config: Config, limit: int, whose: str) -> Finding:
    lanes = sum(carrier.lanes for carrier in config.provider)
    return machine.judge_files(limit, lanes, sum(inbox.connections for inbox in config.inbox), whose)


def _ask(client: LocalClient, path: str) -> bytes:
    return client.get(path).body


def _figure(exposition: str, name: str) -> int:
    values = [line.split()[1] for line in exposition.splitlines() if line.startswith(f"{name} ")]
    return int(float(values[0])) if values else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _now() -> dt.datetime:
    return dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC)


class _Screen:
    """A line a check, as it is found; what to do stands below."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._console = console()

    def put(self, finding: Finding) -> None:
        if self._as_json:
            return
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=4)
        grid.add_column(width=18, overflow="fold")
        grid.add_column(overflow="fold")
        verdict = Text(finding.verdict.value, STYLES[finding.verdict])
        grid.add_row(verdict, finding.check, Text(finding.detail, "dim" if finding.verdict is Verdict.SKIP else ""))
        if finding.advice:
            grid.add_row("", "", Text(f"→ {finding.advice}", "bold"))
        self._console.print(grid)

    def end(self, findings: list[Finding]) -> None:
        if self._as_json:
            checks: list[dict[str, Any]] = [msgspec.to_builtins(finding) for finding in findings]
            print_json({"verdict": worst_of(findings).value, "checks": checks})
            return
        counts = {each: sum(finding.verdict is each for finding in findings) for each in Verdict}
        told = ", ".join(f"{count} {each.value}" for each, count in counts.items() if count)
        self._console.print(Text(told, STYLES[worst_of(findings)]))
