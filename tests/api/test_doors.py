"""The three doors together: what each asks of a caller, and what they show once files have changed."""

from pathlib import Path

import h11
import msgspec
import pytest
import trio

from faxgw.api.doors import Doors, load_credentials
from faxgw.config.daemon import Api
from faxgw.errors import ConfigError
from tests.api.fakes import Fakes, make_fakes
from tests.api.tls import WORD, connected, http_door, make_certificate, tcp_door

NEW_WORD = WORD[::-1]
END = "faxgw_tls_certificate_expiry_timestamp_seconds"


async def status(stream: trio.abc.Stream, path: str, word: str | None = None) -> int:
    """Of one answer, read to its end; the connection is kept."""
    headers = [("host", "x"), *([("authorization", f"Bearer {word}")] if word is not None else [])]
    wire = h11.Connection(h11.CLIENT)
    request = wire.send(h11.Request(method="GET", target=path, headers=headers)) or b""
    await stream.send_all(request + (wire.send(h11.EndOfMessage()) or b""))
    told = 0
    while not isinstance(event := wire.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            wire.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Response):
            told = event.status_code
    return told


def fakes_with_doors(folder: Path, pair: tuple[Path, Path]) -> Fakes:
    (folder / "token").write_text(WORD, encoding="utf-8")
    tcp = tcp_door(*pair)
    tcp = msgspec.structs.replace(tcp, token=[msgspec.structs.replace(tcp.token[0], file=str(folder / "token"))])
    return make_fakes(Api(socket=str(folder / "s"), tcp=tcp), http_door(*pair))


async def test_each_door_asks_what_it_must(tmp_path: Path) -> None:
    """The socket nothing; the TCP face nothing, and has little; the API over TCP a token, and has everything."""
    pair = make_certificate(tmp_path)
    fakes = fakes_with_doors(tmp_path, pair)
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        doors = Doors(fakes.behind, load_credentials(fakes.behind.config))
        _, http, tcp = await doors.open(nursery, stopping)
        async with await trio.open_unix_socket(tmp_path / "s") as local, connected(http, pair[0]) as outside:
            assert await status(local, "/v1/queue") == 200
            assert [await status(outside, path) for path in ("/healthz", "/v1/queue")] == [200, 404]
        async with connected(tcp, pair[0]) as caller:
            assert [await status(caller, "/healthz", word) for word in (None, NEW_WORD, WORD)] == [401, 401, 200]
            assert await status(caller, "/v1/queue", WORD) == 200
        stopping.set()
    shaken = {"door": "tcp", "result": "done"}
    assert fakes.metrics.registry.get_sample_value("faxgw_tls_handshakes_total", shaken) == 1
    shown = load_credentials(fakes.behind.config).http
    assert shown is not None
    ends = [fakes.metrics.registry.get_sample_value(END, {"door": door}) for door in ("http", "tcp")]
    assert ends == [shown.ends_at] * 2
    refused = {"door": "tcp", "reason": "unauthorized"}
    assert fakes.metrics.registry.get_sample_value("faxgw_refused_total", refused) == 2


async def test_a_token_that_is_taken_away_is_good_for_no_further_request(tmp_path: Path) -> None:
    """Also on a connection that is open; the new one is good on it at once."""
    pair = make_certificate(tmp_path)
    fakes = fakes_with_doors(tmp_path, pair)
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        doors = Doors(fakes.behind, load_credentials(fakes.behind.config))
        _, _, tcp = await doors.open(nursery, stopping)
        async with connected(tcp, pair[0]) as caller:
            assert await status(caller, "/v1/queue", WORD) == 200
            (tmp_path / "token").write_text(NEW_WORD, encoding="utf-8")
            doors.show(load_credentials(fakes.behind.config))
            assert [await status(caller, "/v1/queue", word) for word in (WORD, NEW_WORD)] == [401, 200]
        stopping.set()


def test_a_file_that_cannot_be_used_is_told_with_its_door(tmp_path: Path) -> None:
    """Which of the doors it is for."""
    pair = make_certificate(tmp_path)
    config = fakes_with_doors(tmp_path, pair).behind.config
    pair[1].unlink()
    with pytest.raises(ConfigError, match=r"^http: key_file"):
        load_credentials(config)
