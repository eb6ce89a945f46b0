"""The life of the daemon: opens every concrete part, runs the gateway over them, and closes them in order.

The nesting below is the order of stopping, from the inside out: the doors close first, then sends under way
finish or time out, then those who listen for carriers' answers end, then the drawing processes, and the
store last. A failed disk ends the process with `EXIT_STORE_FAILED`; the supervisor starts it anew.
"""

import fcntl
import gc
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import assert_never

import structlog
import trio

from faxgw.api.app import Behind
from faxgw.api.doors import Credentials, Doors, load_credentials
from faxgw.api.members.routes import RegisterDesk
from faxgw.clock import Clock, SystemClock, watch_steps
from faxgw.config.carriers import CarrierConfig, SimulatedConfig
from faxgw.config.daemon import RenderConfig
from faxgw.config.interfax import InterfaxConfig
from faxgw.config.provider import ProviderConfig
from faxgw.config.retarus import RetarusConfig
from faxgw.config.secret import read_secret
from faxgw.config.sinch import SinchConfig
from faxgw.config.telnyx import TelnyxConfig
from faxgw.config.whole import Config
from faxgw.crashpoint import reach
from faxgw.errors import ConfigError, OperatorError, StoreBusyError, StoreFailedError
from faxgw.fax import State
from faxgw.gateway import Gateway, Parts
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.incoming import FaxesIn
from faxgw.intake.pool import FaxesRead, open_reading_pool
from faxgw.members.keeper import Keeper
from faxgw.ops.health import GatewayHealth
from faxgw.ops.logs import configure_logs
from faxgw.ops.metrics import Metrics, QueueFigures
from faxgw.ops.supervisor import Supervisor, describe_queue, find_supervisor, supervised
from faxgw.provider.http import timeouts_of
from faxgw.provider.interfax.adapter import InterfaxProvider
from faxgw.provider.port import Provider
from faxgw.provider.retarus.adapter import RetarusProvider
from faxgw.provider.simulated import SimulatedProvider
from faxgw.provider.sinch.adapter import SinchProvider
from faxgw.provider.telnyx.adapter import TelnyxProvider
from faxgw.relay.traffic import RelayTraffic
from faxgw.reloading import Reloading
from faxgw.render.handed_in.handed import Limits
from faxgw.render.pool import Drawn, RenderPool, open_pool
from faxgw.routing.atlas import load_places
from faxgw.routing.desk import RoutingDesk
from faxgw.routing.places import NOWHERE
from faxgw.settlement.exports.desk import load_books
from faxgw.settlement.tariff import check_web_members, load_tariffs
from faxgw.store.backup.folder import RESTORING
from faxgw.store.database import STORE_FILE
from faxgw.store.sql import SqlStore, open_store
from faxgw.store.writer import Committed

log = structlog.get_logger(__name__)

EXIT_OK = 0
EXIT_OPERATOR = 2
EXIT_STORE_FAILED = 74
"""EX_IOERR of sysexits.h."""

CLOSING_SECONDS_MAX = 30.0
"""For what follows the last send: receipts under way, processes and threads, the store's last commit (10 s)."""
WATCH_SECONDS = 5.0
LAG_PROBE_SECONDS = 0.5
_OBJECTS_BETWEEN_COLLECTIONS = 10_000


def run(config: Config, read: Callable[[], Config]) -> int:
    """Run the daemon until it is told to stop; returns the exit code. `read` reads the config anew."""
    configure_logs(config.logs.format, config.logs.level)
    # Before anybody heeds it, and once nobody does any more, a reload must not end us.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervisor = find_supervisor(os.environ, os.getpid())
    exit_code = EXIT_OK
    try:
        with only_one_daemon(Path(config.gateway.state_dir)):
            trio.run(partial(live, config, read, supervisor), strict_exception_groups=True)
    except* OperatorError as errors:
        for error in _leaves(errors):
            log.error("cannot_run", reason=str(error))
        exit_code = EXIT_OPERATOR
    except* StoreFailedError as errors:
        for error in _leaves(errors):
            log.critical("store_failed", reason=str(error))
        exit_code = EXIT_STORE_FAILED
    return exit_code


