"""Shows the whole way on one machine: a carrier, the daemon, a hundred orders, and the account at the end.

Everything runs as it would for real: processes of their own, the socket, HTTP, receipts, a store on disk. Only
the carrier's calls are shorter, and it errs on purpose. What was lost or sent twice is counted by the carrier,
never by us.
"""

import secrets
import shutil
import sys
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from faxgw.cli.client import LocalClient
from faxgw.cli.demo_answers import CONFIG as ANSWERS_CONFIG
from faxgw.cli.demo_answers import Answered, answer, server_command
from faxgw.cli.demo_settle import Settled, config_of, of_last_month, settle
from faxgw.errors import OperatorError
from faxgw_loadtest.children import first_word, free_port, running, wait_ready

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "config" / "examples"
WHOLE_SECONDS_MAX = 180.0
CONTROL_SECONDS_MAX = 60.0
EVENT_WAIT_SECONDS = 5

FINAL_KINDS = frozenset({"delivered", "failed", "expired", "cancelled"})
SHARES = {
    "busy": 0.05,
    "no_answer": 0.03,
    "lost_answer": 0.03,
    "too_many": 0.02,
    "doubled_receipt": 0.05,
    "missing_receipt": 0.03,
}
"""What goes wrong on purpose: enough to see retries, doubts and polls at work in a hundred orders."""
MISHAPS = "busy, no answer, lost answers, 429, doubled and missing receipts"
SHOWN = 1
"""The fax whose page is drawn as a picture at the end."""

CONFIG = """\
[gateway]
name = "Interflora (demo)"
state_dir = "state"

[api]
socket = "{socket}"

[http]
bind = "127.0.0.1:{port}"

[members]
file = "{members}"

[[provider]]
name = "demo"
kind = "simulated"
base_url = "{carrier}"
account = "demo"
password_file = "carrier-password"
webhook_secret_file = "webhook-secret"
lanes = 16
settle_seconds = 1
receipt_late_seconds = 2
poll_seconds = 1

[retry]
busy = {{ calls_max = 12, wait_seconds = 1 }}
no_answer = {{ calls_max = 5, wait_seconds = 1 }}

[logs]
format = "json"
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What came of it, by the daemon's word and by the carrier's."""

    accepted: int
    delivered: int
    lost: int
    twice: int
    outcomes: dict[str, int]
    carrier: dict[str, Any]
    inbound: Answered
    settled: Settled

    @property
    def is_right(self) -> bool:
        answers = self.inbound
        return (
            self.accepted == self.delivered
            and not (self.lost or self.twice or answers.twice)
            and answers.sent == answers.replies + answers.review
            and self.settled.is_right
        )

    def __str__(self) -> str:
        return f"accepted {self.accepted} delivered {self.delivered} lost {self.lost} twice {self.twice}"


def demo(folder: Path, console: Console) -> Account:
    """Run the demo in `folder`, which is made anew; returns the account.

    Raises:
        OperatorError: a part could not be started, or the whole took too long; with its last words.
    """
    if not EXAMPLES.exists():
        raise OperatorError("the demo needs the example orders: run it from a checkout of faxgw (`make demo`)")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    orders = of_last_month((EXAMPLES / "orders.ndjson").read_bytes())
    port = free_port()
    with ExitStack() as stack:
        carrier = stack.enter_context(_carrier(folder, port))
        inbox = stack.enter_context(_inbox(folder))
        client = stack.enter_context(_daemon(folder, port, carrier["listening"], inbox["port"]))
        console.print(f"carrier   {carrier['listening']}, erring on purpose:\n          {MISHAPS}")
        console.print(f"daemon    {folder / 'faxgw.sock'}", soft_wrap=True)
        accepted = _submit(client, orders)
        console.print(f"orders    {accepted} are in and would survive a power cut", highlight=False)
        outcomes = _follow(client, accepted, console)
        control = _Control(carrier["control"])
        control.get("settled")
        (folder / "page.png").write_bytes(client.get(f"/v1/faxes/{SHOWN}/page.png").body)
        # Before florists answer: what they say is told to the sending florists, and so more faxes go out.
        carriers_word = control.get("account")
        answers = answer(client, folder / "ftp", folder / "review.png")
        console.print(f"inbound   {answers}", highlight=False)
        settled = settle(client, orders, folder)
        console.print(f"{settled.period}   {settled}", highlight=False)
        return _take_account(accepted, outcomes, carriers_word, answers, settled)


