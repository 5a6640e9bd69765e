"""Rows of models as the text of an INSERT, so that several tables are written in one statement and one round trip."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Field, Model


@dataclass(frozen=True, slots=True)
class Insertion:
    """`INSERT INTO … SELECT …` with its parameters, to be put in a WITH."""

    text: str
    values: list[Any]


@functools.cache
def _columns(model: type[Model]) -> list[tuple["Field[Any, Any]", str, str]]:
    """The fields of a new row, their columns and types in PostgreSQL; its key is given by the database."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return [(field, field.column or "", field.db_type(connection) or "text") for field in fields]


def insertion(rows: Sequence[Model], *, source: str = "", replaced: Mapping[str, str] | None = None) -> Insertion:
    """Inserts `rows`, all of one model, for each row of `source`; `replaced` columns take an expression of it."""
    columns, expressions = _columns(type(rows[0])), replaced or {}
    values: list[Any] = []
    selects = []
    for row in rows:
        parts = []
        for field, column, kind in columns:
            if column in expressions:
                parts.append(expressions[column])
            else:
                parts.append(f"%s::{kind}")
                values.append(field.get_db_prep_save(getattr(row, field.attname), connection))
        selects.append(f"SELECT {', '.join(parts)}{f' FROM {source}' if source else ''}")
    table = rows[0]._meta.db_table
    names = ", ".join(column for _field, column, _kind in columns)
    return Insertion(f"INSERT INTO {table} ({names}) {' UNION ALL '.join(selects)}", values)
