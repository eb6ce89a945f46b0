"""The demo's last part: the florists' month is closed, from confirmed deliveries to a statement for each store.

A month can be closed only once it is over, and the daemon's clock is the real one. So the demo's orders are for
delivery in the month before: they are faxed, confirmed and paid now, and that month is closed.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from faxgw.cli.client import LocalClient, Reply
from faxgw.errors import OperatorError
from faxgw_loadtest.settlement.vipps import Transaction, write_vipps

WEB_SHOPS = ("FR-51-015", "NO-11-005")
"""Two of the example's florists stand for web shops of the network: their customers pay by wallet."""
DAYS_USED = 28
PAID_AT = dt.time(12, tzinfo=dt.UTC)

CONFIG = """
[relay]
without_paper = {members}      # whom deliveries are confirmed to, reads events here: no fax each

[settlement]
tariffs = ["{tariffs}/france.toml", "{tariffs}/norway.toml"]
web_members = {web_shops}
fund = "Fonds"
follow_seconds = 0.2
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the closed month came to, by the ledger's word."""

    period: str
    orders: int
    expected: int
    statements: int
    suspense_minor: int
    faults: int

    @property
    def is_right(self) -> bool:
        return self.orders == self.expected and not (self.suspense_minor or self.faults)

    def __str__(self) -> str:
        return f"settled {self.orders} orders, statements {self.statements}, suspense {self.suspense_minor}"


def config_of(members: bytes, tariffs: Path) -> str:
    ids = [msgspec.json.decode(line)["id"] for line in members.splitlines() if line]
    return CONFIG.format(members=_strings(ids), tariffs=tariffs, web_shops=_strings(WEB_SHOPS))


def of_last_month(orders: bytes) -> bytes:
    """The same orders for delivery on days of the month before this one."""
    first = _first_of_last_month()
    told = [msgspec.json.decode(line) for line in orders.splitlines() if line]
    for index, order in enumerate(told):
        order["delivery"]["date"] = (first + dt.timedelta(days=index % DAYS_USED)).isoformat()
    return b"".join(msgspec.json.encode(order) + b"\n" for order in told)


def settle(client: LocalClient, orders: bytes, folder: Path) -> Settled:
    """Have deliveries confirmed and payments reported, close the month, and write its statements.

    Raises:
        OperatorError: a step was refused.
    """
    told = [msgspec.json.decode(line) for line in orders.splitlines() if line]
    confirmed = _confirm(client, told)
    for path in _write_files(told, folder):
        _good(client.post(f"/v1/settlement/imports?name={path.name}", path.read_bytes(), "application/octet-stream"))
    _good(client.post("/v1/settlement/match"))
    period = _first_of_last_month().isoformat()[:7]
    month = f"/v1/settlement/months/{period}"
    _good(client.post(f"{month}/close", msgspec.json.encode({"who": "demo"})))
    statements = _good(client.get(f"{month}/statements"))["statements"]
    _write_statements(client, month, statements, folder / "statements")
    accounts = _good(client.get("/v1/settlement/accounts"))["accounts"]
    lines = [line for each in statements for line in each["lines"] if line["kind"] == "executed"]
    return Settled(
        period=period,
        orders=len({line["order_number"] for line in lines}),
        expected=confirmed,
        statements=len(statements),
        suspense_minor=sum(abs(each["posted_minor"]) for each in accounts if each["kind"] == "suspense"),
        faults=len(_good(client.post("/v1/settlement/verify"))["faults"]),
    )


def _confirm(client: LocalClient, orders: Sequence[dict[str, Any]]) -> int:
    """Each store confirms what it was given; one that gave the order back is refused, and earns nothing.

    Orders that went to a bare fax number are nobody's of the network, and so not settled here.
    """
    messages = [
        {
            "key": f"delivered {order['number']}".replace(" ", "-"),
            "kind": "DCON",
            "order_number": order["number"],
            "from_member": order["executing_member"],
        }
        for order in orders
        if "executing_member" in order
    ]
    body = b"".join(msgspec.json.encode(message) + b"\n" for message in messages)
    reply = client.post("/v1/relay", body, "application/x-ndjson")
    if not reply.is_good:
        raise OperatorError(f"the daemon refused the confirmations: {reply.body!r}")
    answers = [msgspec.json.decode(line) for line in reply.body.splitlines()]
    return Counter(answer["status"] in {200, 201} for answer in answers)[True]


def _write_files(orders: Sequence[dict[str, Any]], folder: Path) -> Iterable[Path]:
    """What the wallet reports: one settlement a web shop, each customer's payment with its fee."""
    for number, shop in enumerate(WEB_SHOPS, start=1):
        own = [order for order in orders if order["sending_member"] == shop]
        if own:
            path = folder / f"vipps-{shop}.xml"
            day = max(dt.date.fromisoformat(order["delivery"]["date"]) for order in own)
            payments = [_payment(order, index) for index, order in enumerate(own, start=number * 1_000)]
            currency = own[0]["customer_price"]["currency"]
            unit = f"51342{number}"
            path.write_bytes(write_vipps(payments, unit=unit, settlement_id=number, day=day, currency=currency))
            yield path


def _payment(order: dict[str, Any], id_: int) -> Transaction:
    day = dt.date.fromisoformat(order["delivery"]["date"])
    paid_minor = order["customer_price"]["amount_minor"]
    return Transaction(
        id=id_,
        order_id=order["number"],
        at=dt.datetime.combine(day, PAID_AT),
        captured_minor=paid_minor,
        fee_minor=paid_minor // 50,
    )


def _write_statements(client: LocalClient, month: str, statements: Sequence[dict[str, Any]], folder: Path) -> None:
    folder.mkdir()
    for each in statements:
        member, currency = each["whom"]["id"], each["currency"]
        reply = client.get(f"{month}/statements/{member}?format=pdf&currency={currency}")
        if not reply.is_good:
            raise OperatorError(f"the daemon refused a statement: {reply.body!r}")
        (folder / f"{member}-{currency}.pdf").write_bytes(reply.body)


def _good(reply: Reply) -> Any:
    if not reply.is_good:
        raise OperatorError(f"the demo's month was not settled: {reply.body.decode(errors='replace')}")
    return reply.json()


def _first_of_last_month() -> dt.date:
    this = dt.datetime.now(dt.UTC).date().replace(day=1)
    return (this - dt.timedelta(days=1)).replace(day=1)


def _strings(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
