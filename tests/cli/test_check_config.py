"""`faxgw check-config`: every fault of a config, and of what it names, before the daemon runs."""

import tomllib
from pathlib import Path

import pytest

from tests.api.tls import make_certificate
from tests.cli.terminal import run, write_config

Capture = pytest.CaptureFixture[str]


def test_a_good_config_is_shown_whole(tmp_path: Path, capsys: Capture) -> None:
    """Defaults included, as TOML that can be read back; secrets only by the names of their files."""
    config = write_config(tmp_path, '[relay]\nwithout_paper = ["NO-1", "NO-2"]')
    (tmp_path / "password").write_text("very secret", encoding="utf-8")
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 0
    shown = tomllib.loads(printed.out)
    assert shown["api"]["order_bytes_max"] == 65_536
    assert shown["retry"]["busy"]["calls_max"] == 12
    assert shown["relay"]["without_paper"] == ["NO-1", "NO-2"]
    assert shown["provider"][0]["password_file"] == str(tmp_path / "password")
    assert "very secret" not in printed.out
    assert run(capsys, "check-config", "-c", str(config), "--json").json()["retry"] == shown["retry"]


def test_every_fault_of_a_config_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Exit 2 with each fault and its place."""
    config = write_config(tmp_path, "nonsense = 1\n[render]\nworkers = 0")
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert "nonsense" in printed.err
    assert "render.workers" in printed.err


def test_files_that_a_config_names_are_looked_at(tmp_path: Path, capsys: Capture) -> None:
    """A missing secret and a broken register would stop the daemon, hence they are told here."""
    config = write_config(tmp_path, '[members]\nfile = "members"')
    (tmp_path / "secret").unlink()
    (tmp_path / "members").write_text("{}", encoding="utf-8")
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert str(tmp_path / "secret") in printed.err
    assert str(tmp_path / "members") in printed.err


def test_a_web_shop_that_is_not_in_the_register_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Until there is a store: from then on people may have enrolled it, and the daemon looks at its start."""
    examples = Path(__file__).resolve().parents[2] / "config"
    settlement = (
        f'[settlement]\ntariffs = ["{examples}/settlement/norway.toml"]\nweb_members = ["NO-11-005", "N0-11-005"]'
    )
    config = write_config(tmp_path, f'[members]\nfile = "{examples}/examples/members.ndjson"\n{settlement}')
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert "settlement.web_members.1: N0-11-005 is no member of the register" in printed.err
    assert "web_members.0" not in printed.err
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "faxgw.db").touch()
    assert "web_members" not in run(capsys, "check-config", "-c", str(config)).err


def test_an_inbox_without_its_password_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Else the daemon would start, and fetch nothing."""
    more = """
        [[inbox]]
        name = "florists"
        host = "ftp.example.net"
        user = "flowers"
        password_file = "inbox-password"
    """
    config = write_config(tmp_path, more)
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert f"inbox florists: {tmp_path / 'inbox-password'}: cannot read the secret" in printed.err
    (tmp_path / "inbox-password").write_text("p", encoding="utf-8")
    assert run(capsys, "check-config", "-c", str(config)).code == 0


def test_a_password_that_is_no_text_is_told_without_a_byte_of_it(tmp_path: Path, capsys: Capture) -> None:
    """A key file in its place, say."""
    config = write_config(tmp_path)
    (tmp_path / "password").write_bytes(b"secret \xff")
    printed = run(capsys, "check-config", "-c", str(config))
    assert (printed.code, printed.err.count("\n")) == (2, 2)
    assert f"provider carrier: {tmp_path / 'password'}: cannot read the secret: it is not UTF-8 text" in printed.err


def test_places_of_doors_that_are_not_there_are_told(tmp_path: Path, capsys: Capture) -> None:
    """A folder nobody made, a host that is another machine's; the state directory is made by the daemon."""
    config = write_config(tmp_path, '[http]\nbind = "192.0.2.1:8470"\n')
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("from-config", "gone/s"), encoding="utf-8")
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert f"api.socket: there is no folder {tmp_path / 'gone'}; make it" in printed.err
    assert "http.bind: cannot listen on 192.0.2.1: " in printed.err
    config.write_text(text.replace("from-config", "var/s").replace("192.0.2.1", "127.0.0.1"), encoding="utf-8")
    assert run(capsys, "check-config", "-c", str(config)).code == 0


