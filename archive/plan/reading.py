"""Reading the data files of a plan: every complaint names the file and, where it can be told, the line."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from archive.errors import InvalidInput

_TOML_LINE = re.compile(r"at line (\d+)")


class Source:
    """One data file in memory, with what is needed to point into it."""

    def __init__(self, folder: Traversable, name: str) -> None:
        self.name = name
        try:
            self.text = (folder / name).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise InvalidInput("plan-file-missing", file=name) from error
        except UnicodeDecodeError as error:
            raise InvalidInput("plan-file-syntax", file=name, line=0, detail="not UTF-8") from error

    def line(self, token: str, occurrence: int = 1) -> int:
        """The line on which `token` stands for the nth time, 0 if it does not."""
        hits = [number for number, line in enumerate(self.text.splitlines(), 1) if token in line]
        return hits[occurrence - 1] if len(hits) >= occurrence else 0

    def toml(self) -> dict[str, Any]:
        """The file as TOML.

        Raises:
            InvalidInput: it is none.
        """
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = _TOML_LINE.search(str(error))
            line = int(found[1]) if found else 0
            raise InvalidInput("plan-file-syntax", file=self.name, line=line, detail=str(error)) from error

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a comma-separated file with their line numbers; the header must be exactly `columns`.

        Raises:
            InvalidInput: another header, or a row with too few or too many cells.
        """
        reader = csv.reader(io.StringIO(self.text))
        header = tuple(next(reader, ()))
        if header != columns:
            raise self.bad_value("header", ",".join(header), ",".join(columns), line=1)
        for cells in reader:
            if len(cells) != len(columns):
                raise self.bad_value("cells", str(len(cells)), str(len(columns)), line=reader.line_num)
            yield reader.line_num, dict(zip(columns, cells, strict=True))

    def tables(self, data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """The array of tables under `key`.

        Raises:
            InvalidInput: there is none, or it is something else.
        """
        found = data.get(key)
        if not isinstance(found, list) or not found or not all(isinstance(table, dict) for table in found):
            raise InvalidInput("plan-key-missing", file=self.name, line=self.line(key), key=key)
        return found

    def check_keys(self, table: Mapping[str, Any], required: frozenset[str], optional: frozenset[str]) -> None:
        """Every required key is there and no unknown one.

        Raises:
            InvalidInput: naming the key.
        """
        for key in table:
            if key not in required and key not in optional:
                raise InvalidInput("plan-key-unknown", file=self.name, line=self._line_of_key(key), key=key)
        for key in sorted(required - table.keys()):
            near = next((str(value) for value in table.values() if isinstance(value, str)), "")
            raise InvalidInput("plan-key-missing", file=self.name, line=self.line(f'"{near}"'), key=key)

    def _line_of_key(self, key: str) -> int:
        pattern = re.compile(rf'^\s*\[*\s*"?{re.escape(key)}"?\s*[\]=]')
        return next((number for number, line in enumerate(self.text.splitlines(), 1) if pattern.match(line)), 0)

    def text_of(self, table: Mapping[str, Any], key: str, default: str | None = None) -> str:
        """A text value.

        Raises:
            InvalidInput: it is no text, or missing without a default.
        """
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self.bad_value(key, repr(value), "text", line=self._line_of_key(key))
        return value

    def texts_of(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of texts, empty when the key is absent.

        Raises:
            InvalidInput: it is something else.
        """
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.bad_value(key, repr(value), "a list of texts", line=self._line_of_key(key))
        return tuple(value)

    def bad_value(self, key: str, value: str, expected: str, *, line: int = 0) -> InvalidInput:
        """The error for a value that is not what it must be."""
        return InvalidInput("plan-value", file=self.name, line=line, key=key, value=value, expected=expected)

    def duplicate(self, key: str, value: str, *, line: int = 0) -> InvalidInput:
        """The error for something that stands twice; points at the second place when no line is given."""
        return InvalidInput("plan-duplicate", file=self.name, line=line or self.line(value, 2), key=key, value=value)

    def unknown_reference(self, kind: str, value: str) -> InvalidInput:
        """The error for a name that refers to nothing."""
        line = self.line(f'"{value}"')
        return InvalidInput("plan-reference-unknown", file=self.name, line=line, kind=kind, value=value)
