"""`faxgw doctor`: a line a check, an exit code for scripts, and nothing that a stranger may not read."""

from pathlib import Path

import pytest

from tests.cli.terminal import run, write_config

Capture = pytest.CaptureFixture[str]


def _verdicts(checks: list[dict[str, str]]) -> dict[str, str]:
    return {check["check"]: check["verdict"] for check in checks}


def test_a_machine_without_a_daemon_is_looked_at(tmp_path: Path, capsys: Capture) -> None:
    """Each check that can be made is made; what needs a daemon or a store is left out and says so."""
    config = write_config(tmp_path, '[gateway]\nstate_dir = "state"')
    for secret in ("password", "secret"):
        (tmp_path / secret).chmod(0o600)
    told = run(capsys, "doctor", "-c", str(config), "--offline", "--json").json()
    verdicts = _verdicts(told["checks"])
    assert verdicts["config"] == verdicts["secrets"] == verdicts["renderer"] == "ok"
    assert verdicts["store"] == verdicts["daemon"] == verdicts["state directory"] == "skip"
    assert {"sqlite", "clock", "time zones", "file system", "free space", "sync", "open files"} < set(verdicts)
    assert not any(name.startswith("carrier") for name in verdicts)


def test_what_is_wrong_stands_above_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    """Exit code 1; the secret itself is not shown."""
    config = write_config(tmp_path, '[gateway]\nstate_dir = "state"')
    (tmp_path / "secret").write_text("hush-hush", encoding="utf-8")
    (tmp_path / "secret").chmod(0o644)
    printed = run(capsys, "doctor", "-c", str(config), "--offline")
    assert printed.code == 1
    assert "fail  secrets" in printed.out
    assert "→ chmod 600" in printed.out
    assert "hush-hush" not in printed.out


def test_a_config_that_cannot_be_used_is_the_only_finding(tmp_path: Path, capsys: Capture) -> None:
    """Everything else would be a guess."""
    config = write_config(tmp_path, "nonsense = 1")
    told = run(capsys, "doctor", "-c", str(config), "--json")
    assert told.code == 1
    assert _verdicts(told.json()["checks"]) == {"config": "fail"}
