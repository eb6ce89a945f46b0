"""An inbox alone in its process, so that it can be killed: `python -m tests.live.inbox_driver STORE CONFIG`."""

import sys
from pathlib import Path

import msgspec
import trio

from faxgw.clock import SystemClock
from faxgw.config.inbox import InboxConfig
from faxgw.config.store import StoreConfig
from faxgw.inbox.ftp.loop import open_asyncio_thread
from faxgw.inbox.ftp.transport import AioFtpTransport
from faxgw.inbox.inbox import Inbox
from faxgw.ops.metrics import Metrics
from faxgw.store.sql import open_store


async def main(store_path: Path, own: InboxConfig) -> None:
    async with (
        open_asyncio_thread() as thread,
        open_store(store_path, StoreConfig(), lambda _: None) as store,
    ):
        inbox = Inbox(own, AioFtpTransport(own, thread), store.inbound, SystemClock(), Metrics(), "gw1")
        await inbox.run()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=InboxConfig))