async def live(config: Config, read: Callable[[], Config], supervisor: Supervisor) -> None:
    """Open, run, close."""
    credentials = load_credentials(config)
    clock = SystemClock()
    metrics = Metrics()
    state_dir = Path(config.gateway.state_dir)
    health = GatewayHealth(state_dir, config.store.free_bytes_min, lambda: store.waiting_since)
    metrics.store_free_bytes.set_function(lambda: shutil.disk_usage(state_dir).free)
    metrics.store_free_bytes_min.set(config.store.free_bytes_min)

    def status() -> str:
        return describe_queue(metrics.queue_figures(), is_ready=not health.reasons_not_ready())

    def committed(commit: Committed) -> None:
        metrics.store_commit_duration.observe(commit.seconds)
        metrics.store_commit_batch_size.observe(commit.items)
        metrics.store_writes_broken.inc(commit.broken)

    def drawn(batch: Drawn) -> None:
        metrics.render_pages.inc(batch.pages)
        metrics.render_duration.observe(batch.wall_seconds)

    async with (
        supervised(supervisor, health.reasons_not_alive, status),
        open_store(state_dir / STORE_FILE, config.store, committed) as store,
        _open_pool(config.render, drawn) as pool,
        open_providers(config, clock) as providers,
        open_faxes_in(config, metrics) as faxes_in,
    ):
        keeper = Keeper(store.register, config.members, clock, metrics)
        await keeper.load()
        if config.settlement is not None and len(keeper.books.history):
            check_web_members(config.settlement, lambda member: keeper.books.history.find(member) is not None)
        parts = Parts(
            config=config,
            store=store,
            renderer=pool,
            providers=providers,
            register=keeper.live,
            clock=clock,
            random=random.SystemRandom().random,
            metrics=metrics,
            keeper=keeper,
            faxes_in=faxes_in,
            places=load_places(state_dir) if config.routing is not None or config.settlement is not None else NOWHERE,
            tariff=load_tariffs(config.settlement.tariffs) if config.settlement is not None else None,
            books=load_books(config.settlement.books) if config.settlement and config.settlement.books else None,
        )
        await _serve(parts, store, health, supervisor, credentials, read)


def _open_pool(config: RenderConfig, drawn: Callable[[Drawn], None]) -> AbstractAsyncContextManager[RenderPool]:
    limits = Limits(
        bytes_max=config.document_bytes_max,
        pages_max=config.document_pages_max,
        pixels_max=config.document_pixels_max,
        cpu_seconds_max=config.document_cpu_seconds_max,
    )
    return open_pool(
        drawn,
        workers=config.workers,
        timeout_seconds=config.timeout_seconds,
        memory_bytes_max=config.memory_bytes_max,
        limits=limits,
    )


async def _serve(
    parts: Parts,
    store: SqlStore,
    health: GatewayHealth,
    supervisor: Supervisor,
    credentials: Credentials,
    read: Callable[[], Config],
) -> None:
    gateway = Gateway(parts)
    health.carriers_not_ready = gateway.carriers.reasons_not_ready
    health.carriers_out = gateway.carriers.notes
    health.stopped_by_people = gateway.control.reasons_not_ready
    health.inboxes_not_read = gateway.incoming.inboxes_not_read
    behind = Behind(
        store=store,
        desk=gateway.desk,
        relay=gateway.relay,
        control=gateway.control,
        archive=gateway.archive,
        receipts=gateway.receipts,
        health=health,
        metrics=parts.metrics,
        clock=parts.clock,
        config=parts.config,
        at_risk_seconds=gateway.at_risk_seconds,
        incoming=gateway.incoming.faces,
        routing=_routing_desk(gateway, parts),
        settlement=gateway.settlement,
        register=RegisterDesk(parts.keeper, RelayTraffic(store.relay)) if parts.keeper is not None else None,
    )
    async with trio.open_nursery() as watchers:
        watchers.start_soon(watch_queue, gateway, store, parts.metrics)
        watchers.start_soon(_watch_loop, parts.metrics)
        watchers.start_soon(watch_steps, parts.clock, [gateway.heed_clock])
        async with trio.open_nursery() as working:
            stop_sending, stop_serving, are_open = trio.Event(), trio.Event(), trio.Event()
            watchers.start_soon(_heed_signals, stop_serving, working.cancel_scope)
            doors = Doors(behind, credentials)
            reloading = Reloading(parts.config, read, doors, gateway, parts.metrics, supervisor)
            watchers.start_soon(reloading.heed_signals, are_open, stop_serving)
            await working.start(gateway.run, stop_sending)
            reach("daemon-recovered")
            health.note_recovered()
            # What is loaded now stays: without it a full collection walks all of it, 66 ms at a time.
            gc.collect()
            gc.freeze()
            # Nearly all that a fax makes goes with it: to look for rings every 700 objects finds none, and costs 3 %.
            gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
            async with trio.open_nursery() as serving:
                addresses = await doors.open(serving, stop_serving)
                reach("daemon-listening")
                log.info("listening", addresses=addresses)
                supervisor.note_ready()
                are_open.set()
                await stop_serving.wait()
                health.note_stopping()
                supervisor.note_stopping(_stop_seconds_max(parts.config))
                gateway.incoming.stop_fetching()
                reach("daemon-stop-heard")
            reach("daemon-doors-closed")
            stop_sending.set()
        watchers.cancel_scope.cancel()
    reach("daemon-stopped")
    log.info("stopped")


def _routing_desk(gateway: Gateway, parts: Parts) -> RoutingDesk | None:
    if gateway.routing is None:
        return None
    return RoutingDesk(gateway.routing, parts.store, Path(parts.config.gateway.state_dir))


