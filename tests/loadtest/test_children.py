"""Processes of a run are heard when they are ready, say why they are not, and never outlive the run."""

import signal
from pathlib import Path

import pytest

from faxgw.cli.client import LocalClient
from faxgw.errors import OperatorError
from faxgw_loadtest.children import first_word, running, wait_ready


def test_a_process_is_heard_and_ended_with_its_block(tmp_path: Path) -> None:
    """Its first line says where it listens; it would sleep on, and ends with the block."""
    command = ["sh", "-c", """echo '{"port": 2121}'; exec sleep 600"""]
    with running(command, tmp_path / "log", is_heard=True) as process:
        assert first_word(process, "FTP server", tmp_path / "log") == {"port": 2121}
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(("script", "words"), [("echo no room >&2; exit 1", "no room"), ("exit 1", "log is empty")])
def test_one_that_does_not_start_is_told_with_its_last_words(tmp_path: Path, script: str, words: str) -> None:
    """The log itself may go with its folder."""
    command, log = ["sh", "-c", script], tmp_path / "log"
    with running(command, log, is_heard=True) as carrier, pytest.raises(OperatorError, match=f"the carrier .*{words}"):
        first_word(carrier, "carrier", log)
    with running(command, log) as daemon, pytest.raises(OperatorError, match=f"the daemon did not start: .*{words}"):
        wait_ready(LocalClient(tmp_path / "nobody.sock"), daemon, log)
