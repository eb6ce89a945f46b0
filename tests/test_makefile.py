"""`make env` minds whose environment it is about to fill."""

import shutil
import subprocess
from pathlib import Path

from tests.peers import require_peer

ROOT = Path(__file__).resolve().parents[1]


def test_an_environment_that_is_a_link_is_not_filled(tmp_path: Path) -> None:
    """It is another tree's, whose install would lead to this tree from then on."""
    make = require_peer("make")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / ".venv").symlink_to(other)
    done = subprocess.run([make, "env"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert ".venv is a link to another tree's environment" in done.stderr
    assert list(other.iterdir()) == []
