"""Write example florists or orders as NDJSON; the same arguments give the same bytes.

python -m faxgw_loadtest.examples.make --members 40 --out config/examples/members.ndjson
python -m faxgw_loadtest.examples.make --orders 100 --out config/examples/orders.ndjson
python -m faxgw_loadtest.examples.make --orders 1000000 --among 5000 --out build/load.ndjson
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from faxgw.members.member import Member
from faxgw.order import Order
from faxgw_loadtest.examples.orders import orders
from faxgw_loadtest.examples.shops import members

EXAMPLE_MEMBERS = 40
EXAMPLE_ORDERS = 100


def main(arguments: list[str]) -> None:
    options = _parser().parse_args(arguments)
    made: Iterable[Order | Member]
    if options.members is not None:
        made = members(options.members)
    else:
        made = orders(options.orders, list(members(options.among)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("wb") as file:
        file.writelines(line_of(thing) for thing in made)


def line_of(thing: Order | Member) -> bytes:
    """`thing` as a line of NDJSON, without the fields that say nothing."""
    return msgspec.json.encode(_said(msgspec.to_builtins(thing))) + b"\n"


def _said(value: object) -> object:
    if isinstance(value, dict):
        return {name: _said(part) for name, part in value.items() if part not in (None, "", [], ())}
    return [_said(part) for part in value] if isinstance(value, list) else value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faxgw_loadtest.examples.make", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--members", type=int, metavar="COUNT", help="write so many florists")
    what.add_argument("--orders", type=int, metavar="COUNT", help="write so many orders")
    parser.add_argument(
        "--among",
        type=int,
        metavar="COUNT",
        default=EXAMPLE_MEMBERS,
        help="florists who exchange the orders (%(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