@contextmanager
def _carrier(folder: Path, webhook_port: int) -> Iterator[dict[str, Any]]:
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    password = secrets.token_urlsafe(16)
    _write_secret(folder / "webhook-secret", secret)
    _write_secret(folder / "carrier-password", password)
    _write_secret(folder / "carrier-account", f"demo:{password}")
    options = {
        "account-file": folder / "carrier-account",
        "webhook-secret-file": folder / "webhook-secret",
        "webhook-url": f"http://127.0.0.1:{webhook_port}/v1/receipts/demo",
        "keep-pages": folder / "pages",
        "share": ",".join(f"{name}={share}" for name, share in SHARES.items()),
        "time-scale": 100,
    }
    command = [sys.executable, "-m", "faxgw_loadtest.carrier"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with running(command, folder / "carrier.log", is_heard=True) as process:
        yield first_word(process, "carrier", folder / "carrier.log")


@contextmanager
def _inbox(folder: Path) -> Iterator[dict[str, Any]]:
    """The carrier's FTP server."""
    (folder / "ftp").mkdir()
    _write_secret(folder / "ftp-password", secrets.token_urlsafe(16))
    command = server_command(folder / "ftp", folder / "ftp-password")
    with running(command, folder / "ftp.log", is_heard=True) as process:
        yield first_word(process, "FTP server", folder / "ftp.log")


@contextmanager
def _daemon(folder: Path, port: int, carrier_url: str, ftp_port: int) -> Iterator[LocalClient]:
    config = folder / "faxgw.toml"
    config.write_text(
        CONFIG.format(socket=folder / "faxgw.sock", port=port, members=EXAMPLES / "members.ndjson", carrier=carrier_url)
        + ANSWERS_CONFIG.format(port=ftp_port)
        + config_of((EXAMPLES / "members.ndjson").read_bytes(), EXAMPLES.parent / "settlement")
    )
    command = [sys.executable, "-m", "faxgw", "run", "-c", str(config)]
    with (
        running(command, folder / "daemon.log") as process,
        closing(LocalClient(folder / "faxgw.sock", "demo")) as client,
    ):
        wait_ready(client, process, folder / "daemon.log")
        yield client


def _submit(client: LocalClient, orders: bytes) -> int:
    reply = client.post("/v1/orders", orders, "application/x-ndjson")
    answers = [msgspec.json.decode(line) for line in reply.body.splitlines()] if reply.is_good else []
    refused = [answer for answer in answers if answer["status"] not in {200, 202}]
    if refused or not answers:
        raise OperatorError(f"the daemon refused example orders: {(refused or [reply.body])[0]!r}")
    return len(answers)


def _follow(client: LocalClient, accepted: int, console: Console) -> Counter[str]:
    """Watch the events until every fax is final."""
    seen: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    cursor = 0
    give_up_at = time.monotonic() + WHOLE_SECONDS_MAX
    bar = Progress(TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar.columns, console=console) as progress:
        sent = progress.add_task("taken by the carrier", total=accepted)
        done = progress.add_task("confirmed by a receipt", total=accepted)
        while outcomes.total() < accepted and time.monotonic() < give_up_at:
            page = client.get(f"/v1/events?after={cursor}&limit=1000&wait={EVENT_WAIT_SECONDS}").json()
            cursor = page["next"]
            for event in page["events"]:
                seen[event["kind"]] += 1
                outcomes[event["kind"]] += event["kind"] in FINAL_KINDS
            progress.update(sent, completed=min(seen["submitted"], accepted))
            progress.update(done, completed=outcomes.total())
    console.print(
        f"mishaps   {seen['retry']} retries, {seen['in_doubt']} in doubt and asked for at the carrier", highlight=False
    )
    return outcomes


def _take_account(
    accepted: int, outcomes: Counter[str], carrier: dict[str, Any], inbound: Answered, settled: Settled
) -> Account:
    """Lost and twice are what the carrier says it delivered, not what we believe."""
    return Account(
        accepted=accepted,
        delivered=outcomes["delivered"],
        lost=accepted - carrier["faxes_delivered"],
        twice=len(carrier["delivered_twice"]),
        outcomes={kind: count for kind, count in outcomes.items() if count},
        carrier=carrier,
        inbound=inbound,
        settled=settled,
    )


class _Control:
    """The levers of the simulated carrier."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/control/{name}", timeout=CONTROL_SECONDS_MAX) as answer:  # noqa: S310 - loopback
            body = answer.read()
        return msgspec.json.decode(body) if body else None


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret + "\n")
