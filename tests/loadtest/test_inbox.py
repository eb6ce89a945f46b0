"""What a gateway says of the faxes that came in, and what lies in the folder: the account's two witnesses."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from faxgw.errors import OperatorError
from faxgw_loadtest.client import Client, Reply
from faxgw_loadtest.inbound.inbox import Inbox, Told

AT = {"kept_at": "2027-05-29T08:00:00Z", "concluded_at": "2027-05-29T08:00:01Z"}


class Gateway(Client):
    """Lists faxes 1 to `last` of the inbox `florists`, the newest first, two at a time."""

    def __init__(self, last: int) -> None:
        super().__init__(Path("nowhere"))
        self.last = last
        self.status = 200

    async def request(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if urlsplit(path).path == "/v1/inbox":
            return self._said({"inboxes": [{"name": "florists", "faxes": {"applied": self.last - 1, "kept": 1}}]})
        newest = int(asked.get("before", self.last + 1)) - 1
        ids = range(newest, max(0, newest - min(2, int(asked["limit"]))), -1)
        return self._said({"inbound": [{"id": each, "name": f"{each}.tif", "state": "applied", **AT} for each in ids]})

    def _said(self, document: object) -> Reply:
        return Reply(self.status, msgspec.json.encode(document))


async def _told(gateway: Gateway, folder: Path) -> tuple[Told, int]:
    inbox = Inbox("florists", folder, gateway)
    await inbox.begin()
    gateway.last = 8
    return await inbox.tell(), await inbox.unread()


def test_only_what_came_in_since_the_run_began_is_told_to_the_first(tmp_path: Path) -> None:
    """A page at a time; a file that is being written is not there, and a claimed one has its own name."""
    for name in ("a.tif", "b.tif.faxgw-0a1b", ".c.tif.part"):
        (tmp_path / name).touch()
    told, unread = asyncio.run(_told(Gateway(3), tmp_path))
    assert [each.id for each in told.lines] == [8, 7, 6, 5, 4]
    assert told.totals == {"applied": 5, "kept": 0}
    assert told.left == {"a.tif", "b.tif"}
    assert unread == 3


def test_an_inbox_that_is_not_there_and_a_gateway_in_trouble_are_two_things(tmp_path: Path) -> None:
    gateway = Gateway(3)
    with pytest.raises(OperatorError, match="no inbox post"):
        asyncio.run(Inbox("post", tmp_path, gateway).begin())
    gateway.status = 503
    with pytest.raises(ConnectionError, match="answers 503"):
        asyncio.run(Inbox("florists", tmp_path, gateway).unread())
