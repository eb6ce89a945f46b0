"""Real FTP servers on loopback, each with a folder, a config and a certificate of its own; ended with their block."""

import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import trio

from faxgw.config.inbox import InboxConfig, Security
from tests.peers import require_peer

PEERS = Path(__file__).parents[1] / "var" / "peers"
START_SECONDS_MAX = 10.0
PASSWORD = "roses-are-red"  # noqa: S105 - of a server that lives for seconds


@dataclass(frozen=True, slots=True)
class FtpServer:
    """A server that runs. `inbox` is the folder that an inbox looks into, on our side of it."""

    port: int
    security: Security
    inbox: Path
    user: str
    ca_file: Path
    password_file: Path
    process: trio.Process

    def config(self, **more: Any) -> InboxConfig:
        own: dict[str, Any] = {
            "name": "shop", "host": "127.0.0.1", "port": self.port, "security": self.security, "user": self.user,
            "ca_file": str(self.ca_file) if self.security is not Security.PLAIN else "",
            "password_file": str(self.password_file), "folder": "in", "timeout_seconds": 5.0, "poll_seconds": 0.05,
            "settle_seconds": 0.0,
        }  # fmt: skip
        return InboxConfig(**own | more)

    def put(self, name: str, content: bytes) -> None:
        """As an upload that is whole at once."""
        (self.inbox / name).write_bytes(content)

    def names(self) -> list[str]:
        return sorted(file.name for file in self.inbox.iterdir() if file.is_file())

    def kill_sessions(self) -> None:
        """Drop every connection there is, as a broken line would; the server itself goes on."""
        for child in _children_of(self.process.pid):
            os.kill(child, signal.SIGKILL)


Started: TypeAlias = AbstractAsyncContextManager[FtpServer]


