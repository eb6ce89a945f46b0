"""What the config says of settlement is checked whole before anything is booked by it."""

from pathlib import Path

import pytest

from faxgw.config.settlement import SettlementConfig
from faxgw.config.whole import load_config
from faxgw.errors import ConfigError
from faxgw.settlement.scheme import Channel
from faxgw.settlement.tariff import check_web_members, load_tariffs, terms_of

CONFIG = Path(__file__).resolve().parents[2] / "config"

HEAD = """
[[provider]]
name = "demo"
kind = "simulated"
base_url = "http://127.0.0.1:1"
account = "demo"
password_file = "secret"
webhook_secret_file = "secret"
"""

SCHEME = """
[[scheme]]
name = "wire"
version = 1
currency = "NOK"
valid_from = 2027-01-01
channels = ["web"]
components = [{ kind = "percent", to = "executing", basis_points = 10000 }]
"""

RATE = """
[[vat]]
country = "NO"
code = "3"
basis_points = 2500
valid_from = 2027-01-01
"""


def write(folder: Path, **files: str) -> list[str]:
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content)
    return [str(folder / f"{name}.toml") for name in files]


def test_the_example_config_settles_in_two_currencies() -> None:
    """Both tariffs of the example go together, and every way of selling in either has a scheme."""
    config = load_config(CONFIG / "faxgw.toml")
    assert config.settlement is not None
    tariff = load_tariffs(config.settlement.tariffs)
    terms = terms_of(config.settlement, tariff)
    for currency in ("EUR", "NOK"):
        for channel in (Channel.WEB, Channel.STORE, Channel.INTERNATIONAL):
            assert terms.schemes.find(channel, currency, max(scheme.valid_from for scheme in tariff.scheme)) is not None
    assert terms.family_of("FR-AC-02") == "accessories"
    assert terms.family_of("FR-MM-101") == "flowers"
    assert {own.currency for own in config.settlement.account} == {"EUR", "NOK"}


def test_paths_start_at_the_configs_folder(tmp_path: Path) -> None:
    write(tmp_path, faxgw=HEAD + '[settlement]\ntariffs = ["tariffs/no.toml"]\n')
    config = load_config(tmp_path / "faxgw.toml")
    assert config.settlement is not None
    assert config.settlement.tariffs == (str(tmp_path / "tariffs" / "no.toml"),)


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ('timezone = "Europe/Oslo"', "settlement.timezone: one network has one calendar: [relay] timezone is UTC"),
        ("grace_dais = 3", "settlement.grace_dais: unknown field; did you mean grace_days?"),
        ("[relay]\nfollow = false", "relay.follow: must be true with [settlement]"),
        (
            '[[settlement.account]]\ncurrency="NOK"\nname="N"\nscheme="norway"\naccount="NO9386011117947"',
            "settlement.account.0.account: under the scheme norway an account has 11 digits",
        ),
        (
            '[[settlement.account]]\ncurrency="NOK"\nname="N"\nscheme="sepa"\naccount="NO9386011117947"',
            "settlement.account.0.scheme: the scheme sepa moves EUR, not NOK",
        ),
        (
            '[[settlement.account]]\ncurrency="NOK"\nname="N"\nscheme="norway"\naccount="86011117948"',
            "settlement.account.0.account: not a Norwegian account number: its last digit does not check the others",
        ),
        (
            '[[settlement.account]]\ncurrency="EUR"\nname="N"\nscheme="sepa"\naccount="FR7730006000011234567890189"',
            "settlement.account.0.account: not an IBAN: its check digits or its length are wrong",
        ),
        (
            '[[settlement.account]]\ncurrency="EUR"\nname="N"\nscheme="sepa"\naccount="FR76 30006000011234567890189"',
            "settlement.account.0.account: write the IBAN without spaces: FR7630006000011234567890189",
        ),
        (
            '[[settlement.mandate]]\nmember="A"\nid="1"\nsigned_on="2027-01-01"\n' * 2,
            "settlement.mandate.1.member: A stands twice",
        ),
    ],
)
def test_a_fault_of_the_section_is_named_with_its_place(tmp_path: Path, section: str, fault: str) -> None:
    write(tmp_path, faxgw=f'{HEAD}[settlement]\ntariffs = ["no.toml"]\n{section}\n')
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / "faxgw.toml")
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("tariff", "fault"),
    [
        ("", "there is none, and no order could be settled"),
        (SCHEME + SCHEME, "2 schemes begin on 2027-01-01 for web orders in NOK; one may"),
        (SCHEME.replace("10000", "9000"), "scheme.0.components: the percents add up to 9000 basis points, not 10000"),
        (SCHEME.replace("percent", "per_cent"), "Invalid value 'per_cent'"),
        (SCHEME + "vatt = 1", "unknown field `vatt`"),
        ("[[scheme]", "no.toml cannot be used"),
        (SCHEME + RATE.replace('"3"', '"3/high"'), "no.toml cannot be used"),
        (
            SCHEME + RATE + RATE.replace("2500", "1500"),
            "2 rates begin on 2027-01-01 for all other products in NO",
        ),
    ],
)
def test_a_tariff_that_leaves_an_order_without_its_shares_is_refused(tmp_path: Path, tariff: str, fault: str) -> None:
    paths = write(tmp_path, no=tariff)
    with pytest.raises(ConfigError) as raised:
        load_tariffs(paths)
    assert fault in str(raised.value)


def test_two_files_that_sort_a_product_otherwise_are_refused(tmp_path: Path) -> None:
    """The same word in both is no contradiction."""
    family = '[families]\n"FL-" = "{}"\n'
    one, alike = SCHEME + family.format("bouquet"), family.format("bouquet")
    assert load_tariffs(write(tmp_path, one=one, other=alike)).families == {"FL-": "bouquet"}
    with pytest.raises(ConfigError, match=r"families: FL- is of bouquet and of plant"):
        load_tariffs(write(tmp_path, one=one, other=family.format("plant")))


def test_a_tariff_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the tariff: No such file"):
        load_tariffs([str(tmp_path / "gone.toml")])


def test_a_web_shop_that_no_register_has_is_named() -> None:
    """Its customers' payments would be claimed of a store that nobody knows."""
    config = SettlementConfig(tariffs=("no.toml",), web_members=("NO-1", "NO-2", "N0-3"))
    with pytest.raises(ConfigError, match=r"settlement\.web_members\.2: N0-3 is no member of the register"):
        check_web_members(config, {"NO-1", "NO-2"}.__contains__)
    check_web_members(config, set(config.web_members).__contains__)
