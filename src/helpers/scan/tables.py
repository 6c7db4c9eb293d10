"""CSV and Parquet: cells with their row and column, and the words of a schema."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.common.plain_text import BREAK, IDS, TEXT, TIME_WORD
from helpers.scan.text import Contents, Table, Text, decode, whole_number


def read_csv(content: bytes) -> Contents:
    """Cells with BREAK between them, a row a line; the delimiter is the first line's commonest."""
    text, trouble = decode(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(";\t|,", key=first.count)
    if '"' in text:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            text = "\n".join(BREAK.join(r).replace("\r", " ").replace("\n", " ") for r in rows)
        except csv.Error as e:
            trouble = trouble or f"broken table ({type(e).__name__})"
    else:
        text = text.replace(delimiter, BREAK)
    unreadable = [trouble] if trouble else []
    return Contents([Text(text, unit="cell")], [Table.of(text)], unreadable=unreadable)


def read_parquet(content: bytes) -> Contents:
    """Every column's different values with how often and where first; the schema's own words."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        schema, metadata = file.schema_arrow, file.metadata
        table = file.read()
    except (pa.ArrowException, OSError, ValueError):
        return Contents(unreadable=["broken or encrypted Parquet file"])
    contents = Contents([Text(metadata.created_by or "", "created by")])
    of_file = {**(metadata.metadata or {}), **(schema.metadata or {})}
    for notes in (of_file, *(f.metadata for f in schema)):
        for key, value in (notes or {}).items():
            if key != b"ARROW:schema":
                texts = f"{decode(key)[0]}\n{decode(value)[0]}"
                contents.texts.append(Text(texts, "schema metadata"))
    for i, (name, column) in enumerate(zip(table.column_names, table.columns), 1):
        contents.texts.append(Text(name, f"name of column {i}"))
        trust = IDS if TIME_WORD.search(name) else TEXT
        try:
            _column(column, f"column {i}", trust, contents)
        except (pa.ArrowException, TypeError) as e:
            contents.unreadable.append(f"column {i} ({type(e).__name__})")
    contents.tables += _tables(table)
    return contents


def _tables(table: pa.Table) -> Iterator[Table]:
    """Columns beside each other that hold words or whole numbers, each run of them a table."""
    kinds = [t.value_type if pa.types.is_dictionary(t) else t for t in table.schema.types]
    searched = [_is_text_or_integer(kind) for kind in kinds]
    for together, run in groupby(range(table.num_columns), key=searched.__getitem__):
        columns = [*run]
        if together and len(columns) > 1:
            place = f"columns {columns[0] + 1}–{columns[-1] + 1}"
            chosen = table.select(columns)
            yield Table(partial(_different_cells, chosen), partial(_different_rows, chosen), place)


def _different_cells(table: pa.Table) -> set[str]:
    return {str(c) for column in table.columns for c in pc.unique(column).to_pylist() if c}


def _different_rows(table: pa.Table) -> str:
    """The names of the columns, and each row once."""
    names = [str(i) for i in range(table.num_columns)]
    texts = pa.table([c.cast(pa.string()) for c in table.columns], names)
    different = texts.group_by(names).aggregate([]).select(names)
    rows = zip(*(c.to_pylist() for c in different.columns))
    lines = [table.column_names, *rows]
    return "\n".join(BREAK.join((c or "").replace("\n", " ") for c in row) for row in lines)


def _is_text_or_integer(kind: pa.DataType) -> bool:
    types = pa.types
    return types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind)


def _column(column: pa.ChunkedArray, place: str, trust: str, contents: Contents) -> None:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _column(column.cast(kind.value_type), place, trust, contents)
    if types.is_struct(kind):
        for i in range(kind.num_fields):
            contents.texts.append(Text(kind.field(i).name, f"{place}, name of field {i + 1}"))
            _column(pc.struct_field(column, i), f"{place}, field {i + 1}", trust, contents)
        return None
    if types.is_map(kind):
        for chunk in column.chunks:
            for part in (chunk.keys, chunk.items):
                _column(pa.chunked_array([part]), place, trust, contents)
        return None
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _column(pc.list_flatten(column), place, trust, contents)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        wanted = pc.and_(pc.greater_equal(numbers, 1e7), pc.less(numbers, 1e10))
        if not pc.any(wanted).as_py():
            return None
        whole = pc.and_(wanted, pc.equal(numbers, pc.floor(numbers)))
        column = pc.if_else(whole, numbers, pa.scalar(None, pa.float64()))
    elif types.is_temporal(kind) or types.is_boolean(kind) or types.is_null(kind):
        return None
    for counted in pc.value_counts(column.combine_chunks()).to_pylist():
        value = counted["values"]
        if value is None:
            continue
        text = decode(value)[0] if isinstance(value, bytes) else whole_number(value) or str(value)
        where = partial(_first_row, column, value, place)
        contents.texts.append(Text(text, where, trust, times=counted["counts"]))
    return None


def _first_row(column: pa.ChunkedArray, value: object, place: str) -> str:
    row = pc.index(column, pa.scalar(value, column.type)).as_py()
    return f"{place}, first in row {row + 1}"
