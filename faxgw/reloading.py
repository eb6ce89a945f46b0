"""SIGHUP: the config and its files are read anew, and what can change while faxes are under way does.

All of it or nothing: whatever cannot be used is refused before anything changes, and the daemon goes on as it was.
Passwords of inboxes are read at each connection anyway; those of carriers at the start.
"""

import signal
from collections.abc import Callable

import structlog
import trio

from faxgw.api.doors import Credentials, Doors, load_credentials
from faxgw.config.reload import Reload, plan_reload
from faxgw.config.whole import Config
from faxgw.errors import ConfigError
from faxgw.gateway import Gateway
from faxgw.ops.logs import configure_logs
from faxgw.ops.metrics import Metrics
from faxgw.ops.supervisor import Supervisor

log = structlog.get_logger(__name__)


class Reloading:
    """What runs now, and how it is exchanged."""

    def __init__(
        self,
        running: Config,
        read: Callable[[], Config],
        doors: Doors,
        gateway: Gateway,
        metrics: Metrics,
        supervisor: Supervisor,
    ) -> None:
        self._running = running
        self._read = read
        self._doors = doors
        self._gateway = gateway
        self._metrics = metrics
        self._supervisor = supervisor

    async def heed_signals(self, started: trio.Event, stopping: trio.Event) -> None:
        """Reload at each SIGHUP, for ever: several that come at once are one, and one that comes early waits."""
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            await started.wait()
            async for _ in signals:
                if not stopping.is_set():
                    await self.reload()

    async def reload(self) -> None:
        """Read, decide, change; a config that cannot be used is an error in the log, and nothing more."""
        self._supervisor.note_reloading()
        try:
            change, credentials = await trio.to_thread.run_sync(self._prepare)
        except ConfigError as error:
            self._refuse(str(error))
        except Exception as error:
            # The crash barrier: nothing was changed yet, and faxes are under way that a typing error must not end.
            self._refuse(f"of a fault of ours: {type(error).__name__}")
            log.error("reload_broke", exc_info=error)
        else:
            self._change(change, credentials)
        self._supervisor.note_ready()

    def _refuse(self, reason: str) -> None:
        self._metrics.config_reloads.labels("refused").inc()
        log.error("config_refused", reason=reason, goes_on_with="the config as it was")

    def _prepare(self) -> tuple[Reload, Credentials]:
        change = plan_reload(self._running, self._read())
        return change, load_credentials(change.config)

    def _change(self, change: Reload, credentials: Credentials) -> None:
        """Nothing here can fail, and nobody else runs meanwhile."""
        config = self._running = change.config
        configure_logs(config.logs.format, config.logs.level)
        self._doors.show(credentials)
        self._gateway.heed_config(config)
        self._metrics.config_reloads.labels("applied").inc()
        self._metrics.config_keys_waiting.set(len(change.waits))
        log.info("config_reloaded", applied=change.applied)
        if change.waits:
            log.warning("config_takes_effect_at_the_next_start", keys=change.waits)
