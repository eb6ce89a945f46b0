"""What an operator writes of doors and numbers: whatever could not work is refused with its place and a sentence."""

from pathlib import Path

import msgspec
import pytest

from faxgw.config.bind import read_bind
from faxgw.config.secret import read_secret
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


CALLER = '[[api.tcp.token]]\nname = "{name}"\nfile = "t"\n'


def door(more: str = "", *names: str) -> str:
    return f'[api.tcp]\nbind = "127.0.0.1:8471"\n{more}\n' + "".join(
        CALLER.format(name=name) for name in names or ("a",)
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[api.tcp]\nbind = "127.0.0.1:8471"\n', "api.tcp.token: missing"),
        ('[api.tcp]\nbind = "127.0.0.1:8471"\ntoken = []\n', "api.tcp.token: must not be empty"),
        (door("", "a", "b", "a"), "api.tcp.token.2.name: two tokens are called a"),
        (door("", "local"), "api.tcp.token.0.name: local is who asks on the socket"),
        (door("", "no spaces"), "api.tcp.token.0.name: must be 1 to 32"),
        (door('key_file = "k"'), "api.tcp.certificate_file: a certificate and its key come together"),
        (door('certificate_file = "c"'), "api.tcp.key_file: a certificate and its key come together"),
        (door('client_ca_file = "c"'), "api.tcp.client_ca_file: callers show certificates over TLS only"),
        (door().replace("127.0.0.1", ""), "api.tcp.bind: tokens and orders would leave this machine"),
        (door().replace("127.0.0.1", "fax.example.net"), "api.tcp.bind: tokens and orders would leave this machine"),
        (door().replace(":8471", ""), "api.tcp.bind: write the address as host:port"),
        ('[http]\ncertificate_file = "c"\n', "http.key_file: a certificate and its key come together"),
    ],
)
def test_a_door_that_lets_nobody_or_everybody_in_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """With its place, and what to write instead."""
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert fault in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost"])
def test_on_this_machine_alone_a_door_may_speak_without_tls(tmp_path: Path, host: str) -> None:
    """As behind a proxy that does it. Paths start at the config's folder; credentials are no paths."""
    text = door('certificate_file = "c"\nkey_file = "credential:k"')
    tcp = read(tmp_path, text.replace("127.0.0.1", host)).api.tcp
    assert tcp is not None
    assert (tcp.certificate_file, tcp.key_file) == (str(tmp_path / "c"), "credential:k")
    assert (tcp.token[0].file, tcp.token[0].scope) == (str(tmp_path / "t"), "orders")
    assert read(tmp_path, door().replace("127.0.0.1", host)).api.tcp is not None


@pytest.mark.parametrize("name", ["", "a/b", "../b", ".hidden", "a b", "a" * 256])
def test_a_credential_lies_in_its_directory_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """No name leads out of it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match="a credential's name"):
        read_secret(f"credential:{name}")


def test_a_credential_without_systemd_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what the unit must say."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="start by systemd with LoadCredential=password:"):
        read_secret("credential:password")