def test_a_carrier_has_a_web_address(tmp_path: Path, capsys: Capture) -> None:
    """Without its scheme nothing could ever be sent, and that would look like an outage."""
    config = write_config(tmp_path)
    config.write_text(config.read_text(encoding="utf-8").replace("http://127.0.0.1:1", "127.0.0.1:1"), encoding="utf-8")
    printed = run(capsys, "check-config", "-c", str(config))
    assert printed.code == 2
    assert "provider.0.base_url: must be an address that begins with http:// or https://" in printed.err


def test_a_config_that_is_no_text_is_told(tmp_path: Path, capsys: Capture) -> None:
    """A folder, or a file in another encoding: one sentence, exit 2; an empty array of orders likewise."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# f\xeate")
    folder, encoded = run(capsys, "check-config", "-c", str(tmp_path)), run(capsys, "check-config", "-c", str(latin))
    assert (folder.code, encoded.code) == (2, 2)
    assert folder.err == f"faxgw: {tmp_path}: Is a directory; -c names the config file itself\n"
    assert encoded.err == f"faxgw: {latin}: not UTF-8 (byte 3); save it as UTF-8\n"
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    nothing = run(capsys, "submit", "--socket", str(tmp_path / "s"), str(tmp_path / "none.json"))
    assert (nothing.code, nothing.err) == (2, f"faxgw: {tmp_path / 'none.json'}: there is no order in it\n")


RETARUS = """
[[provider]]
name = "retarus"
kind = "retarus"
customer = "99999TE"
account = "flowers@example.com"
password_file = "password"
"""


def test_each_kind_of_carrier_has_its_keys(tmp_path: Path, capsys: Capture) -> None:
    """Those of its kind and no others; what is left out is shown with what holds instead."""
    config = write_config(tmp_path, RETARUS)
    printed = run(capsys, "check-config", "-c", str(config))
    assert (printed.code, printed.err) == (0, "")
    shown = tomllib.loads(printed.out)["provider"][0]
    assert (shown["kind"], shown["dials_for_minutes"]) == ("retarus", 60)
    assert shown["report_urls"] == ["https://faxws.de1.retarus.com/rest/v1", "https://faxws.de2.retarus.com/rest/v1"]
    wrong = RETARUS.replace("customer", "costumer") + 'base_url = "https://retarus.example"\n'
    printed = run(capsys, "check-config", "-c", str(write_config(tmp_path, wrong)))
    assert printed.code == 2
    assert "provider.0.costumer: unknown field; did you mean customer?" in printed.err
    assert "provider.0.customer: missing" in printed.err
    assert "provider.0.base_url: unknown field" in printed.err


def test_a_kind_that_nobody_knows_is_told_with_the_known_ones(tmp_path: Path, capsys: Capture) -> None:
    """Nothing else of the table is judged: it depends on the kind."""
    config = write_config(tmp_path, RETARUS.replace('kind = "retarus"', 'kind = "retaurs"'))
    printed = run(capsys, "check-config", "-c", str(config))
    assert (printed.code, printed.err.count("provider.0")) == (2, 1)
    assert "provider.0.kind: must be one of simulated, retarus" in printed.err
    assert "did you mean retarus?" in printed.err


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ('submit_url = "http://faxws-ha.de.retarus.com"', "provider.0.submit_url: must be an address that begins with"),
        ("report_urls = []", "provider.0.report_urls: must not be empty"),
        ("dials_for_minutes = 75", "provider.0.receipt_lost_seconds: must be more than dials_for_minutes (4500 s)"),
        ('webhook_url = "https://gw.example.com/v1/receipts/retarus"', "belongs together with webhook_secret_file"),
        ('webhook_secret_file = "secret"', "provider.0.webhook_url: belongs together with webhook_secret_file"),
        ('webhook_url = "http://gw.example.com"\nwebhook_secret_file = "secret"', "must begin with https://"),
    ],
)
def test_what_would_break_a_promise_is_no_config(tmp_path: Path, capsys: Capture, key: str, fault: str) -> None:
    """A password on the open wire, a line let go while the carrier still dials, receipts that nobody could check."""
    printed = run(capsys, "check-config", "-c", str(write_config(tmp_path, RETARUS + key)))
    assert printed.code == 2
    assert fault in printed.err


def test_where_secrets_come_from_is_told(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file by its path, a systemd credential by its name; by hand nobody has the service's credentials to look at."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    config = write_config(tmp_path)
    text = config.read_text(encoding="utf-8").replace('password_file = "password"', 'password_file = "credential:pw"')
    config.write_text(text, encoding="utf-8")
    by_hand = run(capsys, "check-config", "-c", str(config))
    assert by_hand.code == 0
    assert (
        "#   provider carrier, password_file: systemd credential pw, handed over when systemd starts the unit"
        in by_hand.out
    )
    assert f"#   provider carrier, webhook_secret_file: file {tmp_path / 'secret'}" in by_hand.out
    assert tomllib.loads(by_hand.out)["provider"][0]["password_file"] == "credential:pw"  # noqa: S105 its name
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    missing = run(capsys, "check-config", "-c", str(config))
    assert (missing.code, f"credential:pw ({tmp_path / 'credentials' / 'pw'}): cannot read" in missing.err) == (2, True)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "pw").write_text("very secret", encoding="utf-8")
    found = run(capsys, "check-config", "-c", str(config))
    assert (found.code, f"systemd credential pw, here {tmp_path / 'credentials' / 'pw'}" in found.out) == (0, True)
    assert "very secret" not in found.out


def test_a_door_to_other_machines_has_tls(tmp_path: Path, capsys: Capture) -> None:
    """Tokens would else be read on the way; the words say what to do."""
    door = '[api.tcp]\nbind = "0.0.0.0:8471"\n[[api.tcp.token]]\nname = "shop"\nfile = "token"\n'
    printed = run(capsys, "check-config", "-c", str(write_config(tmp_path, door)))
    assert printed.code == 2
    assert (
        "api.tcp.bind: tokens and orders would leave this machine in plain words: give certificate_file" in printed.err
    )


def test_files_of_a_door_are_looked_at(tmp_path: Path, capsys: Capture) -> None:
    """The key of another certificate, a token that is too short or missing, and an address of another machine."""
    (certificate, _), (_, other_key) = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    (tmp_path / "token").write_text("hunter2", encoding="utf-8")
    door = f"""
        [api.tcp]
        bind = "192.0.2.1:8471"
        certificate_file = "{certificate}"
        key_file = "{other_key}"
        [[api.tcp.token]]
        name = "shop"
        file = "token"
        [[api.tcp.token]]
        name = "office"
        file = "gone"
        [http]
        certificate_file = "{certificate}"
        key_file = "gone"
    """
    printed = run(capsys, "check-config", "-c", str(write_config(tmp_path, door)))
    assert printed.code == 2
    assert "api.tcp.bind: cannot listen on 192.0.2.1" in printed.err
    assert f"api.tcp: key_file {other_key}: is not the key of certificate_file {certificate}" in printed.err
    assert f"api.tcp: token shop: {tmp_path / 'token'}: token 1 needs 32 or more" in printed.err
    assert f"token office: {tmp_path / 'gone'}: cannot read the secret" in printed.err
    assert f"http: key_file {tmp_path / 'gone'}: No such file" in printed.err
    assert "hunter2" not in printed.err


def test_what_a_reload_would_change_is_told(tmp_path: Path, capsys: Capture) -> None:
    """Against the config that the daemon runs by: what applies at SIGHUP, and what waits for the next start."""
    running = write_config(tmp_path).rename(tmp_path / "running.toml")
    new = write_config(tmp_path, '[logs]\nlevel = "debug"\n[store]\nbatch_max = 7\n')
    printed = run(capsys, "check-config", "-c", str(new), "--running", str(running))
    assert (printed.code, printed.out.split("\n")[:2]) == (
        0,
        ["at SIGHUP          logs.level", "at the next start  store.batch_max"],
    )
    as_json = run(capsys, "check-config", "-c", str(new), "--running", str(running), "--json").json()
    assert as_json == {"applied": ["logs.level"], "waits": ["store.batch_max"]}