def _stop_seconds_max(config: Config) -> float:
    """For a supervisor: what the config grants answers and sends, and what closing takes at most."""
    return config.api.stop_grace_seconds + config.gateway.stop_grace_seconds + CLOSING_SECONDS_MAX


async def _heed_signals(stopping: trio.Event, everything: trio.CancelScope) -> None:
    """The first SIGTERM or SIGINT stops in order, a second one at once."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("signal", name=signal.Signals(number).name, at_once=stopping.is_set())
            if stopping.is_set():
                everything.cancel()
            stopping.set()


async def watch_queue(gateway: Gateway, store: SqlStore, metrics: Metrics) -> None:
    """Keep the queue's figures at hand, so that a scrape asks no database."""
    figures = QueueFigures({}, 0.0)
    metrics.read_queue_from(lambda: figures)
    metrics.store_wal_bytes.set_function(store.wal_bytes)
    metrics.store_writes_waiting.set_function(lambda: store.writes_waiting)
    counts: Mapping[State, int] = {}
    while True:
        try:
            counts = await store.unfinished_counts()
        except StoreBusyError:
            # What is in memory is known all the same.
            log.warning("store_busy", waits_to_read="how many faxes stand where")
        figures = gateway.waiting.figures(counts)
        await trio.sleep(WATCH_SECONDS)


async def _watch_loop(metrics: Metrics) -> None:
    """Measure how late the event loop wakes a task: what every carrier and caller waits on top."""
    while True:
        due = trio.current_time() + LAG_PROBE_SECONDS
        await trio.sleep_until(due)
        metrics.loop_lag.observe(max(0.0, trio.current_time() - due))


@asynccontextmanager
async def open_faxes_in(config: Config, metrics: Metrics) -> AsyncIterator[FaxesIn | None]:
    """Connections to the inboxes, and the processes that read what they bring; nothing where no inbox is configured."""
    if not config.inbox:
        yield None
        return

    def read(batch: FaxesRead) -> None:
        metrics.intake_cpu.labels("text" if batch.text else "code").inc(batch.cpu_seconds)

    own = config.intake
    text_workers = own.text_workers if own.ocr else 0
    async with (
        open_reading_pool(read, own.reading, workers=own.workers, text_workers=text_workers) as pool,
        open_asyncio_thread() as thread,
    ):
        yield FaxesIn(pool, [(inbox, AioFtpTransport(inbox, thread)) for inbox in config.inbox])


@asynccontextmanager
async def open_providers(config: Config, clock: Clock) -> AsyncIterator[list[tuple[Provider, ProviderConfig]]]:
    """Every carrier of the config. A new carrier's class is named here and nowhere else."""
    async with AsyncExitStack() as stack:
        providers: list[tuple[Provider, ProviderConfig]] = []
        for own in config.provider:
            provider = _make_provider(own, clock)
            stack.push_async_callback(provider.aclose)
            providers.append((provider, own))
        yield providers


def _make_provider(own: CarrierConfig, clock: Clock) -> Provider:
    try:
        match own:
            case SimulatedConfig():
                return SimulatedProvider(
                    own.name,
                    base_url=own.base_url,
                    login=own.account,
                    password=read_secret(own.password_file),
                    lanes=own.lanes,
                    timeouts=timeouts_of(own),
                    webhook_secret=read_secret(own.webhook_secret_file),
                    clock=clock,
                )
            case RetarusConfig():
                return RetarusProvider(
                    own,
                    password=read_secret(own.password_file),
                    webhook_secret=_read_if_named(own.webhook_secret_file),
                    clock=clock,
                )
            case InterfaxConfig():
                return InterfaxProvider(
                    own,
                    password=read_secret(own.password_file),
                    webhook_password=_read_if_named(own.webhook_password_file),
                    clock=clock,
                )
            case SinchConfig():
                return SinchProvider(
                    own,
                    key_secret=read_secret(own.key_secret_file),
                    webhook_secret=_read_if_named(own.webhook_secret_file),
                    clock=clock,
                )
            case TelnyxConfig():
                return TelnyxProvider(own, api_key=read_secret(own.api_key_file), clock=clock)
            case _:
                assert_never(own)
    except ValueError as error:
        raise ConfigError(f"provider {own.name}: {error}") from error


def _read_if_named(file: str) -> str | None:
    return read_secret(file) if file else None


@contextmanager
def only_one_daemon(state_dir: Path) -> Iterator[None]:
    """Hold the state directory: two writers on one store would each believe to be alone.

    Raises:
        ConfigError: another holds it, or it cannot hold a store.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        lock = (state_dir / "lock").open("w")
    except OSError as error:
        raise ConfigError(
            f"{state_dir} cannot hold the store: {error.strerror}; make it writable or set another"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another daemon runs on {state_dir}; stop it or set another state_dir") from None
        if (state_dir / RESTORING).exists():
            raise ConfigError(f"a restore into {state_dir} was cut off: move all of it away, and restore again")
        yield


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
