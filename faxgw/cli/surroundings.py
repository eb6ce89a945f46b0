"""What a config names on the machine that it is checked on: secrets, files, the places of its doors."""

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from faxgw.config.bind import read_bind
from faxgw.config.carriers import file_keys
from faxgw.config.secret import DIRECTORY, is_credential, origin_of, read_secret
from faxgw.config.whole import Config
from faxgw.errors import ConfigError


def faults_around(config: Config) -> list[str]:
    """A sentence for each thing that would keep the daemon from starting, or an inbox from being read."""
    return [
        *_secret_faults(config),
        *_socket_faults(Path(config.api.socket), Path(config.gateway.state_dir)),
        *_bind_faults("http.bind", config.http.bind),
        *_door_faults(config),
        *_file_faults(config),
    ]


def origins(config: Config) -> list[str]:
    """Where each secret comes from, a line each; never what it is."""
    return [f"{whose}, {key}: {origin_of(file)}" for whose, key, file in secrets_of(config)]


def secrets_of(config: Config) -> Iterator[tuple[str, str, str]]:
    """Whose, by which key, and in which file."""
    for carrier in config.provider:
        yield from ((f"provider {carrier.name}", key, getattr(carrier, key)) for key in file_keys(carrier))
    for inbox in config.inbox:
        yield f"inbox {inbox.name}", "password_file", inbox.password_file
    if config.store.password_file:
        yield "store", "password_file", config.store.password_file
    for token in config.api.tcp.token if config.api.tcp is not None else ():
        yield f"token {token.name}", "file", token.file


def _secret_faults(config: Config) -> Iterator[str]:
    for whose, _, file in secrets_of(config):
        if _is_here(file):
            yield from (f"{whose}: {fault}" for fault in _config_faults(partial(read_secret, file)))


def _is_here(*files: str) -> bool:
    """Whether they can be looked at: who checks a config by hand has not what systemd gives to the service."""
    return DIRECTORY in os.environ or not any(map(is_credential, files))


def _is_secret(file: str) -> bool:
    return not any(_config_faults(partial(read_secret, file)))


def _door_faults(config: Config) -> Iterator[str]:
    from faxgw.api.tls import certificate_of  # noqa: PLC0415 They bring trio.
    from faxgw.api.tokens import load_keyring  # noqa: PLC0415

    http, tcp = config.http, config.api.tcp
    if _is_here(http.certificate_file, http.key_file):
        yield from (f"http: {fault}" for fault in _config_faults(partial(certificate_of, http)))
    if tcp is None:
        return
    yield from _bind_faults("api.tcp.bind", tcp.bind)
    if _is_here(tcp.certificate_file, tcp.key_file, tcp.client_ca_file):
        yield from (f"api.tcp: {fault}" for fault in _config_faults(partial(certificate_of, tcp)))
    # Those that cannot be read are told of as secrets.
    readable = [token for token in tcp.token if _is_here(token.file) and _is_secret(token.file)]
    yield from (f"api.tcp: {fault}" for fault in _config_faults(partial(load_keyring, readable)))


def _socket_faults(path: Path, state_dir: Path) -> Iterator[str]:
    # The daemon makes its state directory, with what lies above it.
    if not path.parent.is_dir() and path.parent not in {state_dir, *state_dir.parents}:
        yield f"api.socket: there is no folder {path.parent}; make it, or set another socket"


def _bind_faults(key: str, bind: str) -> Iterator[str]:
    """Whether the host is an address of this machine: tried with a free port, for the daemon may have its own."""
    host, _ = read_bind(bind)
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
    except OSError as error:
        yield f"{key}: cannot listen on {host}: {error.strerror}; write an address of this machine"


def _file_faults(config: Config) -> Iterator[str]:
    if config.members.file:
        yield from _config_faults(partial(_check_members, config, Path(config.members.file)))
    if config.inbox:
        from faxgw.inbox.ftp.tls import tls_of  # noqa: PLC0415 Only who has an inbox waits for it.

        for own in config.inbox:
            yield from _config_faults(partial(tls_of, own))
    if config.settlement is not None:
        from faxgw.settlement.exports.desk import load_books  # noqa: PLC0415 Only who settles waits for it.
        from faxgw.settlement.tariff import load_tariffs  # noqa: PLC0415

        yield from _config_faults(partial(load_tariffs, config.settlement.tariffs))
        if config.settlement.books:
            yield from _config_faults(partial(load_books, config.settlement.books))


def _check_members(config: Config, file: Path) -> None:
    """
    Raises:
        ConfigError: the file of members has faults, or lacks a shop that the section on settlement names.
    """
    from faxgw.members.file import load_register  # noqa: PLC0415 It brings all telephone numbering plans.
    from faxgw.store.database import STORE_FILE  # noqa: PLC0415 It brings all of SQLAlchemy.

    register = load_register(file)
    # Once there is a store, people may have enrolled a shop that the file does not have: the daemon looks at its start.
    is_new = not config.store.url and not (Path(config.gateway.state_dir) / STORE_FILE).exists()
    if config.settlement is not None and is_new:
        from faxgw.settlement.tariff import check_web_members  # noqa: PLC0415 Only who settles waits for it.

        check_web_members(config.settlement, lambda member: register.find(member) is not None)


def _config_faults(look: Callable[[], object]) -> Iterator[str]:
    try:
        look()
    except ConfigError as error:
        yield str(error)
