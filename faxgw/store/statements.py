"""Statements of the path that every fax takes, made once.

SQLAlchemy is fast where it may keep a statement's text. It cannot for `IN` with a list, whose text is made anew for
each execution (70 us), and it looks at every value of every row of an executemany (half of what the row costs SQLite).
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from faxgw.errors import BugError

encode_keys = msgspec.json.Encoder().encode


def among(column: Column[Any]) -> ColumnElement[bool]:
    """Whether the column's value is one of the `keyed`, which travel as one parameter however many they are.

    For ids, numbers of lines and orders, and callers' keys: SQLite's JSON cuts a text at its first NUL, and none of
    these may hold one.
    """
    rows = _NumbersListed if isinstance(column.type, Integer) else _TextsListed
    listed = rows(bindparam("keys", type_=Text)).table_valued("value")
    return column.in_(select(listed.c.value))


class _Listed(FunctionElement[Any]):
    """The values of a JSON list as rows, for which each database has a word of its own."""

    name = "listed"
    value_type: ClassVar[str]
    """In PostgreSQL. By class, and not by object: SQLAlchemy keeps one text for all objects of a class."""
    inherit_cache = True


class _NumbersListed(_Listed):
    value_type = "BIGINT"
    inherit_cache = True


class _TextsListed(_Listed):
    value_type = "TEXT"
    inherit_cache = True


@compiles(_Listed, "sqlite")
def _listed_in_sqlite(listed: _Listed, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_each({compiler.process(listed.clauses, **how)})"


@compiles(_Listed, "postgresql")
def _listed_in_postgres(listed: _Listed, compiler: SQLCompiler, **how: Any) -> str:
    values = f"json_array_elements_text(CAST({compiler.process(listed.clauses, **how)} AS JSON))"
    return f"(SELECT CAST(value AS {listed.value_type}) AS value FROM {values})"  # noqa: S608 - a type and a bound parameter.


def keyed(keys: Iterable[int] | Iterable[str]) -> dict[str, str]:
    """The parameter of a statement that asks `among`."""
    return {"keys": encode_keys(list(keys)).decode()}


class _Compilable(Protocol):
    def compile(self, *, dialect: Dialect, column_keys: list[str]) -> Any: ...


class ForRows:
    """A statement run for many rows: each is a tuple of values, plain ones, in the order of the names given here."""

    def __init__(self, statement: _Compilable, names: tuple[str, ...]) -> None:
        self._statement = statement
        self._names = names
        self._texts: dict[str, str] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            dialect = connection.dialect
            connection.exec_driver_sql(self._texts.get(dialect.name) or self._compile(dialect), rows)

    def _compile(self, dialect: Dialect) -> str:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._names))
        if tuple(compiled.positiontup) != self._names:
            raise BugError(f"the values of a row come as {self._names}, its statement takes {compiled.positiontup}")
        return self._texts.setdefault(dialect.name, str(compiled))


def inserting(table: Table, *columns: str) -> ForRows:
    """Columns in the table's order."""
    return ForRows(insert(table).inline(), columns)


def updating(table: Table, *columns: str, by: tuple[str, ...]) -> ForRows:
    """A row has the new values, in the table's order, and then those it is found `by`."""
    new, old = [f"new_{name}" for name in columns], [f"by_{name}" for name in by]
    found = [table.c[name] == bindparam(parameter) for name, parameter in zip(by, old, strict=True)]
    values: dict[str, object] = {name: bindparam(parameter) for name, parameter in zip(columns, new, strict=True)}
    return ForRows(update(table).where(*found).values(values), (*new, *old))
