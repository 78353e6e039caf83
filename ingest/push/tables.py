"""The tables of the specification, read from a folder of data: a centre may lay another version beside ours.

- `datasets.csv` and `fields.csv` are the specification's own tables, in their order;
- `aliases.csv` says under which other names a field is known. What the specification names twice in one data set are
  two fields: `occurrence` says which of the two, `field` what the second one is rightly called;
- `parents.csv` says what must be there first, `codes.csv` holds the small code lists, `roles.csv` says what fields
  tell of a document, most trusted first.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from archive.errors import InvalidInput
from ingest.push.formats import read_format
from ingest.push.types import Choices, DataSet, Field, Parent

VERSION: Final = "v2"
_ANY: Final = "*"
_REQUIRED: Final = "是"
_PUBLIC: Final = "社会公开"


@dataclass(frozen=True)
class Tables:
    """The specification: data sets by number and by table, other names of fields, code lists, roles of fields."""

    sets: Mapping[str, DataSet]
    numbers: Mapping[str, str]
    aliases: Mapping[str, str]
    choices: Mapping[tuple[str, str], Choices]
    roles: Mapping[str, tuple[str, ...]]

    def data_set(self, number: str, table: str) -> DataSet | None:
        """The data set of this number, or of this table, whose name may begin with a sign of its family; or None."""
        if number:
            return self.sets.get(number)
        name = table.strip().upper()
        found = self.numbers.get(name) or self.numbers.get(name.partition("_")[2])
        return self.sets.get(found) if found else None

    def field(self, data_set: DataSet, written: str, occurrence: int) -> Field | None:
        """The field that a sender means by a name that he has now written so many times; None where there is none."""
        name = "".join(written.split()).upper()
        own = [one for one in data_set.fields if name == one.written]
        if own:
            return own[occurrence - 1] if occurrence <= len(own) else None
        other = self.aliases.get(name, name)
        named = [one for one in data_set.fields if other in {one.written, one.name}]
        return named[0] if named and occurrence == 1 else None

    def choice(self, data_set: DataSet, field: Field) -> Choices | None:
        """The code list of a field, where we know it."""
        name = field.name
        return self.choices.get((name, data_set.number)) or self.choices.get((name, _ANY))


@cache
def own_tables() -> Tables:
    """The tables of V2.0 that come with the program."""
    return read_tables(resources.files("ingest.push") / "data" / VERSION)


def read_tables(folder: Traversable) -> Tables:
    """The tables that lie in a folder.

    Raises:
        InvalidInput: a file is missing, or a row of it makes no sense (`push-tables-unreadable`).
    """
    try:
        fields = _fields(folder)
        parents = _parents(folder)
        known_by = {parent.number: parent.field for group in parents.values() for parent in group}
        sets = {
            row["data_no"]: DataSet(
                row["data_no"],
                row["table"],
                row["name_cn"],
                tuple(tuple(part.split("/")) for part in row["natural_key"].split("+")),
                tuple(fields.get(row["data_no"], ())),
                tuple(parents.get(row["data_no"], ())),
                known_by.get(row["data_no"], ""),
            )
            for row in _rows(folder, "datasets.csv")
        }
        return Tables(
            sets=sets,
            numbers={one.table: one.number for one in sets.values()},
            aliases=dict(_aliases(folder)),
            choices=_choices(folder),
            roles=_roles(folder),
        )
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise InvalidInput("push-tables-unreadable", folder=str(folder), detail=str(error)) from error


def _rows(folder: Traversable, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))


def _fields(folder: Traversable) -> dict[str, list[Field]]:
    renamed = {
        (row["data_no"], row["written"], int(row["occurrence"])): row["field"] for row in _rows(folder, "aliases.csv")
    }
    fields: dict[str, list[Field]] = {}
    for row in _rows(folder, "fields.csv"):
        group = fields.setdefault(row["data_no"], [])
        written = row["field"]
        occurrence = 1 + sum(one.written == written for one in group)
        name = renamed.get((row["data_no"], written, occurrence), written)
        if any(one.name == name for one in group):
            raise ValueError(f"{row['data_no']} {written} stands twice and has one name")
        group.append(
            Field(
                name,
                written,
                occurrence,
                row["name_cn"],
                read_format(row["format"]),
                # What is required under a condition only (是（如非自行招标）) cannot be demanded of every message.
                row["required"] == _REQUIRED,
                row["disclosure"] == _PUBLIC,
            )
        )
    return fields


def _aliases(folder: Traversable) -> Iterator[tuple[str, str]]:
    for row in _rows(folder, "aliases.csv"):
        if row["data_no"] == _ANY:
            # Whichever of the two the data set has is meant by either.
            yield row["written"], row["field"]
            yield row["field"], row["written"]


def _parents(folder: Traversable) -> dict[str, list[Parent]]:
    parents: dict[str, list[Parent]] = {}
    for row in _rows(folder, "parents.csv"):
        parent = Parent(row["parent"], row["own_field"], row["parent_field"])
        parents.setdefault(row["data_no"], []).append(parent)
    return parents


def _choices(folder: Traversable) -> dict[tuple[str, str], Choices]:
    lists: dict[tuple[str, str], dict[str, str]] = {}
    strict: set[tuple[str, str]] = set()
    for row in _rows(folder, "codes.csv"):
        key = (row["field"], row["data_no"])
        lists.setdefault(key, {})[row["code"]] = row["name"]
        if row["strict"] == "yes":
            strict.add(key)
    return {key: Choices(names, key in strict) for key, names in lists.items()}


def _roles(folder: Traversable) -> dict[str, tuple[str, ...]]:
    roles: dict[str, list[str]] = {}
    for row in _rows(folder, "roles.csv"):
        roles.setdefault(row["role"], []).append(row["field"])
    return {role: tuple(fields) for role, fields in roles.items()}
