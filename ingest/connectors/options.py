"""What a source may be told, checked before anything depends on it, and read where it is used."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from archive.errors import InvalidInput
from ingest.connectors.port import ConnectorKind, Option
from ingest.connectors.secrets import is_reference
from ingest.types import Source

_TYPES: Mapping[str, type] = {"text": str, "number": int, "flag": bool, "list": list, "table": dict, "secret": str}

T = TypeVar("T")


def require_options(kind: ConnectorKind, options: Mapping[str, object]) -> None:
    """Refuse options that a connector does not know or cannot use.

    Raises:
        InvalidInput: an option is unknown (`source-option-unknown`), missing (`source-option-missing`), of the wrong
            kind (`source-option-kind`), or a secret given in clear (`source-option-secret`).
    """
    known = {option.name: option for option in kind.options}
    for name, value in options.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            params = {"option": name, "connector": kind.name, "known": "、".join(sorted(known))}
            raise InvalidInput("source-option-unknown", **params, near=near[0] if near else "")
        _require_kind(kind, known[name], value)
    for option in kind.options:
        if option.required and options.get(option.name) in (None, "", [], {}):
            raise InvalidInput("source-option-missing", option=option.name, connector=kind.name)


def _require_kind(kind: ConnectorKind, option: Option, value: object) -> None:
    wanted = _TYPES[option.kind]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise InvalidInput("source-option-kind", option=option.name, connector=kind.name, wanted=option.kind)
    if option.kind == "secret" and not is_reference(value):
        # What was given may be the secret itself: it is not repeated.
        raise InvalidInput("source-option-secret", option=option.name)


class Options:
    """The options of a source, each read as what it should be; `defaults` come from its connector's description."""

    def __init__(self, kind: ConnectorKind, source: Source) -> None:
        require_options(kind, source.options)
        self._values = {option.name: option.default for option in kind.options} | dict(source.options)

    def text(self, name: str) -> str:
        """A text; "" where nothing was said."""
        return self._read(name, str) or ""

    def number(self, name: str) -> int:
        """A whole number; 0 where nothing was said."""
        return self._read(name, int) or 0

    def flag(self, name: str) -> bool:
        """Yes or no; no where nothing was said."""
        return self._read(name, bool) or False

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts.

        Raises:
            InvalidInput: it holds something else (`source-option-kind`).
        """
        values = self._read(name, list) or []
        if not all(isinstance(value, str) for value in values):
            raise InvalidInput("source-option-kind", option=name, connector="", wanted="list")
        return tuple(values)

    def table(self, name: str) -> Mapping[str, object]:
        """A JSON object; empty where nothing was said."""
        return self._read(name, dict) or {}

    def _read(self, name: str, wanted: type[T]) -> T | None:
        value = self._values[name]
        return value if isinstance(value, wanted) else None
