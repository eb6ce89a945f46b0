"""`faxgw mark-restored`: which moments are refused before any database is asked."""

from pathlib import Path

import pytest

from tests.cli.terminal import run, write_config

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("moment", ["yesterday", "2027-05-08T03:00:00", "2027-05-08"])
def test_a_moment_has_its_offset(moment: str, tmp_path: Path, capsys: Capture) -> None:
    """An hour more or less decides which faxes are asked for; the answer shows how a moment is written."""
    refused = run(capsys, "mark-restored", moment, "-c", str(write_config(tmp_path)))
    assert refused.code == 2
    assert "2027-05-08T03:00:00Z" in refused.err


@pytest.mark.parametrize("moment", ["2027-05-08T03:00:00Z", "2027-05-08T05:00:00.5+02:00"])
def test_a_store_in_a_file_is_not_marked(moment: str, tmp_path: Path, capsys: Capture) -> None:
    """`faxgw restore` does that in one."""
    refused = run(capsys, "mark-restored", moment, "-c", str(write_config(tmp_path)))
    assert refused.code == 2
    assert "faxgw restore" in refused.err
