"""Money is whole minor units from the door to the bank: the code that touches it is read for anything else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import faxgw

HOUSE = Path(faxgw.__file__).parent
MONEY = (
    *sorted(HOUSE.glob("settlement/**/*.py")),
    *sorted(path for part in ("ledger", "clearing", "months") for path in HOUSE.glob(f"store/{part}/**/*.py")),
    HOUSE / "money.py",
)
PAGES = {HOUSE / "settlement/statements/pdf.py"}
"""Points and millimetres on paper are no money; what is printed there is text already."""
TIMES = {"imported_at", "booked_at", "closed_at"}
"""Seconds since 1970: the only numbers with a fraction, and only ever read from a row as they are."""


def floats_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and offence: literals, `/` and `/=` between numbers, and what makes or rounds a float."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() as value):
                yield node.lineno, f"the float {value!r}"
            case ast.BinOp(op=ast.Div()) if not _is_path(node):
                yield node.lineno, "a division that makes a float"
            case ast.AugAssign(op=ast.Div()):
                yield node.lineno, "a division that makes a float"
            case ast.Call(func=ast.Name(id="float" | "round"), args=[first, *_]) if not _is_time(first):
                yield node.lineno, "float() or round()"
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in {"gcd", "isqrt", "comb"}:
                yield node.lineno, f"math.{name}"
            case _:
                continue


def _is_path(node: ast.BinOp) -> bool:
    """`Path(...) / "name"`."""
    return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right))


def _is_time(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in TIMES or name.endswith("_at")


@pytest.mark.parametrize("path", MONEY, ids=[str(path.relative_to(HOUSE)) for path in MONEY])
def test_no_float_touches_money(path: Path) -> None:
    """Neither a literal, nor a true division, nor float(), round() or math."""
    found = list(floats_in(ast.parse(path.read_text())))
    assert found == [] or path in PAGES, found


def test_the_scan_covers_the_house() -> None:
    """It reads every part of settlement, and pages are the only ones let off."""
    parts = {path.relative_to(HOUSE).parts[:2] for path in MONEY}
    assert {("settlement", "imports"), ("settlement", "month"), ("settlement", "payouts")} <= parts
    assert {("store", "ledger"), ("store", "clearing"), ("store", "months"), ("money.py",)} <= parts
    assert all(path.exists() for path in PAGES)


@pytest.mark.parametrize(
    "offence",
    [
        "fee = price * 0.015",
        "half = price / 2",
        "price /= 3",
        "x = float(text)",
        "y = round(price, 2)",
        "math.floor(x)",
    ],
)
def test_the_scan_finds_what_it_is_for(offence: str) -> None:
    """Each of the ways in which a float comes into money."""
    assert list(floats_in(ast.parse(offence)))


@pytest.mark.parametrize("clean", ["a = b // 2", "p = home / 'x.toml'", "t = float(known_at)", "rate: float"])
def test_the_scan_lets_times_and_paths_be(clean: str) -> None:
    """Times are seconds with a fraction, and a path is put together with a slash."""
    assert not list(floats_in(ast.parse(clean)))
