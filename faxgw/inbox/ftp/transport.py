"""The port's face of FTP sessions: each call is one hop to asyncio's thread and back."""

import ssl
from collections.abc import Sequence
from functools import partial

from faxgw.config.inbox import InboxConfig
from faxgw.config.secret import read_secret
from faxgw.errors import ConfigError
from faxgw.inbox.ftp.loop import AsyncioThread
from faxgw.inbox.ftp.session import FtpSession
from faxgw.inbox.ftp.tls import tls_of
from faxgw.inbox.port import Changed, FtpConnection, Listing, Lost, Refused, Transfer, Wanted


class AioFtpTransport:
    """See `port.FtpTransport`. The password is read at each login, so that a new one needs no restart."""

    def __init__(self, own: InboxConfig, thread: AsyncioThread) -> None:
        """
        Raises:
            ConfigError: the file of authorities cannot be used.
        """
        self._own = own
        self._thread = thread
        self._tls = tls_of(own)

    async def connect(self) -> FtpConnection | Refused | Lost:
        try:
            password = read_secret(self._own.password_file)
        except ConfigError as error:
            return Refused(f"password_file {error}")
        session = await self._thread.run(partial(_make_session, self._own, self._tls))
        opened = None
        try:
            opened = await self._thread.run(partial(session.open, password))
        finally:
            if opened is None:
                # Cancelled here in the moment in which it was opened there.
                self._thread.tell(session.abort)
        return opened if isinstance(opened, Refused | Lost) else AioFtpConnection(self._thread, session)


async def _make_session(own: InboxConfig, tls: ssl.SSLContext | None) -> FtpSession:
    return FtpSession(own, tls)


class AioFtpConnection:
    """See `port.FtpConnection`."""

    def __init__(self, thread: AsyncioThread, session: FtpSession) -> None:
        self._thread = thread
        self._session = session

    async def look(self) -> Listing:
        return await self._thread.run(self._session.look)

    async def fetch(self, wanted: Sequence[Wanted]) -> list[Transfer]:
        return await self._thread.run(partial(self._session.fetch, wanted))

    async def rename(self, moves: Sequence[tuple[str, str]]) -> list[Changed]:
        return await self._thread.run(partial(self._session.rename, moves))

    async def delete(self, names: Sequence[str]) -> list[Changed]:
        return await self._thread.run(partial(self._session.delete, names))

    async def make_folder(self, name: str) -> Changed:
        return await self._thread.run(partial(self._session.make_folder, name))

    async def close(self) -> None:
        try:
            await self._thread.run(self._session.close)
        finally:
            # Cancelled here, it may not even have begun there.
            self._thread.tell(self._session.abort)
