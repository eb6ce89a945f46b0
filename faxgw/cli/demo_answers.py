"""The demo's second half: florists answer the sheets they got, by fax, into a carrier's FTP folder."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faxgw.cli.client import LocalClient
from faxgw.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]
READ_SECONDS_MAX = 60.0
LOOK_AGAIN_SECONDS = 0.1
ANSWERS: Sequence[tuple[int, tuple[str, ...]]] = (
    (2, ("accept",)),
    (3, ("accept",)),
    (4, ("accept",)),
    (5, ("reject",)),
    (6, ("question",)),
)
"""Which fax is answered with which boxes."""
UNCLEAR = 7
"""A pen was put down in a box of this one, and lifted again."""

LETTER = (
    "--letter",
    "ORDER for 15.05.2027",
    "--letter",
    "To: Anne Exemple, Paris",
    "--letter",
    "A round bouquet, 45 EUR",
)
"""A typed order without a code of ours: read with the extra `[ocr]`, else a case for a person."""

CONFIG = """
[intake]
ocr = false

[[inbox]]
name = "demo"
host = "127.0.0.1"
port = {port}
security = "ftp"
user = "demo"
password_file = "ftp-password"
convention = "settled"
settle_seconds = 0
poll_seconds = 0.2
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the faxes that were put into the folder, by the store's word."""

    sent: int
    replies: int
    review: int
    twice: int

    def __str__(self) -> str:
        lost = self.sent - self.replies - self.review
        return f"{self.sent} faxes in: replies {self.replies} review {self.review} lost {lost} twice {self.twice}"


def server_command(folder: Path, password: Path) -> list[str]:
    options = [f"--folder={folder}", f"--password-file={password}"]
    return [sys.executable, "-m", "faxgw_loadtest.ftp", *options]


def answer(client: LocalClient, folder: Path, page_seen: Path) -> Answered:
    """Put answers into the carrier's folder, and wait until all are read.

    Raises:
        OperatorError: they were not read in time.
    """
    sheets = folder.parent / "sheets"
    sheets.mkdir()
    for fax_id in (*(fax_id for fax_id, _ in ANSWERS), UNCLEAR):
        (sheets / f"{fax_id}.tif").write_bytes(client.get(f"/v1/faxes/{fax_id}/page.tif").body)
    boxes = [f"{fax_id}={'+'.join(names)}" for fax_id, names in ANSWERS]
    command = [sys.executable, "-m", "faxgw_loadtest.florist", f"--sheets={sheets}", f"--into={folder}"]
    subprocess.run([*command, *boxes, f"{UNCLEAR}=?", *LETTER], check=True, cwd=ROOT)  # noqa: S603 - our own command
    sent = len(ANSWERS) + 2
    _wait_until(lambda: _read(client) >= sent)
    reviews = client.get("/v1/review").json()["reviews"]
    page_seen.write_bytes(client.get(f"/v1/review/{reviews[0]['id']}/page.png").body if reviews else b"")
    replies = [_replies(client, fax_id) for fax_id, _ in ANSWERS]
    twice = sum(count > 1 for count in replies)
    return Answered(sent, sum(count > 0 for count in replies), len(reviews), twice)


def _read(client: LocalClient) -> int:
    [inbox] = client.get("/v1/inbox").json()["inboxes"]
    return sum(count for state, count in inbox["faxes"].items() if state != "kept")


def _replies(client: LocalClient, fax_id: int) -> int:
    trail: list[dict[str, Any]] = client.get(f"/v1/faxes/{fax_id}").json()["events"]
    return sum(event["kind"] == "reply_received" for event in trail)


def _wait_until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + READ_SECONDS_MAX
    while not is_so():
        if time.monotonic() > give_up_at:
            raise OperatorError("the faxes in the folder were not read in time: see daemon.log")
        time.sleep(LOOK_AGAIN_SECONDS)
