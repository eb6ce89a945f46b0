"""A config read anew: what of it takes effect at once, what waits, and that each changed key is one of both."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.reload import differences, plan_reload
from faxgw.config.whole import Config, load_config
from faxgw.fax import Failure
from tests.carrier_config import PROVIDER

TCP = """
[api.tcp]
bind = "127.0.0.1:8471"
certificate_file = "{certificate}.pem"
key_file = "credential:{certificate}-key"
[[api.tcp.token]]
name = "shop"
file = "{word}"
"""
BEFORE = TCP.format(certificate="old", word="token")


def read(folder: Path, text: str) -> Config:
    path = folder / "faxgw.toml"
    path.write_text(text + PROVIDER, encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize(
    ("before", "after", "applied", "waits"),
    [
        ("", "", [], []),
        ("", '[logs]\nlevel = "debug"', ["logs.level"], []),
        ("", "[retry]\nbusy = { calls_max = 3, wait_seconds = 9 }", ["retry.busy"], []),
        ("", '[[service]]\nname = "all"\npriority = "express"', ["service"], []),
        ("escalation = []", "", ["escalation"], []),
        ("", "[store]\nbatch_max = 7\n[queue]\nclimb_seconds = 60", [], ["store.batch_max", "queue.climb_seconds"]),
        ("", '[relay]\nanswer_minutes = 9\n[logs]\nlevel = "error"', ["logs.level"], ["relay.answer_minutes"]),
        ("", BEFORE, [], ["api.tcp"]),
        (BEFORE, "", [], ["api.tcp"]),
        (BEFORE, TCP.format(certificate="old", word="new"), ["api.tcp.token.shop.file"], []),
        (BEFORE, TCP.format(certificate="new", word="token"), ["api.tcp.certificate_file", "api.tcp.key_file"], []),
        (BEFORE, BEFORE.replace("8471", "8472"), [], ["api.tcp.bind"]),
        (
            BEFORE,
            BEFORE + '[[api.tcp.token]]\nname = "office"\nfile = "o"\nscope = "operate"',
            ["api.tcp.token"],
            [],
        ),
    ],
)  # fmt: skip
def test_each_changed_key_applies_or_waits(
    tmp_path: Path, before: str, after: str, applied: list[str], waits: list[str]
) -> None:
    """By its name; tokens and certificates apply while the door that they belong to is open."""
    change = plan_reload(read(tmp_path, before), read(tmp_path, after))
    assert (change.applied, change.waits) == (applied, waits)


def test_what_applied_runs_and_what_waits_does_not(tmp_path: Path) -> None:
    """The config that runs is the old one but for what applied; the next reload starts from there."""
    running = read(tmp_path, "")
    new = read(tmp_path, "[retry]\nbusy = { calls_max = 3, wait_seconds = 9 }\n[store]\nbatch_max = 7\n")
    change = plan_reload(running, new)
    assert change.config.retry_for(Failure.BUSY).calls_max == 3
    assert change.config.store == running.store
    again = plan_reload(change.config, new)
    assert (again.applied, again.waits) == ([], ["store.batch_max"])


def test_of_a_carrier_its_share_and_pace_apply(tmp_path: Path) -> None:
    """Its account and lanes wait; a carrier that came, went or is another kind waits as a whole."""
    running = read(tmp_path, "")
    faster = running.provider[0]
    faster = msgspec.structs.replace(faster, weight=5, cost=2, sends_per_second=9.0, sends_burst=3, lanes=8)
    change = plan_reload(running, msgspec.structs.replace(running, provider=[faster]))
    prefix = "provider.north."
    assert set(change.applied) == {prefix + key for key in ("weight", "cost", "sends_per_second", "sends_burst")}
    assert change.waits == [prefix + "lanes"]
    second = msgspec.structs.replace(running.provider[0], name="south")
    change = plan_reload(running, msgspec.structs.replace(running, provider=[*running.provider, second]))
    assert (change.config, change.applied, change.waits) == (running, [], ["provider"])


def test_a_door_without_tls_stays_so_until_the_next_start(tmp_path: Path) -> None:
    """Its tokens are others at once; its certificate waits, and is not read."""
    plain = BEFORE.replace("certificate_file", "# ").replace("key_file", "# ")
    change = plan_reload(read(tmp_path, plain), read(tmp_path, TCP.format(certificate="new", word="new")))
    assert change.applied == ["api.tcp.token.shop.file"]
    assert change.waits == ["api.tcp.certificate_file", "api.tcp.key_file"]


CONFIGS = st.tuples(*[st.booleans()] * 6)


@given(CONFIGS, CONFIGS)
def test_nothing_is_forgotten(before: tuple[bool, ...], after: tuple[bool, ...]) -> None:
    """Every key that differs is among those that applied or those that wait, and none is in both."""
    running, new = make(before), make(after)
    change = plan_reload(running, new)
    assert sorted(change.applied + change.waits) == sorted(differences(running, new))
    assert differences(change.config, new) == change.waits


def make(changed: tuple[bool, ...]) -> Config:
    """A config in which so many things are other than usual."""
    level, busy, weight, lanes, rate, batch = changed
    provider = {"name": "north", "kind": "simulated", "base_url": "http://127.0.0.1:1", "account": "a"}
    files = {"password_file": "/p", "webhook_secret_file": "/w"}
    more = {"weight": 2 if weight else 1, "lanes": 9 if lanes else 8, "sends_per_second": 5.0 if rate else 0.0}
    whole = {
        "provider": [provider | files | more],
        "logs": {"level": "debug" if level else "info"},
        "retry": {"busy": {"calls_max": 3, "wait_seconds": 9}} if busy else {},
        "store": {"batch_max": 7 if batch else 1_000},
    }
    return msgspec.convert(whole, Config)
