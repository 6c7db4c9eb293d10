"""The star of `bi/star.py` into a database, through SQLAlchemy: any that it knows, SQLite without a server.

A round's rows replace those that it had; other rounds stay. All in one transaction: whoever reads sees
the old rows or the new ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from helpers.bi.star import TABLES, Table, star
from helpers.common.errors import ParameterError, SurveyError
from helpers.common.quoting import without_secrets
from helpers.released.published import Published

ROWS_AT_ONCE = 20_000
_KINDS = {
    "text": sa.Text, "whole": sa.BigInteger, "number": sa.Float, "flag": sa.Boolean, "day": sa.Date,
}  # fmt: skip
SHARED = ("dim_municipality",)  # of all rounds; a later round's rows replace those of the same key


def load(published: Published, url: str) -> dict[str, int]:
    """Write the round into the database at `url`; table → rows written.

    Raises ParameterError where the address is none or its driver is missing, SurveyError where the database
    refuses.
    """
    tables = star(published)
    schema = metadata()
    try:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            schema.create_all(connection)
            for name in reversed(TABLES):  # facts before the dimensions that they point at
                _remove(connection, schema.tables[name], tables[name], published.round.id)
            for name, table in tables.items():
                _insert(connection, schema.tables[name], table)
    # `from None`: the driver's own words may hold the address's password
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError, TypeError) as e:
        raise ParameterError(
            "--to",
            f"this address cannot be used: {_words(e, url)}",
            "an address as SQLAlchemy knows it, such as sqlite:///survey.db or "
            "postgresql+psycopg://user@host/database, with @ : / of a password as %40 %3A %2F",
            "Correct the address, or install its driver (`pip install psycopg[binary]`).",
        ) from None
    except (SQLAlchemyError, OSError) as e:
        raise SurveyError(
            "--to",
            f"the database refused: {_words(e.__cause__ or e, url)}",
            "a database that can be reached and written; @ : / of a password stand as %40 %3A %2F",
            "Nothing was changed. Mend it, then load again.",
        ) from None
    return {name: table.num_rows for name, table in tables.items()}


def _words(error: BaseException, url: str) -> str:
    """The first line of what was said, where it holds no part of the password."""
    lines = str(error).strip().splitlines()
    return without_secrets(lines[0] if lines else type(error).__name__, url)


def metadata() -> sa.MetaData:
    """Every table with its keys."""
    schema = sa.MetaData()
    for name, table in TABLES.items():
        sa.Table(name, schema, *_columns(table))
    return schema


def _columns(table: Table) -> Iterator[sa.Column]:
    for name, (kind, comment) in table.columns.items():
        points = [sa.ForeignKey(f"{table.refers[name]}.{name}")] if name in table.refers else []
        key = name in table.key
        # keys are short: some databases cannot index text of any length
        type_ = sa.String(160) if kind == "text" and (key or points) else _KINDS[kind]
        yield sa.Column(name, type_, *points, primary_key=key, comment=comment, autoincrement=False)


def _remove(connection: sa.Connection, table: sa.Table, rows: pa.Table, round_id: str) -> None:
    if table.name not in SHARED:
        connection.execute(table.delete().where(table.c.round_key == round_id))


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    if table.name in SHARED:
        rows = _without_known(connection, table, rows)
    for batch in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
        if batch.num_rows:
            connection.execute(table.insert(), batch.to_pylist())


def _without_known(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> pa.Table:
    """The rows that are not there yet; those that are get the new values (other rounds point at them)."""
    [key] = table.primary_key.columns
    known = set(connection.scalars(sa.select(key)))
    old = [row[key.name] in known for row in rows.to_pylist()]
    for row in rows.filter(pa.array(old)).to_pylist():
        connection.execute(table.update().where(key == row[key.name]).values(row))
    return rows.filter(pa.array([not o for o in old]))
