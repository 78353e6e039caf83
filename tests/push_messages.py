"""Messages as a trading system would push them: valid ones of any data set, and what is wrong with others."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ingest.push.tables import own_tables
from ingest.push.types import DataSet, Field, FormatKind

DEAL_CODE = "D03-12350100MB02709751-20200319-102642-5"
CREDIT_CODE = "91350000MA347WHE48"
MOMENT = "20260520093000"
_LETTERS = "1a2b3c4d5e6f7g8h9i0j"
_DEAL_FIELDS = ("UNIFIED_DEAL_CODE", "UNIFIED_DEAL_CODES")

Given = list[tuple[str, str]]


def with_fields() -> list[DataSet]:
    """The data sets whose fields are known, in the order of the tables."""
    return [data_set for data_set in own_tables().sets.values() if data_set.fields]


def valid(number: str, **values: str) -> Given:
    """Every field of a data set with a value that it may have; `values` by the fields' names go before."""
    data_set = own_tables().sets[number]
    return [(field.written, values.get(field.written, value(data_set, field))) for field in data_set.fields]


def value(data_set: DataSet, field: Field) -> str:
    """A value that a field may have."""
    choices = own_tables().choice(data_set, field)
    if choices is not None:
        most = field.format.most or 0
        return next(code for code in choices.names if not field.format.exact or len(code) <= most)
    if field.written in _DEAL_FIELDS:
        return DEAL_CODE
    kind, most = field.format.kind, field.format.most or 10
    if kind is FormatKind.MOMENT:
        return MOMENT[:most]
    if kind is FormatKind.NUMBER:
        return "1234567890"[:most] if field.format.exact else "1.5" if field.format.decimals else "1"
    if most == len(CREDIT_CODE):
        return CREDIT_CODE
    return (_LETTERS * most)[: most if field.format.exact else min(most, 12)]


def xml(number: str, key: str, given: Sequence[tuple[str, str]], operation: str = "1", files: str = "") -> bytes:
    """The general envelope."""
    table = own_tables().sets[number].table if number in own_tables().sets else "NONE"
    fields = "".join(f"<{name}>{escape(text, quote=False)}</{name}>" for name, text in given)
    head = {"DATA_NO": number, "DATA_EN": table, "DATA_KEY": key, "DATA_TYPE": operation, "ROUTE_WAY": "1"}
    title = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in head.items())
    text = f"<DES><TITLE>{title}</TITLE><CONTEXT>{fields}</CONTEXT><FILECONTEXT>{files}</FILECONTEXT></DES>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def file_xml(code: str, name: str, path: str, dropped: str = "0") -> str:
    """One entry of FILECONTEXT."""
    inner = f"<FILE_EN_NAME>{code}</FILE_EN_NAME><FILE_NAME>{name}</FILE_NAME><BINARY_CONTENT>{path}</BINARY_CONTENT>"
    return f"<SOURCE>{inner}<IS_DELETE>{dropped}</IS_DELETE></SOURCE>"


def json_of(number: str, key: str, given: Mapping[str, object], operation: str = "1") -> bytes:
    """The general envelope in JSON."""
    title = {"DATA_NO": number, "DATA_KEY": key, "DATA_TYPE": operation}
    return json.dumps({"TITLE": title, "CONTEXT": given, "FILECONTEXT": []}, ensure_ascii=False).encode()


def table_xml(number: str, given: Sequence[tuple[str, str]], family: str = "") -> str:
    """A data set's own table."""
    root = family + own_tables().sets[number].table
    fields = "".join(f"<{name}>{escape(text, quote=False)}</{name}>" for name, text in given)
    return f"<{root}>{fields}</{root}>"


def violations(data_set: DataSet) -> Iterator[tuple[str, str, Given]]:
    """For each kind of constraint that a data set has, one message that breaks it: the kind, the field, the fields."""
    given = valid(data_set.number)
    plain = [
        field
        for field in data_set.fields
        if own_tables().choice(data_set, field) is None and (field.written, field.occurrence) == (field.name, 1)
    ]
    texts = [field for field in plain if field.format.kind is FormatKind.TEXT]
    for kind, fields, wrong in (
        ("length", [field for field in texts if field.format.exact], None),
        ("length", [field for field in texts if not field.format.exact and field.format.most], None),
        ("number", [field for field in plain if field.format.kind is FormatKind.NUMBER], "twelve"),
        ("date", [field for field in plain if field.format.kind is FormatKind.MOMENT], "20261345"),
        ("code", [field for field in plain if field.written in _DEAL_FIELDS], DEAL_CODE[:-2] + "5-"),
        ("enum", [field for field in data_set.fields if _is_strict(data_set, field)], "8"),
    ):
        if fields:
            chosen = fields[0]
            text = wrong or (_LETTERS * 300)[: (chosen.format.most or 0) + 1]
            yield kind, chosen.written, _changed(given, chosen.written, text)
    required = next(field for field in plain if field.required)
    yield "required", required.written, [(name, old) for name, old in given if name != required.written]
    yield "repeated", plain[0].written, [*given, (plain[0].written, "1")]


def _changed(given: Given, name: str, text: str) -> Given:
    """The fields with another value for the first of this name."""
    place = next(index for index, (written, _) in enumerate(given) if written == name)
    return [*given[:place], (name, text), *given[place + 1 :]]


def _is_strict(data_set: DataSet, field: Field) -> bool:
    choices = own_tables().choice(data_set, field)
    return choices is not None and choices.strict and field.occurrence == 1
