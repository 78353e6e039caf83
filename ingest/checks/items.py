"""The items of DA/T 70-2018, and ours beside them, as data: what each is for, in which phase, and who answers it.

The numbers of the filing phase are in use in several systems; those of transfer are carried over from them, and those
of long-term keeping are a proposal. `certainty` says how far a number and its content are known, for the standard's own
text is not part of this archive.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from archive.errors import NotFound
from ingest.checks.types import Nature, Phase, SubjectKind


class Way(StrEnum):
    """Who answers an item: a check of this archive, a person, or a service that is named."""

    AUTOMATIC = "automatic"
    PERSON = "person"
    SERVICE = "service"


@dataclass(frozen=True)
class Item:
    """One item. Its name in both languages stands under its code in the message catalogue.

    `group`, `object`, `purpose` and `basis` are in Chinese, as the report of a check prints them. `subjects` are what
    it is looked for in. `service` names who answers where `way` is a service, else "".
    """

    code: str
    phase: Phase
    nature: Nature
    group: str
    object: str
    subjects: frozenset[SubjectKind]
    way: Way
    service: str
    purpose: str
    basis: str
    certainty: str


@cache
def items() -> dict[str, Item]:
    """Every item by its code, in the order of the standard, ours last."""
    return {item.code: item for item in _read()}


def item_of(code: str) -> Item:
    """The item with this code.

    Raises:
        NotFound: there is none (`check-unknown`).
    """
    found = items().get(code)
    if found is None:
        raise NotFound("check-unknown", check=code)
    return found


def items_of(phase: Phase, subject: SubjectKind) -> tuple[Item, ...]:
    """The items of one phase that are looked for in one kind of subject."""
    return tuple(item for item in items().values() if item.phase is phase and subject in item.subjects)


def _read() -> Iterator[Item]:
    text = resources.files("ingest.checks.data").joinpath("dat70.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield Item(
            code=row["code"],
            phase=Phase(row["phase"]),
            nature=Nature(row["nature"]),
            group=row["group"],
            object=row["object"],
            subjects=frozenset(SubjectKind(subject) for subject in row["subjects"].split()),
            way=Way(row["way"]),
            service=row["service"],
            purpose=row["purpose"],
            basis=row["basis"],
            certainty=row["certainty"],
        )
