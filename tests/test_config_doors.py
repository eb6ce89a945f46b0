"""What an operator writes of doors and numbers: whatever could not work is refused with its place and a sentence."""

from pathlib import Path

import msgspec
import pytest

from faxgw.config.bind import read_bind
from faxgw.config.whole import Config, load_config
from faxgw.errors import ConfigError
from tests.carrier_config import PROVIDER


def read(folder: Path, text: str) -> Config:
    path = folder / "faxgw.toml"
    path.write_text(text + PROVIDER, encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:8470", "127.0.0.1", 8470),
        ("[::1]:0", "::1", 0),
        ("[fe80::1%eth0]:65535", "fe80::1%eth0", 65_535),
        ("localhost:8470", "localhost", 8470),
        ("fax-1.example.net:8470", "fax-1.example.net", 8470),
        (":8470", None, 8470),
    ],
)
def test_an_address_has_a_host_and_a_port(address: str, host: str | None, port: int) -> None:
    """Without a host it is every address of the machine."""
    assert read_bind(address) == (host, port)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("8470", "write the address as host:port"),
        ("127.0.0.1:", "write the address as host:port"),
        ("127.0.0.1:-1", "write the address as host:port"),
        ("127.0.0.1:\u0668\u0664", "write the address as host:port"),
        ("127.0.0.1:65536", "a port is at most 65535"),
        ("127.0.0.1:" + "9" * 5_000, "a port is at most 65535"),
        ("::1:8470", "write an IPv6 host in brackets"),
        ("[127.0.0.1]:8470", "neither an IP address nor a host's name"),
        ("127.0.0.256:8470", "neither an IP address nor a host's name"),
        ("here and there:8470", "neither an IP address nor a host's name"),
        ("http://127.0.0.1:8470", "write an IPv6 host in brackets"),
    ],
)
def test_what_is_no_address_is_refused(tmp_path: Path, address: str, words: str) -> None:
    """By whoever reads the config, long before anybody listens."""
    with pytest.raises(ConfigError, match=r"http\.bind: ") as refused:
        read(tmp_path, f'[http]\nbind = "{address}"\n')
    assert words in str(refused.value)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "-1", "1e999", "1" + "0" * 30])
@pytest.mark.parametrize(
    "key", ["gateway.stop_grace_seconds", "queue.climb_seconds", "relay.answer_minutes", "call.faxes_max"]
)
def test_a_number_that_means_nothing_is_refused(tmp_path: Path, key: str, number: str) -> None:
    """Infinite, no number at all, below nought, or longer than any count."""
    section, name = key.split(".")
    with pytest.raises(ConfigError, match=rf"{section}\.{name}: must be"):
        read(tmp_path, f"[{section}]\n{name} = {number}\n")


def test_numbers_in_lists_and_in_tables_of_names_are_looked_at(tmp_path: Path) -> None:
    """A carrier's and a class of failure's as well; each with its place, all at once."""
    text = "[retry.busy]\ncalls_max = 1\nwait_seconds = inf\n[[escalation]]\nminutes_before = inf\nstep = 'alert'\n"
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert "retry.busy.wait_seconds: must be a number of at most" in str(refused.value)
    assert "escalation.0.minutes_before: must be a number of at most" in str(refused.value)


def test_every_number_of_the_config_has_a_lower_bound() -> None:
    """A new key without one would take a negative time."""
    schema = msgspec.json.schema(Config)
    unbounded = [
        f"{name}.{key}"
        for name, struct in schema["$defs"].items()
        for key, value in struct.get("properties", {}).items()
        for kind in value.get("anyOf", [value])
        if kind.get("type") in {"integer", "number"} and not {"minimum", "exclusiveMinimum"} & set(kind)
    ]
    assert unbounded == []
    assert len(schema["$defs"]) > 20


def test_a_socket_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """As it stands with the config's own folder before it: that is what the system is asked for."""
    with pytest.raises(ConfigError, match=r"api\.socket: has \d+ bytes as /.+, and a socket's path at most 107"):
        read(tmp_path, f'[api]\nsocket = "{"s" * 100}"\n')
