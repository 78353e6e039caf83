"""Options as people write them, `NAME=VALUE` on a command line or a field of a form, read as their connector says."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.port import ConnectorKind, Option, OptionKind

_FLAGS: Final[Mapping[str, bool]] = {"yes": True, "no": False, "true": True, "false": False, "是": True, "否": False}
_LONGEST_NUMBER: Final = 12


def read_pairs(kind: ConnectorKind, pairs: Iterable[str]) -> dict[str, object]:
    """Options written as `NAME=VALUE`.

    A number is written in digits, a flag `yes` or `no`, a list with commas, a table as JSON, a secret `secret:NAME`.
    What the connector does not know stays a text: whoever checks the options names it.

    Raises:
        InvalidInput: there is no `=` (`source-option-unwritten`), or a value is not written as its kind is
            (`source-option-value`).
    """
    options: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            # What was written may be a secret: it is not said again.
            raise InvalidInput("source-option-unwritten", known="、".join(option.name for option in kind.options))
        options[name.strip()] = read_value(kind, name.strip(), value)
    return options


def read_value(kind: ConnectorKind, name: str, value: str) -> object:
    """One option as its connector says that it is. Raises as `read_pairs`."""
    known = {option.name: option.kind for option in kind.options}
    try:
        return _read(known.get(name, "text"), value)
    except ValueError as error:
        raise InvalidInput("source-option-value", option=name, wanted=known[name]) from error


def read_table(text: str) -> dict[str, object]:
    """Options written as one JSON object.

    Raises:
        InvalidInput: it is none (`source-options-file`).
    """
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("source-options-file", detail=type(error).__name__) from error
    if not isinstance(read, dict):
        raise InvalidInput("source-options-file", detail=type(read).__name__)
    return read


def write_value(option: Option, value: object) -> str:
    """A value as `read_value` reads it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if option.kind == "list" and isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _read(kind: OptionKind, value: str) -> object:
    if kind == "number":
        if len(value.strip()) > _LONGEST_NUMBER:
            raise ValueError(kind)
        return int(value)
    if kind == "flag":
        if value.strip().lower() not in _FLAGS:
            raise ValueError(value)
        return _FLAGS[value.strip().lower()]
    if kind == "list":
        return [part.strip() for part in value.split(",") if part.strip()]
    if kind == "table":
        return _table(value)
    return value if kind == "text" else value.strip()


def _table(value: str) -> dict[str, object]:
    try:
        return read_table(value)
    except InvalidInput as error:
        raise ValueError(error.code) from error
