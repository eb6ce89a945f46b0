"""A whole daemon that reads text: orders typed on paper come in over FTP, are routed, sent and delivered."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest
import trio

from faxgw.intake.ocr import is_installed
from faxgw.members.member import Area, Member
from tests.carriers import running_carrier
from tests.daemons import Daemon, prepared_daemon
from tests.ftp_servers import vsftpd
from tests.intake import typed
from tests.peers import miss_peer
from tests.render import sheets

DELIVERED_SECONDS_MAX = 35.0

CONFIG = """
[routing]
[intake.decision]
country = "FR"
execution_share = 7000
[[inbox]]
name = "shop"
host = "127.0.0.1"
port = {port}
security = "ftp"
user = "{user}"
password_file = "{password_file}"
folder = "in"
convention = "renamed"
name_pattern = '^from (?P<sender_number>[0-9]+) '
poll_seconds = 0.1
"""


def florists() -> bytes:
    """The one who sends, and the one in whose area Lyon lies."""
    members = [
        Member(
            id=party.member_id,
            name=party.name,
            street=party.street,
            postcode=party.postcode,
            city=party.city,
            country="FR",
            phone=party.phone,
            fax=party.fax,
            language="fr",
            timezone="Europe/Paris",
            areas=areas,
        )
        for party, areas in ((sheets.FLORIST, ()), (sheets.EXECUTOR, (Area("69", "69"),)))
    ]
    return b"".join(msgspec.json.encode(member) + b"\n" for member in members)


def order_form(day: str) -> bytes:
    """Ours, whose code tells the member."""
    page = typed.blank_form()
    typed.fill_in(page, typed.ORDER | {"delivery_date": day})
    return typed.faxed(page)


def letter(day: str) -> bytes:
    """The florist's own paper: the number that it comes from tells the member, the network what the executor gets."""
    text = typed.LETTER.replace("29/05/2027", day).replace("COMMANDE", "N° de commande : FL-2027-119")
    return typed.faxed(typed.letter(text))


@pytest.mark.live
@pytest.mark.alone
async def test_orders_typed_on_paper_are_read_and_delivered(tmp_path: Path) -> None:
    """The network's form and a letter: each becomes one order of the florist who sent it, and is faxed on."""
    if not is_installed():
        miss_peer("rapidocr (the extra `ocr`)")
    day = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)).strftime("%d/%m/%Y")
    sender = sheets.FLORIST.fax.replace("+", "00").replace(" ", "")
    async with (
        vsftpd(tmp_path) as server,
        running_carrier(time_scale=500) as carrier,
        prepared_daemon(
            tmp_path,
            carrier,
            florists(),
            more_config=CONFIG.format(port=server.port, user=server.user, password_file=server.password_file),
        ) as daemon,
    ):
        await daemon.start()
        await daemon.wait_ready()
        server.put(f"from {sender} 1.tif", order_form(day))
        server.put(f"from {sender} 2.tif", letter(day))
        await _wait_delivered(daemon, 2)
        for number, price in (("FL-2027-118", 49_90), ("FL-2027-119", 62_00 * 7 // 10)):
            order = await daemon.get(f"/v1/orders/{number}")
            assert (order["sending_member"], order["executing_member"]) == (
                sheets.FLORIST.member_id,
                sheets.EXECUTOR.member_id,
            )
            assert order["price"] == {"amount_minor": price, "currency": "EUR"}
            assert [line["state"] for line in order["faxes"]] == ["delivered"]
        assert server.names() == []


async def _wait_delivered(daemon: Daemon, count: int) -> None:
    """Both, or fail with what became of the faxes instead."""
    try:
        states = await daemon.wait_finished(count, DELIVERED_SECONDS_MAX)
    except trio.TooSlowError:
        reviews = [(each["reason"], each["detail"]) for each in (await daemon.get("/v1/review"))["reviews"]]
        happened = [(event["kind"], event["data"]) for event in (await daemon.get("/v1/events"))["events"]]
        pytest.fail(f"{reviews} {happened} {daemon.log}")
    assert states["delivered"] == count
