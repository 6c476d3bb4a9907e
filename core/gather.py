"""Several small reads in one query: what a page shows of one row comes in one round trip, however many tables it is in."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

ROWS = "coalesce(json_agg(row_to_json(q)), '[]'::json)::text"


def gather(*querysets: models.QuerySet[Any]) -> list[list[Any]]:
    """The rows of each queryset, with their `select_related`, all by one query. PostgreSQL hands each over as JSON."""
    compilers = [queryset.query.get_compiler(DEFAULT_DB_ALIAS) for queryset in querysets]
    columns: list[str] = []
    params: list[Any] = []
    for compiler in compilers:
        sql, given = compiler.as_sql()
        names = ", ".join(f"c{number}" for number in range(len(compiler.select)))
        columns.append(f"(SELECT {ROWS} FROM ({sql}) q({names}))")  # noqa: S608 - made by Django, values apart
        params.extend(given)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(columns), params)
        found = cursor.fetchone()
    return [_rows(compiler, json.loads(text)) for compiler, text in zip(compilers, found, strict=True)]


def _rows(compiler: Any, found: list[dict[str, Any]]) -> list[Any]:
    """Model instances from the JSON of one queryset, as Django itself builds them from a cursor."""
    select, info = compiler.select, compiler.klass_info
    fields = [expression.output_field for expression, _, _ in select]
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [expression.target.attname for expression, _, _ in select[start:end]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # a later Django's
    rows = []
    for one in found:
        values = [_value(field, value) for field, value in zip(fields, one.values(), strict=True)]
        row = info["model"].from_db(DEFAULT_DB_ALIAS, names, values[start:end])
        for populator in populators:
            populator.populate(values, row)
        rows.append(row)
    return rows


def _value(field: Any, value: Any) -> Any:
    return value if value is None or isinstance(field, models.JSONField) else field.to_python(value)


def attach(instance: models.Model, name: str, rows: Sequence[Any]) -> None:
    """Give a row the related rows that were read already: `instance.name.all()` asks the database no more."""
    relation = instance._meta.get_field(name) if name in _forward(instance) else None
    queryset = getattr(instance, name).all()._chain()
    queryset._result_cache = list(rows)
    queryset._prefetch_done = True
    if relation is None:
        back = instance._meta.get_field(_query_name(instance, name)).field  # type: ignore[union-attr]
        for row in rows:
            back.set_cached_value(row, instance)
    cache = instance.__dict__.setdefault("_prefetched_objects_cache", {})
    cache[name] = queryset


def _forward(instance: models.Model) -> set[str]:
    return {field.name for field in instance._meta.many_to_many}


def _query_name(instance: models.Model, name: str) -> str:
    """The relation behind an accessor (`dissent_children` or `answers`)."""
    return next(
        relation.name for relation in instance._meta.related_objects if relation.get_accessor_name() == name
    )