def _children_of(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for child in found for each in (*_children_of(child), child)]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not certificate.exists():
        command = [require_peer("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def vsftpd(folder: Path, security: Security = Security.PLAIN, **settings: str) -> Started:
    """`require_ssl_reuse` is on, as it is by default."""
    certificate, key = make_certificate(folder)
    lines = {
        "listen": "YES", "listen_address": "127.0.0.1", "background": "NO", "run_as_launching_user": "YES",
        "anonymous_enable": "YES", "local_enable": "NO", "write_enable": "YES", "anon_upload_enable": "YES",
        "anon_mkdir_write_enable": "YES", "anon_other_write_enable": "YES", "anon_world_readable_only": "NO",
        "anon_umask": "022", "ftp_username": "nobody", "anon_root": str(folder / "root"),
        "secure_chroot_dir": str(folder), "secure_email_list_enable": "YES",
        "email_password_file": str(folder / "password"), "seccomp_sandbox": "NO", "xferlog_enable": "NO",
    }  # fmt: skip
    if security is not Security.PLAIN:
        lines |= {
            "ssl_enable": "YES", "allow_anon_ssl": "YES", "force_anon_data_ssl": "YES", "force_anon_logins_ssl": "YES",
            "force_local_data_ssl": "YES", "rsa_cert_file": str(certificate), "rsa_private_key_file": str(key),
            "implicit_ssl": "YES" if security is Security.IMPLICIT else "NO", "ssl_ciphers": "HIGH",
        }  # fmt: skip

    def command(port: int) -> list[str]:
        text = "".join(f"{name}={value}\n" for name, value in (lines | settings | {"listen_port": str(port)}).items())
        (folder / "vsftpd.conf").write_text(text)
        return [_unpacked("vsftpd"), str(folder / "vsftpd.conf")]

    return _running(folder, security, "ftp", command)


def proftpd(folder: Path, security: Security = Security.PLAIN, *, hidden_stores: bool = False) -> Started:
    certificate, key = make_certificate(folder)
    (folder / "users").write_text(f"shop:{_hashed_password()}:{os.getuid()}:{os.getgid()}::{folder}:/bin/sh\n")
    (folder / "users").chmod(0o600)
    tls = [
        f"LoadModule mod_tls.c\nTLSEngine on\nTLSECCertificateFile {certificate}\nTLSECCertificateKeyFile {key}",
        "TLSRequired on\nTLSLog none",
        "TLSOptions UseImplicitSSL" if security is Security.IMPLICIT else "",
    ]

    def command(port: int) -> list[str]:
        lines = [
            f"ModulePath {PEERS}/usr/lib/proftpd\nServerName shop\nServerType standalone\nPort {port}",
            "DefaultAddress 127.0.0.1\nSocketBindTight on\nUseIPv6 off\nUser root\nGroup root\nRootLogin on",
            f"AuthOrder mod_auth_file.c\nAuthUserFile {folder}/users\nRequireValidShell off\nWtmpLog off",
            f"DefaultRoot {folder}/root\nPidFile {folder}/pid\nScoreboardFile none\nDelayEngine off",
            f"SystemLog {folder}/log\nTransferLog none\nAllowStoreRestart on\nAllowOverwrite on",
            f"HiddenStores {'on' if hidden_stores else 'off'}\nUseReverseDNS off",
            *(tls if security is not Security.PLAIN else ()),
        ]
        (folder / "proftpd.conf").write_text("\n".join(lines) + "\n")
        return [_unpacked("proftpd"), "-n", "-c", str(folder / "proftpd.conf")]

    return _running(folder, security, "shop", command)


def _hashed_password() -> str:
    # Pure-FTPd's own hash takes seconds, so that nobody can try many.
    command = [require_peer("openssl"), "passwd", "-6", "-stdin"]
    return subprocess.run(command, input=PASSWORD, check=True, capture_output=True, text=True).stdout.strip()


def pure_ftpd(folder: Path, security: Security = Security.PLAIN) -> Started:
    """Uploads go by another name until they are whole (`--notruncate`). It knows no implicit TLS."""
    certificate, key = make_certificate(folder)
    (folder / "both.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    mode = {Security.PLAIN: "0", Security.EXPLICIT: "3"}[security]

    def command(port: int) -> list[str]:
        users = _pure_users(folder / "users")
        return [
            _unpacked("pure-ftpd"), "-S", f"127.0.0.1,{port}", "-l", f"puredb:{users}", "-H", "-0",
            "-Y", mode, "-2", str(folder / "both.pem"), "-g", str(folder / "pid"), "-u", "0", "-C", "50", "-c", "50",
        ]  # fmt: skip

    return _running(folder, security, "shop", command)


def _pure_users(users: Path) -> Path:
    database = users.with_suffix(".pdb")
    home = users.parent / "root"
    users.write_text(f"shop:{_hashed_password()}:65534:65534::{home}/./::::::::::::\n")
    command = [_unpacked("pure-pw", "usr/bin"), "mkdb", str(database), "-f", str(users)]
    subprocess.run(command, check=True, capture_output=True)
    return database


def _unpacked(name: str, folder: str = "usr/sbin") -> str:
    return require_peer(name, str(PEERS / folder / name))


@asynccontextmanager
async def _running(
    folder: Path, security: Security, user: str, command: Callable[[int], Sequence[str]]
) -> AsyncIterator[FtpServer]:
    inbox = folder / "root" / "in"
    inbox.mkdir(parents=True, exist_ok=True)
    for each in (inbox, inbox.parent, folder):
        each.chmod(0o755)
    inbox.chmod(0o777)
    (folder / "password").write_text(PASSWORD + "\n")
    port = _free_port()
    with (folder / "output").open("wb") as output:
        process = await trio.lowlevel.open_process(
            command(port), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder
        )
        try:
            await _wait_listening(process, port, folder / "output")
            certificate, _ = make_certificate(folder)
            yield FtpServer(port, security, inbox, user, certificate, folder / "password", process)
        finally:
            await _end(process)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def _wait_listening(process: trio.Process, port: int, output: Path) -> None:
    with trio.fail_after(START_SECONDS_MAX):
        while process.poll() is None:
            try:
                stream = await trio.open_tcp_stream("127.0.0.1", port)
            except OSError:
                await trio.sleep(0.02)
                continue
            await stream.aclose()
            return
    raise AssertionError(f"the server did not start: {output.read_text()}")  # noqa: ASYNC240 - the test ends here


async def _end(process: trio.Process) -> None:
    if process.poll() is not None:
        return
    for child in (*_children_of(process.pid), process.pid):
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    with trio.move_on_after(START_SECONDS_MAX, shield=True):
        await process.wait()
